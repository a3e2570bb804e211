package web

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
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
	s = strings.Trim(strings.TrimSpace(s), `<>"'`)
	if s == "" {
		return nothing, ""
	}
	if k, text := readLink(s); k != nothing {
		return k, text
	}
	if _, err := card.ParseNumber(s); err == nil || errors.Is(err, card.ErrNumberCheck) {
		return numberKind, s
	}
	if code := withoutSpaces(s); isCode(code) {
		return codeKind, code
	}
	return unreadable, s
}

// readLink reads a link to a card, with or without the scheme and host: any verifier's links have the same form.
func readLink(s string) (kind, string) {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	for _, l := range []struct {
		path string
		kind kind
	}{{"/c/", codeKind}, {"/n/", numberKind}} {
		_, text, ok := strings.Cut(s, l.path)
		if !ok {
			continue
		}
		text, err := url.PathUnescape(withoutSpaces(strings.TrimSuffix(text, "/")))
		if err != nil || text == "" || l.kind == codeKind && !isCode(text) || l.kind == numberKind && isLong(text) {
			return unreadable, ""
		}
		return l.kind, text
	}
	return nothing, ""
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
