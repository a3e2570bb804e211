package register

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func newLink(t *testing.T, db *DB, k card.LearnerKey) string {
	t.Helper()
	secret, err := db.NewLink(t.Context(), k, "office", noon)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func newReader(t *testing.T, db *DB) *Reader {
	t.Helper()
	r, err := OpenReader(t.Context(), db.where, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// shownBy is the numbers of the cards that a link shows, or none where it leads nowhere.
func shownBy(t *testing.T, r *Reader, secret string) string {
	t.Helper()
	cards, ok, err := r.CardsByLink(t.Context(), secret, later)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "none"
	}
	var numbers []string
	for _, c := range cards {
		numbers = append(numbers, string(c.Number))
	}
	return strings.Join(numbers, " ")
}

func numbers(entries ...card.Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, string(e.Number))
	}
	return strings.Join(all, " ")
}

func checkShown(t *testing.T, r *Reader, what, secret string, want ...card.Entry) {
	t.Helper()
	got, wanted := strings.Fields(shownBy(t, r, secret)), strings.Fields(numbers(want...))
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("%s: got the cards %v, want %v", what, got, wanted)
	}
}

// of is a card of a course.
func of(e card.Entry, course string) card.Entry {
	e.Course = course
	return e
}

func TestLinkShowsTheCardsThatAreOut(t *testing.T) { onBoth(t, testLinkShowsTheCardsThatAreOut) }

func testLinkShowsTheCardsThatAreOut(t *testing.T, db *DB) {
	r := newReader(t, db)
	a, b, revoked := learner(1), of(learner(1), "FA"), of(learner(1), "EKG")
	a.IssuedAt = noon.Add(time.Minute)
	issue(t, db, "one", a, b, revoked)
	change(t, db, revoked.Number, card.Revoked)
	plan(t, db, "two", of(learner(1), "PALS"))
	held := of(learner(1), "ALS1")
	planHeld(t, db, "three", held)
	prove(t, db, held)
	issue(t, db, "four", learner(2))
	secret := newLink(t, db, keyOf(a))
	if len(secret) != 26 || secret != strings.ToLower(secret) {
		t.Errorf("the secret %q is not 26 small characters", secret)
	}
	if got := strings.Fields(shownBy(t, r, secret)); len(got) != 3 || got[0] != string(a.Number) {
		t.Errorf("got the cards %v, want 3 with the newest first, %s", got, a.Number)
	}
	cards, _, err := r.CardsByLink(t.Context(), secret, later)
	if err != nil || cards[0].Token != finished(a).Token || cards[0].SHA256 != finished(a).SHA256 || cards[0].Name != a.Name || cards[0].Qualification.Title != courses.Title {
		t.Errorf("got %+v, %v", cards, err)
	}
}

// The register holds no secret, and every form that a secret comes back in is the same one.
func TestSecretIsNotKept(t *testing.T) { onBoth(t, testSecretIsNotKept) }

func testSecretIsNotKept(t *testing.T, db *DB) {
	r := newReader(t, db)
	e := learner(1)
	issue(t, db, "one", e)
	secret := newLink(t, db, keyOf(e))
	for table, text := range dump(t, db) {
		if strings.Contains(strings.ToLower(fmt.Sprint(text)), secret) {
			t.Errorf("table %v holds the secret", table)
		}
	}
	other := newLink(t, db, keyOf(e))
	if other == secret {
		t.Error("two links have one secret")
	}
	for _, form := range []string{secret, strings.ToUpper(secret), "<" + secret + ">", secret + "."} {
		checkShown(t, r, form, form, e)
	}
	for _, wrong := range []string{"", secret[:25], secret + "0", secret[1:] + secret[:1], "é", "\x00"} {
		if got := shownBy(t, r, wrong); got != "none" {
			t.Errorf("%q: got %s", wrong, got)
		}
	}
}

// People of one mailbox have a link each, and see nothing of each other.
func TestSharedMailbox(t *testing.T) { onBoth(t, testSharedMailbox) }

