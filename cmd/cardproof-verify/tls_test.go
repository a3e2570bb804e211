package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newCertificate writes a certificate for localhost and its key, and returns whom to believe for it.
func (s *site) newCertificate(serial int64, certificate, key string) *x509.CertPool {
	s.t.Helper()
	return s.certify(serial, certificate, s.newTLSKey(key))
}

func (s *site) newTLSKey(key string) crypto.Signer {
	s.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
	return private
}

// certify writes a certificate for a key.
func (s *site) certify(serial int64, certificate string, private crypto.Signer) *x509.CertPool {
	s.t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(0, 1, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		s.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.write(certificate, string(text))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

// clientOf asks localhost at the server's address, by a new connection each time, and follows no redirect.
func clientOf(address string, roots *x509.CertPool) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}},
	}
}

func TestTLSByFiles(t *testing.T) {
	s := newSite(t)
	dir := filepath.Join(s.server, "tls")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	certificate, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	roots := s.newCertificate(1, certificate, key)
	v := s.launch("CARDPROOF_SERVER_TLS_CERTIFICATE=tls/cert.pem", "CARDPROOF_SERVER_TLS_KEY=tls/key.pem", "CARDPROOF_SERVER_TLS_HTTP_LISTEN=127.0.0.1:0")
	serial := func(roots *x509.CertPool) int64 {
		resp, err := clientOf(v.address, roots).Get("https://localhost/n/" + s.number)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Strict-Transport-Security"); resp.StatusCode != 200 || !strings.Contains(got, "max-age=31536000") || resp.ProtoMajor != 2 {
			t.Errorf("got %d, HTTP/%d, Strict-Transport-Security %q", resp.StatusCode, resp.ProtoMajor, got)
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(roots); got != 1 {
		t.Fatalf("got the certificate %d, want 1", got)
	}
	resp, err := clientOf(v.plain, nil).Get("http://localhost/n/" + s.number + "?need=BLS")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if want := "https://localhost/n/" + s.number + "?need=BLS"; resp.StatusCode != 301 || resp.Header.Get("Location") != want || len(body) != 0 || err != nil {
		t.Errorf("plain HTTP: got %d, %q and %d bytes, %v", resp.StatusCode, resp.Header.Get("Location"), len(body), err)
	}
	if resp.Header.Get("Strict-Transport-Security") != "" {
		t.Error("plain HTTP has a header that counts over TLS alone (RFC 6797, section 7.2)")
	}
	renewed := s.newCertificate(2, certificate, key)
	within(t, 10*time.Second, "the new certificate", func() bool { return serial(renewed) == 2 })
}

// A key for TLS is a private key too: where card keys could lie, it is refused, whatever it is for. And a key that signs cards is
// refused wherever it lies.
func TestKeysThatAreNotForTLS(t *testing.T) {
	s := newSite(t)
	tlsDir := filepath.Join(s.server, "tls")
	if err := os.Mkdir(tlsDir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.newCertificate(1, filepath.Join(tlsDir, "cert.pem"), filepath.Join(tlsDir, "key.pem"))
	found, err := filepath.Glob(filepath.Join(s.centre, "keys", "*.pem"))
	found = slices.DeleteFunc(found, func(path string) bool { return strings.HasPrefix(filepath.Base(path), "status-") })
	if err != nil || len(found) != 1 {
		t.Fatalf("got the card keys %v, %v", found, err)
	}
	text := s.read(found[0])
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s.certify(2, filepath.Join(tlsDir, "card.pem"), private.(crypto.Signer))
	for _, tc := range []struct{ name, certificate, key, from, want string }{
		{"beside the key set", "tls/cert.pem", "public/key.pem", filepath.Join(tlsDir, "key.pem"), "folder tls beside"},
		{"of the cards", "tls/card.pem", "tls/card.key", found[0], "signs cards"},
	} {
		path := filepath.Join(s.server, tc.key)
		s.write(path, string(s.read(tc.from)))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var stdout, stderr bytes.Buffer
		env := []string{"CARDPROOF_SERVER_TLS_CERTIFICATE=" + tc.certificate, "CARDPROOF_SERVER_TLS_KEY=" + tc.key}
		got := run(ctx, []string{"--config", s.config(), "--listen", "127.0.0.1:0"}, env, &stdout, &stderr)
		if got != exitKey || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: got exit code %d and %q", tc.name, got, stderr.String())
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
