package photo

import (
	"cmp"
	"math"
	"slices"
)

// spot is a place in a picture, in pixels.
type spot struct{ x, y float64 }

func (a spot) plus(b spot) spot        { return spot{a.x + b.x, a.y + b.y} }
func (a spot) minus(b spot) spot       { return spot{a.x - b.x, a.y - b.y} }
func (a spot) times(f float64) spot    { return spot{a.x * f, a.y * f} }
func (a spot) length() float64         { return math.Hypot(a.x, a.y) }
func (a spot) dot(b spot) float64      { return a.x*b.x + a.y*b.y }
func (a spot) cross(b spot) float64    { return a.x*b.y - a.y*b.x }
func (a spot) distance(b spot) float64 { return a.minus(b).length() }

// finder is the middle of what looks like a finder pattern: squares of 7, 5 and 3 modules (ISO/IEC 18004, 6.3.3).
type finder struct {
	spot
	module float64 // along the row and the column: up to √2 too large where it is turned
	seen   int     // rows in which it was found
	first  int     // of them
	used   bool
}

const (
	maxFinders = 3 * MaxSymbols // the best seen
	maxTriples = 20_000         // the likeliest; the limit of work mostly ends before
)

// findFinders looks for dark and light in the ratio 1:1:3:1:1 in each row, and then across.
func (r *reading) findFinders(b *bitmap) []finder {
	var found []finder
	for y := 0; y < b.h; y++ {
		if y%64 == 0 && r.isOver() {
			return nil
		}
		var runs [5]int
		row := b.dark[y*b.w : (y+1)*b.w]
		dark, run := false, 0
		for x := 0; x <= b.w; x++ {
			if x < b.w && row[x] == dark {
				run++
				continue
			}
			copy(runs[:], runs[1:])
			runs[4] = run
			if dark && isFinder(runs) {
				found = r.noteFinder(found, b, x, y, runs)
			}
			dark, run = !dark, 1
		}
	}
	found = slices.DeleteFunc(found, func(f finder) bool { return f.seen < 2 })
	slices.SortStableFunc(found, func(a, b finder) int { return b.seen - a.seen })
	r.cut = r.cut || slices.ContainsFunc(found[min(len(found), maxFinders):], finder.isCertain)
	return found[:min(len(found), maxFinders)]
}

func isFinder(r [5]int) bool {
	total := r[0] + r[1] + r[2] + r[3] + r[4]
	if total < 7 || r[0] == 0 || r[1] == 0 || r[2] == 0 || r[3] == 0 || r[4] == 0 {
		return false
	}
	m := float64(total) / 7
	slack := 0.6*m + 0.4
	near := func(run int, modules float64) bool { return math.Abs(float64(run)-modules*m) < slack }
	return near(r[0], 1) && near(r[1], 1) && math.Abs(float64(r[2])-3*m) < 1.5*slack && near(r[3], 1) && near(r[4], 1)
}

// noteFinder checks a row's finding across; end is behind its last pixel.
func (r *reading) noteFinder(found []finder, b *bitmap, end, y int, runs [5]int) []finder {
	total := runs[0] + runs[1] + runs[2] + runs[3] + runs[4]
	r.work.add(3 * total)
	x := float64(end-runs[4]-runs[3]) - float64(runs[2])/2
	high, cy, ok := b.across(int(x), y, 0, 1, total)
	if !ok {
		return found
	}
	wide, cx, ok := b.across(int(x), int(cy), 1, 0, total)
	if !ok {
		return found
	}
	f := finder{spot: spot{cx, cy}, module: (high + wide) / 14, seen: 1, first: y}
	for i := len(found) - 1; i >= 0; i-- {
		g := &found[i]
		if float64(y-g.first) > 10*f.module { // it ended above, as all before it
			break
		}
		r.work.add(1)
		if g.distance(f.spot) < 2*f.module && g.module < 1.5*f.module && f.module < 1.5*g.module {
			n := float64(g.seen)
			g.x, g.y, g.module = (g.x*n+f.x)/(n+1), (g.y*n+f.y)/(n+1), (g.module*n+f.module)/(n+1)
			g.seen++
			return found
		}
	}
	if len(found) > 20*maxFinders { // noise
		r.cut = true
		return found
	}
	return append(found, f)
}