func testSharedMailbox(t *testing.T, db *DB) {
	r := newReader(t, db)
	const box = "family@example.org"
	ana, ben := entry("", box, "Ana Weber"), entry("", box, "Ben Weber")
	senior, junior := entry("S-1", box, "Jo Weber"), entry("S-2", box, "Jo Weber")
	unclear := of(entry("", box, "JO  WEBER"), "FA")
	single, later1 := of(entry("", box, "Kim Weber"), "FA"), entry("K-1", box, "Kim Weber")
	elsewhere := entry("", "ana@example.net", "Ana Weber")
	moved := of(entry("K-1", "kim@example.net", "Kim Weber-Ott"), "EKG")
	issue(t, db, "one", ana, ben, senior, junior, unclear, single, later1, elsewhere, moved)
	for _, tc := range []struct {
		what string
		key  card.LearnerKey
		want []card.Entry
	}{
		{"by e-mail and name", keyOf(ana), []card.Entry{ana}},
		{"the name in another case", card.LearnerKey{Email: " Family@Example.org", Name: "BEN  weber"}, []card.Entry{ben}},
		{"one of two IDs with one name", keyOf(senior), []card.Entry{senior}},
		{"the other", keyOf(junior), []card.Entry{junior}},
		{"a card that may be either's", keyOf(unclear), []card.Entry{unclear}},
		{"one ID with the name", keyOf(later1), []card.Entry{single, later1, moved}},
		{"the same from the card without", keyOf(single), []card.Entry{single, later1}},
		{"nobody", card.LearnerKey{ID: "none", Email: "none@example.org", Name: "None"}, nil},
	} {
		checkShown(t, r, tc.what, newLink(t, db, tc.key), tc.want...)
	}
	for _, k := range []card.LearnerKey{{}, {Email: box}, {Name: "Ana Weber"}, {ID: " "}} {
		if _, err := db.NewLink(t.Context(), k, "office", noon); !errors.Is(err, ErrNoLearner) {
			t.Errorf("%+v: got %v, want %v", k, err, ErrNoLearner)
		}
	}
	if _, err := db.NewLink(t.Context(), keyOf(ana), "", noon); err == nil {
		t.Error("a link is made by nobody")
	}
	got, err := db.LearnersByEmail(t.Context(), " FAMILY@example.org")
	var who []string
	for _, k := range got {
		who = append(who, k.ID+"/"+k.Name)
	}
	if want := []string{"/Ana Weber", "/Ben Weber", "S-1/Jo Weber", "S-2/Jo Weber", "/JO  WEBER", "K-1/Kim Weber"}; err != nil || !slices.Equal(who, want) {
		t.Errorf("got the learners %q, %v, want %q", who, err, want)
	}
	if got, err := db.LearnersByEmail(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("cards without an address: got %v, %v", got, err)
	}
}

// A card with a corrected name stays the learner's, by an old link as by a new one.
func TestLinkAfterACorrection(t *testing.T) { onBoth(t, testLinkAfterACorrection) }

func testLinkAfterACorrection(t *testing.T, db *DB) {
	r := newReader(t, db)
	old := entry("", "ana@example.org", "Ana Weebr")
	issue(t, db, "one", old)
	before := newLink(t, db, keyOf(old))
	corrected := entry("", "ana@example.org", "Ana Weber")
	corrected.Replaces = old.Number
	issue(t, db, "two", corrected)
	after := newLink(t, db, keyOf(corrected))
	checkShown(t, r, "the old link", before, old, corrected)
	for _, n := range []card.Number{old.Number, corrected.Number} {
		keys, err := db.LearnerOfCard(t.Context(), n)
		if err != nil || len(keys) != 2 || keys[0].Name != "Ana Weber" || keys[1].Name != "Ana Weebr" {
			t.Errorf("card %s: got the keys %+v, %v", n, keys, err)
		}
		if links, err := db.Links(t.Context(), keys); err != nil || len(links) != 2 {
			t.Errorf("card %s: got %d links, %v, want both", n, len(links), err)
		}
	}
	if _, err := db.LearnerOfCard(t.Context(), newNumber()); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("a card of nobody: got %v", err)
	}
	checkShown(t, r, "the new link", after, old, corrected)
	got, err := db.LearnersByEmail(t.Context(), "ana@example.org")
	if err != nil || len(got) != 1 || got[0].Name != "Ana Weber" {
		t.Errorf("got the learners %v, %v", got, err)
	}
}

