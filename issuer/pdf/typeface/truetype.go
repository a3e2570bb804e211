package typeface

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// builder writes the tables of a subset (ISO/IEC 14496-22, 5.1 to 5.3).
type builder struct {
	font             *Font
	shapes           []shape
	index            map[uint16]uint16 // of the font's glyphs that are parts of others
	glyf, loca, hmtx []byte
	mostParts        int
}

// File is the subset as a TrueType file with the tables that a PDF asks for (ISO 32000-1, 9.9): no cmap, for the numbers
// are the file's glyph indices.
func (s *Subset) File() ([]byte, error) {
	b := builder{font: s.Font, shapes: slices.Clone(s.shapes), index: make(map[uint16]uint16), mostParts: 1}
	for i := 0; i < len(b.shapes); i++ { // grows by the parts of composite glyphs
		b.loca = binary.BigEndian.AppendUint32(b.loca, uint32(len(b.glyf)))
		if err := b.add(b.shapes[i]); err != nil {
			return nil, fmt.Errorf("shape %d of %s: %w", i, s.Font.Name, err)
		}
	}
	b.loca = binary.BigEndian.AppendUint32(b.loca, uint32(len(b.glyf)))
	n := uint16(len(b.shapes))
	head, hhea, maxp := slices.Clone(s.Font.head), slices.Clone(s.Font.hhea), slices.Clone(s.Font.maxp)
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, set at the end
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets in loca
	binary.BigEndian.PutUint16(hhea[34:], n)
	binary.BigEndian.PutUint16(maxp[4:], n)
	b.limits(maxp)
	return assemble([]table{{"glyf", b.glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", b.hmtx}, {"loca", b.loca}, {"maxp", maxp}}), nil
}

// limits raises what the font says of its composite glyphs: ours are one level deeper.
func (b *builder) limits(maxp []byte) {
	const points, contours, compositePoints, compositeContours, elements, depth = 6, 8, 10, 12, 28, 30
	if len(maxp) < depth+2 {
		return
	}
	raise := func(at, v int) { binary.BigEndian.PutUint16(maxp[at:], uint16(min(v, math.MaxUint16))) }
	raise(compositePoints, b.mostParts*int(max(be16(maxp, points), be16(maxp, compositePoints))))
	raise(compositeContours, b.mostParts*int(max(be16(maxp, contours), be16(maxp, compositeContours))))
	raise(elements, max(b.mostParts, int(be16(maxp, elements))))
	raise(depth, int(be16(maxp, depth))+1)
}

func (b *builder) add(s shape) error {
	outline, bearing := []byte(nil), uint16(0)
	var err error
	if s.whole {
		outline, err = b.copied(s.parts[0].ID)
		bearing = b.font.bearing(s.parts[0].ID)
	} else {
		outline, err = b.composed(s.parts)
		if len(outline) > 0 {
			bearing = be16(outline, 2)
		}
	}
	if err != nil {
		return err
	}
	b.glyf = append(b.glyf, outline...)
	for len(b.glyf)%4 != 0 {
		b.glyf = append(b.glyf, 0)
	}
	b.hmtx = binary.BigEndian.AppendUint16(b.hmtx, uint16(s.advance))
	b.hmtx = binary.BigEndian.AppendUint16(b.hmtx, bearing)
	return nil
}

// copied is a glyph of the font, its parts numbered anew.
func (b *builder) copied(glyph uint16) ([]byte, error) {
	outline, err := b.font.outline(glyph)
	if err != nil {
		return nil, err
	}
	err = eachPart(outline, func(at int) {
		binary.BigEndian.PutUint16(outline[at:], b.part(be16(outline, at)))
	})
	return outline, err
}

// part is the new number of a glyph that others are made of.
func (b *builder) part(glyph uint16) uint16 {
	n, ok := b.index[glyph]
	if !ok {
		n = uint16(len(b.shapes))
		b.index[glyph] = n
		b.shapes = append(b.shapes, shape{parts: []Glyph{{ID: glyph}}, advance: b.font.Advance(glyph), whole: true})
	}
	return n
}

// composed puts glyphs together.
func (b *builder) composed(parts []Glyph) ([]byte, error) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(g Glyph) bool {
		_, _, _, _, ok := b.font.extent(g.ID)
		return !ok
	})
	if len(parts) == 0 {
		return nil, nil
	}
	b.mostParts = max(b.mostParts, len(parts))
	out := make([]byte, 10)
	binary.BigEndian.PutUint16(out, 0xffff) // -1: a composite glyph
	box := [4]int{math.MaxInt16, math.MaxInt16, math.MinInt16, math.MinInt16}
	for i, g := range parts {
		outline, err := b.font.outline(g.ID)
		if err != nil {
			return nil, err
		}
		for k, shift := range []int{g.X, g.Y, g.X, g.Y} {
			v := signed(outline, 2+2*k) + shift
			if k < 2 {
				box[k] = min(box[k], v)
			} else {
				box[k] = max(box[k], v)
			}
		}
		flags := uint16(argumentsAreWords | argumentsAreXY)
		if i+1 < len(parts) {
			flags |= moreParts
		}
		for _, v := range []uint16{flags, b.part(g.ID), uint16(g.X), uint16(g.Y)} {
			out = binary.BigEndian.AppendUint16(out, v)
		}
	}
	for k, v := range box {
		binary.BigEndian.PutUint16(out[2+2*k:], uint16(v))
	}
	return out, nil
}

// Flags of a part of a composite glyph (ISO/IEC 14496-22, 5.3.3.3).
const (
	argumentsAreWords = 0x0001
	argumentsAreXY    = 0x0002
	haveScale         = 0x0008
	moreParts         = 0x0020
	haveTwoScales     = 0x0040
	haveMatrix        = 0x0080
)

// eachPart calls f with where the number of each part of a composite glyph stands. A simple glyph has none.
func eachPart(outline []byte, f func(at int)) error {
	if len(outline) < 10 || signed(outline, 0) >= 0 {
		return nil
	}
	for at := 10; ; {
		if at+4 > len(outline) {
			return errFont
		}
		flags := be16(outline, at)
		f(at + 2)
		at += 6
		if flags&argumentsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveTwoScales != 0:
			at += 4
		case flags&haveMatrix != 0:
			at += 8
		}
		if flags&moreParts == 0 {
			return nil
		}
	}
}

type table struct {
	tag  string
	data []byte
}

// assemble writes tables as a file (ISO/IEC 14496-22, 4.5). They come sorted by their tags.
func assemble(tables []table) []byte {
	n := len(tables)
	selector := math.Ilogb(float64(n))
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{n, 16 << selector, selector, 16*n - 16<<selector} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := len(out) + 16*n
	for _, t := range tables {
		out = append(out, t.tag...)
		for _, v := range []uint32{checksum(t.data), uint32(at), uint32(len(t.data))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		at += (len(t.data) + 3) &^ 3
	}
	head := 0
	for _, t := range tables {
		if t.tag == "head" {
			head = len(out)
		}
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[head+8:], 0xb1b0afba-checksum(out))
	return out
}

// checksum adds up a table's words; its length counts as filled up with zeros.
func checksum(b []byte) uint32 {
	sum := uint32(0)
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	var last [4]byte
	copy(last[:], b)
	return sum + binary.BigEndian.Uint32(last[:])
}
