//go:build e2e

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestKillStorm issues one roster again and again, and ends each run by SIGKILL at another moment, until all is issued. KILL_STORM, such as
// 200x2000, says how many kills and rows; scripts/kill-storm sets it.
func TestKillStorm(t *testing.T) {
	t.Parallel()
	kills, rows := stormOf(t, 12, 600)
	for _, engine := range []struct {
		name   string
		centre func(*testing.T) *centreDir
	}{
		{"sqlite", func(t *testing.T) *centreDir { return newCentre(t) }},
		{"postgres", func(t *testing.T) *centreDir { _, url := newDatabase(t); return newCentreOn(t, url) }},
	} {
		t.Run(engine.name, func(t *testing.T) {
			c := engine.centre(t)
			c.storm(t, c.roster(rows), kills, rows)
		})
	}
}

// stormOf is how many kills and rows a storm has: those of KILL_STORM, or these.
func stormOf(t *testing.T, kills, rows int) (int, int) {
	t.Helper()
	if storm := os.Getenv("KILL_STORM"); storm != "" {
		if _, err := fmt.Sscanf(storm, "%dx%d", &kills, &rows); err != nil || kills < 1 || rows < 1 {
			t.Fatalf("KILL_STORM is %q, want such as 200x2000", storm)
		}
	}
	return kills, rows
}

func (c *centreDir) storm(t *testing.T, roster string, kills, rows int) {
	began := time.Now()
	start := killedFirst(t, c, roster)
	killed, inTheMiddle := 1, 0
	for runs := 1; killed < kills; runs++ {
		if runs > 3*kills {
			t.Fatalf("only %d of %d runs were killed", killed, runs)
		}
		// Storm and batch come to their ends together, however fast the machine is: each kill has its card, and comes at any moment after it. A
		// run that begins beyond that card is killed while it begins.
		due := 1 + (killed*rows+rand.N(rows))/(kills+1)
		if killWhen(t, c.command("issue", roster, "--out", "out"), func() bool { return len(delivered(t, c, "out")) >= due }, rand.N(start/2)) {
			killed++
		}
		has := c.counts()
		if has["issued"]+has["planned"] > rows || len(has) > 2 {
			t.Fatalf("after %d kills the register holds %v, want %d cards", killed, has, rows)
		}
		if has["planned"] > 0 && has["issued"] > 0 {
			inTheMiddle++
		}
	}
	stormed := time.Since(began)
	c.must("issue", roster, "--out", "out")
	checkIssued(t, c, "out", rows)
	checkAgain(t, c, rows)
	t.Logf("%d runs were killed in %s; after %d of them some cards were issued and others not; %d cards are complete", killed, stormed.Round(time.Second), inTheMiddle, rows)
	if inTheMiddle < kills/4 {
		t.Errorf("only %d of %d kills were in the middle of the batch: the test proves little", inTheMiddle, kills)
	}
}

// killWhen starts a program, ends it by SIGKILL some time after a moment has come, and says whether it was still running.
func killWhen(t *testing.T, cmd *exec.Cmd, is func() bool, after time.Duration) bool {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !is() && len(ended) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill() // where the run has ended, Wait says so
	return <-ended != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
}

// killedFirst kills the first run when the register holds its cards, and returns how long that took.
func killedFirst(t *testing.T, c *centreDir, roster string) time.Duration {
	t.Helper()
	cmd := c.command("issue", roster, "--out", "out")
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := start.Add(time.Minute); c.counts()["planned"] == 0; {
		if time.Now().After(end) {
			t.Fatal("nothing was planned within a minute")
		}
	}
	took := time.Since(start)
	_ = cmd.Process.Kill() // where the run has ended, Wait says so
	if cmd.Wait() == nil {
		t.Fatal("the first run came to its end: the roster is too short for this machine")
	}
	return took
}
