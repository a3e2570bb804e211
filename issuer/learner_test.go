package issuer

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// says is every code of a plan with what is said.
func says(p *Plan) string {
	var b strings.Builder
	for _, one := range p.Problems() {
		b.WriteString(one.Code + " " + string(one.Severity) + ": " + one.Text() + "\n")
	}
	return b.String()
}

func (b *bench) change(t testing.TB, n card.Number, to card.State) {
	t.Helper()
	if _, err := b.db.Change(t.Context(), card.Change{Number: n, To: to, Actor: "tester", Reason: "x", At: b.now()}); err != nil {
		t.Fatal(err)
	}
}

func TestIsLike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Müller, Jürgen", "Jürgen Müller", true}, {"Jurgen Mueller", "Jürgen Müller", true}, {"Jon Smith", "John Smith", true},
		{"J. Smith", "John Smith", true}, {"Ana Silva", "Ana Maria Silva", true}, {"Mary Ann Lee", "Maryann Lee", true}, {"Ana", "Ana Silva", true},
		{"Katherine Lee", "Catharine Lee", true}, {"Jean-Luc Roy", "Jean Luc Roy", true}, {"O'Brien Pat", "Pat OBrien", true},
		{"Ana Silva", "Eva Silva", false}, {"Jon Smith", "Mary Smith", false}, {"Rui Costa", "Ana Silva", false}, {"田中一郎", "鈴木花子", false},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := newAlike(pair[0]).isLike(newAlike(pair[1])); got != c.want {
				t.Errorf("%q and %q: got %v, want %v", pair[0], pair[1], got, c.want)
			}
		}
	}
}

func TestACorrectedNameIsNoSecondCard(t *testing.T) {
	b := newBench(t)
	const heading = "name,email,course,completed,score,learner_id\n"
	row := func(name, email, id string) string { return name + "," + email + ",BLS,2026-11-07,90," + id + "\n" }
	n := b.mustIssue(t, b.prepare(t, heading+row("Müller Jürgen", "jm@example.org", "")+row("Jon Smith", "js@example.org", "L1"))).Lines[1].Number
	for text, want := range map[string][]string{
		row("Jürgen Müller", "jm@example.org", ""):                                              {"name_differs"},
		row("John Smith", "JS@example.org", ""):                                                 {"name_differs"},
		row("Anyone Else", "other@example.org", "L1"):                                           {"name_differs"},
		row("John Smith", "js@example.org", "L2"):                                               nil,
		row("Mary Brown", "js@example.org", ""):                                                 nil,
		row("John Smith", "own@example.org", ""):                                                {"name_differs"},
		row("Ana Silva", "a@example.org", "") + row("Ana M. Silva", "a@example.org", ""):        {"duplicate_row"},
		row("Ana Silva", "a@example.org", "A") + row("Ana M. Silva", "a@example.org", "B"):      nil,
		row("Ana Silva", "a@example.org", "") + row("Rui Costa", "a@example.org", ""):           nil,
		strings.Replace(row("John Smith", "js@example.org", ""), "2026-11-07", "2026-11-08", 1): nil,
	} {
		p := b.prepare(t, heading+text)
		if got := codes(p); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if p.New()+p.Refused() != strings.Count(text, "\n") {
			t.Errorf("%q: %d to issue and %d refused", text, p.New(), p.Refused())
		}
	}
	if got := says(b.prepare(t, heading+row("John Smith", "js@example.org", ""))); !strings.Contains(got, "cardproof replace "+n.String()+` --name "John Smith"`) {
		t.Errorf("got %s, want the command that corrects the card", got)
	}
	if got := says(b.prepare(t, heading+row("Mary Brown", "js@example.org", ""))); !strings.HasPrefix(got, "shared_email notice") {
		t.Errorf("an address of two: got %s, want a notice", got)
	}
	var office strings.Builder
	for i := range maxCompared + 10 {
		office.WriteString(row("Learner "+strings.Repeat(string(rune('a'+i%26)), 4+i/26), "office@example.org", ""))
	}
	if p := b.prepare(t, heading+office.String()); p.Refused() > 0 || strings.Count(says(p), "shared_email notice") != 1 {
		t.Errorf("an office's address: got %s", says(p))
	}
	if p := b.prepare(t, heading+office.String()+row("Zoe Ann", "office@example.org", "")+row("Ann Zoe", "office@example.org", "")); p.Refused() != 2 {
		t.Errorf("one twice at an office's address: got %s", says(p))
	}
}

