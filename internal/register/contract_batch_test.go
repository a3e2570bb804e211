package register

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func testMarkProved(t *testing.T, db *DB) {
	ctx := t.Context()
	a, b, c := learner(1), learner(2), learner(3)
	planHeld(t, db, "b1", a, b)
	plan(t, db, "b2", c)
	checkStands(t, db, "planned", "planned held, planned held, planned", a, b, c)
	if err := db.MarkProved(ctx, "office", later, []card.Finished{finished(a), finished(learner(9))}); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("an unknown card in the group: got %v, want ErrNotFound", err)
	}
	checkStands(t, db, "its neighbour", "planned held", a)
	for range 2 { // the second time it changes nothing
		prove(t, db, a, c)
	}
	checkStands(t, db, "proved", "planned+ held, planned held, planned+", a, b, c)
	if got := mustEntry(t, db, a.Number); got.SHA256 != finished(a).SHA256 || !got.ChangedAt.Equal(noon) {
		t.Errorf("got file %s, changed at %s", got.SHA256, got.ChangedAt)
	}
	if got, want := actions(t, db, a.Number), []string{"planned", "proved"}; !slices.Equal(got, want) {
		t.Errorf("history: got %v, want %v", got, want)
	}
	again := finished(a)
	again.Token = "token of another drawing"
	stale := again
	stale.Digest = [32]byte{9}
	if err := db.MarkProved(ctx, "office", later, []card.Finished{stale}); !errors.Is(err, card.ErrConflict) {
		t.Errorf("with another digest: got %v, want ErrConflict", err)
	}
	if err := db.MarkProved(ctx, "office", later, []card.Finished{again}); err != nil || mustEntry(t, db, a.Number).Token != again.Token {
		t.Errorf("another file of a card that is still planned: got %v", err)
	}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(c), finished(b)}); !errors.Is(err, card.ErrHeld) {
		t.Errorf("issuing a held card by itself: got %v, want ErrHeld", err)
	}
	checkStands(t, db, "after that", "planned held, planned+", b, c)
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(c)}); err != nil {
		t.Errorf("issuing a proved card: got %v", err)
	}
	prove(t, db, c) // it is out with this file
	other := finished(c)
	other.Token = "another token"
	var move *card.MoveError
	if err := db.MarkProved(ctx, "office", later, []card.Finished{other}); !errors.As(err, &move) || move.From != card.Issued {
		t.Errorf("another file of a card that is out: got %v, want a MoveError", err)
	}

	// Planned anew, a card has to be proved anew.
	a.Digest, a.KeyID = [32]byte{1}, "another-key"
	if err := db.Replan(ctx, "office", later, []card.Entry{a}); err != nil {
		t.Fatal(err)
	}
	checkStands(t, db, "planned anew", "planned held", a)
}

func testGiveUpProved(t *testing.T, db *DB) {
	a, again := learner(1), learner(1)
	planHeld(t, db, "b1", a)
	prove(t, db, a)
	change(t, db, a.Number, card.Revoked)
	checkStands(t, db, "given up", "revoked", a)
	got := mustEntry(t, db, a.Number)
	if got.SHA256 != "" || got.Digest != a.Digest {
		t.Errorf("got file %q and digest %x: a token of it that was printed has to read as revoked", got.SHA256, got.Digest)
	}
	var move *card.MoveError
	if err := db.MarkProved(t.Context(), "office", later, []card.Finished{finished(a)}); !errors.As(err, &move) || move.From != card.Revoked {
		t.Errorf("proving it: got %v, want a MoveError", err)
	}
	issue(t, db, "b2", again) // the learner is issued anew
}

