package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCertificates(t *testing.T) {
	const golden = "../verify/seal/testdata/stamped.roots.crt"
	all, err := LoadCertificates(golden)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %d certificates, %v", len(all), err)
	}
	text := EncodeCertificates(append(all, all...))
	again, err := ParseCertificates(text)
	if err != nil || len(again) != 2 || !again[1].Equal(all[0]) {
		t.Errorf("written and read again: got %d, %v", len(again), err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "no end": text[:len(text)-30], "a key beside it": append(bytes.Clone(text), "-----BEGIN "+"PRIVATE KEY-----\n"...),
		"garbage": []byte(beginCertificate + "\nAAAA\n" + endCertificate), "no base64": []byte(beginCertificate + "\n?\n" + endCertificate),
	} {
		path := filepath.Join(t.TempDir(), "roots.crt")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadCertificates(path); !errors.Is(err, ErrBadCertificates) {
			t.Errorf("%s: got %v, want ErrBadCertificates", name, err)
		}
	}
	if _, err := LoadCertificates(t.TempDir() + "/none"); !errors.Is(err, ErrNoCertificates) {
		t.Errorf("no file: got %v, want ErrNoCertificates", err)
	}
	if _, err := LoadCertificates(t.TempDir()); !errors.Is(err, ErrBadCertificates) {
		t.Errorf("a folder: got %v, want ErrBadCertificates", err)
	}
}
