package issuer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// alike are the words of a name, prepared for comparison with many others.
type alike struct {
	words   []string // the keys of the words, as they stand
	spelled []string // likewise with umlauts written out
	sorted  string   // the words in order: equal for "Müller, Jürgen" and "Jurgen Muller"
	whole   string
}

func newAlike(name string) alike {
	var a alike
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' }) {
		if key := fold.Key(word); key != "" {
			a.words, a.spelled = append(a.words, key), append(a.spelled, fold.Spelled(word))
		}
	}
	a.sorted = strings.Join(slices.Sorted(slices.Values(a.words)), " ")
	a.whole = strings.Join(a.words, "")
	return a
}

// isLike says whether two names may be one person's, written down twice: the same words in another order, a slip of a letter or
// two in a word, an initial, or words left out. It may well be wrong about a family; a person has to say.
func (a alike) isLike(b alike) bool {
	if len(a.words) > len(b.words) {
		a, b = b, a
	}
	if len(a.words) == 0 || a.sorted == b.sorted || a.whole == b.whole || fold.IsOneApart(a.whole, b.whole) {
		return true
	}
	used := make([]bool, len(b.words))
	for i := range a.words {
		best := -1
		for j := range b.words {
			if used[j] || !isNearWord(a.words[i], a.spelled[i], b.words[j], b.spelled[j]) {
				continue
			}
			if best < 0 || a.words[i] == b.words[j] {
				best = j
			}
		}
		if best < 0 {
			return false
		}
		used[best] = true
	}
	return true
}

// sharesWord says whether two names have a word in common, which a family has as well.
func (a alike) sharesWord(b alike) bool {
	return slices.ContainsFunc(a.words, func(word string) bool { return slices.Contains(b.words, word) })
}

// isNearWord takes one slip in a word of three letters, and two in one of six. Of fewer letters, an initial is near.
func isNearWord(a, spelledA, b, spelledB string) bool {
	if a == b || spelledA == spelledB {
		return true
	}
	m, n := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	short := min(m, n)
	switch {
	case short == 1:
		return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
	case short == 2, max(m, n)-short > 2:
		return false
	case short < 6:
		return fold.IsOneApart(a, b)
	}
	return fold.Distance(a, b) <= 2
}
