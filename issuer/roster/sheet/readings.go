package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A reading is one of the encodings of single bytes that offices write without saying so.
type reading struct {
	name    string
	table   *charmap.Charmap
	isRare  bool                             // it rules others out, but is never taken without a question
	isAlien func(before, r, after rune) bool // whether none of its languages has the letter in this place; may be nil
	bit     uint                             // a bit of its own
}

// readings are in the order in which a question names them. Whatever writes other letters with the same bytes has to be among
// them, so that it is not taken for one of the first two.
func readings() []reading {
	all := []reading{
		{"windows-1252", charmap.Windows1252, false, nil, 0},
		{"windows-1250", charmap.Windows1250, false, isAlienIn1250, 0},
		{"windows-1254", charmap.Windows1254, true, nil, 0},
		{"windows-1257", charmap.Windows1257, true, isAlienInBaltic, 0},
		{"iso-8859-2", charmap.ISO8859_2, true, isAlienInLatin2, 0},
		{"cp850", charmap.CodePage850, true, isAlienInDOS, 0},
		{"cp852", charmap.CodePage852, true, isAlienInDOS, 0},
		{"cp437", charmap.CodePage437, true, isAlienInDOS, 0},
		{"macintosh", charmap.Macintosh, true, nil, 0},
		{"iso-8859-15", charmap.ISO8859_15, true, nil, 0},
		{"iso-8859-16", charmap.ISO8859_16, true, isAlienInLatin10, 0},
	}
	for i := range all {
		all[i].bit = 1 << i
	}
	return all
}

// singleByte chooses among the readings. One is ruled out only by what no text has, see explains; where those that remain
// read the same letters there is no doubt, and else a person is asked: a guess would change a name.
func singleByte(data string, isHeading func(string) bool) (string, error) {
	left, isForeign := survivors(data)
	if len(left) == 0 {
		line := lineAt(data, strings.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }))
		return "", &Error{Text: fmt.Sprintf("the file is not UTF-8, and its letters, from line %d on, fit none of the usual encodings", line),
			Hint: "Name the one that it was saved in: --encoding, or roster.encoding in config.yaml (" + usualLabels + ")" + orSaveAsUTF8 + "."}
	}
	groups := alike(data, left)
	if len(groups) == 1 && !isForeign && !groups[0][0].isRare {
		return groups[0][0].name, nil
	}
	if evident := byHeading(data, groups, isHeading); len(evident) > 0 {
		if groups = evident; len(groups) == 1 {
			return groups[0][0].name, nil
		}
	}
	isAsked := func(byte) bool { return true }
	if len(groups) > 1 {
		isAsked = func(b byte) bool {
			return slices.ContainsFunc(groups[1:], func(g []reading) bool { return g[0].table.DecodeByte(b) != groups[0][0].table.DecodeByte(b) })
		}
	}
	return "", question(wordsWith(data, isAsked), groups, false)
}

// survivors are the readings that explain every word of a text. isForeign says that a word has no letter of ASCII, which few names
// in Latin letters do: it may as well be Greek, Cyrillic or Hebrew.
func survivors(data string) (left []reading, isForeign bool) {
	left = readings()
	seen, doubts := map[string]bool{}, map[[3]byte]uint{}
	for start := 0; start < len(data) && len(left) > 0; {
		if !isWordByte(data[start]) {
			start++
			continue
		}
		end, beyond := start, 0
		for end < len(data) && end-start < maxWord && isWordByte(data[end]) {
			if data[end] >= utf8.RuneSelf {
				beyond++
			}
			end++
		}
		around := data[max(0, start-1):min(len(data), end+1)] // all that is looked at
		if beyond > 0 && !seen[around] {
			if len(seen) < maxSeen {
				seen[around] = true
			}
			against := doubtsOf(data, start, end, doubts)
			left = slices.DeleteFunc(left, func(r reading) bool {
				return against&r.bit != 0 || r.isRare && hasStrayCapital(r, data[start:end])
			})
			isForeign = isForeign || beyond > 2 && beyond == end-start && len(left) > 0 && !strings.ContainsFunc(left[0].decode(data[start:end]), isNoLetter)
		}
		start = end
	}
	return left, isForeign
}

