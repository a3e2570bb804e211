//go:build e2e

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginx runs the proxy of docs/deploy/nginx.conf in front of a server. It returns its address of TLS and the folder of its logs.
func (s *site) nginx(server string) (address, logs string) {
	s.t.Helper()
	dir := s.t.TempDir()
	tlsPort, plainPort := freePort(s.t), freePort(s.t)
	example := string(s.read("../../docs/deploy/nginx.conf"))
	for _, change := range [][2]string{
		{"server 127.0.0.1:8080;", "server " + server + ";"},
		{"    listen [::]:443 ssl http2;\n", ""}, {"    listen [::]:80;\n", ""},
		{"listen 443 ssl", "listen 127.0.0.1:" + tlsPort + " ssl"}, {"listen 80;", "listen 127.0.0.1:" + plainPort + ";"},
		{"/etc/ssl/cards.example.org.pem", filepath.Join(s.server, "nginx.pem")}, {"/etc/ssl/private/cards.example.org.key", filepath.Join(s.server, "nginx.key")},
		{"/var/log/nginx/", dir + "/"},
	} {
		if !strings.Contains(example, change[0]) {
			s.t.Fatalf("the example has no %q", change[0])
		}
		example = strings.ReplaceAll(example, change[0], change[1])
	}
	conf := filepath.Join(dir, "nginx.conf")
	s.write(conf, "daemon off;\npid "+dir+"/pid;\nerror_log "+dir+"/main.err crit;\nevents {}\nhttp {\n"+
		"client_body_temp_path "+dir+"/body;\nproxy_temp_path "+dir+"/proxy;\nfastcgi_temp_path "+dir+"/f;\nuwsgi_temp_path "+dir+"/u;\nscgi_temp_path "+dir+"/s;\n"+example+"}\n")
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // which is not in everybody's PATH
	}
	cmd := exec.Command(nginx, "-p", dir, "-c", conf, "-e", filepath.Join(dir, "main.err"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("nginx: %v: %s", err, &out)
		}
	})
	return "127.0.0.1:" + tlsPort, dir
}

// The proxy of the example answers, hands on who asks, and writes down neither a token nor a number, whether all goes well or not.
func TestProxyKeepsNoToken(t *testing.T) {
	s := newSite(t)
	roots := s.newCertificate(1, filepath.Join(s.server, "nginx.pem"), filepath.Join(s.server, "nginx.key"))
	v := s.launch("CARDPROOF_SERVER_TRUSTED_PROXIES=127.0.0.1", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0.01", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT_BURST=1")
	address, logs := s.nginx(v.address)
	client := clientOf(address, roots)
	path := s.codePath()
	ask := func(path string) int {
		resp, err := client.Get("https://localhost" + path)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	within(t, 10*time.Second, "the proxy", func() bool { return ask("/healthz") == 200 })
	if got := ask(path); got != 200 {
		t.Errorf("through the proxy: got %d", got)
	}
	// The second question of the same client is one too many: so it is the client who counts, and not the proxy.
	if got := ask(path); got != 429 {
		t.Errorf("the second question: got %d, want 429", got)
	}
	v.stop()
	if err := v.wait(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, "/n/" + s.number} {
		if got := ask(p); got != 502 {
			t.Errorf("without a server: got %d, want 502", got)
		}
	}
	files, err := filepath.Glob(filepath.Join(logs, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("got the files %v, %v", files, err)
	}
	lines := 0
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.IsDir() || filepath.Base(name) == "nginx.conf" {
			continue
		}
		text := string(s.read(name))
		lines += strings.Count(text, "\n")
		for _, secret := range []string{path[3:40], s.number, "/c/", "/n/"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %q in it", filepath.Base(name), secret)
			}
		}
	}
	if lines < 5 {
		t.Errorf("got %d lines in the logs, want one for each request", lines)
	}
}
