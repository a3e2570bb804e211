// Package slip knows the small mistakes that people make in a list of names and addresses. What it finds may as well be meant,
// so it is only ever told, and never mended.
package slip

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// IsAllCaps says whether a name is typed in capitals alone. A name of fewer than four letters is not: "JD Li" may be meant.
func IsAllCaps(name string) bool {
	upper := 0
	for _, r := range name {
		switch {
		case unicode.IsLower(r):
			return false
		case unicode.IsUpper(r):
			upper++
		}
	}
	return upper >= 4
}

// IsAllLower says whether a name is typed in small letters alone. Georgian has no capitals in a name.
func IsAllLower(name string) bool {
	lower := 0
	for _, r := range name {
		switch {
		case unicode.IsUpper(r), unicode.IsTitle(r), unicode.Is(unicode.Georgian, r):
			return false
		case unicode.IsLower(r):
			lower++
		}
	}
	return lower >= 4
}

// HasDoubleSpace says whether spaces follow each other inside of a text.
func HasDoubleSpace(text string) bool {
	before := false
	for _, r := range strings.TrimSpace(text) {
		space := unicode.IsSpace(r)
		if space && before {
			return true
		}
		before = space
	}
	return false
}

// suffixes are the keys of what may follow a name after a comma without its being the first name.
var suffixes = []string{"jr", "sr", "ii", "iii", "iv", "md", "do", "rn", "np", "pa", "phd", "msc", "bsc", "ba", "ma", "emt", "emtp",
	"paramedic", "lpn", "cna", "dr", "esq",
	"mba", "rrt", "dds", "dmd", "dnp", "bsn", "msn", "aprn", "crna", "cns"}

// IsLastNameFirst says whether a name is written as "Müller, Jürgen".
func IsLastNameFirst(name string) bool {
	last, first, comma := strings.Cut(name, ",")
	if !comma || strings.TrimSpace(last) == "" || strings.TrimSpace(first) == "" {
		return false
	}
	for _, word := range strings.FieldsFunc(first, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if !slices.Contains(suffixes, fold.Key(word)) {
			return true
		}
	}
	return false
}

// transcribed are the two letters that stand for one with a sign, where a keyboard or a passport has none: ä, æ and å, ö and ø, ü.
var transcribed = strings.NewReplacer("ae", "a", "aa", "a", "oe", "o", "ue", "u")

// Bare is a name without case, spaces and the signs of its letters, written out or not: that of "Heiko Bäcker" is that of "Heiko
// Baecker", and of "Zoé Groß" that of "Zoe Gross". It is for comparing alone.
func Bare(name string) string { return transcribed.Replace(fold.Key(name)) }

// Order is the order of first and last name in an address, compared with the name beside it.
type Order byte

// The orders.
const (
	NoOrder  Order = iota // the address does not tell
	AsInName              // jurgen.muller for Jürgen Müller
	Swapped               // jurgen.muller for Müller Jürgen
)

// MailOrder compares an address such as first.last@example.org or f.last@example.org with a name.
func MailOrder(name, email string) Order {
	local, _, _ := strings.Cut(email, "@")
	one, two, ok := strings.Cut(local, ".")
	if !ok || one == "" || two == "" {
		return NoOrder
	}
	words := strings.Fields(name)
	if len(words) < 2 {
		return NoOrder
	}
	first, last := words[0], words[len(words)-1]
	asInName := isWord(one, first) && isWhole(two, last)
	swapped := isWord(one, last) && isWhole(two, first)
	switch {
	case asInName == swapped: // neither, or a name such as Martin Martin
		return NoOrder
	case asInName:
		return AsInName
	}
	return Swapped
}

// isWord says whether a part of an address is a word of a name or its first letter.
func isWord(part, word string) bool {
	return isWhole(part, word) || (len(part) == 1 && strings.HasPrefix(fold.Key(word), part))
}

func isWhole(part, word string) bool {
	key := fold.Key(part)
	return key != "" && (key == fold.Key(word) || key == fold.Spelled(word))
}