func TestAHeldCardStandsInTheWayOfItsCorrectedName(t *testing.T) {
	b := newBench(t)
	const heading = "name,email,course,completed,score\n"
	held, err := b.Issue(t.Context(), b.hold(t, heading+"Jon Smith,js@example.org,BLS,2026-11-07,90\n"), Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	p := b.hold(t, heading+"John Smith,js@example.org,BLS,2026-11-07,90\n")
	if got := says(p); p.Refused() != 1 || !strings.Contains(got, "cardproof discard "+held.Batch) {
		t.Errorf("got %s, want it refused", got)
	}
}

func TestAnIssuedCardTellsItsState(t *testing.T) {
	b := newBench(t)
	const row = "name,email,course,completed,score\nAna Silva,ana@example.org,BLS,2026-11-07,90\n"
	n := b.mustIssue(t, b.prepare(t, row)).Lines[0].Number
	want := func(n card.Number, code string, words ...string) {
		t.Helper()
		p := b.prepare(t, row)
		for _, w := range append(words, n.String()) {
			if got := says(p); !strings.HasPrefix(got, code+" notice") || !strings.Contains(got, w) {
				t.Errorf("got %s, want %s that says %q", got, code, w)
			}
		}
	}
	want(n, "already_issued")
	b.change(t, n, card.Suspended)
	want(n, "already_issued", "for now", "cardproof reinstate")
	b.change(t, n, card.Issued)
	second := b.mustReplace(t, n, Correction{Name: "Ana Sílva", Reason: "accent"})
	want(second, "already_issued", "in the place of "+n.String(), `in the name "Ana Sílva"`)
	b.change(t, second, card.Revoked)
	want(second, "already_issued", "for good", "--anew")
}

func TestAWithdrawnCardIsNotDelivered(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 3))
	b.change(t, first.Lines[0].Number, card.Revoked)
	b.change(t, first.Lines[1].Number, card.Suspended)
	d := b.out("again")
	r, err := b.Issue(t.Context(), b.plan(t, 3), d)
	if err != nil || len(r.Lines) != 3 || r.Lines[0].File != "" || r.Lines[0].State != card.Revoked || r.Lines[1].File != "" || r.Lines[2].File == "" {
		t.Errorf("got %+v, %v", r, err)
	}
	files, err := filepath.Glob(filepath.Join(d.Dir, "*.pdf"))
	if want := filepath.Join(d.Dir, first.Lines[2].File); err != nil || !slices.Equal(files, []string{want}) {
		t.Errorf("got %q, %v, want %s alone", files, err, want)
	}
}

func TestARevokedCardIsIssuedAnew(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 2))
	n := first.Lines[0].Number
	var move *card.MoveError
	b.change(t, n, card.Revoked)
	if _, err := b.Replace(t.Context(), n, Correction{Reason: "x"}, b.out("out")); !errors.As(err, &move) || move.From != card.Revoked {
		t.Errorf("without saying so: got %v, want a *card.MoveError", err)
	}
	anew := Correction{Anew: true, Reason: "the wrong number was revoked"}
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	if _, err := b.Replace(t.Context(), n, anew, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = whole
	if p := b.plan(t, 2); p.AlreadyIssued() != 2 || !strings.Contains(says(p), "for good") {
		t.Errorf("while it is not finished: got %s", says(p))
	}
	second := b.mustReplace(t, n, anew)
	if again := b.mustReplace(t, n, anew); again != second {
		t.Errorf("the same call again: got %s, want %s", again, second)
	}
	old, _, err := b.db.FindEntry(t.Context(), n)
	if err != nil || old.State != card.Revoked || old.ReplacedBy != "" {
		t.Errorf("the old card: got %s, %v, want it revoked", old.State, err)
	}
	if p := b.plan(t, 2); p.New() != 0 || p.lines[0].entry.Number != second {
		t.Errorf("the roster again: got card %s, want %s", p.lines[0].entry.Number, second)
	}
	batch, _, err := b.db.FindBatch(t.Context(), first.Batch)
	if err != nil || batch.State() != card.BatchIssued {
		t.Errorf("got %s, %v", batch.State(), err)
	}
	done, err := b.db.ChangeBatch(t.Context(), card.BatchChange{Batch: first.Batch, To: card.Revoked, Actor: "tester", Reason: "x", At: testNow})
	if want := []card.Number{second, first.Lines[1].Number}; err != nil || !slices.Equal(done.Changed, want) {
		t.Errorf("revoke --batch: got %v, %v, want %v", done.Changed, err, want)
	}
	if batch, _, err = b.db.FindBatch(t.Context(), first.Batch); err != nil || batch.State() != card.BatchRevoked {
		t.Errorf("got %s, %v, want it revoked", batch.State(), err)
	}
}

