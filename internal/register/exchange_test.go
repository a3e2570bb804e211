package register

import (
	"bytes"
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
	t.Parallel()
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
			r, err := OpenReader(t.Context(), path, ReaderOptions{})
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
	t.Parallel()
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), path, ReaderOptions{})
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
	t.Parallel()
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), path, ReaderOptions{})
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

// A copy over the file keeps its inode, so that only its content and its times tell.
func TestReaderSeesACopyOverTheFile(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	path, backup := db.path, filepath.Join(t.TempDir(), "backup.db")
	backUp(t, path, backup)
	e := learner(1)
	issue(t, db, "b1", e)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok {
		t.Fatalf("got %v, %v", ok, err)
	}
	content, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || ok {
		t.Errorf("a card that the copy does not have: got %v, %v, want false", ok, err)
	}
}

func TestReaderOfASymbolicLink(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db.path, link); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), link, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	backup := filepath.Join(t.TempDir(), "backup.db")
	backUp(t, db.path, backup)
	revoke(t, backup, e.Number)
	if err := errors.Join(os.Remove(link), os.Symlink(backup, link)); err != nil {
		t.Fatal(err)
	}
	if rec, _, err := r.FindRecord(t.Context(), e.Number); err != nil || rec.State != card.Revoked {
		t.Errorf("a link that leads elsewhere: got %s, %v, want revoked", rec.State, err)
	}
}

func TestClosedReader(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	r, err := OpenReader(t.Context(), db.path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if _, _, err := r.FindRecord(t.Context(), newNumber()); err == nil {
		t.Error("a closed reader opened the register again")
	}
}

// The issuer's side does not follow: half of a command's work would be in one file and half in another. It stops.
func TestLedgerStopsWhereTheFileWasExchanged(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	e, planned := learner(1), learner(2)
	issue(t, db, "b1", e)
	plan(t, db, "b2", planned)
	ledger, err := OpenReadOnly(t.Context(), db.path)
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	backup := filepath.Join(t.TempDir(), "backup.db")
	backUp(t, db.path, backup)
	away := filepath.Join(t.TempDir(), "away.db")
	moveAll(t, db.path, away)
	checkStopped(t, db, ledger, e, planned, ErrMissing)
	moveAll(t, backup, db.path)
	checkStopped(t, db, ledger, e, planned, ErrExchanged)
	there, err := Open(t.Context(), db.path)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if got := mustEntry(t, there, e.Number).State; got != card.Issued {
		t.Errorf("the new file has the card as %s, want issued", got)
	}
}

func checkStopped(t *testing.T, db *DB, l *Ledger, e, planned card.Entry, want error) {
	t.Helper()
	ctx := t.Context()
	calls := map[string]func() error{
		"Plan":       func() error { return db.Plan(ctx, intention("b9", learner(9))) },
		"MarkIssued": func() error { return db.MarkIssued(ctx, "office", later, []card.Finished{finished(planned)}) },
		"Change": func() error {
			return second(db.Change(ctx, card.Change{Number: e.Number, To: card.Revoked, Actor: "office", Reason: "x", At: later}))
		},
		"ReserveStatus": func() error { _, err := db.ReserveStatus(ctx, 1); return err },
	}
	for name, side := range map[string]*Ledger{"DB": db.Ledger, "Ledger": l} {
		calls[name+".FindRecord"] = func() error { _, _, err := side.FindRecord(ctx, e.Number); return err }
		calls[name+".FindEntry"] = func() error { _, _, err := side.FindEntry(ctx, e.Number); return err }
		calls[name+".FindReplacement"] = func() error { _, _, err := side.FindReplacement(ctx, e.Number); return err }
		calls[name+".FindLearners"] = func() error { _, err := side.FindLearners(ctx, []card.LearnerKey{keyOf(e)}); return err }
		calls[name+".History"] = func() error { _, err := side.History(ctx, e.Number); return err }
		calls[name+".KeyUses"] = func() error { _, err := side.KeyUses(ctx); return err }
		calls[name+".KeyCards"] = func() error { _, err := side.KeyCards(ctx, e.KeyID); return err }
		calls[name+".CountRecorded"] = func() error { _, _, err := side.CountRecorded(ctx, e.KeyID, later); return err }
		calls[name+".RevokedKeys"] = func() error { _, err := side.RevokedKeys(ctx); return err }
		calls[name+".Unfinished"] = func() error { _, err := side.Unfinished(ctx); return err }
		calls[name+".Ping"] = func() error { return side.Ping(ctx) }
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

// A read-only ledger needs no writer, and holds up none.
func TestReadOnlyLedger(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	e, next := learner(1), learner(1)
	issue(t, db, "b1", e)
	next.Replaces = e.Number
	plan(t, db, "b2", next)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found, _, errFind := l.FindEntry(t.Context(), e.Number)
	replacement, _, errReplacement := l.FindReplacement(t.Context(), e.Number)
	matches, errMatch := l.FindLearners(t.Context(), []card.LearnerKey{keyOf(e)})
	history, errHistory := l.History(t.Context(), e.Number)
	counts, errCount := l.KeyUses(t.Context())
	unfinished, errUnfinished := l.Unfinished(t.Context())
	if err := errors.Join(errFind, errReplacement, errMatch, errHistory, errCount, errUnfinished, l.Ping(t.Context())); err != nil {
		t.Fatal(err)
	}
	if found.State != card.Issued || found.Learner.Email == "" || replacement.Number != next.Number || matches[0].Entry == nil ||
		len(history) != 2 || counts[e.KeyID].Cards[card.Issued] != 1 || len(unfinished) != 1 {
		t.Errorf("got %+v, %+v, %+v, %v, %v, %v", found, replacement, matches, history, counts, unfinished)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the register was written (%v)", err)
	}
	revoke(t, path, e.Number) // a writer comes meanwhile
	if rec, _, err := l.FindRecord(t.Context(), e.Number); err != nil || rec.State != card.Revoked {
		t.Errorf("after a withdrawal: got %s, %v", rec.State, err)
	}
}
