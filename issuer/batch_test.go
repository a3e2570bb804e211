package issuer

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster"
)

const classHeading = "name,email,course,completed,score,class,instructor,learner_id,prior_card\n"

// withCourses gives the bench a catalogue in which PALS presupposes BLS and has two learners for an instructor.
func (b *bench) withCourses(t testing.TB) {
	t.Helper()
	two := func(months int) course.Validity { return course.Validity{Months: months, Until: course.UntilDay} }
	catalogue, err := course.New([]course.Course{
		{Code: "BLS", Title: "Basic Life Support", Meets: []string{"BLS", "CPR"}, Validity: two(24), Trained: "give CPR"},
		{Code: "PALS", Title: "Pediatric Advanced Life Support", Meets: []string{"PALS"}, Validity: two(24),
			Prerequisites: []course.Prerequisite{{Course: "BLS", External: true}}, ParticipantsPerInstructor: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Catalogue = catalogue
}

// at sets the clock to noon of a day.
func (b *bench) at(t testing.TB, day string) {
	t.Helper()
	now, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	b.Now = func() time.Time { return now.Add(12 * time.Hour) }
}

func (b *bench) hold(t testing.TB, text string) *Plan {
	t.Helper()
	r, err := roster.Read(strings.NewReader(text), roster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.PrepareHeld(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func codes(p *Plan) []string {
	var found []string
	for _, one := range p.Problems() {
		if one.Severity == roster.Error {
			found = append(found, one.Code)
		}
	}
	return found
}

func TestAPrerequisiteIsCurrentOnTheDayOfCompletion(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	b.at(t, "2026-11-21")
	b.mustIssue(t, b.prepare(t, classHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\n"))
	for completed, want := range map[string][]string{
		"2028-11-07": nil,
		"2028-11-08": {"prerequisite_expired"},
		"2026-11-06": {"prerequisite_missing"},
	} {
		b.at(t, "2028-11-05")
		if strings.HasPrefix(completed, "2028") {
			b.at(t, "2028-12-01")
		}
		if got := codes(b.prepare(t, classHeading+"Ana Silva,ana@example.org,PALS,"+completed+",90,,,,\n")); !slices.Equal(got, want) {
			t.Errorf("completed on %s: got %q, want %q", completed, got, want)
		}
	}
}

func TestAClassThatComesInTwoFilesIsOneClass(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	row := func(name, instructor string) string {
		return name + "," + strings.ToLower(name) + "@example.org,PALS,2026-11-07,90,P-1," + instructor + ",,external: BLS of Lyon\n"
	}
	first := b.prepare(t, classHeading+row("Ana", "Ruth")+row("Rui", "Ruth"))
	if got := codes(first); len(got) > 0 {
		t.Fatalf("two learners: got %q", got)
	}
	b.mustIssue(t, first)
	again := b.prepare(t, classHeading+row("Ana", "Ruth")+row("Rui", "Ruth"))
	if got := codes(again); len(got) > 0 || again.AlreadyIssued() != 2 {
		t.Errorf("the class again: got %q and %d issued, want the two cards", got, again.AlreadyIssued())
	}
	third := b.prepare(t, classHeading+row("Eva", "Ruth"))
	if got := codes(third); !slices.Equal(got, []string{"ratio_exceeded"}) || third.Refused() != 1 {
		t.Errorf("the third learner: got %q, want ratio_exceeded", got)
	}
	if got := codes(b.prepare(t, strings.ReplaceAll(classHeading+row("Eva", "ruth"), "P-1", "p-1"))); !slices.Equal(got, []string{"ratio_exceeded"}) {
		t.Errorf("the third learner of the class in small letters: got %q, want ratio_exceeded", got)
	}
	if got := codes(b.prepare(t, classHeading+row("Eva", "Tom"))); len(got) > 0 {
		t.Errorf("the third learner with a second instructor: got %q", got)
	}
	all := b.prepare(t, classHeading+row("Ana", "Ruth")+row("Rui", "Ruth")+row("Eva", "Ruth"))
	if got := codes(all); !slices.Equal(got, []string{"ratio_exceeded"}) || all.Refused() != 1 || all.AlreadyIssued() != 2 {
		t.Errorf("all three: got %q, %d refused, %d issued; want the third alone refused", got, all.Refused(), all.AlreadyIssued())
	}
}

func TestTheCatalogueIsFrozenWithTheCard(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	n := b.mustIssue(t, b.prepare(t, classHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\n")).Lines[0].Number
	catalogue, err := course.New([]course.Course{{Code: "BLS", Title: "Another", Meets: []string{"BLS"}, Validity: course.Validity{Months: 1, Until: course.UntilDay}}})
	if err != nil {
		t.Fatal(err)
	}
	b.Catalogue = catalogue
	e, _, err := b.db.FindEntry(t.Context(), n)
	if err != nil || e.Qualification.Title != "Basic Life Support" || !slices.Equal(e.Qualification.Meets, []string{"BLS", "CPR"}) || !strings.Contains(e.Catalogue, "give CPR") {
		t.Errorf("got %+v and %s, %v", e.Qualification, e.Catalogue, err)
	}
	l := b.mustReplace(t, n, Correction{Name: "Ana Sílva", Reason: "accent"})
	e, _, err = b.db.FindEntry(t.Context(), l)
	if err != nil || e.Qualification.Title != "Basic Life Support" || e.ExpiresOn.String() != "2028-11-07" {
		t.Errorf("the replacement got %+v, valid through %s, %v", e.Qualification, e.ExpiresOn, err)
	}
}

func (b *bench) mustReplace(t testing.TB, n card.Number, c Correction) card.Number {
	t.Helper()
	r, err := b.Replace(t.Context(), n, c, b.out("replaced"))
	if err != nil {
		t.Fatal(err)
	}
	return r.Lines[0].Number
}

func TestALaterCompletionRenews(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	row := func(completed string) string {
		return classHeading + "Ana Silva,ana@example.org,BLS," + completed + ",90,,,L1,\n"
	}
	first := b.mustIssue(t, b.prepare(t, row("2025-11-07"))).Lines[0].Number
	corrected := b.mustReplace(t, first, Correction{Instructor: "Ruth", Reason: "was missing"})
	later := b.mustIssue(t, b.prepare(t, row("2026-11-07"))).Lines[0].Number
	e, _, err := b.db.FindEntry(t.Context(), later)
	if err != nil || e.Renews != corrected {
		t.Errorf("got a renewal of %q, %v, want %s", e.Renews, err, corrected)
	}
	if by, ok, err := b.db.FindRenewal(t.Context(), corrected); err != nil || !ok || by != later {
		t.Errorf("got the renewal %s, %v, %v, want %s", by, ok, err, later)
	}
}

func TestHeldCardsWait(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	text := classHeading + "Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\nRui Costa,rui@example.org,BLS,2026-11-07,90,,,,\n"
	held, err := b.Issue(t.Context(), b.hold(t, text), b.out("out"))
	if err != nil || held.Held != 2 || held.Issued != 0 || len(held.Lines) != 0 {
		t.Fatalf("got %+v, %v, want two cards that wait", held, err)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "out")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the output folder: %v, want none", err)
	}
	if got := codes(b.prepare(t, text)); !slices.Equal(got, []string{"held", "held"}) {
		t.Errorf("without hold: got %q, want both rows refused", got)
	}
	if err := os.Remove(b.archived(t, held.Batch, 1)); err != nil {
		t.Fatal(err)
	}
	var lost *UndeliveredError
	if r, err := b.Release(t.Context(), held.Batch, Delivery{}); !errors.As(err, &lost) || r != nil {
		t.Errorf("with a file lost: got %+v, %v, want nothing released", r, err)
	}
	again, err := b.Issue(t.Context(), b.hold(t, text), Delivery{})
	if err != nil || again.Held != 2 || again.Batch != held.Batch {
		t.Fatalf("again: got %+v, %v, want the same batch", again, err)
	}
	r, err := b.Release(t.Context(), strings.ToLower(held.Batch), b.out("out"))
	if err != nil || r.Issued != 2 || len(r.Lines) != 2 || r.Lines[0].State != card.Issued {
		t.Fatalf("release: got %+v, %v", r, err)
	}
	if _, err := b.Discard(t.Context(), held.Batch, "too late"); !errors.Is(err, card.ErrReleased) {
		t.Errorf("discard after release: got %v", err)
	}
}

// archived is the path of a card's file in the archive.
func (b *bench) archived(t testing.TB, batch string, n int) string {
	t.Helper()
	entries, err := b.db.BatchEntries(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(b.dir, "cards", filepath.FromSlash(archive.Name(entries[n].Number, entries[n].SHA256)))
}

// A batch that is begun in one way is never finished in the other: what was to wait waits, and what was not is made anew.
func TestAnUnfinishedCardChangesSidesOnlyAnew(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	text := classHeading + "Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\n"
	broken := b.prepare(t, text)
	if _, err := b.record(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	held, err := b.Issue(t.Context(), b.hold(t, text), Delivery{})
	if err != nil || held.Held != 1 {
		t.Fatalf("got %+v, %v, want one card that waits", held, err)
	}
	first, _, err := b.db.FindBatch(t.Context(), broken.lines[0].entry.Batch)
	if err != nil || first.State() != card.BatchDiscarded || first.GivenUp != 1 {
		t.Errorf("the first batch: got %+v, %v, want it given up", first, err)
	}
	n, err := b.Discard(t.Context(), held.Batch, "not needed")
	if err != nil || n != 1 {
		t.Errorf("discard: got %d, %v", n, err)
	}
	if r := b.mustIssue(t, b.prepare(t, text)); r.Issued != 1 {
		t.Errorf("after a discard: got %+v, want the card issued", r)
	}
	if _, err := b.Release(t.Context(), held.Batch, Delivery{}); !errors.Is(err, card.ErrDiscarded) {
		t.Errorf("release after discard: got %v", err)
	}
	if _, err := b.Release(t.Context(), "nowhere", Delivery{}); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("release of no batch: got %v", err)
	}
}

func TestCorrectionsOfAFile(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	issued := b.mustIssue(t, b.prepare(t, classHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\nRui Costa,rui@example.org,BLS,2026-11-07,90,,,,\n"))
	ana, rui := issued.Lines[0].Number, issued.Lines[1].Number
	prepare := func(rows string) *Plan {
		path := filepath.Join(t.TempDir(), "corrections.csv")
		if err := os.WriteFile(path, []byte("Card number;Name\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := roster.ReadCorrections(path, roster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.PrepareCorrections(t.Context(), f, "as in the passport", false)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	bad := prepare(ana.String() + ";=Ana\n0000-0000-0012;X\n0000-0000-0001;X\n" + rui.String() + ";\n" + ana.String() + ";Ana\n")
	if got, want := codes(bad), []string{"bad_character", "unknown_card", "bad_number", "missing_value", "duplicate_row"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	p := prepare(ana.String() + ";Ana Sílva\n" + rui.String() + ";Rui Costa\n")
	r := b.mustIssue(t, p)
	if r.Issued != 1 || len(codes(p)) > 0 || p.Problems()[0].Code != "unchanged" {
		t.Errorf("got %+v and %+v, want one card replaced and one left", r, p.Problems())
	}
	if again := b.mustIssue(t, prepare(ana.String()+";Ana Sílva\n")); again.Issued != 0 || again.Lines[0].Number != r.Lines[0].Number {
		t.Errorf("again: got %+v, want the same card", again)
	}
	if got := codes(prepare(ana.String() + ";Ana Other\n")); !slices.Equal(got, []string{"already_replaced"}) {
		t.Errorf("another correction of the old card: got %q", got)
	}
}
