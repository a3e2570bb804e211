// Package posttest runs a mail server for tests: Debian's python3-aiosmtpd, as a process of its own, that refuses, delays or hangs up as
// the address of a mail says.
package posttest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

//go:embed server.py
var script []byte

// Server is a mail server that runs until the test ends.
type Server struct {
	Host string
	Port int
	Root string // the file of its certificate, for a server with TLS
	t    testing.TB
	log  string
}

// Start starts a server. The arguments are those of server.py; for one with TLS, Start makes a certificate.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{Host: "127.0.0.1", t: t, log: filepath.Join(dir, "mails")}
	if strings.Contains(strings.Join(args, " "), "--tls ") {
		s.Root = filepath.Join(dir, "cert.pem")
		makeCertificate(t, s.Root, filepath.Join(dir, "key.pem"))
		args = append(args, "--cert", s.Root, "--key", filepath.Join(dir, "key.pem"))
	}
	path := filepath.Join(dir, "server.py")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		t.Fatal(err)
	}
	// Debian's own Python, for which its packages are.
	cmd := exec.Command("/usr/bin/python3", append([]string{path, "--log", s.log}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		s.Port, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		t.Fatalf("the mail server did not start (is python3-aiosmtpd installed? scripts/test-deps does it): %v\n%s", err, errs.String())
	}
	return s
}

func makeCertificate(t testing.TB, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// Received is a mail that the server has taken.
type Received struct {
	From string
	To   string
	Data []byte
	TLS  bool
}

// Message is the mail, parsed by the standard library.
func (r Received) Message(t testing.TB) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(r.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Mails are all mails that the server has taken so far, in their order.
func (s *Server) Mails() []Received {
	s.t.Helper()
	raw, err := os.ReadFile(s.log)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	var mails []Received
	for line := range bytes.Lines(raw) {
		var r Received
		if err := json.Unmarshal(line, &r); err != nil {
			s.t.Fatalf("a line of the mail server's list: %v", err)
		}
		mails = append(mails, r)
	}
	return mails
}
