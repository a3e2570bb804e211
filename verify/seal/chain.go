package seal

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// purposes are the extended key usages of which a certificate that seals documents has to name one: document signing (RFC 9336), and
// Microsoft's and Adobe's of the same meaning. One for mail or for whatever may be in the hands of anybody whom an authority knows.
var purposes = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36}, {1, 3, 6, 1, 4, 1, 311, 10, 3, 12}, {1, 2, 840, 113583, 1, 1, 5},
}

// trusted checks that the signer's certificate was for documents and is the centre's, and led to a root at that time.
func (s *signed) trusted(t Trust, at time.Time) error {
	roots := t.Roots
	if t.Authorities != nil && slices.ContainsFunc(t.Certificates, s.signer.Equal) {
		roots = t.Authorities
	}
	if err := s.chain(t.Known, roots, at, x509.ExtKeyUsageAny); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.signer.UnknownExtKeyUsage, func(id asn1.ObjectIdentifier) bool {
		return slices.ContainsFunc(purposes, id.Equal)
	}) {
		return fmt.Errorf("%w: its certificate is not for documents", ErrForeign)
	}
	return s.usage()
}

func (s *signed) usage() error {
	if s.signer.IsCA || s.signer.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return fmt.Errorf("%w: its certificate is not for signatures", ErrForeign)
	}
	return nil
}

// chain checks that the signer's certificate led to a root at that time. Every certificate that came with it has to be part of a chain:
// one that nothing vouches for could be any. What is known is not followed again.
func (s *signed) chain(known *Chains, roots *x509.CertPool, at time.Time, usage x509.ExtKeyUsage) error {
	key := s.chainKey(roots, usage)
	if known.counted(key, at) {
		return nil
	}
	intermediates := x509.NewCertPool()
	for _, c := range s.others {
		intermediates.AddCert(c)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}}
	chains, err := s.signer.Verify(options)
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		// Time is looked at first: a stranger's is a stranger's all the same.
		options.CurrentTime = s.signer.NotBefore
		if _, stranger := s.signer.Verify(options); stranger == nil || errors.As(stranger, &invalid) && invalid.Reason == x509.Expired {
			return fmt.Errorf("%w: %v", ErrCertificate, err)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrForeign, err)
	}
	for _, c := range s.others {
		if !slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool { return slices.ContainsFunc(chain, c.Equal) }) {
			return misread("a certificate came with it that does not belong to it")
		}
	}
	if len(chains) == 1 {
		known.keep(key, chains[0])
	}
	return nil
}
