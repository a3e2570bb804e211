package register

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// TestErase erases a learner with a replaced card, a link, mails and a wish, and looks for what is left of them anywhere in the file.
func TestErase(t *testing.T) { onEach(t, testErase) }

func testErase(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	gone := []card.Entry{entries[2], entries[3], entries[7]} // the replaced card, one with links and mails, and the replacement
	if _, err := db.Change(t.Context(), card.Change{Number: entries[3].Number, To: card.Suspended, Actor: "office", Reason: "zoë called", Detail: "", At: later}); err != nil {
		t.Fatal(err)
	}
	head := checkWhole(t, db, "before").Head
	done, err := db.Erase(t.Context(), numbersOf(gone), "office", "asked for", later)
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Cards) != 3 || done.Links != 1 || done.Mails != 2 {
		t.Errorf("got %+v, want 3 cards, 1 link, 2 mails", done)
	}
	if found := audit(t, db, &head); !found.IsWhole() {
		t.Errorf("the chain: got %+v, %+v", found.Broken, found.Faults)
	}
	checkStands(t, db, "erased", "superseded+, revoked+, revoked+", gone...)
	for _, e := range gone {
		now := mustEntry(t, db, e.Number)
		if !now.IsErased() || now.Learner != (card.Learner{}) || now.Digest != [32]byte{} || now.Instructor != e.Instructor || now.ExpiresOn != e.ExpiresOn {
			t.Errorf("card %s: got %+v", e.Number, now)
		}
		if last := lastEvent(t, db, e.Number); last.Action != "erased" || last.Reason != "asked for" {
			t.Errorf("card %s: the last event is %+v", e.Number, last)
		}
	}
	files, err := db.FilesOf(t.Context(), []card.Number{gone[0].Number, entries[4].Number, "7F3K9QWX2MTZ"})
	other := mustEntry(t, db, entries[4].Number)
	if err != nil || len(files) != 2 || files[gone[0].Number] != (KeptFile{State: mustEntry(t, db, gone[0].Number).State, Erased: true}) ||
		files[other.Number] != (KeptFile{State: other.State, SHA256: other.SHA256}) || other.SHA256 == "" {
		t.Errorf("the files: got %+v, %v", files, err)
	}
	path := db.where
	if db.server { // the file of a copy
		path = filepath.Join(t.TempDir(), "register.db")
		if err := db.SaveTo(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"learner3@", "learner4@", "L000003", "L000004", "Learner the Third", "learner the third", "zoë called", "token." + string(gone[1].Number)} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("the file still holds %q", word)
		}
	}
	if !bytes.Contains(data, []byte("learner5@")) {
		t.Error("another learner's details are gone too")
	}
}

func TestNewestFiles(t *testing.T) { onEach(t, testNewestFiles) }

func testNewestFiles(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	if _, err := db.Erase(t.Context(), numbersOf(entries[len(entries)-1:]), "office", "asked for", later); err != nil {
		t.Fatal(err)
	}
	var all []CardFile
	err := db.EachFile(t.Context(), func(f CardFile) error {
		all = append(all, f)
		return nil
	})
	if err != nil || len(all) < 4 {
		t.Fatalf("got %v, %v", all, err)
	}
	last := len(all) - 1
	for n, want := range map[int][]CardFile{0: nil, 1: {all[last]}, 2: {all[last], all[last-1]}} {
		if got, err := db.NewestFiles(t.Context(), n); err != nil || !slices.Equal(got, want) {
			t.Errorf("of %d: got %v, %v, want %v", n, got, err, want)
		}
	}
	if got, err := db.NewestFiles(t.Context(), 1000); err != nil || len(got) != len(all) {
		t.Errorf("of all: got %d, %v, want %d", len(got), err, len(all))
	}
	if got, err := open(t).NewestFiles(t.Context(), 16); err != nil || len(got) != 0 {
		t.Errorf("of a new register: got %v, %v", got, err)
	}
}

func TestEraseTwice(t *testing.T) { onEach(t, testEraseTwice) }

func testEraseTwice(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	for range 2 {
		if _, err := db.Erase(t.Context(), numbersOf(entries[:1]), "office", "asked for", later); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(actions(t, db, entries[0].Number), ", "); got != "planned, issued, suspended, revoked, erased" {
		t.Errorf("history: got %s", got)
	}
	if _, err := db.Erase(t.Context(), []card.Number{newNumber()}, "office", "asked for", later); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("an unknown card: got %v", err)
	}
	if _, err := db.Erase(t.Context(), numbersOf(entries[:1]), "office", "", later); err == nil {
		t.Error("without a reason: got nil")
	}
}

// TestEraseLeavesWhatOthersNeed erases one of two cards of a learner: links and wishes stay with the other.
func TestEraseLeavesWhatOthersNeed(t *testing.T) { onEach(t, testEraseLeavesWhatOthersNeed) }

func testEraseLeavesWhatOthersNeed(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	second := entries[3]
	second.Record.Card.Number, second.Course = newNumber(), "ALS1"
	second.Status = nil
	issue(t, db, "b9", second)
	done, err := db.Erase(t.Context(), []card.Number{entries[3].Number}, "office", "it ended long ago", later)
	if err != nil || done.Links != 0 || done.Mails != 1 {
		t.Fatalf("got %+v, %v, want no link, and the mail of the card alone", done, err)
	}
	links, err := db.Links(t.Context(), []card.LearnerKey{keyOf(second)})
	if err != nil || len(links) != 1 || !links[0].RevokedAt.IsZero() {
		t.Errorf("links: got %+v, %v", links, err)
	}
	if wants, err := db.WantsReminders(t.Context(), second.Learner.Email); err != nil || wants {
		t.Errorf("wants reminders: got %v, %v", wants, err)
	}
}

