package photo

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// reading collects the symbols of a picture over several passes.
type reading struct {
	ctx    context.Context // lives as long as one call of Read
	work   *Work
	base   *plane  // what is looked at
	scale  float64 // as small as the picture it is so many times
	found  []Symbol
	marks  []mark
	doubts [][3]spot // finder patterns that stand as a symbol's, which was not read
	left   int       // finder patterns of the last pass that belong to no symbol
	cut    bool      // there were more patterns than are looked at
	turned bool      // the picture is looked at with light for dark
}

// mark is where a symbol was read: its middle, and how far its finder patterns are apart, in pixels of the picture.
type mark struct {
	spot
	side float64
}

// isRead says whether a finder pattern lies within a symbol that an earlier pass has read.
func (r *reading) isRead(at spot) bool {
	return slices.ContainsFunc(r.marks, func(m mark) bool { return m.distance(at) < 0.8*m.side })
}

// pass looks for symbols in one rendering of the picture, scale times as small as the picture.
func (r *reading) pass(p *plane, b *bitmap, scale float64) {
	r.read(p, b, r.findFinders(b), scale)
}

func (r *reading) read(p *plane, b *bitmap, finders []finder, scale float64) {
	for i, f := range finders {
		finders[i].used = r.isRead(f.spot.times(scale))
	}
	for _, t := range r.triples(finders) {
		if r.isOver() {
			break
		}
		corner, row, column := &finders[t.corner], &finders[t.row], &finders[t.column]
		if corner.used || row.used || column.used {
			continue
		}
		text, isSymbol := p.readSymbol(b, *corner, *row, *column)
		if at := [3]spot{corner.spot.times(scale), row.spot.times(scale), column.spot.times(scale)}; isSymbol && text == "" && r.isFull(at) {
			r.doubts = append(r.doubts, at)
		}
		if text == "" {
			continue
		}
		corner.used, row.used, column.used = true, true, true
		middle := row.plus(column.spot).times(scale / 2)
		r.found = append(r.found, Symbol{text, middle.x, middle.y})
		r.marks = append(r.marks, mark{middle, corner.distance(row.spot) * scale})
	}
	r.left = 0
	for _, f := range finders {
		if !f.used && !r.isRead(f.spot.times(scale)) && f.isCertain() {
			r.left++
		}
	}
}

// readSymbol reads the symbol of three finder patterns, if they are one's. It says so too where there is no text to be read.
func (p *plane) readSymbol(b *bitmap, corner, row, column finder) (text string, isSymbol bool) {
	u, v := row.minus(corner.spot), column.minus(corner.spot)
	var frames [3]frame
	weakest := 1.0
	for i, f := range [3]finder{corner, row, column} {
		along, down := b.moduleAlong(f, u), b.moduleAlong(f, v)
		if along == 0 || down == 0 {
			return "", false
		}
		start := frame{f.spot, u.times(along / u.length()), v.times(down / v.length())}
		if p.match(start, 3) < 0.15 { // noise, and patterns within symbols: most of what comes here
			return "", false
		}
		settled, strength := p.settle(start)
		if strength < 0.35 {
			return "", false
		}
		frames[i], weakest = settled, min(weakest, strength)
	}
	var tries []attempt
	for _, n := range sizesOf(frames) {
		if m, ok := p.fitMesh(frames, n); ok {
			tries = append(tries, attempt{m, n, p.timing(m, n)})
		}
	}
	slices.SortStableFunc(tries, func(a, b attempt) int { return cmp.Compare(b.timing, a.timing) })
	for _, t := range tries[:min(len(tries), 2)] {
		if t.timing < 0.7 {
			break
		}
		if text, ok := p.decode(t); ok {
			return text, true
		}
	}
	return "", weakest > 0.6 && isSquare(frames)
}

