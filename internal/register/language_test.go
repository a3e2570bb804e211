package register

import (
	"testing"

	"github.com/cardproof/cardproof/card"
)

func languageOf(t *testing.T, db *DB, email string) string {
	t.Helper()
	code, err := db.LanguageOf(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// The language is kept with the card, may be changed, and its event says nothing of the learner.
func TestLanguageIsKept(t *testing.T) { onEach(t, testLanguageIsKept) }

func testLanguageIsKept(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	one, other := learner(1), learner(2)
	one.Learner.Language = "pl"
	issue(t, db, "one", one, other)
	for n, want := range map[card.Number]string{one.Number: "pl", other.Number: ""} {
		if got := mustEntry(t, db, n).Learner.Language; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	found, err := db.FindLearners(t.Context(), []card.LearnerKey{keyOf(one)})
	if err != nil || found[0].Entry.Learner.Language != "pl" {
		t.Errorf("got %+v, %v", found, err)
	}
	amend := card.Amendment{Number: one.Number, Language: "de", Actor: "office", Reason: "asked for it", At: later}
	for range 2 { // the second time there is nothing to change
		if err := db.Amend(t.Context(), []card.Amendment{amend}); err != nil {
			t.Fatal(err)
		}
	}
	got := mustEntry(t, db, one.Number)
	if got.Learner != (card.Learner{ID: one.Learner.ID, Email: one.Learner.Email, Language: "de"}) || got.State != card.Issued {
		t.Errorf("got %+v", got.Learner)
	}
	if e := lastEvent(t, db, one.Number); e.Action != "amended" || e.Detail != "language changed" {
		t.Errorf("got %+v", e)
	}
	if _, err := db.write.Exec("UPDATE cards SET language = 'Deutsch' WHERE number = ?", string(one.Number)); err == nil {
		t.Error("what is no code was taken")
	}
}

// Of an address counts what its newest card says, unless people who share it want different languages.
func TestLanguageOfAnAddress(t *testing.T) { onEach(t, testLanguageOfAnAddress) }

func testLanguageOfAnAddress(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	of := func(id, email, name, language, course string) card.Entry {
		e := entry(id, email, name)
		e.Course, e.Learner.Language = course, language
		return e
	}
	issue(t, db, "one", of("L1", "ana@example.org", "Ana", "de", "BLS"), of("L1", "ana@example.org", "Ana", "fr", "FA"), of("L1", "ana@example.org", "Ana", "", "EKG"),
		of("L2", "family@example.org", "Ben", "pl", "BLS"), of("L3", "family@example.org", "Eva", "es", "BLS"),
		of("L4", "both@example.org", "Max", "ar", "BLS"), of("L5", "both@example.org", "Mia", "ar", "BLS"), of("L6", "none@example.org", "Zoë", "", "BLS"), of("L7", "", "Nobody", "de", "BLS"))
	for email, want := range map[string]string{
		" Ana@example.org": "fr", "family@example.org": "", "both@example.org": "ar", "none@example.org": "", "nobody@example.org": "", "": "",
	} {
		if got := languageOf(t, db, email); got != want {
			t.Errorf("%q: got %q, want %q", email, got, want)
		}
	}
}

// A mail that is sent again is in the language that the learner has by then.
func TestResendInTheLanguageOfToday(t *testing.T) { onEach(t, testResendInTheLanguageOfToday) }

func testResendInTheLanguageOfToday(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	e := learner(1)
	issue(t, db, "one", e)
	queued, err := db.QueueMails(t.Context(), []NewMail{{Event: "issued:x", Kind: MailIssued, Number: e.Number, Address: e.Learner.Email, Language: "en"}}, "office", noon)
	if err != nil || len(queued) != 1 {
		t.Fatal(queued, err)
	}
	m := queued[0]
	if err := db.EndMail(t.Context(), m.ID, m.Turn, MailRefused, "no such person", "worker", noon); err != nil {
		t.Fatal(err)
	}
	if err := db.Amend(t.Context(), []card.Amendment{{Number: e.Number, Language: "ar", Actor: "office", Reason: "asked for it", At: later}}); err != nil {
		t.Fatal(err)
	}
	again, err := db.ResendMails(t.Context(), []int64{m.ID}, "office", later)
	if err != nil || len(again) != 1 || again[0].Language != "ar" {
		t.Errorf("got %+v, %v, want it in Arabic", again, err)
	}
}

// Many links are made at once, one for each key that names somebody, and each leads to its own learner's cards.
func TestNewLinks(t *testing.T) { onEach(t, testNewLinks) }

func testNewLinks(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	r := newReader(t, db)
	a, b := learner(1), learner(2)
	issue(t, db, "one", a, b)
	secrets, err := db.NewLinks(t.Context(), []card.LearnerKey{keyOf(a), {Name: "Nobody"}, keyOf(b)}, "office", noon)
	if err != nil || len(secrets) != 3 || secrets[1] != "" {
		t.Fatalf("got %d secrets, %v", len(secrets), err)
	}
	checkShown(t, r, "the first", secrets[0], a)
	checkShown(t, r, "the last", secrets[2], b)
	if _, err := db.RevokeLinks(t.Context(), []card.LearnerKey{keyOf(a)}, "office", later); err != nil {
		t.Fatal(err)
	}
	if got := shownBy(t, r, secrets[0]); got != "none" {
		t.Errorf("a revoked one shows %s", got)
	}
	checkShown(t, r, "the other", secrets[2], b)
	if _, err := db.NewLinks(t.Context(), nil, "", noon); err == nil {
		t.Error("links were made without a hand")
	}
}
