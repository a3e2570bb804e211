package typeface

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// subsets puts all clusters of a text into subsets, and gives each cluster's codes in the order of drawing.
func subsets(t *testing.T, l *Line) (map[*Font]*Subset, [][]Code) {
	t.Helper()
	sets := make(map[*Font]*Subset)
	var codes [][]Code
	for _, c := range l.Clusters {
		f := c.Glyphs[0].Font
		if sets[f] == nil {
			sets[f] = NewSubset(f)
		}
		codes = append(codes, sets[f].Codes(c))
	}
	return sets, codes
}

func parse(t *testing.T, s *Subset) (*sfnt.Font, []byte) {
	t.Helper()
	file, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	f, err := sfnt.Parse(completed(t, s.Font, file))
	if err != nil {
		t.Fatalf("%s: %v", s.Font.Name, err)
	}
	if got := checksum(file); got != 0xb1b0afba {
		t.Errorf("%s: the file's sum is %x", s.Font.Name, got)
	}
	return f, file
}

// tablesOf reads the directory of a font file.
func tablesOf(t *testing.T, file io.ReaderAt) map[string][]byte {
	t.Helper()
	head := make([]byte, 12+16*32)
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for i := range int(be16(head, 4)) {
		d := head[12+16*i:]
		b := make([]byte, binary.BigEndian.Uint32(d[12:]))
		if n, err := file.ReadAt(b, int64(binary.BigEndian.Uint32(d[8:]))); n != len(b) {
			t.Fatalf("%s: %v", d[:4], err)
		}
		out[string(d[:4])] = b
	}
	return out
}

// completed adds to a subset the tables that a PDF has no use for and sfnt wants to see.
func completed(t *testing.T, f *Font, file []byte) []byte {
	t.Helper()
	all := tablesOf(t, f.file)
	maps.Copy(all, tablesOf(t, bytes.NewReader(file)))
	var out []table
	for _, tag := range []string{"OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"} {
		out = append(out, table{tag, all[tag]})
	}
	return assemble(out)
}

// box is the extent of a glyph's outline in font units, the y axis pointing down.
func box(t *testing.T, f *sfnt.Font, g sfnt.GlyphIndex) fixed.Rectangle26_6 {
	t.Helper()
	var buf sfnt.Buffer
	segments, err := f.LoadGlyph(&buf, g, fixed.I(int(f.UnitsPerEm())), nil)
	if err != nil {
		t.Fatalf("glyph %d: %v", g, err)
	}
	return segments.Bounds()
}

// Every cluster of every name is drawn by the subset where the glyphs of the font would have been, as code that is not ours sees it.
func TestSubsetDrawsWhatTheFontDraws(t *testing.T) {
	s := newSet(t)
	whole := make(map[*Font]*sfnt.Font)
	for _, name := range names(t) {
		l, err := s.Line(Semibold, name)
		if err != nil {
			t.Fatal(err)
		}
		sets, codes := subsets(t, l)
		parsed := make(map[*Font]*sfnt.Font)
		for f, set := range sets {
			parsed[f], _ = parse(t, set)
			if whole[f] == nil {
				b, err := io.ReadAll(io.NewSectionReader(f.file, 0, 1<<30))
				if err != nil {
					t.Fatal(err)
				}
				if whole[f], err = sfnt.Parse(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, c := range l.Clusters {
			f := c.Glyphs[0].Font
			var want fixed.Rectangle26_6
			pen := 0
			for _, g := range c.Glyphs {
				b := box(t, whole[f], sfnt.GlyphIndex(g.ID))
				want = want.Union(b.Add(fixed.P(pen+g.X, -g.Y)))
				pen += g.Advance
			}
			var got fixed.Rectangle26_6
			for _, code := range codes[i] {
				got = got.Union(box(t, parsed[f], sfnt.GlyphIndex(code.Number)))
			}
			if got != want {
				t.Errorf("%s, %q: got %v, want %v", name, c.Text, got, want)
			}
		}
	}
}

func TestSubsetTexts(t *testing.T) {
	l, err := newSet(t).Line(Semibold, "לָא Aאa")
	if err != nil {
		t.Fatal(err)
	}
	sets, codes := subsets(t, l)
	for _, c := range codes {
		for _, code := range c {
			if code.Number == 0 {
				t.Error("got the code of the missing glyph")
			}
		}
	}
	for f, set := range sets {
		if len(set.Texts()) != len(set.Widths()) || set.Texts()[0] != "" {
			t.Errorf("%s: got %q and %v", f.Name, set.Texts(), set.Widths())
		}
		for _, text := range set.Texts()[1:] {
			if len([]rune(text)) != 1 {
				t.Errorf("%s: got %q for one code of a right-to-left text", f.Name, text)
			}
		}
		first, err := set.File()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if again, err := set.File(); err != nil || !bytes.Equal(again, first) {
				t.Fatalf("%s: the second file differs: %v", f.Name, err)
			}
		}
		if tag := set.Tag(); len(tag) != 6 || tag != set.Tag() {
			t.Errorf("got the tag %q", tag)
		}
	}
}
