package scan

import (
	"math"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Text of a file can be there for programs and not for people. What counts as seen is filled letters of a size, in a colour that differs from
// their ground, on the page and within the clips, with nothing painted over them later. Everything else is told here, as far as the plain
// ways go. A forger has others: glyphs that look like other letters, shapes and pictures in place of text.

const (
	leastType   = 1.5        // points; smaller type is a line of dust, also on a page of nine cards
	sameColour  = 0.08       // of the way from black to white
	maxCoverage = 20_000_000 // texts times rectangles of a page; with more, nobody knows
	mostSpread  = 1.5        // of the type's size: letters further apart make no word
	mostNarrow  = 0.3        // likewise: letters nearer to each other stand on each other
)

// shown is a piece of text where it was painted.
type shown struct {
	mid, from, till point
	height          float64
	light           float32
	alpha           float64
	rects           int // that were painted before it
	unseen          bool
}

// note keeps where a text was painted, for veiled.
func (d *drawing) note(text string, from, till place) {
	if text == "" || text == " " {
		return
	}
	t, dir := &d.state.text, from.dir
	m := d.lines.matrix.times(d.state.ctm)
	wide := math.Hypot(m[0], m[1]) * math.Abs(t.size)
	s := shown{from: from.at, till: till.at, light: d.state.light, alpha: t.alpha, rects: d.open}
	if wide > 0 {
		s.height = (m[0]*m[3] - m[1]*m[2]) * t.size * t.size / wide // of letters that lean, too; below 0 in a mirror
	}
	s.mid = point{(from.at.x+till.at.x)/2 - 0.3*dir.y, (from.at.y+till.at.y)/2 + 0.3*dir.x} // the middle of its small letters
	spread := t.char / t.size
	s.unseen = t.mode != 0 || t.blended || d.state.odd || !(s.height >= leastType) || !(wide*t.stretch >= leastType/2) ||
		spread > mostSpread || spread < -mostNarrow || !d.state.clip.holds(s)
	d.lines.shown = append(d.lines.shown, s)
}

// transparency reads how what is painted shows, out of a graphics state of the resources (ISO 32000-1, 8.4.5).
func (d *drawing) transparency(name string, resources types.Dict) error {
	file := d.source.file
	all, err := file.DereferenceDict(resources["ExtGState"])
	if err != nil {
		return err
	}
	gs, err := file.DereferenceDict(all[name])
	if err != nil || gs == nil {
		return err
	}
	if gs["ca"] != nil {
		if d.state.text.alpha, err = d.source.number(gs["ca"]); err != nil {
			return err
		}
	}
	if gs["LW"] != nil {
		if d.state.width, err = d.source.number(gs["LW"]); err != nil {
			return err
		}
	}
	if gs["BM"] == nil && gs["SMask"] == nil {
		return nil
	}
	plain := true
	for key, words := range map[string][]string{"BM": {"Normal", "Compatible"}, "SMask": {"None"}} {
		o, err := file.Dereference(gs[key])
		if err != nil {
			return err
		}
		word, ok := o.(types.Name)
		plain = plain && (o == nil || ok && slices.Contains(words, string(word)))
	}
	d.state.text.blended = !plain
	return nil
}

// isWorkedOut says whether a colour space is one whose colours are as light as their parts say (ISO 32000-1, 8.6).
func (s *source) isWorkedOut(name string, resources types.Dict) bool {
	known := []string{"DeviceGray", "DeviceRGB", "DeviceCMYK", "CalGray", "CalRGB", "ICCBased"}
	all, err := s.file.DereferenceDict(resources["ColorSpace"])
	if err != nil {
		return false
	}
	o, err := s.file.Dereference(all[name])
	if err != nil {
		return false
	}
	if list, ok := o.(types.Array); ok && len(list) > 0 {
		o, err = s.file.Dereference(list[0])
	}
	if word, ok := o.(types.Name); ok && err == nil {
		name = string(word)
	} else if o != nil {
		return false
	}
	return slices.Contains(known, name)
}

// veiled says whether some text of the page can't be seen, and whether all of it can't. page is its box, nil where it has none.
func (d *drawing) veiled(page *rect) (some, all bool) {
	l, rects := d.lines, d.rects[:d.open]
	if len(l.shown) == 0 {
		return false, false
	}
	if len(l.shown)*len(rects) > maxCoverage {
		return true, false
	}
	all = true
	for _, s := range l.shown {
		unseen := s.unseen || page != nil && !(&clip{parts: []rect{*page}}).holds(s) || covered(s, rects)
		some, all = some || unseen, all && unseen
	}
	return some || l.veiled, all
}

// covered says whether a text has the colour of its ground, which is white paper or the last rectangle below it, or lies below one.
func covered(s shown, rects []rect) bool {
	ground := rect{light: 1}
	for i, r := range rects {
		if !r.holds(s.mid) {
			continue
		}
		if i >= s.rects && r.y1-r.y0 > s.height/2 && r.x1-r.x0 > s.height/2 {
			return true
		}
		if i < s.rects {
			ground = r
		}
	}
	return ground.odd || math.Abs(float64(ground.light-s.light))*s.alpha < sameColour
}

func (r rect) holds(p point) bool { return r.x0 <= p.x && p.x <= r.x1 && r.y0 <= p.y && p.y <= r.y1 }

func (r rect) grown(by float64) rect {
	return rect{x0: r.x0 - by, y0: r.y0 - by, x1: r.x1 + by, y1: r.y1 + by}
}

// overlaid says whether something lies over a page that is no part of its drawing: every annotation that shows, such as a comment, a
// stamp or a filled form. Most links show nothing, and neither does what has no size, as the field of a seal.
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
			shows, err := s.shows(annotation)
			if err != nil || shows {
				return shows, err
			}
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

// mostBorder is how wide the frame of a link may be, in points. Programs draw one of 1 where none is named.
const mostBorder = 2

// shows says whether a link has a look of its own, or a frame that covers something (ISO 32000-1, 12.5.2 and 12.5.4).
func (s *source) shows(annotation types.Dict) (bool, error) {
	border, err := s.file.DereferenceArray(annotation["Border"])
	if err != nil {
		return false, err
	}
	style, err := s.file.DereferenceDict(annotation["BS"])
	if err != nil {
		return false, err
	}
	widths := []types.Object{style["W"]}
	if len(border) > 2 {
		widths = append(widths, border[2])
	}
	for _, o := range widths {
		if o == nil {
			continue
		}
		if w, err := s.number(o); err != nil || w > mostBorder {
			return true, err
		}
	}
	return annotation["AP"] != nil, nil
}
