//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newMachine is another machine of a centre whose register is a database: folders of its own, with a copy of the keys, and the same archive.
func (c *centreDir) newMachine() *centreDir {
	c.t.Helper()
	m := &centreDir{t: c.t, bin: c.bin, dir: c.t.TempDir()}
	if err := os.CopyFS(m.path("keys"), os.DirFS(c.path("keys"))); err != nil {
		c.t.Fatal(err)
	}
	if err := filepath.WalkDir(m.path("keys"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600) // CopyFS gives the rights of any file
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Mkdir(m.path("data"), 0o700); err != nil {
		c.t.Fatal(err)
	}
	m.write("config.yaml", string(c.read("config.yaml")))
	return m
}

// newQueueCentre is a centre with a database and an archive that machines can share.
func newQueueCentre(t testing.TB) *centreDir {
	t.Helper()
	_, url := newDatabase(t)
	c := newCentreOn(t, url)
	text := string(c.read("config.yaml"))
	shared := filepath.Join(t.TempDir(), "cards")
	changed := strings.Replace(text, "\narchive: \"\"", "\narchive: "+shared, 1)
	if changed == text {
		t.Fatal("config.yaml has no line archive")
	}
	c.write("config.yaml", changed)
	return c
}

// worker starts a worker, which is killed when the test ends.
func (c *centreDir) worker() *exec.Cmd {
	c.t.Helper()
	cmd := c.command("work", "--only", "issue")
	cmd.Stderr = &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if c.t.Failed() {
			c.t.Logf("worker: %s", cmd.Stderr)
		}
	})
	return cmd
}

type queueOutput struct {
	Batches  []queuedBatch
	Machines []queuedMachine
}

func (c *centreDir) queue() (q queueOutput) {
	c.t.Helper()
	if out := c.must("queue", "--json"); json.Unmarshal(out, &q) != nil {
		c.t.Fatalf("queue: %s", out)
	}
	return q
}

// checkLikeOneMachine compares an output folder with what one machine delivers of the same roster, number for number and byte for byte.
func checkLikeOneMachine(t *testing.T, c *centreDir, out string, want int) {
	t.Helper()
	if got := c.counts(); got["issued"] != want || len(got) != 1 {
		t.Errorf("the register holds %v, want %d issued and nothing else", got, want)
	}
	c.must("issue", c.path("roster.csv"), "--out", "alone")
	if got, want := c.read(out+"/cards.csv"), c.read("alone/cards.csv"); !bytes.Equal(got, want) {
		t.Errorf("cards.csv differs from that of one machine")
	}
	files, err := os.ReadDir(c.path("alone"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != want+1 {
		t.Errorf("got %d files of one machine, want %d cards and their list", len(files), want)
	}
	lines := c.cards(out)
	if answer, code := c.run("verify", lines[0].file, lines[want/2].file, lines[want-1].file); code != 0 {
		t.Errorf("verify: got %d, %s", code, answer)
	}
	for _, f := range files {
		if !bytes.Equal(c.read(out+"/"+f.Name()), c.read("alone/"+f.Name())) {
			t.Errorf("%s differs from that of one machine", f.Name())
		}
	}
}

// Two machines make a batch of 600 together, and the result is that of one.
func TestQueueOnTwoMachines(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	c.worker()
	c.newMachine().worker()
	start := time.Now()
	out := c.must("issue", c.roster(600), "--queue", "--out", "out", "--json")
	var s summary
	if err := json.Unmarshal(out, &s); err != nil || s.Issued != 600 || s.AlreadyIssued != 0 || len(s.Batches) != 1 {
		t.Errorf("got %s, %v", out, err)
	}
	t.Logf("600 cards in %v", time.Since(start))
	if got := c.queue(); len(got.Batches) != 0 || len(got.Machines) != 2 {
		t.Errorf("the queue afterwards: got %+v", got)
	}
	checkLikeOneMachine(t, c, "out", 600)
}

// partsComeBack is for how long the storm waits for the next card. Parts that a killed worker had in hand are taken up after a minute; where
// nobody else works, that may be all that is left.
const partsComeBack = 100 * time.Second

// TestKillWorkers has one worker make a batch, or three, and kills one again and again, which is started anew: what it had in hand is made by
// whoever is there. KILL_STORM, such as 200x2000, says how many kills and rows; scripts/kill-storm sets it.
func TestKillWorkers(t *testing.T) {
	t.Parallel()
	for workers, kills := range map[int]int{1: 3, 3: 5} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel() // it waits for a minute, at its end: there is more to make than the killed ones had in hand
			kills, rows := stormOf(t, kills, 900)
			killWorkers(t, workers, kills, rows)
		})
	}
}

func killWorkers(t *testing.T, workers, kills, rows int) {
	c := newQueueCentre(t)
	c.must("issue", c.roster(rows), "--queue", "--no-wait", "--out", "out")
	began := time.Now()
	machines := []*centreDir{c}
	for len(machines) < workers {
		machines = append(machines, c.newMachine())
	}
	working := make([]*exec.Cmd, workers)
	for i, m := range machines {
		working[i] = m.worker()
	}
	inTheMiddle, resumed := 0, 0
	for killed := range kills {
		// Storm and batch come to their ends together, however fast the machine is: each kill has its card.
		due := 1 + (killed*rows+rand.N(rows))/(kills+1)
		if !within(partsComeBack, func() bool { return c.counts()["issued"] >= due }) {
			c.run("queue", "resume", c.batches()[0].ID) // as an admin does for parts of which all attempts were killed
			resumed++
		}
		i := rand.N(workers)
		_ = working[i].Process.Kill() // it does not end by itself
		_ = working[i].Wait()
		working[i] = machines[i].worker()
		has := c.counts()
		if has["issued"]+has["planned"] != rows {
			t.Fatalf("after %d kills the register holds %v, want %d cards", killed+1, has, rows)
		}
		if has["planned"] > 0 && has["issued"] > 0 {
			inTheMiddle++
		}
	}
	stormed := time.Since(began)
	c.run("queue", "resume", c.batches()[0].ID)
	c.must("issue", c.path("roster.csv"), "--queue", "--out", "out")
	t.Logf("%d workers were killed in %v, %d of them with some cards issued and others not; resumed by hand %d times; %d cards are complete after %v", kills, stormed.Round(time.Second), inTheMiddle, resumed, rows, time.Since(began).Round(time.Second))
	if inTheMiddle < kills/4 {
		t.Errorf("only %d of %d kills were in the middle of the batch: the test proves little", inTheMiddle, kills)
	}
	checkLikeOneMachine(t, c, "out", rows)
	checkIssued(t, c, "out", rows)
	checkSound(t, c)
}

