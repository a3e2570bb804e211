package issuer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
)

func TestPrepareWritesNothing(t *testing.T) {
	b := newBench(t)
	p := b.plan(t, 3)
	if p.New() != 3 || p.Refused() != 0 {
		t.Fatalf("got %d new and %d refused", p.New(), p.Refused())
	}
	unfinished, err := b.db.Unfinished(t.Context())
	if err != nil || len(unfinished) != 0 {
		t.Errorf("the register holds %d cards, %v", len(unfinished), err)
	}
}

func TestAPlanWorksOnce(t *testing.T) {
	b := newBench(t)
	p := b.plan(t, 2)
	if r := b.mustIssue(t, p); r.Issued != 2 {
		t.Fatalf("got %+v", r)
	}
	if _, err := b.Issue(t.Context(), p, b.out("again")); !errors.Is(err, ErrPlanUsed) {
		t.Errorf("got %v, want ErrPlanUsed", err)
	}
}

func TestIssueNeedsTheKey(t *testing.T) {
	b := newBench(t)
	b.Key = nil
	if _, err := b.Issue(t.Context(), b.plan(t, 1), b.out("out")); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
}

// Each way in which a finished file can say something else than the register stops it.
func TestProofRefuses(t *testing.T) {
	b := newBench(t)
	r := b.mustIssue(t, b.plan(t, 2))
	entry := func(i int) (card.Entry, []byte) {
		e, _, err := b.db.FindEntry(t.Context(), r.Lines[i].Number)
		if err != nil {
			t.Fatal(err)
		}
		data, err := b.Archive.Get(t.Context(), e.Number, e.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		return e, data
	}
	first, file := entry(0)
	second, other := entry(1)
	url := r.Lines[0].VerifyURL
	if err := b.prove(t.Context(), first, url, file); err != nil {
		t.Fatalf("the right file: %v", err)
	}
	drawn, err := b.Drawer.Draw(content(first, url, first.Token))
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(file)
	changed[len(changed)/3] ^= 1
	renamed, moved, longer := first, first, first
	renamed.Name = "Somebody Else"
	moved.Number = second.Number
	longer.ExpiresAt = first.ExpiresAt.AddDate(1, 0, 0)
	for name, tc := range map[string]struct {
		entry card.Entry
		url   string
		file  []byte
	}{
		"the file of another card":     {first, url, other},
		"another URL":                  {first, url + "0", file},
		"another name in the register": {renamed, url, file},
		"another number":               {moved, url, file},
		"another expiry":               {longer, url, file},
		"no PDF":                       {first, url, []byte("hello")},
		"a file that was cut off":      {first, url, file[:len(file)/2]},
		"a file without seal":          {first, url, drawn},
		"a file with one byte changed": {first, url, changed},
	} {
		if err := b.prove(t.Context(), tc.entry, tc.url, tc.file); !errors.Is(err, ErrUnproved) {
			t.Errorf("%s: got %v, want ErrUnproved", name, err)
		}
	}
}

func TestRowsThatAPersonHasToLookAt(t *testing.T) {
	b := newBench(t)
	const heading = "name,email,course,completed,score,learner_id\n"
	b.mustIssue(t, b.prepare(t, heading+"Zoë Byrne,zoe@example.org,BLS,2026-11-07,90,L1\n"))
	for text, want := range map[string]string{
		"Zoë Byrne,zoe@example.org,BLS,2026-11-07,90,L1\n":      "already_issued",
		"Zoë Byrne-Ruiz,zoe@example.org,BLS,2026-11-07,90,L1\n": "name_differs",
		"Zoë Byrne,zoe@example.org,BLS,2026-11-07,90,L2\n":      "learner_differs",
		"zoë Byrne,ZOE@example.org,BLS,2026-11-07,90,\n":        "already_issued",
		"Zoë Byrne,zoe@example.org,BLS,2026-11-08,90,L1\n":      "near_completion",
		"Zoë Byrne,zoe@example.org,BLS,2026-11-07,71,L1\n":      "low_score",
	} {
		p := b.prepare(t, heading+text)
		got := ""
		if problems := p.Problems(); len(problems) > 0 {
			got = problems[0].Code
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if refused := !slices.Contains([]string{"already_issued", "near_completion"}, want); (p.Refused() == 1) != refused {
			t.Errorf("%q: %d rows refused", text, p.Refused())
		}
	}
}

func TestReplace(t *testing.T) {
	b := newBench(t)
	old := b.mustIssue(t, b.plan(t, 1)).Lines[0]
	fix := Correction{Name: " Lucja  Nowak", Reason: "no diacritics wanted"}
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	if _, err := b.Replace(t.Context(), old.Number, fix, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatalf("got %v", err)
	}
	if e, _, err := b.db.FindEntry(t.Context(), old.Number); err != nil || e.State != card.Issued {
		t.Errorf("the old card is %s, %v, before the new one is out", e.State, err)
	}
	b.Archive = whole
	r, err := b.Replace(t.Context(), old.Number, fix, b.out("out"))
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := b.db.FindEntry(t.Context(), old.Number)
	if err != nil || e.State != card.Superseded || e.ReplacedBy != r.Lines[0].Number {
		t.Errorf("the old card: %s, replaced by %q, %v", e.State, e.ReplacedBy, err)
	}
	if got, want := r.Lines[0].Name, "Lucja Nowak"; got != want {
		t.Errorf("the new card: got the name %q, want %q", got, want)
	}
	var move *card.MoveError
	if _, err := b.Replace(t.Context(), old.Number, Correction{Name: "Lu", Reason: "x"}, b.out("out")); !errors.As(err, &move) {
		t.Errorf("another correction a second time: got %v, want a *card.MoveError", err)
	}
	if _, err := b.Replace(t.Context(), "000000000000", fix, b.out("out")); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("nobody's card: got %v, want card.ErrNotFound", err)
	}
	if again, err := b.Replace(t.Context(), old.Number, fix, b.out("again")); err != nil || again.Lines[0] != r.Lines[0] {
		t.Errorf("the same call again: got %+v, %v, want the same card", again, err)
	}
	for _, bad := range []Correction{{Name: "Kim\u202e"}, {Name: "=1+1"}, {Instructor: "Ruth 😀"}, {Instructor: strings.Repeat("x", 61)}} {
		bad.Reason = "x"
		var correction *CorrectionError
		if _, err := b.Replace(t.Context(), r.Lines[0].Number, bad, b.out("out")); !errors.As(err, &correction) {
			t.Errorf("%+v: got %v, want a *CorrectionError", bad, err)
		}
	}
	if _, ok, err := b.db.FindReplacement(t.Context(), r.Lines[0].Number); ok || err != nil {
		t.Errorf("a refused correction left something behind: %v, %v", ok, err)
	}
}

// revoking withdraws a card in the moment in which its file is archived, as a colleague could.
type revoking struct {
	Archive
	db   *register.DB
	what card.Number
}

func (r *revoking) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	if files[r.what] != nil {
		_, err := r.db.Change(context.Background(), card.Change{Number: r.what, To: card.Revoked, Actor: "colleague", Reason: "x", At: testNow})
		if err != nil {
			return nil, err
		}
	}
	return r.Archive.Put(ctx, files)
}

