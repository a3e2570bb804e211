package scan

import (
	"strconv"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/text/encoding/charmap"
)

// encoding reads what the codes of a simple font mean: a named table, with differences (ISO 32000-1, 9.6.6).
func (s *source) encoding(o types.Object) (*[256]string, error) {
	o, err := s.file.Dereference(o)
	if err != nil {
		return nil, err
	}
	var base string
	var differences types.Array
	switch o := o.(type) {
	case types.Name:
		base = o.Value()
	case types.Dict:
		if n := o.NameEntry("BaseEncoding"); n != nil {
			base = *n
		}
		if differences, err = s.file.DereferenceArray(o["Differences"]); err != nil {
			return nil, err
		}
	}
	table := baseEncoding(base)
	code := 0
	for _, o := range differences {
		if o, err = s.file.Dereference(o); err != nil {
			return nil, err
		}
		switch o := o.(type) {
		case types.Integer:
			code = max(min(int(o), 256), 0)
		case types.Name:
			if code < len(table) {
				table[code] = glyphText(o.Value())
				code++
			}
		}
	}
	return table, nil
}

// baseEncoding is a copy of a named table. Adobe's standard encoding, which stands where none is named, is taken for its ASCII half.
func baseEncoding(name string) *[256]string {
	t := new([256]string)
	for c := range t {
		switch {
		case name == "WinAnsiEncoding":
			t[c] = string(charmap.Windows1252.DecodeByte(byte(c)))
		case name == "MacRomanEncoding":
			t[c] = string(charmap.Macintosh.DecodeByte(byte(c)))
		case c >= ' ' && c < 0x7f:
			t[c] = string(rune(c))
		default:
			t[c] = unknown
		}
	}
	return t
}

// glyphText is what a glyph's name says (Adobe Glyph List Specification, 2): what stands behind a point is a variant, an
// underscore joins the parts of a ligature, and a part is uniXXXX…, uXXXX to uXXXXXX, or a name of the list.
func glyphText(name string) string {
	name, _, _ = strings.Cut(name, ".")
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if len(part) == 1 {
			b.WriteString(part)
		} else if s, ok := glyphNames()[part]; ok {
			b.WriteString(s)
		} else {
			b.WriteString(numbered(part))
		}
	}
	if b.Len() == 0 {
		return unknown
	}
	return b.String()
}

// numbered reads the names that give code points in hexadecimal.
func numbered(part string) string {
	digits, ok := strings.CutPrefix(part, "uni")
	if ok && len(digits) >= 4 && len(digits)%4 == 0 && len(digits) <= 32 {
		var s strings.Builder
		for ; len(digits) > 0; digits = digits[4:] {
			v, err := strconv.ParseUint(digits[:4], 16, 16)
			if err != nil {
				return unknown
			}
			s.WriteRune(rune(v))
		}
		return s.String()
	}
	if digits, ok = strings.CutPrefix(part, "u"); ok && len(digits) >= 4 && len(digits) <= 6 {
		if v, err := strconv.ParseUint(digits, 16, 32); err == nil {
			return string(rune(v))
		}
	}
	return unknown
}
