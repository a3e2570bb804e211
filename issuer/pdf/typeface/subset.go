package typeface

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
)

// Subset holds what one document draws of a font, numbered anew from 1: each number is a shape that stands for a text. A letter
// with its marks, or a syllable of several glyphs, becomes one composite glyph, so that every reader finds its text whole and
// in order; they disagree on text that is put together from shapes in other orders.
type Subset struct {
	Font   *Font
	shapes []shape
	texts  []string // what each shape stands for
	codes  map[string]Code
}

// shape is a glyph of a subset: a glyph of the font as it is, or parts put together.
type shape struct {
	parts   []Glyph // X and Y from the origin; none for a blank
	advance int
	whole   bool // the one part as it is
}

// appendKey writes what a shape looks like: two shapes have the same key only if they are the same.
func (sh shape) appendKey(b []byte) []byte {
	whole := int64(0)
	if sh.whole {
		whole = 1
	}
	b = binary.AppendVarint(binary.AppendVarint(b, int64(sh.advance)), whole)
	b = binary.AppendVarint(b, int64(len(sh.parts)))
	for _, g := range sh.parts {
		b = binary.AppendVarint(b, int64(g.ID))
		b = binary.AppendVarint(binary.AppendVarint(b, int64(g.X)), int64(g.Y))
	}
	return b
}

// Code is the number by which a document draws a shape, and how far that moves the pen in thousandths of an em, with one decimal.
type Code struct {
	Number uint16
	Width  float64
}

// NewSubset begins a subset of a font.
func NewSubset(f *Font) *Subset {
	missing := shape{parts: []Glyph{{Font: f}}, advance: f.Advance(0), whole: true}
	return &Subset{Font: f, shapes: []shape{missing}, texts: []string{""}, codes: make(map[string]Code)}
}

// Codes gives what draws a cluster, from left to right. The sum of the widths may differ from the cluster's advance, by kerning.
//
// A cluster that is written from right to left has a code for each of its characters: readers turn the order of codes around,
// but the better part of them not the order of the characters within one. The first code draws it all, the others are blank.
func (s *Subset) Codes(c Cluster) []Code {
	if len(c.Glyphs) == 1 && c.Glyphs[0].X == 0 && c.Glyphs[0].Y == 0 && !c.RightToLeft {
		return []Code{s.code(s.single(c.Glyphs[0]), c.Text)}
	}
	all := shape{}
	for _, g := range c.Glyphs {
		all.parts = append(all.parts, Glyph{Font: g.Font, ID: g.ID, X: all.advance + g.X, Y: g.Y})
		all.advance += g.Advance
	}
	letters := []rune(c.Text)
	if !c.RightToLeft {
		return []Code{s.code(all, c.Text)}
	}
	left := all.advance
	var codes []Code
	for i, r := range slices.Backward(letters) {
		part := shape{advance: left / (i + 1)}
		left -= part.advance
		if len(codes) == 0 {
			part.parts = all.parts
			part.whole = len(letters) == 1 && len(c.Glyphs) == 1 && c.Glyphs[0].X == 0 && c.Glyphs[0].Y == 0 &&
				all.advance == s.Font.Advance(c.Glyphs[0].ID)
		}
		codes = append(codes, s.code(part, string(r)))
	}
	return codes
}

// single is a glyph of the font as it is.
func (s *Subset) single(g Glyph) shape {
	return shape{parts: []Glyph{{Font: g.Font, ID: g.ID}}, advance: s.Font.Advance(g.ID), whole: true}
}

// Holds says whether the subset has everything of its font that a line draws, so that it need not grow for it. It takes only clusters of
// one glyph for held; all others are rare.
func (s *Subset) Holds(l *Line) bool {
	var room [64]byte
	for _, c := range l.Clusters {
		g := c.Glyphs[0]
		if g.Font != s.Font {
			continue
		}
		if len(c.Glyphs) > 1 || g.X != 0 || g.Y != 0 || c.RightToLeft {
			return false
		}
		if _, ok := s.codes[string(s.single(g).appendFullKey(room[:0], c.Text))]; !ok {
			return false
		}
	}
	return true
}

// appendFullKey writes what a shape looks like and what it stands for.
func (sh shape) appendFullKey(b []byte, text string) []byte {
	return append(append(sh.appendKey(b), 0), text...)
}

func (s *Subset) code(sh shape, text string) Code {
	var room [64]byte
	key := sh.appendFullKey(room[:0], text)
	c, ok := s.codes[string(key)]
	if !ok {
		c = Code{uint16(len(s.shapes)), s.Font.pdfWidth(sh.advance)} // a page has far fewer than 65,536 shapes
		s.codes[string(key)] = c
		s.shapes, s.texts = append(s.shapes, sh), append(s.texts, text)
	}
	return c
}

// Texts gives what each number stands for, beginning with number 0, which stands for nothing.
func (s *Subset) Texts() []string { return s.texts }

// Widths gives how far each number moves the pen, in thousandths of an em, beginning with number 0.
func (s *Subset) Widths() []float64 {
	out := make([]float64, len(s.shapes))
	for i, sh := range s.shapes {
		out[i] = s.Font.pdfWidth(sh.advance)
	}
	return out
}

// pdfWidth turns font units into thousandths of an em, as a document writes them.
func (f *Font) pdfWidth(advance int) float64 {
	return math.Round(float64(advance)*10_000/float64(f.Upem)) / 10
}

// Tag is the six capitals that a subset's name begins with (ISO 32000-1, 9.6.4). The same shapes give the same tag.
func (s *Subset) Tag() string {
	h := fnv.New64a()
	var key []byte
	for _, sh := range s.shapes {
		key = sh.appendKey(key[:0])
		_, _ = h.Write(key) // a hash takes everything
	}
	sum := h.Sum64()
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + byte(sum%26)
		sum /= 26
	}
	return string(tag)
}
