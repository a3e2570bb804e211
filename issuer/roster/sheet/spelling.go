package sheet

import (
	"strings"
	"unicode"
)

// What follows tells languages apart by where their letters stand in a word. Each is right of nearly all names; a name that it is
// wrong of costs a question, for the encodings that it rules out are not taken without one.

// isAlienIn1250 knows that ą stands before a consonant or at the end, and that no language has both Polish letters and those of
// Czech, Slovak and Croatian.
func isAlienIn1250(before, r, after rune) bool {
	return lower(r) == 'ą' && isVowel(after) || isMixed(before, r) || isMixed(r, after)
}

func isAlienInLatin2(before, r, after rune) bool {
	switch lower(r) {
	case 'š': // the ą of Dąbrowski
		if isConsonant(before) && isConsonant(after) && !strings.ContainsRune("rln", lower(before)) {
			return true
		}
	case 'ľ':
		if isConsonant(before) && isConsonant(after) {
			return true
		}
	}
	return isAlienIn1250(before, r, after)
}

// isAlienInLatin10 is for ISO 8859-16, of the south-east of Europe.
func isAlienInLatin10(before, r, after rune) bool {
	if lower(r) == 'č' && isConsonant(before) && isConsonant(after) { // the ą of Dąbrowski
		return true
	}
	const hungarian, southern = "őű", "čćđšž"
	for _, other := range []rune{lower(before), lower(after)} {
		if strings.ContainsRune(hungarian, lower(r)) && strings.ContainsRune(southern, other) || strings.ContainsRune(southern, lower(r)) && strings.ContainsRune(hungarian, other) {
			return true
		}
	}
	return isAlienIn1250(before, r, after)
}

func isMixed(a, b rune) bool {
	const polish, southern = "ąęłńśźż", "čďěľňřšťůž"
	a, b = lower(a), lower(b)
	return strings.ContainsRune(polish, a) && strings.ContainsRune(southern, b) || strings.ContainsRune(southern, a) && strings.ContainsRune(polish, b)
}

// isAlienInBaltic knows the names of Estonia, Latvia and Lithuania. Without it every ú and í of Spanish would be in doubt.
func isAlienInBaltic(before, r, after rune) bool {
	switch r = lower(r); r {
	case 'ė', 'ī': // not behind a vowel, as the ë of Noël and the î of Benoît
		return isVowel(before)
	case 'ē': // not beside one, as the ç of François
		return isVowel(before) || isVowel(after)
	case 'ķ': // before e, i, u; not behind a consonant other than l, n, r
		return !isLetter(after) || !strings.ContainsRune("eēiīu", lower(after)) || isConsonant(before) && !strings.ContainsRune("lnr", lower(before))
	}
	if r == 'ś' { // Śliwa, Wiśniewski, Miś: not the ú of Jesús, Raúl and Araújo
		if !isLetter(before) {
			return !isConsonant(after)
		}
		return !isVowel(before) || isVowel(after) || lower(after) == 'l' || lower(after) == 'j'
	}
	// The table has Polish and Danish letters too, which these languages do not write; į begins and ends words, but no names.
	return strings.ContainsRune("įōæøŗćłńźż", r)
}

// isAlienInDOS is for the code pages 437, 850 and 852, in which the letters of Windows become others.
func isAlienInDOS(before, r, after rune) bool {
	switch lower(r) {
	case 'ß', 'ń': // behind a vowel: not the á of Sánchez, the ä of Schäfer
		return !isVowel(before)
	case 'ő', 'ű': // not behind one: not the ë of Noël
		return isVowel(before)
	case 'õ': // of Portuguese: Simões
		return lower(after) != 'e'
	case 'ţ': // before a vowel or at the end: not the î of Maître
		return isConsonant(after)
	case 'ĺ', 'ŕ': // between consonants: not the ’ of O’Brien
		return !isConsonant(before) || !isConsonant(after)
	case 'ř': // beside a vowel: not the ü of Müller; but Hřbek and Křtina
		next := string([]rune{lower(before), lower(after)})
		return isConsonant(before) && isConsonant(after) && next != "hb" && next != "kt"
	}
	return false
}

func lower(r rune) rune { return unicode.ToLower(r) }

func isVowel(r rune) bool {
	return strings.ContainsRune("aeiouyáàâäãåąæāăéèêëęěėēíìîïīóòôöõøőōœúùûüůűūýÿ", lower(r))
}

func isConsonant(r rune) bool { return isLetter(r) && !isVowel(r) }
