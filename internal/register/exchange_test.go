package register

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// moveAll moves a register's three files from one folder to another.
func moveAll(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func backUp(t *testing.T, from, to string) {
	t.Helper()
	db, err := Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.write.ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
}

func revoke(t *testing.T, path string, n card.Number) {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Change(t.Context(), card.Change{Number: n, To: card.Revoked, Actor: "office", Reason: "x", At: later}); err != nil {
		t.Fatal(err)
	}
}

// A server holds the register open while somebody puts another file in its place, in every way that an administrator would.
// It answers from the file that is there, or not at all; never from the past.
func TestReaderFollowsTheFileAtThePath(t *testing.T) {
	for name, exchange := range map[string]func(t *testing.T, path, backup string){
		"a backup renamed into place": func(t *testing.T, path, backup string) {
			os.Remove(path + "-wal")
			os.Remove(path + "-shm")
			if err := os.Rename(backup, path); err != nil {
				t.Fatal(err)
			}
		},
		"moved away, a backup in its place": func(t *testing.T, path, backup string) {
			moveAll(t, path, path+".old")
			moveAll(t, backup, path)
		},
		"-wal and -shm deleted": func(t *testing.T, path, _ string) {
			os.Remove(path + "-wal")
			os.Remove(path + "-shm")
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			path, backup := db.path, filepath.Join(t.TempDir(), "backup.db")
			e := learner(1)
			issue(t, db, "b1", e)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			backUp(t, path, backup)
			r, err := OpenReader(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if rec, _, err := r.FindRecord(t.Context(), e.Number); err != nil || rec.State != card.Issued {
				t.Fatalf("got %s, %v", rec.State, err)
			}
			exchange(t, path, backup)
			revoke(t, path, e.Number)
			if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.State != card.Revoked {
				t.Errorf("after the exchange: got %s, %v, %v, want revoked", rec.State, ok, err)
			}
			if err := r.Ping(t.Context()); err != nil {
				t.Errorf("Ping: %v", err)
			}
		})
	}
}

func TestReaderRecovers(t *testing.T) {
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	away := filepath.Join(t.TempDir(), "away.db")
	moveAll(t, path, away)
	if _, _, err := r.FindRecord(t.Context(), e.Number); !errors.Is(err, ErrMissing) {
		t.Errorf("moved away: got %v, want ErrMissing", err)
	}
	if err := os.WriteFile(path, []byte("garbage that is long enough to be looked at by anybody who reads a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.FindRecord(t.Context(), e.Number); !errors.Is(err, ErrCorrupt) {
		t.Errorf("garbage in its place: got %v, want ErrCorrupt", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	moveAll(t, away, path)
	if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.State != card.Issued {
		t.Errorf("back again: got %s, %v, %v", rec.State, ok, err)
	}
}

func TestExchangeUnderLoad(t *testing.T) {
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				// An error is allowed while the file is exchanged; another answer than the right one never.
				if rec, ok, err := r.FindRecord(t.Context(), e.Number); err == nil && (!ok || rec.State != card.Issued) {
					t.Errorf("got %s, %v", rec.State, ok)
					return
				}
			}
		})
	}
	for i := range 10 {
		backup := filepath.Join(t.TempDir(), "backup.db")
		backUp(t, path, backup)
		moveAll(t, path, filepath.Join(t.TempDir(), "old.db"))
		moveAll(t, backup, path)
		if _, _, err := r.FindRecord(t.Context(), e.Number); err != nil {
			t.Errorf("exchange %d: %v", i, err)
		}
	}
	stop()
	wg.Wait()
}

// A card that was revoked before it was issued stands in nobody's way: not of a new card, and not of another replacement.
func TestAGivenUpCardMakesRoom(t *testing.T) {
	db := newDB(t)
	first, second := learner(1), learner(1)
	plan(t, db, "b1", first)
	revoke(t, db.path, first.Number)
	matches, err := db.FindLearners(t.Context(), []card.LearnerKey{{ID: first.Learner.ID, Email: first.Learner.Email, Name: first.Name,
		Course: first.Course, Completed: first.Completed}})
	if err != nil || matches[0].Entry != nil {
		t.Fatalf("got %+v, %v, want no match", matches, err)
	}
	second.Number = "000000000012"
	second.Status = nil
	second.Digest[0]++
	plan(t, db, "b2", second)
}
