package register

import (
	"errors"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// A card that points at the catalogue's row of another course was altered, also when that row is known already.
func TestCardOfAnotherCourse(t *testing.T) { onEach(t, testCardOfAnotherCourse) }

func testCardOfAnotherCourse(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	one, other := learner(1), learner(2)
	other.Course, other.Qualification.Title = "CPR-AED", "CPR and AED"
	issue(t, db, "b1", one, other)
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, e := range []card.Entry{one, other} {
		if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.Qualification.Title != e.Qualification.Title {
			t.Fatalf("got %q, %v, %v, want %q", rec.Qualification.Title, ok, err, e.Qualification.Title)
		}
	}
	force(t, db, "UPDATE cards SET catalogue = (SELECT id FROM catalogue WHERE course = 'BLS')")
	if _, ok, err := r.FindRecord(t.Context(), other.Number); !errors.Is(err, ErrCorrupt) || ok {
		t.Errorf("a card of another course: got %v, %v, want ErrCorrupt", ok, err)
	}
	if _, ok, err := r.FindRecord(t.Context(), one.Number); err != nil || !ok {
		t.Errorf("the card beside it: got %v, %v", ok, err)
	}
}

func TestTokensAndPlaces(t *testing.T) { onEach(t, testTokensAndPlaces) }

func testTokensAndPlaces(t *testing.T, open func(testing.TB) *DB) {
	db := open(t)
	slots, err := db.ReserveStatus(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	one, planned := learner(1), learner(2)
	one.Status, planned.Status = slots[0].Ref(issuer), slots[1].Ref(issuer)
	issue(t, db, "b1", one)
	plan(t, db, "b2", planned)
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for e, want := range map[*card.Entry]string{&one: finished(one).Token, &planned: ""} {
		if got, err := r.FindToken(t.Context(), e.Number); err != nil || got != want {
			t.Errorf("the token: got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := r.FindToken(t.Context(), newNumber()); err == nil {
		t.Error("the token of a card that is not there: got no error")
	}
	places := []int64{slots[0].Index, slots[1].Index, slots[2].Index}
	for _, tc := range []struct {
		places []int64
		state  card.State
		want   int
	}{{places, card.Issued, 2}, {places[:1], card.Issued, 0}, {places, card.Revoked, 3}, {places[1:2], card.Planned, 0}, {nil, card.Revoked, 0}} {
		if got, err := r.CountNotIn(t.Context(), 1, tc.places, tc.state); err != nil || got != tc.want {
			t.Errorf("%d places not %s: got %d, %v, want %d", len(tc.places), tc.state, got, err, tc.want)
		}
	}
}
