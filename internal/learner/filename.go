package learner

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
)

// maxNameBytes bounds the holder's part of a file name: file systems take 255 bytes for the whole.
const maxNameBytes = 200

// FileName is the name under which the file of a card is saved: the number and the holder, such as "7F3K-9QWX-2MTZ Ana O’Neill.pdf". What
// Windows allows in no name is left out, and a long name is cut.
func FileName(number card.Number, holder string) string {
	holder = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/\|?*`, r), !unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Cf, r):
			return -1
		case unicode.Is(unicode.Bidi_Control, r): // it could turn the end of the name round
			return -1
		}
		return r
	}, strings.ToValidUTF8(holder, ""))
	for len(holder) > maxNameBytes {
		_, size := utf8.DecodeLastRuneInString(holder)
		holder = holder[:len(holder)-size]
	}
	return strings.TrimRight(number.String()+" "+strings.Join(strings.Fields(holder), " "), ". ") + fileEnd
}

// disposition is the header Content-Disposition of a card's file: the number for old programs, and the whole name in UTF-8 for all others
// (RFC 6266, section 5; RFC 8187, section 3.2).
func disposition(number card.Number, holder string) string {
	return `attachment; filename="` + number.String() + fileEnd + `"; filename*=UTF-8''` + extended(FileName(number, holder))
}

// extended is a text as RFC 8187 writes it: the bytes of UTF-8, of which all but attr-char are percent-encoded.
func extended(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
