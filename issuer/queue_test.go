package issuer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/keys"
)

// enlist puts a batch of n on record, and answers what is to be made.
func (b *bench) enlist(t *testing.T, n int) (*Enlisted, []card.Number) {
	t.Helper()
	list, err := b.Enlist(t.Context(), b.plan(t, n), b.out("queued"))
	if err != nil {
		t.Fatal(err)
	}
	return list, b.unmade(t, list)
}

func (b *bench) unmade(t *testing.T, list *Enlisted) (numbers []card.Number) {
	t.Helper()
	unmade, err := b.db.BatchUnmade(t.Context(), list.Batch)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range unmade {
		numbers = append(numbers, u.Number)
	}
	return numbers
}

func (b *bench) mustMake(t *testing.T, numbers []card.Number) {
	t.Helper()
	if other, err := b.Make(t.Context(), numbers); err != nil || len(other) > 0 {
		t.Fatalf("make: got %v, %v", other, err)
	}
}

func TestWhatIsMadeInPartsIsWhatOneRunMakes(t *testing.T) {
	b := newBench(t)
	list, numbers := b.enlist(t, 5)
	if len(numbers) != 5 || len(list.Batches) != 1 {
		t.Fatalf("enlisted: got %v of %v", numbers, list.Batches)
	}
	b.mustMake(t, numbers[:3])
	part, err := b.Gather(t.Context(), list, b.out("part"))
	if err != nil || part.Issued != 3 || len(part.Lines) != 3 {
		t.Errorf("gathered too early: got %+v, %v", part, err)
	}
	b.mustMake(t, numbers) // with those that are made already
	b.mustMake(t, numbers)
	whole, err := b.Gather(t.Context(), list, b.out("queued"))
	if err != nil || whole.Issued != 5 || whole.AlreadyIssued != 0 || whole.Batch != list.Batch {
		t.Errorf("gathered: got %+v, %v", whole, err)
	}
	if r, err := b.Issue(t.Context(), b.plan(t, 5), b.out("alone")); err != nil || r.AlreadyIssued != 5 {
		t.Fatalf("one run: got %+v, %v", r, err)
	}
	files, err := os.ReadDir(filepath.Join(b.dir, "alone"))
	if err != nil || len(files) != 6 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, f := range files {
		got, gotErr := os.ReadFile(filepath.Join(b.dir, "queued", f.Name()))
		want, wantErr := os.ReadFile(filepath.Join(b.dir, "alone", f.Name()))
		if gotErr != nil || wantErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v, %v", f.Name(), gotErr, wantErr)
		}
	}
}

func TestMakePassesOverWhatWasGivenUp(t *testing.T) {
	b := newBench(t)
	list, numbers := b.enlist(t, 3)
	if n, err := b.Discard(t.Context(), list.Batch, "a test"); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	b.mustMake(t, numbers)
	var lost *UndeliveredError
	if r, err := b.Gather(t.Context(), list, b.out("queued")); !errors.As(err, &lost) || len(lost.Rows) != 3 || r.Issued != 0 || len(r.Lines) != 0 {
		t.Errorf("gathered: got %+v, %v", r, err)
	}
}

func TestMakeSignsWithNoOtherKey(t *testing.T) {
	b := newBench(t)
	list, numbers := b.enlist(t, 2)
	first, own := b.Key, b.Keys
	b.newKey(t)
	other, err := b.Make(t.Context(), numbers)
	if err != nil || len(other) != 1 || len(other[first.signing.ID]) != 2 {
		t.Errorf("a machine with another key: got %v, %v", other, err)
	}
	if got := b.unmade(t, list); len(got) != 2 {
		t.Errorf("unmade: got %v", got)
	}
	b.Key, b.Keys = first, own
	b.Now = func() time.Time { return testNow.Add(-2 * time.Minute) }
	if _, err := b.Make(t.Context(), numbers); !errors.Is(err, ErrClock) {
		t.Errorf("a clock that is behind: got %v, want ErrClock", err)
	}
	if err := b.Keys.Revoke(first.signing.ID, testNow); err != nil {
		t.Fatal(err)
	}
	b.Now = func() time.Time { return testNow }
	if _, err := b.Make(t.Context(), numbers); !errors.Is(err, ErrKeyNotActive) {
		t.Errorf("a revoked key: got %v, want ErrKeyNotActive", err)
	}
}

// meddler is a register in which something happens between the making of cards and their recording.
type meddler struct {
	Recorder
	before func(done []card.Finished) error
}

func (m *meddler) MarkIssued(ctx context.Context, actor string, at time.Time, done []card.Finished) error {
	if err := m.before(done); err != nil {
		return err
	}
	return m.Recorder.MarkIssued(ctx, actor, at, done)
}

