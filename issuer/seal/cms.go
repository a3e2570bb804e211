package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
)

// The DER tags (X.690) of what is written here.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagNull     = 0x05
	tagOID      = 0x06
	tagSequence = 0x30
	tagSet      = 0x31
	tagContext0 = 0xa0
	tagContext1 = 0xa1
)

// Object identifiers, encoded without tag and length, from RFC 5652, 5035, 5754, 5758 and 3161.
var (
	oidData               = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	oidSignedData         = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidContentType        = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03}
	oidMessageDigest      = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04}
	oidSigningCertificate = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f}
	oidTimeStampToken     = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e}
	oidSHA256             = []byte{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}
	oidECDSAWithSHA256    = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}
	oidSHA256WithRSA      = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
)

// tlv is a DER value: tag, length, and the parts one after the other.
func tlv(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := make([]byte, 0, n+6)
	switch {
	case n < 0x80:
		out = append(out, tag, byte(n))
	case n < 0x100:
		out = append(out, tag, 0x81, byte(n))
	case n < 0x1_0000:
		out = append(out, tag, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, tag, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func oid(body []byte) []byte { return tlv(tagOID, body) }

// scheme is how a key signs.
type scheme struct {
	algorithm []byte // AlgorithmIdentifier, encoded
	largest   int    // bytes of its largest signature
}

// schemeOf is the scheme of a public key, always with SHA-256. The error is ErrChain.
func schemeOf(public crypto.PublicKey) (scheme, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		// RFC 5758, 3.2: no parameters.
		return scheme{tlv(tagSequence, oid(oidECDSAWithSHA256)), largestECDSA(k)}, nil
	case *rsa.PublicKey:
		// RFC 5754, 3.2: the parameters are NULL.
		return scheme{tlv(tagSequence, oid(oidSHA256WithRSA), tlv(tagNull)), k.Size()}, nil
	}
	return scheme{}, fmt.Errorf("%w: a key is neither ECDSA nor RSA", ErrChain)
}

func (scheme) sign(key crypto.Signer, attributes []byte) ([]byte, error) {
	digest := sha256.Sum256(tlv(tagSet, attributes))
	return key.Sign(rand.Reader, digest[:], crypto.SHA256)
}

// attributes are the signed attributes, in the order of DER and without the tag, which differs between what is hashed and what is
// written (RFC 5652, 5.4). EN 319 142-1 wants these three, and the time of signing in the PDF's own dictionary instead of here.
func (s *Sealer) attributes(digest []byte) []byte {
	return bytes.Join([][]byte{
		tlv(tagSequence, oid(oidContentType), tlv(tagSet, oid(oidData))),
		tlv(tagSequence, oid(oidMessageDigest), tlv(tagSet, tlv(tagOctets, digest))),
		s.attribute,
	}, nil)
}

// signingCertificate is the attribute signing-certificate-v2 (RFC 5035): it binds the signature to this certificate, so that no
// other one of the same key can be put in its place. SHA-256 is the default, which DER leaves out.
func signingCertificate(c *x509.Certificate) []byte {
	hash := sha256.Sum256(c.Raw)
	return tlv(tagSequence, oid(oidSigningCertificate),
		tlv(tagSet, tlv(tagSequence, tlv(tagSequence, tlv(tagSequence, tlv(tagOctets, hash[:]))))))
}

func encodeChain(chain []*x509.Certificate) []byte {
	var all [][]byte
	for _, c := range chain {
		all = append(all, c.Raw)
	}
	return tlv(tagContext0, all...)
}

// encode is the whole CMS (RFC 5652, 3 and 5): SignedData without the content, which is the file, and with one signer. A time stamp
// is an unsigned attribute of it (RFC 3161, appendix A).
func (s *Sealer) encode(attributes, signature, stamp []byte) []byte {
	version := tlv(tagInteger, []byte{1})
	sha256 := tlv(tagSequence, oid(oidSHA256))
	leaf := s.o.Chain[0]
	var unsigned []byte
	if stamp != nil {
		unsigned = tlv(tagContext1, tlv(tagSequence, oid(oidTimeStampToken), tlv(tagSet, stamp)))
	}
	signer := tlv(tagSequence,
		version,
		tlv(tagSequence, leaf.RawIssuer, tlv(tagInteger, integer(leaf))),
		sha256,
		tlv(tagContext0, attributes),
		s.scheme.algorithm,
		tlv(tagOctets, signature),
		unsigned,
	)
	return tlv(tagSequence, oid(oidSignedData), tlv(tagContext0, tlv(tagSequence,
		version,
		tlv(tagSet, sha256),
		tlv(tagSequence, oid(oidData)),
		s.chain,
		tlv(tagSet, signer),
	)))
}

// integer is the body of a certificate's serial number, which is positive: a leading bit that would be a sign gets a zero before it.
func integer(c *x509.Certificate) []byte {
	body := c.SerialNumber.Bytes()
	if len(body) == 0 || body[0]&0x80 != 0 {
		body = append([]byte{0}, body...)
	}
	return body
}
