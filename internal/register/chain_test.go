package register

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// busyRegister has something in every table: cards in every state, batches, keys, links and mails.
func busyRegister(t testing.TB, open func(testing.TB) *DB) (*DB, []card.Entry) {
	t.Helper()
	db := open(t)
	entries := learners(1, 7)
	slots, err := db.ReserveStatus(t.Context(), len(entries))
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		entries[i].Status = slots[i].Ref(issuer)
	}
	issue(t, db, "b1", entries[:4]...)
	planHeld(t, db, "b2", entries[4:6]...)
	prove(t, db, entries[4:6]...)
	if _, err := db.Release(t.Context(), "b2", "office", later); err != nil {
		t.Fatal(err)
	}
	plan(t, db, "b3", entries[6])
	change(t, db, entries[0].Number, card.Suspended)
	change(t, db, entries[1].Number, card.Revoked)
	better := learner(3)
	better.Replaces, better.Name = entries[2].Number, "Zoë Learner the Third"
	better.Learner = entries[2].Learner
	issue(t, db, "b4", better)
	entries = append(entries, better)
	if err := db.RecordKeys(t.Context(), []KeyEvent{{At: noon, KeyID: "abcdefghijk", Actor: "office", Action: KeyInUse, Since: noon}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewLink(t.Context(), keyOf(entries[3]), "office", noon); err != nil {
		t.Fatal(err)
	}
	_, err = db.QueueMails(t.Context(), []NewMail{
		{Event: "issued:" + string(entries[3].Number), Kind: MailIssued, Number: entries[3].Number, Address: entries[3].Learner.Email, Language: "en"},
		{Event: "links:x", Kind: MailLinks, Address: entries[3].Learner.Email, Language: "en"},
	}, "office", noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.StopReminders(t.Context(), entries[3].Learner.Email, "office", noon); err != nil {
		t.Fatal(err)
	}
	if err := db.NewStopLink(t.Context(), "secret", entries[3].Learner.Email, noon); err != nil {
		t.Fatal(err)
	}
	return db, entries
}

func audit(t testing.TB, db *DB, expect *Head) Audit {
	t.Helper()
	found, err := db.Audit(t.Context(), expect)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func checkWhole(t testing.TB, db *DB, when string) Audit {
	t.Helper()
	found := audit(t, db, nil)
	if !found.IsWhole() || found.Whole != found.Head.Seq {
		t.Fatalf("%s: got %+v, broken at %+v", when, found, found.Broken)
	}
	return found
}

// force changes the file as somebody does who has it in hand: without triggers and foreign keys.
func force(t testing.TB, db *DB, statements ...string) {
	t.Helper()
	if db.server {
		forceServer(t, db, statements)
		return
	}
	other, err := sql.Open("sqlite", "file:"+db.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var drop []string
	err = forEach(t.Context(), other, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		drop = append(drop, "DROP TRIGGER "+name)
		return err
	}, "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(drop, statements...) {
		if _, err := other.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestChainIsWhole(t *testing.T) { onEach(t, testChainIsWhole) }

func testChainIsWhole(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	found := checkWhole(t, db, "a busy register")
	var events, keys int64
	if err := db.read.QueryRow("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM key_events)").Scan(&events, &keys); err != nil {
		t.Fatal(err)
	}
	if found.Head.Seq != events+keys || keys == 0 {
		t.Errorf("entries: got %d, want %d events and %d of keys", found.Head.Seq, events, keys)
	}
	if found.Cards != int64(len(entries)) {
		t.Errorf("cards: got %d, want %d", found.Cards, len(entries))
	}
	if err := db.Amend(t.Context(), []card.Amendment{{Number: entries[7].Number, LearnerID: "X-1", Email: "new@example.org", Actor: "office", Reason: "r", At: later}}); err != nil {
		t.Fatal(err)
	}
	after := checkWhole(t, db, "after an amendment that reached two cards")
	if after.Head.Seq != found.Head.Seq+2 {
		t.Errorf("events of the amendment: got %d, want one for each card", after.Head.Seq-found.Head.Seq)
	}
	if again := audit(t, db, &found.Head); !again.IsWhole() {
		t.Errorf("an earlier head: got %+v", again.Broken)
	}
}

// TestForeignEventIsNotVouchedFor puts an event in past the program, and then has the program go on: that chains its own alone.
func TestForeignEventIsNotVouchedFor(t *testing.T) { onEach(t, testForeignEventIsNotVouchedFor) }

func testForeignEventIsNotVouchedFor(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	force(t, db, "INSERT INTO events (at, number, actor, action, reason, detail, salt) SELECT at, number, actor, 'proved', '', '', salt FROM events WHERE seq = 1")
	change(t, db, entries[3].Number, card.Revoked)
	found := audit(t, db, nil)
	if found.Broken == nil || !strings.Contains(found.Broken.What, "not in the chain where it belongs") {
		t.Errorf("got %+v", found.Broken)
	}
}

// TestOldRegisterIsChained makes a register as the version before the chain left it.
func TestOldRegisterIsChained(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "register.db")
	made, entries := busyRegister(t, newDB)
	if err := made.SaveTo(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	old, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	before := dumpOf(t, made.read, "SELECT seq, at, number, actor, action, reason, detail FROM events ORDER BY seq")
	for _, s := range []string{
		"CREATE TABLE was AS SELECT seq, at, number, actor, action, reason, detail FROM events", "DROP TABLE events", "DROP TABLE chain",
		`CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, number TEXT NOT NULL REFERENCES cards (number), actor TEXT NOT NULL,
			action TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL) STRICT`,
		"INSERT INTO events SELECT * FROM was", "DROP TABLE was", "DROP TRIGGER cards_erased", "DROP TRIGGER cards_of_erased",
		"DELETE FROM migrations WHERE version_id > 4",
	} {
		if _, err := old.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found := checkWhole(t, db, "after the migration")
	if found.Cards != int64(len(entries)) || found.Head.Seq != int64(len(before))+1 {
		t.Errorf("got %d cards and %d entries, want %d and %d", found.Cards, found.Head.Seq, len(entries), len(before)+1)
	}
	after := dumpOf(t, db.read, "SELECT seq, at, number, actor, action, reason, detail FROM events ORDER BY seq")
	if strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Error("the events are others than before")
	}
	change(t, db, entries[3].Number, card.Revoked)
	checkWhole(t, db, "a change after it")
}

func dumpOf(t *testing.T, q querier, query string) (lines []string) {
	t.Helper()
	err := forEach(t.Context(), q, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, dest := anyValues(len(columns))
		err = rows.Scan(dest...)
		lines = append(lines, fmt.Sprint(values...))
		return err
	}, query)
	if err != nil || len(lines) == 0 {
		t.Fatalf("%s: got %d rows, %v", query, len(lines), err)
	}
	return lines
}