func TestACardWithdrawnMeanwhileHoldsNoOtherBack(t *testing.T) {
	b := newBench(t)
	p := b.plan(t, 5)
	b.Archive = &revoking{b.Archive, b.db, p.lines[2].number}
	r, err := b.Issue(t.Context(), p, b.out("out"))
	var lost *UndeliveredError
	if !errors.As(err, &lost) || len(lost.Rows) != 1 || lost.Rows[0].Row != p.lines[2].row || r.Issued != 4 || len(r.Lines) != 4 {
		t.Errorf("got %+v, %v, want four cards and the row of the fifth", r, err)
	}
}

func TestADamagedFileHoldsNoOtherBack(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 2))
	path := filepath.Join(b.dir, "cards", filepath.FromSlash(archive.Name(first.Lines[0].Number, first.Lines[0].SHA256)))
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := b.Issue(t.Context(), b.plan(t, 40), b.out("out"))
	if !errors.Is(err, archive.ErrAltered) || r.Issued != 38 || len(r.Lines) != 39 {
		t.Errorf("got %d issued and %d lines, %v", r.Issued, len(r.Lines), err)
	}
}

func TestAClockThatIsBehindIssuesNothing(t *testing.T) {
	b := newBench(t)
	b.Now = func() time.Time { return testNow.Add(-10 * time.Second) }
	if _, err := b.Issue(t.Context(), b.plan(t, 1), b.out("out")); !errors.Is(err, ErrClock) {
		t.Fatalf("got %v, want ErrClock", err)
	}
	b.Now = func() time.Time { return testNow.Add(time.Second) }
	if r := b.mustIssue(t, b.plan(t, 1)); r.Issued != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestNamesakes(t *testing.T) {
	b := newBench(t)
	const heading = "name,course,completed,score,class\n"
	b.mustIssue(t, b.prepare(t, heading+"John Smith,BLS,2026-11-07,90,Morning\n"))
	for class, want := range map[string]string{"Morning": "already_issued", "Evening": "learner_ambiguous"} {
		p := b.prepare(t, heading+"John Smith,BLS,2026-11-07,90,"+class+"\n")
		if got := p.Problems()[0].Code; got != want {
			t.Errorf("class %s: got %s, want %s", class, got, want)
		}
	}
}

func TestManifestKeepsTheListOfAnotherClass(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	first := []ManifestLine{{Row: 2, Number: "000000000000", Name: "A"}}
	second := []ManifestLine{{Row: 2, Number: "000000000012", Name: "B"}}
	for _, lines := range [][]ManifestLine{first, first, second, append(first, second...)} {
		if err := f.writeManifest(lines); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(f.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(f.dir, "cards-1.csv"), filepath.Join(f.dir, ManifestName)}
	if !reflect.DeepEqual(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
}

func BenchmarkIssue(b *testing.B) {
	bench := newBench(b)
	n := 0
	for b.Loop() {
		n++
		p := bench.prepare(b, fmt.Sprintf("name,email,course,completed,score,learner_id\n%s", manyRows(100, n)))
		if r, err := bench.Issue(b.Context(), p, bench.out("out")); err != nil || r.Issued != 100 {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(100*n)/b.Elapsed().Seconds(), "cards/s")
}

func manyRows(n, batch int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "Łucja Nowák,l%d-%d@example.org,BLS,2026-11-07,90,L%d-%d\n", batch, i, batch, i)
	}
	return text.String()
}
