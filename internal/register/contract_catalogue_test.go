package register

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func testCatalogue(t *testing.T, db *DB) {
	a, b, c, d := learner(1), learner(2), learner(3), learner(4)
	b.Catalogue, c.Catalogue = `{"pass":84}`, `{"pass":90}` // what was asked changed, though nothing that is printed
	d.Course, d.Qualification = "CPR-AED", card.Qualification{Title: "CPR and AED"}
	all := []card.Entry{a, b, c, d}
	plan(t, db, "b1", all...)
	plan(t, db, "b2", learners(10, 120)...)
	for _, want := range all {
		got := mustEntry(t, db, want.Number)
		if got.Catalogue != want.Catalogue || got.Qualification.Title != want.Qualification.Title ||
			got.Qualification.Trained != want.Qualification.Trained || len(got.Qualification.Meets) != len(want.Qualification.Meets) {
			t.Errorf("got %+v and %q, want %+v and %q", got.Qualification, got.Catalogue, want.Qualification, want.Catalogue)
		}
	}
	var rows int
	if err := db.read.QueryRow("SELECT count(*) FROM catalogue").Scan(&rows); err != nil || rows != 4 {
		t.Errorf("got %d entries, %v, want 4: each is stored once", rows, err)
	}
}

func testRequirements(t *testing.T, db *DB) {
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	check := func(when string, want ...card.Requirement) {
		t.Helper()
		got, err := r.Requirements(t.Context())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v, want %v", when, got, err, want)
		}
		if same, err := db.Requirements(t.Context()); err != nil || !reflect.DeepEqual(same, got) {
			t.Errorf("%s: the ledger says %v, %v, the reader %v", when, same, err, got)
		}
	}
	planWith := func(batch string, e card.Entry, catalogue []card.CatalogueEntry) {
		t.Helper()
		in := intention(batch, e)
		in.Catalogue = catalogue
		if err := db.Plan(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	bls := card.CatalogueEntry{Course: "BLS", Qualification: courses, Entry: `{"code":"BLS"}`}
	als := card.CatalogueEntry{Course: "ALS2", Qualification: card.Qualification{Title: "Advanced Life Support 2", Meets: []string{"ALS2", "BLS", "CPR"}}}
	check("an empty register")
	planWith("b1", learner(1), []card.CatalogueEntry{als, bls})
	both := []card.Requirement{{Code: "ALS2", Title: "Advanced Life Support 2"}, {Code: "BLS", Title: "Basic Life Support"}, {Code: "CPR", MetBy: []string{"Advanced Life Support 2", "Basic Life Support"}}}
	check("two courses", both...)

	odd := learner(2) // a card of an older entry, finished late
	odd.Qualification.Meets = []string{"OLD"}
	planWith("b2", odd, nil)
	check("a batch that says nothing of the catalogue", both...)

	renamed := bls
	renamed.Qualification.Title = "BLS Provider"
	planWith("b3", learner(3), []card.CatalogueEntry{renamed})
	check("a course less, and one renamed", card.Requirement{Code: "BLS", Title: "BLS Provider"}, card.Requirement{Code: "CPR", MetBy: []string{"BLS Provider"}})
	planWith("b4", learner(4), []card.CatalogueEntry{bls, als})
	check("as before", both...)

	twice := intention("b5", learner(5))
	twice.Catalogue = []card.CatalogueEntry{bls, renamed}
	if err := db.Plan(t.Context(), twice); err == nil || errors.Is(err, card.ErrConflict) {
		t.Errorf("a course twice: got %v, want an error of its own", err)
	}
	failing := intention("b6", learner(4)) // has a card
	failing.Catalogue = []card.CatalogueEntry{renamed}
	if err := db.Plan(t.Context(), failing); !errors.Is(err, card.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	check("after a plan that failed", both...)
	planWith("b7", learner(7), []card.CatalogueEntry{})
	check("a catalogue without a course")
}

func testReplanCatalogue(t *testing.T, db *DB) {
	e := learner(1)
	plan(t, db, "b1", e, learner(2))
	e.Qualification.Title, e.Catalogue, e.Digest = "BLS Provider", `{"code":"BLS"}`, [32]byte{1}
	if err := db.Replan(t.Context(), "office", later, []card.Entry{e}); err != nil {
		t.Fatal(err)
	}
	if got := mustEntry(t, db, e.Number); got.Qualification.Title != "BLS Provider" || got.Catalogue != e.Catalogue {
		t.Errorf("got %+v and %q", got.Qualification, got.Catalogue)
	}
	if err := db.MarkIssued(t.Context(), "office", later, []card.Finished{finished(e)}); err != nil {
		t.Fatal(err)
	}
	e.Qualification.Title = "Something Else"
	if err := db.Replan(t.Context(), "office", later, []card.Entry{e}); !errors.Is(err, card.ErrConflict) {
		t.Errorf("an issued card: got %v, want ErrConflict", err)
	}
	if rec, _, err := db.FindRecord(t.Context(), e.Number); err != nil || rec.Qualification.Title != "BLS Provider" {
		t.Errorf("got %+v, %v", rec.Qualification, err)
	}
}

func testRenewal(t *testing.T, db *DB) {
	ctx := t.Context()
	renewal := func(old card.Entry, day int) card.Entry {
		e := learner(1)
		e.Renews, e.Completed.Day = old.Number, day
		return e
	}
	find := func(when string, old card.Entry, want card.Number) {
		t.Helper()
		if got, ok, err := db.FindRenewal(ctx, old.Number); err != nil || ok != (want != "") || got != want {
			t.Errorf("%s: got %q, %v, %v, want %q", when, got, ok, err, want)
		}
	}
	old := learner(1)
	issue(t, db, "b1", old)
	find("no renewal", old, "")
	next := renewal(old, 8)
	next.Evidence = "card " + old.Number.String()
	plan(t, db, "b2", next)
	find("only planned", old, "")
	if got, want := lastEvent(t, db, next.Number).Detail, "renews "+old.Number.String()+"; prerequisites: card "+old.Number.String(); got != want {
		t.Errorf("planned: got %q, want %q", got, want)
	}
	if err := db.MarkIssued(ctx, "night shift", later, []card.Finished{finished(next)}); err != nil {
		t.Fatal(err)
	}
	find("issued", old, next.Number)
	want := card.Event{At: later, Number: old.Number, Actor: "night shift", Action: "renewed", Detail: "renewed by " + next.Number.String()}
	if got := lastEvent(t, db, old.Number); got != want {
		t.Errorf("the old card: got %+v, want %+v", got, want)
	}
	checkStands(t, db, "renewed", "issued+, issued+", old, next)
	if got := mustEntry(t, db, next.Number); got.Renews != old.Number || got.Evidence != next.Evidence {
		t.Errorf("got renews %q and evidence %q", got.Renews, got.Evidence)
	}

	corrected := renewal(old, 8)
	corrected.Replaces, corrected.Name = next.Number, "Zoë Corrected"
	issue(t, db, "b3", corrected)
	find("the renewal was replaced", old, corrected.Number)
	third := renewal(old, 9)
	issue(t, db, "b4", third)
	find("a second renewal", old, third.Number)
	change(t, db, third.Number, card.Revoked)
	find("the second one was revoked", old, corrected.Number)

	gone := renewal(third, 10)
	gone.Renews = ""
	plan(t, db, "b5", gone)
	change(t, db, gone.Number, card.Revoked)
	if err := db.Plan(ctx, intention("b6", renewal(gone, 11))); !errors.Is(err, card.ErrConflict) {
		t.Errorf("renewing a card that was given up: got %v, want ErrConflict", err)
	}
}
