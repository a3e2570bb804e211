package issuer

import (
	"context"
	"errors"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// during is an archive in which something happens while files are written. They are written to the end all the same.
type during struct {
	Archive
	happens func()
}

func (d *during) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	d.happens()
	return d.Archive.Put(context.WithoutCancel(ctx), files)
}

// What is finished is recorded after Ctrl-C too, but never once others are no longer kept away. What was archived by then is made again.
func TestNothingIsRecordedWhenOthersMayBeAtWork(t *testing.T) {
	for name, c := range map[string]struct {
		interrupted, lost bool
		want              int
	}{
		"interrupted":           {interrupted: true, want: 3},
		"lost":                  {lost: true},
		"interrupted, and lost": {interrupted: true, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			held, lose := context.WithCancel(context.Background())
			defer lose()
			ctx, interrupt := context.WithCancel(held)
			defer interrupt()
			b.Held = func(context.Context) context.Context { return held }
			whole := b.Archive
			b.Archive = &during{whole, func() {
				if c.interrupted {
					interrupt()
				}
				if c.lost {
					lose()
				}
			}}
			r, err := b.Issue(ctx, b.plan(t, 3), b.out("out"))
			if !errors.Is(err, context.Canceled) || r == nil || r.Issued != c.want || len(r.Lines) != c.want {
				t.Errorf("got %+v, %v, want %d issued and context.Canceled", r, err, c.want)
			}
			b.Archive = whole
			b.Held = nil
			if r := b.mustIssue(t, b.plan(t, 3)); r.Issued != 3-c.want || len(r.Lines) != 3 {
				t.Errorf("again: got %+v, want the other %d issued", r, 3-c.want)
			}
		})
	}
}
