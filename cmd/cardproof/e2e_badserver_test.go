//go:build e2e

package main

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/pgtest"
)

// stopped starts a command, stops the database when it is time, and starts it again when the command has ended.
func stopped(t *testing.T, c *centreDir, server *pgtest.Server, crash bool, when func(), args ...string) (text string, code int) {
	t.Helper()
	var said strings.Builder
	cmd := c.command(args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	when()
	if err := server.Halt(crash); err != nil {
		t.Fatal(err)
	}
	halted := time.Now()
	_ = cmd.Wait() // the code says it
	t.Logf("%s with the database gone (crash %t) ended with %d after %s: %s", args[0], crash, cmd.ProcessState.ExitCode(), time.Since(halted).Round(10*time.Millisecond), lastLines(said.String()))
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	return said.String(), cmd.ProcessState.ExitCode()
}

// TestTheDatabaseStopsInTheMiddle stops the database while cards are issued, released, revoked and replaced, as a crash would and in order.
// The command says what is wrong, and the same command again does the rest.
func TestTheDatabaseStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	server, url := newDatabase(t)
	c := newCentreOn(t, url)
	const rows = 600 // as many as are not done before the first of them is seen
	roster := c.roster(rows)
	for _, crash := range []bool{true, false} {
		before := len(delivered(t, c, "out"))
		text, code := stopped(t, c, server, crash, func() {
			until(t, time.Minute, func() bool { return len(delivered(t, c, "out")) > before })
		}, "issue", roster, "--out", "out")
		if has := c.counts(); code != exitRegister || !strings.Contains(text, "can't be reached") || has["planned"] == 0 {
			t.Errorf("issue, when the database stops (crash %t): got %d with %v: %s", crash, code, has, lastLines(text))
		}
	}
	c.must("issue", roster, "--out", "out")
	checkIssued(t, c, "out", rows)
	cards := c.cards("out")
	once := took(func() { c.must("revoke", cards[0].number, "--reason", "a mistake") })
	for i, crash := range []bool{true, false, true, false} {
		number := cards[1+i].number
		c.stoppedAndAgain(t, server, crash, rand.N(once), "revoke", number, "--reason", "a mistake")
		number = cards[10+i].number
		c.stoppedAndAgain(t, server, crash, rand.N(2*once), "replace", number, "--name", "Ana Nová", "--out", "new", "--reason", "a slip")
	}
	if has := c.counts(); has["revoked"] != 5 || has["superseded"] != 4 || has["issued"] != rows-5 || has["planned"] != 0 {
		t.Errorf("the register holds %v", has)
	}
	checkSound(t, c)
}

// TestTheDatabaseStopsAtARelease stops the database while a held batch is released.
func TestTheDatabaseStopsAtARelease(t *testing.T) {
	t.Parallel()
	server, url := newDatabase(t)
	c := newCentreOn(t, url)
	const rows = 120
	c.must("issue", c.roster(rows), "--hold")
	batch := c.batches()[0].ID
	for i := range 4 {
		text, code := stopped(t, c, server, i%2 == 0, func() { time.Sleep(rand.N(120 * time.Millisecond)) }, "release", batch, "--out", "out")
		if has := c.counts(); code != exitDone && code != exitRegister || has["issued"]*has["planned"] != 0 || has["issued"]+has["planned"] != rows {
			t.Errorf("release, when the database stops: got %d with %v: %s", code, has, text)
		}
	}
	c.must("release", batch, "--out", "out")
	checkIssued(t, c, "out", rows)
	checkSound(t, c)
}

func delivered(t *testing.T, c *centreDir, out string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.path(out), "*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func took(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

// stoppedAndAgain has the database stop some time after a command has begun, and then runs it again where it had failed.
func (c *centreDir) stoppedAndAgain(t *testing.T, server *pgtest.Server, crash bool, after time.Duration, args ...string) {
	t.Helper()
	text, code := stopped(t, c, server, crash, func() { time.Sleep(after) }, args...)
	switch {
	case code == exitDone:
	case code != exitRegister || !strings.Contains(text, "\nhint: See that the database server runs"):
		t.Errorf("%s, when the database stops (crash %t): got %d: %s", args[0], crash, code, text)
	default:
		c.said(args...)
	}
}
