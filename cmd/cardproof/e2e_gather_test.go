//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

// whileItWaits has a run of issue --queue wait for workers, who make all cards while it is stopped, does something, and then lets it go on.
func (c *centreDir) whileItWaits(want int, do func(), args ...string) {
	c.t.Helper()
	var said transcript
	cmd := c.command(append([]string{"issue", c.path("roster.csv"), "--queue"}, args...)...)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	defer cmd.Process.Kill() // it may have ended
	until(c.t.(*testing.T), time.Minute, func() bool { return strings.Contains(said.String(), "no worker runs") })
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	worker := c.worker()
	until(c.t.(*testing.T), time.Minute, func() bool { return c.counts()["planned"] == 0 && c.counts()["issued"] == want })
	if err := worker.Process.Signal(os.Interrupt); err != nil {
		c.t.Fatal(err)
	}
	do()
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		c.t.Errorf("issue: got %v: %s", err, said.String())
	}
}

func (c *centreDir) mustHaveNoFile(name string) {
	c.t.Helper()
	if _, err := os.Stat(c.path(name)); !os.IsNotExist(err) {
		c.t.Errorf("%s: got %v, want no such file", name, err)
	}
}

// Cards are revoked and erased while a batch waits: one of each was issued before, the other by the workers.
func TestQueueHandsOutNoCardThatWasWithdrawn(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	c.must("issue", c.roster(10), "--out", "first")
	before := c.cards("first")
	c.roster(30)
	gone := map[string]string{}
	c.whileItWaits(30, func() {
		var list struct{ List []shownCard }
		for _, b := range c.batches() {
			if b.Cards["issued"] == 20 {
				if out := c.must("show", "--batch", b.ID, "--json"); json.Unmarshal(out, &list) != nil || len(list.List) != 20 {
					t.Fatalf("got %s", out)
				}
			}
		}
		if len(list.List) == 0 {
			t.Fatalf("got %v, want a batch of 20", c.batches())
		}
		for _, n := range []string{before[0].number, list.List[0].Number} {
			c.must("revoke", n, "--reason", "issued by mistake")
			gone[n] = "revoked"
		}
		for _, n := range []string{before[1].number, list.List[1].Number} {
			c.must("erase", "--learner", n, "--reason", "a request", "--yes")
			gone[n] = "erased"
		}
	}, "--out", "out")
	lines := c.cards("out")
	if len(lines) != 30 || len(gone) != 4 {
		t.Fatalf("got %d lines, %v", len(lines), gone)
	}
	for _, l := range lines {
		want := "issued"
		if gone[l.number] != "" {
			want = "revoked"
			c.mustHaveNoFile("out/" + strings.ReplaceAll(l.number, "-", "") + ".pdf")
		} else if _, err := os.Stat(l.file); err != nil {
			t.Error(err)
		}
		if l.state != want {
			t.Errorf("card %s: got %s, want %s", l.number, l.state, want)
		}
		if (gone[l.number] == "erased") != (l.name == card.ErasedName) || l.name == card.ErasedName && l.url+l.sha256 != "" {
			t.Errorf("card %s, %s: got %+v", l.number, gone[l.number], l)
		}
	}
	if files, err := filepath.Glob(c.path("out/*.pdf")); err != nil || len(files) != 26 {
		t.Errorf("got %d files, %v, want 26", len(files), err)
	}
}

// The key is revoked while a batch waits that it has signed.
func TestQueueHandsOutNoCardOfARevokedKey(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	var list struct{ Keys []listedKey }
	if out := c.must("keys", "list", "--json"); json.Unmarshal(out, &list) != nil || len(list.Keys) == 0 || list.Keys[0].Purpose != keys.Cards {
		t.Fatalf("got %s", out)
	}
	c.roster(20)
	c.whileItWaits(20, func() { c.must("keys", "revoke", "--since", "2020-01-01", "--yes", "--", list.Keys[0].ID) }, "--out", "out")
	for _, l := range c.cards("out") {
		if l.state != "key_revoked" {
			t.Errorf("card %s: got %s", l.number, l.state)
		}
	}
	if files, err := filepath.Glob(c.path("out/*.pdf")); err != nil || len(files) != 0 {
		t.Errorf("got %v, %v", files, err)
	}
}

// Two runs of one roster wait for the same cards, and deliver them into the same folder.
func TestTwoRunsOfOneQueuedRoster(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	c.roster(120)
	ended := make(chan error, 2)
	for range 2 {
		var said transcript
		cmd := c.command("issue", c.path("roster.csv"), "--queue", "--out", "out")
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended
		until(t, time.Minute, func() bool { return strings.Contains(said.String(), "no worker runs") })
		go func() {
			err := cmd.Wait()
			if err != nil {
				t.Logf("issue: %s", said.String())
			}
			ended <- err
		}()
	}
	c.worker()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if left, err := filepath.Glob(c.path("out/.*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	checkLikeOneMachine(t, c, "out", 120)
}

// What waits for a setup that nobody has any more is resumed for the machine that runs, from one that makes no cards and leaves nothing behind.
func TestResumeForTheMachineThatRuns(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	c.must("issue", c.roster(60), "--queue", "--no-wait", "--out", "out")
	batch := c.queue().Batches[0].ID
	plain := c.newMachine()
	private, err := filepath.Glob(plain.path("keys/*.pem"))
	if err != nil || len(private) == 0 {
		t.Fatal(private, err)
	}
	for _, path := range private {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := plain.path("elsewhere")
	plain.write("config.yaml", regexp.MustCompile(`(?m)^archive: .*$`).ReplaceAllString(string(plain.read("config.yaml")), "archive: "+elsewhere))
	c.forgetJobs()
	if out, code := plain.run("queue", "resume", batch); code != exitFailed {
		t.Errorf("nobody can make them: got %d, %s", code, out)
	}
	c.must("queue", "resume", batch) // this machine could
	changed := strings.Replace(string(c.read("config.yaml")), "name: ", "name: Other ", 1)
	c.write("config.yaml", changed)
	c.worker()
	until(t, time.Minute, func() bool {
		q := c.queue()
		return len(q.Machines) == 1 && strings.Contains(q.Batches[0].Why, "otherwise")
	})
	if out := plain.must("queue", "resume", batch); !bytes.Contains(out, []byte("60 cards put into the queue")) {
		t.Errorf("got %s", out)
	}
	if _, err := os.Stat(elsewhere); !os.IsNotExist(err) {
		t.Errorf("the archive of a machine that makes no cards: got %v", err)
	}
	c.must("issue", c.path("roster.csv"), "--queue", "--out", "out")
	checkLikeOneMachine(t, c, "out", 60)
}

// forgetJobs takes all jobs out of the queue, as after a restore.
func (c *centreDir) forgetJobs() {
	c.t.Helper()
	url := regexp.MustCompile(`(?m)^register: (\S+)$`).FindStringSubmatch(string(c.read("config.yaml")))
	if url == nil {
		c.t.Fatal("config.yaml names no register")
	}
	pool, err := register.OpenServerPool(strings.Trim(url[1], `"`), 1)
	if err != nil {
		c.t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.ExecContext(c.t.Context(), "DELETE FROM river_job"); err != nil {
		c.t.Fatal(err)
	}
}
