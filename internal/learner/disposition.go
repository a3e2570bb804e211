package learner

import (
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/bundle"
)

// disposition is the header Content-Disposition of a card's file: the number for old programs, and the whole name in UTF-8 for all others
// (RFC 6266, section 5; RFC 8187, section 3.2).
func disposition(number card.Number, holder string) string {
	return `attachment; filename="` + number.String() + fileEnd + `"; filename*=UTF-8''` + extended(bundle.FileName(number, holder))
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
