//go:build e2e

package main

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// pebble is Let's Encrypt's own server for tests, and challtestsrv answers its questions of DNS.
const (
	pebble       = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"
	challtestsrv = "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@v2.10.1"
)

// freePort is a port of this machine that nobody uses at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// runPebble runs an authority to which every name leads to this machine, at the given ports. It returns the addresses of its
// directory and of its own interface.
func (s *site) runPebble(httpPort, tlsPort string) (directory, management string) {
	s.t.Helper()
	dir := s.t.TempDir()
	install := exec.Command("go", "install", pebble, challtestsrv)
	install.Dir = dir
	install.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		s.t.Fatalf("go install: %v: %s", err, out)
	}
	directory, management = "127.0.0.1:"+freePort(s.t), "127.0.0.1:"+freePort(s.t)
	conf, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": directory, "managementListenAddress": management,
		"certificate": filepath.Join(s.server, "ca.pem"), "privateKey": filepath.Join(s.server, "ca.key"),
		"httpPort": json.Number(httpPort), "tlsPort": json.Number(tlsPort), "ocspResponderURL": "",
		"profiles": map[string]any{"default": map[string]any{"description": "the usual", "validityPeriod": 7776000}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(filepath.Join(dir, "pebble.json"), string(conf))
	dns := "127.0.0.1:" + freePort(s.t)
	s.runAside(filepath.Join(dir, "pebble-challtestsrv"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dnsserver", dns,
		"-management", "127.0.0.1:"+freePort(s.t), "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	s.runAside(filepath.Join(dir, "pebble"), "-config", filepath.Join(dir, "pebble.json"), "-strict", "-dnsserver", dns)
	return "https://" + directory + "/dir", "https://" + management
}

// runAside runs a program until the test ends.
func (s *site) runAside(program string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// A certificate comes from a real authority, is kept for the next start, and serves.
func TestTLSByACME(t *testing.T) {
	s := newSite(t)
	authority := s.newCertificate(1, filepath.Join(s.server, "ca.pem"), filepath.Join(s.server, "ca.key"))
	httpPort := freePort(t)
	tlsPort := freePort(t)
	directory, management := s.runPebble(httpPort, tlsPort)
	asAuthority := clientOf(management[len("https://"):], authority)
	within(t, 20*time.Second, "the authority", func() bool {
		resp, err := asAuthority.Get(management + "/roots/0")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	resp, err := asAuthority.Get(management + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	root, err := io.ReadAll(resp.Body)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(root) {
		t.Fatalf("got no root: %v", err)
	}
	env := []string{"CARDPROOF_SERVER_TLS_ACME_DOMAINS=cards.example.org", "CARDPROOF_SERVER_TLS_ACME_CACHE=acme", "CARDPROOF_SERVER_TLS_ACME_DIRECTORY=" + directory,
		"CARDPROOF_SERVER_TLS_ACME_ROOTS=ca.pem", "CARDPROOF_SERVER_TLS_HTTP_LISTEN=127.0.0.1:" + httpPort, "CARDPROOF_SERVER_LISTEN=127.0.0.1:" + tlsPort}
	serials := map[string]bool{}
	for range 2 { // the second start finds what the first one got
		v := s.launchAt("127.0.0.1:"+tlsPort, env...)
		within(t, 30*time.Second, "a certificate", func() bool {
			resp, err := clientOf(v.address, roots).Get("https://cards.example.org/n/" + s.number)
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			serials[fmt.Sprint(resp.TLS.PeerCertificates[0].SerialNumber)] = true
			return resp.StatusCode == http.StatusOK
		})
		v.stop()
		if err := v.wait(10 * time.Second); err != nil {
			t.Error(err)
		}
	}
	if len(serials) != 1 {
		t.Errorf("got %d certificates, want the first one kept", len(serials))
	}
	info, err := os.Stat(filepath.Join(s.server, "acme"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the certificates: got %v, %v", info, err)
	}
}
