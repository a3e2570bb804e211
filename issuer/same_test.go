package issuer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func (b *bench) amend(t testing.TB, n card.Number, c Correction) {
	t.Helper()
	if c.Reason == "" {
		c.Reason = "x"
	}
	if changed, err := b.Amend(t.Context(), n, c); err != nil || !changed {
		t.Fatalf("card %s: %v, %v", n, changed, err)
	}
}

func TestOneLearnerTwiceInAListIsAsked(t *testing.T) {
	both := "duplicate_row" // with the rows of both
	for text, want := range map[string]string{
		learnerRow("Ana Silva", "ana@gmail.com", "", "") + learnerRow("Ana Silva", "ana@gmial.com", "", ""):        "email_domain " + both,
		learnerRow("Ana Silva", "ana@gmail.com", "1", "") + learnerRow("Ana Silva", "ana@gmial.com", "2", ""):      "email_domain",
		learnerRow("Ana Silva", "ana@gmail.com", "", "") + learnerRow("Ana Silva", "eva@gmial.com", "", ""):        "email_domain similar_name",
		learnerRow("Heiko Bäcker", "a@example.org", "", "") + learnerRow("Heiko Baecker", "b@example.org", "", ""): "similar_name",
		learnerRow("Ann Alpha", "a@example.org", "", "") + learnerRow("Anne Alpha", "b@example.org", "", ""):       "similar_name",
		learnerRow("Heiko Bäcker", "", "", "") + learnerRow("Heiko Baecker", "", "", ""):                           "similar_name " + both,
		learnerRow("Ann Alpha", "a@example.org", "", "") + learnerRow("Anne Alpha", "", "", ""):                    "similar_name " + both,
		learnerRow("Ann Alpha", "", "", "") + learnerRow("Alpha Ann", "", "", ""):                                  both,
		learnerRow("Ann Alpha", "", "1", "") + learnerRow("Alpha Ann", "", "2", ""):                                "",
		learnerRow("Ann Alpha", "", "", "") + learnerRow("Rui Alpha", "", "", ""):                                  "",
		learnerRow("Madonna", "", "", "") + learnerRow("Madona", "", "", ""):                                       "similar_name " + both,
		learnerRow("Ann Alpha", "", "", "Morning") + learnerRow("Alpha Ann", "", "", "Evening"):                    "",
		learnerRow("Ann Alpha", "a@example.org", "", "BLS-117") + learnerRow("Alpha Ann", "", "", "BLS 117"):       both,
	} {
		p := newBench(t).prepare(t, learnerHeading+text)
		if got := codesOf(p); !sameWords(got, strings.Fields(want)) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if refused := strings.Contains(want, "duplicate_row"); refused != (p.Refused() == 2) {
			t.Errorf("%q: %d refused", text, p.Refused())
		}
	}
}

