package seal

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"reflect"
	"testing"

	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

var documentSigning = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}}

func leafTemplate() *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: "Centre"}, KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: documentSigning}
}

// A centre's own authority: another curve, RSA, and a certificate between the two.
func TestOwnAuthority(t *testing.T) {
	root := newAuthority(t)
	between := root.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Between"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}, newKey(t, elliptic.P384()))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, leaf := range map[string]authority{
		"P-256": between.issue(t, leafTemplate(), newKey(t, elliptic.P256())),
		"P-384": between.issue(t, leafTemplate(), newKey(t, elliptic.P384())),
		"RSA":   between.issue(t, leafTemplate(), rsaKey),
	} {
		t.Run(name, func(t *testing.T) {
			s, trust := ours(t, func(o *Options) {
				o.Key, o.Chain, o.Trust = leaf.key, []*x509.Certificate{leaf.certificate, between.certificate}, verifyseal.TrustIn([]*x509.Certificate{root.certificate, leaf.certificate})
			})
			sealed := sign(t, s, small(t))
			got, err := verifyseal.Check(sealed, trust, testNow)
			if err != nil || got.Signer != "Centre" {
				t.Fatalf("got %+v, %v", got, err)
			}
			for at := bytes.Index(sealed, []byte(contentsKey)); sealed[at] != '\n'; at++ {
				bad := bytes.Clone(sealed)
				bad[at] ^= 1
				if kindOf(t, bad, trust) == nil {
					t.Fatalf("byte %d (%q) passes as %q in %s", at, sealed[at], bad[at], sealed[at-60:at+60])
				}
			}
		})
	}
}

// Whoever else has a certificate of the same authority is a stranger, and an earlier certificate of the centre stays its own.
func TestAnAuthorityVouchesForStrangersToo(t *testing.T) {
	root := newAuthority(t)
	centre, earlier, stranger := root.issue(t, leafTemplate(), newKey(t, elliptic.P256())), root.issue(t, leafTemplate(), newKey(t, elliptic.P256())),
		root.issue(t, leafTemplate(), newKey(t, elliptic.P256()))
	published := verifyseal.TrustIn([]*x509.Certificate{root.certificate, earlier.certificate, centre.certificate})
	for name, tc := range map[string]struct {
		by    authority
		trust verifyseal.Trust
		want  error
	}{
		"the centre":                 {centre, published, nil},
		"the centre, earlier":        {earlier, published, nil},
		"a stranger":                 {stranger, published, verifyseal.ErrForeign},
		"a stranger, the root alone": {stranger, verifyseal.TrustIn([]*x509.Certificate{root.certificate}), verifyseal.ErrForeign},
		"the centre without a root":  {centre, verifyseal.TrustIn([]*x509.Certificate{centre.certificate}), verifyseal.ErrForeign},
	} {
		s, _ := ours(t, func(o *Options) {
			o.Key, o.Chain = tc.by.key, []*x509.Certificate{tc.by.certificate}
			o.Trust = verifyseal.TrustIn([]*x509.Certificate{root.certificate, tc.by.certificate})
		})
		if got := kindOf(t, sign(t, s, small(t)), tc.trust); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	root, stranger := newAuthority(t), newAuthority(t)
	key := newKey(t, elliptic.P256())
	issue := func(change func(*x509.Certificate)) *x509.Certificate {
		template := leafTemplate()
		change(template)
		return root.issue(t, template, key).certificate
	}
	good := issue(func(*x509.Certificate) {})
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*Options)
		want   error
	}{
		"another key": {func(o *Options) { o.Key = newKey(t, elliptic.P256()) }, ErrKey},
		"ended": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = testNow.AddDate(-2, 0, 0), testNow.AddDate(-1, 0, 0)
			})
		}, ErrCertificate},
		"not begun": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = testNow.AddDate(0, 0, 1), testNow.AddDate(1, 0, 0)
			})
		}, ErrCertificate},
		"another root":              {func(o *Options) { o.Trust = verifyseal.TrustIn([]*x509.Certificate{stranger.certificate, good}) }, ErrChain},
		"an authority's root alone": {func(o *Options) { o.Trust = verifyseal.TrustIn([]*x509.Certificate{root.certificate}) }, ErrChain},
		"for mail": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) {
				c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
			})
		}, ErrChain},
		"for no purpose": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil })
		}, ErrChain},
		"for servers": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) {
				c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			})
		}, ErrChain},
		"not for signatures": {func(o *Options) {
			o.Chain[0] = issue(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
		}, ErrChain},
		"short RSA": {func(o *Options) {
			o.Key, o.Chain[0] = small, root.issue(t, leafTemplate(), small).certificate
		}, ErrChain},
		"P-224": {func(o *Options) {
			k := newKey(t, elliptic.P224())
			o.Key, o.Chain[0] = k, root.issue(t, leafTemplate(), k).certificate
		}, ErrChain},
		"a stranger in the chain": {func(o *Options) { o.Chain = append(o.Chain, stranger.certificate) }, ErrChain},
	} {
		o := Options{Key: key, Chain: []*x509.Certificate{good}, Name: "Centre", Reason: "Test"}
		o.Trust = verifyseal.TrustIn([]*x509.Certificate{root.certificate, good})
		if _, err := New(o, testNow); err != nil {
			t.Fatal(err)
		}
		own := o.Trust
		tc.change(&o)
		if reflect.DeepEqual(o.Trust, own) { // whatever it is, the centre calls it its own
			o.Trust = verifyseal.TrustIn([]*x509.Certificate{root.certificate, o.Chain[0]})
		}
		if _, err := New(o, testNow); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}
