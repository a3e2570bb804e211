//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/internal/archive"
)

// TestTwoOfficesAtOnce has two offices with one register and the same keys issue one roster at the same moment, from a data folder each. The
// one that came second waits, and finds all issued.
func TestTwoOfficesAtOnce(t *testing.T) {
	t.Parallel()
	const rows = 500
	_, url := newDatabase(t)
	one := newCentreOn(t, url)
	two := secondOffice(t, one)
	two.archive(one.path("data/cards"), "")
	wg, results, errs := sync.WaitGroup{}, make([]summary, 2), make([]bytes.Buffer, 2)
	for i, c := range []*centreDir{one, two} {
		cmd := c.command("issue", c.roster(rows), "--out", "out", "--json")
		cmd.Stderr = &errs[i]
		wg.Go(func() {
			if out, err := cmd.Output(); err != nil || json.Unmarshal(out, &results[i]) != nil {
				t.Errorf("office %d: %v: %s", i+1, err, errs[i].String())
			}
		})
	}
	wg.Wait()
	first, second := results[0], results[1]
	if first.Issued == 0 {
		first, second = second, first
	}
	if first.Issued != rows || first.AlreadyIssued != 0 || second.Issued != 0 || second.AlreadyIssued != rows {
		t.Errorf("one office issued %d and found %d, the other %d and %d; want %d, 0, 0, %d",
			first.Issued, first.AlreadyIssued, second.Issued, second.AlreadyIssued, rows, rows)
	}
	if said := errs[0].String() + errs[1].String(); strings.Count(said, "another machine is issuing from this register; waiting for it to end") != 1 {
		t.Errorf("who waits is not told: %s", said)
	}
	checkIssued(t, one, "out", rows)
	ofOne := one.cards("out")
	for i, l := range two.cards("out") {
		data, err := os.ReadFile(l.file)
		if other := ofOne[i]; err != nil || archive.SHA256(data) != other.sha256 || l.number != other.number {
			t.Fatalf("the offices have %s and %s of one learner, %v", l.number, other.number, err)
		}
	}
	checkAgain(t, two, rows)
	two.archive("", "")
	if text, code := two.said("issue", "roster.csv", "--out", "without"); code != exitFailed || !strings.Contains(text, "all need the same archive") {
		t.Errorf("an office with an archive of its own: got %d: %s", code, text)
	}
}

// secondOffice is a second place of a centre: the same configuration, keys and register, and a data folder of its own.
func secondOffice(t *testing.T, of *centreDir) *centreDir {
	t.Helper()
	c := &centreDir{t: t, bin: of.bin, dir: t.TempDir()}
	output(t, "cp", "-a", of.path("keys"), c.path("keys"))
	text := string(of.read("config.yaml"))
	c.write("config.yaml", strings.ReplaceAll(text, of.dir, c.dir))
	if err := os.Mkdir(c.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}
