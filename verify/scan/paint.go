package scan

import "math"

const (
	maxTrace  = 20_000 // points of one path; of a longer one the rest is not kept
	maxCovers = 4_000  // things on a page that may lie over a symbol
	maxClips  = 16     // clips of several rectangles in each other
	maxParts  = 64     // rectangles of such a clip
)

// trace is a path in page space: subpaths of straight lines, into which curves are cut.
type trace struct {
	subs   [][]point
	points int
}

func (t *trace) clear() { t.subs, t.points = t.subs[:0], 0 }

func (t *trace) move(m matrix, v []float64) {
	if len(v) >= 2 {
		t.subs = append(t.subs, nil)
		t.add(m.apply(v[len(v)-2], v[len(v)-1]))
	}
}

func (t *trace) line(m matrix, v []float64) {
	if len(v) >= 2 {
		t.add(m.apply(v[len(v)-2], v[len(v)-1]))
	}
}

func (t *trace) add(p point) {
	if len(t.subs) == 0 || t.points == maxTrace {
		return
	}
	t.points++
	t.subs[len(t.subs)-1] = append(t.subs[len(t.subs)-1], p)
}

// curve adds a Bézier curve (ISO 32000-1, 8.5.2.2) as eight lines.
func (t *trace) curve(op string, m matrix, v []float64) {
	n := 6
	if op != "c" {
		n = 4
	}
	if len(v) < n || len(t.subs) == 0 || len(t.subs[len(t.subs)-1]) == 0 {
		return
	}
	v = v[len(v)-n:]
	sub := t.subs[len(t.subs)-1]
	from := sub[len(sub)-1]
	one, end := m.apply(v[0], v[1]), m.apply(v[n-2], v[n-1])
	two := one
	switch op {
	case "c":
		two = m.apply(v[2], v[3])
	case "v":
		one = from
	case "y":
		two = end
	}
	for i := 1; i <= 8; i++ {
		s := float64(i) / 8
		a, b, c, e := (1-s)*(1-s)*(1-s), 3*s*(1-s)*(1-s), 3*s*s*(1-s), s*s*s
		t.add(point{a*from.x + b*one.x + c*two.x + e*end.x, a*from.y + b*one.y + c*two.y + e*end.y})
	}
}

func (t *trace) close() {
	if n := len(t.subs); n > 0 && len(t.subs[n-1]) > 0 {
		t.add(t.subs[n-1][0])
	}
}

// rectangle adds one that stands askew.
func (t *trace) rectangle(m matrix, r []float64) {
	t.move(m, []float64{r[0], r[1]})
	for _, corner := range [][]float64{{r[0] + r[2], r[1]}, {r[0] + r[2], r[1] + r[3]}, {r[0], r[1] + r[3]}} {
		t.line(m, corner)
	}
	t.close()
}

// box is the least rectangle around a path; false for a path without points.
func (t *trace) box() (rect, bool) {
	box := rect{x0: math.Inf(1), y0: math.Inf(1), x1: math.Inf(-1), y1: math.Inf(-1)}
	for _, sub := range t.subs {
		for _, p := range sub {
			box = box.union(rect{x0: p.x, y0: p.y, x1: p.x, y1: p.y})
		}
	}
	return box, box.x0 <= box.x1
}

// holds says whether a point lies within the path, by the rule of even and odd (ISO 32000-1, 8.5.3.3.3).
func (t *trace) holds(p point) bool {
	inside := false
	for _, sub := range t.subs {
		for i, a := range sub {
			b := sub[(i+1)%len(sub)]
			if (a.y > p.y) != (b.y > p.y) && p.x < (b.x-a.x)*(p.y-a.y)/(b.y-a.y)+a.x {
				inside = !inside
			}
		}
	}
	return inside
}

// cover is something that was painted when there were so many rectangles.
type cover struct {
	box   rect
	rects int
}

// hide marks the texts so far that lie under something just painted within a box.
func (d *drawing) hide(box rect, under func(shown) bool) {
	if len(d.covers) < maxCovers {
		d.covers = append(d.covers, cover{box, d.open})
	}
	for i := range d.lines.shown {
		if s := &d.lines.shown[i]; !s.unseen && box.holds(s.mid) && under(*s) {
			s.unseen = true
		}
	}
}

// cover notes a picture: the unit square of its place lies over all texts so far.
func (d *drawing) cover() {
	m := d.state.ctm
	a, b, c, e := m.apply(0, 0), m.apply(1, 0), m.apply(0, 1), m.apply(1, 1)
	box := newRect(a, e).union(newRect(b, c))
	d.takes(box)
	d.hide(box, func(shown) bool { return true })
}