// An address that was wrong is somebody's: what was sent there leads nowhere once the address is corrected.
func TestLinkAfterAWrongAddress(t *testing.T) { onBoth(t, testLinkAfterAWrongAddress) }

func testLinkAfterAWrongAddress(t *testing.T, db *DB) {
	r := newReader(t, db)
	for i, id := range []string{"", "L-1"} {
		e, other := entry(id, "stranger@example.org", fmt.Sprintf("Ana %d", i)), entry("", "stranger@example.org", fmt.Sprintf("Stranger %d", i))
		issue(t, db, fmt.Sprint(i), e, other)
		wrong, theirs := newLink(t, db, keyOf(e)), newLink(t, db, keyOf(other))
		a := card.Amendment{Number: e.Number, Email: "ana@example.org", Actor: "office", Reason: "mistyped", At: later}
		if err := db.Amend(t.Context(), []card.Amendment{a}); err != nil {
			t.Fatal(err)
		}
		if got := shownBy(t, r, wrong); got != "none" {
			t.Errorf("ID %q: the stranger's link shows %s", id, got)
		}
		checkShown(t, r, "the link of another learner of that address", theirs, other)
		now := mustEntry(t, db, e.Number)
		right := newLink(t, db, keyOf(now))
		checkShown(t, r, "the right one", right, e)
		if i == 1 {
			continue
		}
		// A corrected card under the right address is out of sight of a link for the wrong one.
		stranger := newLink(t, db, keyOf(e))
		next := entry("", "ana@example.org", "Ana Corrected")
		next.Replaces = e.Number
		issue(t, db, "next", next)
		checkShown(t, r, "a link for the wrong address", stranger)
		checkShown(t, r, "a link for the right one", right, e, next)
	}
}

func TestRevokeLinks(t *testing.T) { onBoth(t, testRevokeLinks) }

func testRevokeLinks(t *testing.T, db *DB) {
	r := newReader(t, db)
	a, b := entry("", "box@example.org", "Ana"), entry("", "box@example.org", "Ben")
	issue(t, db, "one", a, b)
	first, second, other := newLink(t, db, keyOf(a)), newLink(t, db, keyOf(a)), newLink(t, db, keyOf(b))
	if n, err := db.RevokeLinks(t.Context(), []card.LearnerKey{keyOf(a)}, "desk", later); err != nil || n != 2 {
		t.Fatalf("got %d, %v, want 2", n, err)
	}
	if n, err := db.RevokeLinks(t.Context(), []card.LearnerKey{keyOf(a)}, "desk", later); err != nil || n != 0 {
		t.Errorf("a second time: got %d, %v", n, err)
	}
	for _, secret := range []string{first, second} {
		if got := shownBy(t, r, secret); got != "none" {
			t.Errorf("a revoked link shows %s", got)
		}
	}
	checkShown(t, r, "another's", other, b)
	links, err := db.Links(t.Context(), []card.LearnerKey{keyOf(a), {Email: "BOX@example.org"}})
	if err != nil || len(links) != 3 || links[0].RevokedBy != "desk" || !links[0].RevokedAt.Equal(later) || !links[2].RevokedAt.IsZero() || links[2].CreatedBy != "office" {
		t.Errorf("got %+v, %v", links, err)
	}
	if n, err := db.RevokeLinks(t.Context(), []card.LearnerKey{{Email: "box@example.org"}}, "desk", later); err != nil || n != 1 {
		t.Errorf("by the address: got %d, %v", n, err)
	}
	if n, err := db.RevokeLinks(t.Context(), []card.LearnerKey{{}}, "desk", later); err != nil || n != 0 {
		t.Errorf("by nothing: got %d, %v", n, err)
	}
	if _, err := db.RevokeLinks(t.Context(), nil, "", later); err == nil {
		t.Error("nobody revokes a link")
	}
}