// A correction that was begun before its card was revoked must not bring it back.
func TestACorrectionDoesNotUndoARevocation(t *testing.T) {
	b := newBench(t)
	n := b.mustIssue(t, b.plan(t, 1)).Lines[0].Number
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	fix := Correction{Name: "Cyrus", Reason: "x"}
	if _, err := b.Replace(t.Context(), n, fix, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = whole
	begun, _, err := b.db.FindReplacement(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	b.change(t, n, card.Revoked)
	var move *card.MoveError
	if _, err := b.Replace(t.Context(), n, fix, b.out("out")); !errors.As(err, &move) {
		t.Errorf("got %v, want a *card.MoveError", err)
	}
	if _, err := b.Issue(t.Context(), &Plan{lines: []line{{entry: &begun, before: card.Planned}}, reason: "x"}, b.out("out")); !errors.As(err, &move) {
		t.Errorf("a run that had begun: got %v, want a *card.MoveError", err)
	}
	fix.Anew = true
	if got := b.mustReplace(t, n, fix); got == begun.Number {
		t.Error("the correction of before the revocation was issued")
	}
}

func TestAHeldCardThatWasTakenOutStaysOut(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	text := classHeading + "Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\nRui Costa,rui@example.org,BLS,2026-11-07,90,,,,\n"
	held, err := b.Issue(t.Context(), b.hold(t, text), Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.db.BatchEntries(t.Context(), held.Batch)
	if err != nil {
		t.Fatal(err)
	}
	n := entries[0].Number
	b.change(t, n, card.Revoked)
	p := b.hold(t, text)
	if got := says(p); p.New() != 0 || !strings.HasPrefix(got, "already_revoked notice") || strings.Contains(got, "--anew") || !strings.Contains(got, "cardproof release "+held.Batch) {
		t.Errorf("got %d new cards and %s", p.New(), got)
	}
	more := b.hold(t, text+"Eva Lima,eva@example.org,BLS,2026-11-07,90,,,,\n")
	r, err := b.Issue(t.Context(), more, Delivery{})
	if err != nil || r.Held != 2 || len(r.Batches) != 2 || r.Batches[0] != r.Batch || r.Batches[1] != held.Batch {
		t.Errorf("got %+v, %v, want both batches", r, err)
	}
	if _, err := b.Release(t.Context(), held.Batch, b.out("out")); err != nil {
		t.Fatal(err)
	}
	if p := b.prepare(t, text); p.New() != 0 || !strings.Contains(says(p), "cardproof replace "+n.String()+" --anew") {
		t.Errorf("after the release: got %s", says(p))
	}
	anew := b.mustReplace(t, n, Correction{Anew: true, Reason: "a slip"})
	if p := b.prepare(t, text); p.New() != 0 || p.lines[0].entry.Number != anew {
		t.Errorf("issued anew: got %s", says(p))
	}
	// A batch that is given up as a whole leaves its learners free, but not who was taken out before.
	last, err := b.Issue(t.Context(), b.hold(t, strings.ReplaceAll(text, "11-07", "11-08")), Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err = b.db.BatchEntries(t.Context(), last.Batch)
	if err != nil {
		t.Fatal(err)
	}
	b.change(t, entries[0].Number, card.Revoked)
	if _, err := b.Discard(t.Context(), last.Batch, "x"); err != nil {
		t.Fatal(err)
	}
	if p := b.prepare(t, strings.ReplaceAll(text, "11-07", "11-08")); p.New() != 1 || p.AlreadyIssued() != 1 {
		t.Errorf("after the discard: got %s", says(p))
	}
}

func TestReleaseJudgesAgain(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	n := b.mustIssue(t, b.prepare(t, classHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\n")).Lines[0].Number
	text := classHeading + "Ana Silva,ana@example.org,PALS,2026-11-09,90,P-1,Ruth,,\nRui Costa,rui@example.org,PALS,2026-11-09,90,P-1,Tom,,external: BLS of Lyon\n" +
		"Eva Lima,eva@example.org,PALS,2026-11-09,90,P-1,Tom,,external: BLS of Lyon\n"
	held, err := b.Issue(t.Context(), b.hold(t, text), Delivery{})
	if err != nil || held.Held != 3 {
		t.Fatalf("got %+v, %v", held, err)
	}
	b.change(t, n, card.Suspended)
	var stale *StaleError
	if r, err := b.Release(t.Context(), held.Batch, b.out("out")); !errors.As(err, &stale) || r != nil || len(stale.Problems) != 1 || !strings.Contains(err.Error(), "for now") {
		t.Errorf("with the earlier card suspended: got %+v, %v", r, err)
	}
	if after, _, err := b.db.FindBatch(t.Context(), held.Batch); err != nil || after.State() != card.BatchHeld {
		t.Errorf("the batch is %s, %v, want it held", after.State(), err)
	}
	b.change(t, n, card.Issued)
	entries, err := b.db.BatchEntries(t.Context(), held.Batch)
	if err != nil {
		t.Fatal(err)
	}
	b.change(t, entries[0].Number, card.Revoked) // with Ana, the only one of whom Ruth is the instructor is gone
	if _, err := b.Release(t.Context(), held.Batch, b.out("out")); err != nil {
		t.Errorf("two learners of one instructor: got %v", err)
	}
	other := strings.NewReplacer("Rui Costa,rui", "Cy One,cy", "Eva Lima,eva", "Di Two,di", "P-1", "P-2", "Ana Silva,ana", "Bo Nil,bo", ",,\n", ",,external: BLS of Wien\n").Replace(text)
	held, err = b.Issue(t.Context(), b.hold(t, other), Delivery{})
	if err != nil || held.Held != 3 {
		t.Fatalf("got %+v, %v", held, err)
	}
	// The file of another instructor goes, and with it one of the two who made the class small enough.
	late := b.hold(t, classHeading+"Fay Six,fay@example.org,PALS,2026-11-09,90,P-2,Kim,,external: BLS of Wien\nGil Ten,gil@example.org,PALS,2026-11-09,90,P-2,Tom,,external: BLS of Wien\n")
	second, err := b.Issue(t.Context(), late, Delivery{})
	if err != nil || second.Held != 2 {
		t.Fatalf("got %+v, %v: %s", second, err, says(late))
	}
	entries, err = b.db.BatchEntries(t.Context(), second.Batch)
	if err != nil {
		t.Fatal(err)
	}
	b.change(t, entries[0].Number, card.Revoked)
	entries, err = b.db.BatchEntries(t.Context(), held.Batch)
	if err != nil {
		t.Fatal(err)
	}
	b.change(t, entries[0].Number, card.Revoked)
	if _, err := b.Release(t.Context(), second.Batch, b.out("out")); !errors.As(err, &stale) || stale.Problems[0].Code != "ratio_exceeded" {
		t.Errorf("three learners of one instructor: got %v, want ratio_exceeded", err)
	}
}

func TestAnInstructorIsOnePersonByIDOrName(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	const heading = "name,email,course,completed,score,class,instructor,instructor_id,prior_card\n"
	row := func(name, class, instructor, id string) string {
		return name + "," + strings.ToLower(name) + "@example.org,PALS,2026-11-07,90," + class + "," + instructor + "," + id + ",external: BLS of Lyon\n"
	}
	b.mustIssue(t, b.prepare(t, heading+row("Ana", "Ü-1", "Ruth Berg", "I-1")+row("Rui", "Ü-1", "Ruth Berg", "I-1")))
	for text, want := range map[string][]string{
		row("Eva", "ü-1", "Ruth Berg", ""):                                       {"ratio_exceeded"},
		row("Eva", "ü-1", "R. Berg", "i-1"):                                      {"ratio_exceeded"},
		row("Eva", "Ü-1", "Ruth Berg", "I-2"):                                    nil,
		row("Eva", "Ü-1", "", ""):                                                {"ratio_exceeded"},
		row("Eva", "", "ruth berg", ""):                                          {"ratio_exceeded"},
		row("Eva", "", "", ""):                                                   {"ratio_exceeded"},
		row("Eva", "", "Tom Oak", ""):                                            nil,
		row("Eva", "", "Ruth Berg", "I-2"):                                       nil,
		strings.Replace(row("Eva", "Ü-1", "Ruth Berg", ""), "11-07", "11-08", 1): nil,
	} {
		p := b.prepare(t, heading+text)
		if got := codes(p); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := strings.Contains(says(p), "class_day notice"); got != strings.Contains(text, "11-08") {
			t.Errorf("%q: got %s", text, says(p))
		}
	}
}
