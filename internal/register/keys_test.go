package register

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func keyEvent(id string, action KeyAction, since time.Time) KeyEvent {
	return KeyEvent{At: noon, KeyID: id, Actor: "office", Action: action, Since: since, Reason: "a test"}
}

func TestKeyHistory(t *testing.T) { onBoth(t, testKeyHistory) }

func testKeyHistory(t *testing.T, db *DB) {
	used, retired := keyEvent("one", KeyInUse, noon), keyEvent("one", KeyRetired, later)
	wide, narrow := keyEvent("one", KeyRevoked, noon), keyEvent("one", KeyRevoked, later)
	other := keyEvent("two", KeyRevoked, later)
	for _, events := range [][]KeyEvent{{used, retired, other}, {used, retired}, {wide}, {wide, used}, {narrow}, {wide}, nil} {
		if err := db.RecordKeys(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.KeyHistory(t.Context(), "one")
	if want := []KeyEvent{used, retired, wide, narrow, wide}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	reader, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	want := map[string]time.Time{"one": noon, "two": later}
	for name, side := range map[string]interface {
		RevokedKeys(ctx context.Context) (map[string]time.Time, error)
	}{"DB": db, "Reader": reader} {
		if revoked, err := side.RevokedKeys(t.Context()); err != nil || !reflect.DeepEqual(revoked, want) {
			t.Errorf("%s: got %v, %v, want %v", name, revoked, err, want)
		}
	}
	if retired, err := db.RetiredKeys(t.Context()); err != nil || !reflect.DeepEqual(retired, map[string]bool{"one": true, "two": false}) {
		t.Errorf("got %v, %v, want one retired and two not", retired, err)
	}
	for name, spoil := range map[string]func(*KeyEvent){
		"actor": func(e *KeyEvent) { e.Actor = "" }, "time": func(e *KeyEvent) { e.At = time.Time{} }, "key": func(e *KeyEvent) { e.KeyID = "" },
		"since": func(e *KeyEvent) { e.Since = time.Time{} }, "action": func(e *KeyEvent) { e.Action = "lost" },
	} {
		bad := keyEvent("three", KeyRevoked, noon)
		spoil(&bad)
		if err := db.RecordKeys(t.Context(), []KeyEvent{keyEvent("three", KeyInUse, noon), bad}); err == nil {
			t.Errorf("an event without its %s was taken", name)
		}
	}
	if history, err := db.KeyHistory(t.Context(), "three"); err != nil || len(history) != 0 {
		t.Errorf("got %+v, %v, want nothing of a refused call", history, err)
	}
}

// Nobody takes a revocation out of the file, whatever program writes.
func TestKeyHistoryStays(t *testing.T) { onBoth(t, testKeyHistoryStays) }

func testKeyHistoryStays(t *testing.T, db *DB) {
	if err := db.RecordKeys(t.Context(), []KeyEvent{keyEvent("one", KeyRevoked, noon)}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DELETE FROM key_events", "UPDATE key_events SET since = since + 1", "UPDATE key_events SET key_id = 'two'",
		"INSERT OR REPLACE INTO key_events SELECT seq, at, key_id, actor, action, since + 1, reason FROM key_events",
	} {
		if err := forge(db, statement); err == nil {
			t.Errorf("%s: got nil, want a refusal", statement)
		}
	}
}

func TestCardsOfAKey(t *testing.T) { onBoth(t, testCardsOfAKey) }

func testCardsOfAKey(t *testing.T, db *DB) {
	early, late, other := learner(1), learner(2), learner(3)
	other.KeyID = "another-key"
	issue(t, db, "b1", early)
	in := intention("b2", late, other)
	in.At = later
	if err := db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		at            time.Time
		before, since map[card.State]int
	}{
		{noon, map[card.State]int{}, map[card.State]int{card.Issued: 1, card.Planned: 1}},
		{noon.Add(time.Second), map[card.State]int{card.Issued: 1}, map[card.State]int{card.Planned: 1}},
		{later, map[card.State]int{card.Issued: 1}, map[card.State]int{card.Planned: 1}},
		{later.Add(time.Second), map[card.State]int{card.Issued: 1, card.Planned: 1}, map[card.State]int{}},
	} {
		before, since, err := db.CountRecorded(t.Context(), early.KeyID, tc.at)
		if err != nil || !reflect.DeepEqual(before, tc.before) || !reflect.DeepEqual(since, tc.since) {
			t.Errorf("%s: got %v and %v, %v, want %v and %v", tc.at, before, since, err, tc.before, tc.since)
		}
	}
	cards, err := db.KeyCards(t.Context(), early.KeyID)
	want := []KeyCard{{early.Number, card.Issued, "b1", noon}, {late.Number, card.Planned, "b2", later}}
	if err != nil || !reflect.DeepEqual(cards, want) {
		t.Errorf("got %+v, %v, want %+v", cards, err, want)
	}
	if cards, err := db.KeyCards(t.Context(), "nobody"); err != nil || len(cards) != 0 {
		t.Errorf("a key without cards: got %+v, %v", cards, err)
	}
}
