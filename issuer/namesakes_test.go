package issuer

import (
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

const learnerHeading = "name,email,course,completed,score,learner_id,class\n"

func learnerRow(name, email, id, class string) string {
	return name + "," + email + ",BLS,2026-11-07,90," + id + "," + class + "\n"
}

// The same learner, course and day is the same card for ever, whatever becomes of the e-mail address.
func TestAMendedAddressIsNoSecondCard(t *testing.T) {
	b := newBench(t)
	issued := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@gmial.com", "", "")+learnerRow("Rui Costa", "", "", "")+
		learnerRow("Eva Lind", "eva@work.example", "L3", "")+learnerRow("Jon Smith", "js@example.org", "", "Morning")))
	ana := issued.Lines[0].Number.String()
	for text, want := range map[string]string{
		learnerRow("Ana Silva", "ana@gmail.com", "", ""):                                                        "learner_differs",
		learnerRow("Ana Silva", "ana@gmail.com", "A1", ""):                                                      "learner_differs",
		learnerRow("Silva Ana", "ana@gmail.com", "", ""):                                                        "name_differs",
		learnerRow("Ana Silba", "ana@gmail.com", "", ""):                                                        "name_differs",
		learnerRow("Ana Silva", "", "", ""):                                                                     "already_issued",
		learnerRow("ANA Silva", "", "", ""):                                                                     "already_issued",
		learnerRow("Rui Costa", "rui@example.org", "", ""):                                                      "already_issued",
		learnerRow("Eva Lind", "eva@home.example", "L3", ""):                                                    "already_issued",
		learnerRow("Eva Lind", "eva@home.example", "L4", ""):                                                    "",
		learnerRow("Jon Smith", "", "", "Evening"):                                                              "learner_differs",
		learnerRow("John Smith", "john@example.org", "", "Evening"):                                             "similar_name",
		learnerRow("John Smith", "john@example.org", "", "Morning"):                                             "name_differs",
		learnerRow("Ana Silva", "ana@gmial.com", "", "") + learnerRow("Ana Silva", "ana@two.example", "", ""):   "email_domain already_issued similar_name",
		learnerRow("Rui Costa", "one@example.org", "", "") + learnerRow("Rui Costa", "two@two.example", "", ""): "learner_ambiguous similar_name learner_ambiguous",
		learnerRow("Bo Berg", "bo@example.org", "", "") + learnerRow("Bo Berg", "", "", ""):                     "duplicate_row duplicate_row",
		learnerRow("Bo Berg", "bo@example.org", "B1", "") + learnerRow("Bo Berg", "", "B2", ""):                 "",
	} {
		p := b.prepare(t, learnerHeading+text)
		var got []string
		for _, one := range p.Problems() {
			got = append(got, one.Code)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if say := says(p); strings.Contains(text, "gmail") && strings.Contains(say, "gmial") {
			t.Errorf("%q: the register's address is shown: %s", text, say)
		}
	}
	say := says(b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@gmail.com", "", "")))
	for _, want := range []string{"cardproof replace " + ana + ` --email "ana@gmail.com"`, "cardproof replace " + ana + " --learner-id ID"} {
		if !strings.Contains(say, want) {
			t.Errorf("got %s, want %s", say, want)
		}
	}
}

func (b *bench) entry(t testing.TB, n card.Number) card.Entry {
	t.Helper()
	e, ok, err := b.db.FindEntry(t.Context(), n)
	if err != nil || !ok {
		t.Fatalf("card %s: %v, %v", n, ok, err)
	}
	return e
}

func TestTheRegisterTakesAddressesOnlyWhereItIsCertain(t *testing.T) {
	b := newBench(t)
	issued := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Rui Costa", "", "", "")+learnerRow("Eva Lind", "eva@work.example", "L3", "")+
		learnerRow("Bo Berg", "bo@example.org", "", "")))
	rui, eva, bo := issued.Lines[0].Number, issued.Lines[1].Number, issued.Lines[2].Number
	p := b.prepare(t, learnerHeading+learnerRow("Rui Costa", "RUI@example.org", "", "")+learnerRow("Eva Lind", "eva@home.example", "L3", "")+learnerRow("Bo Berg", "", "", ""))
	if got := b.entry(t, rui).Learner.Email; got != "" {
		t.Errorf("the check alone wrote %q", got)
	}
	if r := b.mustIssue(t, p); r.Issued != 0 || r.AlreadyIssued != 3 {
		t.Errorf("got %+v, want nothing new", r)
	}
	for n, want := range map[card.Number]string{rui: "rui@example.org", eva: "eva@home.example", bo: "bo@example.org"} {
		if got := b.entry(t, n).Learner.Email; got != want {
			t.Errorf("card %s: got %q, want %q", n, got, want)
		}
	}
	events, err := b.db.History(t.Context(), eva)
	if last := events[len(events)-1]; err != nil || last.Action != "amended" || last.Detail != "e-mail changed" || last.Actor != "tester" {
		t.Errorf("got %+v, %v", last, err)
	}
	if events, err = b.db.History(t.Context(), bo); err != nil || events[len(events)-1].Action != "issued" {
		t.Errorf("a row without an address: got %+v, %v", events, err)
	}
}

