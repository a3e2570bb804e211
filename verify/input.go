package verify

import (
	"net/url"
	"strings"

	"github.com/cardproof/cardproof/card/token"
)

// Input is what a person gave to be checked: either a token, raw or as digits, or a card number.
type Input struct {
	Token  string
	Number string
}

// SpecimenMark begins what stands in a specimen's code in place of a token. It is no token and can't become one.
const SpecimenMark = "SPECIMEN-NO-CARD-"

// ReadInput sorts what a person typed, pasted or scanned: a verdict page's URL of any host, a token, its digits, or a
// card number. It judges nothing, and no URL is ever fetched.
func ReadInput(text string) Input {
	text = strings.TrimSpace(text)
	if kind, rest, ok := cutPagePath(text); ok {
		if kind == "n" {
			return Input{Number: rest}
		}
		return Input{Token: rest}
	}
	if len(text) > 32 || strings.Contains(text, ".") && token.InAlphabet(text) {
		return Input{Token: text}
	}
	return Input{Number: text}
}

// cutPagePath finds /c/… or /n/… in a URL, with or without scheme and host.
func cutPagePath(text string) (kind, rest string, ok bool) {
	for _, kind := range []string{"c", "n"} {
		_, rest, ok := strings.Cut(text, "/"+kind+"/")
		if !ok {
			continue
		}
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "#")
		if plain, err := url.PathUnescape(rest); err == nil && kind == "n" {
			rest = plain // a number may be typed with spaces; nothing in a token is ever escaped
		}
		return kind, strings.TrimSuffix(rest, "/"), true
	}
	return "", "", false
}
