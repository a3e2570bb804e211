package design

// grounds are the colours that may lie under a text box: that of the last rectangle that holds all of it, and whatever else touches the
// box above that. A text may stand anywhere in its box, so each of them counts.
func (c *pageCheck) grounds(box []float64) []Colour {
	found := []Colour{c.ground}
	for i := range c.page.Elements {
		e := &c.page.Elements[i]
		switch e.Kind {
		case Rectangle:
			if colour, ok := c.palette[e.Fill]; ok && e.Fill != "" {
				if len(e.When) == 0 && inside(box, grown(e.Box, -e.Radius)) {
					found = found[:0]
				}
				if overlap(box, e.Box) {
					found = append(found, colour)
				}
			}
			if e.Stroke != "" && overlap(box, grown(e.Box, e.Width/2)) && !inside(box, grown(e.Box, -e.Width/2-e.Radius)) {
				found = append(found, c.palette[e.Stroke])
			}
		case Line:
			if overlap(box, grown(e.Box, e.Width/2)) {
				found = append(found, c.palette[e.Stroke])
			}
		case Ornament:
			if overlap(box, grown(e.Box, e.Width/2)) {
				found = append(found, c.palette[e.Stroke])
			}
		case Frame:
			if c.framed(box, e) {
				found = append(found, c.palette[e.Stroke])
			}
		}
	}
	return found
}

// GuillocheDepth is how wide the woven band of a frame is, in mm.
const GuillocheDepth = 4.4

// framed says whether a frame touches a box, on either paper.
func (c *pageCheck) framed(box []float64, e *Element) bool {
	papers := []Size{c.size}
	if c.name == Certificate {
		papers = []Size{A4, Letter}
	}
	for _, p := range papers {
		dx, dy := (p.Width-c.size.Width)/2, (p.Height-c.size.Height)/2
		outer := []float64{e.Box[0] - dx, e.Box[0] - dy, p.Width - 2*e.Box[0], p.Height - 2*e.Box[0]}
		inner := e.Width / 2
		if e.Ornament != "" {
			inner += GuillocheDepth
		}
		if overlap(box, grown(outer, e.Width/2)) && !inside(box, grown(outer, -inner)) {
			return true
		}
	}
	return false
}

// grown is a box with its edges so much further out.
func grown(b []float64, by float64) []float64 {
	return []float64{b[0] - by, b[1] - by, b[2] + 2*by, b[3] + 2*by}
}