// isSquare says whether three finder patterns are alike in size and stand at a right angle, as far as a telephone held askew leaves them.
func isSquare(f [3]frame) bool {
	least, most := math.Inf(1), 0.0
	for _, g := range f {
		for _, step := range [2]spot{g.row, g.column} {
			least, most = min(least, step.length()), max(most, step.length())
		}
	}
	u, v := f[1].at.minus(f[0].at), f[2].at.minus(f[0].at)
	skew, ratio := math.Abs(u.dot(v))/(u.length()*v.length()), math.Abs(math.Log(u.length()/v.length()))
	return most < 1.6*least && skew < 0.35 && ratio < 0.35
}

// isFull says whether the square of three finder patterns is about half dark, as a symbol is however much out of focus, and lines of text are not.
func (r *reading) isFull(at [3]spot) bool {
	const side = 32
	var shades [side * side]float64
	corner := at[0].times(1 / r.scale)
	row, column := at[1].times(1/r.scale).minus(corner), at[2].times(1/r.scale).minus(corner)
	sum := 0.0
	for i := range shades {
		q := corner.plus(row.times(float64(i%side) / (side - 1))).plus(column.times(float64(i/side) / (side - 1)))
		shades[i] = r.base.at(q.x, q.y)
		sum += shades[i]
	}
	slices.Sort(shades[:])
	ink, paper := shades[len(shades)/20], shades[len(shades)*19/20]
	dark := (paper - sum/float64(len(shades))) / max(paper-ink, 1)
	return dark > 0.3 && dark < 0.7
}

// attempt is a symbol as it may lie in the picture.
type attempt struct {
	mesh    *mesh
	modules int
	timing  float64
}

// moduleAlong measures a finder pattern along a direction: from its middle to its edge on both sides are 7 modules. 0 is none.
func (b *bitmap) moduleAlong(f finder, direction spot) float64 {
	step := direction.times(0.25 / direction.length())
	total := 0.0
	for _, sign := range []float64{1, -1} {
		at, edges, dark := f.spot, 0, true
		n := 0
		for ; edges < 3; n++ {
			if n > int(40*f.module)+8 {
				return 0
			}
			at = at.plus(step.times(sign))
			if now := b.at(int(math.Floor(at.x)), int(math.Floor(at.y))); now != dark {
				dark = now
				edges++
			}
		}
		total += float64(n) * 0.25
	}
	return total / 7
}

// sizesOf are the numbers of modules in a row that a symbol may have by the distance of its finder patterns, the likeliest first.
func sizesOf(f [3]frame) []int {
	along := f[0].at.distance(f[1].at) / ((f[0].row.length() + f[1].row.length()) / 2)
	down := f[0].at.distance(f[2].at) / ((f[0].column.length() + f[2].column.length()) / 2)
	version := int(math.Round(((along+down)/2 + 7 - 17) / 4))
	var all []int
	for _, d := range []int{0, 1, -1, 2, -2} {
		if v := version + d; v >= 1 && v <= 40 {
			all = append(all, 17+4*v)
		}
	}
	return all
}

// timing says how much of the timing patterns (ISO/IEC 18004, 6.3.5) is where it has to be, from 0 to 1.
func (p *plane) timing(m *mesh, modules int) float64 {
	p.work.add(2 * modules * (4 + len(m.anchors)))
	good, all := 0, 0
	for _, across := range []bool{true, false} {
		var last float64
		for i := 7; i < modules-7; i++ {
			at := spot{float64(i) + 0.5, 6.5}
			if !across {
				at = spot{6.5, float64(i) + 0.5}
			}
			at = m.apply(at)
			v := p.at(at.x, at.y)
			if i > 7 {
				all++
				if (i%2 == 0) == (v < last) && v != last {
					good++
				}
			}
			last = v
		}
	}
	return float64(good) / float64(max(all, 1))
}

// decode measures the modules in several ways until one gives a text.
func (p *plane) decode(t attempt) (string, bool) {
	plain, middle := p.shades(t)
	n := t.modules
	for _, way := range []struct {
		shades  []float64
		sharpen float64
		radius  int
	}{{plain, 0, 6}, {plain, 0.8, 6}, {middle, 0, 6}, {plain, 0.4, 3}, {middle, 0.4, 9}, {plain, 1.5, 4}} {
		p.work.add(n * n * way.radius * way.radius) // its squares of 2*radius+1 are looked at twice, and quickly
		dark := apart(sharper(way.shades, n, way.sharpen), n, way.radius)
		writeVersion(dark, n)
		if text, ok := decodeModules(dark, n); ok {
			return text, true
		}
	}
	return "", false
}

