package photo

import (
	"math"
	"slices"
)

// frame is a place in a picture with the steps of one module along a symbol's row and down its column.
type frame struct{ at, row, column spot }

func (f frame) point(i, j float64) spot { return f.at.plus(f.row.times(i)).plus(f.column.times(j)) }

// match says how well the squares of a pattern stand in their frame: dark and light apart, as a share of the contrast there, from -1 to 1.
// half is 3 for a finder pattern of 7 modules, and 2 for an alignment pattern of 5.
func (p *plane) match(f frame, half int) float64 {
	p.work.add((2*half + 1) * (2*half + 1))
	var dark, light, darks, lights float64
	low, high := 255.0, 0.0
	for j := -half; j <= half; j++ {
		for i := -half; i <= half; i++ {
			at := f.point(float64(i), float64(j))
			v := p.at(at.x, at.y)
			low, high = min(low, v), max(high, v)
			ring := max(abs(i), abs(j))
			if isDarkRing(ring, half) {
				dark, darks = dark+v, darks+1
			} else {
				light, lights = light+v, lights+1
			}
		}
	}
	return (light/lights - dark/darks) / max(high-low, 16)
}

func isDarkRing(ring, half int) bool {
	if half == 3 {
		return ring != 2
	}
	return ring != 1
}

// settle moves and bends a frame until the finder pattern in it matches best.
func (p *plane) settle(f frame) (frame, float64) {
	best := p.match(f, 3)
	size := (f.row.length() + f.column.length()) / 2
	for step := size * 0.4; step > size*0.02; step /= 2 {
		for improved, rounds := true, 0; improved && rounds < 6; rounds++ {
			improved = false
			for part := range 6 {
				for _, sign := range []float64{1, -1} {
					g, d := f, sign*step
					switch part {
					case 0:
						g.at.x += d
					case 1:
						g.at.y += d
					case 2:
						g.row.x += d / 3
					case 3:
						g.row.y += d / 3
					case 4:
						g.column.x += d / 3
					case 5:
						g.column.y += d / 3
					}
					if m := p.match(g, 3); m > best+1e-6 {
						f, best, improved = g, m, true
					}
				}
			}
		}
	}
	return f, best
}

// anchor is a place of the symbol, in modules, and where it stands in the picture.
type anchor struct{ in, out spot }

// homography maps a symbol's modules into the picture: a plane seen from anywhere.
type homography [8]float64

func (h homography) apply(p spot) spot {
	w := h[6]*p.x + h[7]*p.y + 1
	return spot{(h[0]*p.x + h[1]*p.y + h[2]) / w, (h[3]*p.x + h[4]*p.y + h[5]) / w}
}

// fitHomography is the one that has the least squares of errors at the anchors, of which it needs four or more.
func fitHomography(anchors []anchor, size float64) (homography, bool) {
	var m [8][9]float64 // normal equations, with both sides scaled to about 1
	s := anchors[0].out
	for _, a := range anchors {
		x, y := a.in.x/size, a.in.y/size
		o := a.out.minus(s)
		for _, row := range [2][9]float64{
			{x, y, 1, 0, 0, 0, -x * o.x, -y * o.x, o.x},
			{0, 0, 0, x, y, 1, -x * o.y, -y * o.y, o.y},
		} {
			for i := range 8 {
				for j := range 9 {
					m[i][j] += row[i] * row[j]
				}
			}
		}
	}
	h, ok := solve(&m)
	if !ok {
		return h, false
	}
	for _, i := range []int{0, 1, 3, 4, 6, 7} {
		h[i] /= size
	}
	// Back from the shifted origin of the picture.
	h[0], h[1], h[2] = h[0]+s.x*h[6], h[1]+s.x*h[7], h[2]+s.x
	h[3], h[4], h[5] = h[3]+s.y*h[6], h[4]+s.y*h[7], h[5]+s.y
	return h, true
}

// solve is Gauss's elimination with pivots.
func solve(m *[8][9]float64) (h homography, ok bool) {
	for c := range 8 {
		p := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[p][c]) {
				p = r
			}
		}
		if math.Abs(m[p][c]) < 1e-12 {
			return h, false
		}
		m[c], m[p] = m[p], m[c]
		for r := range 8 {
			if r == c {
				continue
			}
			f := m[r][c] / m[c][c]
			for k := c; k < 9; k++ {
				m[r][k] -= f * m[c][k]
			}
		}
	}
	for i := range 8 {
		h[i] = m[i][8] / m[i][i]
		if math.IsNaN(h[i]) || math.IsInf(h[i], 0) {
			return h, false
		}
	}
	return h, true
}

