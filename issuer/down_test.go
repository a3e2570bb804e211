package issuer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
)

// down is an archive whose bucket does not answer to readers.
type down struct {
	Archive
	puts int
}

func (d *down) Get(_ context.Context, number card.Number, _ string) ([]byte, error) {
	return nil, fmt.Errorf("%w: card %s", archive.ErrUnavailable, number)
}

func (d *down) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	d.puts += len(files)
	return d.Archive.Put(ctx, files)
}

// What can't be read now is not lost: no card is told as lost, and none that was proved is drawn anew.
func TestADownBucketLosesNothing(t *testing.T) {
	b := newBench(t)
	b.withCourses(t)
	b.mustIssue(t, b.plan(t, 3))
	whole := b.Archive
	d := &down{Archive: whole}
	b.Archive = d
	var lost *UndeliveredError
	if _, err := b.Issue(t.Context(), b.plan(t, 3), b.out("again")); !errors.Is(err, archive.ErrUnavailable) || errors.As(err, &lost) {
		t.Errorf("delivering again: got %v, want ErrUnavailable", err)
	}
	b.Archive = whole
	text := classHeading + "Ana Silva,ana@example.org,BLS,2026-11-07,90,,,,\nRui Costa,rui@example.org,BLS,2026-11-07,90,,,,\n"
	held, _ := b.held(t, text)
	b.Archive = d
	var files *FilesLostError
	if _, err := b.Release(t.Context(), held, Delivery{}); !errors.Is(err, archive.ErrUnavailable) || errors.As(err, &files) {
		t.Errorf("release: got %v, want ErrUnavailable", err)
	}
	if _, err := b.Issue(t.Context(), b.hold(t, text), Delivery{}); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("making it again: got %v, want ErrUnavailable", err)
	}
	if d.puts != 0 {
		t.Errorf("%d files were made anew", d.puts)
	}
	b.Archive = whole
	if r, err := b.Release(t.Context(), held, Delivery{}); err != nil || r.Issued != 2 {
		t.Errorf("release after that: got %+v, %v", r, err)
	}
}

func TestOutlast(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	later, end := outlast(ctx, context.WithoutCancel(ctx), 50*time.Millisecond)
	cancel()
	if later.Err() != nil {
		t.Error("it ends at once")
	}
	select {
	case <-later.Done():
	case <-time.After(10 * time.Second):
		t.Error("it does not end")
	}
	end()
	later, end = outlast(t.Context(), t.Context(), time.Hour)
	if end(); later.Err() == nil {
		t.Error("it does not end with end")
	}
}
