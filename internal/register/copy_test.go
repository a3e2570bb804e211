package register

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// everything is a register with something in each table: replaced, renewed, revoked, held and given-up cards, links, keys and mails.
func everything(t *testing.T, db *DB) []card.Entry {
	t.Helper()
	ctx := t.Context()
	slots, err := db.ReserveStatus(ctx, 40)
	if err != nil {
		t.Fatal(err)
	}
	cards := learners(0, 30)
	for i := range cards {
		cards[i].Status = slots[i].Ref(issuer)
	}
	in := intention("B-1", cards...)
	in.Catalogue = []card.CatalogueEntry{{Course: "BLS", Qualification: courses, Entry: `{"a":"b\\c"}`}}
	if err := db.Plan(ctx, in); err != nil {
		t.Fatal(err)
	}
	if err := db.MarkIssued(ctx, "office", later, allFinished(cards)); err != nil {
		t.Fatal(err)
	}
	right := learner(0)
	right.Replaces = cards[0].Number
	next := learner(1)
	next.Renews, next.Completed.Day, next.Qualification.Title = cards[1].Number, 8, "Another title"
	issue(t, db, "b-2", right, next)
	change(t, db, cards[2].Number, card.Revoked)
	change(t, db, cards[3].Number, card.Suspended)
	planHeld(t, db, "held", learner(50), learner(51))
	change(t, db, cards[4].Number, card.Revoked)
	newLink(t, db, keyOf(cards[5]))
	newLink(t, db, keyOf(cards[6]))
	accepted := queueOne(t, db, cards[7].Number, "a@example.org")
	begin(t, db, accepted)
	for _, err := range []error{
		db.RecordKeys(ctx, []KeyEvent{keyEvent("one", KeyInUse, noon), keyEvent("one", KeyRevoked, later)}),
		func() error {
			_, err := db.RevokeLinks(ctx, []card.LearnerKey{keyOf(cards[6])}, "desk", later)
			return err
		}(),
		db.EndMail(ctx, accepted.ID, 1, MailAccepted, "250 OK", "w", later),
		db.StopReminders(ctx, "zoë@example.org", "desk", later), db.NewStopLink(ctx, "secret", "x@example.org", later),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Erase(ctx, []card.Number{cards[8].Number}, "office", "asked for", later); err != nil {
		t.Fatal(err)
	}
	return append(cards, right, next)
}

// TestCopy copies a register with something of everything from each database to each, and goes on in the copy.
func TestCopy(t *testing.T) {
	t.Parallel()
	for name, kinds := range map[string][2]func(testing.TB) *DB{
		"to PostgreSQL": {newDB, newServerDB}, "to a file": {newServerDB, newDB}, "from server to server": {newServerDB, newServerDB},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := kinds[0](t), kinds[1](t)
			cards := everything(t, from)
			copied, err := Copy(t.Context(), from, to)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range copied {
				if c.Rows == 0 {
					t.Errorf("table %s was empty: the test proves nothing of it", c.Table)
				}
			}
			if got, want := checkWhole(t, to, "the copy").Head, checkWhole(t, from, "the register").Head; got != want {
				t.Errorf("head of the chain: got %d:%x, want %d:%x", got.Seq, got.Hash, want.Seq, want.Hash)
			}
			for _, e := range cards {
				if got, want := mustEntry(t, to, e.Number), mustEntry(t, from, e.Number); !reflect.DeepEqual(got, want) {
					t.Errorf("card %s:\n got %+v\nwant %+v", e.Number, got, want)
				}
				if got, want := actions(t, to, e.Number), actions(t, from, e.Number); !slices.Equal(got, want) {
					t.Errorf("history of %s: got %v, want %v", e.Number, got, want)
				}
			}
			if _, err := Copy(t.Context(), from, to); !errors.Is(err, ErrNotEmpty) {
				t.Errorf("a second time: got %v, want ErrNotEmpty", err)
			}
			// The rules hold again, and the counting goes on behind what is there.
			if err := forge(to, "DELETE FROM events"); !refusedFor(err, "never deleted") {
				t.Errorf("got %v, want a refusal", err)
			}
			if err := to.Plan(t.Context(), intention("b-9", learner(7))); !errors.Is(err, card.ErrConflict) {
				t.Errorf("a learner who has a card: got %v, want ErrConflict", err)
			}
			issue(t, to, "b-9", learner(900))
			checkWhole(t, to, "going on in the copy")
		})
	}
}

// A copy that breaks off leaves nothing behind, and the same copy again is whole.
func TestCopyIsAllOrNothing(t *testing.T) {
	onEach(t, func(t *testing.T, open func(testing.TB) *DB) {
		from, to := newDB(t), open(t)
		everything(t, from)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Copy(ctx, from, to); err == nil {
			t.Error("cancelled: got nil, want an error")
		}
		// A row that the target refuses, as a file that was tampered with could hold.
		if _, err := from.write.Exec("PRAGMA ignore_check_constraints = ON"); err != nil {
			t.Fatal(err)
		}
		if _, err := from.write.Exec("INSERT INTO mail_stops VALUES ('', 'x', 1)"); err != nil {
			t.Fatal(err)
		}
		if _, err := Copy(t.Context(), from, to); err == nil {
			t.Error("a row that no register may hold: got nil, want a refusal")
		}
		for table, rows := range dump(t, to) {
			if len(rows) > 0 {
				t.Errorf("table %s has %d rows of a copy that failed", table, len(rows))
			}
		}
		if _, err := from.write.Exec("DELETE FROM mail_stops WHERE address = ''"); err != nil {
			t.Fatal(err)
		}
		if _, err := Copy(t.Context(), from, to); err != nil {
			t.Errorf("again: got %v", err)
		}
	})
}

// TestTablesAreAll fails where a migration brings a table that a copy would leave behind, or other columns on one of the databases.
func TestTablesAreAll(t *testing.T) {
	t.Parallel()
	var want []string
	for _, one := range tables {
		want = append(want, one.name)
	}
	slices.Sort(want)
	file, server := newDB(t), newServerDB(t)
	for db, query := range map[*DB]string{
		file: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '" + versionTable + "' ORDER BY name",
		server: "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = quote_ident(current_schema())::regnamespace AND relname <> '" +
			serverVersionTable + "' ORDER BY relname",
	} {
		var got []string
		err := forEach(t.Context(), db.read, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			got = append(got, name)
			return err
		}, query)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", filepath.Base(db.where), got, err, want)
		}
	}
	for _, one := range tables {
		a, errA := columns(t.Context(), file.read, one)
		b, errB := columns(t.Context(), server.read, one)
		if err := errors.Join(errA, errB); err != nil || !slices.Equal(a, b) {
			t.Errorf("table %s: got %v on PostgreSQL, want %v, %v", one.name, b, a, err)
		}
	}
}
