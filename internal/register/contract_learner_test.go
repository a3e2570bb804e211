package register

import (
	"errors"
	"slices"
	"strings"
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

func testFindCards(t *testing.T, db *DB) {
	on := func(e card.Entry, course string, day int) card.Entry {
		e.Number, e.Course, e.Completed.Day = newNumber(), course, day
		return e
	}
	zoe := entry("L1", "zoe@example.org", "Zoë Straße")
	zoeALS, zoeNext := on(zoe, "ALS", 3), on(zoe, "BLS", 20)
	zoeNoID := on(entry("", "Zoe@example.org", "ZOË STRASSE"), "EKG", 2)
	twin := entry("L2", "zoe@example.org", "Zoë Straße") // her namesake at the same address
	noMail, noMailTwin := entry("", "", "Kim Li"), on(entry("", "", "Kim Li"), "ALS", 7)
	slip := on(zoe, "PALS", 1)
	if got, err := db.FindCards(t.Context(), []card.LearnerKey{keyOf(zoe), {}}); err != nil || len(got) != 2 || got[0] != nil {
		t.Errorf("an empty register: got %v, %v", got, err)
	}
	plan(t, db, "b1", zoe, zoeNoID, zoeALS, twin, noMail, noMailTwin, zoeNext, slip)
	change(t, db, slip.Number, card.Revoked)
	change(t, db, zoeALS.Number, card.Revoked) // given up as well
	issue(t, db, "b2", on(entry("L9", "bo@example.org", "Bo"), "BLS", 1))
	bo := must(db.FindCards(t.Context(), []card.LearnerKey{key("L9", "", "")}))(t)[0][0]
	change(t, db, bo.Number, card.Revoked) // one that was out stays his

	for _, c := range []struct {
		name string
		key  card.LearnerKey
		want []card.Entry
	}{
		{"by ID and by name, the oldest first", key("L1", "zoe@example.org", "zoë strasse"), []card.Entry{zoe, zoeNoID, zoeNext}},
		{"by ID alone", key("L1", "", "Somebody"), []card.Entry{zoe, zoeNext}},
		{"by name alone, IDs on one side", key("", " ZOE@example.org", "Zoë  Straße"), []card.Entry{zoe, zoeNoID, twin, zoeNext}},
		{"an ID that nobody has", key("L77", "zoe@example.org", "Zoë Straße"), []card.Entry{zoeNoID}},
		{"a name without an e-mail", key("", "", "Kim Li"), nil},
		{"an e-mail without a name", key("", "zoe@example.org", " "), nil},
		{"another e-mail", key("", "other@example.org", "Zoë Straße"), nil},
		{"revoked", key("L9", "", ""), []card.Entry{bo}},
		{"nobody", card.LearnerKey{}, nil},
	} {
		got := must(db.FindCards(t.Context(), []card.LearnerKey{c.key}))(t)
		if !slices.Equal(numbersOf(got[0]), numbersOf(c.want)) {
			t.Errorf("%s: got %v, want %v", c.name, numbersOf(got[0]), numbersOf(c.want))
		}
	}
	if got := must(db.FindCards(t.Context(), []card.LearnerKey{keyOf(zoe)}))(t)[0][0]; got.Qualification.Title != courses.Title || got.Name != zoe.Name {
		t.Errorf("got %+v", got)
	}

	// Many at once, in their order, over several queries of all sizes.
	many := learners(100, 2*keysInQuery+40)
	plan(t, db, "b3", many...)
	var keys []card.LearnerKey
	for i, e := range many {
		k := keyOf(e)
		if i%2 == 1 {
			k.ID = ""
		}
		keys = append(keys, k, key("", "", "Nobody"))
	}
	got := must(db.FindCards(t.Context(), keys))(t)
	for i, e := range many {
		if len(got[2*i]) != 1 || got[2*i][0].Number != e.Number || got[2*i+1] != nil {
			t.Fatalf("key %d: got %v, then %v", i, numbersOf(got[2*i]), numbersOf(got[2*i+1]))
		}
	}
}

func must[T any](got T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
}

func testFindClass(t *testing.T, db *DB) {
	in := learners(0, 3)
	other, day, course, none := learner(11), learner(12), learner(13), learner(14)
	other.Class, day.Completed.Day, course.Course, none.Class = "Monday", 8, "ALS", ""
	plan(t, db, "b1", in[0], other, day, course, none)
	issue(t, db, "b2", in[1:]...)
	slip := learner(15)
	plan(t, db, "b3", slip)
	change(t, db, slip.Number, card.Revoked)
	change(t, db, in[2].Number, card.Revoked)
	got, err := db.FindCompleted(t.Context(), "BLS", in[0].Completed)
	want := numbersOf([]card.Entry{in[0], other, none, in[1], in[2]})
	if err != nil || !slices.Equal(numbersOf(got), want) || got[0].Learner != in[0].Learner || got[0].Qualification.Title != courses.Title {
		t.Errorf("got %v, %v, want %v", numbersOf(got), err, want)
	}
	later := in[0].Completed
	later.Day = 8
	for class, want := range map[string][]card.Date{"": nil, "Mon": nil, "monday": {in[0].Completed}, in[0].Class: {in[0].Completed, later}} {
		if got, err := db.ClassDays(t.Context(), "BLS", class); err != nil || !slices.Equal(got, want) {
			t.Errorf("days of class %q: got %v, %v, want %v", class, got, err, want)
		}
	}
	byEmail, err := db.FindByEmail(t.Context(), []card.LearnerKey{key("", "", ""), key("", strings.ToUpper(in[1].Learner.Email), ""), key("", slip.Learner.Email, "")})
	if err != nil || len(byEmail) != 3 || len(byEmail[0])+len(byEmail[2]) != 0 || !slices.Equal(numbersOf(byEmail[1]), numbersOf(in[1:2])) {
		t.Errorf("by e-mail: got %v, %v", byEmail, err)
	}
}
