package register

import (
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// testLatest has a clock that is ahead, and then right: the latest time stays, with what it is of. Of a batch it stays also where more events
// than are looked at were written since.
func testLatest(t *testing.T, db *DB) {
	check := func(when string, events int, want Latest) {
		t.Helper()
		if got, err := db.latest(t.Context(), events, time.Time{}); err != nil || got != want {
			t.Errorf("%s, by %d events: got %+v, %v, want %+v", when, events, got, err, want)
		}
	}
	check("an empty register", lookBack, Latest{})
	a, b := learner(1), learner(2)
	issue(t, db, "b1", a)
	suspended := noon.AddDate(2, 0, 0)
	move := func(to card.State, at time.Time) {
		t.Helper()
		if _, err := db.ChangeAll(t.Context(), []card.Number{a.Number}, card.Change{To: to, Actor: "office", Reason: "a test", At: at}); err != nil {
			t.Fatal(err)
		}
	}
	move(card.Suspended, suspended)
	move(card.Issued, later)
	late := Latest{At: suspended, Number: a.Number, Action: "suspended"}
	check("a clock that was ahead", lookBack, late)
	if got, err := db.Latest(t.Context(), time.Time{}); err != nil || got != late {
		t.Errorf("the ledger: got %+v, %v, want %+v", got, err, late)
	}
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := r.LastEvent(t.Context(), suspended.Add(time.Second)); err != nil || !got.Equal(suspended) {
		t.Errorf("the reader: got %v, %v, want %v", got, err, suspended)
	}
	if got, err := r.LastEvent(t.Context(), suspended); err != nil || !got.Equal(later) {
		t.Errorf("the reader, before the clock that was ahead: got %v, %v, want %v", got, err, later)
	}

	ahead := suspended.AddDate(0, 1, 0)
	in := intention("b2", b)
	in.At, in.Held = ahead, true
	if err := db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	check("a batch of the future", lookBack, Latest{At: ahead, Number: b.Number, Action: "planned"})
	move(card.Suspended, later)
	check("a batch of the future", 1, Latest{At: ahead, Batch: "b2", Action: "planned"})
	prove(t, db, b)
	if _, err := db.Release(t.Context(), "b2", "office", ahead.AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	move(card.Issued, later)
	check("its release", 1, Latest{At: ahead.AddDate(0, 1, 0), Batch: "b2", Action: "released"})
}