func isNoLetter(r rune) bool { return !isLetter(r) }

// maxSeen bounds how many words are remembered, so that one that comes again is not looked at again.
const maxSeen = 1 << 16

// maxWord bounds what is looked at as one word: a text may have no end.
const maxWord = 64

func isWordByte(b byte) bool { return b >= utf8.RuneSelf || isASCIILetter(rune(b)) }

// alike puts readings together that give the same text.
func alike(data string, left []reading) [][]reading {
	var has [256]bool
	for i := range len(data) {
		has[data[i]] = true
	}
	var groups [][]reading
	for _, r := range left {
		at := slices.IndexFunc(groups, func(g []reading) bool {
			for b := utf8.RuneSelf; b < 256; b++ {
				if has[b] && g[0].table.DecodeByte(byte(b)) != r.table.DecodeByte(byte(b)) {
					return false
				}
			}
			return true
		})
		if at < 0 {
			groups = append(groups, []reading{r})
			continue
		}
		groups[at] = append(groups[at], r)
	}
	return groups
}

// question shows the words as each group of readings has them, and as they are.
func question(words []string, groups [][]reading, mayBeUTF8 bool) error {
	var said, names []string
	if mayBeUTF8 {
		said, names = []string{fmt.Sprintf("%s reads %q", utf8Name, strings.ToValidUTF8(strings.Join(words, " "), "…"))}, []string{"--encoding " + utf8Name}
	}
	for _, group := range groups {
		var as []string
		for _, word := range words {
			as = append(as, fmt.Sprintf("%q", group[0].decode(word)))
		}
		also := ""
		if len(group) > 1 {
			var others []string
			for _, r := range group[1:] {
				others = append(others, r.name)
			}
			also = " (as does " + strings.Join(others, ", ") + ")"
		}
		said = append(said, group[0].name+" reads "+strings.Join(as, ", ")+also)
		names = append(names, "--encoding "+group[0].name)
	}
	return &Error{Text: "the file does not say in which encoding its letters are, and it matters: " + strings.Join(said, "; "),
		Hint: "Look at which of them are right, and say so: " + strings.Join(names, " or ") + ", or roster.encoding in config.yaml. Where none is right, name another encoding" + orSaveAsUTF8 + "."}
}

func (r reading) decode(word string) string {
	runes := make([]rune, len(word))
	for i := range len(word) {
		runes[i] = r.table.DecodeByte(word[i])
	}
	return string(runes)
}

// wordsWith are the first words with a byte beyond ASCII of which a question asks.
func wordsWith(data string, isAsked func(byte) bool) []string {
	const most = 3
	var words []string
	for i := 0; i < len(data) && len(words) < most; i++ {
		if data[i] < utf8.RuneSelf || !isAsked(data[i]) {
			continue
		}
		word, end := wordAt(data, i)
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
		i = end - 1
	}
	return words
}

// wordAt is the word around a byte, and where it ends. A word is shown to a person, so it may not be endless.
func wordAt(data string, i int) (string, int) {
	const longest = 24
	isIn := func(b byte) bool { return isWordByte(b) || b == '-' || b == '\'' }
	start, end := i, i+1
	for start > 0 && i-start < longest && isIn(data[start-1]) {
		start--
	}
	for end < len(data) && end-i < longest && isIn(data[end]) {
		end++
	}
	return data[start:end], end
}

