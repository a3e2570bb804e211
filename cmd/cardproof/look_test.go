package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
)

// checkConfig runs `cardproof preview` with the shipped configuration, changed, and gives the exit code and what stands on standard error.
func checkConfig(t *testing.T, changes ...string) (int, string) {
	t.Helper()
	text := string(assets.Config())
	for i := 0; i < len(changes); i += 2 {
		if strings.Count(text, changes[i]) != 1 {
			t.Fatalf("%q: got %d of it in the configuration, want one", changes[i], strings.Count(text, changes[i]))
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	code := run(context.Background(), []string{"--config", path, "preview", "--out", filepath.Join(t.TempDir(), "specimen.pdf")},
		&app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now})
	return code, stderr.String()
}

// A text that is too long for the cards is named by its key, with how much of it is too much; several are told of at once.
func TestTextsTooLongForTheCard(t *testing.T) {
	wide := func(n int) string { return strings.TrimSpace(strings.Repeat("WWWWWWW ", 20)[:n]) }
	for name, tc := range map[string]struct {
		changes []string
		told    []string
	}{
		"the name":    {[]string{"name: Example Training Centre", "name: " + wide(78)}, []string{"issuer.name"}},
		"the ID":      {[]string{`id: ""`, "id: " + wide(23)}, []string{"brand.id"}},
		"the phone":   {[]string{`phone: ""`, "phone: " + wide(39)}, []string{"issuer.phone"}},
		"the address": {[]string{`address: ""`, "address: " + wide(99)}, []string{"brand.address"}},
		"the host":    {[]string{"url: http://localhost:8080", "url: https://" + strings.Repeat("w", 60) + "." + strings.Repeat("w", 60) + ".org"}, []string{"the host of issuer.verify_url"}},
		"a course":    {[]string{"title: EKG Technician", "title: " + wide(58), "level: technician", "level: " + wide(60)}, []string{"courses[5] (EKG): level"}},
		"who signs": {[]string{`signatory: ""`, "signatory: " + wide(59)},
			[]string{"brand.signatory"}},
		"several": {[]string{"name: Example Training Centre", "name: " + wide(78), `address: ""`, "address: " + wide(99), `phone: ""`, "phone: " + wide(39)},
			[]string{"issuer.name", "brand.address", "issuer.phone"}},
	} {
		code, said := checkConfig(t, append(tc.changes, "pages: [wallet]", "pages: [wallet, back, certificate]")...)
		if code != exitUsage {
			t.Errorf("%s: got exit code %d\n%s", name, code, said)
		}
		for _, key := range tc.told {
			if !strings.Contains(said, key+" is too long for the page ") || !strings.Contains(said, "too many") || !strings.Contains(said, "hint: ") {
				t.Errorf("%s: got\n%s\nwant %s in it", name, said, key)
			}
		}
	}
}

// A bare colour is told as one, whatever YAML takes it for.
func TestBareColoursAreTold(t *testing.T) {
	for _, value := range []string{"#0b5d3b", "123456", "green"} {
		code, said := checkConfig(t, `primary: ""`, "primary: "+value)
		if code != exitUsage || !strings.Contains(said, "brand.primary") || !strings.Contains(said, "hint: Put the colour in quotation marks") {
			t.Errorf("%s: got exit code %d\n%s", value, code, said)
		}
	}
}

// What the seal needs and the configuration names has to be there, whichever command asks for it.
func TestMissingSealFiles(t *testing.T) {
	dir := t.TempDir()
	do := func(args ...string) (int, string) {
		var stdout, stderr strings.Builder
		code := run(context.Background(), append([]string{"--config", filepath.Join(dir, "config.yaml")}, args...),
			&app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now})
		return code, stderr.String()
	}
	t.Chdir(dir)
	if code, said := do("init"); code != 0 {
		t.Fatalf("init: got exit code %d\n%s", code, said)
	}
	text, err := os.ReadFile("config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"roster.csv": "name,course,completed,attendance,score,skills\nAna Bela,BLS,2026-11-07,100,90,pass\n", "there.pem": "x"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct{ seal, key string }{
		"the certificate":            {"certificate: gone.pem, key: there.pem, roots: there.pem", "seal.certificate"},
		"a PKCS#12 file":             {"certificate: gone.p12, roots: there.pem", "seal.certificate"},
		"the key":                    {"certificate: there.pem, key: gone.pem, roots: there.pem", "seal.key"},
		"the roots":                  {"certificate: there.pem, key: there.pem, roots: gone.pem", "seal.roots"},
		"the time stamp's roots":     {"timestamp_url: \"https://tsa.example.org\", timestamp_roots: gone.pem", "seal.timestamp_roots"},
		"a folder that is not there": {"certificate: gone/a.pem, key: there.pem, roots: there.pem", "seal.certificate"},
	} {
		before, _, found := strings.Cut(string(text), "\nseal:\n")
		_, after, foundEnd := strings.Cut(string(text), "timestamp_timeout: 10s\n")
		if !found || !foundEnd {
			t.Fatal("the shipped configuration has another form")
		}
		if err := os.WriteFile("config.yaml", []byte(before+"\nseal: {"+tc.seal+"}\n"+after), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"issue", "roster.csv", "--out", "out"}, {"serve", "--listen", "127.0.0.1:0"}, {"keys", "check"}} {
			code, said := do(args...)
			if code != exitKey || !strings.Contains(said, tc.key+": ") || !strings.Contains(said, "does not exist") || !strings.Contains(said, "hint: ") {
				t.Errorf("%s: %v: got exit code %d\n%s", name, args, code, said)
			}
		}
	}
	if _, err := os.Stat("out"); err == nil {
		t.Error("a card was issued")
	}
}