func TestALearnerIDTellsNamesakesApart(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""))).Lines[0].Number
	other := learnerHeading + learnerRow("Ana Silva", "ana@two.example", "A2", "")
	if p := b.prepare(t, other); p.Refused() != 1 {
		t.Fatalf("got %s, want it refused", says(p))
	}
	amend := card.Amendment{Number: n, LearnerID: "A1", Actor: "tester", Reason: "two people", At: testNow}
	if err := b.db.Amend(t.Context(), []card.Amendment{amend}); err != nil {
		t.Fatal(err)
	}
	if p := b.prepare(t, other); p.New() != 1 || p.Refused() != 0 {
		t.Errorf("got %s, want a card of their own", says(p))
	}
}

func TestACorrectedChainIsKnownByItsOldName(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""))).Lines[0].Number
	second := b.mustReplace(t, n, Correction{Name: "Ana Maria Sílva", Reason: "x"})
	p := b.prepare(t, learnerHeading+learnerRow("Ana Silva", "", "", ""))
	if p.AlreadyIssued() != 1 || !strings.Contains(says(p), second.String()) {
		t.Errorf("got %s, want card %s", says(p), second)
	}
	p = b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@two.example", "", ""))
	if got := codes(p); !slices.Equal(got, []string{"learner_differs"}) || !strings.Contains(says(p), second.String()) {
		t.Errorf("got %s, want a question about card %s", says(p), second)
	}
}

func TestAWithdrawnNamesakeIsNotReplacedUnasked(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""))).Lines[0].Number
	b.change(t, n, card.Revoked)
	if p := b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@two.example", "", "")); p.Refused() != 1 || !strings.Contains(says(p), "--anew") {
		t.Errorf("got %s", says(p))
	}
	if p := b.prepare(t, learnerHeading+learnerRow("Ana Silva", "", "", "")); p.New() != 0 || p.AlreadyIssued() != 1 {
		t.Errorf("got %s", says(p))
	}
}

func TestACorrectedDayIsNoticed(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.prepare(t, learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""))).Lines[0].Number
	for day, want := range map[string]bool{"2026-11-08": true, "2026-10-07": true, "2026-10-06": false, "2024-11-07": false} {
		p := b.prepare(t, strings.Replace(learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""), "2026-11-07", day, 1))
		if got := strings.Contains(says(p), "near_completion notice: Card "+n.String()); got != want || p.Refused() != 0 {
			t.Errorf("%s: got %s, want a notice: %v", day, says(p), want)
		}
	}
	p := b.prepare(t, strings.Replace(learnerHeading+learnerRow("Ana Silva", "ana@one.example", "", ""), ",90,", ",70,", 1))
	if got := says(p); !strings.Contains(got, "low_score") || !strings.Contains(got, "already_issued notice") {
		t.Errorf("a refused row of one who has the card: got %s", got)
	}
}
