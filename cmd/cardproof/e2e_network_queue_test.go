//go:build e2e

package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/nettest"
)

// TestCablesOfAWorker cuts a worker of the queue off from the database in the middle of a batch, for longer than either side keeps a session.
// Nobody does anything about it but put the cable back.
func TestCablesOfAWorker(t *testing.T) {
	t.Parallel()
	l := newLAN(t)
	shared := filepath.Join(t.TempDir(), "cards")
	l.centre.archive(shared, "")
	const rows = 800
	l.centre.must("issue", l.centre.roster(rows), "--queue", "--no-wait", "--out", "out")
	l.centre.worker()
	until(t, time.Minute, func() bool { return len(archived(t, shared)) > 0 })
	nettest.Cut(t, l.db, l.worker)
	cut := time.Now()
	near := *l.centre
	near.bin = l.client.Program(t, mustProgram(t))
	time.Sleep(25 * time.Second)
	has := near.counts()
	time.Sleep(10 * time.Second)
	if later := near.counts(); has["planned"] == 0 || later["issued"] != has["issued"] {
		t.Errorf("cut off, the register holds %v, and later %v", has, later)
	}
	nettest.Mend(t, l.db, l.worker)
	mended := time.Now()
	until(t, 2*time.Minute, func() bool { return near.counts()["issued"] > has["issued"] })
	t.Logf("cut off for %s with %v; the next cards were issued %s after the cable was back", mended.Sub(cut).Round(time.Second), has, time.Since(mended).Round(time.Second))
	until(t, 3*time.Minute, func() bool { return near.counts()["issued"] == rows })
	t.Logf("the batch was complete %s after the cable was back", time.Since(mended).Round(time.Second))
	l.centre.must("issue", l.centre.path("roster.csv"), "--queue", "--out", "out")
	checkIssued(t, l.centre, "out", rows)
	checkRecorded(t, shared, l.centre.cards("out"))
	checkSound(t, l.centre)
}
