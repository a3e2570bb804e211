package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jung-kurt/gofpdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/cardproof/cardproof/assets"
)

// firstCode is the first character code that a sheet assigns. A simple font of gofpdf has widths for the codes 32 to
// 255, so a sheet holds up to 224 characters.
const firstCode, lastCode = 32, 255

// lastRune ends the search for a sheet's characters; every sheet lies below it.
const lastRune = 0x2fff

// face is one weight of the card's type, cut into sheets. A Unicode font of gofpdf costs 4 ms for each document, since
// it is parsed and cut anew every time; a simple font whose definition and compressed file were made once costs 0.1 ms.
type face struct {
	sheets []sheet
	glyphs map[rune]glyph
}

type glyph struct {
	sheet uint8
	code  byte
	width int // in thousandths of the type size
}

// sheet is one simple TrueType font, ready to embed.
type sheet struct {
	family     string // the name under which gofpdf knows it
	definition []byte // what gofpdf's own makefont tool would write to a JSON file
	file       []byte // the TrueType file, zlib-compressed
}

// fontDefinition has the members that gofpdf reads from a font definition.
type fontDefinition struct {
	Tp, Name     string
	Desc         gofpdf.FontDescType
	Cw           [256]int
	Enc, Diff    string
	File         string
	OriginalSize int
}

func loadFace(weight, name string, stemV int) (*face, error) {
	files, err := assets.FontSheets(weight)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no font files of the weight %s", weight)
	}
	f := &face{glyphs: make(map[rune]glyph)}
	for i, file := range files {
		// The tag of six capitals says that the font is a subset (ISO 32000-1, 9.6.4), and keeps the sheets apart.
		def := fontDefinition{Tp: "TrueType", Name: "CARDP" + string(rune('A'+i)) + "+" + name, Enc: "cp1252",
			File: fmt.Sprintf("%s-%d.z", weight, i), OriginalSize: len(file)}
		def.Desc.StemV = stemV
		if err := f.addSheet(file, &def); err != nil {
			return nil, fmt.Errorf("font sheet %d of %s: %w", i+1, weight, err)
		}
		js, err := json.Marshal(def)
		if err != nil {
			return nil, err
		}
		f.sheets = append(f.sheets, sheet{family: fmt.Sprintf("%s%d", weight, i), definition: js, file: deflate(file)})
	}
	return f, nil
}

// addSheet reads a font's own tables: which characters it has, how wide they are, and under which names a PDF reader
// finds them. Nothing that is not in those tables can be drawn.
func (f *face) addSheet(file []byte, def *fontDefinition) error {
	ttf, err := sfnt.Parse(file)
	if err != nil {
		return err
	}
	var buf sfnt.Buffer
	const em = fixed.Int26_6(1000 << 6) // at 1000 pixels an em, sizes come out in thousandths
	code, differences := firstCode, []string{fmt.Sprint(firstCode)}
	for r := rune(' '); r <= lastRune; r++ {
		index, err := ttf.GlyphIndex(&buf, r)
		if err != nil {
			return err
		}
		if index == 0 {
			continue
		}
		if _, taken := f.glyphs[r]; taken || code > lastCode {
			return fmt.Errorf("%U has no place", r)
		}
		advance, err := ttf.GlyphAdvance(&buf, index, em, font.HintingNone)
		if err != nil {
			return err
		}
		name, err := ttf.GlyphName(&buf, index)
		if err != nil {
			return err
		}
		f.glyphs[r] = glyph{sheet: uint8(len(f.sheets)), code: byte(code), width: advance.Round()}
		def.Cw[code] = advance.Round()
		differences = append(differences, "/"+name)
		code++
	}
	def.Diff = strings.Join(differences, " ")
	return describe(ttf, &buf, em, &def.Desc)
}

func describe(ttf *sfnt.Font, buf *sfnt.Buffer, em fixed.Int26_6, desc *gofpdf.FontDescType) error {
	m, err := ttf.Metrics(buf, em, font.HintingNone)
	if err != nil {
		return err
	}
	box, err := ttf.Bounds(buf, em, font.HintingNone)
	if err != nil {
		return err
	}
	desc.Ascent, desc.Descent, desc.CapHeight = m.Ascent.Round(), -m.Descent.Round(), m.CapHeight.Round()
	desc.Flags = gofpdf.FontFlagNonsymbolic
	// sfnt's y axis points down, a PDF's up.
	desc.FontBBox.Xmin, desc.FontBBox.Xmax = box.Min.X.Floor(), box.Max.X.Ceil()
	desc.FontBBox.Ymin, desc.FontBBox.Ymax = -box.Max.Y.Ceil(), -box.Min.Y.Floor()
	return nil
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestCompression) // the level is a valid one
	_, _ = w.Write(b)                                       // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// width is the length of a text at a type size in points, in mm. Every rune must have a glyph.
func (f *face) width(s string, size float64) float64 {
	sum := 0
	for _, r := range s {
		sum += f.glyphs[r].width
	}
	return float64(sum) / 1000 * size * mmPerPoint
}

// missing is the first rune that the face has no glyph for.
func (f *face) missing(s string) (rune, bool) {
	for _, r := range s {
		if _, ok := f.glyphs[r]; !ok {
			return r, true
		}
	}
	return 0, false
}

// run is a stretch of text in the codes of one sheet.
type run struct {
	sheet uint8
	codes []byte
	width int
}

// runs splits a text where the sheet changes.
func (f *face) runs(s string) []run {
	var out []run
	for _, r := range s {
		g := f.glyphs[r]
		if n := len(out); n == 0 || out[n-1].sheet != g.sheet {
			out = append(out, run{sheet: g.sheet})
		}
		last := &out[len(out)-1]
		last.codes = append(last.codes, g.code)
		last.width += g.width
	}
	return out
}
