package issuer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestABatchIsIssuedAnewButForWhatWasWithdrawnByItself(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 4))
	own, corrected := first.Lines[0].Number, first.Lines[1].Number
	b.change(t, own, card.Revoked)
	second := b.mustReplace(t, corrected, Correction{Name: "Łucja Kowalska", Reason: "x"})
	_, err := b.db.ChangeBatch(t.Context(), card.BatchChange{Batch: first.Batch, To: card.Revoked, Actor: "tester", Reason: "x", At: b.now()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.PrepareAnew(t.Context(), strings.ToLower(first.Batch), "revoked in error")
	if err != nil || p.New() != 3 || !strings.HasPrefix(says(p), "already_revoked notice: Card "+own.String()) {
		t.Fatalf("got %d new, %s, %v", p.New(), says(p), err)
	}
	r := b.mustIssue(t, p)
	for n, want := range []card.Number{second, first.Lines[2].Number, first.Lines[3].Number} {
		if got := b.entry(t, r.Lines[n].Number); got.Replaces != want || got.State != card.Issued {
			t.Errorf("got %s in the place of %s, want of %s", got.State, got.Replaces, want)
		}
		if got := b.entry(t, want).State; got != card.Revoked {
			t.Errorf("card %s became %s", want, got)
		}
	}
	if p, err = b.PrepareAnew(t.Context(), first.Batch, "again"); err != nil || p.New() != 0 {
		t.Errorf("again: got %d new, %v", p.New(), err)
	}
}

func TestAListOfCardsKnowsAReplacement(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 2))
	old := first.Lines[0].Number
	for range 2 { // the second time delivers it once more
		r, err := b.Replace(t.Context(), old, Correction{Name: "Łucja Kowalska", Reason: "x"}, b.out("out"))
		if err != nil || !r.Relisted {
			t.Fatalf("got %+v, %v", r, err)
		}
		data, err := os.ReadFile(filepath.Join(b.out("out").Dir, ManifestName))
		rows := strings.Split(strings.TrimSpace(string(data)), "\n")
		if err != nil || len(rows) != 4 {
			t.Fatalf("got %q, %v", rows, err)
		}
		if !strings.HasPrefix(rows[1], "2,"+old.String()) || !strings.HasSuffix(rows[1], ",superseded") || strings.Contains(rows[1], ".pdf") ||
			!strings.HasPrefix(rows[2], "2,"+r.Lines[0].Number.String()) || !strings.HasSuffix(rows[2], ",issued") {
			t.Errorf("got %q", rows)
		}
	}
	if r, err := b.Replace(t.Context(), first.Lines[1].Number, Correction{Name: "Eva Lind", Reason: "x"}, b.out("other")); err != nil || r.Relisted {
		t.Errorf("a folder without a list: got %+v, %v", r, err)
	}
}

func TestAmendRefusesWhatIsNoAddress(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.plan(t, 1)).Lines[0].Number
	for _, c := range []Correction{{Email: "nobody"}, {LearnerID: "L\u202e1"}} {
		c.Reason = "x"
		if changed, err := b.Amend(t.Context(), n, c); err == nil || changed {
			t.Errorf("%+v: got %v, %v", c, changed, err)
		}
	}
	if changed, err := b.Amend(t.Context(), n, Correction{Email: "L0@example.org", Reason: "x"}); err != nil || changed {
		t.Errorf("the same address: got %v, %v", changed, err)
	}
	second := b.mustReplace(t, n, Correction{Name: "Eva Lind", Email: "eva@example.org", Reason: "x"})
	if got := b.entry(t, second).Learner; got != (card.Learner{Email: "eva@example.org", ID: "L0"}) {
		t.Errorf("got %+v", got)
	}
	if _, err := b.Amend(t.Context(), n, Correction{Email: "x@example.org", Reason: "x"}); err == nil {
		t.Error("a card that was replaced was amended")
	}
}
