package register

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// testQueued has what machines that make cards together rely on: what is still to be made, the first that marks a card wins, and a key that was
// revoked meanwhile signs nothing.
func testQueued(t *testing.T, db *DB) {
	ctx := t.Context()
	one, two, three := learner(1), learner(2), learner(3)
	plan(t, db, "b-QUEUE", one, two, three)
	left := func() (numbers []card.Number) {
		t.Helper()
		unmade, err := db.BatchUnmade(ctx, "B-queue")
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range unmade {
			if u.KeyID != one.KeyID {
				t.Errorf("key of an unmade card: got %q, want %q", u.KeyID, one.KeyID)
			}
			numbers = append(numbers, u.Number)
		}
		return numbers
	}
	if got := left(); len(got) != 3 || got[0] != one.Number {
		t.Fatalf("unmade: got %v", got)
	}
	entries, err := db.FindEntries(ctx, []card.Number{three.Number, one.Number, "0000000000000"})
	if err != nil || len(entries) != 2 || entries[0].Number != one.Number || entries[1].Number != three.Number {
		t.Errorf("entries: got %v, %v", entries, err)
	}
	first, second := finished(one), finished(one)
	second.SHA256 = finished(two).SHA256[1:] + "0"
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{first}); err != nil {
		t.Fatal(err)
	}
	var move *card.MoveError
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{second}); !errors.As(err, &move) || move.Number != one.Number || move.From != card.Issued {
		t.Errorf("a second machine with another file: got %v", err)
	}
	if got := mustEntry(t, db, one.Number); got.SHA256 != first.SHA256 {
		t.Errorf("the first file is on record: got %s, want %s", got.SHA256, first.SHA256)
	}
	if _, err := db.Change(ctx, card.Change{Number: two.Number, To: card.Revoked, Actor: "office", Reason: "a test", At: later}); err != nil {
		t.Fatal(err)
	}
	if got := left(); len(got) != 1 || got[0] != three.Number {
		t.Errorf("unmade, when one is issued and one given up: got %v", got)
	}
	revoke := func(since time.Time) error {
		return db.RecordKeys(ctx, []KeyEvent{{At: later, KeyID: three.KeyID, Actor: "office", Action: KeyRevoked, Since: since, Reason: "stolen"}})
	}
	if err := revoke(noon); err != nil { // the card was recorded at noon
		t.Fatal(err)
	}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(three)}); !errors.Is(err, card.ErrRevokedKey) {
		t.Errorf("a card of a revoked key: got %v, want ErrRevokedKey", err)
	}
	if _, err := db.BatchUnmade(ctx, "none"); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("no batch: got %v", err)
	}
}

// Every database takes only so many values in a statement. More cards than that are found nevertheless, or a caller who wants their files is told.
func TestMostNumbers(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		one, two := learner(1), learner(2)
		issue(t, db, "b1", one, two)
		numbers := slices.Repeat([]card.Number{"7F3K9QWX2MTZ"}, mostNumbers)
		numbers[mostNumbers-1] = one.Number
		for _, tc := range []struct {
			numbers []card.Number
			found   int
			want    error
		}{{nil, 0, nil}, {numbers, 1, nil}, {append(numbers, one.Number), 0, errManyNumbers}} {
			files, err := db.FilesOf(t.Context(), tc.numbers)
			if !errors.Is(err, tc.want) || len(files) != tc.found {
				t.Errorf("files of %d numbers: got %d, %v, want %d, %v", len(tc.numbers), len(files), err, tc.found, tc.want)
			}
		}
		first, second := mustEntry(t, db, one.Number), mustEntry(t, db, two.Number)
		entries, err := db.FindEntries(t.Context(), append(slices.Concat([]card.Number{two.Number}, numbers), one.Number)) // one in both groups
		if err != nil || !reflect.DeepEqual(entries, []card.Entry{first, second}) {
			t.Errorf("entries of %d numbers: got %d, %v, want the two in the order of their plan", mostNumbers+2, len(entries), err)
		}
		if entries, err := db.FindEntries(t.Context(), nil); err != nil || len(entries) != 0 {
			t.Errorf("entries of no number: got %v, %v", entries, err)
		}
	})
}
