// Package seal signs finished PDF files, so that every later change of a byte shows: a PAdES baseline signature (ETSI EN 319 142-1,
// B-B, or B-T with a time stamp) over the whole file, which certifies that no change is permitted (DocMDP, P 1).
//
// The file is not drawn or parsed anew. What is there stays byte for byte, and the signature is added behind it as an incremental
// update (ISO 32000-1, 7.5.6). Files of another form than the issuer's own are refused. The private key is a crypto.Signer, so
// that it may as well lie in a device.
package seal

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// The ways in which a seal can't be made.
var (
	// ErrKey says that the private key does not belong to the certificate, or can't sign.
	ErrKey = errors.New("the document key does not belong to its certificate")
	// ErrCertificate says that a certificate is not valid at this time.
	ErrCertificate = errors.New("the document certificate is not valid at this time")
	// ErrChain says that the certificates do not lead to a root of the centre, or that one of them is of a kind that nobody accepts.
	ErrChain = errors.New("the document certificate does not lead to the centre's root")
	// ErrFile says that a file is not one that the issuer has drawn, or is sealed already.
	ErrFile = errors.New("the file can't be sealed")
	// ErrStamp says that no time stamp came which can be trusted. The card is not released without it.
	ErrStamp = errors.New("there is no time stamp")
)

// Options are what a Sealer signs with, and what Adobe's and others' programs show of it.
type Options struct {
	Key   crypto.Signer       // ECDSA on P-256 or P-384, or RSA of 2,048 bits or more
	Chain []*x509.Certificate // the key's own first, then those that lead to a root; without the root
	Trust verifyseal.Trust    // whom those believe who check: what the centre publishes, see verifyseal.TrustIn

	Name     string // who seals: the signatory or the centre
	Reason   string
	Location string   // may be empty
	Contact  string   // may be empty
	Stamper  *Stamper // nil for a seal without a time stamp
}

// Sealer seals the files of one centre. It is safe for concurrent use.
type Sealer struct {
	o         Options
	scheme    scheme
	attribute []byte // signing-certificate-v2, encoded
	chain     []byte // the certificates, encoded
	known     verifyseal.Chains
	token     atomic.Int64 // bytes to keep for a time stamp; learned from the first one
}

// New makes a Sealer, which proves itself: a small file is sealed, and the verifier has to find that seal good at this time. The
// error is ErrKey, ErrCertificate or ErrChain. Nothing is asked of a time-stamp server.
func New(o Options, now time.Time) (*Sealer, error) {
	if o.Key == nil || len(o.Chain) == 0 || o.Trust.Roots == nil || o.Name == "" || o.Reason == "" {
		return nil, errors.New("a sealer needs a key, its certificate, a root, a name and a reason")
	}
	leaf := o.Chain[0]
	if public, ok := o.Key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%w: %s", ErrKey, leaf.Subject)
	}
	if err := inTime(leaf, now); err != nil {
		return nil, err
	}
	scheme, err := schemeOf(o.Key.Public())
	if err != nil {
		return nil, err
	}
	s := &Sealer{o: o, scheme: scheme, attribute: signingCertificate(leaf), chain: encodeChain(o.Chain)}
	return s, s.prove(now)
}

