package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
)

// programs builds the issuer's program and this one: the server is tested beside a real centre.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cardproof-verify-test-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), ".", "../cardproof").CombinedOutput()
	return dir, errors.Join(err, errorOf(err, out))
})

func errorOf(err error, out []byte) error {
	if err == nil {
		return nil
	}
	return errors.New(string(out))
}

// site is a centre with one card, and a server's folder beside it that has what the server needs and no more.
type site struct {
	t      *testing.T
	bin    string
	centre string
	server string
	number string
}

func newSite(t *testing.T) *site {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, bin: bin, centre: filepath.Join(t.TempDir(), "centre"), server: filepath.Join(t.TempDir(), "server")}
	for _, dir := range []string{s.centre, filepath.Join(s.server, "public"), filepath.Join(s.server, "data")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.cardproof("init")
	roster := "name,course,completed,attendance,score,skills\nAna Bela,BLS,2026-11-07,100,90,pass\n"
	s.write(filepath.Join(s.centre, "roster.csv"), roster)
	s.cardproof("issue", "roster.csv", "--out", "out")
	f, err := os.Open(filepath.Join(s.centre, "out", "cards.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s.number = rows[1][1]
	s.cardproof("keys", "export", "--out", filepath.Join(s.server, "public", "keys.json"))
	s.write(s.config(), string(assets.VerifyConfig()))
	// The register lies where the issuer has it; in life the server's user may only read it.
	if err := os.Symlink(filepath.Join(s.centre, "data", "register.db"), filepath.Join(s.server, "data", "register.db")); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) config() string { return filepath.Join(s.server, "verify.yaml") }

func (s *site) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) cardproof(args ...string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "cardproof"), args...)
	cmd.Dir = s.centre
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("cardproof %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// start runs the server until the test ends, and returns its address.
func (s *site) start() string {
	s.t.Helper()
	return "http://" + s.launch().address
}

func (s *site) code(address string) string {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address+"/n/"+s.number, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var v struct{ Code string }
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		s.t.Fatal(err)
	}
	return v.Code
}

// What the issuer does in its own process, the server's next answer knows.
func TestServesBesideTheIssuer(t *testing.T) {
	s := newSite(t)
	address := s.start()
	for _, step := range []struct{ command, want string }{
		{"", "valid"}, {"suspend", "suspended"}, {"reinstate", "valid"}, {"revoke", "revoked"},
	} {
		if step.command != "" {
			s.cardproof(step.command, s.number, "--reason", "a test")
		}
		if got := s.code(address); got != step.want {
			t.Errorf("after %q: got %s, want %s", step.command, got, step.want)
		}
	}
}

func TestRefusesToStart(t *testing.T) {
	s := newSite(t)
	for name, tc := range map[string]struct {
		args  []string
		env   []string
		code  int
		stays string // in the error
	}{
		"unknown flag":        {[]string{"--colour"}, nil, exitUsage, "colour"},
		"no configuration":    {[]string{"--config", filepath.Join(s.server, "none.yaml")}, nil, exitUsage, "none.yaml"},
		"a key path":          {nil, []string{"CARDPROOF_SERVER_KEYS=keys"}, exitUsage, "CARDPROOF_SERVER_KEYS"},
		"the issuer's keys":   {nil, []string{"CARDPROOF_JWKS=" + filepath.Join(s.centre, "keys", "jwks.json")}, exitKey, "private key"},
		"the issuer's folder": {nil, []string{"CARDPROOF_REGISTER=" + filepath.Join(s.centre, "data", "register.db")}, exitKey, "private key"},
		"the issuer's roots":  {nil, []string{"CARDPROOF_ROOTS=" + filepath.Join(s.centre, "keys", "document-roots.crt")}, exitKey, "private key"},
		"no roots":            {nil, []string{"CARDPROOF_ROOTS=" + filepath.Join(s.server, "none.crt")}, exitKey, "none.crt"},
		"other than roots":    {nil, []string{"CARDPROOF_ROOTS=" + filepath.Join(s.server, "verify.yaml")}, exitKey, "verify.yaml"},
		"no key set":          {nil, []string{"CARDPROOF_JWKS=" + filepath.Join(s.server, "none.json")}, exitKey, "none.json"},
		"no register":         {nil, []string{"CARDPROOF_REGISTER=" + filepath.Join(s.server, "none.db")}, exitRegister, "none.db"},
	} {
		t.Run(name, func(t *testing.T) {
			// A server that does start would run on for ever.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var stdout, stderr bytes.Buffer
			args := append([]string{"--config", s.config(), "--listen", "127.0.0.1:0"}, tc.args...)
			got := run(ctx, args, tc.env, &stdout, &stderr)
			text := stderr.String()
			if got != tc.code || !strings.HasPrefix(text, "error: ") || !strings.Contains(text, "\nhint: ") || !strings.Contains(text, tc.stays) {
				t.Errorf("got exit code %d, want %d, and on standard error %q", got, tc.code, text)
			}
		})
	}
}

// The roots are published by both programs, as the issuer has them.
func TestPublishesTheRoots(t *testing.T) {
	s := newSite(t)
	roots, err := os.ReadFile(filepath.Join(s.centre, "keys", "document-roots.crt"))
	if err != nil {
		t.Fatal(err)
	}
	s.write(filepath.Join(s.server, "public", "document-roots.crt"), string(roots))
	s.write(s.config(), strings.Replace(string(assets.VerifyConfig()), `roots: ""`, "roots: public/document-roots.crt", 1))
	resp, err := http.Get(s.start() + "/.well-known/document-roots.crt")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(got, roots) || resp.Header.Get("Content-Type") != "application/x-pem-file" {
		t.Errorf("got %s %q, %v; want %q", resp.Status, got, err, roots)
	}
}

func TestFindsPrivateKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		want    bool
	}{
		"keys.json":          {`{"keys":[]}`, false},
		"roots.crt":          {"-----BEGIN CERTIFICATE-----\n", false},
		"card.der":           {"\x30\x82\x01\x02\x30\x81\x03\x02\x01\x03", false}, // a certificate begins with two sequences
		"a.pem":              {"-----BEGIN PRIVATE KEY-----\n", true},
		"roots-and-more.crt": {"-----BEGIN CERTIFICATE-----\n" + strings.Repeat("A\n", 100_000) + "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", true},
		"document.key":       {"\x30\x81\x87\x02\x01\x00", true},
		"centre.p12":         {"x", true},
		"card.pkcs11":        {"pkcs11:token=Centre", true},
		"CENTRE.PFX":         {"x", true},
		"centre.bin":         {"\x30\x82\x0a\x01\x02\x01\x03\x30\x82", true},
		"centre":             {"\x30\x80\x02\x01\x03\x30\x80", true},
		"small":              {"\x30\x10\x02\x01\x03\x30\x0b", true},
		"empty":              {"", false},
		"begins":             {"\x30\x89", false},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := errors.Is(refusePrivateKeys(dir), errPrivateKey); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
	pipe := filepath.Join(t.TempDir(), "document.key")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refusePrivateKeys(filepath.Dir(pipe)); err != nil {
		t.Errorf("a pipe: got %v", err)
	}
}

func TestPrintsAConfigurationThatLoads(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--print-config"}, nil, &stdout, &stderr); code != 0 || !bytes.Equal(stdout.Bytes(), assets.VerifyConfig()) {
		t.Errorf("got exit code %d and %q", code, stderr.String())
	}
}
