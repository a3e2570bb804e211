package photo

import (
	"context"
	"image"
	"slices"
)

// Symbol is a QR that was read.
type Symbol struct {
	Text string
	X, Y float64 // its middle, in pixels from the upper left corner
}

// MaxSymbols is how many symbols of one picture are read at most.
const MaxSymbols = 200

// largest is the size in pixels at which a picture is read; a larger one is made smaller first.
const largest = 16 << 20

// Read finds the symbols in a picture, dark on light and light on dark, from top to bottom. An error says why there may be more of them:
// ErrUnread where three finder patterns stand as a symbol's and it can't be read, ErrMore where MaxSymbols or the limit of work was
// reached (see With), or that of ctx when it ended.
func Read(ctx context.Context, img *image.Gray) ([]Symbol, error) {
	r := &reading{ctx: ctx, work: NewWork(MaxWork)}
	if all := WorkOf(ctx); all != nil {
		r.work.most = min(MaxWork, all.most-all.done)
		defer func() { all.done += r.work.done }()
	}
	if !r.isOver() {
		base, scale := newPlane(img, r.work), 1.0
		for base.w*base.h > largest {
			base, scale = base.half(), scale*2
		}
		r.look(base, scale)
		r.look(base.inverted(), scale)
	}
	slices.SortStableFunc(r.found, func(a, b Symbol) int { return int(a.Y) - int(b.Y) })
	return r.found, r.problem()
}

// look reads the symbols that are dark on light in a picture, scale times as small as the one that was given. It looks in several ways, for as
// long as there are finder patterns that belong to no symbol.
func (r *reading) look(base *plane, scale float64) {
	small := min(base.w, base.h)
	before := len(r.found)
	r.base, r.scale = base, scale
	for n, pass := range []func(){
		func() { r.pass(base, base.binary(small/16), scale) },
		func() { r.sharpPass(base, scale) },
		func() { half := base.half(); r.pass(half, half.binary(small/32), scale*2) },
		func() { r.pass(base, base.binary(small/60), scale) },
		func() { soft := base.median(); r.pass(soft, soft.binary(small/16), scale) },
		func() {
			if base.w*base.h <= largest/4 {
				large := base.double()
				r.pass(large, large.binary(small/8), scale/2)
			}
		},
	} {
		if r.isOver() || n > 1 && r.left < 2 && (len(r.found) > before || r.turned) {
			break
		}
		pass()
	}
	r.turned = true
}

// sharpPass finds what is out of focus. Sharpening makes patterns of noise too, so that a finder pattern's middle has to stand out before it.
func (r *reading) sharpPass(base *plane, scale float64) {
	small := min(base.w, base.h)
	sharp := base.sharpened(max(small/150, 3))
	b, stands := sharp.binary(small/60), base.under(small/16, 10+6*base.noise())
	finders := slices.DeleteFunc(r.findFinders(b), func(f finder) bool { return !stands.at(int(f.x), int(f.y)) })
	r.read(sharp, b, finders, scale)
}

// isOver says whether no more is to be done for the picture.
func (r *reading) isOver() bool {
	return r.ctx.Err() != nil || r.work.IsOver() || len(r.found) >= MaxSymbols
}

// problem says why there may be more symbols than were found.
func (r *reading) problem() error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.isOver(), r.cut:
		return ErrMore
	case slices.ContainsFunc(r.doubts, func(d [3]spot) bool { return !slices.ContainsFunc(d[:], r.isRead) }):
		return ErrUnread
	}
	return nil
}