// isCertain says that it is no noise, and no pattern within a symbol: the square in the middle is three modules high.
func (f finder) isCertain() bool { return float64(f.seen) > 1.5*f.module }

// across measures the pattern through a pixel in one direction: its length, and its middle in that direction.
func (b *bitmap) across(x, y, dx, dy, total int) (length, middle float64, ok bool) {
	if !b.at(x, y) {
		return 0, 0, false
	}
	var r [5]int
	walk := func(sign, from int) int {
		i := 1
		if sign < 0 {
			i = 0
		}
		n := 0
		for part, dark := range [...]bool{true, false, true} {
			for ; b.within(x+sign*i*dx, y+sign*i*dy) && b.at(x+sign*i*dx, y+sign*i*dy) == dark && r[from+sign*part] <= total; i++ {
				r[from+sign*part]++
				n++
			}
		}
		return n
	}
	back := walk(-1, 2)
	walk(1, 2)
	if !isFinder(r) {
		return 0, 0, false
	}
	sum := r[0] + r[1] + r[2] + r[3] + r[4]
	if 5*abs(sum-total) > 3*total {
		return 0, 0, false
	}
	start := x*dx + y*dy - back + 1
	return float64(sum), float64(start+r[0]+r[1]) + float64(r[2])/2, true
}

func (b *bitmap) within(x, y int) bool { return x >= 0 && y >= 0 && x < b.w && y < b.h }

func abs(n int) int { return max(n, -n) }

// triple is three finder patterns that may be a symbol's: at its corner, along its first row, and along its first column.
type triple struct {
	corner, row, column int
	score               float64 // the less, the sooner it is tried
}

// triples lists what may be symbols, the small and square ones first: in a sheet of cards the larger ones are of two cards.
func (r *reading) triples(found []finder) []triple {
	var all []triple
	for a := range found {
		if r.isOver() {
			return nil
		}
		var near []int
		r.work.add(len(found))
		for b := range found {
			m := (found[a].module + found[b].module) / 2
			d := found[a].distance(found[b].spot)
			if a != b && d > 9*m && d < 185*m && found[a].module < 1.7*found[b].module && found[b].module < 1.7*found[a].module {
				near = append(near, b)
			}
		}
		// Of a page full of cards, only the neighbours matter.
		slices.SortFunc(near, func(b, c int) int {
			return cmp.Compare(found[a].distance(found[b].spot), found[a].distance(found[c].spot))
		})
		near = near[:min(len(near), 40)]
		r.work.add(len(near) * len(near) * 8)
		for i, b := range near {
			for _, c := range near[i+1:] {
				if t, ok := tripleOf(found, a, b, c); ok {
					all = append(all, t)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b triple) int { return cmp.Compare(a.score, b.score) })
	r.cut = r.cut || len(all) > maxTriples
	return all[:min(len(all), maxTriples)]
}

func tripleOf(found []finder, a, b, c int) (triple, bool) {
	u, v := found[b].minus(found[a].spot), found[c].minus(found[a].spot)
	lu, lv := u.length(), v.length()
	skew := math.Abs(u.dot(v)) / (lu * lv)
	ratio := math.Abs(math.Log(lu / lv))
	if skew > 0.55 || ratio > 0.6 {
		return triple{}, false
	}
	if u.cross(v) < 0 { // y goes down: the row comes first, clockwise
		b, c = c, b
	}
	return triple{a, b, c, (lu + lv) * (1 + 2*skew + 2*ratio)}, true
}
