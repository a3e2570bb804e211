package issuer

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer/roster"
)

func TestAWrongLearnerIDGivesUpNobodysCard(t *testing.T) {
	b := newBench(t)
	const heading = "name,course,completed,score,learner_id\n"
	batch, cards := b.held(t, heading+"Ida,BLS,2026-11-07,90,77\nJon,BLS,2026-11-07,90,78\n")
	p := b.hold(t, heading+"Kim,BLS,2026-11-07,90,77\n")
	if got := codes(p); !slices.Equal(got, []string{"name_differs"}) || !strings.Contains(says(p), batch) {
		t.Errorf("got %s", says(p))
	}
	r, err := b.Issue(t.Context(), p, Delivery{})
	if err != nil || r.Held != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	if e, _, err := b.db.FindEntry(t.Context(), cards[0].Number); err != nil || e.State != card.Planned {
		t.Errorf("Ida's card is %s, %v", e.State, err)
	}
	b.held(t, heading+"Jonn,BLS,2026-11-07,90,78\n")
	if r := b.release(t, batch); r.Issued != 1 || r.GivenUp != 1 {
		t.Errorf("got %d issued and %d given up, want one each", r.Issued, r.GivenUp)
	}
}

func TestEvidenceOfElsewhereDoesNotCureAWithdrawnCard(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	lines := b.mustIssue(t, b.prepare(t, anewHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\nAna Silva,ana@example.org,BLS,2026-11-08,90,,,,\nRui Costa,rui@example.org,BLS,2026-11-07,90,,,,\n")).Lines
	b.change(t, lines[0].Number, card.Revoked)
	row := func(name, email, prior string) string {
		return anewHeading + name + "," + email + ",PALS,2026-11-09,90,,,," + prior + "\n"
	}
	other := lines[2].Number.String()
	for text, want := range map[string]string{
		row("Ana Silva", "ana@example.org", "external: BLS of Lyon"):                  "", // the other card of hers meets it
		row("Rui Costa", "rui@example.org", "external: pending"):                      "",
		row("Eva Lima", "eva@example.org", "external: pending"):                       "prerequisite_missing",
		row("Eva Lima", "eva@example.org", "external: Keine Karte"):                   "prerequisite_missing",
		row("Eva Lima", "eva@example.org", "external: not available"):                 "prerequisite_missing",
		row("Eva Lima", "eva@example.org", "external: BLS pending"):                   "prerequisite_missing",
		row("Eva Lima", "eva@example.org", other+"; external: BLS of Lyon"):           "prerequisite_missing",
		row("Eva Lima", "eva@example.org", "external: BLS of Lyon"):                   "",
		row("Eva Lima", "eva@example.org", "external: BLS 4711 seen and no card yet"): "",
	} {
		p := b.prepare(t, text)
		if got := strings.Join(codes(p), " "); got != want && !(strings.Contains(text, "Rui") && got == "prerequisite_missing") {
			t.Errorf("%q: got %s, want %q", text, says(p), want)
		}
	}
	b.change(t, lines[1].Number, card.Revoked)
	if p := b.prepare(t, row("Ana Silva", "ana@example.org", other+"; external: BLS of Lyon")); p.New() != 0 {
		t.Errorf("beside another's card: got %s", says(p))
	}
	if p := b.prepare(t, row("Ana Silva", "", "external: BLS of Lyon")); p.New() != 1 || !strings.Contains(says(p), "withdrawn_namesake notice") {
		t.Errorf("by the name alone: got %s", says(p))
	}
	if p := b.prepare(t, row("Ana Silva", "another@example.org", "external: BLS of Lyon")); p.New() != 1 || says(p) != "" {
		t.Errorf("another's address: got %s", says(p))
	}
}

// lapsing withdraws a card when the file of another is archived.
type lapsing struct {
	Archive
	db    *register.DB
	prior card.Number
}

func (l *lapsing) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	_, err := l.db.ChangeAll(context.Background(), []card.Number{l.prior}, card.Change{To: card.Revoked, Actor: "colleague", Reason: "x", At: testNow})
	if err != nil {
		return nil, err
	}
	return l.Archive.Put(ctx, files)
}

// releasing withdraws a card when the release begins, after everything was judged.
type releasing struct {
	*register.DB
	prior card.Number
}

func (r *releasing) Release(ctx context.Context, batch, actor string, at time.Time) ([]card.Number, error) {
	if _, err := r.DB.Change(ctx, card.Change{Number: r.prior, To: card.Revoked, Actor: "colleague", Reason: "x", At: at}); err != nil {
		return nil, err
	}
	return r.DB.Release(ctx, batch, actor, at)
}

func TestAPrerequisiteThatIsWithdrawnMeanwhile(t *testing.T) {
	text := anewHeading + "Ana Silva,ana@example.org,PALS,2026-11-09,90,,Ruth,,\nRui Costa,rui@example.org,PALS,2026-11-09,90,,Ruth,,external: BLS of Lyon\n"
	start := func(t *testing.T) (*bench, card.Number) {
		b := newBench(t)
		b.withCourses(t)
		n := b.mustIssue(t, b.prepare(t, anewHeading+"Ana Sila,ana@example.org,BLS,2026-11-07,90,,,,\n")).Lines[0].Number
		return b, b.mustReplace(t, n, Correction{Name: "Ana Silva", Reason: "x"})
	}
	t.Run("while the card is made", func(t *testing.T) {
		b, bls := start(t)
		whole := b.Archive
		b.Archive = &lapsing{whole, b.db, bls}
		p := b.prepare(t, text)
		r, err := b.Issue(t.Context(), p, b.out("out"))
		var lapsed *card.LapsedError
		if !errors.As(err, &lapsed) || lapsed.Prior != bls || r.Issued != 1 {
			t.Fatalf("got %+v, %v, want a *card.LapsedError and the other card", r, err)
		}
		if e, _, err := b.db.FindEntry(t.Context(), lapsed.Number); err != nil || e.State != card.Planned {
			t.Errorf("the card is %s, %v", e.State, err)
		}
		b.Archive = whole
		if got := codes(b.prepare(t, text)); !slices.Equal(got, []string{"prerequisite_missing"}) {
			t.Errorf("again: got %q", got)
		}
	})
	t.Run("in the moment of the release", func(t *testing.T) {
		b, bls := start(t)
		batch, _ := b.held(t, text)
		b.Recorder = &releasing{b.db, bls}
		var stale *StaleError
		if _, err := b.Release(t.Context(), batch, b.out("out")); !errors.As(err, &stale) {
			t.Errorf("got %v, want a *StaleError", err)
		}
		if after, _, err := b.db.FindBatch(t.Context(), batch); err != nil || after.State() != card.BatchHeld {
			t.Errorf("got %s, %v", after.State(), err)
		}
	})
	t.Run("a later correction of the prior card, and one of this card", func(t *testing.T) {
		b, bls := start(t)
		batch, cards := b.held(t, text)
		next := b.mustReplace(t, bls, Correction{Instructor: "Ida Berg", Reason: "x"})
		b.release(t, batch)
		b.change(t, next, card.Revoked)
		b.mustReplace(t, cards[0].Number, Correction{Name: "Ana Sílva", Reason: "accent"})
	})
}

func TestALearnerWithoutAClassCountsToTheInstructors(t *testing.T) {
	row := func(name, class, instructor string) string {
		return name + "," + strings.ToLower(name) + "@example.org,PALS,2026-11-07,90," + class + "," + instructor + ",,external: BLS of Lyon\n"
	}
	for _, c := range []struct {
		before, text string
		want         int
	}{
		{"", row("Ana", "P-1", "Ruth") + row("Rui", "P-1", "Ruth") + row("Eva", "", "Ruth"), 3},
		{"", row("Ana", "P-1", "Ruth") + row("Rui", "P-1", "Ruth") + row("Eva", "", "Tom"), 0},
		{row("Ana", "P-1", "Ruth") + row("Rui", "P-1", "Ruth"), row("Eva", "", "Ruth"), 1},
		{row("Ana", "", "Ruth") + row("Rui", "", "Ruth"), row("Eva", "P-1", "Ruth"), 1},
		{row("Ana", "", "Ruth") + row("Rui", "", "Ruth"), row("Eva", "P-1", "Tom"), 0},
	} {
		b := newBench(t)
		b.withCourses(t)
		if c.before != "" {
			b.mustIssue(t, b.prepare(t, anewHeading+c.before))
		}
		if p := b.prepare(t, anewHeading+c.text); p.Refused() != c.want {
			t.Errorf("%q after %q: got %d refused: %s", c.text, c.before, p.Refused(), says(p))
		}
	}
}

func TestCorrectionsThatAreLikelySlips(t *testing.T) {
	b := newBench(t)
	lines := b.mustIssue(t, b.prepare(t, anewHeading+"Ana Silva,a@example.org,BLS,2026-11-07,90,,,,\nRui Costa,r@example.org,BLS,2026-11-07,90,,,,\n")).Lines
	ana, rui := lines[0].Number, lines[1].Number
	var taken *NameTakenError
	if _, err := b.Replace(t.Context(), ana, Correction{Name: "RUI Costa", Reason: "x"}, b.out("out")); !errors.As(err, &taken) || taken.Other != rui {
		t.Errorf("a classmate's name: got %v", err)
	}
	plan := func(rows ...roster.CorrectionRow) *Plan {
		t.Helper()
		p, err := b.PrepareCorrections(t.Context(), &roster.Corrections{Name: "c.csv", Rows: rows}, "x", false)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := plan(roster.CorrectionRow{Row: 2, Number: ana, Name: "Rui Costa"}, roster.CorrectionRow{Row: 3, Number: rui, Name: "Ana Silva"})
	if got := codes(p); !slices.Equal(got, []string{"name_taken", "name_taken"}) {
		t.Errorf("names that are swapped: got %s", says(p))
	}
	next := b.mustReplace(t, ana, Correction{Name: "Anna Silva", Reason: "x"})
	p = plan(roster.CorrectionRow{Row: 2, Number: ana, Name: "Anna Silva"}, roster.CorrectionRow{Row: 3, Number: next, Name: "Annah Silva"})
	if got := codes(p); !slices.Equal(got, []string{"duplicate_row"}) {
		t.Errorf("a card and its replacement: got %s", says(p))
	}
	if _, err := b.Replace(t.Context(), next, Correction{Name: "Rui Costa", Reason: "x", Namesake: true}, b.out("out")); err != nil {
		t.Errorf("a person stands by it: got %v", err)
	}
}

func TestACorrectionThatWasOvertakenIsGivenUp(t *testing.T) {
	for state, want := range map[card.State]string{card.Revoked: "cardproof discard ", card.Suspended: "cardproof reinstate "} {
		b := newBench(t)
		n := b.mustIssue(t, b.plan(t, 1)).Lines[0].Number
		whole := b.Archive
		b.Archive = failAfter(whole, 0)
		fix := Correction{Name: "Cyrus", Reason: "x"}
		if _, err := b.Replace(t.Context(), n, fix, b.out("out")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		b.Archive = whole
		b.change(t, n, state)
		var overtaken *OvertakenError
		_, err := b.Replace(t.Context(), n, fix, b.out("out"))
		if !errors.As(err, &overtaken) || !strings.Contains(overtaken.Remedy(), want) || !strings.Contains(overtaken.Remedy(), "cardproof discard "+overtaken.Batch) {
			t.Fatalf("%s: got %v", state, err)
		}
		if _, err := b.Discard(t.Context(), overtaken.Batch, "x"); err != nil {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestAFileThatIsMissingBeforeTheRelease(t *testing.T) {
	b := newBench(t)
	const text = anewHeading + "Mia Rossi,m@example.org,BLS,2026-11-07,90,,,,\nNed Stone,n@example.org,BLS,2026-11-07,90,,,,\n"
	batch, cards := b.held(t, text)
	files := func(n card.Number) []string {
		t.Helper()
		paths, err := filepath.Glob(filepath.Join(b.dir, "cards", n.Compact()[:2], n.Compact()+"*.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		return paths
	}
	if _, err := b.Archive.Remove(t.Context(), cards[0].Number); err != nil {
		t.Fatal(err)
	}
	var lost *FilesLostError
	if _, err := b.Release(t.Context(), batch, b.out("out")); !errors.As(err, &lost) || lost.Batch != batch {
		t.Fatalf("got %v, want a *FilesLostError", err)
	}
	if _, err := b.Issue(t.Context(), b.hold(t, text), Delivery{}); err != nil {
		t.Fatal(err)
	}
	b.change(t, cards[1].Number, card.Revoked)
	b.release(t, batch)
	if got := files(cards[1].Number); len(got) != 0 {
		t.Errorf("the file of the card that was taken out: got %v, want it gone", got)
	}
	if got := files(cards[0].Number); len(got) != 1 {
		t.Errorf("the other: got %v", got)
	}
}
