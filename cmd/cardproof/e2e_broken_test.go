//go:build e2e

package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
)

// cutting is an archive that ends the sessions which keep others away while it writes, and goes on when the run knows of it.
type cutting struct {
	issuer.Archive
	server   *pgtest.Server
	database string
}

func (c *cutting) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	err := c.server.Exec(ctx, c.database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1129345640 AND granted")
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second): // it goes on without the lock, and the register shows what came of it
	}
	return c.Archive.Put(context.WithoutCancel(ctx), files)
}

// opened is a worker in this process, and the cards of a batch that waits for it.
func opened(t *testing.T, c *centreDir, rows int) (m *maker, numbers []card.Number) {
	t.Helper()
	c.must("issue", c.roster(rows), "--queue", "--no-wait", "--out", "out")
	a := &app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, configPath: c.path("config.yaml"), now: time.Now}
	conf, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = a.openMaker(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	unmade, err := unmadeOf(t.Context(), m.centre, c.batches()[0].ID)
	if err != nil || len(unmade) != rows {
		t.Fatalf("got %d cards to make, %v, want %d", len(unmade), err, rows)
	}
	return m, slices.Collect(maps.Keys(unmade))
}

// makes has a worker make cards, and compares what the register holds after it.
func makes(t *testing.T, c *centreDir, m *maker, numbers []card.Number, want error, issued int) {
	t.Helper()
	if _, err := m.make(t.Context(), numbers); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if got := c.counts(); got["issued"] != issued || got["planned"] != len(numbers)-issued {
		t.Errorf("the register holds %v, want %d issued of %d", got, issued, len(numbers))
	}
}

// A worker that no longer keeps others away issues nothing more, though its files are made and the database answers; the next run makes them again.
func TestAWorkerWithoutItsLock(t *testing.T) {
	t.Parallel()
	server, url := newDatabase(t)
	c := newCentreOn(t, url)
	m, numbers := opened(t, c, 20)
	whole := m.centre.Archive
	m.centre.Archive = &cutting{whole, server, pgtest.Database(url)}
	makes(t, c, m, numbers, register.ErrLockLost, 0)
	m.centre.Archive = whole
	makes(t, c, m, numbers, nil, len(numbers))
	c.must("issue", c.path("roster.csv"), "--out", "out")
	checkIssued(t, c, "out", len(numbers))
}

// While the share with the archive is away, a worker takes nothing and puts no file under it, and says why.
func TestAWorkerWithoutItsShare(t *testing.T) {
	t.Parallel()
	c := newQueueCentre(t)
	m, numbers := opened(t, c, 20)
	first, err := m.ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	place := archivePlace(m.centre.config)
	if err := os.Rename(place, place+".away"); err != nil {
		t.Fatal(err)
	}
	for _, under := range []bool{false, true} { // nothing stands there, or the empty folder that the share is mounted on
		if under {
			if err := os.Mkdir(place, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if lane, err := m.ready(t.Context()); !errors.Is(err, archive.ErrGone) {
			t.Errorf("ready: got %v, %v, want ErrGone", lane, err)
		}
		makes(t, c, m, numbers, archive.ErrGone, 0)
		if left, err := filepath.Glob(filepath.Join(place, "*")); err != nil || len(left) > 0 {
			t.Errorf("files under the share: %v, %v", left, err)
		}
	}
	if err := errors.Join(os.Remove(place), os.Rename(place+".away", place)); err != nil {
		t.Fatal(err)
	}
	if lane, err := m.ready(t.Context()); err != nil || lane != first {
		t.Errorf("when it is back: got %v, %v, want %v", lane, err, first)
	}
	makes(t, c, m, numbers, nil, len(numbers))
}

// A machine that starts while the share is away makes no mark under it, and neither queues nor makes cards.
func TestAMachineStartsWithoutItsShare(t *testing.T) {
	c := newQueueCentre(t)
	c.must("issue", c.roster(3), "--out", "first")
	a := &app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, configPath: c.path("config.yaml"), now: time.Now}
	conf, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	place := archivePlace(conf)
	if err := os.Rename(place, place+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	c.wants(exitFailed, []string{"the folder of the archive is gone"}, "work", "--only", "issue")
	c.wants(exitFailed, []string{"the folder of the archive is gone"}, "issue", c.roster(6), "--queue", "--no-wait", "--out", "out")
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("made under the share: %v, %v", left, err)
	}
	if err := errors.Join(os.Remove(place), os.Rename(place+".away", place)); err != nil {
		t.Fatal(err)
	}
	c.must("issue", c.roster(6), "--out", "out")
	checkIssued(t, c, "out", 6)
}
