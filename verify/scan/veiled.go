package scan

import (
	"math"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Text of a file can be there for programs and not for people. What is told here are the plain ways: no paint, the colour of the ground,
// type of no size, a place off the page or outside of a rectangular clip, a rectangle or a picture over it, a layer, a comment. A forger
// has others: glyphs that look like other letters, shapes in place of text, patterns, blending, soft masks, clips of other shapes.

const (
	leastType   = 1.5        // points; smaller type is a line of dust, also on a page of nine cards
	sameColour  = 0.05       // of the way from black to white
	maxCoverage = 20_000_000 // texts times rectangles of a page; with more, nobody knows
)

// shown is a piece of text where it was painted.
type shown struct {
	mid    point
	height float64
	light  float32
	rects  int // that were painted before it
	unseen bool
}

// note keeps where a text was painted, for veiled.
func (d *drawing) note(text string, from, till place) {
	if text == "" || text == " " {
		return
	}
	t, dir := &d.state.text, from.dir
	s := shown{light: d.state.light, rects: d.open, height: math.Hypot(dir.x, dir.y)}
	s.mid = point{(from.at.x+till.at.x)/2 - 0.3*dir.y, (from.at.y+till.at.y)/2 + 0.3*dir.x} // the middle of its small letters
	s.unseen = t.mode == 3 || t.mode == 7 || t.clear || s.height < leastType || d.state.clip != nil && !d.state.clip.holds(s.mid)
	d.lines.shown = append(d.lines.shown, s)
}

// clip makes the rectangles of the path that is being built the limit of all that follows. A path of other shapes sets no limit.
func (d *drawing) clip() {
	d.closeSubpath()
	if d.bent || len(d.rects) == d.open {
		return
	}
	box := d.rects[d.open]
	for _, r := range d.rects[d.open+1:] {
		box = rect{x0: min(box.x0, r.x0), y0: min(box.y0, r.y0), x1: max(box.x1, r.x1), y1: max(box.y1, r.y1)}
	}
	if c := d.state.clip; c != nil {
		box = rect{x0: max(box.x0, c.x0), y0: max(box.y0, c.y0), x1: min(box.x1, c.x1), y1: min(box.y1, c.y1)}
	}
	d.state.clip = &box
}

// cover notes a picture: the unit square of its place lies over all texts so far.
func (d *drawing) cover() {
	m := d.state.ctm
	a, b, c, e := m.apply(0, 0), m.apply(1, 0), m.apply(0, 1), m.apply(1, 1)
	box := rect{x0: min(a.x, b.x, c.x, e.x), y0: min(a.y, b.y, c.y, e.y), x1: max(a.x, b.x, c.x, e.x), y1: max(a.y, b.y, c.y, e.y)}
	for _, s := range d.lines.shown {
		d.lines.veiled = d.lines.veiled || box.holds(s.mid)
	}
}

// transparency reads how much of a fill shows, out of a graphics state of the resources (ISO 32000-1, 8.4.5).
func (d *drawing) transparency(name string, resources types.Dict) error {
	file := d.source.file
	all, err := file.DereferenceDict(resources["ExtGState"])
	if err != nil {
		return err
	}
	gs, err := file.DereferenceDict(all[name])
	if err != nil || gs["ca"] == nil {
		return err
	}
	alpha, err := d.source.number(gs["ca"])
	d.state.text.clear = alpha < sameColour
	return err
}

// veiled says whether some text of the page can't be seen. page is its box, nil where it has none.
func (d *drawing) veiled(page *rect) bool {
	l, rects := d.lines, d.rects[:d.open]
	if l.veiled || len(l.shown)*len(rects) > maxCoverage {
		return len(l.shown) > 0
	}
	for _, s := range l.shown {
		if s.unseen || page != nil && !page.holds(s.mid) || covered(s, rects) {
			return true
		}
	}
	return false
}

// covered says whether a text has the colour of its ground, which is white paper or the last rectangle below it, or lies below one.
func covered(s shown, rects []rect) bool {
	ground := float32(1)
	for i, r := range rects {
		if !r.holds(s.mid) {
			continue
		}
		if i >= s.rects && r.y1-r.y0 > s.height/2 && r.x1-r.x0 > s.height/2 {
			return true
		}
		if i < s.rects {
			ground = r.light
		}
	}
	return math.Abs(float64(ground-s.light)) < sameColour
}

func (r rect) holds(p point) bool { return r.x0 <= p.x && p.x <= r.x1 && r.y0 <= p.y && p.y <= r.y1 }

// overlaid says whether something lies over a page that is no part of its drawing: every annotation that shows, such as a comment, a
// stamp or a filled form. Links show nothing, and neither does what has no size, as the field of a seal.
func (s *source) overlaid(page types.Dict) (bool, error) {
	list, err := s.file.DereferenceArray(page["Annots"])
	if err != nil {
		return false, err
	}
	for _, o := range list {
		annotation, err := s.file.DereferenceDict(o)
		if err != nil {
			return false, err
		}
		if subtype := annotation.Subtype(); subtype != nil && (*subtype == "Link" || *subtype == "Popup") {
			continue
		}
		corners, err := s.file.DereferenceArray(annotation["Rect"])
		if err != nil {
			return false, err
		}
		var c [4]float64
		for i, o := range corners[:min(len(corners), len(c))] {
			if c[i], err = s.number(o); err != nil {
				return false, err
			}
		}
		if c[0] != c[2] && c[1] != c[3] {
			return true, nil
		}
	}
	return false, nil
}
