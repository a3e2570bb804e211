package pdf

import (
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf16"

	"github.com/jung-kurt/gofpdf"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// page is one document being drawn. gofpdf writes it; the text goes into the page's content directly, because gofpdf
// draws no glyph by its number.
type page struct {
	doc   *gofpdf.Fpdf
	fonts []*typeface.Subset
	index map[*typeface.Font]int
}

// text draws a line with its baseline at y: x and y in mm from the upper left corner, the size in points.
func (p *page) text(l *typeface.Line, size float64, c colour, x, y float64) {
	w := textWriter{page: p, size: size, font: -1}
	w.b = append(w.b, "q BT "...)
	for _, part := range c {
		w.number(float64(part)/255, 3)
	}
	w.b = append(w.b, "rg "...)
	w.number(x/mmPerPoint, 2)
	w.number((Height-y)/mmPerPoint, 2)
	w.b = append(w.b, "Td\n"...)
	for _, cluster := range l.Clusters {
		w.cluster(cluster)
	}
	w.flush()
	p.doc.RawWriteStr(string(append(w.b, "ET Q"...)))
}

// subset is the place of a font among those that the page draws with.
func (p *page) subset(f *typeface.Font) int {
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
	*page
	b    []byte
	size float64
	font int     // whose glyphs come next; -1 before the first
	pen  float64 // where the text stands
	at   float64 // where a reader stands, who knows only the widths in the file
	open bool    // within the brackets of a TJ
	hex  bool    // within a string of codes
}

func (w *textWriter) cluster(c typeface.Cluster) {
	f := c.Glyphs[0].Font
	if font := w.subset(f); font != w.font {
		w.flush()
		w.font = font
		w.b = append(append(w.b, "/T"...), strconv.Itoa(font)...)
		w.b = append(w.b, ' ')
		w.number(w.size, 2)
		w.b = append(w.b, "Tf "...)
	}
	if !w.open {
		w.b = append(w.b, '[')
		w.open = true
	}
	if shift := math.Round(10*(w.pen-w.at)) / 10; shift != 0 {
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
		w.pen += float64(g.Advance) * 1000 / float64(f.Upem)
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
func (w *textWriter) number(v float64, decimals int) {
	w.b = append(appendNumber(w.b, v, decimals), ' ')
}

func appendNumber(b []byte, v float64, decimals int) []byte {
	p := math.Pow10(decimals)
	return strconv.AppendFloat(b, math.Round(v*p)/p, 'f', -1, 64)
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
