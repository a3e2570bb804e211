package signer

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/keys"
)

var documentNow = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

func createDocument(t *testing.T, dir string, pass Passphrase) *x509.Certificate {
	t.Helper()
	c, err := CreateDocument(dir, "Riverside", &Custody{Passphrase: pass}, documentNow)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCreateDocument(t *testing.T) {
	for name, pass := range map[string]Passphrase{"plain": nil, "encrypted": say("correct horse")} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := createDocument(t, dir, pass)
			for _, file := range []string{DocumentKeyName, rootKeyName} {
				info, err := os.Stat(filepath.Join(dir, file))
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v, want 0600", file, info.Mode(), err)
				}
				data, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil || strings.Contains(string(data), "ENCRYPTED") != (pass != nil) {
					t.Errorf("%s begins %.40q, %v", file, data, err)
				}
			}
			if _, err := OpenDocument(filepath.Join(dir, DocumentKeyName), c, pass); err != nil {
				t.Error(err)
			}
			if c.NotAfter.Year() != 2041 || c.IsCA || c.Subject.CommonName != "Riverside" {
				t.Errorf("got %v until %v", c.Subject, c.NotAfter)
			}
			if _, err := CreateDocument(dir, "Riverside", &Custody{Passphrase: pass}, documentNow); !errors.Is(err, ErrExists) {
				t.Errorf("a second time: got %v, want ErrExists", err)
			}
		})
	}
}

// The next document key is vouched for by the root that is published already, as long as its key is there.
func TestNextDocumentKey(t *testing.T) {
	dir := t.TempDir()
	first := createDocument(t, dir, nil)
	roots, err := keys.LoadCertificates(filepath.Join(dir, keys.DocumentRootsName))
	must(t, err, os.Remove(filepath.Join(dir, DocumentKeyName)), os.Remove(filepath.Join(dir, keys.DocumentCertificateName)))
	second := createDocument(t, dir, nil)
	for _, c := range []*x509.Certificate{first, second} {
		if err := c.CheckSignatureFrom(roots[0]); err != nil {
			t.Error(err)
		}
	}
	must(t, os.Remove(filepath.Join(dir, DocumentKeyName)), os.Remove(filepath.Join(dir, keys.DocumentCertificateName)), os.Remove(filepath.Join(dir, rootKeyName)))
	if _, err := CreateDocument(dir, "Riverside", nil, documentNow); !errors.Is(err, ErrRootKey) {
		t.Errorf("without the root's key: got %v, want ErrRootKey", err)
	}
}

// Whoever puts the root among those of a machine gives it no power over servers and mail.
func TestRootVouchesForNoServer(t *testing.T) {
	dir := t.TempDir()
	createDocument(t, dir, nil)
	roots, err := keys.LoadCertificates(filepath.Join(dir, keys.DocumentRootsName))
	must(t, err)
	rootKey, err := openFile(filepath.Join(dir, rootKeyName), nil)
	must(t, err)
	template := &x509.Certificate{DNSNames: []string{"www.example.org"}, EmailAddresses: []string{"a@example.org"}, NotBefore: documentNow, NotAfter: documentNow.AddDate(1, 0, 0)}
	forged, err := issue(template, roots[0], rootKey.Public(), rootKey)
	must(t, err)
	_, err = forged.Verify(x509.VerifyOptions{Roots: keys.Pool(roots), CurrentTime: documentNow, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
		t.Errorf("got %v, want a name that the root may not vouch for", err)
	}
}

func TestOpenDocumentRefuses(t *testing.T) {
	dir := t.TempDir()
	c := createDocument(t, dir, nil)
	path := filepath.Join(dir, DocumentKeyName)
	if _, err := OpenDocument(filepath.Join(dir, rootKeyName), c, nil); !errors.Is(err, ErrForeign) {
		t.Errorf("the root's key: got %v, want ErrForeign", err)
	}
	if _, _, err := OpenPKCS12(path, say("x")); !errors.Is(err, ErrUnreadable) {
		t.Errorf("PEM as PKCS#12: got %v, want ErrUnreadable", err)
	}
	must(t, os.Chmod(path, 0o640))
	if _, err := OpenDocument(path, c, nil); !errors.Is(err, ErrReadable) {
		t.Errorf("a file that others can read: got %v, want ErrReadable", err)
	}
	if _, err := OpenDocument(path+"x", c, nil); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
}

func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	if path, err := Encrypted(dir); path != "" || err != nil {
		t.Errorf("nothing: got %q, %v", path, err)
	}
	_, err := Create(dir, "https://cards.example.org", keys.Cards, nil, documentNow)
	must(t, err)
	createDocument(t, dir, nil)
	if path, err := Encrypted(dir); path != "" || err != nil {
		t.Errorf("plain keys: got %q, %v", path, err)
	}
	must(t, os.Remove(filepath.Join(dir, DocumentKeyName)), os.Remove(filepath.Join(dir, keys.DocumentCertificateName)))
	createDocument(t, dir, say("correct horse"))
	want := filepath.Join(dir, DocumentKeyName)
	if path, err := Encrypted(dir); path != want || err != nil {
		t.Errorf("an encrypted document key: got %q, %v; want %q", path, err, want)
	}
	if err := Try(want, say("correct horse")); err != nil {
		t.Error(err)
	}
	if err := Try(want, say("another")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another passphrase: got %v, want ErrPassphrase", err)
	}
	must(t, os.Chmod(want, 0o644))
	if _, err := Encrypted(dir); !errors.Is(err, ErrReadable) {
		t.Errorf("a key that others can read: got %v, want ErrReadable", err)
	}
}