func testRelease(t *testing.T, db *DB) {
	ctx := t.Context()
	cards := learners(0, 3)
	slip := learner(9)
	planHeld(t, db, "20261121-AB", append(cards, slip)...)
	prove(t, db, cards[:2]...)
	if _, err := db.Release(ctx, "20261121-AB", "second person", later); !errors.Is(err, card.ErrUnproved) || !strings.Contains(err.Error(), "2 of 4") {
		t.Errorf("with unproved cards: got %v, want ErrUnproved with 2 of 4", err)
	}
	prove(t, db, cards[2])
	change(t, db, slip.Number, card.Revoked) // does not hinder
	got, err := db.Release(ctx, " 20261121-ab ", "second person", later)
	if err != nil || !slices.Equal(got, numbersOf(cards)) {
		t.Fatalf("got %v, %v, want %v in this order", got, err, numbersOf(cards))
	}
	checkStands(t, db, "released", "issued+, issued+, issued+, revoked", append(cards, slip)...)
	want := card.Event{At: later, Number: cards[0].Number, Actor: "second person", Action: "issued"}
	if got := lastEvent(t, db, cards[0].Number); got != want {
		t.Errorf("history: got %+v, want %+v", got, want)
	}
	if e := mustEntry(t, db, cards[0].Number); !e.ChangedAt.Equal(later) {
		t.Errorf("changed at %s, want %s", e.ChangedAt, later)
	}
	change(t, db, cards[1].Number, card.Revoked)
	for range 2 {
		if got, err := db.Release(ctx, "20261121-AB", "second person", later); err != nil || got != nil {
			t.Errorf("again: got %v, %v, want none", got, err)
		}
	}
	if _, err := db.Discard(ctx, "20261121-AB", "office", later, "a slip"); !errors.Is(err, card.ErrReleased) {
		t.Errorf("discard after that: got %v, want ErrReleased", err)
	}
}

func testReleaseReplaces(t *testing.T, db *DB) {
	ctx := t.Context()
	wrong, old, plain := learner(1), learner(2), learner(3)
	issue(t, db, "b1", wrong, old)
	right := entry(wrong.Learner.ID, wrong.Learner.Email, "Zoë Right")
	right.Replaces = wrong.Number
	next := learner(2)
	next.Renews, next.Completed.Day = old.Number, 8
	planHeld(t, db, "b2", right, next, plain)
	prove(t, db, right, next, plain)

	change(t, db, wrong.Number, card.Suspended)
	var move *card.MoveError
	if _, err := db.Release(ctx, "b2", "office", later); !errors.As(err, &move) || move.Number != wrong.Number || move.From != card.Suspended {
		t.Errorf("the card to replace is suspended: got %v, want a MoveError of it", err)
	}
	checkStands(t, db, "not one of them is out", "planned+ held, planned+ held, planned+ held", right, next, plain)
	change(t, db, wrong.Number, card.Issued)
	if got, err := db.Release(ctx, "b2", "office", later); err != nil || len(got) != 3 {
		t.Fatalf("got %v, %v", got, err)
	}
	checkStands(t, db, "released", "superseded+, issued+, issued+, issued+, issued+", wrong, right, old, next, plain)
	if got := lastEvent(t, db, wrong.Number); got.Action != "superseded" || got.Reason != "the name was misspelt" || mustEntry(t, db, wrong.Number).ReplacedBy != right.Number {
		t.Errorf("replaced: got %+v", got)
	}
	if got := lastEvent(t, db, old.Number); got.Action != "renewed" || got.Detail != "renewed by "+next.Number.String() {
		t.Errorf("renewed: got %+v", got)
	}
}

func testReleaseRefuses(t *testing.T, db *DB) {
	plan(t, db, "not held", learner(1))
	planHeld(t, db, "empty")
	gone := learner(2)
	planHeld(t, db, "gone", gone)
	change(t, db, gone.Number, card.Revoked)
	for batch, want := range map[string]error{"nowhere": card.ErrNoBatch, "": card.ErrNoBatch, "not held": card.ErrNotHeld,
		"empty": card.ErrDiscarded, "gone": card.ErrDiscarded} {
		if got, err := db.Release(t.Context(), batch, "office", later); !errors.Is(err, want) || got != nil {
			t.Errorf("%q: got %v, %v, want %v", batch, got, err, want)
		}
	}
}