// mesh is a homography with what its anchors stand off from it, for paper that is bent.
type mesh struct {
	homography
	anchors []anchor
	off     []spot
}

func (m *mesh) apply(p spot) spot {
	at := m.homography.apply(p)
	var sum spot
	var weights float64
	for i, a := range m.anchors {
		d := p.minus(a.in)
		w := 1 / (d.dot(d) + 4)
		w *= w
		sum, weights = sum.plus(m.off[i].times(w)), weights+w
	}
	return at.plus(sum.times(1 / weights))
}

// frameAt is the mesh's own frame around a place.
func (h homography) frameAt(p spot) frame {
	at := h.apply(p)
	return frame{at, h.apply(p.plus(spot{0.5, 0})).minus(h.apply(p.plus(spot{-0.5, 0}))), h.apply(p.plus(spot{0, 0.5})).minus(h.apply(p.plus(spot{0, -0.5})))}
}

// fitMesh fits a symbol of so many modules in a row to its finder patterns and to all alignment patterns that it can find, beginning with
// those that are near to what is known already.
func (p *plane) fitMesh(corners [3]frame, modules int) (*mesh, bool) {
	n := float64(modules)
	var anchors []anchor
	for i, at := range [3]spot{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
		for _, d := range [4]spot{{-3, -3}, {3, -3}, {-3, 3}, {3, 3}} {
			anchors = append(anchors, anchor{at.plus(d), corners[i].point(d.x, d.y)})
		}
	}
	h, ok := fitHomography(anchors, n)
	if !ok {
		return nil, false
	}
	todo := alignments(modules)
	for len(todo) > 0 {
		near := func(c spot) float64 {
			least := math.Inf(1)
			for _, a := range anchors {
				least = min(least, a.in.distance(c))
			}
			return least
		}
		p.work.add(8 * len(todo) * len(anchors))
		slices.SortStableFunc(todo, func(a, b spot) int { return int(near(a)) - int(near(b)) })
		at, far := todo[0], near(todo[0])
		todo = todo[1:]
		if f, ok := p.findAlignment(h.frameAt(at), min(1+far/10, 4)); ok {
			anchors = append(anchors, anchor{at, f})
			if better, ok := fitHomography(anchors, n); ok {
				h = better
			}
		}
	}
	m := &mesh{homography: h, anchors: anchors}
	for _, a := range anchors {
		m.off = append(m.off, a.out.minus(h.apply(a.in)))
	}
	return m, true
}

// findAlignment looks for an alignment pattern within so many modules around where it should be.
func (p *plane) findAlignment(f frame, within float64) (spot, bool) {
	best, at := 0.0, spot{}
	look := func(around spot, reach, step float64) {
		for j := -reach; j <= reach; j += step {
			for i := -reach; i <= reach; i += step {
				g := f
				g.at = around.plus(f.row.times(i)).plus(f.column.times(j))
				// What is nearer is likelier, by a little.
				if m := p.match(g, 2) - 0.01*math.Hypot(i, j); m > best {
					best, at = m, g.at
				}
			}
		}
	}
	look(f.at, within, 0.5)
	if best < 0.45 {
		return spot{}, false
	}
	look(at, 0.4, 0.1)
	return at, true
}

// alignments are the middles of the alignment patterns (ISO/IEC 18004, annex E) of a symbol, in modules.
func alignments(modules int) []spot {
	version := (modules - 17) / 4
	if version < 2 {
		return nil
	}
	count := version/7 + 2
	// Evenly from the far end, in even steps; the first gap takes what is left. Version 32 is the standard's one exception.
	step := (version*4 + count*2 + 1) / (count*2 - 2) * 2
	if version == 32 {
		step = 26
	}
	places := []int{6}
	for i := count - 2; i >= 0; i-- {
		places = append(places, modules-7-i*step)
	}
	var all []spot
	last := len(places) - 1
	for i, y := range places {
		for j, x := range places {
			if i == 0 && (j == 0 || j == last) || i == last && j == 0 {
				continue // a finder pattern
			}
			all = append(all, spot{float64(x) + 0.5, float64(y) + 0.5})
		}
	}
	return all
}
