package issuer

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/keys"
)

// failing stands before a real archive and gives up after some files, as a disk does.
type failing struct {
	Archive
	left atomic.Int64
}

func failAfter(a Archive, files int64) *failing {
	f := &failing{Archive: a}
	f.left.Store(files)
	return f
}

var errDisk = errors.New("no space left")

func (f *failing) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	for n := range files {
		if f.left.Add(-1) < 0 {
			return nil, errDisk
		}
		if _, err := f.Archive.Put(ctx, map[card.Number][]byte{n: files[n]}); err != nil {
			return nil, err
		}
	}
	return f.Archive.Put(ctx, files)
}

func TestABrokenBatchIsFinishedByTheNextRun(t *testing.T) {
	b := newBench(t)
	whole := b.Archive
	b.Archive = failAfter(whole, 3)
	r, err := b.Issue(t.Context(), b.plan(t, 10), b.out("out"))
	if !errors.Is(err, errDisk) || r == nil || r.Issued > 3 {
		t.Fatalf("got %+v, %v, want what was finished and the disk's error", r, err)
	}
	b.Archive = whole
	p := b.plan(t, 10)
	if p.New() != 0 || p.Unfinished()+p.AlreadyIssued() != 10 {
		t.Fatalf("got %d new, %d unfinished, %d issued", p.New(), p.Unfinished(), p.AlreadyIssued())
	}
	again := b.mustIssue(t, p)
	if again.Issued+r.Issued != 10 || len(again.Lines) != 10 {
		t.Errorf("got %d and then %d issued, %d lines", r.Issued, again.Issued, len(again.Lines))
	}
}

func TestAnUnfinishedCardTakesTheKeyOfToday(t *testing.T) {
	b := newBench(t)
	b.Archive = failAfter(b.Archive, 0)
	if _, err := b.Issue(t.Context(), b.plan(t, 2), b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = archive.NewFolder(filepath.Join(b.dir, "cards"))
	b.newKey(t)
	r := b.mustIssue(t, b.plan(t, 2))
	if r.Issued != 2 {
		t.Fatalf("got %+v", r)
	}
	e, _, err := b.db.FindEntry(t.Context(), r.Lines[0].Number)
	if want, _ := b.Keys.Active(testURL, keys.Cards); err != nil || e.KeyID != want.ID {
		t.Errorf("the card hangs on key %s, %v, want %s", e.KeyID, err, want.ID)
	}
}

func TestAnEndedContextStopsTheBatch(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	d := b.out("out")
	d.Progress = func(int) { cancel() }
	r, err := b.Issue(ctx, b.plan(t, 200), d)
	if !errors.Is(err, context.Canceled) || r == nil || r.Issued == 0 || r.Issued == 200 {
		t.Fatalf("got %+v, %v, want a part of the batch and context.Canceled", r, err)
	}
	files, err := filepath.Glob(filepath.Join(d.Dir, "*.pdf"))
	if err != nil || len(files) != len(r.Lines) {
		t.Errorf("%d files and %d lines, %v", len(files), len(r.Lines), err)
	}
}

// What the roster says on the day of issue counts, not what it said when a run broke off.
func TestAnUnfinishedCardIsIssuedAsTheRosterSaysNow(t *testing.T) {
	b := newBench(t)
	const heading = "name,email,course,completed,score,instructor,learner_id\n"
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	old := b.prepare(t, heading+"Cyru Tres,cy@example.org,BLS,2026-11-07,90,Ida Teach,L1\n")
	if _, err := b.Issue(t.Context(), old, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = whole
	p := b.prepare(t, heading+"Cyrus Tres,cy@example.org,BLS,2026-11-07,90,Eva Right,L1\n")
	r := b.mustIssue(t, p)
	e, _, err := b.db.FindEntry(t.Context(), r.Lines[0].Number)
	if err != nil || e.Name != "Cyrus Tres" || e.Instructor != "Eva Right" || r.Issued != 1 {
		t.Errorf("got %s by %s, %v", e.Name, e.Instructor, err)
	}
	if given, _, err := b.db.FindEntry(t.Context(), old.lines[0].entry.Number); err != nil || given.State != card.Revoked {
		t.Errorf("the unfinished card is %s, %v", given.State, err)
	}
}

func TestAnAbandonedReplacementMakesRoomForAnother(t *testing.T) {
	b := newBench(t)
	old := b.mustIssue(t, b.plan(t, 1)).Lines[0]
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	if _, err := b.Replace(t.Context(), old.Number, Correction{Name: "Cyrus", Reason: "x"}, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = whole
	r, err := b.Replace(t.Context(), old.Number, Correction{Name: "Cyril", Reason: "x"}, b.out("out"))
	if err != nil || r.Lines[0].Name != "Cyril" {
		t.Fatalf("got %+v, %v, want Cyril's card", r, err)
	}
}

func TestAWithdrawnUnfinishedCardBlocksNobody(t *testing.T) {
	b := newBench(t)
	whole := b.Archive
	b.Archive = failAfter(whole, 0)
	p := b.plan(t, 3)
	if _, err := b.Issue(t.Context(), p, b.out("out")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	b.Archive = whole
	_, err := b.db.Change(t.Context(), card.Change{Number: p.lines[1].entry.Number, To: card.Revoked, Actor: "tester", Reason: "x", At: testNow})
	if err != nil {
		t.Fatal(err)
	}
	// A card that a person withdrew does not come back unasked.
	again := b.plan(t, 3)
	if r := b.mustIssue(t, again); r.Issued != 2 || len(r.Lines) != 3 || r.Lines[1].State != card.Revoked || !strings.Contains(says(again), "already_revoked notice") {
		t.Errorf("got %+v, want two cards and the withdrawn one: %s", r, says(again))
	}
}
