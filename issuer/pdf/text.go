package pdf

import (
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf16"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// pen writes the content of pages. gofpdf gets it whole, because it draws no glyph by its number.
type pen struct {
	b      []byte
	height float64 // of the page in mm: PDF counts from below
	fonts  []*typeface.Subset
	common int                    // so many of the fonts are those of all documents, which don't grow any more
	index  map[*typeface.Font]int // of the other fonts
}

func (d *Drawer) newPen(height float64) *pen {
	return &pen{height: height, index: make(map[*typeface.Font]int)}
}

// grow makes subsets the pen's own, which it may add to.
func (p *pen) grow(subsets []*typeface.Subset) {
	p.fonts = subsets
	for i, s := range subsets {
		p.index[s.Font] = i
	}
}

// setting draws a text in its place, line by line.
func (p *pen) setting(s setting) {
	if s.rule != nil {
		p.b = append(p.b, "q "...)
		p.colour(s.stroke, "RG ")
		p.number(s.rule.Width/mmPerPoint, 3)
		p.b = append(p.b, "w 1 J "...)
		p.point(s.x, s.y, "m ")
		p.point(s.x+s.rule.Box[0], s.y, "l S Q\n")
		return
	}
	y := s.y
	for i, l := range s.lines {
		if i > 0 {
			y += s.mm(s.step(i))
		}
		p.text(l, s.face, s.size, s.start(l), y)
	}
}

// start is where a line begins, in mm. Its ink keeps to the margin, not the white beside its first letter: that grows with the size.
func (s setting) start(l *typeface.Line) float64 {
	tracked := s.face.width(l) - l.Width
	switch s.Align {
	case "right":
		return s.x + s.width - s.mm(l.Right+tracked)
	case "centre":
		return s.x + (s.width-s.mm(l.Left+l.Right+tracked))/2
	}
	return s.x - s.mm(l.Left)
}

// text draws a line with its baseline at y: x and y in mm from the upper left corner, the size in points.
func (p *pen) text(l *typeface.Line, f *face, size, x, y float64) {
	p.b = append(p.b, "q BT "...)
	p.colour(f.fill, "rg ")
	if f.Tracking != 0 && l.Latin {
		p.number(f.Tracking*size, 3)
		p.b = append(p.b, "Tc "...)
	}
	p.number(x/mmPerPoint, 2)
	p.number((p.height-y)/mmPerPoint, 2)
	p.b = append(p.b, "Td\n"...)
	p.clusters(l, size)
	p.b = append(p.b, "ET Q\n"...)
}

func (p *pen) clusters(l *typeface.Line, size float64) {
	w := textWriter{pen: p, line: l, size: size}
	for _, cluster := range l.Clusters {
		w.cluster(cluster)
	}
	w.flush()
}

// colour writes a colour and the operator that sets it.
func (p *pen) colour(c design.Colour, operator string) {
	for _, part := range c {
		p.number(float64(part)/255, 3)
	}
	p.b = append(p.b, operator...)
}

// subset is the place of a font among those that the document draws with: what all documents have, where it has the whole of a line, and
// else one of the document's own, so that no word is split between the two.
func (p *pen) subset(l *typeface.Line, f *typeface.Font) int {
	for i, s := range p.fonts[:p.common] {
		if s.Font == f && s.Holds(l) {
			return i
		}
	}
	i, ok := p.index[f]
	if !ok {
		i = len(p.fonts)
		p.fonts = append(p.fonts, typeface.NewSubset(f))
		p.index[f] = i
	}
	return i
}

// textWriter writes the operators of one line (ISO 32000-1, 9.4). Lengths are in thousandths of the type size.
type textWriter struct {
	*pen
	line *typeface.Line
	size float64
	face *typeface.Font // whose glyphs come next; nil before the first
	font int            // the place of its subset
	at   float64        // where a reader stands, who knows only the widths in the file
	to   float64        // where the text stands
	open bool           // within the brackets of a TJ
	hex  bool           // within a string of codes
}

func (w *textWriter) cluster(c typeface.Cluster) {
	f := c.Glyphs[0].Font
	if f != w.face {
		w.flush()
		w.face, w.font = f, w.subset(w.line, f)
		w.b = append(append(w.b, "/T"...), strconv.Itoa(w.font)...)
		w.b = append(w.b, ' ')
		w.number(w.size, 2)
		w.b = append(w.b, "Tf "...)
	}
	if !w.open {
		w.b = append(w.b, '[')
		w.open = true
	}
	if shift := math.Round(10*(w.to-w.at)) / 10; shift != 0 {
		w.closeHex()
		w.number(-shift, 1)
		w.at += shift
	}
	if !w.hex {
		w.b = append(w.b, '<')
		w.hex = true
	}
	for _, code := range w.fonts[w.font].Codes(c) {
		w.b = appendHex(w.b, code.Number)
		w.at += code.Width
	}
	for _, g := range c.Glyphs {
		w.to += float64(g.Advance) * 1000 / float64(f.Upem)
	}
}

func (w *textWriter) closeHex() {
	if w.hex {
		w.b = append(w.b, '>')
		w.hex = false
	}
}

// flush draws what is within the brackets.
func (w *textWriter) flush() {
	w.closeHex()
	if w.open {
		w.b = append(w.b, "] TJ\n"...)
		w.open = false
	}
}

// number writes a number with up to so many decimals, and a space.
func (p *pen) number(v float64, decimals int) {
	p.b = append(appendNumber(p.b, v, decimals), ' ')
}

func appendNumber(b []byte, v float64, decimals int) []byte {
	unit := math.Pow10(decimals)
	v = math.Round(v*unit) / unit
	if v == 0 { // minus nothing
		v = 0
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// appendUTF16 writes a text in hexadecimal UTF-16, high byte first, as PDF has it.
func appendUTF16(b []byte, text string) []byte {
	for _, u := range utf16.Encode([]rune(text)) {
		b = appendHex(b, u)
	}
	return b
}

func appendHex(b []byte, v uint16) []byte {
	return hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
}
