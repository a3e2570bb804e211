package register

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// selected are the numbers of a selection, read twice.
func selected(t *testing.T, db *DB, s Selection) []card.Number {
	t.Helper()
	var got []card.Number
	err := db.WithCards(t.Context(), s, func(c *Cards) error {
		for range 2 {
			got = nil
			err := c.Each(t.Context(), func(e card.Entry) error {
				got = append(got, e.Number)
				return nil
			})
			if err != nil {
				return err
			}
			if len(got) != c.Len() {
				return fmt.Errorf("got %d cards, want %d", len(got), c.Len())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSelections(t *testing.T) { onBoth(t, testSelections) }

func testSelections(t *testing.T, db *DB) {
	class, other := learners(0, 3), learners(10, 2)
	for i := range other {
		other[i].Course, other[i].Completed = "FA", card.Date{Year: 2026, Month: 10, Day: 31}
	}
	issue(t, db, "B-1", class...)
	issue(t, db, "B-2", other...)
	held := learners(20, 2)
	planHeld(t, db, "B-3", held...)
	// A corrected card is issued with another batch, and corrected again; the learner has it from the first class.
	second := anewOf(class[1], "Zoë Learner One")
	second.Replaces = class[1].Number
	issue(t, db, "B-4", second)
	third := anewOf(class[1], "Zoe Learner One")
	third.Replaces = second.Number
	issue(t, db, "B-5", third)
	// What was given up is nobody's.
	change(t, db, held[1].Number, card.Revoked)

	november := card.Date{Year: 2026, Month: 11, Day: 1}
	firstClass := numbersOf(append(slices.Clone(class), second, third))
	all := slices.Concat(numbersOf(class), numbersOf(other), numbersOf(held[:1]), numbersOf([]card.Entry{second, third}))
	for what, c := range map[string]struct {
		s    Selection
		want []card.Number
	}{
		"all":           {Selection{}, all},
		"a batch":       {Selection{Batches: []string{" b-1 "}}, firstClass},
		"a batch twice": {Selection{Batches: []string{"B-1", "B-1"}}, firstClass},
		"two batches":   {Selection{Batches: []string{"B-2", "B-5"}}, append(numbersOf(other), third.Number)},
		"a course":      {Selection{Course: "FA"}, numbersOf(other)},
		"from":          {Selection{From: november}, slices.DeleteFunc(slices.Clone(all), func(n card.Number) bool { return slices.Contains(numbersOf(other), n) })},
		"to":            {Selection{To: november}, numbersOf(other)},
		"on a day":      {Selection{Course: "FA", From: other[0].Completed, To: other[0].Completed}, numbersOf(other)},
		"none":          {Selection{Course: "PALS"}, nil},
	} {
		if got := selected(t, db, c.s); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", what, got, c.want)
		}
	}
	err := db.WithCards(t.Context(), Selection{Batches: []string{"B-1", "B-9"}}, func(*Cards) error { return nil })
	if !errors.Is(err, card.ErrNoBatch) || !strings.Contains(err.Error(), "B-9") {
		t.Errorf("got %v, want ErrNoBatch of B-9", err)
	}
}

func anewOf(e card.Entry, name string) card.Entry {
	n := entry(e.Learner.ID, e.Learner.Email, name)
	n.Class, n.Course, n.Completed = e.Class, e.Course, e.Completed
	return n
}

// A selection of many cards is read in parts, and all of it as the register stood at one moment.
func TestSelectionAtOneMoment(t *testing.T) { onBoth(t, testSelectionAtOneMoment) }

func testSelectionAtOneMoment(t *testing.T, db *DB) {
	class := learners(0, 2*cardsInQuery+1)
	issue(t, db, "B-1", class...)
	if got := selected(t, db, Selection{}); !slices.Equal(got, numbersOf(class)) {
		t.Fatalf("got %d cards in another order", len(got))
	}
	last := class[len(class)-1].Number
	err := db.WithCards(t.Context(), Selection{}, func(c *Cards) error {
		return c.Each(t.Context(), func(e card.Entry) error {
			if e.Number == class[0].Number {
				change(t, db, last, card.Revoked)
			}
			if e.State != card.Issued || e.Token == "" || e.Qualification.Title != courses.Title {
				t.Errorf("card %s: got %s, %q, %q", e.Number, e.State, e.Token, e.Qualification.Title)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	checkStands(t, db, "afterwards", "revoked+", class[len(class)-1])
}

// What fails in the caller's hands is the caller's error, as it is.
func TestSelectionEndsWithTheCaller(t *testing.T) { onBoth(t, testSelectionEndsWithTheCaller) }

func testSelectionEndsWithTheCaller(t *testing.T, db *DB) {
	issue(t, db, "B-1", learners(0, 3)...)
	mine := errors.New("mine")
	for range 10 { // each takes a connection of its own, and gives it back
		calls := 0
		err := db.WithCards(t.Context(), Selection{}, func(c *Cards) error {
			return c.Each(t.Context(), func(card.Entry) error {
				calls++
				return mine
			})
		})
		if err != mine || calls != 1 {
			t.Fatalf("got %v after %d calls, want the caller's own error after one", err, calls)
		}
	}
}
