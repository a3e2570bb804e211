package document

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold is a text for comparison: its letters, marks and figures, whatever their case, form of writing, ligatures, spaces and
// punctuation. Programs that print a file anew change these, and nobody forges with them alone.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return r
		}
		return -1
	}, norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))))
}

// bare is fold without accents, and without other marks.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(fold(s)))
}

// nameKey is fold for a name. Many programs write right-to-left words in the order in which they are seen, so such words count in either
// direction and in any order.
func nameKey(s string) string {
	if !strings.ContainsFunc(s, isRightToLeft) {
		return fold(s)
	}
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = fold(w)
		if strings.ContainsFunc(w, isRightToLeft) {
			back := []rune(w)
			slices.Reverse(back)
			words[i] = min(bare(w), bare(string(back))) // backwards, vowel signs stand before their letters, or elsewhere
		}
	}
	slices.Sort(words)
	return strings.Join(words, "")
}

func isRightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
}

// eastAsian is what Chinese, Japanese and Korean names are written in, also mixed in a word.
const eastAsian = "Han"

// plainScripts are written letter by letter, so that every program gives their text as it is seen.
var plainScripts = []string{"Latin", "Greek", "Cyrillic", "Armenian", "Georgian", eastAsian}

// scripts is the script of each range of letters, in order.
var scripts = sync.OnceValue(func() []scriptRange {
	var all []scriptRange
	for name, table := range unicode.Scripts {
		switch name {
		case "Common", "Inherited":
			continue
		case "Hiragana", "Katakana", "Hangul", "Bopomofo":
			name = eastAsian
		}
		for _, r := range table.R16 {
			all = append(all, scriptRange{rune(r.Lo), rune(r.Hi), rune(r.Stride), name})
		}
		for _, r := range table.R32 {
			all = append(all, scriptRange{rune(r.Lo), rune(r.Hi), rune(r.Stride), name})
		}
	}
	return all
})

type scriptRange struct {
	low, high, stride rune
	name              string
}

// scriptOf is the script of a letter or mark; empty for what belongs to all of them.
func scriptOf(r rune) string {
	if r < 0x80 {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for _, s := range scripts() {
		if s.low <= r && r <= s.high && (r-s.low)%s.stride == 0 {
			return s.name
		}
	}
	return ""
}

// isGarbled says whether a text has characters that nobody wrote: unknown ones, and words of several scripts. Some programs lose what
// the glyphs of ligatures and of shaped scripts stand for, and leave the like.
func isGarbled(s string) bool {
	word := ""
	for _, r := range s {
		switch {
		case r == unicode.ReplacementChar, unicode.Is(unicode.Co, r), unicode.IsControl(r) && r != '\n' && r != '\t':
			return true
		case !unicode.In(r, unicode.L, unicode.M):
			word = ""
			continue
		}
		script := scriptOf(r)
		if script == "" {
			continue
		}
		if word != "" && script != word {
			return true
		}
		word = script
	}
	return false
}

// isAnother says whether a text that stands where a name was signed is surely another one, and not the same name as a program garbled it.
func isAnother(printed, signed string) bool {
	got, want := bare(printed), bare(signed)
	if got == "" || isGarbled(printed) || isPartOf(got, want) {
		return false
	}
	plain := !strings.ContainsFunc(printed, func(r rune) bool {
		script := scriptOf(r)
		return script != "" && !slices.Contains(plainScripts, script)
	})
	if plain {
		return true
	}
	shared, all := 0, 0
	for _, r := range got {
		all++
		if strings.ContainsRune(want, r) {
			shared++
		}
	}
	return shared*2 < all
}

// isPartOf says whether a text is left when characters are taken out of another.
func isPartOf(part, whole string) bool {
	rest := []rune(part)
	for _, r := range whole {
		if len(rest) > 0 && rest[0] == r {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}
