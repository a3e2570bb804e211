package sheet

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// macCEName is the WHATWG-like label of the old Macintosh's central European encoding, which no library at hand has.
const macCEName = "x-mac-ce"

// macCELetters are its characters from 0x80 on (Unicode's mapping table APPLE/CENTEURO.TXT).
const macCELetters = "ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü†°Ę£§•¶ß®©™ę¨≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅ" +
	"ņŃ¬√ńŇ∆«»…\u00a0ňŐÕőŌ–—“”‘’÷◊ōŔŕŘ‹›řŖŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢˇ"

// macCE decodes that encoding. It writes none: what is written is UTF-8.
type macCE struct{ letters []rune }

func newMacCE() macCE { return macCE{[]rune(macCELetters)} }

func (m macCE) NewDecoder() *encoding.Decoder { return &encoding.Decoder{Transformer: m} }

func (m macCE) NewEncoder() *encoding.Encoder {
	return &encoding.Encoder{Transformer: encoding.Replacement.NewEncoder()}
}

func (m macCE) Reset() {}

// Transform is that of transform.Transformer.
func (m macCE) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for _, b := range src {
		r := rune(b)
		if b >= utf8.RuneSelf {
			r = m.letters[b-utf8.RuneSelf]
		}
		if written+utf8.RuneLen(r) > len(dst) {
			return written, read, transform.ErrShortDst
		}
		written += utf8.EncodeRune(dst[written:], r)
		read++
	}
	return written, read, nil
}
