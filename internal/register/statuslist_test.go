package register

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func openReader(t *testing.T, path string) *Reader {
	t.Helper()
	r, err := OpenReader(t.Context(), path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// placed gives each entry a place in a status list.
func placed(t *testing.T, db *DB, entries []card.Entry) []card.Entry {
	t.Helper()
	slots, err := db.ReserveStatus(t.Context(), len(entries))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range slots {
		entries[i].Status = s.Ref(issuer)
	}
	return entries
}

func statuses(t *testing.T, r *Reader, list int64) map[int64]card.State {
	t.Helper()
	got := map[int64]card.State{}
	if err := r.StatusesIn(t.Context(), list, func(i int64, s card.State) error {
		got[i] = s
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func changedSince(t *testing.T, r *Reader, mark string) ([]int64, string) {
	t.Helper()
	lists, now, err := r.StatusLists(t.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	return lists, now
}

func TestStatusesInAList(t *testing.T) { onBoth(t, testStatusesInAList) }

func testStatusesInAList(t *testing.T, db *DB) {
	r := openReader(t, db.where)
	if lists, mark := changedSince(t, r, ""); !slices.Equal(lists, []int64{1}) || mark != "" {
		t.Errorf("an empty register: got lists %v at %q, want the first", lists, mark)
	}
	entries := placed(t, db, learners(0, 5))
	issue(t, db, "b1", entries[:4]...)
	plan(t, db, "b2", entries[4])
	change(t, db, entries[1].Number, card.Suspended)
	change(t, db, entries[2].Number, card.Revoked)
	unused, err := db.ReserveStatus(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	issue(t, db, "b3", learner(9)) // without a place
	want := map[int64]card.State{
		entries[0].Status.Index: card.Issued, entries[1].Status.Index: card.Suspended, entries[2].Status.Index: card.Revoked,
		entries[3].Status.Index: card.Issued, entries[4].Status.Index: card.Planned,
		unused[0].Index: card.Planned, // its token may have been signed before the power went
	}
	if got := statuses(t, r, 1); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := statuses(t, r, 2); len(got) != 0 {
		t.Errorf("a list that is not begun: got %v", got)
	}
	stop := errors.New("stop")
	if err := r.StatusesIn(t.Context(), 1, func(int64, card.State) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want the callback's error", err)
	}
}

func TestChangedStatusLists(t *testing.T) { onBoth(t, testChangedStatusLists) }

func testChangedStatusLists(t *testing.T, db *DB) {
	r := openReader(t, db.where)
	first := placed(t, db, learners(0, 2))
	issue(t, db, "b1", first...)
	// What a second list looks like, without filling the first.
	if _, err := db.write.ExecContext(t.Context(), "INSERT INTO status_slots (list, idx) VALUES (2, 7)"); err != nil {
		t.Fatal(err)
	}
	second := learner(5)
	second.Status = card.StatusSlot{List: 2, Index: 7}.Ref(issuer)
	issue(t, db, "b2", second)
	lists, mark := changedSince(t, r, "")
	if !slices.Equal(lists, []int64{1, 2}) || mark == "" {
		t.Fatalf("got lists %v at %q, want both", lists, mark)
	}
	for _, step := range []struct {
		number card.Number
		want   []int64
	}{{"", nil}, {second.Number, []int64{2}}, {first[0].Number, []int64{1}}, {"", nil}} {
		if step.number != "" {
			change(t, db, step.number, card.Suspended)
		}
		lists, now := changedSince(t, r, mark)
		if !slices.Equal(lists, step.want) || (now == mark) != (step.want == nil) {
			t.Errorf("after a change of %q: got lists %v at %q, want %v", step.number, lists, now, step.want)
		}
		mark = now
	}
	issue(t, db, "b3", learner(6))
	if lists, _ := changedSince(t, r, mark); len(lists) != 0 {
		t.Errorf("a card without a place changed the lists %v", lists)
	}
	for _, strange := range []string{"x", "1", "0 ", mark + " ", "999 1 N issued"} {
		if lists, _ := changedSince(t, r, strange); !slices.Equal(lists, []int64{1, 2}) {
			t.Errorf("the mark %q: got lists %v, want all", strange, lists)
		}
	}
}

// A copy is restored, and the same count of other events follows: no mark of the lost history holds.
func TestStatusListsOfARestoredCopy(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	path := db.path
	cards := placed(t, db, learners(0, 2))
	issue(t, db, "b1", cards...)
	copied := filepath.Join(t.TempDir(), "copy.db")
	backUp(t, path, copied)
	r := openReader(t, path)
	change(t, db, cards[0].Number, card.Revoked)
	_, mark := changedSince(t, r, "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.Rename(copied, path); err != nil {
		t.Fatal(err)
	}
	revoke(t, path, cards[1].Number)
	if lists, now := changedSince(t, r, mark); !slices.Equal(lists, []int64{1}) || now == mark {
		t.Errorf("got lists %v at %q, want all of them", lists, now)
	}
	if got, want := statuses(t, r, 1)[cards[1].Status.Index], card.Revoked; got != want {
		t.Errorf("the restored register: got %s, want %s", got, want)
	}
}