// TestErasureDoor tries to use the door for anything else.
func TestErasureDoor(t *testing.T) { onEach(t, testErasureDoor) }

func testErasureDoor(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	if _, err := db.Erase(t.Context(), []card.Number{entries[3].Number}, "office", "asked for", later); err != nil {
		t.Fatal(err)
	}
	out, gone := " WHERE number = '"+string(entries[5].Number)+"'", " WHERE number = '"+string(entries[3].Number)+"'"
	blank := "name = '(erased)', name_fold = '(erased)', learner_id = '', email = '', evidence = '', digest = zeroblob(32)"
	for _, c := range []struct{ statement, want string }{
		{"UPDATE cards SET " + blank + out, "keeps its"},
		{"UPDATE cards SET name = 'Another'" + out, "keeps its"},
		{"UPDATE cards SET digest = zeroblob(32)" + out, "keeps its"},
		{"UPDATE cards SET name = 'Another'" + gone, "stays so"},
		{"UPDATE cards SET email = 'a@example.org'" + gone, "stays so"},
		{"UPDATE cards SET state = 'issued'" + gone, "stays so"},
		{"UPDATE events SET reason = '(erased)', salt = NULL, words = zeroblob(32)" + out, "never changed"},
		{"UPDATE events SET reason = 'x'" + gone, "never changed"},
		{"UPDATE events SET detail = 'x', salt = NULL, words = zeroblob(32)" + gone, "never changed"},
		{"UPDATE chain SET hash = zeroblob(32)", "only added to"},
		{"DELETE FROM chain", "only added to"},
		{"INSERT OR REPLACE INTO chain SELECT * FROM chain", "only added to"},
		{"UPDATE links SET email = 'x'", "revoked once"},
		{"UPDATE mail_events SET words = 'x'", "never changed"},
	} {
		if err := forge(db, c.statement); !refusedFor(err, c.want) {
			t.Errorf("%s: got %v, want %q", c.statement, err, c.want)
		}
	}
	next := learner(4)
	next.Replaces = entries[3].Number
	in := intention("b9", next)
	in.Reason = "issued anew"
	if err := db.Plan(t.Context(), in); err == nil {
		t.Error("a card in the place of an erased one: got nil")
	}
	next = learner(4) // the same person, who comes again
	next.Learner = entries[3].Learner
	plan(t, db, "b10", next)
	checkWhole(t, db, "after all that")
}

func TestEraseWaitsForAMail(t *testing.T) { onEach(t, testEraseWaitsForAMail) }

func testEraseWaitsForAMail(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	var id int64
	if err := db.read.QueryRow("SELECT id FROM mails WHERE number = ?", string(entries[3].Number)).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if ok, err := db.BeginMail(t.Context(), id, 1, "office", later); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := db.MarkDot(t.Context(), id, 1, later); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Erase(t.Context(), []card.Number{entries[3].Number}, "office", "asked for", later); !errors.Is(err, ErrSending) {
		t.Errorf("got %v, want ErrSending", err)
	}
	if mustEntry(t, db, entries[3].Number).IsErased() {
		t.Error("the card was erased all the same")
	}
}

func TestCardsToErase(t *testing.T) { onEach(t, testCardsToErase) }

func testCardsToErase(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	anna := entries[2]
	for name, c := range map[string]struct {
		keys   []card.LearnerKey
		number card.Number
		want   int
	}{
		"by ID":             {[]card.LearnerKey{{ID: anna.Learner.ID}}, "", 2},
		"by the old number": {nil, anna.Number, 2},
		"by the new number": {nil, entries[7].Number, 2},
		"by name and mail":  {[]card.LearnerKey{{Email: anna.Learner.Email, Name: anna.Name}}, "", 2},
		"by mail alone":     {[]card.LearnerKey{{Email: anna.Learner.Email}}, "", 0},
		"nobody":            {nil, "", 0},
	} {
		got, err := db.CardsToErase(t.Context(), c.keys, c.number)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: got %d cards, %v, want %d", name, len(got), err, c.want)
		}
	}
	ended, err := db.CardsEndedBefore(t.Context(), noon.AddDate(2, 0, 1))
	if err != nil || len(ended) != len(entries)-1 {
		t.Errorf("ended: got %d, %v, want all but the planned one", len(ended), err)
	}
	if ended, err = db.CardsEndedBefore(t.Context(), noon.AddDate(2, 0, 0)); err != nil || len(ended) != 0 {
		t.Errorf("ended a moment before: got %d, %v", len(ended), err)
	}
}

func TestSaveTo(t *testing.T) {
	t.Parallel()
	db, _ := busyRegister(t, newDB)
	path := db.path + ".copy"
	if err := db.SaveTo(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	copied, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	found, err := copied.Audit(t.Context(), nil)
	if err != nil || !found.IsWhole() || found.Head != checkWhole(t, db, "the register").Head {
		t.Errorf("the copy: got %+v, %v", found, err)
	}
	if got, err := copied.Integrity(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("its integrity: got %v, %v", got, err)
	}
	if err := db.SaveTo(t.Context(), path); err == nil {
		t.Error("over a file that is there: got nil")
	}
	force(t, db, "DELETE FROM catalogue")
	if got, err := db.Integrity(t.Context()); err != nil || len(got) == 0 {
		t.Errorf("cards without a course: got %v, %v", got, err)
	}
	var version sql.NullInt64
	if err := copied.read.QueryRow("PRAGMA application_id").Scan(&version); err != nil || version.Int64 != applicationID {
		t.Errorf("application_id: got %v, %v", version, err)
	}
}