// shades measures each module at several places: their mean, and their median, which passes over specks.
func (p *plane) shades(t attempt) (mean, median []float64) {
	n := t.modules
	p.work.add(n * n * (9 + 3*len(t.mesh.anchors)))
	mean, median = make([]float64, n*n), make([]float64, n*n)
	for y := range n {
		for x := range n {
			middle := spot{float64(x) + 0.5, float64(y) + 0.5}
			at := t.mesh.apply(middle)
			row, column := t.mesh.apply(middle.plus(spot{0.27, 0})).minus(at), t.mesh.apply(middle.plus(spot{0, 0.27})).minus(at)
			var v [9]float64
			sum := 0.0
			for i := range v {
				q := at.plus(row.times(float64(i%3 - 1))).plus(column.times(float64(i/3 - 1)))
				v[i] = p.at(q.x, q.y)
				sum += v[i]
			}
			slices.Sort(v[:])
			mean[y*n+x], median[y*n+x] = sum/9, v[4]
		}
	}
	return mean, median
}

// sharper takes from each module what its neighbours blur into it.
func sharper(v []float64, n int, by float64) []float64 {
	if by == 0 {
		return v
	}
	out := make([]float64, len(v))
	for y := range n {
		for x := range n {
			around := v[max(y-1, 0)*n+x] + v[min(y+1, n-1)*n+x] + v[y*n+max(x-1, 0)] + v[y*n+min(x+1, n-1)]
			out[y*n+x] = v[y*n+x] + by*(v[y*n+x]-around/4)
		}
	}
	return out
}

// apart calls a module dark that is darker than the middle between what is dark and what is light around it.
func apart(v []float64, n, radius int) []bool {
	dark := make([]bool, n*n)
	for y := range n {
		for x := range n {
			sum, count := 0.0, 0.0
			for j := max(y-radius, 0); j <= min(y+radius, n-1); j++ {
				for i := max(x-radius, 0); i <= min(x+radius, n-1); i++ {
					sum, count = sum+v[j*n+i], count+1
				}
			}
			mean := sum / count
			var low, lows, high, highs float64
			for j := max(y-radius, 0); j <= min(y+radius, n-1); j++ {
				for i := max(x-radius, 0); i <= min(x+radius, n-1); i++ {
					if s := v[j*n+i]; s < mean {
						low, lows = low+s, lows+1
					} else {
						high, highs = high+s, highs+1
					}
				}
			}
			dark[y*n+x] = v[y*n+x] < (low/max(lows, 1)+high/max(highs, 1))/2
		}
	}
	return dark
}

// writeVersion writes what is known of the version (ISO/IEC 18004, annex D) over what was measured: the decoder need not doubt it.
func writeVersion(dark []bool, n int) {
	version := (n - 17) / 4
	if version < 7 {
		return
	}
	rest := version << 12
	for bit := 17; bit >= 12; bit-- {
		if rest>>bit&1 == 1 {
			rest ^= 0x1f25 << (bit - 12)
		}
	}
	code := version<<12 | rest
	for i := range 18 {
		set := code>>i&1 == 1
		a, b := i/3, n-11+i%3
		dark[a*n+b], dark[b*n+a] = set, set
	}
}

// decodeModules reads a symbol from its modules, also mirrored.
func decodeModules(dark []bool, n int) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bits, err := gozxing.NewSquareBitMatrix(n)
	if err != nil {
		return "", false
	}
	for i, d := range dark {
		if d {
			bits.Set(i%n, i/n)
		}
	}
	res, err := decoder.NewDecoder().Decode(bits, nil)
	if err != nil {
		return "", false
	}
	return res.GetText(), true
}
