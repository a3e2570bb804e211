package issuer

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

const anewHeading = "name,email,course,completed,score,class,instructor,learner_id,prior_card\n"

// held makes a batch that waits, and answers its cards.
func (b *bench) held(t testing.TB, text string) (string, []card.Entry) {
	t.Helper()
	p := b.hold(t, text)
	r, err := b.Issue(t.Context(), p, Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.db.BatchEntries(t.Context(), r.Batch)
	if err != nil || len(entries) == 0 {
		t.Fatalf("got %d cards, %v: %s", len(entries), err, says(p))
	}
	return r.Batch, entries
}

func (b *bench) release(t testing.TB, batch string) *Result {
	t.Helper()
	r, err := b.Release(t.Context(), batch, b.out("released"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// refusesAnew tries to issue a card anew, at the issuer's wall and at the register's.
func (b *bench) refusesAnew(t testing.TB, n card.Number, c Correction, says string) {
	t.Helper()
	c.Anew, c.Reason, c.Namesake = true, "x", true
	var anew *AnewError
	if _, err := b.Replace(t.Context(), n, c, b.out("anew")); !errors.As(err, &anew) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want an *AnewError that says %q", err, says)
	}
	if err := b.CheckAnew(t.Context(), n); c.Name == "" && !errors.As(err, &anew) {
		t.Errorf("the advice: got %v, want an *AnewError", err)
	}
}

// refusesInRegister is for what another run may have done between the issuer's look and its record.
func (b *bench) refusesInRegister(t testing.TB, n card.Number) {
	t.Helper()
	e, _, err := b.db.FindEntry(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.corrected(e, Correction{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Issue(t.Context(), &Plan{lines: []line{{entry: &want}}, reason: "x"}, b.out("anew")); !errors.Is(err, card.ErrConflict) {
		t.Errorf("the register: got %v, want card.ErrConflict", err)
	}
}

func someNumber(t testing.TB) card.Number {
	t.Helper()
	n, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsNotIssuedAnew(t *testing.T) {
	row := func(name, email, id string) string {
		return name + "," + email + ",BLS,2026-11-07,90,,," + id + ",\n"
	}
	bench := func(t *testing.T) *bench {
		b := newBench(t)
		b.withCourses(t)
		return b
	}
	t.Run("discarded", func(t *testing.T) {
		b := bench(t)
		batch, cards := b.held(t, anewHeading+row("Mia Rossi", "m@example.org", ""))
		if _, err := b.Discard(t.Context(), batch, "x"); err != nil {
			t.Fatal(err)
		}
		b.refusesAnew(t, cards[0].Number, Correction{}, "given up")
		b.refusesInRegister(t, cards[0].Number)
		b.mustIssue(t, b.prepare(t, anewHeading+row("Mia Rossi", "m@example.org", "")))
		b.refusesAnew(t, cards[0].Number, Correction{}, "given up")
		b.refusesInRegister(t, cards[0].Number)
	})
	t.Run("planned anew under a corrected name", func(t *testing.T) {
		b := bench(t)
		_, first := b.held(t, anewHeading+row("Abe Cor", "", "AB1"))
		batch, _ := b.held(t, anewHeading+row("Abel Cor", "", "AB1"))
		b.release(t, batch)
		b.refusesAnew(t, first[0].Number, Correction{}, "given up")
		b.refusesInRegister(t, first[0].Number)
	})
	t.Run("an abandoned correction", func(t *testing.T) {
		b := bench(t)
		n := b.mustIssue(t, b.prepare(t, anewHeading+row("Abe Cor", "a@example.org", ""))).Lines[0].Number
		whole := b.Archive
		b.Archive = failAfter(whole, 0)
		if _, err := b.Replace(t.Context(), n, Correction{Name: "First Cor", Reason: "x"}, b.out("out")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		b.Archive = whole
		begun, _, err := b.db.FindReplacement(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		b.mustReplace(t, n, Correction{Name: "Second Cor", Reason: "x"})
		b.refusesAnew(t, begun.Number, Correction{}, "given up")
		b.refusesInRegister(t, begun.Number)
	})
	t.Run("a correction that a person gave up", func(t *testing.T) {
		b := bench(t)
		n := b.mustIssue(t, b.prepare(t, anewHeading+row("Abe Cor", "", ""))).Lines[0].Number
		whole := b.Archive
		b.Archive = failAfter(whole, 0)
		if _, err := b.Replace(t.Context(), n, Correction{Name: "Zoe Quite Other", Reason: "x"}, b.out("out")); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		b.Archive = whole
		begun, _, err := b.db.FindReplacement(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		b.change(t, begun.Number, card.Revoked)
		b.refusesAnew(t, begun.Number, Correction{}, "given up")
		b.refusesInRegister(t, begun.Number)
	})
	t.Run("the mended row was issued", func(t *testing.T) {
		b := bench(t)
		text := anewHeading + row("Mia Rossi", "m@example.org", "") + row("Ned Stone", "n@example.org", "")
		batch, cards := b.held(t, text)
		b.change(t, cards[0].Number, card.Revoked)
		mended := b.mustIssue(t, b.prepare(t, anewHeading+row("Mia Russo", "m@example.org", ""))).Lines[0].Number
		b.release(t, batch)
		if p := b.prepare(t, text); p.New() != 0 || strings.Contains(says(p), "--anew") || !strings.Contains(says(p), mended.String()) {
			t.Errorf("got %d new: %s", p.New(), says(p))
		}
		b.refusesAnew(t, cards[0].Number, Correction{}, mended.String())
	})
	t.Run("its batch waits", func(t *testing.T) {
		b := bench(t)
		text := anewHeading + row("Mia Rossi", "m@example.org", "") + row("Ned Stone", "n@example.org", "")
		batch, cards := b.held(t, text)
		b.change(t, cards[0].Number, card.Revoked)
		b.refusesAnew(t, cards[0].Number, Correction{}, "waits")
		b.refusesInRegister(t, cards[0].Number)
		// The mended row of the same learner is asked about, and the old one is told; neither names what is not open.
		mended := b.prepare(t, anewHeading+row("Mia Rosi", "m@example.org", ""))
		old := b.hold(t, text)
		if got := codes(mended); !slices.Equal(got, []string{"name_differs"}) || mended.New() != 0 || strings.Contains(says(mended)+says(old), "--anew") {
			t.Errorf("got %s and %s", says(mended), says(old))
		}
		if r := b.release(t, batch); r.Issued != 1 || r.GivenUp != 1 {
			t.Errorf("got %d issued and %d given up", r.Issued, r.GivenUp)
		}
		if mended = b.prepare(t, anewHeading+row("Mia Rosi", "m@example.org", "")); !strings.Contains(says(mended), `--anew --name "Mia Rosi"`) {
			t.Errorf("got %s, want the command", says(mended))
		}
		anew := b.mustReplace(t, cards[0].Number, Correction{Anew: true, Name: "Mia Rosi", Reason: "x"})
		if p := b.prepare(t, text); p.New() != 0 || strings.Contains(says(p), "--anew") {
			t.Errorf("the old roster: got %d new: %s", p.New(), says(p))
		}
		var move *card.MoveError
		if _, err := b.Replace(t.Context(), cards[0].Number, Correction{Anew: true, Reason: "x"}, b.out("anew")); !errors.As(err, &move) || move.From != card.Superseded {
			t.Errorf("a second time: got %v", err)
		}
		// revoke --batch and show --batch go on to it.
		done, err := b.db.ChangeBatch(t.Context(), card.BatchChange{Batch: batch, To: card.Revoked, Actor: "tester", Reason: "x", At: testNow})
		if want := []card.Number{anew, cards[1].Number}; err != nil || !slices.Equal(done.Changed, want) {
			t.Errorf("revoke --batch: got %v, %v, want %v", done.Changed, err, want)
		}
		last, err := b.db.LastReplacements(t.Context(), batch)
		if err != nil || last[cards[0].Number] != (card.Standing{Number: anew, State: card.Revoked}) {
			t.Errorf("got %v, %v", last, err)
		}
		if after, _, err := b.db.FindBatch(t.Context(), batch); err != nil || after.State() != card.BatchRevoked || after.Stands[card.Revoked] != 2 {
			t.Errorf("got %s, %v, %v", after.State(), after.Stands, err)
		}
	})
	t.Run("another living card", func(t *testing.T) {
		b := bench(t)
		batch, cards := b.held(t, anewHeading+row("Mia Rossi", "m@example.org", "")+row("Ned Stone", "n@example.org", ""))
		b.change(t, cards[0].Number, card.Revoked)
		b.release(t, batch)
		// A card that came past the issuer, of the same e-mail and nearly the same name.
		other := cards[0]
		other.Token, other.SHA256 = "", ""
		other.Name, other.Number = "Mia Rosi", someNumber(t)
		if _, err := b.Issue(t.Context(), &Plan{lines: []line{{entry: &other}}}, b.out("out")); err != nil {
			t.Fatal(err)
		}
		b.refusesAnew(t, cards[0].Number, Correction{}, other.Number.String())
		if p := b.prepare(t, anewHeading+row("Mia Rossi", "m@example.org", "")); strings.Contains(says(p), "--anew") {
			t.Errorf("got %s", says(p))
		}
	})
	t.Run("another living card of the same key", func(t *testing.T) {
		b := bench(t)
		batch, cards := b.held(t, anewHeading+row("Mia Rossi", "m@example.org", "")+row("Ned Stone", "n@example.org", ""))
		b.change(t, cards[0].Number, card.Revoked)
		b.release(t, batch)
		other := cards[0]
		other.Token, other.SHA256 = "", ""
		other.Number = someNumber(t)
		if _, err := b.Issue(t.Context(), &Plan{lines: []line{{entry: &other}}}, b.out("out")); err != nil {
			t.Fatal(err)
		}
		b.refusesAnew(t, cards[0].Number, Correction{}, other.Number.String())
		b.refusesInRegister(t, cards[0].Number)
	})
	t.Run("in force", func(t *testing.T) {
		b := bench(t)
		n := b.mustIssue(t, b.prepare(t, anewHeading+row("Mia Rossi", "m@example.org", ""))).Lines[0].Number
		b.refusesAnew(t, n, Correction{}, "")
	})
}

func TestATakenOutCardIsJudgedAsAtRelease(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	bls := b.mustIssue(t, b.prepare(t, anewHeading+"Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\n")).Lines[0].Number
	row := func(name, class, prior string) string {
		return name + "," + strings.ToLower(strings.Fields(name)[0]) + "@example.org,PALS,2026-11-09,90," + class + ",Ruth,," + prior + "\n"
	}
	const lyon = "external: BLS of Lyon"
	batch, cards := b.held(t, anewHeading+row("Ana Silva", "P-1", "")+row("Rui Costa", "P-1", lyon))
	b.change(t, cards[0].Number, card.Revoked)
	b.release(t, batch)
	b.change(t, bls, card.Revoked)
	b.refusesAnew(t, cards[0].Number, Correction{}, "withdrawn for good")

	batch, cards = b.held(t, anewHeading+strings.ReplaceAll(row("Eva Lima", "P-2", lyon)+row("Gil Ten", "P-2", lyon), "11-09", "11-10"))
	b.change(t, cards[0].Number, card.Revoked)
	b.mustIssue(t, b.prepare(t, anewHeading+strings.ReplaceAll(row("Fay Six", "P-2", lyon), "11-09", "11-10")))
	b.release(t, batch)
	b.refusesAnew(t, cards[0].Number, Correction{}, "3 learners")
}

func TestATakenOutCardComesBackOnlyWhenAsked(t *testing.T) {
	const text = anewHeading + "Mia Rossi,m@example.org,BLS,2026-11-07,90,,,,\nNed Stone,n@example.org,BLS,2026-11-07,90,,,,\n"
	one := text[:strings.Index(text, "Ned")]
	for name, c := range map[string]struct {
		text string
		held bool
		new  int
	}{"of two, discarded": {text, true, 1}, "of one": {one, true, 0}, "a run that broke off": {one, false, 0}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			whole := b.Archive
			p := b.hold(t, c.text)
			if !c.held {
				p = b.prepare(t, c.text)
				b.Archive = failAfter(whole, 0)
			}
			if _, err := b.Issue(t.Context(), p, b.out("out")); err != nil && !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			b.Archive = whole
			n := p.lines[0].entry.Number
			b.change(t, n, card.Revoked)
			if c.new > 0 {
				if _, err := b.Discard(t.Context(), p.lines[0].entry.Batch, "x"); err != nil {
					t.Fatal(err)
				}
			}
			again := b.prepare(t, c.text)
			if again.New() != c.new || !strings.HasPrefix(says(again), "already_revoked notice") {
				t.Errorf("got %d new: %s", again.New(), says(again))
			}
			if r := b.mustIssue(t, again); r.Issued != c.new {
				t.Errorf("got %d issued", r.Issued)
			}
			b.mustReplace(t, n, Correction{Anew: true, Reason: "x"})
		})
	}
}
