package issuer

import (
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// A card that a person took out of a batch is not made again unasked, whatever becomes of the e-mail address.
func TestACardThatWasTakenOutIsNotMadeAgain(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Ana Silva", "ana@one.example", "", ""), "already_revoked"},
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Ana Silva", "", "", ""), "already_revoked"},
		{learnerRow("Ana Silva", "", "", ""), learnerRow("Ana Silva", "ana@one.example", "", ""), "already_revoked"},
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Ana Silva", "ana@two.example", "", ""), "learner_differs"},
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Anna Silva", "ana@two.example", "", ""), "name_differs"},
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Anna Silva", "ana@one.example", "", ""), "name_differs"},
		{learnerRow("Ana Silva", "", "", ""), learnerRow("Silva Ana", "", "", ""), "name_differs"},
		{learnerRow("Ana Silva", "", "", "Morning"), learnerRow("Ana Silva", "", "", "Evening"), "learner_differs"},
		{learnerRow("Ana Silva", "ana@one.example", "A1", ""), learnerRow("Ana Silva", "ana@two.example", "A2", ""), ""},
		{learnerRow("Ana Silva", "ana@one.example", "", ""), learnerRow("Rui Costa", "rui@example.org", "", ""), ""},
	} {
		for _, released := range []bool{false, true} {
			b := newBench(t)
			held, err := b.Issue(t.Context(), b.hold(t, learnerHeading+c.before+learnerRow("Bo Berg", "bo@example.org", "B", "")), Delivery{})
			if err != nil {
				t.Fatal(err)
			}
			entries, err := b.db.BatchEntries(t.Context(), held.Batch)
			if err != nil {
				t.Fatal(err)
			}
			n := entries[0].Number
			b.change(t, n, card.Revoked)
			if released {
				if _, err := b.Release(t.Context(), held.Batch, Delivery{Dir: b.out("released").Dir}); err != nil {
					t.Fatal(err)
				}
			}
			p := b.hold(t, learnerHeading+c.after)
			if got := strings.Join(codesOf(p), " "); got != c.want {
				t.Errorf("%q, then %q: got %q, want %q", c.before, c.after, got, c.want)
			}
			say := says(p)
			if c.want != "" && (p.New() != 0 || !strings.Contains(say, n.String()) || strings.Contains(say, "..")) {
				t.Errorf("%q, then %q: %d new, %s", c.before, c.after, p.New(), say)
			}
			if strings.Contains(say, "one.example") && !strings.Contains(c.after, "one.example") {
				t.Errorf("the register's address is shown: %s", say)
			}
		}
	}
}

// codesOf are the codes of all that a plan says, notices too.
func codesOf(p *Plan) []string {
	var all []string
	for _, one := range p.Problems() {
		if one.Code != "no_instructor" {
			all = append(all, one.Code)
		}
	}
	return all
}
