//go:build e2e

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A centre's own certificate in a PKCS#12 file, as each kind of openssl's writes it, seals without anybody at the terminal: the
// passphrase comes from the environment.
func TestPKCS12Unattended(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster := c.roster(1)
	c.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Own Root", "-keyout", "root.key", "-out", "root.crt")
	c.write("extensions", "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n")
	for name, key := range map[string][]string{"rsa": {"rsa:2048"}, "ec": {"ec", "-pkeyopt", "ec_paramgen_curve:P-256"}} {
		c.openssl(append(append([]string{"req", "-newkey"}, key...), "-nodes", "-subj", "/CN=Own Centre", "-keyout", name+".key", "-out", name+".csr")...)
		c.openssl("x509", "-req", "-in", name+".csr", "-CA", "root.crt", "-CAkey", "root.key", "-days", "20", "-extfile", "extensions", "-out", name+".crt")
	}
	var roots strings.Builder // an authority's root vouches for the certificates that stand below it in the file
	for _, name := range []string{"root.crt", "rsa.crt", "ec.crt"} {
		text, err := os.ReadFile(c.path(name))
		if err != nil {
			t.Fatal(err)
		}
		roots.Write(text)
	}
	c.write("roots.crt", roots.String())
	shipped, err := os.ReadFile(c.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		key, passphrase string
		options         []string
	}{
		"openssl 3":                {"rsa", "correct horse", nil},
		"openssl 3, P-256":         {"ec", "Zürich 1", []string{"-certfile", "root.crt"}},
		"legacy":                   {"rsa", "correct horse", []string{"-legacy"}},
		"legacy, P-256":            {"ec", "Zürich 1", []string{"-legacy", "-certfile", "root.crt"}},
		"without a passphrase":     {"ec", "", nil},
		"legacy, no passphrase":    {"ec", "", []string{"-legacy"}},
		"certificate in the clear": {"ec", "correct horse", []string{"-certpbe", "NONE"}},
	} {
		c.openssl(append([]string{"pkcs12", "-export", "-inkey", tc.key + ".key", "-in", tc.key + ".crt", "-passout", "pass:" + tc.passphrase, "-out", "own.p12"}, tc.options...)...)
		c.write("config.yaml", strings.NewReplacer("\n  certificate: \"\"\n", "\n  certificate: own.p12\n", "\n  roots: \"\"\n", "\n  roots: roots.crt\n").Replace(string(shipped)))
		check := func(variables ...string) (string, error) {
			cmd := c.command("keys", "check")
			cmd.Env = append(os.Environ(), variables...)
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		if out, err := check("CARDPROOF_DOCUMENT_PASSPHRASE=" + tc.passphrase); err != nil || !strings.Contains(out, "certificate of Own Centre") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if tc.passphrase == "" {
			continue
		}
		// The hint names the variable, which is another one than that of the centre's other keys.
		for _, wrong := range []string{"CARDPROOF_DOCUMENT_PASSPHRASE=wrong", "CARDPROOF_DOCUMENT_PASSPHRASE=", "CARDPROOF_KEY_PASSPHRASE=" + tc.passphrase} {
			out, err := check(wrong)
			if err == nil || !strings.Contains(out, "hint: Set CARDPROOF_DOCUMENT_PASSPHRASE to the passphrase of ") {
				t.Errorf("%s, %s: %v: %s; want a hint that names the variable", name, wrong, err, out)
			}
		}
	}
	c.openssl("pkcs12", "-export", "-nomac", "-inkey", "ec.key", "-in", "ec.crt", "-passout", "pass:correct horse", "-out", "own.p12")
	cmd := c.command("keys", "check")
	cmd.Env = append(os.Environ(), "CARDPROOF_DOCUMENT_PASSPHRASE=correct horse")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "hint: Look whether `openssl pkcs12") {
		t.Errorf("without a MAC: %v: %s; want a hint to export it anew", err, out)
	}
	cmd = c.command("issue", roster, "--out", "out")
	c.openssl("pkcs12", "-export", "-inkey", "ec.key", "-in", "ec.crt", "-passout", "pass:correct horse", "-out", "own.p12")
	cmd.Env = append(os.Environ(), "CARDPROOF_DOCUMENT_PASSPHRASE=correct horse")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("issue: %v: %s", err, out)
	}
	checkIssued(t, c, "out", 1)
}

func (c *centreDir) openssl(args ...string) {
	c.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("openssl %s: %v: %s", strings.Join(args, " "), err, out)
	}
}