// fill notes a filled path that is not of rectangles alone.
func (d *drawing) fill() {
	d.shapes++
	box, ok := d.trace.box()
	if !ok || !d.spend(d.trace.points) {
		return
	}
	d.hide(box, func(s shown) bool {
		return min(box.x1-box.x0, box.y1-box.y0) > s.height/2 && d.trace.holds(s.mid) && d.state.clip.holds(s)
	})
}

// flood notes a shading, which fills all that the clip lets through.
func (d *drawing) flood() {
	box := rect{x0: -1e6, y0: -1e6, x1: 1e6, y1: 1e6}
	if d.state.clip != nil {
		box = d.state.clip.box()
	}
	d.takes(box)
	d.hide(box, func(s shown) bool { return d.state.clip.holds(s) })
}

// stroke notes a stroked path whose line is thick enough to lie over letters.
func (d *drawing) stroke() {
	d.shapes += len(d.trace.subs)
	m := d.state.ctm
	width := d.state.width * math.Sqrt(math.Abs(m[0]*m[3]-m[1]*m[2]))
	if width < leastType/2 {
		return
	}
	between := func(a, b point) {
		if d.spend(1) {
			d.hide(newRect(a, b).grown(width/2), func(s shown) bool { return width > s.height/2 && distance(s.mid, a, b) <= width/2 })
		}
	}
	for _, sub := range d.trace.subs {
		for i := 1; i < len(sub); i++ {
			between(sub[i-1], sub[i])
		}
	}
	for _, r := range d.rects[d.open:] {
		a, b, c, e := point{r.x0, r.y0}, point{r.x1, r.y0}, point{r.x1, r.y1}, point{r.x0, r.y1}
		between(a, b)
		between(b, c)
		between(c, e)
		between(e, a)
	}
}

// spend counts what looking under a path costs. With too much of it, nobody knows what can be seen.
func (d *drawing) spend(points int) bool {
	if d.looked += points * (len(d.lines.shown) + 1); d.looked > maxCoverage {
		d.lines.veiled = true
		return false
	}
	return true
}

// distance is that of a point from a line that ends at a and b.
func distance(p, a, b point) float64 {
	x, y := b.x-a.x, b.y-a.y
	along := 0.0
	if length := x*x + y*y; length > 0 {
		along = max(0, min(1, ((p.x-a.x)*x+(p.y-a.y)*y)/length))
	}
	return math.Hypot(p.x-a.x-along*x, p.y-a.y-along*y)
}

// over says whether something was painted over a symbol. What was there before its first rectangle is its ground.
func (d *drawing) over(s symbol) bool {
	for _, c := range d.covers {
		w, h := min(c.box.x1, s.box.x1)-max(c.box.x0, s.box.x0), min(c.box.y1, s.box.y1)-max(c.box.y0, s.box.y0)
		if c.rects > s.first && w > 0 && h > 0 && w*h > (s.box.x1-s.box.x0)*(s.box.y1-s.box.y0)/500 {
			return true
		}
	}
	return false
}

// clip limits what is painted to its rectangles, within the clips outside of it. A nil clip sets no limit.
type clip struct {
	parts []rect
	outer *clip
	depth int
}

// clip makes the path that is being built the limit of all that follows. Of a path of other shapes, the box around it is one.
func (d *drawing) clip() {
	d.closeSubpath()
	parts := d.rects[d.open:]
	if box, ok := d.trace.box(); d.bent && ok {
		for _, r := range parts {
			box = box.union(r)
		}
		parts = []rect{box}
	}
	if len(parts) == 0 {
		return
	}
	now := &clip{parts: append([]rect(nil), parts...), outer: d.state.clip}
	if now.outer != nil && len(now.parts) == 1 && len(now.outer.parts) == 1 { // one in the other
		a, b := now.parts[0], now.outer.parts[0]
		now.parts[0] = rect{x0: max(a.x0, b.x0), y0: max(a.y0, b.y0), x1: min(a.x1, b.x1), y1: min(a.y1, b.y1)}
		now.outer = now.outer.outer
	}
	if now.outer != nil {
		now.depth = now.outer.depth + 1
	}
	if now.depth > maxClips || len(now.parts) > maxParts {
		d.lines.veiled = true
		return
	}
	d.state.clip = now
}

// holds says whether a text lies within the clip: its middle in just one of the rectangles, as where two of them lie over each other there
// may be a hole, and its ends not far outside.
func (c *clip) holds(s shown) bool {
	for ; c != nil; c = c.outer {
		held, ends := 0, false
		for _, r := range c.parts {
			wide := r.grown(max(s.height, 1))
			if r.holds(s.mid) {
				held++
				ends = ends || wide.holds(s.from) && wide.holds(s.till)
			}
		}
		if held != 1 || !ends {
			return false
		}
	}
	return true
}

func (c *clip) box() rect {
	box := c.parts[0]
	for _, r := range c.parts[1:] {
		box = box.union(r)
	}
	return box
}
