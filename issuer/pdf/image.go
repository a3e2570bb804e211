package pdf

import (
	"fmt"
	"math"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
)

// pictureOf is the picture that an element shows; nil for none.
func (d *Drawer) pictureOf(e *design.Element) *picture.Picture {
	switch {
	case e.Kind != design.Image:
		return nil
	case e.Image == "signature":
		return d.centre.Signature
	}
	return d.centre.Logo
}

// placeOf is where a picture stands in its box, in mm: as large as the box allows, in its own proportions, on the box's lower edge where
// the design says no other.
func placeOf(e *design.Element, p *picture.Picture) (x, y, width, height float64) {
	room, high := e.Box[2]-2*e.Pad, e.Box[3]-2*e.Pad
	scale := min(room/p.Width, high/p.Height)
	width, height = p.Width*scale, p.Height*scale
	x, y = e.Box[0]+e.Pad, e.Box[1]+e.Pad
	switch e.Align {
	case "centre":
		x += (room - width) / 2
	case "right":
		x += room - width
	}
	switch e.VAlign {
	case "top":
	case "middle":
		y += (high - height) / 2
	default:
		y += high - height
	}
	return x, y, width, height
}

// image draws a picture, on a tile where its element has a fill. Without one it lies on the page's ground like ink, so that the
// white around a scanned signature takes the colour of the paper.
func (s *shapes) image(e *design.Element) {
	p := s.t.d.pictureOf(e)
	if p == nil {
		return
	}
	x, y, width, height := placeOf(e, p)
	if e.Fill != "" {
		s.fill(e.Fill)
		s.area([]float64{x - e.Pad, y - e.Pad, width + 2*e.Pad, height + 2*e.Pad}, e.Radius)
		s.b = append(s.b, "f\n"...)
	}
	bottom := (s.height - y - height) / mmPerPoint
	if p.Drawing != nil { // its own coordinates count downwards
		scale := width / p.Width / mmPerPoint
		fmt.Fprintf(s, "%.5f 0 0 %.5f %.3f %.3f cm\n", scale, -scale, x/mmPerPoint, bottom+height/mmPerPoint)
		s.b = append(s.b, p.Drawing...)
		return
	}
	if e.Fill == "" && s.t.ground != design.White {
		s.form.blends = true
		s.b = append(s.b, "/G0 gs "...)
	}
	fmt.Fprintf(s, "%.4f 0 0 %.4f %.3f %.3f cm /I%d Do\n", width/mmPerPoint, height/mmPerPoint, x/mmPerPoint, bottom, len(s.form.pictures))
	s.form.pictures = append(s.form.pictures, p)
}

// enoughDPI is what a picture of pixels needs at its printed size to look sharp.
const enoughDPI = 200

// Notices are sentences about what will be printed, and could be better: pictures of few pixels.
func (d *Drawer) Notices() []string {
	var out []string
	for _, name := range d.names {
		page := d.design.Pages[name]
		for n := range page.Elements {
			e := &page.Elements[n]
			p := d.pictureOf(e)
			if p == nil || p.Pixels == 0 {
				continue
			}
			_, _, width, height := placeOf(e, p)
			if dpi := float64(p.Pixels) / width * 25.4; dpi < enoughDPI {
				out = append(out, fmt.Sprintf("the %s has %.0f dpi at the %.0f × %.0f mm that the %s page gives it, and needs %d to look sharp: %.0f pixels across, or an SVG",
					e.Image, math.Floor(dpi), width, height, name, enoughDPI, math.Ceil(width/25.4*enoughDPI)))
			}
		}
	}
	return out
}
