package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// office runs commands in a folder at a time of one's own, and answers what they print and their exit code.
type office struct {
	t   *testing.T
	dir string
	now time.Time
}

func newOffice(t *testing.T, now time.Time) *office {
	t.Helper()
	o := &office{t, t.TempDir(), now}
	if out, code := o.run("init"); code != exitDone {
		t.Fatalf("init: %d: %s", code, out)
	}
	return o
}

func (o *office) run(args ...string) (string, int) {
	o.t.Helper()
	var out bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: func() time.Time { return o.now }}
	o.t.Chdir(o.dir)
	code := run(o.t.Context(), args, a)
	return out.String(), code
}

func (o *office) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) want(code int, parts []string, args ...string) string {
	o.t.Helper()
	out, got := o.run(args...)
	if got != code {
		o.t.Errorf("cardproof %s: got exit code %d, want %d: %s", strings.Join(args, " "), got, code, out)
	}
	for _, want := range parts {
		if !strings.Contains(out, want) {
			o.t.Errorf("cardproof %s lacks %q: %s", strings.Join(args, " "), want, out)
		}
	}
	return out
}

const classHead = "name,email,course,completed,attendance,score,skills,instructor,instructor_id,class\n"

// TestEraseExpired has ten years go by.
func TestEraseExpired(t *testing.T) {
	o := newOffice(t, time.Date(2017, 1, 10, 12, 0, 0, 0, time.UTC))
	o.write("old.csv", classHead+"Ana Silva,ana@example.org,BLS,2017-01-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\n")
	o.want(exitDone, nil, "issue", "old.csv", "--out", "out")
	o.want(exitUsage, []string{"keeps the details of cards for ever", "retention.erase_after_years"}, "erase", "--expired")
	data, err := os.ReadFile(filepath.Join(o.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o.write("config.yaml", strings.Replace(string(data), "erase_after_years: 0", "erase_after_years: 5", 1))
	o.now = time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC) // the last valid day and five years
	o.write("new.csv", classHead+"Rui Costa,rui@example.org,BLS,2024-01-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\n")
	o.want(exitDone, nil, "issue", "new.csv", "--out", "out")
	o.want(exitDone, []string{"0 cards would be erased"}, "erase", "--expired")
	o.now = o.now.Add(24 * time.Hour)
	o.want(exitDone, []string{"warning", "the details of 1 card are kept longer than 5 years"}, "doctor", "--offline")
	if out := o.want(exitDone, []string{"Ana Silva", "1 card would be erased; nothing was changed"}, "erase", "--expired"); strings.Contains(out, "Rui") {
		t.Errorf("a card in force is among them: %s", out)
	}
	share, away := filepath.Join(o.dir, "data", "cards"), filepath.Join(o.dir, "data", "away")
	if err := os.Rename(share, away); err != nil {
		t.Fatal(err)
	}
	o.want(exitFailed, []string{"the folder of the archive is gone", "hint: See that its disk or share is mounted"}, "erase", "--expired", "--yes")
	if err := os.Mkdir(share, 0o700); err != nil { // on which it is mounted at other times
		t.Fatal(err)
	}
	o.want(exitFailed, []string{"the folder of the archive is gone", "hint: See that its disk or share is mounted"}, "erase", "--expired", "--yes")
	if err := errors.Join(os.Remove(share), os.Rename(away, share)); err != nil {
		t.Fatal(err)
	}
	o.want(exitDone, []string{"erased the details of 1 card, 1 file,"}, "erase", "--expired", "--yes")
	o.want(exitDone, []string{"0 cards would be erased"}, "erase", "--expired")
	o.want(exitDone, []string{"nothing is kept longer"}, "doctor", "--offline")
	o.want(exitDone, []string{"Rui Costa"}, "erase", "--learner", "rui@example.org")
	o.want(exitDone, []string{"are whole"}, "audit", "verify")
	o.want(exitDone, []string{"1 file,"}, "erase", "--learner", "rui@example.org", "--reason", "asked for", "--yes")
	if err := os.Rename(share, away); err != nil {
		t.Fatal(err)
	}
	// No card is left with details, but files may be that an earlier run did not come to.
	o.want(exitFailed, []string{"the folder of the archive is gone"}, "erase", "--expired", "--yes")
}

// TestDoctorFinds spoils one thing after the other, and puts it right again.
func TestDoctorFinds(t *testing.T) {
	o := newOffice(t, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	o.write("class.csv", classHead+"Ana Silva,ana@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\n")
	o.want(exitDone, nil, "issue", "class.csv", "--out", "out")
	at := func(pattern string) string {
		paths, err := filepath.Glob(filepath.Join(o.dir, pattern))
		if err != nil || len(paths) != 1 {
			t.Fatalf("%s: got %v, %v", pattern, paths, err)
		}
		return paths[0]
	}
	spoil := func(path string, change func([]byte) []byte) func() func() {
		return func() func() {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(bytes.Clone(data)), 0o600); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	pdf, config := at("data/cards/*/*.pdf"), at("config.yaml")
	for name, c := range map[string]struct {
		spoil func() (mend func())
		check string
		is    condition
		code  int
	}{
		"a file altered": {spoil(pdf, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), "archive", isProblem, exitFailed},
		"a key that others may read": {func() func() {
			path := at("keys/status-*.pem")
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			return func() { _ = os.Chmod(path, 0o600) }
		}, "permissions", isProblem, exitKey},
		"a key of another": {func() func() {
			other := newOffice(t, o.now)
			paths, err := filepath.Glob(filepath.Join(other.dir, "keys/status-*.pem"))
			if err != nil || len(paths) != 1 {
				t.Fatal(paths, err)
			}
			data, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			return spoil(at("keys/status-*.pem"), func([]byte) []byte { return data })()
		}, "status-list key", isProblem, exitKey},
		"no key set":                  {spoil(at("keys/jwks.json"), func([]byte) []byte { return []byte("{}") }), "keys", isProblem, exitKey},
		"a configuration with a slip": {spoil(config, func(b []byte) []byte { return append(b, "nonsense: 1\n"...) }), "configuration", isProblem, exitUsage},
		"a register that is none":     {spoil(at("data/register.db"), func(b []byte) []byte { return b[:100] }), "register", isProblem, exitRegister},
		"the clock set back": {func() func() {
			o.now = o.now.Add(-48 * time.Hour)
			return func() { o.now = o.now.Add(48 * time.Hour) }
		}, "clock", isProblem, exitKey}, // the certificate counts later as well, and stands before it
		"the certificate near its end": {func() func() {
			before := o.now
			o.now = o.now.AddDate(15, 0, -10)
			return func() { o.now = before }
		}, "seal certificate", isWarning, exitDone},
		"the certificate ended": {func() func() {
			before := o.now
			o.now = o.now.AddDate(16, 0, 0)
			return func() { o.now = before }
		}, "seal certificate", isProblem, exitKey},
		"no mail server": {spoil(config, func(b []byte) []byte {
			b = bytes.Replace(b, []byte("  host: \"\"\n  # 587"), []byte("  host: localhost\n  # 587"), 1)
			b = bytes.Replace(b, []byte("  port: 587"), []byte("  port: 1"), 1)
			return bytes.Replace(b, []byte("  from: \"\""), []byte("  from: Office <office@example.org>"), 1)
		}), "mail server", isProblem, exitFailed},
	} {
		mend := c.spoil()
		args := []string{"doctor", "--json"}
		if c.check != "mail server" {
			args = append(args, "--offline")
		}
		var got struct {
			Findings []finding `json:"findings"`
		}
		out, code := o.run(args...)
		if err := json.NewDecoder(strings.NewReader(out)).Decode(&got); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		hit := false
		for _, f := range got.Findings {
			hit = hit || f.Check == c.check && f.Is == c.is && f.Do != ""
		}
		if !hit || code != c.code {
			t.Errorf("%s: got exit code %d, want %d, and a %s of %s with what to do: %s", name, code, c.code, c.is, c.check, out)
		}
		mend()
	}
	if out, code := o.run("doctor", "--offline"); code != exitDone || strings.Contains(out, "problem") {
		t.Errorf("all put right again: got %d: %s", code, out)
	}
}
