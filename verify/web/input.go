package web

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// maxTyped is how long, in runes, a text may be that a page shows again. What is longer can hold a token, and nothing of a
// token that nobody vouches for is shown.
const maxTyped = 32

// kind is what a text that a person gives to the form looks like.
type kind int

const (
	nothing    kind = iota // no text at all
	codeKind               // a token or its digits
	numberKind             // a card number, rightly typed or nearly
	unreadable
)

// readInput says what a person has typed or pasted: a number, a token, its digits, or a link with one of them. The text is
// what to put behind /c/ or /n/.
func readInput(s string) (kind, string) {
	s = strings.Trim(strings.TrimSpace(plain(s)), `<>"'`)
	if s == "" {
		return nothing, ""
	}
	in := verify.ReadInput(s)
	if code := withoutSpaces(in.Token); isCode(code) {
		return codeKind, code
	}
	if _, err := card.ParseNumber(in.Number); err == nil || errors.Is(err, card.ErrNumberCheck) {
		return numberKind, in.Number
	}
	return unreadable, ""
}

// plain takes away what a text brings along from a page that runs from right to left, the marks of direction that nobody sees, and
// gives Western digits for those of an Arabic, Persian or Japanese keyboard.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r), r == '\ufeff', r == '\u200b':
			return -1
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return r
	}, s)
}

// isCode says whether s has the look of a token or its digits. Whether it is one is the Checker's to say.
func isCode(s string) bool {
	raw, err := token.FromPath(s)
	parts := strings.Split(raw, ".")
	return err == nil && token.InAlphabet(raw) && len(parts) == 3 && parts[0] != "" && parts[1] != "" && parts[2] != ""
}

// withoutSpaces joins what a mail program broke into lines.
func withoutSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func isLong(s string) bool { return utf8.RuneCountInString(s) > maxTyped }