func testDiscard(t *testing.T, db *DB) {
	ctx := t.Context()
	old := learner(9)
	issue(t, db, "b0", old)
	correction := entry(old.Learner.ID, old.Learner.Email, "Zoë Corrected")
	correction.Replaces = old.Number
	for _, c := range []struct {
		batch string
		plan  func(testing.TB, *DB, string, ...card.Entry)
	}{{"held", planHeld}, {"open", plan}} {
		again := correction
		again.Number = newNumber()
		cards := append(learners(0, 2), again)
		c.plan(t, db, c.batch, cards...)
		prove(t, db, cards[0])
		got, err := db.Discard(ctx, strings.ToUpper(c.batch), "office", later, "the wrong roster")
		if err != nil || !slices.Equal(got, numbersOf(cards)) {
			t.Fatalf("%s: got %v, %v, want %v", c.batch, got, err, numbersOf(cards))
		}
		checkStands(t, db, c.batch, "revoked, revoked, revoked", cards...)
		want := card.Event{At: later, Number: cards[0].Number, Actor: "office", Action: "revoked", Reason: "the wrong roster", Detail: "with batch " + c.batch}
		if got := lastEvent(t, db, cards[0].Number); got != want {
			t.Errorf("%s: got %+v, want %+v", c.batch, got, want)
		}
		if rec, ok, err := db.FindRecord(ctx, cards[0].Number); err != nil || !ok || rec.State != card.Revoked || rec.Digest != cards[0].Digest {
			t.Errorf("%s: a token of a card that was discarded has to read as revoked: got %s, %v, %v", c.batch, rec.State, ok, err)
		}
		if got, err := db.Discard(ctx, c.batch, "office", later, "the wrong roster"); err != nil || got != nil {
			t.Errorf("%s, again: got %v, %v, want none", c.batch, got, err)
		}
		if given, err := db.BatchGivenUp(ctx, c.batch); err != nil || !slices.Equal(given, numbersOf(cards)) {
			t.Errorf("%s: given up: got %v, %v", c.batch, given, err)
		}
	}
	if _, err := db.Release(ctx, "held", "office", later); !errors.Is(err, card.ErrDiscarded) {
		t.Errorf("releasing it: got %v, want ErrDiscarded", err)
	}
	issue(t, db, "b9", append(learners(0, 2), correction)...) // nothing of it stands in anybody's way
}

func testDiscardRefuses(t *testing.T, db *DB) {
	ctx := t.Context()
	for i, path := range [][]card.State{{}, {card.Suspended}, {card.Revoked}, {card.Superseded}} {
		out, waiting := learner(10*i), learner(10*i+1)
		batch := "b" + string(rune('a'+i))
		plan(t, db, batch, out, waiting)
		if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(out)}); err != nil {
			t.Fatal(err)
		}
		for _, to := range path {
			if to == card.Superseded {
				r := learner(10*i + 2)
				r.Replaces = out.Number
				issue(t, db, "replacement", r)
				continue
			}
			change(t, db, out.Number, to)
		}
		if got, err := db.Discard(ctx, batch, "office", later, "x"); !errors.Is(err, card.ErrReleased) || got != nil {
			t.Errorf("a card of it is %s: got %v, %v, want ErrReleased", stands(t, db, out), got, err)
		}
		checkStands(t, db, batch, "planned", waiting)
	}
	if _, err := db.Discard(ctx, "nowhere", "office", later, "x"); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("no batch: got %v, want ErrNoBatch", err)
	}
}

