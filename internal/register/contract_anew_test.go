package register

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestChangeAllIsAllOrNone(t *testing.T) { onBoth(t, testChangeAllIsAllOrNone) }

func testChangeAllIsAllOrNone(t *testing.T, db *DB) {
	a, b, c := learner(1), learner(2), learner(3)
	issue(t, db, "out", a, b, c)
	to := card.Change{To: card.Revoked, Actor: "tester", Reason: "x", At: noon}
	if _, err := db.ChangeAll(t.Context(), []card.Number{b.Number}, to); err != nil {
		t.Fatal(err)
	}
	to.To = card.Suspended
	before := dump(t, db)
	var move *card.MoveError
	if _, err := db.ChangeAll(t.Context(), []card.Number{a.Number, b.Number, c.Number}, to); !errors.As(err, &move) || move.Number != b.Number {
		t.Errorf("got %v, want a *card.MoveError of the second", err)
	}
	if _, err := db.ChangeAll(t.Context(), []card.Number{b.Number, "000000000012"}, to); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("a number of no card: got %v, want card.ErrNotFound", err)
	}
	if after := dump(t, db); !reflect.DeepEqual(after, before) {
		t.Error("what was refused changed the register")
	}
	to.To = card.Revoked
	moved, err := db.ChangeAll(t.Context(), []card.Number{a.Number, b.Number, c.Number, a.Number}, to)
	if want := []card.Number{a.Number, c.Number}; err != nil || !reflect.DeepEqual(moved, want) {
		t.Errorf("got %v, %v, want %v", moved, err, want)
	}
}

func TestFindRevocation(t *testing.T) { onBoth(t, testFindRevocation) }

func testFindRevocation(t *testing.T, db *DB) {
	out, taken, waits, gone := learner(1), learner(2), learner(3), learner(4)
	issue(t, db, "out", out)
	planHeld(t, db, "held", taken, waits)
	planHeld(t, db, "gone", gone)
	change := func(n card.Number) {
		t.Helper()
		if _, err := db.Change(t.Context(), card.Change{Number: n, To: card.Revoked, Actor: "tester", Reason: "x", At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.FindRevocation(t.Context(), out.Number); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("a card in force: got %v, want card.ErrNotFound", err)
	}
	change(out.Number)
	change(taken.Number)
	if _, err := db.Discard(t.Context(), "gone", "tester", noon, "x"); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[card.Number]card.Revocation{
		out.Number: {WasOut: true}, taken.Number: {TakenOut: true, BatchWaits: true}, gone.Number: {},
	} {
		if got, err := db.FindRevocation(t.Context(), n); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", n, got, err, want)
		}
	}
	if found, err := db.FindWithdrawn(t.Context()); err != nil || len(found) != 1 || found[0].Number != taken.Number {
		t.Errorf("got %v, %v, want the one that was taken out", found, err)
	}
	if _, err := db.Discard(t.Context(), "held", "tester", noon, "x"); err != nil {
		t.Fatal(err)
	}
	if found, err := db.FindWithdrawn(t.Context()); err != nil || len(found) != 1 {
		t.Errorf("after its batch was discarded: got %v, %v, want it still", found, err)
	}
	if got, err := db.FindByName(t.Context(), []string{"nobody", out.Name}); err != nil || len(got) != 2 || len(got[0]) != 0 || len(got[1]) != 1 {
		t.Errorf("by name: got %v, %v", got, err)
	}
}

// A run that judged before another one acted is stopped by the file.
func TestACardWhosePrerequisiteLapsedIsNotIssued(t *testing.T) {
	onBoth(t, testACardWhosePrerequisiteLapsedIsNotIssued)
}

func testACardWhosePrerequisiteLapsedIsNotIssued(t *testing.T, db *DB) {
	prior, e := learner(1), learner(2)
	issue(t, db, "prior", prior)
	e.Evidence = card.Met{Requirement: "BLS", Card: prior.Number}.String()
	planHeld(t, db, "held", e)
	prove(t, db, e)
	if _, err := db.Change(t.Context(), card.Change{Number: prior.Number, To: card.Suspended, Actor: "tester", Reason: "x", At: noon}); err != nil {
		t.Fatal(err)
	}
	var lapsed *card.LapsedError
	if _, err := db.Release(t.Context(), "held", "tester", noon); !errors.As(err, &lapsed) || *lapsed != (card.LapsedError{Number: e.Number, Prior: prior.Number, State: card.Suspended}) {
		t.Errorf("got %v, want a *card.LapsedError", err)
	}
	if got, _, err := db.FindEntry(t.Context(), e.Number); err != nil || got.State != card.Planned {
		t.Errorf("got %s, %v", got.State, err)
	}
	if _, err := db.Change(t.Context(), card.Change{Number: prior.Number, To: card.Issued, Actor: "tester", Reason: "x", At: noon}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Release(t.Context(), "held", "tester", noon); err != nil {
		t.Errorf("in force again: got %v", err)
	}
}