// doubtsOf are the readings, by their bits, as which the word between two places can be no word. A rare encoding is ruled out by
// less: it has to explain what is there better than by chance. What is known of three bytes is kept in known.
func doubtsOf(data string, start, end int, known map[[3]byte]uint) (against uint) {
	at := func(i int) byte {
		if i < 0 || i >= len(data) {
			return '\n'
		}
		return data[i]
	}
	for i := start; i < end; i++ {
		if data[i] < utf8.RuneSelf {
			continue
		}
		three := [3]byte{at(i - 1), data[i], at(i + 1)}
		doubts, isKnown := known[three]
		if !isKnown {
			for _, r := range readings() {
				if !r.explains(three) {
					doubts |= r.bit
				}
			}
			if len(known) < maxSeen {
				known[three] = doubts
			}
		}
		against |= doubts
	}
	return against
}

// explains says whether the middle one of three bytes may stand between the others as the reading has them.
func (r reading) explains(three [3]byte) bool {
	before, c, after := r.table.DecodeByte(three[0]), r.table.DecodeByte(three[1]), r.table.DecodeByte(three[2])
	switch {
	case isDamage(c), isImpossibleBetween(before, c, after):
		return false
	case r.isAlien != nil && isLetter(c) && r.isAlien(before, c, after):
		return false
	}
	return !r.isRare || !isUnlikelyBetween(before, c, after)
}

// isImpossibleBetween finds what no text has: a sign in the middle of a word (the ³ of Paw³owski) or right before one (©ukasz), an
// upper-case letter behind a lower-case one (the Ÿ of WoŸniak).
func isImpossibleBetween(before, r, after rune) bool {
	switch {
	case strings.ContainsRune("¨¸", r): // š and ž of ISO 8859-15
		return isLetter(before) || isLetter(after)
	case r == '´' && isLetter(before) != isLetter(after): // Ž in it; between two letters it is typed for an apostrophe
		return true
	case !isLetter(before):
		return isLetter(after) && strings.ContainsRune("©®¦¹¾¤§±¶", r)
	case isLetter(r):
		return unicode.IsUpper(r) && unicode.IsLower(before) && !unicode.IsUpper(after)
	case r == '‚' || r == '„': // they open a quotation, and in the DOS encodings they are letters
		return true
	case r == '\u00a0': // á in the DOS encodings
		return unicode.IsLower(before) && unicode.IsLower(after)
	case r == '·': // of Catalan, as in Gabriel·la; á in another reading
		return isLetter(after) && !isBetweenL(before, after)
	}
	return isLetter(after) && !isJoining(r)
}

func isBetweenL(before, after rune) bool { return before|0x20 == 'l' && after|0x20 == 'l' }

// isUnlikelyBetween is enough to rule out an encoding that hardly anybody writes: a sign that touches a word, an upper-case letter
// inside of a word that goes on in lower case, or a lower-case one before an upper-case one; a letter by itself or at a figure.
func isUnlikelyBetween(before, r, after rune) bool {
	if !isLetter(r) {
		return !isJoining(r) && (r != '·' || !isBetweenL(before, after)) && (isLetter(before) || isLetter(after))
	}
	switch {
	case !isLetter(before) && !isLetter(after), unicode.IsDigit(before), unicode.IsDigit(after):
		return true
	case unicode.IsLower(r):
		return unicode.IsUpper(after)
	}
	return isLetter(before) && unicode.IsLower(after)
}

// hasStrayCapital finds a capital beyond ASCII inside of a word that has small letters: the Æ of OÆBrien.
func hasStrayCapital(r reading, word string) bool {
	hasSmall, hasStray, wasLetter := false, false, false
	for i := range len(word) {
		c := r.table.DecodeByte(word[i])
		is := isLetter(c)
		hasSmall = hasSmall || is && unicode.IsLower(c)
		hasStray = hasStray || c >= utf8.RuneSelf && wasLetter && is && unicode.IsUpper(c)
		wasLetter = is
	}
	return hasSmall && hasStray
}

func isJoining(r rune) bool { return strings.ContainsRune("’‘´–—\u00a0\u00ad", r) }

// isLetter leaves out what a single-byte encoding has beside the letters of names, such as the florin sign, π, and ligatures.
func isLetter(r rune) bool {
	return unicode.Is(unicode.Latin, r) && r != 'ƒ' && r != 'ⁿ' && r < 'ﬀ'
}
