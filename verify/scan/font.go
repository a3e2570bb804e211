package scan

import (
	"errors"
	"math"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxFonts   = 5_000   // of a file
	maxEntries = 1 << 19 // of a file's fonts: widths, and what codes mean
)

// font is what text needs of a font: what its codes mean, and how wide their characters are, in parts of the type size.
type font struct {
	wide     bool // codes of two bytes (Type0)
	unicode  map[int]string
	encoding *[256]string // of codes of one byte
	widths   map[int]float64
	other    float64 // the width of codes that have none
	unit     float64 // of the widths
}

// unknownFont stands for one that can't be read: its characters are unknown.
var unknownFont = font{other: 500, unit: 0.001}

// next is the code at the front of a string, and how many bytes it takes.
func (f *font) next(codes []byte) (code, n int) {
	if f.wide && len(codes) > 1 {
		return int(codes[0])<<8 | int(codes[1]), 2
	}
	return int(codes[0]), 1
}

func (f *font) text(code int) string {
	if s, ok := f.unicode[code]; ok {
		return s
	}
	if f.encoding != nil && code < len(f.encoding) {
		return f.encoding[code]
	}
	return unknown
}

func (f *font) width(code int) float64 {
	w, ok := f.widths[code]
	if !ok {
		w = f.other
	}
	return w * f.unit
}

// font finds a font by its name among the resources, or nil where there is none that can be read: its text is unknown then,
// which is no reason to refuse the file. The error says that the file is too large.
func (s *source) font(name string, resources types.Dict) (*font, error) {
	all, err := s.file.DereferenceDict(resources["Font"])
	if err != nil || all == nil {
		return nil, tooLarge(err)
	}
	ref, shared := all[name].(types.IndirectRef)
	if shared {
		if f, ok := s.fonts[ref.ObjectNumber.Value()]; ok {
			return f, nil
		}
	}
	dict, err := s.file.DereferenceDict(all[name])
	if err != nil || dict == nil {
		return nil, tooLarge(err)
	}
	if s.budget.fonts--; s.budget.fonts < 0 {
		return nil, ErrTooLarge
	}
	f, err := s.load(dict)
	if err != nil {
		f, err = nil, tooLarge(err)
	}
	if shared {
		s.fonts[ref.ObjectNumber.Value()] = f
	}
	return f, err
}

// enter takes entries of a font's tables out of the budget.
func (b *budget) enter(n int) error {
	if b.entries -= n + 1; b.entries < 0 {
		return ErrTooLarge
	}
	return b.ctx.Err()
}

// tooLarge keeps the errors that end the reading of a file, and drops the others.
func tooLarge(err error) error {
	if err = classify(err); errors.Is(err, ErrTooLarge) {
		return err
	}
	return nil
}

func (s *source) load(dict types.Dict) (*font, error) {
	f := &font{widths: map[int]float64{}, unit: 0.001}
	if err := s.toUnicode(f, dict["ToUnicode"]); err != nil {
		return nil, err
	}
	if subtype := dict.Subtype(); subtype != nil && *subtype == "Type0" {
		return f, s.composite(f, dict)
	}
	return f, s.simple(f, dict)
}

// simple reads a font with codes of one byte (ISO 32000-1, 9.6).
func (s *source) simple(f *font, dict types.Dict) error {
	f.other = 500 // the standard fonts may come without widths
	first, err := s.number(dict["FirstChar"])
	if err != nil {
		return err
	}
	widths, err := s.file.DereferenceArray(dict["Widths"])
	if err != nil {
		return err
	}
	if len(widths) > 0 {
		f.other = 0
	}
	if subtype := dict.Subtype(); subtype != nil && *subtype == "Type3" {
		if m, err := s.file.DereferenceArray(dict["FontMatrix"]); err == nil && len(m) == 6 {
			if f.unit, err = s.number(m[0]); err != nil {
				return err
			}
		}
	}
	for i, o := range widths[:min(len(widths), 256)] {
		w, err := s.number(o)
		if err != nil {
			return err
		}
		f.widths[int(first)+i] = w
	}
	f.encoding, err = s.encoding(dict["Encoding"])
	return err
}

// composite reads a font with codes of two bytes that are numbers of glyphs (Identity-H); what they mean, only ToUnicode says.
func (s *source) composite(f *font, dict types.Dict) error {
	f.wide = true
	list, err := s.file.DereferenceArray(dict["DescendantFonts"])
	if err != nil || len(list) == 0 {
		return err
	}
	cid, err := s.file.DereferenceDict(list[0])
	if err != nil || cid == nil {
		return err
	}
	f.other = 1000
	if cid["DW"] != nil {
		if f.other, err = s.number(cid["DW"]); err != nil {
			return err
		}
	}
	w, err := s.file.DereferenceArray(cid["W"])
	if err != nil {
		return err
	}
	return s.cidWidths(f, w)
}

// cidWidths reads "first [width …]" and "first last width" (ISO 32000-1, 9.7.4.3).
func (s *source) cidWidths(f *font, w types.Array) error {
	for len(w) >= 2 {
		first, err := s.number(w[0])
		if err != nil {
			return err
		}
		o, err := s.file.Dereference(w[1])
		if err != nil {
			return err
		}
		if each, ok := o.(types.Array); ok {
			if err := s.budget.enter(len(each)); err != nil {
				return err
			}
			if len(f.widths) == 0 {
				f.widths = make(map[int]float64, len(each))
			}
			for i, o := range each {
				if f.widths[int(first)+i], err = s.number(o); err != nil {
					return err
				}
			}
			w = w[2:]
		} else {
			if len(w) < 3 {
				return nil
			}
			last, err := s.number(o)
			if err != nil {
				return err
			}
			width, err := s.number(w[2])
			if err != nil {
				return err
			}
			from, to := max(int(first), 0), min(int(last), 0xffff)
			if err := s.budget.enter(max(to-from, 0)); err != nil {
				return err
			}
			for c := from; c <= to; c++ {
				f.widths[c] = width
			}
			w = w[3:]
		}
	}
	return nil
}

// number reads a number, or 0 where there is none. It is bounded, so that it is an honest integer too.
func (s *source) number(o types.Object) (float64, error) {
	o, err := s.file.Dereference(o)
	if err != nil {
		return 0, err
	}
	switch n := o.(type) {
	case types.Integer:
		return max(min(float64(n), 1e6), -1e6), nil
	case types.Float:
		if !math.IsNaN(float64(n)) {
			return max(min(float64(n), 1e6), -1e6), nil
		}
	}
	return 0, nil
}

// bytes reads a string.
func (s *source) bytes(o types.Object) ([]byte, bool, error) {
	o, err := s.file.Dereference(o)
	if err != nil {
		return nil, false, err
	}
	switch o := o.(type) {
	case types.StringLiteral:
		b, err := types.Unescape(o.Value())
		return b, err == nil, nil
	case types.HexLiteral:
		b, err := o.Bytes()
		return b, err == nil, nil
	}
	return nil, false, nil
}
