package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"sync"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// fontObjects is how many objects a font takes: the font, the glyphs' own font in it, its descriptor, its file, and the map
// from codes to text.
const fontObjects = 5

// font writes a subset as a composite font whose codes are the glyph numbers of its file (ISO 32000-1, 9.7).
func (f *finisher) font(d *Drawer, s *typeface.Subset) error {
	file, err := s.File()
	if err != nil {
		return err
	}
	name := s.Tag() + "+" + s.Font.Name
	n := f.begin()
	fmt.Fprintf(&f.out, "<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>\nendobj\n",
		name, n+1, n+4)
	f.begin()
	fmt.Fprintf(&f.out, "<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> "+
		"/CIDToGIDMap /Identity /FontDescriptor %d 0 R /W [0 [", name, n+2)
	var widths []byte
	for _, w := range s.Widths() {
		widths = append(appendNumber(widths, w, 1), ' ')
	}
	f.out.Write(widths)
	f.out.WriteString("]]>>\nendobj\n")
	f.begin()
	em := func(v int) int { return v * 1000 / s.Font.Upem }
	box := s.Font.Box
	// The flag says that the font's characters are not those of a standard set. Readers take the stem's width for substitutes only.
	fmt.Fprintf(&f.out, "<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d "+
		"/CapHeight %d /StemV %d /FontFile2 %d 0 R>>\nendobj\n", name, em(box[0]), em(box[1]), em(box[2]), em(box[3]),
		em(s.Font.Ascent), em(s.Font.Descent), int(capHeight*1000), s.Font.Weight/5, n+3)
	f.begin()
	f.stream(d, file, fmt.Sprintf(" /Length1 %d", len(file)))
	f.begin()
	f.stream(d, toUnicode(s.Texts()), "")
	return nil
}

// stream writes compressed data as the body of an object.
func (f *finisher) stream(d *Drawer, data []byte, entries string) {
	var packed bytes.Buffer
	w := d.packers.Get().(*zlib.Writer)
	w.Reset(&packed)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	d.packers.Put(w)
	fmt.Fprintf(&f.out, "<</Filter /FlateDecode /Length %d%s>>\nstream\n", packed.Len(), entries)
	f.out.Write(packed.Bytes())
	f.out.WriteString("\nendstream\nendobj\n")
}

// newPackers keeps compressors for re-use: a new one takes more time than the font it compresses. The quickest level takes half
// the time of the usual one and makes a card 0.4 kB longer.
func newPackers() *sync.Pool {
	return &sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // the level is a valid one
		return w
	}}
}

// toUnicode writes what each code stands for (ISO 32000-1, 9.10.3). Code 0 has no entry.
func toUnicode(texts []string) []byte {
	const mostEntries = 100 // in one list
	var lines [][]byte
	for i, t := range texts {
		if t != "" {
			lines = append(lines, append(appendUTF16(fmt.Appendf(nil, "<%04x> <", i), t), ">\n"...))
		}
	}
	b := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for len(lines) > 0 {
		n := min(len(lines), mostEntries)
		b = fmt.Appendf(b, "%d beginbfchar\n", n)
		b = append(b, bytes.Join(lines[:n], nil)...)
		b = append(b, "endbfchar\n"...)
		lines = lines[n:]
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}
