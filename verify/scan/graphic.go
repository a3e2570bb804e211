package scan

import "strings"

const (
	// cardPoints are the square points of half a wallet card (85.6 by 54 mm). The head of a letter takes less.
	cardPoints = 18_500
	cardShare  = 0.25 // of a page: pages have been made smaller
	// cardShapes are fewer than the letters of a card that are drawn as shapes, and more than a rule and a seal have.
	cardShapes = 60
)

// takes notes what a picture, a shading or a pattern takes of the page, as far as the clip lets it through. What lies over another one
// counts again: a page in strips and a page in layers are both read as the one picture that a person sees.
func (d *drawing) takes(box rect) {
	if d.state.clip != nil {
		c := d.state.clip.box()
		box = rect{x0: max(box.x0, c.x0), y0: max(box.y0, c.y0), x1: min(box.x1, c.x1), y1: min(box.y1, c.y1)}
	}
	d.pictured += max(0, box.x1-box.x0) * max(0, box.y1-box.y0)
}

// isGraphic says whether a card could stand on the page as a picture, or as shapes in place of letters. page is its box, nil where it
// has none.
func (d *drawing) isGraphic(page *rect) bool {
	limit := float64(cardPoints)
	if page != nil {
		limit = min(limit, cardShare*(page.x1-page.x0)*(page.y1-page.y0))
	}
	area := d.pictured
	for _, r := range d.rects[:d.open] {
		if r.odd { // a pattern may be of pictures
			area += (r.x1 - r.x0) * (r.y1 - r.y0)
		}
	}
	return area > 0 && area >= limit || d.shapes >= cardShapes && strings.TrimSpace(d.lines.text.String()) == ""
}
