package cell

import (
	"strings"
	"unicode"
)

// MixedScripts says whether a word is one that nobody writes: Latin letters together with letters of a script that has the same
// shapes or was read from the wrong bytes (an A of Cyrillic before nna), or one of the signs © ® ¦ § ¤ ¹ ¾ that a wrong character
// set leaves in place of letters. Words end at spaces, hyphens and whatever else is neither letter, mark nor apostrophe; Han and
// Kana may stand beside Latin letters.
func MixedScripts(word string) bool {
	hasLatin, hasOther := false, false
	for _, r := range word {
		switch {
		case strings.ContainsRune("©®¦§¤¹¾", r):
			return true
		case unicode.Is(unicode.Latin, r):
			hasLatin = true
		case unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Hebrew, unicode.Arabic, unicode.Georgian, unicode.Coptic, unicode.Cherokee):
			hasOther = true
		case !unicode.In(r, unicode.L, unicode.M) && !strings.ContainsRune("'’ʼ", r):
			hasLatin, hasOther = false, false
		}
		if hasLatin && hasOther {
			return true
		}
	}
	return false
}
