package typeface

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"

	"github.com/cardproof/cardproof/assets"
)

// Font is one TrueType file, read in place. It is safe for concurrent use.
type Font struct {
	Name string // in the PDF, such as "NotoSans-Thai"
	Upem int    // font units in an em

	// What a PDF's font descriptor asks for, in font units (ISO 32000-1, 9.8).
	Ascent, Descent int
	Box             [4]int // left, bottom, right, top
	Weight          int    // of the class 1 to 1000, as in OS/2

	shape    *font.Font
	file     io.ReaderAt
	glyf     int64    // where the table of outlines begins
	loca     []uint32 // where in it each outline begins; one more than there are glyphs
	advances []uint16 // the last one holds for all glyphs behind it
	bearings []byte   // the table hmtx as it is
	head     []byte
	hhea     []byte
	maxp     []byte
}

var errFont = errors.New("the font file is broken")

// outlines are the tables that the shaper must not read: it would parse every glyph of the font.
var outlines = [][]byte{[]byte("glyf"), []byte("loca")}

func loadFont(name string, weight int) (*Font, error) {
	file, err := assets.Font(name)
	if err != nil {
		return nil, err
	}
	f := &Font{Name: pdfNames[name], Weight: weight, file: file}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	loader, err := opentype.NewLoader(shapingView{file})
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	if f.shape, err = font.NewFont(loader); err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	return f, nil
}

// shapingView is a font file in which the table of outlines goes by another name. Shaping needs none of them, and
// parsing the thirty thousand of a Chinese font would take longer than the card.
type shapingView struct{ assets.FontFile }

// ReadAt reads as the file does, but for the directory of tables.
func (v shapingView) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.FontFile.ReadAt(p, off)
	v.hide(p[:n], off)
	return n, err
}

// Read reads as the file does, but for the directory of tables.
func (v shapingView) Read(p []byte) (int, error) {
	off, err := v.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	n, err := v.FontFile.Read(p)
	v.hide(p[:n], off)
	return n, err
}

func (v shapingView) hide(p []byte, off int64) {
	const directory = 12 + 16*40 // no font has more tables
	if off >= directory {
		return
	}
	for _, tag := range outlines {
		if i := bytes.Index(p, tag); i >= 0 && off+int64(i) < directory {
			copy(p[i:], "none")
		}
	}
}

// read takes the tables that drawing needs (ISO/IEC 14496-22, 5.1 to 5.3).
func (f *Font) read() error {
	var header [12]byte
	if _, err := f.file.ReadAt(header[:], 0); err != nil {
		return err
	}
	directory := make([]byte, 16*int(binary.BigEndian.Uint16(header[4:])))
	if _, err := f.file.ReadAt(directory, 12); err != nil {
		return err
	}
	tables := make(map[string][]byte)
	for d := directory; len(d) >= 16; d = d[16:] {
		tag, at, length := string(d[:4]), int64(binary.BigEndian.Uint32(d[8:])), binary.BigEndian.Uint32(d[12:])
		switch tag {
		case "glyf":
			f.glyf = at
		case "head", "hhea", "maxp", "hmtx", "loca":
			b := make([]byte, length)
			if _, err := f.file.ReadAt(b, at); err != nil {
				return err
			}
			tables[tag] = b
		}
	}
	f.head, f.hhea, f.maxp, f.bearings = tables["head"], tables["hhea"], tables["maxp"], tables["hmtx"]
	if f.glyf == 0 || len(f.head) < 54 || len(f.hhea) < 36 || len(f.maxp) < 6 {
		return errFont
	}
	return f.measure(tables["loca"])
}

func (f *Font) measure(loca []byte) error {
	glyphs, metrics := int(be16(f.maxp, 4)), int(be16(f.hhea, 34))
	long := be16(f.head, 50) == 1
	if metrics == 0 || len(f.bearings) < 4*metrics+2*(glyphs-metrics) || !long && len(loca) < 2*glyphs+2 || long && len(loca) < 4*glyphs+4 {
		return errFont
	}
	f.Upem = int(be16(f.head, 18))
	f.Ascent, f.Descent = signed(f.hhea, 4), signed(f.hhea, 6)
	for i := range f.Box {
		f.Box[i] = signed(f.head, 36+2*i)
	}
	f.loca = make([]uint32, glyphs+1)
	for i := range f.loca {
		if long {
			f.loca[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			f.loca[i] = 2 * uint32(be16(loca, 2*i))
		}
	}
	f.advances = make([]uint16, metrics)
	for i := range f.advances {
		f.advances[i] = be16(f.bearings, 4*i)
	}
	return nil
}

func be16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }

func signed(b []byte, at int) int { return int(int16(be16(b, at))) }

// Advance is how far a glyph moves the pen, in font units.
func (f *Font) Advance(glyph uint16) int {
	return int(f.advances[min(int(glyph), len(f.advances)-1)])
}

// bearing is the space at a glyph's left side.
func (f *Font) bearing(glyph uint16) uint16 {
	if n := len(f.advances); int(glyph) >= n {
		return be16(f.bearings, 4*n+2*(int(glyph)-n))
	}
	return be16(f.bearings, 4*int(glyph)+2)
}

// outline is a glyph's entry in the table glyf; empty for a blank one.
func (f *Font) outline(glyph uint16) ([]byte, error) {
	if int(glyph)+1 >= len(f.loca) || f.loca[glyph+1] < f.loca[glyph] {
		return nil, errFont
	}
	b := make([]byte, f.loca[glyph+1]-f.loca[glyph])
	if len(b) == 0 {
		return nil, nil
	}
	if _, err := f.file.ReadAt(b, f.glyf+int64(f.loca[glyph])); err != nil {
		return nil, err
	}
	return b, nil
}

// extent is the box of a glyph's ink, in font units; ok is false for a blank one.
func (f *Font) extent(glyph uint16) (left, bottom, right, top int, ok bool) {
	var b [10]byte
	if int(glyph)+1 >= len(f.loca) || f.loca[glyph+1] <= f.loca[glyph] {
		return 0, 0, 0, 0, false
	}
	if _, err := f.file.ReadAt(b[:], f.glyf+int64(f.loca[glyph])); err != nil {
		return 0, 0, 0, 0, false
	}
	return signed(b[:], 2), signed(b[:], 4), signed(b[:], 6), signed(b[:], 8), true
}
