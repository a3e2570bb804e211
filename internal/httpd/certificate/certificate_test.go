package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// pair makes a certificate for a host and its key, in PEM.
func pair(t *testing.T, host string, until time.Time) (certificate, key []byte, public *ecdsa.PublicKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: testTime.Add(-time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), &private.PublicKey
}

// folder holds the two files, and the clock.
type folder struct {
	t     *testing.T
	files Files
	log   bytes.Buffer
	now   time.Time
}

func newFolder(t *testing.T) *folder {
	dir := t.TempDir()
	f := &folder{t: t, now: testTime}
	f.files = Files{Certificate: filepath.Join(dir, "tls.pem"), Key: filepath.Join(dir, "tls.key"),
		Log: slog.New(slog.NewJSONHandler(&f.log, nil)), Now: func() time.Time { return f.now }}
	return f
}

// put writes the files as a renewal does, with a time of their own.
func (f *folder) put(certificate, key []byte) {
	f.t.Helper()
	for name, text := range map[string][]byte{f.files.Certificate: certificate, f.files.Key: key} {
		err := errors.Join(os.WriteFile(name, text, 0o600), os.Chtimes(name, f.now, f.now))
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// hostOf is the host whose certificate a handshake gets.
func hostOf(t *testing.T, s *Source) string {
	t.Helper()
	c, err := s.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.DNSNames[0]
}

func TestFilesAreReadAgain(t *testing.T) {
	f := newFolder(t)
	year := testTime.AddDate(1, 0, 0)
	oneCert, oneKey, _ := pair(t, "one.example", year)
	f.put(oneCert, oneKey)
	s, err := FromFiles(f.files)
	if err != nil {
		t.Fatal(err)
	}
	twoCert, twoKey, _ := pair(t, "two.example", year)
	for _, step := range []struct {
		name, want string
		do         func()
	}{
		{"as it was", "one.example", func() {}},
		{"half of a renewal", "one.example", func() { f.put(twoCert, oneKey) }},
		{"the other half", "two.example", func() { f.put(twoCert, twoKey) }},
		{"no certificate", "two.example", func() { f.put([]byte("oops"), twoKey) }},
		{"no file", "two.example", func() { os.Remove(f.files.Key) }},
		{"back", "one.example", func() { f.put(oneCert, oneKey) }},
	} {
		f.now = f.now.Add(time.Minute)
		step.do()
		if got := hostOf(t, s); got != step.want {
			t.Errorf("%s: got %s, want %s", step.name, got, step.want)
		}
		for range 5 { // what can't be used is said once for each change, and not for each handshake
			f.now = f.now.Add(2 * time.Second)
			hostOf(t, s)
		}
	}
	if got := strings.Count(f.log.String(), "can't be used"); got < 2 || got > 8 {
		t.Errorf("got %d complaints: %s", got, &f.log)
	}
	if s.Answers("two.example") || !s.Answers("one.example") {
		t.Error("Answers tells another host than that of the certificate in use")
	}
	if strings.Contains(f.log.String(), "PRIVATE") {
		t.Error("a key is in the log")
	}
}

func TestFilesThatCanNotServe(t *testing.T) {
	certificate, key, public := pair(t, "one.example", testTime.AddDate(1, 0, 0))
	_, other, _ := pair(t, "one.example", testTime.AddDate(1, 0, 0))
	ended, endedKey, _ := pair(t, "one.example", testTime)
	for name, tc := range map[string]struct {
		certificate, key []byte
		want             string
	}{
		"another key": {certificate, other, "does not match"},
		"ended":       {ended, endedKey, "ended on 2026-11-21"},
		"empty":       {nil, key, "failed to find"},
		"swapped":     {key, certificate, "failed to find"},
	} {
		f := newFolder(t)
		f.put(tc.certificate, tc.key)
		if _, err := FromFiles(f.files); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, tc.want)
		}
	}
	f := newFolder(t)
	if _, err := FromFiles(f.files); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no files: got %v", err)
	}
	f.put(certificate, key)
	f.files.SignsCards = func(k crypto.PublicKey) bool { return public.Equal(k) }
	if _, err := FromFiles(f.files); !errors.Is(err, ErrCardKey) {
		t.Errorf("the key of the cards: got %v, want ErrCardKey", err)
	}
}

func TestOldVersionsOfTLSAreRefused(t *testing.T) {
	f := newFolder(t)
	certificate, key, _ := pair(t, "one.example", testTime.AddDate(1, 0, 0))
	f.put(certificate, key)
	s, err := FromFiles(f.files)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		near, far := net.Pipe()
		go func() { _ = tls.Server(far, s.TLSConfig()).Handshake() }()
		err := tls.Client(near, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}).Handshake()
		near.Close()
		far.Close()
		if (err == nil) != want {
			t.Errorf("%s: got %v, want accepted=%v", tls.VersionName(version), err, want)
		}
	}
}

func TestACMEKeepsToItsDomains(t *testing.T) {
	s, err := FromACME(ACME{Domains: []string{"cards.example.org"}, Cache: filepath.Join(t.TempDir(), "acme"), Directory: "https://127.0.0.1:1/none"})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Answers("cards.example.org") || s.Answers("other.example.org") {
		t.Error("Answers tells other hosts than the domains")
	}
	for _, host := range []string{"", "other.example.org"} {
		if _, err := s.TLSConfig().GetCertificate(&tls.ClientHelloInfo{ServerName: host}); err == nil {
			t.Errorf("%q: a certificate was asked for", host)
		}
	}
	if _, err := FromACME(ACME{Cache: t.TempDir(), Roots: "/dev/null"}); err == nil {
		t.Error("roots without a certificate are taken")
	}
}
