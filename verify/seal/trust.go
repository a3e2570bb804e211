package seal

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// TrustIn is whom to believe where a centre publishes these certificates, in one file:
//
//   - a root in the form that the centre makes for itself (see OwnRoot) vouches for every certificate for documents that it has signed;
//   - any other root, such as an authority's, vouches only for the certificates of the centre that stand in the same file, byte for byte.
//     Whoever else has a certificate of that authority is a stranger;
//   - a certificate that is no root is one of the centre's: the one that seals today, or one that sealed before.
func TrustIn(published []*x509.Certificate) Trust {
	t := Trust{Roots: x509.NewCertPool(), Authorities: x509.NewCertPool()}
	for _, c := range published {
		if c.IsCA {
			t.Authorities.AddCert(c)
			if OwnRoot(c) {
				t.Roots.AddCert(c)
			}
			continue
		}
		t.Certificates = append(t.Certificates, c)
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			t.Authorities.AddCert(c) // it is its own root
		}
	}
	return t
}

// OwnRoot says whether a root is one that a centre has made for its documents alone: it vouches for nothing but certificates directly
// below it, and for no server, mailbox or address (RFC 5280, 4.2.1.9 and 4.2.1.10). No authority that serves others has one like it.
func OwnRoot(c *x509.Certificate) bool {
	nowhere := []string{"invalid"}
	return c.IsCA && c.MaxPathLen == 0 && c.MaxPathLenZero && slices.Equal(c.PermittedDNSDomains, nowhere) &&
		slices.Equal(c.PermittedEmailAddresses, nowhere) && slices.Equal(c.PermittedURIDomains, nowhere) && c.CheckSignatureFrom(c) == nil
}
