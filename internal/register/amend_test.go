package register

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestAmendChangesOnlyTheLearner(t *testing.T) { onBoth(t, testAmendChangesOnlyTheLearner) }

func testAmendChangesOnlyTheLearner(t *testing.T, db *DB) {
	ctx := t.Context()
	first := entry("", "ana@old.example", "Ana Silva")
	second := entry("", "ana@old.example", "Ana Sílva")
	second.Replaces = first.Number
	other := entry("L2", "eva@example.org", "Eva Lind")
	issue(t, db, "one", first, other)
	issue(t, db, "two", second)
	before := mustEntry(t, db, second.Number)
	amend := card.Amendment{Number: second.Number, Email: " ANA@new.example", LearnerID: "L1", Actor: "office", Reason: "mended", At: later}
	for range 2 { // the second time there is nothing to change
		if err := db.Amend(ctx, []card.Amendment{amend}); err != nil {
			t.Fatal(err)
		}
	}
	got := mustEntry(t, db, second.Number)
	if got.Learner != (card.Learner{Email: "ana@new.example", ID: "L1"}) || got.Digest != before.Digest || got.State != card.Issued || got.SHA256 != before.SHA256 {
		t.Errorf("got %+v", got)
	}
	if old := mustEntry(t, db, first.Number); old.Learner.ID != "L1" || old.State != card.Superseded {
		t.Errorf("the card before it: got %+v, want the same ID", old)
	}
	last := lastEvent(t, db, second.Number)
	if last.Action != "amended" || last.Detail != "e-mail changed, learner_id added" || strings.Count(strings.Join(actions(t, db, second.Number), " "), "amended") != 1 {
		t.Errorf("got %+v, want one event that shows no address", last)
	}
	for want, a := range map[error]card.Amendment{
		card.ErrTakenID:  {Number: second.Number, LearnerID: "L2", Actor: "office", Reason: "x", At: later},
		card.ErrNotFound: {Number: newNumber(), Email: "x@example.org", Actor: "office", Reason: "x", At: later},
		errNoReason:      {Number: second.Number, Email: "x@example.org", Actor: "office", At: later},
		errNoActor:       {Number: second.Number, Email: "x@example.org", Reason: "x", At: later},
	} {
		fine := card.Amendment{Number: other.Number, Email: "moved@example.org", Actor: "office", Reason: "x", At: later}
		if err := db.Amend(ctx, []card.Amendment{fine, a}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if got := mustEntry(t, db, other.Number).Learner.Email; got != "eva@example.org" {
			t.Errorf("after %v: got %q, want nothing changed", want, got)
		}
	}
}

func TestSiblingsAreTheOtherPartsOfAClass(t *testing.T) {
	onBoth(t, testSiblingsAreTheOtherPartsOfAClass)
}

func testSiblingsAreTheOtherPartsOfAClass(t *testing.T, db *DB) {
	of := func(n int, class, course string) card.Entry {
		e := learner(n)
		e.Class, e.Course = class, course
		return e
	}
	a, b := of(1, "Morning", "BLS"), of(2, "Morning", "BLS")
	issue(t, db, "first", a, b)
	issue(t, db, "mended", of(3, "Morning", "BLS"), of(4, "Evening", "BLS"))
	issue(t, db, "evening", of(5, "Evening", "BLS"))
	replacement := of(6, "Morning", "BLS")
	replacement.Replaces = a.Number
	issue(t, db, "names", replacement)
	found, err := db.Siblings(t.Context(), "FIRST")
	if err != nil || len(found) != 1 || found[0].Batch != "mended" || !maps.Equal(found[0].Cards, map[card.State]int{card.Issued: 1}) {
		t.Errorf("got %+v, %v, want the one card of the batch mended", found, err)
	}
	if found, err = db.Siblings(t.Context(), "evening"); err != nil || len(found) != 1 || found[0].Batch != "mended" {
		t.Errorf("got %+v, %v", found, err)
	}
	if _, err = db.Siblings(t.Context(), "none"); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("got %v, want card.ErrNoBatch", err)
	}
}
