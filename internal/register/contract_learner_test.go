package register

import (
	"errors"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func testFindLearners(t *testing.T, db *DB) {
	full := entry("L1", "zoe@example.org", "Zoë Straße")
	noID := entry("", "bo@example.org", "Bo")
	noMail := entry("L3", "", "Ana Maria")
	bare := entry("", "", "Kim Li")
	shared := entry("L5", "office@example.org", "Maria García")
	plan(t, db, "b1", full, noID, noMail, bare, shared)
	otherCourse, otherDay := keyOf(full), keyOf(full)
	otherCourse.Course, otherDay.Completed.Day = "ALS", 8

	for _, c := range []struct {
		name string
		key  card.LearnerKey
		want card.Number
		how  card.LearnerMatch // but its Entry
	}{
		{"the same row", keyOf(full), full.Number, card.LearnerMatch{By: card.ByID}},
		{"the ID alone decides about the mail", key("L1", "new@example.org", "Zoë Straße"), full.Number, card.LearnerMatch{By: card.ByID}},
		{"another name", key("L1", "zoe@example.org", "Zoë Weg"), full.Number, card.LearnerMatch{By: card.ByID, NameDiffers: true}},
		{"case, spaces, ss and decomposed letters", key("", "ZOE@example.org", " ZOE\u0308  STRASSE"), full.Number, card.LearnerMatch{By: card.ByName}},
		{"the row got an ID", key("L77", "bo@example.org", "bo"), noID.Number, card.LearnerMatch{By: card.ByName}},
		{"the row lost its ID", key("", "", "ana maria"), noMail.Number, card.LearnerMatch{By: card.ByName}},
		{"namesakes with two IDs and no mail", key("L78", "", "Ana Maria"), "", card.LearnerMatch{}},
		{"namesakes with two IDs and one mail", key("L79", "office@example.org", "Maria García"), shared.Number, card.LearnerMatch{By: card.ByName, OtherID: true}},
		{"no ID, no mail", key("", "", "Kim Li"), bare.Number, card.LearnerMatch{By: card.ByName}},
		{"another mail", key("", "other@example.org", "Bo"), "", card.LearnerMatch{}},
		{"another course", otherCourse, "", card.LearnerMatch{}},
		{"another day", otherDay, "", card.LearnerMatch{}},
		{"nobody", key("", "", ""), "", card.LearnerMatch{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := db.FindLearners(t.Context(), []card.LearnerKey{c.key})
			if err != nil {
				t.Fatal(err)
			}
			checkMatch(t, got[0], c.want, c.how)
		})
	}

	// Many at once, in their order, over several queries.
	many := learners(100, 3*keysInQuery+7)
	plan(t, db, "b2", many...)
	var keys []card.LearnerKey
	for i, e := range many {
		k := keyOf(e)
		if i%2 == 1 {
			k.ID = ""
		}
		keys = append(keys, k, key("", "", "Nobody"))
	}
	got, err := db.FindLearners(t.Context(), keys)
	if err != nil || len(got) != len(keys) {
		t.Fatalf("got %d matches, %v, want %d", len(got), err, len(keys))
	}
	for i, e := range many {
		if m := got[2*i]; m.Entry == nil || m.Entry.Number != e.Number || got[2*i+1].Entry != nil {
			t.Fatalf("key %d: got %+v, then %+v", i, m, got[2*i+1])
		}
	}
	if got, err := db.FindLearners(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no keys: got %v, %v", got, err)
	}
}

func key(id, email, name string) card.LearnerKey {
	k := keyOf(entry(id, email, "x"))
	k.Name = name
	return k
}

func checkMatch(t *testing.T, got card.LearnerMatch, want card.Number, how card.LearnerMatch) {
	t.Helper()
	number := card.Number("")
	if got.Entry != nil {
		number = got.Entry.Number
	}
	got.Entry = nil
	if number != want || got != how {
		t.Errorf("got card %q and %+v, want %q and %+v", number, got, want, how)
	}
}

func testFindReplaced(t *testing.T, db *DB) {
	one := entry("L1", "jon@example.org", "Jon Smith")
	issue(t, db, "b1", one)
	two := entry("L1", "jon@example.org", "John Smith")
	two.Replaces = one.Number
	plan(t, db, "b2", two)
	find := func(k card.LearnerKey) card.LearnerMatch {
		t.Helper()
		got, err := db.FindLearners(t.Context(), []card.LearnerKey{k})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	// While the replacement is not finished, the old card counts, by whatever name.
	checkMatch(t, find(keyOf(one)), one.Number, card.LearnerMatch{By: card.ByID})
	checkMatch(t, find(keyOf(two)), one.Number, card.LearnerMatch{By: card.ByID})
	checkMatch(t, find(key("", "jon@example.org", "John Smith")), one.Number, card.LearnerMatch{By: card.ByName})

	if err := db.MarkIssued(t.Context(), "office", later, []card.Finished{finished(two)}); err != nil {
		t.Fatal(err)
	}
	three := entry("L1", "jon@example.org", "John Smith-Reyes")
	three.Replaces = two.Number
	three.Completed.Day = 6 // the day was wrong as well
	issue(t, db, "b3", three)
	for _, name := range []string{"Jon Smith", "John Smith"} {
		checkMatch(t, find(key("L1", "jon@example.org", name)), three.Number, card.LearnerMatch{By: card.ByID})
		checkMatch(t, find(key("", "jon@example.org", name)), three.Number, card.LearnerMatch{By: card.ByName})
	}
	checkMatch(t, find(keyOf(three)), three.Number, card.LearnerMatch{By: card.ByID})
	before := keyOf(three)
	before.Name = "Jon Smith" // the corrected day with the first name
	checkMatch(t, find(before), three.Number, card.LearnerMatch{By: card.ByID})
	checkMatch(t, find(key("L1", "", "Joan Smith")), three.Number, card.LearnerMatch{By: card.ByID, NameDiffers: true})

	// Two people whom neither mail nor ID tells apart for this row.
	plan(t, db, "b4", entry("L7", "", "Ana"), entry("L8", "", "Ana"))
	if got := find(key("", "", "Ana")); got.Entry == nil || !got.Ambiguous {
		t.Errorf("got %+v, want an ambiguous match", got)
	}
}

func testOneForEachLearner(t *testing.T, db *DB) {
	first := entry("L1", "zoe@example.org", "Zoë")
	issue(t, db, "b1", first, entry("", "bo@example.org", "Bo"))
	renamed := entry("L1", "zoe@example.org", "Zoé")
	renamed.Replaces = first.Number
	issue(t, db, "b2", renamed)
	for _, c := range []struct {
		name  string
		entry card.Entry
		want  error
	}{
		{"the same ID", entry("L1", "other@example.org", "Other"), card.ErrConflict},
		{"the same mail and name without an ID", entry("", "zoe@example.org", "ZOË"), card.ErrConflict},
		{"the corrected name", entry("", "zoe@example.org", "Zoé"), card.ErrConflict},
		{"the same mail and name with a first ID", entry("L2", "bo@example.org", "Bo"), card.ErrConflict},
		{"the same mail and name, two IDs", entry("L3", "zoe@example.org", "Zoë"), nil},
		{"the same name, another mail", entry("", "bo2@example.org", "Bo"), nil},
	} {
		if err := db.Plan(t.Context(), intention("c "+c.name, c.entry)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