func testChangeBatch(t *testing.T, db *DB) {
	ctx := t.Context()
	cards := learners(0, 6)
	plan(t, db, "b1", cards...)
	if err := db.MarkIssued(ctx, "office", noon, allFinished(cards[:4])); err != nil {
		t.Fatal(err)
	}
	prove(t, db, cards[4])
	change(t, db, cards[1].Number, card.Suspended)
	change(t, db, cards[2].Number, card.Revoked)
	slip := learner(7)
	plan(t, db, "b2", slip, learner(8))
	change(t, db, slip.Number, card.Revoked)
	run := func(batch string, to card.State) card.BatchChanged {
		t.Helper()
		got, err := db.ChangeBatch(ctx, card.BatchChange{Batch: batch, To: to, Actor: "office", Reason: "the instructor was no instructor", At: later})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	check := func(to card.State, want card.BatchChanged, states string) {
		t.Helper()
		if got := run("b1", to); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", to, got, want)
		}
		checkStands(t, db, string(to), states, cards...)
		again := card.BatchChanged{Already: want.Already + len(want.Changed), Left: want.Left}
		if got := run("b1", to); !reflect.DeepEqual(got, again) {
			t.Errorf("%s again: got %+v, want %+v", to, got, again)
		}
	}
	n := numbersOf(cards)
	check(card.Suspended, card.BatchChanged{Changed: []card.Number{n[0], n[3]}, Already: 1, Left: 3},
		"suspended+, suspended+, revoked+, suspended+, planned+, planned")
	check(card.Issued, card.BatchChanged{Changed: []card.Number{n[0], n[1], n[3]}, Left: 3},
		"issued+, issued+, revoked+, issued+, planned+, planned")
	check(card.Revoked, card.BatchChanged{Changed: []card.Number{n[0], n[1], n[3], n[4], n[5]}, Already: 1},
		"revoked+, revoked+, revoked+, revoked+, revoked, revoked")
	want := card.Event{At: later, Number: n[5], Actor: "office", Action: "revoked", Reason: "the instructor was no instructor", Detail: "with batch b1"}
	if got := lastEvent(t, db, n[5]); got != want {
		t.Errorf("history: got %+v, want %+v", got, want)
	}
	if got, want := run("b2", card.Suspended), (card.BatchChanged{Left: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("a card that was given up before does not count: got %+v, want %+v", got, want)
	}
	for name, c := range map[string]card.BatchChange{
		"no batch": {Batch: "nowhere", To: card.Revoked, Actor: "x", Reason: "x", At: later},
		"planned":  {Batch: "b1", To: card.Planned, Actor: "x", Reason: "x", At: later},
		"replaced": {Batch: "b1", To: card.Superseded, Actor: "x", Reason: "x", At: later},
	} {
		if _, err := db.ChangeBatch(ctx, c); err == nil || errors.Is(err, card.ErrNoBatch) != (name == "no batch") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func testChangeBatchReplaced(t *testing.T, db *DB) {
	ctx := t.Context()
	first, second, third := learner(1), learner(1), learner(1)
	second.Replaces, third.Replaces = first.Number, second.Number
	other, within := learner(2), learner(2)
	within.Replaces = other.Number
	issue(t, db, "b1", first, other)
	issue(t, db, "b2", second)
	issue(t, db, "b3", third)
	plan(t, db, "b4", within)
	revoke := func(batch string) card.BatchChanged {
		t.Helper()
		got, err := db.ChangeBatch(ctx, card.BatchChange{Batch: batch, To: card.Revoked, Actor: "office", Reason: "x", At: later})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got, want := revoke("b1"), (card.BatchChanged{Changed: []card.Number{third.Number, other.Number}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := lastEvent(t, db, third.Number).Detail, "with batch b1, as the replacement of "+first.Number.String(); got != want {
		t.Errorf("the replacement's history: got %q, want %q", got, want)
	}
	checkStands(t, db, "revoked", "superseded+, superseded+, revoked+, revoked+, planned", first, second, third, other, within)
	if got, want := revoke("b1"), (card.BatchChanged{Already: 2}); !reflect.DeepEqual(got, want) {
		t.Errorf("again: got %+v, want %+v", got, want)
	}
	var move *card.MoveError // what was begun before can't bring the old card back
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(within)}); !errors.As(err, &move) || move.From != card.Revoked {
		t.Errorf("its replacement: got %v, want a MoveError", err)
	}
}

func testBatches(t *testing.T, db *DB) {
	ctx := t.Context()
	if got, err := db.Batches(ctx); err != nil || len(got) != 0 {
		t.Errorf("an empty register: got %v, %v", got, err)
	}
	cards := learners(0, 5)
	planHeld(t, db, "B-One", cards...)
	prove(t, db, cards[:2]...)
	change(t, db, cards[4].Number, card.Revoked)
	in := intention("B-Two", learners(10, 2)...)
	in.At, in.Roster = later, "other.xlsx"
	if err := db.Plan(ctx, in); err != nil {
		t.Fatal(err)
	}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(in.Entries[0])}); err != nil {
		t.Fatal(err)
	}
	change(t, db, in.Entries[0].Number, card.Revoked)
	plan(t, db, "b-empty")
	courses, days := []string{"BLS"}, []card.Date{cards[0].Completed}
	want := []card.Batch{
		{ID: "B-Two", Roster: "other.xlsx", Actor: "office", At: later, Cards: map[card.State]int{card.Planned: 1, card.Revoked: 1}, Courses: courses, Days: days},
		{ID: "b-empty", Roster: "clean.csv", Actor: "office", At: noon, Cards: map[card.State]int{}},
		{ID: "B-One", Roster: "clean.csv", Actor: "office", At: noon, Held: true, Cards: map[card.State]int{card.Planned: 4}, Proved: 2, GivenUp: 1, Courses: courses, Days: days},
	}
	if got, err := db.Batches(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("batches: %v\n got %+v\nwant %+v", err, got, want)
	}
	for _, id := range []string{"B-One", " b-one\t"} {
		if got, ok, err := db.FindBatch(ctx, id); err != nil || !ok || !reflect.DeepEqual(got, want[2]) {
			t.Errorf("%q: got %+v, %v, %v", id, got, ok, err)
		}
		if got, err := db.BatchEntries(ctx, id); err != nil || !slices.Equal(numbersOf(got), numbersOf(cards[:4])) || !got[0].Held || got[0].Qualification.Title == "" {
			t.Errorf("%q: entries: got %v, %v, want %v", id, numbersOf(got), err, numbersOf(cards[:4]))
		}
		if got, err := db.BatchGivenUp(ctx, id); err != nil || !slices.Equal(got, numbersOf(cards[4:])) {
			t.Errorf("%q: given up: got %v, %v", id, got, err)
		}
	}
	if got, ok, err := db.FindBatch(ctx, "b-none"); ok || err != nil {
		t.Errorf("no batch: got %+v, %v, %v", got, ok, err)
	}
	_, entriesErr := db.BatchEntries(ctx, "b-none")
	_, goneErr := db.BatchGivenUp(ctx, "b-none")
	if !errors.Is(entriesErr, card.ErrNoBatch) || !errors.Is(goneErr, card.ErrNoBatch) {
		t.Errorf("no batch: got %v and %v, want ErrNoBatch", entriesErr, goneErr)
	}
	if err := db.Plan(ctx, intention("b-ONE", learner(40))); err == nil || errors.Is(err, card.ErrConflict) {
		t.Errorf("a name that differs in case alone: got %v, want an error of its own", err)
	}
}

func testBatchDemands(t *testing.T, db *DB) {
	ctx := t.Context()
	e := learner(1)
	planHeld(t, db, "b1", e)
	prove(t, db, e)
	gone := func(_ []card.Number, err error) error { return err }
	changed := func(c card.BatchChange) error {
		_, err := db.ChangeBatch(ctx, c)
		return err
	}
	for name, err := range map[string]error{
		"release without an actor": gone(db.Release(ctx, "b1", "", later)),
		"release without a time":   gone(db.Release(ctx, "b1", "office", time.Time{})),
		"discard without an actor": gone(db.Discard(ctx, "b1", "", later, "x")),
		"discard without a time":   gone(db.Discard(ctx, "b1", "office", time.Time{}, "x")),
		"discard without a reason": gone(db.Discard(ctx, "b1", "office", later, "")),
		"change without an actor":  changed(card.BatchChange{Batch: "b1", To: card.Revoked, Reason: "x", At: later}),
		"change without a time":    changed(card.BatchChange{Batch: "b1", To: card.Revoked, Reason: "x", Actor: "x"}),
		"change without a reason":  changed(card.BatchChange{Batch: "b1", To: card.Revoked, Actor: "x", At: later}),
	} {
		if err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
	checkStands(t, db, "after all this", "planned+ held", e)
}
