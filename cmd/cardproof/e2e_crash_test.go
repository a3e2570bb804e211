//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Batches of 300 are killed at 30 random moments, each time further on; each then runs to its end.
func TestKillAtRandomMoments(t *testing.T) {
	t.Parallel()
	whole := newCentre(t)
	start := time.Now()
	whole.must("issue", whole.roster(300), "--out", "out")
	duration := time.Since(start)
	const kills = 30
	killed, unfinished := 0, 0
	for killed < kills {
		c := newCentre(t)
		roster := c.roster(300)
		for killed < kills && c.counts()["issued"] < 300 {
			if killAfter(t, c.command("issue", roster, "--out", "out"), rand.N(duration/4)) {
				killed++
			}
			checkNothingOutside(t, c)
			if c.counts()["planned"] > 0 {
				unfinished++
			}
		}
		c.must("issue", roster, "--out", "out")
		checkIssued(t, c, "out", 300)
	}
	t.Logf("%d runs were killed; after %d of them the register held unfinished cards; a whole run takes %v", killed, unfinished, duration)
	if unfinished == 0 {
		t.Error("no run was killed in the middle of its work: the test proves nothing")
	}
}

// killAfter starts a program, ends it by SIGKILL after a while, and says whether it was still running.
func killAfter(t *testing.T, cmd *exec.Cmd, after time.Duration) bool {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	return cmd.Wait() != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
}

// counts is how many cards of each state the register holds.
func (c *centreDir) counts() map[string]int {
	c.t.Helper()
	var list struct {
		Keys []struct{ Cards map[string]int }
	}
	if err := json.Unmarshal(c.must("keys", "list", "--json"), &list); err != nil {
		c.t.Fatal(err)
	}
	return list.Keys[0].Cards // nil where there is none
}

// checkNothingOutside finds that every PDF in the output folder is whole and of a card that the register holds as issued.
func checkNothingOutside(t *testing.T, c *centreDir) {
	t.Helper()
	files, err := filepath.Glob(c.path("out/*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		return
	}
	if out, code := c.run(append([]string{"verify", "--json"}, files...)...); code != 0 {
		t.Fatalf("after a kill, a file in the output folder is not valid: %s", out)
	}
}

// Two runs of one roster at the same moment: each learner gets one card, and both folders have all of them.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster := c.roster(100)
	var wg sync.WaitGroup
	results := make([]summary, 2)
	for i, out := range []string{"one", "two"} {
		wg.Go(func() {
			data, err := c.command("issue", roster, "--out", out, "--json").Output()
			if err == nil {
				err = json.Unmarshal(data, &results[i])
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := results[0].Issued + results[1].Issued; got != 100 {
		t.Errorf("the two runs issued %d cards, want 100", got)
	}
	checkIssued(t, c, "one", 100)
	checkIssued(t, c, "two", 100)
	one, two := c.cards("one"), c.cards("two")
	for i := range one {
		if one[i].number != two[i].number || one[i].sha256 != two[i].sha256 {
			t.Fatalf("line %d differs: %+v and %+v", i, one[i], two[i])
		}
	}
}

// Ctrl-C in the middle: the exit code says so, what is finished is listed, and the next run does the rest.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster := c.roster(400)
	cmd := c.command("issue", roster, "--out", "out")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 { // until the first file is out
		if files, _ := filepath.Glob(c.path("out/*.pdf")); len(files) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Fatalf("exit code %d, want %d: %s", cmd.ProcessState.ExitCode(), exitInterrupted, errs.String())
	}
	if !strings.Contains(errs.String(), "error: interrupted\nhint: ") {
		t.Errorf("standard error: %s", errs.String())
	}
	files, err := filepath.Glob(c.path("out/*.pdf"))
	if err != nil || len(files) != len(c.cards("out")) {
		t.Errorf("%d files and %d lines in cards.csv, %v", len(files), len(c.cards("out")), err)
	}
	c.must("issue", roster, "--out", "out")
	checkIssued(t, c, "out", 400)
}
