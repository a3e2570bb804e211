package typeface

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/language"
	unibidi "golang.org/x/text/unicode/bidi"
)

// run is a stretch of text with one direction, one script and one font: what a shaper takes.
type run struct {
	start, end int // in runes
	level      int // of UAX #9; odd is right to left
	script     language.Script
	font       string
}

// levels gives each rune its level of embedding (UAX #9), the base direction being that of the first strong letter. The
// text has no explicit formatting characters; they are refused before.
func levels(p *bidi.Paragraph, text []rune) []int {
	out := make([]int, len(text))
	found := p.Segment(text, bidi.Neutral)
	if found.NumRuns() == 1 && found.Run(0).Level == 0 {
		return out
	}
	base := baseLevel(text)
	for i := range found.NumRuns() {
		r := found.Run(i)
		odd := !r.IsLeftToRight()
		for k := r.Start; k < r.End; k++ {
			switch {
			case odd:
				out[k] = 1
			case base == 1:
				out[k] = 2
			}
		}
		if !odd && base == 0 {
			raiseNumbers(text, out, r.Start, r.End)
		}
	}
	return out
}

// raiseNumbers finds the numbers of level 2 in a left-to-right run of a left-to-right text. The library joins them with
// the letters of level 0 beside them, and they would change sides.
func raiseNumbers(text []rune, out []int, start, end int) {
	for k := start; k < end; k++ {
		c := class(text[k])
		if c != unibidi.EN && c != unibidi.AN || c == unibidi.EN && strongBefore(text[:k]) == unibidi.L {
			continue
		}
		out[k] = 2
		if k+2 < end && (class(text[k+1]) == unibidi.CS || class(text[k+1]) == unibidi.ES) && class(text[k+2]) == c { // rule W4
			out[k+1] = 2
		}
	}
}

func class(r rune) unibidi.Class {
	p, _ := unibidi.LookupRune(r)
	return p.Class()
}

// strongBefore is the class of the last strong letter of a text; L where there is none.
func strongBefore(text []rune) unibidi.Class {
	for _, r := range slices.Backward(text) {
		if c := class(r); c == unibidi.L || c == unibidi.R || c == unibidi.AL {
			return c
		}
	}
	return unibidi.L
}

// baseLevel is 1 where the first strong letter is written from right to left (UAX #9, P2 and P3).
func baseLevel(text []rune) int {
	for _, r := range text {
		switch class(r) {
		case unibidi.L:
			return 0
		case unibidi.R, unibidi.AL:
			return 1
		}
	}
	return 0
}

// scripts gives each rune its script; what belongs to all scripts goes with what stands before it, or else behind it
// (UAX #24, 5.2).
func scripts(text []rune) []language.Script {
	out := make([]language.Script, len(text))
	last := language.Script(0)
	for i, r := range text {
		s := language.LookupScript(r)
		if s.Strong() && s != language.Unknown {
			if last == 0 {
				for k := range i {
					out[k] = s
				}
			}
			last = s
		}
		out[i] = last
	}
	if last == 0 {
		for i := range out {
			out[i] = language.Latin
		}
	}
	return out
}

// split cuts a text into runs, in logical order, and finds the font of each. The error is an *UndrawableError.
func (sh *shaper) split(style Style, text []rune) ([]run, error) {
	level, script := levels(&sh.bidi, text), scripts(text)
	var eastern []string
	var runs []run
	for i := 0; i < len(text); {
		end := i + 1
		for end < len(text) && clings(text[end]) {
			end++
		}
		if isEastAsian(script[i]) && eastern == nil {
			eastern = eastAsianFonts(text)
		}
		if err := seen(text, script, i, end); err != nil {
			return nil, err
		}
		font, err := sh.fontFor(style, script[i], eastern, text[i:end])
		if err != nil {
			return nil, err
		}
		r := run{start: i, end: end, level: level[i], script: script[i], font: font}
		if n := len(runs); n > 0 && runs[n-1].level == r.level && runs[n-1].script == r.script && runs[n-1].font == r.font {
			runs[n-1].end = end
		} else {
			runs = append(runs, r)
		}
		i = end
	}
	return runs, nil
}

// clings says whether a character takes its font from the one before it.
func clings(r rune) bool { return unicode.Is(unicode.M, r) || isJoiner(r) }

// seen refuses what leaves no trace on paper between text[from] and text[to].
func seen(text []rune, script []language.Script, from, to int) error {
	for i := from; i < to; i++ {
		if r := text[i]; isUnseen(r) || isJoiner(r) && (i == 0 || !joined[script[i]] || !clings(text[i-1]) && !unicode.IsLetter(text[i-1])) {
			return &UndrawableError{r}
		}
	}
	if unicode.Is(unicode.M, text[from]) { // it has no letter: the text begins with it, for all others cling
		return &UndrawableError{text[from]}
	}
	return nil
}

// fontFor is the first font that has a letter with all its marks.
func (sh *shaper) fontFor(style Style, script language.Script, eastern []string, letter []rune) (string, error) {
	names := []string{scriptFonts[script], string(style)}
	if isEastAsian(script) {
		names = append(slices.Clone(eastern), string(style))
	}
	if style == Serif { // it has fewer of the rare letters
		names = append(names, string(Regular))
	}
	missing := letter[0]
	for i, name := range names {
		if name == "" {
			continue
		}
		w, err := sh.workOn(name)
		if err != nil {
			return "", err
		}
		r, ok := w.lacks(letter)
		if !ok {
			return name, nil
		}
		if i == 0 || missing == letter[0] {
			missing = r
		}
	}
	return "", &UndrawableError{missing}
}
