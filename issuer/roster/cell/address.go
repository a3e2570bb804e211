package cell

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEmailBytes is the longest address that mail can carry (RFC 5321, 4.5.3.1).
const maxEmailBytes = 254

// IsAddress says whether mail could be sent to s: a bare address with a host that has at least two labels.
func IsAddress(s string) bool {
	if len(s) > maxEmailBytes || strings.ContainsFunc(s, func(r rune) bool { return IsInvisible(r) || unicode.IsSpace(r) }) {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	labels := strings.Split(s[at+1:], ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
			}) {
			return false
		}
	}
	top := labels[len(labels)-1]
	return len(labels) > 1 && len(top) > 1 && !strings.ContainsFunc(top[:1], unicode.IsDigit)
}

// IsInvisible finds control and format characters. The joiners are let through, for scripts that write words with them.
func IsInvisible(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return r != zeroWidthNonJoiner && r != zeroWidthJoiner &&
		(unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || r == utf8.RuneError)
}
