package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // SHA-256 for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// Object identifiers of RFC 5652, 5035, 3161, 5754 and 5758.
var (
	oidData               = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStampToken     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidRSA                = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// hashes are the digests that are accepted, with the signature algorithms that go with each.
var hashes = []struct {
	hash              crypto.Hash
	oid, ecdsa, pkcs1 asn1.ObjectIdentifier
}{
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}},
}

const (
	minRSA = 2048 // bits; below, factoring is within reach
	maxRSA = 8192 // bits; above, a check costs more than a stranger may ask for
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"tag:0"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	SID        issuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial asn1.RawValue
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

// signed is a SignedData of one signer (RFC 5652, 5), read and not yet believed.
type signed struct {
	signer     *x509.Certificate
	others     []*x509.Certificate // that came with it
	hash       crypto.Hash
	digest     []byte // of the content, as the signed attributes say it
	attributes []byte // signed, as they are hashed
	algorithm  pkix.AlgorithmIdentifier
	signature  []byte
	content    []byte // nil where it lies elsewhere
	stamp      []byte // the time stamp; nil where there is none
}

func misread(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotUnderstood, fmt.Sprintf(format, args...))
}

// unmarshal reads one DER value that fills data.
func unmarshal(data []byte, into any) error {
	rest, err := asn1.Unmarshal(data, into)
	if err != nil {
		return misread("%v", err)
	}
	if len(rest) > 0 {
		return misread("something stands behind a value")
	}
	return nil
}

// exact reads one DER value that fills data, and writes it again, which has to give the same bytes: encoding/asn1 passes over what
// stands behind the last element of a SEQUENCE, and what no signature covers could be put there.
func exact[T any](data []byte) (v T, err error) {
	if err := unmarshal(data, &v); err != nil {
		return v, err
	}
	if again, err := asn1.Marshal(v); err != nil || !bytes.Equal(again, data) {
		return v, misread("a value has a second spelling")
	}
	return v, nil
}

// readSigned reads a CMS with content of one type: id-data lies elsewhere, anything else lies in it. What no signature covers has one
// accepted form, so that no byte of it can be another one.
func readSigned(der []byte, contentType asn1.ObjectIdentifier) (*signed, error) {
	info, err := exact[contentInfo](der)
	if err != nil {
		return nil, err
	}
	if !info.Type.Equal(oidSignedData) {
		return nil, misread("it is no SignedData")
	}
	data, err := exact[signedData](info.Content.Bytes)
	if err != nil {
		return nil, err
	}
	detached := contentType.Equal(oidData)
	version := 3 // RFC 5652, 5.1
	if detached {
		version = 1
	}
	switch {
	case data.Version != version, !data.Encapsulated.Type.Equal(contentType), detached != (data.Encapsulated.Content.FullBytes == nil):
		return nil, misread("its content is another")
	case len(data.Signers) != 1 || len(data.Digests) != 1 || data.Signers[0].Version != 1:
		return nil, misread("it has not one signer")
	}
	signer := data.Signers[0]
	s := &signed{algorithm: signer.Algorithm, signature: signer.Signature}
	if !detached {
		if err := unmarshal(data.Encapsulated.Content.Bytes, &s.content); err != nil {
			return nil, err
		}
	}
	for _, h := range hashes {
		if signer.Digest.Algorithm.Equal(h.oid) && data.Digests[0].Algorithm.Equal(h.oid) && plain(signer.Digest) && plain(data.Digests[0]) {
			s.hash = h.hash
		}
	}
	if s.hash == 0 {
		return nil, misread("its digest is none that is accepted")
	}
	if err := s.readCertificates(data.Certificates.Bytes, signer.SID); err != nil {
		return nil, err
	}
	if err := s.readAttributes(signer.Attributes, contentType); err != nil {
		return nil, err
	}
	return s, s.readUnsigned(signer.Unsigned)
}

// plain says whether an algorithm has no parameters, or NULL.
func plain(a pkix.AlgorithmIdentifier) bool {
	return len(a.Parameters.FullBytes) == 0 || bytes.Equal(a.Parameters.FullBytes, asn1.NullBytes)
}

// maxCertificates is how many may come with a signature.
const maxCertificates = 8

func (s *signed) readCertificates(der []byte, sid issuerAndSerial) error {
	for n := 0; len(der) > 0; n++ {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(der, &raw)
		if err != nil || n == maxCertificates {
			return misread("its certificates can't be read")
		}
		der = rest
		c, err := x509.ParseCertificate(raw.FullBytes)
		if err != nil {
			return misread("a certificate: %v", err)
		}
		serial, err := asn1.Marshal(c.SerialNumber)
		if err != nil {
			return misread("a certificate: %v", err)
		}
		if s.signer == nil && bytes.Equal(c.RawIssuer, sid.Issuer.FullBytes) && bytes.Equal(serial, sid.Serial.FullBytes) {
			s.signer = c
		} else {
			s.others = append(s.others, c)
		}
	}
	if s.signer == nil {
		return misread("its own certificate is missing")
	}
	return nil
}