func inTime(c *x509.Certificate, at time.Time) error {
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return fmt.Errorf("%w: that of %s counts from %s to %s", ErrCertificate, c.Subject,
			c.NotBefore.Format(time.RFC3339), c.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// prove tries the Sealer without a time stamp, and says which part is at fault.
func (s *Sealer) prove(now time.Time) error {
	plain := &Sealer{o: s.o, scheme: s.scheme, attribute: s.attribute, chain: s.chain}
	plain.o.Stamper = nil
	err := Try(context.Background(), plain, now)
	switch {
	case errors.Is(err, verifyseal.ErrChanged):
		return fmt.Errorf("%w: %w", ErrKey, err)
	case errors.Is(err, verifyseal.ErrCertificate):
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	case errors.Is(err, verifyseal.ErrForeign), errors.Is(err, verifyseal.ErrNotUnderstood):
		return fmt.Errorf("%w: %w", ErrChain, err)
	}
	return err
}

// Try seals the least file there is, and lets the verifier judge it by the rules that it will judge the cards by. A time-stamp server
// that the Sealer has is asked. The error is one of Sign's or of the verifier's.
func Try(ctx context.Context, s *Sealer, now time.Time) error {
	file, err := Sign(ctx, s, leastFile(), now)
	if err != nil {
		return err
	}
	_, err = verifyseal.Check(file, s.Trust(), now)
	return err
}

// Trust is whom to believe about the seals: the roots that the centre publishes.
func (s *Sealer) Trust() verifyseal.Trust {
	t := s.o.Trust
	t.Known = &s.known
	if s.o.Stamper != nil {
		t.TimestampRoots = s.o.Stamper.Roots
	}
	return t
}

// Certificate is the certificate that the seals name.
func (s *Sealer) Certificate() *x509.Certificate { return s.o.Chain[0] }

// Sign returns the file with a seal of the time at, in whole seconds, that covers every byte of it. The file has to be one that the
// issuer has drawn, with a single cross-reference table and no signature. A Sealer with a Stamper asks its server once for each
// file, and twice for the first. The error is ErrFile, ErrCertificate, ErrStamp, or what the key says.
func Sign(ctx context.Context, s *Sealer, file []byte, at time.Time) ([]byte, error) {
	at = at.UTC().Truncate(time.Second)
	if err := inTime(s.o.Chain[0], at); err != nil {
		return nil, err
	}
	b, err := readBase(file)
	if err != nil {
		return nil, err
	}
	for range 3 {
		room := s.token.Load()
		l := b.layout(s.dictionary(at), s.size(int(room)))
		cms, token, err := s.sign(ctx, l.digest(), int(room))
		if err != nil {
			return nil, err
		}
		if l.fill(cms) {
			return l.out, nil
		}
		// Another server's or another day's time stamp is longer: a little more than it needs is kept from now on.
		s.token.CompareAndSwap(room, int64(token+tokenSlack))
	}
	return nil, fmt.Errorf("%w: each one that came was longer than the last", ErrStamp)
}

// tokenSlack is what is kept beyond the longest time stamp that was seen: serial numbers and fractions of a second differ in length.
const tokenSlack = 64

// sign makes the CMS over a file's digest, with a time stamp of the signature where one is wanted.
func (s *Sealer) sign(ctx context.Context, digest [32]byte, room int) (cms []byte, token int, err error) {
	attributes := s.attributes(digest[:])
	signature, err := s.scheme.sign(s.o.Key, attributes)
	if err != nil {
		return nil, 0, fmt.Errorf("sign with the document key: %w", err)
	}
	if s.o.Stamper == nil {
		return s.encode(attributes, signature, nil), 0, nil
	}
	stamp, err := s.o.Stamper.stamp(ctx, signature)
	if err != nil {
		return nil, 0, err
	}
	return s.encode(attributes, signature, stamp), len(stamp), nil
}

// size is how many bytes the CMS takes at most, with room bytes for a time stamp.
func (s *Sealer) size(room int) int {
	var stamp []byte
	if s.o.Stamper != nil {
		stamp = make([]byte, room)
	}
	return len(s.encode(s.attributes(make([]byte, 32)), make([]byte, s.scheme.largest), stamp))
}

// largestECDSA is the largest DER signature of a curve: two whole numbers of its size, each with a leading zero.
func largestECDSA(k *ecdsa.PublicKey) int {
	n := (k.Params().BitSize + 7) / 8
	return len(tlv(tagSequence, tlv(tagInteger, make([]byte, n+1)), tlv(tagInteger, make([]byte, n+1))))
}
