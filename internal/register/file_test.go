package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := newDB(t)
	issue(t, good, "b1", learners(0, 200)...)
	if err := good.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good.path)
	if err != nil {
		t.Fatal(err)
	}
	sqlFile := func(t *testing.T, path string, statements ...string) {
		pool, err := openPool(path, writeAccess, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range statements {
			if _, err := pool.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := pool.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write := func(t *testing.T, path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		make   func(t *testing.T, path string)
		want   error
		create bool // whether Create refuses as well
	}{
		{"no file", func(*testing.T, string) {}, ErrMissing, false},
		{"an empty file", func(t *testing.T, p string) { write(t, p, nil) }, ErrCorrupt, true},
		{"a text", func(t *testing.T, p string) { write(t, p, []byte(strings.Repeat("no database ", 1000))) }, ErrCorrupt, true},
		{"a short text", func(t *testing.T, p string) { write(t, p, []byte("hello")) }, ErrCorrupt, true},
		{"the first page only", func(t *testing.T, p string) { write(t, p, whole[:4096]) }, ErrCorrupt, true},
		{"the last page missing", func(t *testing.T, p string) { write(t, p, whole[:len(whole)-4096]) }, ErrCorrupt, true},
		{"half a page", func(t *testing.T, p string) { write(t, p, whole[:2048]) }, ErrCorrupt, true},
		{"a folder", func(t *testing.T, p string) {
			if err := os.Mkdir(p, 0o700); err != nil {
				t.Fatal(err)
			}
		}, ErrForeign, true},
		{"a database of another program", func(t *testing.T, p string) {
			write(t, p, nil)
			sqlFile(t, p, "CREATE TABLE cards (id INTEGER)")
		}, ErrForeign, true},
		{"a newer register", func(t *testing.T, p string) {
			write(t, p, whole)
			sqlFile(t, p, "INSERT INTO migrations (version_id, is_applied) VALUES (9999, 1)")
		}, ErrNewer, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a #1?%20register.db") // a URI would read these characters otherwise
			c.make(t, path)
			before, _ := os.ReadFile(path)
			if db, err := Open(t.Context(), path); !errors.Is(err, c.want) {
				t.Errorf("Open: got %v, %v, want %v", db, err, c.want)
			}
			if r, err := OpenReader(t.Context(), path, ReaderOptions{}); !errors.Is(err, c.want) {
				t.Errorf("OpenReader: got %v, %v, want %v", r, err, c.want)
			}
			if l, err := OpenReadOnly(t.Context(), path); !errors.Is(err, c.want) {
				t.Errorf("OpenReadOnly: got %v, %v, want %v", l, err, c.want)
			}
			db, err := Create(t.Context(), path)
			if c.create {
				if !errors.Is(err, c.want) {
					t.Errorf("Create: got %v, want %v", err, c.want)
				}
				if after, _ := os.ReadFile(path); string(after) != string(before) {
					t.Error("a refused file was changed")
				}
				return
			}
			if err != nil {
				t.Fatalf("Create: %v", err)
			}
			db.Close()
		})
	}
}

func TestNewerSaysVersions(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	if _, err := db.write.Exec("INSERT INTO migrations (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), db.path)
	var v *VersionError
	if !errors.As(err, &v) || v.Register != 9999 || v.Program < 1 || v.Program > 9998 {
		t.Errorf("got %v, want both versions", err)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, ErrNewer) {
		t.Errorf("Ping of a register that was migrated meanwhile: got %v, want ErrNewer", err)
	}
}

func TestOlder(t *testing.T) {
	t.Parallel()
	// There is one migration yet: an older register is one that has not had it.
	path := filepath.Join(t.TempDir(), "register.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := openPool(path, createAccess, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"PRAGMA application_id = 1129345638",
		"CREATE TABLE migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))",
		"INSERT INTO migrations (version_id, is_applied) VALUES (0, 1)",
	} {
		if _, err := pool.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(t.Context(), path, ReaderOptions{}); !errors.Is(err, ErrOlder) {
		t.Errorf("OpenReader: got %v, want ErrOlder", err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrOlder) {
		t.Errorf("OpenReadOnly: got %v, want ErrOlder", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("OpenReadOnly wrote into an older register (%v)", err)
	}
	var wg sync.WaitGroup // several programs migrate it at once
	for range 4 {
		wg.Go(func() {
			db, err := Open(context.Background(), path)
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			db.Close()
		})
	}
	wg.Wait()
	r, err := OpenReader(t.Context(), path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

func TestFileModes(t *testing.T) {
	t.Parallel()
	for _, mask := range []int{0o000, 0o077, 0o777} {
		path := filepath.Join(t.TempDir(), "register.db")
		old := syscall.Umask(mask)
		db, err := Create(t.Context(), path)
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		issue(t, db, "b1", learner(1))
		checkModes(t, path, 0o600)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		checkModes(t, path, 0o600) // the -wal and -shm files stay
		if wal, err := os.Stat(path + "-wal"); err != nil || wal.Size() != 0 {
			t.Errorf("the -wal file after closing: got %v, %v, want it empty", wal, err)
		}

		// An owner who shares the register with a group keeps it shared.
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Chmod(path+suffix, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if db, err = Create(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		issue(t, db, "b2", learner(2))
		checkModes(t, path, 0o640)
		db.Close()
	}
}

func checkModes(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("register%s: got mode %o, want %o", suffix, got, want)
		}
	}
}

// TestTriggers tries to forge history past this package, as a person with the sqlite3 program would.
func TestTriggers(t *testing.T) { onBoth(t, testTriggers) }

func testTriggers(t *testing.T, db *DB) {
	slots, err := db.ReserveStatus(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	out, planned := learner(1), learner(2)
	out.Status = slots[0].Ref(issuer)
	issue(t, db, "b1", out)
	plan(t, db, "b2", planned)
	where := " WHERE number = '" + string(out.Number) + "'"
	for _, s := range []string{
		"DELETE FROM cards", "DELETE FROM events", "DELETE FROM batches", "DELETE FROM status_slots",
		"UPDATE events SET actor = 'x'", "UPDATE events SET reason = 'x'", "UPDATE events SET at = 1", "UPDATE batches SET actor = 'x'",
		"UPDATE status_slots SET idx = (idx + 1) % 100",
		"UPDATE cards SET name = 'x'" + where, "UPDATE cards SET number = '000000000000'" + where, "UPDATE cards SET course = 'ALS'" + where,
		"UPDATE cards SET expires_at = expires_at + 1" + where, "UPDATE cards SET issued_at = issued_at - 1" + where,
		"UPDATE cards SET digest = zeroblob(32)" + where, "UPDATE cards SET key_id = 'x'" + where, "UPDATE cards SET catalogue = 2" + where,
		"UPDATE cards SET issuer = 'x'" + where,
		"UPDATE cards SET token = 'x'" + where, "UPDATE cards SET sha256 = lower(hex(randomblob(32)))" + where,
		"UPDATE cards SET expires_on = '2099-01-01'" + where, "UPDATE cards SET completed = '2026-01-01'" + where,
		"UPDATE cards SET instructor = 'x'" + where, "UPDATE cards SET status_list = NULL, status_idx = NULL" + where,
		"UPDATE cards SET not_before = 1" + where, "UPDATE cards SET recorded_at = 1" + where, "UPDATE cards SET batch = 'b2'" + where,
		"UPDATE cards SET state = 'planned'" + where, "UPDATE cards SET state = 'lost'" + where, "UPDATE cards SET state = 'superseded'" + where,
		"UPDATE cards SET replaced_by = '" + string(planned.Number) + "'" + where,
		"UPDATE cards SET name = 'x' WHERE state = 'planned'", "UPDATE cards SET number = '000000000000' WHERE state = 'planned'",
		"UPDATE cards SET recorded_at = recorded_at - 1 WHERE state = 'planned'", "UPDATE cards SET recorded_at = recorded_at + 1" + where,
		"UPDATE cards SET state = 'suspended' WHERE state = 'planned'", "UPDATE cards SET state = 'issued' WHERE state = 'planned'",
		"UPDATE cards SET changed_at = 'noon'",
		"INSERT INTO events (at, number, actor, action, reason, detail) VALUES (1, 'nobody', 'x', 'issued', '', '')",
		"INSERT INTO events (at, number, actor, action, reason, detail) SELECT 1, number, '', 'issued', '', '' FROM cards",
		"INSERT INTO events (at, number, actor, action, reason, detail) SELECT 1, number, 'x', 'revoked', '', '' FROM cards",
	} {
		if err := forge(db, s); err == nil {
			t.Errorf("%s: got nil, want a refusal", s)
		}
	}
	if got := mustEntry(t, db, out.Number); got.Name != out.Name || got.Digest != out.Digest || got.State != card.Issued {
		t.Errorf("got %+v", got)
	}
	if _, err := db.read.Exec("UPDATE cards SET email = 'x'"); !errors.Is(wrap("", err), ErrAccess) {
		t.Errorf("writing by the reader's pool: got %v, want ErrAccess", err)
	}
}

func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	t.Run("full", func(t *testing.T) {
		db := newDB(t)
		if _, err := db.write.Exec("PRAGMA max_page_count = 40"); err != nil {
			t.Fatal(err)
		}
		err := db.Plan(t.Context(), intention("b1", learners(0, 1000)...))
		if !errors.Is(err, ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
		if got, err := db.Unfinished(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("left behind: %d cards, %v", len(got), err)
		}
		plan(t, db, "b1", learner(1)) // what fits is still taken
	})
	t.Run("busy", func(t *testing.T) {
		db := newDB(t)
		other, err := Open(t.Context(), db.path)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		err = other.inTx(t.Context(), "hold", func(*sql.Tx) error {
			if _, err := db.write.Exec("PRAGMA busy_timeout = 50"); !errors.Is(err, nil) {
				return err
			}
			return db.Plan(t.Context(), intention("b1", learner(1)))
		})
		if !errors.Is(err, ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		db := newDB(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.inTx(ctx, "plan", func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO batches VALUES ('b1', '', 'x', 1, 0, NULL)"); err != nil {
				return err
			}
			cancel()
			_, err := tx.ExecContext(ctx, "INSERT INTO batches VALUES ('b2', '', 'x', 1, 0, NULL)")
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		plan(t, db, "b1", learner(1))
	})
	t.Run("deleted", func(t *testing.T) {
		db := newDB(t)
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(db.path, db.path+".old"); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(t.Context()); !errors.Is(err, ErrMissing) {
			t.Errorf("got %v, want ErrMissing", err)
		}
		if err := os.WriteFile(db.path, []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(t.Context()); err == nil {
			t.Error("an exchanged file: got nil, want an error")
		}
	})
}

func TestReaderSeesChangesAtOnce(t *testing.T) { onBoth(t, testReaderSeesChangesAtOnce) }

func testReaderSeesChangesAtOnce(t *testing.T, db *DB) {
	e := learner(1)
	issue(t, db, "b1", e)
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	check := func(want card.State) {
		t.Helper()
		got, ok, err := r.FindRecord(t.Context(), e.Number)
		if err != nil || !ok || got.State != want {
			t.Fatalf("got %s, %v, %v, want %s", got.State, ok, err, want)
		}
	}
	for i := range 20 {
		check(card.Issued)
		for _, to := range []card.State{card.Suspended, card.Issued} {
			if _, err := db.Change(t.Context(), card.Change{Number: e.Number, To: to, Actor: "office", Reason: "x", At: later}); err != nil {
				t.Fatal(i, err)
			}
			check(to)
		}
	}
	if err := r.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
