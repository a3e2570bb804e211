package pdf

import (
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
)

// form is what a page shows beside its texts and its symbol, as a form XObject (ISO 32000-1, 8.10): drawn and compressed once.
type form struct {
	box      [4]float64 // left, bottom, right, top in points
	packed   []byte
	pictures []*picture.Picture // by their names /I0, /I1 in it
	blends   bool               // some of them by the graphics state /G0
}

// reach is how far what touches an edge of the page goes beyond it in mm, to the sides and up and down; less than nothing where it stays
// within. The page's own ground has a reach of its own.
type reach struct{ x, y, groundX, groundY float64 }

// newForm draws the shapes and pictures of a page; nil where there are none.
func (d *Drawer) newForm(t *template, page design.Page, r reach) *form {
	s := &shapes{pen: d.newPen(t.size.Height), t: t, reach: r, form: &form{}}
	if page.Ground != "" {
		s.fill(page.Ground)
		x, y := t.dx+r.groundX, t.dy+r.groundY
		s.rectangle(-x, -y, t.size.Width+2*x, t.size.Height+2*y)
		s.b = append(s.b, "f\n"...)
	}
	for n := range page.Elements {
		e := &page.Elements[n]
		if hidden(e.When, d.centreValue) {
			continue
		}
		s.b = append(s.b, "q "...)
		s.element(e)
		s.b = append(s.b, "Q\n"...)
	}
	if s.drawn == 0 && page.Ground == "" {
		return nil
	}
	left, top := -t.dx-max(0, r.x, r.groundX), -t.dy-max(0, r.y, r.groundY)
	s.form.box = [4]float64{left / mmPerPoint, top / mmPerPoint, (t.size.Width - left) / mmPerPoint, (t.size.Height - top) / mmPerPoint}
	s.form.packed = pack(s.b)
	return s.form
}

// shapes draws the shapes of one page.
type shapes struct {
	*pen
	t     *template
	reach reach
	form  *form
	drawn int
}

func (s *shapes) fill(role string) { s.colour(s.t.d.design.Colour(role), "rg ") }

func (s *shapes) stroke(e *design.Element) {
	s.colour(s.t.d.design.Colour(e.Stroke), "RG ")
	s.number(e.Width/mmPerPoint, 3)
	s.b = append(s.b, "w 1 j 1 J "...)
}

func (s *shapes) element(e *design.Element) {
	s.drawn++
	switch e.Kind {
	case design.Rectangle:
		s.paint(e, func() { s.area(e.Box, e.Radius) })
	case design.Line:
		s.paint(e, func() {
			s.point(e.Box[0], e.Box[1], "m ")
			s.point(e.Box[0]+e.Box[2], e.Box[1]+e.Box[3], "l ")
		})
	case design.Frame:
		if e.Ornament != "" {
			s.stroke(e)
			s.guilloche(s.frame(e.Box[0]))
			return
		}
		b := s.frame(e.Box[0])
		s.paint(e, func() { s.rectangle(b[0], b[1], b[2], b[3]) })
	case design.Ornament:
		s.stroke(e)
		switch e.Ornament {
		case "rosette":
			s.rosette(e.Box)
		case "waves":
			s.waves(e.Box)
		case "wreath":
			s.fill(e.Stroke)
			s.wreath(e.Box)
		}
	case design.Image:
		s.image(e)
	default:
		s.drawn--
	}
}

// paint draws a path and fills or strokes it, or both.
func (s *shapes) paint(e *design.Element, path func()) {
	if e.Fill != "" {
		s.fill(e.Fill)
	}
	if e.Stroke != "" {
		s.stroke(e)
	}
	path()
	switch {
	case e.Fill != "" && e.Stroke != "":
		s.b = append(s.b, "B "...)
	case e.Fill != "":
		s.b = append(s.b, "f "...)
	default:
		s.b = append(s.b, "S "...)
	}
}

// frame is a box in the same distance from all edges of the paper.
func (s *shapes) frame(distance float64) []float64 {
	return []float64{distance - s.t.dx, distance - s.t.dy, s.t.paper.Width - 2*distance, s.t.paper.Height - 2*distance}
}

// area is a rectangle. What touches an edge of the design reaches the edge of the paper, and beyond it where it will be cut.
func (s *shapes) area(b []float64, radius float64) {
	left, top, right, bottom := b[0], b[1], b[0]+b[2], b[1]+b[3]
	const touch = 1e-6
	if left <= touch {
		left = -s.t.dx - s.reach.x
	}
	if top <= touch {
		top = -s.t.dy - s.reach.y
	}
	if right >= s.t.size.Width-touch {
		right = s.t.size.Width + s.t.dx + s.reach.x
	}
	if bottom >= s.t.size.Height-touch {
		bottom = s.t.size.Height + s.t.dy + s.reach.y
	}
	if radius > 0 {
		s.rounded(left, top, right, bottom, min(radius, (right-left)/2, (bottom-top)/2))
		return
	}
	s.rectangle(left, top, right-left, bottom-top)
}

func (s *shapes) rounded(left, top, right, bottom, r float64) {
	const k = 0.5523 // of a quarter of a circle as a curve
	c := r * (1 - k)
	s.point(left+r, top, "m ")
	s.point(right-r, top, "l ")
	s.curve(right-c, top, right, top+c, right, top+r)
	s.point(right, bottom-r, "l ")
	s.curve(right, bottom-c, right-c, bottom, right-r, bottom)
	s.point(left+r, bottom, "l ")
	s.curve(left+c, bottom, left, bottom-c, left, bottom-r)
	s.point(left, top+r, "l ")
	s.curve(left, top+c, left+c, top, left+r, top)
	s.b = append(s.b, "h "...)
}

// point writes a point in mm, and the operator that goes there.
func (p *pen) point(x, y float64, operator string) {
	p.number(x/mmPerPoint, 2)
	p.number((p.height-y)/mmPerPoint, 2)
	p.b = append(p.b, operator...)
}

// curve writes a Bézier curve by its control points and its end, in mm.
func (p *pen) curve(x1, y1, x2, y2, x, y float64) {
	p.point(x1, y1, "")
	p.point(x2, y2, "")
	p.point(x, y, "c\n")
}

func (p *pen) rectangle(x, y, width, height float64) {
	p.number(x/mmPerPoint, 2)
	p.number((p.height-y-height)/mmPerPoint, 2)
	p.number(width/mmPerPoint, 2)
	p.number(height/mmPerPoint, 2)
	p.b = append(p.b, "re "...)
}
