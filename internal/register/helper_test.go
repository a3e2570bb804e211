package register

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

var (
	noon    = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	later   = noon.Add(time.Hour)
	issuer  = "https://cards.example.org"
	courses = card.Qualification{Title: "Basic Life Support", Level: "healthcare provider",
		Trained: "Trained to resuscitate adults, children and infants in a team.", Meets: []string{"BLS", "CPR"}}
)

func newDB(t testing.TB) *DB {
	t.Helper()
	db, err := Create(t.Context(), filepath.Join(t.TempDir(), "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newNumber() card.Number {
	n, err := card.NewNumber(rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return n
}

// learner is the i-th of many learners who took the same course.
func learner(i int) card.Entry {
	return entry(fmt.Sprintf("L%06d", i), fmt.Sprintf("learner%d@example.org", i), fmt.Sprintf("Zoë Learner %d", i))
}

func entry(id, email, name string) card.Entry {
	n := newNumber()
	return card.Entry{
		Record: card.Record{
			Card:  card.Card{Issuer: issuer, Number: n, IssuedAt: noon, ExpiresAt: noon.AddDate(2, 0, 0), Name: name, Course: "BLS"},
			KeyID: "abcdefghijk", Digest: sha256.Sum256([]byte(n)), Qualification: courses,
			Completed: card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21},
			ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 20}, Instructor: "Ruth Adeyemi", InstructorID: "I-2041",
		},
		Learner: card.Learner{ID: id, Email: email}, Class: "BLS-2026-11-07",
	}
}

func learners(from, n int) []card.Entry {
	entries := make([]card.Entry, n)
	for i := range entries {
		entries[i] = learner(from + i)
	}
	return entries
}

func intention(batch string, entries ...card.Entry) card.Intention {
	return card.Intention{Batch: batch, Roster: "clean.csv", Actor: "office", At: noon, Entries: entries}
}

func finished(e card.Entry) card.Finished {
	sum := sha256.Sum256([]byte(e.Number + ".pdf"))
	return card.Finished{Number: e.Number, Digest: e.Digest, Token: "token." + string(e.Number), SHA256: hex.EncodeToString(sum[:])}
}

func keyOf(e card.Entry) card.LearnerKey {
	return card.LearnerKey{ID: e.Learner.ID, Email: e.Learner.Email, Name: e.Name, Course: e.Course, Completed: e.Completed}
}

func plan(t testing.TB, db *DB, batch string, entries ...card.Entry) {
	t.Helper()
	in := intention(batch, entries...)
	in.Reason = "the name was misspelt"
	if err := db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func issue(t testing.TB, db *DB, batch string, entries ...card.Entry) {
	t.Helper()
	plan(t, db, batch, entries...)
	var done []card.Finished
	for _, e := range entries {
		done = append(done, finished(e))
	}
	if err := db.MarkIssued(t.Context(), "office", later, done); err != nil {
		t.Fatal(err)
	}
}

func mustEntry(t testing.TB, db *DB, n card.Number) card.Entry {
	t.Helper()
	e, ok, err := db.FindEntry(t.Context(), n)
	if err != nil || !ok {
		t.Fatalf("FindEntry(%s): got ok %v, err %v", n, ok, err)
	}
	return e
}

func actions(t testing.TB, db *DB, n card.Number) []string {
	t.Helper()
	events, err := db.History(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Action)
	}
	return got
}

func planHeld(t testing.TB, db *DB, batch string, entries ...card.Entry) {
	t.Helper()
	in := intention(batch, entries...)
	in.Held, in.Reason = true, "the name was misspelt"
	if err := db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func prove(t testing.TB, db *DB, entries ...card.Entry) {
	t.Helper()
	if err := db.MarkProved(t.Context(), "office", later, allFinished(entries)); err != nil {
		t.Fatal(err)
	}
}

func allFinished(entries []card.Entry) []card.Finished {
	done := make([]card.Finished, len(entries))
	for i, e := range entries {
		done[i] = finished(e)
	}
	return done
}

func numbersOf(entries []card.Entry) []card.Number {
	var numbers []card.Number
	for _, e := range entries {
		numbers = append(numbers, e.Number)
	}
	return numbers
}

func change(t testing.TB, db *DB, n card.Number, to card.State) {
	t.Helper()
	if _, err := db.Change(t.Context(), card.Change{Number: n, To: to, Actor: "office", Reason: "a test", At: later}); err != nil {
		t.Fatal(err)
	}
}

// stands says where cards stand, in their order.
func stands(t testing.TB, db *DB, entries ...card.Entry) string {
	t.Helper()
	var states []string
	for _, e := range entries {
		now := mustEntry(t, db, e.Number)
		word := string(now.State)
		if now.Token != "" {
			word += "+"
		}
		if now.Held {
			word += " held"
		}
		states = append(states, word)
	}
	return strings.Join(states, ", ")
}

func checkStands(t testing.TB, db *DB, when, want string, entries ...card.Entry) {
	t.Helper()
	if got := stands(t, db, entries...); got != want {
		t.Errorf("%s: got %s, want %s", when, got, want)
	}
}

// lastEvent is the newest line of a card's history.
func lastEvent(t testing.TB, db *DB, n card.Number) card.Event {
	t.Helper()
	events, err := db.History(t.Context(), n)
	if err != nil || len(events) == 0 {
		t.Fatalf("history of %s: got %v, %v", n, events, err)
	}
	return events[len(events)-1]
}
