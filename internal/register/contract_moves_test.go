package register

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func testMoves(t *testing.T, db *DB) {
	ctx := t.Context()
	change := func(n card.Number, to card.State) error {
		_, err := db.Change(ctx, card.Change{Number: n, To: to, Actor: "office", Reason: "a test", At: later})
		return err
	}
	paths := map[card.State][]card.State{ // how a card that is planned comes into the state
		card.Planned: nil, card.Issued: {card.Issued}, card.Suspended: {card.Issued, card.Suspended},
		card.Revoked: {card.Issued, card.Revoked}, card.Superseded: {card.Issued, card.Superseded},
	}
	allowed := map[[2]card.State]string{
		{card.Planned, card.Revoked}: "revoked", {card.Issued, card.Suspended}: "suspended", {card.Issued, card.Revoked}: "revoked",
		{card.Suspended, card.Issued}: "reinstated", {card.Suspended, card.Revoked}: "revoked",
	}
	i := 0
	for from, path := range paths {
		for to := range paths {
			i += 2
			e := learner(i)
			plan(t, db, "b-"+string(from)+"-"+string(to), e)
			for _, step := range path {
				switch step {
				case card.Issued:
					if err := db.MarkIssued(ctx, "office", noon, []card.Finished{finished(e)}); err != nil {
						t.Fatal(err)
					}
				case card.Superseded:
					r := learner(i + 1)
					r.Replaces = e.Number
					issue(t, db, "r-"+string(from)+"-"+string(to), r)
				default:
					if err := change(e.Number, step); err != nil {
						t.Fatal(err)
					}
				}
			}
			before := actions(t, db, e.Number)
			err := change(e.Number, to)
			after := actions(t, db, e.Number)
			action, ok := allowed[[2]card.State{from, to}]
			if ok {
				if err != nil || !slices.Equal(after, append(before, action)) || mustEntry(t, db, e.Number).State != to {
					t.Errorf("%s to %s: got %v and history %v, want %s added", from, to, err, after, action)
				}
				continue
			}
			var move *card.MoveError
			if !errors.As(err, &move) || move.From != from || move.To != to || move.Number != e.Number {
				t.Errorf("%s to %s: got %v, want a MoveError", from, to, err)
			}
			if !slices.Equal(after, before) || mustEntry(t, db, e.Number).State != from {
				t.Errorf("%s to %s: a refused move left %v after %v", from, to, after, before)
			}
		}
	}
	if err := change(newNumber(), card.Revoked); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("an unknown card: got %v, want ErrNotFound", err)
	}
}

func testReplace(t *testing.T, db *DB) {
	ctx := t.Context()
	old := learner(1)
	issue(t, db, "b1", old)
	corrected := entry(old.Learner.ID, old.Learner.Email, "Zoë Corrected")
	corrected.Replaces = old.Number
	if _, ok, err := db.FindReplacement(ctx, old.Number); ok || err != nil {
		t.Errorf("replacement before there is one: got %v, %v", ok, err)
	}
	plan(t, db, "b2", corrected)
	if got, ok, err := db.FindReplacement(ctx, old.Number); err != nil || !ok || got.Number != corrected.Number {
		t.Errorf("replacement: got %s, %v, %v, want %s", got.Number, ok, err, corrected.Number)
	}
	if got := mustEntry(t, db, old.Number); got.State != card.Issued || got.ReplacedBy != "" {
		t.Errorf("while the new card is only planned: got %s, replaced by %q", got.State, got.ReplacedBy)
	}
	second := entry(old.Learner.ID, old.Learner.Email, "Zoë Twice")
	second.Replaces = old.Number
	in := intention("b3", second)
	in.Reason = "again"
	if err := db.Plan(ctx, in); !errors.Is(err, card.ErrConflict) {
		t.Errorf("a second replacement: got %v, want ErrConflict", err)
	}
	if err := db.MarkIssued(ctx, "night shift", later, []card.Finished{finished(corrected)}); err != nil {
		t.Fatal(err)
	}
	got := mustEntry(t, db, old.Number)
	if got.State != card.Superseded || got.ReplacedBy != corrected.Number || !got.ChangedAt.Equal(later) {
		t.Errorf("the old card: got %s, replaced by %s at %s", got.State, got.ReplacedBy, got.ChangedAt)
	}
	events, err := db.History(ctx, old.Number)
	want := card.Event{At: later, Number: old.Number, Actor: "night shift", Action: "superseded",
		Reason: "the name was misspelt", Detail: "replaced by " + corrected.Number.String()}
	if err != nil || len(events) != 3 || !reflect.DeepEqual(events[2], want) {
		t.Errorf("history: %v\n got %+v\nwant %+v", err, events, want)
	}
	if err := db.Plan(ctx, in); err == nil {
		t.Error("replacing a superseded card: got nil, want an error")
	}
	second.Replaces = corrected.Number
	issue(t, db, "b4", second) // the new card can be replaced in its turn
}

