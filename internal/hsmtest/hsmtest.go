// Package hsmtest is a real PKCS#11 token for tests: SoftHSM, with a folder of its own for each test.
package hsmtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PIN is the user's PIN of every token here.
const PIN = "123456"

// Token is a token of SoftHSM.
type Token struct {
	Label  string
	Module string // the path of SoftHSM's library
	Dir    string // where SoftHSM keeps its tokens
	Conf   string // for SOFTHSM2_CONF
}

// URI names the token and its library (RFC 7512).
func (t Token) URI() string {
	return "pkcs11:token=" + url.PathEscape(t.Label) + "?module-path=" + t.Module
}

// Env is the environment in which a program finds the token and its PIN.
func (t Token) Env() []string {
	return []string{"SOFTHSM2_CONF=" + t.Conf, "CARDPROOF_TOKEN_PIN=" + PIN}
}

// Start makes a token with a label, and points SOFTHSM2_CONF to it for the rest of the test. A library that this process has initialised
// before sees the token after its next C_Initialize.
func Start(t testing.TB, label string) Token {
	t.Helper()
	token := New(t, label)
	t.Setenv("SOFTHSM2_CONF", token.Conf)
	return token
}

// New makes a token with a label for other programs, which get Env.
func New(t testing.TB, label string) Token {
	t.Helper()
	dir := t.TempDir()
	token := Token{Label: label, Module: module(t), Dir: filepath.Join(dir, "tokens"), Conf: filepath.Join(dir, "softhsm2.conf")}
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", token.Dir)
	if err := os.Mkdir(token.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token.Conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	util := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", PIN)
	util.Env = append(os.Environ(), token.Env()...)
	out, err := util.CombinedOutput()
	if err != nil {
		t.Fatalf("softhsm2-util: %v: %s; scripts/test-deps installs it", err, out)
	}
	return token
}

// module is where Debian, Fedora and Homebrew put SoftHSM's library.
func module(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("there is no libsofthsm2.so; scripts/test-deps installs it")
	return ""
}
