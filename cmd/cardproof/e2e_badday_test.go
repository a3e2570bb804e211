//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/archive"
)

// said is all that a command prints, and its exit code. An error has to come with advice.
func (c *centreDir) said(args ...string) (text string, code int) {
	c.t.Helper()
	cmd := c.command(args...)
	out, err := cmd.CombinedOutput()
	text, code = string(out), cmd.ProcessState.ExitCode()
	if err != nil {
		c.t.Logf("cardproof %s: %d: %s", strings.Join(args, " "), code, lastLines(text))
	}
	if code != exitDone && code != exitRefused && !strings.Contains(text, "\nhint: ") {
		c.t.Errorf("cardproof %s ended with %d, and says nothing of what to do: %s", strings.Join(args, " "), code, text)
	}
	return text, code
}

// lastLines is the end of what a program said, for the log of a test.
func lastLines(text string) string { return text[max(0, len(text)-600):] }

// object runs a command that has to end with 0, and takes in its JSON.
func (c *centreDir) object(into any, args ...string) {
	c.t.Helper()
	if out := c.must(append([]string{"--json"}, args...)...); json.Unmarshal(out, into) != nil {
		c.t.Fatalf("cardproof %s printed %s", strings.Join(args, " "), out)
	}
}

// checkIssued finds that the register has as many cards as the roster has rows, all issued, each on one line of the list and in one file, and
// that every file is the listed one, and valid. Other programs look at a few of them.
func checkIssued(t *testing.T, c *centreDir, out string, rows int) {
	t.Helper()
	cards, numbers := c.cards(out), map[string]bool{}
	for n, l := range cards {
		if numbers[l.number] = true; l.state != "issued" {
			t.Errorf("%s is %s", l.number, l.state)
		}
		if data, err := os.ReadFile(l.file); err != nil || archive.SHA256(data) != l.sha256 {
			t.Errorf("%s is not the file that is listed, %v", l.file, err)
		}
		if n%max(1, rows/5) == 0 {
			checkFile(t, l)
		}
	}
	files, err := filepath.Glob(filepath.Join(c.path(out), "*.pdf"))
	if has := c.counts(); err != nil || len(cards) != rows || len(numbers) != rows || len(files) != rows || has["issued"] != rows || len(has) != 1 {
		t.Errorf("got %d lines, %d numbers, %d files, and the register holds %v, want %d of each: %v", len(cards), len(numbers), len(files), has, rows, err)
	}
	if left, err := filepath.Glob(filepath.Join(c.path(out), ".*.pdf*")); err != nil || len(left) > 0 {
		t.Errorf("of killed runs are left %v, %v", left, err)
	}
	said, code := c.run("verify", out)
	if want := fmt.Sprintf("%d cards: %d valid\n", rows, rows); code != exitDone || rows > 1 && !strings.Contains(string(said), want) {
		t.Errorf("verify of the folder: got %d, want %q: %s", code, want, lastLines(string(said)))
	}
}

// checkAgain issues a roster that is issued already, and then finds the chain of events whole; doctor finds nothing wrong.
func checkAgain(t *testing.T, c *centreDir, rows int) {
	t.Helper()
	var s summary
	c.object(&s, "issue", c.path("roster.csv"), "--out", "again")
	if s.Issued != 0 || s.AlreadyIssued != rows {
		t.Errorf("the same roster again: %d issued and %d already, want 0 and %d", s.Issued, s.AlreadyIssued, rows)
	}
	checkSound(t, c)
}

// checkSound finds the chain of events whole, and has doctor find nothing wrong.
func checkSound(t *testing.T, c *centreDir) {
	t.Helper()
	var audit struct {
		OK bool `json:"ok"`
	}
	if c.object(&audit, "audit", "verify"); !audit.OK {
		t.Error("the audit finds the chain broken")
	}
	if said, code := c.run("doctor", "--offline"); code != exitDone || bytes.Contains(said, []byte("\nproblem")) {
		t.Errorf("doctor: got %d: %s", code, said)
	}
}