// A batch is stopped on one machine, resumed on another, and delivered by the same command again.
func TestQueueStopAndResume(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	var left summary
	if out := c.must("issue", c.roster(300), "--queue", "--no-wait", "--out", "out", "--json"); json.Unmarshal(out, &left) != nil || left.Queued != 300 || len(left.Batches) != 1 {
		t.Errorf("left to the workers: got %s", out)
	}
	q := c.queue()
	if len(q.Batches) != 1 || q.Batches[0].Waiting != 300 || q.Batches[0].Why == "" || len(q.Machines) != 0 {
		t.Fatalf("nobody works: got %+v", q)
	}
	batch := q.Batches[0].ID
	c.must("queue", "stop", batch)
	if q = c.queue(); q.Batches[0].Stopped != 300 || q.Batches[0].Waiting != 0 {
		t.Errorf("stopped: got %+v", q)
	}
	other := c.newMachine()
	other.worker()
	until(t, time.Minute, func() bool { return len(c.queue().Machines) == 1 })
	if out, code := c.run("issue", c.path("roster.csv"), "--queue", "--out", "out"); code != exitFailed {
		t.Errorf("issue of a stopped batch: got %d, %s", code, out)
	}
	if got := c.counts()["issued"]; got != 0 {
		t.Errorf("%d cards of a stopped batch were issued", got)
	}
	other.must("queue", "resume", batch)
	c.must("issue", c.path("roster.csv"), "--queue", "--out", "out")
	checkLikeOneMachine(t, c, "out", 300)
}

// Machines with another key, or set up otherwise, take nothing and say why; held batches are proved, released and discarded.
func TestQueueLeavesToOthers(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	strange, plain := c.newMachine(), c.newMachine()
	strange.write("config.yaml", strings.Replace(string(strange.read("config.yaml")), "name: ", "name: Other ", 1))
	strange.worker()
	if err := os.RemoveAll(plain.path("keys")); err != nil {
		t.Fatal(err)
	}
	if out, code := plain.run("work", "--only", "issue"); code != exitKey {
		t.Errorf("a machine without keys: got %d, %s", code, out)
	}
	c.must("issue", c.roster(60), "--queue", "--hold", "--no-wait")
	until(t, time.Minute, func() bool {
		q := c.queue()
		return len(q.Machines) == 1 && strings.Contains(q.Batches[0].Why, "otherwise")
	})
	time.Sleep(time.Second) // until the machine has looked twice for what it may take
	if got := c.queue().Batches[0]; got.Waiting != 60 || got.Made != 0 {
		t.Errorf("a machine that is set up otherwise: got %+v", got)
	}
	batch := c.queue().Batches[0].ID
	c.worker()
	c.must("issue", c.path("roster.csv"), "--queue", "--hold")
	if got := c.counts(); got["planned"] != 60 {
		t.Errorf("a held batch: got %v", got)
	}
	c.must("release", batch, "--out", "out")
	checkIssued(t, c, "out", 60)
}

// The key is rotated while a batch waits: the same command plans it anew, and only then a machine with the new key makes it.
func TestQueueAfterARotation(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	c.must("issue", c.roster(60), "--queue", "--no-wait", "--out", "out")
	c.must("keys", "rotate")
	c.worker()
	until(t, time.Minute, func() bool {
		q := c.queue()
		return len(q.Machines) == 1 && strings.Contains(q.Batches[0].Why, "active key")
	})
	time.Sleep(time.Second) // until the machine has looked twice for what it may take
	if got := c.queue().Batches[0]; got.Waiting != 60 || got.Made != 0 {
		t.Errorf("before it is planned anew: got %+v", got)
	}
	c.must("issue", c.path("roster.csv"), "--queue", "--out", "out")
	c.must("issue", c.path("roster.csv"), "--out", "alone")
	if got, want := c.read("out/cards.csv"), c.read("alone/cards.csv"); !bytes.Equal(got, want) || len(c.cards("out")) != 60 {
		t.Errorf("cards.csv differs from that of one machine")
	}
	if q := c.queue(); len(q.Batches) != 0 {
		t.Errorf("the queue afterwards: got %+v", q)
	}
}

// A register in a file has no queue, and says so before anything is recorded.
func TestQueueNeedsADatabase(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	for _, args := range [][]string{{"issue", c.roster(3), "--queue", "--out", "out"}, {"queue"}, {"work", "--only", "issue"}, {"issue", c.path("roster.csv"), "--no-wait", "--out", "out"}} {
		if out, code := c.run(args...); code != exitUsage {
			t.Errorf("%v: got %d, %s", args, code, out)
		}
	}
	if got := c.counts(); len(got) != 0 {
		t.Errorf("the register holds %v", got)
	}
}