// sameWords compares codes whatever their order: it is that of the rows.
func sameWords(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestAMendedIDIsNotPassedOver(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ann Alpha", "", "1", ""))).Lines[0].Number
	if p := b.prepare(t, learnerHeading+learnerRow("Ann Alpha", "", "l", "")); !strings.HasPrefix(says(p), "similar_name notice: Card "+n.String()) {
		t.Errorf("got %s, want a notice of card %s", says(p), n)
	}
	b.amend(t, n, Correction{LearnerID: "9"})
	for _, id := range []string{"1", "l"} {
		if p := b.prepare(t, learnerHeading+learnerRow("Ann Alpha", "", id, "")); p.New() != 0 || p.Refused() != 1 || !strings.Contains(says(p), n.String()) {
			t.Errorf("%s: got %s, want a question about card %s", id, says(p), n)
		}
	}
	if p := b.prepare(t, learnerHeading+learnerRow("Ann Alpha", "", "9", "")); p.AlreadyIssued() != 1 {
		t.Errorf("got %s", says(p))
	}
}

func TestAClassSpelledOtherwiseIsTheSame(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Jon Smith", "js@example.org", "", "BLS-117"))).Lines[0].Number
	for class, want := range map[string]string{"BLS 117": "name_differs :", "bls117": "name_differs :", "BLS-118": "similar_name notice"} {
		p := b.prepare(t, learnerHeading+learnerRow("John Smith", "john@example.org", "", class))
		if got := says(p); !strings.HasPrefix(got, want) || !strings.Contains(got, n.String()) {
			t.Errorf("%s: got %s, want %s", class, got, want)
		}
	}
}

func TestAnIDOfAnotherNameIsAskedAboutBeforeTheHeldBatch(t *testing.T) {
	b := newBench(t)
	if _, err := b.Issue(t.Context(), b.hold(t, learnerHeading+learnerRow("Ida Berg", "ida@example.org", "77", "")), Delivery{}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Kim K": "name_differs", "Ida Berg": "held"} {
		if got := says(b.prepare(t, learnerHeading+learnerRow(name, "ida@example.org", "77", ""))); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestTheReasonOfAnAnewCardTakesNoName(t *testing.T) {
	b := newBench(t)
	r := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Nora Nord", "nora@example.org", "", "")+learnerRow("Ida Berg", "ida@example.org", "", "")))
	nora, ida := r.Lines[0].Number, r.Lines[1].Number
	b.change(t, ida, card.Revoked)
	_, err := b.Replace(t.Context(), ida, Correction{Name: "Nora Nord", Reason: "revoked in error", Anew: true, Namesake: true}, b.out("anew"))
	var taken *NameTakenError
	if !errors.As(err, &taken) || taken.Other != nora || !strings.Contains(taken.Remedy(), "first issue the card anew") {
		t.Errorf("got %v, want that card %s has the name", err, nora)
	}
}

func TestASharedAddressNamesTheCard(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ida Berg", "ida@example.org", "", ""))).Lines[0].Number
	got := says(b.prepare(t, learnerHeading+learnerRow("Kim Nord", "ida@example.org", "", "")))
	if want := "cardproof replace " + n.String() + ` --name "Kim Nord"`; !strings.HasPrefix(got, "shared_email notice") || !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnOlderRosterDoesNotUndoAPerson(t *testing.T) {
	b := newBench(t)
	list := learnerHeading + learnerRow("Ida Berg", "ida@old.example", "7", "") + learnerRow("Bo Nord", "bo@old.example", "8", "") + learnerRow("Rui Costa", "rui@old.example", "9", "")
	r := b.mustIssue(t, b.prepare(t, list))
	b.amend(t, r.Lines[0].Number, Correction{Email: "ida@new.example"})
	bo := b.mustReplace(t, r.Lines[1].Number, Correction{Name: "Bo Nordh", Email: "bo@new.example", Reason: "x"})
	b.mustIssue(t, b.prepare(t, strings.Replace(list, "rui@old", "rui@new", 1)))
	p := b.prepare(t, list)
	if got := says(p); strings.Count(got, "which a person corrected") != 2 || strings.Count(got, "takes its e-mail address from the row") != 1 {
		t.Errorf("got %s", got)
	}
	b.mustIssue(t, p)
	for n, want := range map[card.Number]string{r.Lines[0].Number: "ida@new.example", bo: "bo@new.example", r.Lines[2].Number: "rui@old.example"} {
		if got := b.entry(t, n).Learner.Email; got != want {
			t.Errorf("card %s: got %q, want %q", n, got, want)
		}
	}
}

func TestARowGivesItsCardTheID(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ida Berg", "", "", ""))).Lines[0].Number
	b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ida Berg", "", "7", "")))
	if got := b.entry(t, n).Learner.ID; got != "7" {
		t.Fatalf("got the ID %q, want 7", got)
	}
	if p := b.prepare(t, learnerHeading+learnerRow("Ida Berg", "", "8", "")); p.New() != 1 || !strings.HasPrefix(says(p), "similar_name notice") {
		t.Errorf("got %s, want a card of their own", says(p))
	}
}
