package cell

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// IsMojibake says whether a name shows that its letters were lost on the way here: UTF-8 that was read as Windows-1252
// ("GarcÃ­a"), as a Macintosh's or DOS's character set ("Garc√≠a", "Garc├¡a"), or letters that became a question mark.
// The signed name is for ever, so a doubt stops the row.
func IsMojibake(name string) bool {
	if isASCII(name) {
		return strings.Contains(name, "?")
	}
	if strings.ContainsFunc(name, isLostLetter) {
		return true
	}
	// Either the name as a whole is UTF-8 in disguise, or two neighbours in it can be nothing else.
	raw, ok := windows1252(name)
	if ok && utf8.Valid(raw) && strings.ContainsFunc(name, func(r rune) bool { return isTail(r) && !isNameSign(r) }) {
		return true
	}
	return hasDisguisedLetter(name)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isLostLetter finds signs that no name has and a wrong character set leaves behind. Signs beyond the Basic Multilingual Plane
// are not of them: those are emoji, which somebody meant.
func isLostLetter(r rune) bool {
	return r == '?' || r == '¿' || r == utf8.RuneError || (r >= 0x80 && r <= 0xffff && unicode.In(r, unicode.Sm, unicode.Sc)) ||
		(r >= '─' && r <= '▟') // box drawing and blocks
}

// windows1252 is the bytes of a text in Windows-1252, with the five bytes that it leaves undefined as ISO 8859-1 has them.
func windows1252(s string) ([]byte, bool) {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := byte1252(r)
		if !ok {
			return nil, false
		}
		raw = append(raw, b)
	}
	return raw, true
}

func byte1252(r rune) (byte, bool) {
	if r >= 0x80 && r <= 0x9f {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}

// isTail says whether a character is the second or a later byte of a letter in disguise.
func isTail(r rune) bool {
	b, ok := byte1252(r)
	return ok && b >= 0x80 && b <= 0xbf
}

// isNameSign finds the signs among those bytes that stand in names: "BARBÉ’S" is no letter in disguise.
func isNameSign(r rune) bool { return strings.ContainsRune("‘’´·–—", r) }

// hasDisguisedLetter finds two neighbours that are one letter's UTF-8 in disguise although the rest of the name is not. The
// second has to be a sign rather than a letter or a space: "Áš" may well stand in a name.
func hasDisguisedLetter(name string) bool {
	var before rune
	for _, r := range name {
		isLetter := unicode.IsLetter(r) && !strings.ContainsRune("ªºµ", r)
		lead, ok := byte1252(before)
		if ok && before >= 0x80 && lead >= 0xc2 && lead <= 0xf4 && isTail(r) && !isNameSign(r) && !isLetter && !unicode.IsSpace(r) {
			return true
		}
		before = r
	}
	return false
}