func TestAnotherMachineWasFaster(t *testing.T) {
	b := newBench(t)
	list, numbers := b.enlist(t, 3)
	faster := false
	b.Recorder = &meddler{b.db, func(done []card.Finished) error {
		if faster {
			return nil
		}
		faster = true
		one := done[1]
		one.SHA256 = strings.Repeat("ab", 32) // a file of its own: seals differ
		return b.db.MarkIssued(t.Context(), "other", testNow, []card.Finished{one})
	}}
	b.mustMake(t, numbers)
	if got := b.unmade(t, list); len(got) != 0 || !faster {
		t.Errorf("unmade: got %v", got)
	}
	theirs := 0
	for _, n := range numbers {
		e, _, err := b.db.FindEntry(t.Context(), n)
		if err != nil || e.State != card.Issued {
			t.Errorf("card %s: got %s, %v", n, e.State, err)
		}
		if e.SHA256 == strings.Repeat("ab", 32) {
			theirs++
		}
	}
	if theirs != 1 {
		t.Errorf("%d cards have the other machine's file, want 1", theirs)
	}
}

func TestAFaultOfACardHoldsNoOtherBack(t *testing.T) {
	b := newBench(t)
	list, numbers := b.enlist(t, 4)
	b.Recorder = &meddler{b.db, func(done []card.Finished) error {
		for _, f := range done {
			if f.Number == numbers[2] {
				return &card.LapsedError{Number: f.Number, Prior: numbers[0], State: card.Revoked}
			}
		}
		return nil
	}}
	_, err := b.Make(t.Context(), numbers)
	fault, ok := errors.AsType[*CardsError](err)
	if !ok || len(fault.Faults) != 1 || fault.Faults[numbers[2]] == nil || !strings.Contains(err.Error(), numbers[2].String()) {
		t.Errorf("got %v", err)
	}
	if got := b.unmade(t, list); len(got) != 1 || got[0] != numbers[2] {
		t.Errorf("unmade: got %v, want %v", got, numbers[2])
	}
}

// While a batch waits for its machines, cards of it are withdrawn, both such as were issued before and such as the machines have made.
func TestGatherHandsOutNothingThatWasWithdrawnMeanwhile(t *testing.T) {
	const erased, revoked, given = 0, 1, 2 // rows of each half
	b := newBench(t)
	b.mustIssue(t, b.plan(t, 3))
	list, numbers := b.enlist(t, 7)
	b.mustMake(t, numbers[:3])
	var all []card.Number
	for _, l := range list.plan.lines {
		all = append(all, l.entry.Number)
	}
	gone := []card.Number{all[erased], all[3+erased]}
	if _, err := b.db.Erase(t.Context(), gone, "colleague", "asked for", testNow); err != nil {
		t.Fatal(err)
	}
	for _, n := range []card.Number{all[revoked], all[3+revoked], all[6]} { // the last before it was made
		if _, err := b.db.Change(t.Context(), card.Change{Number: n, To: card.Revoked, Actor: "colleague", Reason: "x", At: testNow}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.Gather(t.Context(), list, b.out("queued"))
	var lost *UndeliveredError
	if !errors.As(err, &lost) || len(lost.Rows) != 1 || r.Issued != 3 || len(r.Lines) != 6 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for n, l := range r.Lines {
		want := ManifestLine{State: card.Revoked}
		if n%3 == given {
			want = ManifestLine{State: card.Issued, File: FileName(all[n])}
		}
		if l.Number != all[n] || l.State != want.State || l.File != want.File {
			t.Errorf("line %d: got %+v, want %+v", n+1, l, want)
		}
		if _, err := os.Stat(filepath.Join(b.dir, "queued", FileName(all[n]))); (err == nil) != (want.File != "") {
			t.Errorf("the file of line %d: got %v", n+1, err)
		}
		if n%3 == erased && (l.Name != card.ErasedName || l.VerifyURL != "" || l.SHA256 != "") {
			t.Errorf("an erased card: got %+v", l)
		}
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "queued", ManifestName))
	if err != nil || bytes.Contains(text, []byte("Nowák A")) || bytes.Contains(text, []byte("Nowák D")) || !bytes.Contains(text, []byte("Nowák F")) {
		t.Errorf("got %s, %v", text, err)
	}
}

// The key that signed is revoked while a batch waits. What the machines have proved by then is not handed out, and not put in force.
func TestGatherBelievesNoRevokedKey(t *testing.T) {
	b := newBench(t)
	b.mustIssue(t, b.plan(t, 1))
	list, numbers := b.enlist(t, 3)
	b.mustMake(t, numbers)
	held, err := b.Enlist(t.Context(), b.hold(t, "name,email,course,completed,score,learner_id\nVera Holm,v@example.org,BLS,2026-11-07,90,V1\n"), Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	b.mustMake(t, b.unmade(t, held))
	if err := RevokeKey(t.Context(), b.keys, b.Key.signing.ID, testNow.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if b.Keys, err = keys.Load(filepath.Join(b.keys, keys.FileName)); err != nil {
		t.Fatal(err)
	}
	r, err := b.Gather(t.Context(), list, b.out("queued"))
	if err != nil || len(r.Lines) != 3 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for _, l := range r.Lines {
		if l.State != keyRevoked || l.File != "" {
			t.Errorf("got %+v", l)
		}
	}
	if files, err := os.ReadDir(filepath.Join(b.dir, "queued")); err != nil || len(files) != 1 {
		t.Errorf("got %v, %v, want the list alone", files, err)
	}
	if r, err := b.Gather(t.Context(), held, Delivery{}); !errors.Is(err, ErrKeyNotActive) || r.Held != 0 || len(r.Lines) != 0 {
		t.Errorf("a held batch: got %+v, %v, want ErrKeyNotActive", r, err)
	}
}