func TestLinkLifetime(t *testing.T) { onBoth(t, testLinkLifetime) }

func testLinkLifetime(t *testing.T, db *DB) {
	r := newReader(t, db)
	e := learner(1)
	issue(t, db, "one", e)
	secret := newLink(t, db, keyOf(e)) // at noon; asked for an hour later
	for lifetime, want := range map[time.Duration]string{0: numbers(e), time.Hour: "none", time.Hour + time.Second: numbers(e)} {
		r.LinkLifetime = lifetime
		if got := shownBy(t, r, secret); got != want {
			t.Errorf("%s: got %s, want %s", lifetime, got, want)
		}
	}
}

// The file itself keeps what the links were.
func TestLinksStay(t *testing.T) { onBoth(t, testLinksStay) }

func testLinksStay(t *testing.T, db *DB) {
	e := learner(1)
	issue(t, db, "one", e)
	newLink(t, db, keyOf(e))
	for statement, want := range map[string]string{
		"DELETE FROM links":                                                    "never deleted",
		"UPDATE links SET email = 'x@example.org'":                             "revoked once",
		"UPDATE links SET hash = zeroblob(32)":                                 "revoked once",
		"UPDATE links SET created_at = 0":                                      "revoked once",
		"UPDATE links SET revoked_at = 1":                                      "CHECK",
		"INSERT OR REPLACE INTO links SELECT * FROM links":                     "once",
		"INSERT INTO links VALUES (9, x'00', 'a', '', '', 1, 'b', NULL, NULL)": "CHECK",
	} {
		if err := forge(db, statement); !refusedFor(err, want) {
			t.Errorf("%s: got %v, want an error with %q", statement, err, want)
		}
	}
	if _, err := db.RevokeLinks(t.Context(), []card.LearnerKey{keyOf(e)}, "desk", later); err != nil {
		t.Fatal(err)
	}
	if _, err := db.write.Exec("UPDATE links SET revoked_at = NULL, revoked_by = NULL"); err == nil {
		t.Error("a revoked link was brought back")
	}
}

// Links and their cards are looked up by indexes, however many the register holds.
func TestLinksUseIndexes(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	for name, query := range map[string]string{
		"a link": findLink, "its cards": ownCards, "the links of a learner": "SELECT 1 FROM links l WHERE " + theirLinks, "the learners of an address": learnersOf,
	} {
		var plan []string
		err := forEach(t.Context(), db.read, func(rows *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := rows.Scan(&id, &parent, &unused, &step)
			plan = append(plan, step)
			return err
		}, "EXPLAIN QUERY PLAN "+query, "a", "b", "c", 1)
		if err != nil || len(plan) == 0 {
			t.Fatalf("%s: got %v, %v", name, plan, err)
		}
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN ") && step != "SCAN own" {
				t.Errorf("%s: %s, of\n%s", name, step, strings.Join(plan, "\n"))
			}
		}
	}
}

// A register of the version before links gets them when it is opened for writing, and keeps what it has.
func TestLinksComeToAnOlderRegister(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "register.db")
	pool, err := openPool(path, createAccess, 1)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := os.Create(path); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	p, err := newProvider(pool)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(t.Context(), path, ReaderOptions{}); !errors.Is(err, ErrOlder) {
		t.Errorf("a reader: got %v, want %v", err, ErrOlder)
	}
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := learner(1)
	issue(t, db, "one", e)
	checkShown(t, newReader(t, db), "a link", newLink(t, db, keyOf(e)), e)
}
