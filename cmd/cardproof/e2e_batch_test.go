//go:build e2e

package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// heldRows is how many cards a batch of these tests has: enough for a kill to hit the middle of it.
const heldRows = 60

// A batch is held, released, withdrawn, or discarded, and every step is killed again and again. After each kill the batch is in one of
// the states that docs/operate.md names, no card of it is in force that was not released, and the same command again finishes the step.
func TestKillBetweenTheStepsOfABatch(t *testing.T) {
	t.Parallel()
	whole := newCentre(t)
	start := time.Now()
	whole.must("issue", whole.roster(heldRows), "--hold")
	longest := time.Since(start) // of a step on this machine, however busy it is: kills are spread over as long
	kills, midway := 0, 0
	for round := range 8 {
		c := newCentre(t)
		roster := c.roster(heldRows)
		hold := killed{c, longest, []string{"issue", roster, "--hold"}, []card.BatchState{"", card.BatchUnfinished, card.BatchHeld}}
		kills += hold.untilDone(t, &midway)
		batch := c.batches()[0]
		if batch.State != card.BatchHeld || batch.Proved != heldRows {
			t.Fatalf("after --hold the batch is %+v", batch)
		}
		c.wantNone(t, batch.ID)
		if round%2 == 0 {
			discard := killed{c, longest, []string{"discard", batch.ID}, []card.BatchState{card.BatchHeld, card.BatchDiscarded}}
			kills += discard.untilDone(t, &midway)
			c.wantNone(t, batch.ID)
			if left, err := filepath.Glob(c.path("data/cards/*/*.pdf")); err != nil || len(left) > 0 {
				t.Errorf("a discarded batch left %d files in the archive, %v", len(left), err)
			}
			c.must("issue", roster, "--out", "out") // the learners can be issued anew
			if cards := c.cards("out"); len(cards) != heldRows {
				t.Errorf("%d cards after a discarded batch, want %d", len(cards), heldRows)
			}
			continue
		}
		release := killed{c, longest, []string{"release", batch.ID, "--out", "out"}, []card.BatchState{card.BatchHeld, card.BatchIssued}}
		kills += release.untilDone(t, &midway)
		checkIssued(t, c, "out", heldRows)
		revoke := killed{c, longest, []string{"revoke", "--batch", batch.ID, "--reason", "a test"}, []card.BatchState{card.BatchIssued, card.BatchRevoked}}
		kills += revoke.untilDone(t, &midway)
		c.wantNone(t, batch.ID)
	}
	t.Logf("%d commands were killed, %d of them in the middle of a batch", kills, midway)
	if kills == 0 || midway == 0 {
		t.Error("no command was killed in the middle of its work: the test proves nothing")
	}
}

// killed is a command that is killed some times and then run to its end.
type killed struct {
	c       *centreDir
	longest time.Duration // until it is killed
	args    []string
	states  []card.BatchState // that the batch may be in after a kill; "" where there may be none
}

func (k killed) untilDone(t *testing.T, midway *int) (kills int) {
	t.Helper()
	for range 4 {
		if !killAfter(t, k.c.command(k.args...), rand.N(k.longest)) {
			break // it was done before
		}
		kills++
		state, batches := card.BatchState(""), k.c.batches()
		if len(batches) > 0 {
			state = batches[0].State
		}
		if !slices.Contains(k.states, state) {
			t.Fatalf("%v was killed, and the batch is %q, want one of %q", k.args, state, k.states)
		}
		if state == card.BatchUnfinished {
			*midway++
		}
		if len(batches) > 1 {
			t.Fatalf("%v was killed, and there are %d batches", k.args, len(batches))
		}
		switch state {
		case "":
		case card.BatchIssued:
			checkNothingOutside(t, k.c)
		default: // the kill may land behind the last write and before the end of the program: then all of them are withdrawn
			k.c.wantNone(t, batches[0].ID)
		}
	}
	k.c.must(k.args...)
	return kills
}

func (c *centreDir) batches() []shownBatch {
	c.t.Helper()
	var list struct{ Batches []shownBatch }
	if err := json.Unmarshal(c.must("batches", "--json"), &list); err != nil {
		c.t.Fatal(err)
	}
	return list.Batches
}

// wantNone finds that no card of a batch is in force.
func (c *centreDir) wantNone(t *testing.T, batch string) {
	t.Helper()
	var b struct{ List []shownCard }
	if err := json.Unmarshal(c.must("show", "--batch", batch, "--json"), &b); err != nil {
		t.Fatal(err)
	}
	args := []string{"verify", "--json"}
	for _, one := range b.List {
		args = append(args, one.Number)
	}
	if len(b.List) == 0 {
		return // given up, all of them
	}
	out, _ := c.run(args...)
	var verdicts struct{ Results []struct{ Valid bool } }
	if err := json.Unmarshal(out, &verdicts); err != nil || len(verdicts.Results) != len(b.List) {
		t.Fatalf("verify: %v, %d verdicts on %d cards", err, len(verdicts.Results), len(b.List))
	}
	for i, v := range verdicts.Results {
		if v.Valid {
			t.Fatalf("card %s of batch %s is valid", b.List[i].Number, batch)
		}
	}
	if files, err := os.ReadDir(c.path("out")); err == nil && len(files) > 0 && b.List[0].State == card.Planned {
		t.Fatalf("%d files were delivered of a batch that waits", len(files))
	}
}
