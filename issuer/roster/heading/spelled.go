package heading

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var spelled = spelledSynonyms()

// spelledSynonyms are the synonyms with letters beyond ASCII as they are written.
func spelledSynonyms() map[string]bool {
	texts := map[string]bool{}
	for _, language := range languages {
		for _, list := range language {
			for _, text := range list {
				if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
					texts[spelling(text)] = true
				}
			}
		}
	}
	return texts
}

// IsSpelled says whether a heading is known letter by letter, with the accents that Column does not ask for; upper and lower case
// are the same. A heading without any says nothing.
func IsSpelled(text string) bool { return spelled[spelling(text)] }

func spelling(text string) string {
	return strings.Trim(strings.ToLower(norm.NFC.String(text)), " :*%.")
}