func testReplaceWithdrawn(t *testing.T, db *DB) {
	ctx := t.Context()
	old := learner(1)
	issue(t, db, "b1", old)
	next := entry(old.Learner.ID, old.Learner.Email, "Zoë Corrected")
	next.Replaces = old.Number
	plan(t, db, "b2", next)
	if _, err := db.Change(ctx, card.Change{Number: old.Number, To: card.Suspended, Actor: "office", Reason: "under review", At: later}); err != nil {
		t.Fatal(err)
	}
	var move *card.MoveError
	err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(next)})
	if !errors.As(err, &move) || move.Number != old.Number || move.From != card.Suspended || move.To != card.Superseded {
		t.Errorf("got %v, want a MoveError of the old card", err)
	}
	if got := mustEntry(t, db, next.Number).State; got != card.Planned {
		t.Errorf("the new card: got %s, want planned", got)
	}
	other := entry("L9", "", "Somebody")
	other.Replaces = old.Number
	in := intention("b3", other)
	in.Reason = "a test"
	if err := db.Plan(ctx, in); !errors.As(err, &move) || move.From != card.Suspended {
		t.Errorf("planning to replace a suspended card: got %v, want a MoveError", err)
	}
}

func testDemands(t *testing.T, db *DB) {
	ctx := t.Context()
	e := learner(1)
	issue(t, db, "b1", e)
	replacement := learner(2)
	replacement.Replaces = e.Number
	for name, err := range map[string]error{
		"plan without an actor":      db.Plan(ctx, card.Intention{Batch: "x", At: noon, Entries: learners(5, 1)}),
		"plan without a time":        db.Plan(ctx, card.Intention{Batch: "x", Actor: "office", Entries: learners(5, 1)}),
		"plan without a batch":       db.Plan(ctx, card.Intention{Actor: "office", At: noon, Entries: learners(5, 1)}),
		"replace without a reason":   db.Plan(ctx, intention("x", replacement)),
		"plan again without actor":   db.Replan(ctx, "", noon, []card.Entry{e}),
		"plan again without time":    db.Replan(ctx, "office", time.Time{}, []card.Entry{e}),
		"issue without an actor":     db.MarkIssued(ctx, "", noon, []card.Finished{finished(e)}),
		"issue without a time":       db.MarkIssued(ctx, "office", time.Time{}, []card.Finished{finished(e)}),
		"revoke without an actor":    second(db.Change(ctx, card.Change{Number: e.Number, To: card.Revoked, Reason: "x", At: noon})),
		"revoke without a reason":    second(db.Change(ctx, card.Change{Number: e.Number, To: card.Revoked, Actor: "x", At: noon})),
		"suspend without a reason":   second(db.Change(ctx, card.Change{Number: e.Number, To: card.Suspended, Actor: "x", At: noon})),
		"revoke without a time":      second(db.Change(ctx, card.Change{Number: e.Number, To: card.Revoked, Actor: "x", Reason: "x"})),
		"prove without an actor":     db.MarkProved(ctx, "", noon, []card.Finished{finished(e)}),
		"prove without a time":       db.MarkProved(ctx, "office", time.Time{}, []card.Finished{finished(e)}),
		"a change to no known state": second(db.Change(ctx, card.Change{Number: e.Number, To: "lost", Actor: "x", Reason: "x", At: noon})),
	} {
		if err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
	if got, want := actions(t, db, e.Number), []string{"planned", "issued"}; !slices.Equal(got, want) {
		t.Errorf("history: got %v, want %v", got, want)
	}
}

func second(_ card.Entry, err error) error { return err }

func testCounts(t *testing.T, db *DB) {
	a := learners(0, 3)
	b := learners(10, 2)
	for i := range b {
		b[i].KeyID = "another-key"
	}
	issue(t, db, "b1", a...)
	plan(t, db, "b2", b...)
	if _, err := db.Change(t.Context(), card.Change{Number: a[0].Number, To: card.Revoked, Actor: "office", Reason: "x", At: later}); err != nil {
		t.Fatal(err)
	}
	got, err := db.KeyUses(t.Context())
	want := map[string]KeyUse{
		"abcdefghijk": {map[card.State]int{card.Issued: 2, card.Revoked: 1}, a[0].IssuedAt}, "another-key": {map[card.State]int{card.Planned: 2}, b[0].IssuedAt},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func testStatusSlots(t *testing.T, db *DB) {
	seen := map[card.StatusSlot]bool{}
	ascending := true
	last := int64(-1)
	for _, n := range []int{0, 1, 1, 700, 300} {
		slots, err := db.ReserveStatus(t.Context(), n)
		if err != nil || len(slots) != n {
			t.Fatalf("ReserveStatus(%d): got %d, %v", n, len(slots), err)
		}
		for _, s := range slots {
			if seen[s] || s.List != 1 || s.Index < 0 || s.Index >= slotsInList {
				t.Fatalf("got %+v, want a new place of list 1", s)
			}
			seen[s] = true
			ascending = ascending && s.Index > last
			last = s.Index
		}
	}
	if ascending {
		t.Error("a thousand places came in order: they are not random")
	}
	// A place serves one card.
	slots, err := db.ReserveStatus(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := learner(1), learner(2)
	a.Status, b.Status = slots[0].Ref(issuer), slots[0].Ref(issuer)
	plan(t, db, "b1", a)
	if err := db.Plan(t.Context(), intention("b2", b)); err == nil {
		t.Error("a place for two cards: got nil, want an error")
	}
}

func testStatusLists(t *testing.T, db *DB) {
	slots, err := db.ReserveStatus(t.Context(), usedInList-10)
	if err != nil {
		t.Fatal(err)
	}
	more, err := db.ReserveStatus(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	used := map[int64]int{}
	seen := map[card.StatusSlot]bool{}
	for _, s := range append(slots, more...) {
		used[s.List]++
		if seen[s] {
			t.Fatalf("%+v was given out twice", s)
		}
		seen[s] = true
	}
	if want := map[int64]int{1: usedInList, 2: 90}; !reflect.DeepEqual(used, want) {
		t.Errorf("got %v, want %v", used, want)
	}
}

// A card that was revoked before it was issued stands in nobody's way: not of the learner's card, and not of another
// replacement.
func testGivenUp(t *testing.T, db *DB) {
	ctx := t.Context()
	giveUp := func(e card.Entry) {
		t.Helper()
		if _, err := db.Change(ctx, card.Change{Number: e.Number, To: card.Revoked, Actor: "office", Reason: "a slip", At: later}); err != nil {
			t.Fatal(err)
		}
	}
	find := func(k card.LearnerKey) card.LearnerMatch {
		t.Helper()
		got, err := db.FindLearners(ctx, []card.LearnerKey{k})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	first := learner(1)
	byName := keyOf(first)
	byName.ID = ""
	plan(t, db, "b1", first)
	giveUp(first)
	checkMatch(t, find(keyOf(first)), "", card.LearnerMatch{})
	checkMatch(t, find(byName), "", card.LearnerMatch{})
	old := learner(1)
	issue(t, db, "b2", old)
	checkMatch(t, find(keyOf(first)), old.Number, card.LearnerMatch{By: card.ByID})
	checkMatch(t, find(byName), old.Number, card.LearnerMatch{By: card.ByName})

	slip, right := entry(old.Learner.ID, old.Learner.Email, "Zoe Slip"), entry(old.Learner.ID, old.Learner.Email, "Zoë Right")
	slip.Replaces, right.Replaces = old.Number, old.Number
	plan(t, db, "b3", slip)
	giveUp(slip)
	if got, ok, err := db.FindReplacement(ctx, old.Number); ok || err != nil {
		t.Errorf("a replacement that was given up: got %s, %v, %v, want none", got.Number, ok, err)
	}
	checkMatch(t, find(keyOf(slip)), old.Number, card.LearnerMatch{By: card.ByID, NameDiffers: true})
	issue(t, db, "b4", right)
	if got, ok, err := db.FindReplacement(ctx, old.Number); err != nil || !ok || got.Number != right.Number {
		t.Errorf("replacement: got %s, %v, %v, want %s", got.Number, ok, err, right.Number)
	}
	checkMatch(t, find(keyOf(old)), right.Number, card.LearnerMatch{By: card.ByID})

	// One that was issued and then revoked was there, and stays the learner's card.
	giveUp(right)
	checkMatch(t, find(keyOf(right)), right.Number, card.LearnerMatch{By: card.ByID})
	if err := db.Plan(ctx, intention("b5", learner(1))); !errors.Is(err, card.ErrConflict) {
		t.Errorf("a new card beside a revoked one: got %v, want ErrConflict", err)
	}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(slip)}); err == nil {
		t.Error("issuing a card that was given up: got nil, want an error")
	}
}
