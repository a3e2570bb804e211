package photo

import "context"

// MaxWork is the most that is done for one picture, in steps: several times what a photograph of 12 megapixels with many cards takes, and about
// four seconds of one core.
const MaxWork = 200_000_000

// Work counts what is done to read pictures, in steps: one is about a look at one place between pixels, and 50 million are about a second of one
// core. It is counted and not timed, so that the same pictures are read to the same place on a busy machine. One goroutine uses it.
type Work struct{ most, done int64 }

// NewWork is a limit of so many steps, for all pictures that are read with it.
func NewWork(most int64) *Work { return &Work{most: max(most, 0)} }

// Done is how many steps were done. It is a little more than the limit where that was reached: a step that was begun is ended.
func (w *Work) Done() int64 { return w.done }

// IsOver says whether no more is done.
func (w *Work) IsOver() bool { return w.done >= w.most }

func (w *Work) add(steps int) { w.done += int64(steps) }

type workKey struct{}

// With gives Read the limit w, beside its own of MaxWork for each picture.
func With(ctx context.Context, w *Work) context.Context { return context.WithValue(ctx, workKey{}, w) }

// WorkOf is the limit that was given to ctx; nil for none.
func WorkOf(ctx context.Context) *Work {
	w, _ := ctx.Value(workKey{}).(*Work)
	return w
}
