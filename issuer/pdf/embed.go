package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"sync"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// fontObjects is how many objects a font takes: the font, the glyphs' own font in it, its descriptor, its file, and the map
// from codes to text.
const fontObjects = 5

// usual are the letters that most names, courses and dates are written with; a card's number has usualNumbers. Letters with marks are
// not among them: those of half of Europe would make every card 4 kB longer, to save a third of the cards 0.3 ms.
const (
	usualNumbers = "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"
	usual        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;-–'’()/&+·"
)

// freeze ends the growth of what all documents share, and packs it. Beside what the design itself writes, it holds the usual letters of
// every face that shows what changes from card to card: a card that needs no others has no font to make.
func (d *Drawer) freeze() error {
	p := d.newPen(0)
	p.grow(d.base)
	for _, name := range d.names {
		for _, i := range d.pages[name].items {
			for _, c := range i.cells {
				if i.drawn != nil || c.rule != nil {
					continue
				}
				if err := p.hold(c.face, c.likely()); err != nil {
					return err
				}
			}
		}
	}
	d.base = p.fonts
	for _, s := range d.base {
		packed, err := packFont(s, pack)
		if err != nil {
			return err
		}
		d.packed = append(d.packed, packed)
	}
	return nil
}

// likely are the letters that a cell is likely to show.
func (c *cell) likely() string {
	if slices.Equal(c.fields, []string{"number"}) {
		return usualNumbers
	}
	return usual
}

// hold takes letters into a face's subset.
func (p *pen) hold(f *face, letters string) error {
	for _, r := range letters {
		l, err := f.line(string(r))
		if err != nil {
			return err
		}
		p.clusters(l, 1)
	}
	return nil
}

// packedFont is a subset as a document has it.
type packedFont struct {
	font          *typeface.Font
	name          string
	widths        []byte
	file, unicode []byte // compressed
	length        int    // of the file
}

// packFont makes a subset ready for documents. A document's own are compressed by pack.
func packFont(s *typeface.Subset, pack func([]byte) []byte) (*packedFont, error) {
	file, err := s.File()
	if err != nil {
		return nil, err
	}
	p := &packedFont{font: s.Font, name: s.Tag() + "+" + s.Font.Name, file: pack(file), unicode: pack(toUnicode(s.Texts())), length: len(file)}
	for _, w := range s.Widths() {
		p.widths = append(appendNumber(p.widths, w, 1), ' ')
	}
	return p, nil
}

// font writes a subset as a composite font whose codes are the glyph numbers of its file (ISO 32000-1, 9.7).
func (f *finisher) font(p *packedFont) {
	n := f.begin()
	fmt.Fprintf(&f.out, "<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>\nendobj\n",
		p.name, n+1, n+4)
	f.begin()
	fmt.Fprintf(&f.out, "<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> "+
		"/CIDToGIDMap /Identity /FontDescriptor %d 0 R /W [0 [%s]]>>\nendobj\n", p.name, n+2, p.widths)
	f.begin()
	em := func(v int) int { return v * 1000 / p.font.Upem }
	box := p.font.Box
	// The flag says that the font's characters are not those of a standard set. Readers take the stem's width for substitutes only.
	fmt.Fprintf(&f.out, "<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d "+
		"/CapHeight %d /StemV %d /FontFile2 %d 0 R>>\nendobj\n", p.name, em(box[0]), em(box[1]), em(box[2]), em(box[3]),
		em(p.font.Ascent), em(p.font.Descent), int(capHeight*1000), p.font.Weight/5, n+3)
	f.packed(fmt.Sprintf("/Filter /FlateDecode /Length1 %d", p.length), p.file)
	f.packed("/Filter /FlateDecode", p.unicode)
}

// pack compresses what is made once for all documents.
func pack(data []byte) []byte {
	var packed bytes.Buffer
	w, _ := zlib.NewWriterLevel(&packed, zlib.BestCompression) // the level is a valid one
	_, _ = w.Write(data)                                       // a bytes.Buffer takes everything
	_ = w.Close()
	return packed.Bytes()
}

// pack compresses what is made for one document.
func (d *Drawer) pack(data []byte) []byte {
	var packed bytes.Buffer
	packed.Grow(len(data)/2 + 64)
	w := d.packers.Get().(*zlib.Writer)
	w.Reset(&packed)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	d.packers.Put(w)
	return packed.Bytes()
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