// readAttributes reads the signed attributes: each at most once and with one value, and these three among them.
func (s *signed) readAttributes(set asn1.RawValue, contentType asn1.ObjectIdentifier) error {
	all, err := attributes(set)
	if err != nil {
		return err
	}
	s.attributes = bytes.Clone(set.FullBytes)
	s.attributes[0] = asn1.TagSet | 0x20 // RFC 5652, 5.4: hashed as a SET
	var claimed asn1.ObjectIdentifier
	if err := unmarshal(all[oidContentType.String()], &claimed); err != nil || !claimed.Equal(contentType) {
		return misread("it is about content of another type")
	}
	if err := unmarshal(all[oidMessageDigest.String()], &s.digest); err != nil {
		return err
	}
	return s.bound(all[oidSigningCertificate.String()])
}

// bound checks signing-certificate-v2 (RFC 5035): the signature is of this certificate and of no other one of the same key.
func (s *signed) bound(der []byte) error {
	var list struct {
		Certificates []asn1.RawValue
		Policies     asn1.RawValue `asn1:"optional"`
	}
	if err := unmarshal(der, &list); err != nil {
		return err
	}
	if len(list.Certificates) == 0 {
		return misread("it names no certificate")
	}
	rest := list.Certificates[0].Bytes
	hash := crypto.SHA256 // the default
	var algorithm pkix.AlgorithmIdentifier
	if after, err := asn1.Unmarshal(rest, &algorithm); err == nil {
		hash, rest = 0, after
		for _, h := range hashes {
			if algorithm.Algorithm.Equal(h.oid) && plain(algorithm) {
				hash = h.hash
			}
		}
	}
	var want []byte
	if _, err := asn1.Unmarshal(rest, &want); err != nil || hash == 0 {
		return misread("it names its certificate in another way")
	}
	h := hash.New()
	h.Write(s.signer.Raw)
	if !bytes.Equal(h.Sum(nil), want) {
		return fmt.Errorf("%w: its certificate is another", ErrChanged)
	}
	return nil
}

// readUnsigned reads the attributes that no signature covers. Only a time stamp may be there.
func (s *signed) readUnsigned(set asn1.RawValue) error {
	if set.FullBytes == nil {
		return nil
	}
	all, err := attributes(set)
	if err != nil {
		return err
	}
	s.stamp = all[oidTimeStampToken.String()]
	if len(all) != 1 || s.stamp == nil {
		return misread("it has something beside it that nobody signed")
	}
	return nil
}

// attributes are the values of a set of attributes, by type.
func attributes(set asn1.RawValue) (map[string][]byte, error) {
	all := map[string][]byte{}
	for der := set.Bytes; len(der) > 0; {
		var whole asn1.RawValue
		rest, err := asn1.Unmarshal(der, &whole)
		if err != nil {
			return nil, misread("an attribute: %v", err)
		}
		der = rest
		a, err := exact[attribute](whole.FullBytes)
		if err != nil {
			return nil, err
		}
		var value asn1.RawValue
		if _, twice := all[a.Type.String()]; twice || a.Values.Tag != asn1.TagSet || a.Values.Class != asn1.ClassUniversal || !a.Values.IsCompound {
			return nil, misread("an attribute is there twice, or no set")
		}
		if err := unmarshal(a.Values.Bytes, &value); err != nil {
			return nil, err
		}
		all[a.Type.String()] = value.FullBytes
	}
	return all, nil
}

// matches says whether the parts, one after the other, are the content that the signature is about.
func (s *signed) matches(parts ...[]byte) bool {
	h := s.hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return bytes.Equal(h.Sum(nil), s.digest)
}

// verify checks the signature over the signed attributes with the signer's key.
func (s *signed) verify() error {
	h := s.hash.New()
	h.Write(s.attributes)
	digest := h.Sum(nil)
	ok := false
	for _, a := range hashes {
		if a.hash != s.hash {
			continue
		}
		switch key := s.signer.PublicKey.(type) {
		case *ecdsa.PublicKey:
			if !s.algorithm.Algorithm.Equal(a.ecdsa) || len(s.algorithm.Parameters.FullBytes) > 0 || key.Params().BitSize < 256 {
				return misread("its algorithm is none that is accepted")
			}
			ok = ecdsa.VerifyASN1(key, digest, s.signature)
		case *rsa.PublicKey:
			if !(s.algorithm.Algorithm.Equal(oidRSA) || s.algorithm.Algorithm.Equal(a.pkcs1)) || !plain(s.algorithm) ||
				key.N.BitLen() < minRSA || key.N.BitLen() > maxRSA {
				return misread("its algorithm is none that is accepted")
			}
			ok = rsa.VerifyPKCS1v15(key, s.hash, digest, s.signature) == nil
		default:
			return misread("its algorithm is none that is accepted")
		}
	}
	if !ok {
		return fmt.Errorf("%w: its signature is wrong", ErrChanged)
	}
	return nil
}
