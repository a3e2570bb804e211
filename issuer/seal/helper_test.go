package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jung-kurt/gofpdf"

	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

var testNow = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

// ours is a Sealer with keys as `cardproof keys init` makes them, and what a verifier has to trust.
func ours(t testing.TB, change ...func(*Options)) (*Sealer, verifyseal.Trust) {
	t.Helper()
	return oursIn(t, t.TempDir(), testNow, change...)
}

// oursIn makes the keys in a folder, a day before now.
func oursIn(t testing.TB, dir string, now time.Time, change ...func(*Options)) (*Sealer, verifyseal.Trust) {
	t.Helper()
	leaf, err := signer.CreateDocument(dir, "Riverside Resuscitation Training", nil, now.AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	key, err := signer.OpenDocument(filepath.Join(dir, signer.DocumentKeyName), leaf, nil)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := keys.LoadCertificates(filepath.Join(dir, keys.DocumentRootsName))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Key: key, Chain: []*x509.Certificate{leaf}, Trust: verifyseal.TrustIn(roots),
		Name: "Dr. Zoë Müller", Reason: "Issued by the training centre", Location: "Riverside (Building 2)", Contact: "mailto:cards@example.org"}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o, now)
	if err != nil {
		t.Fatal(err)
	}
	return s, o.Trust
}

// drawn is a file as gofpdf writes the cards: with a link over a symbol, an attachment, a bookmark and two pages.
func drawn(t testing.TB, n int) []byte {
	t.Helper()
	doc := gofpdf.New("L", "mm", "A4", "")
	doc.SetCatalogSort(true)
	doc.SetCreationDate(testNow)
	doc.SetModificationDate(testNow)
	doc.SetTitle(fmt.Sprintf("Card %d", n), true)
	doc.SetAttachments([]gofpdf.Attachment{{Content: []byte("token"), Filename: "card.jwt", Description: "the token"}})
	for page := range 2 {
		doc.AddPage()
		doc.SetFont("Helvetica", "", 12)
		doc.Bookmark(fmt.Sprint("Page ", page), 0, 0)
		doc.CellFormat(80, 10, fmt.Sprintf("Holder %d", n), "", 0, "", false, 0, "https://cards.example.org/c/1")
	}
	return output(t, doc)
}

// small is the least that gofpdf draws.
func small(t testing.TB) []byte {
	t.Helper()
	doc := gofpdf.New("P", "mm", "A4", "")
	doc.SetCatalogSort(true)
	doc.AddPage()
	return output(t, doc)
}

func output(t testing.TB, doc *gofpdf.Fpdf) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "drawn.pdf")
	if err := doc.OutputFileAndClose(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sign(t testing.TB, s *Sealer, file []byte) []byte {
	t.Helper()
	sealed, err := Sign(t.Context(), s, file, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// altered is a file with another date in it.
func altered(t testing.TB, sealed []byte) []byte {
	t.Helper()
	out := bytes.Replace(sealed, []byte("/CreationDate (D:2026"), []byte("/CreationDate (D:2027"), 1)
	if bytes.Equal(out, sealed) {
		t.Fatal("nothing was altered")
	}
	return out
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs another program, and fails with what it says where it fails.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// authority makes certificates of other people.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "Another Authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	return authority{}.issue(t, template, newKey(t, elliptic.P256()))
}

// issue makes a certificate below this one; below none it is a root.
func (a authority) issue(t testing.TB, template *x509.Certificate, key crypto.Signer) authority {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = testNow.AddDate(-1, 0, 0), testNow.AddDate(1, 0, 0)
	}
	parent, parentKey := a.certificate, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{c, key}
}

func newKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
