//go:build e2e

package document

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// What is taken out is what this regular expression finds. It is not used, for to make one of each text of each card takes most of the time.
func TestRemainsAsByARegularExpression(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("aAbBsSſkK12  -.\n·éÉßẞσςΣ田ा\u0301")
	of := func(most int) string {
		text := make([]rune, random.IntN(most))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(text)
	}
	found := 0
	for range 20_000 {
		text, out := asciiDigits(of(40)), of(6)
		words := strings.FieldsFunc(asciiDigits(out), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
		for i, w := range words {
			words[i] = regexp.QuoteMeta(strings.TrimLeftFunc(w, isBetween))
		}
		words = strings.Fields(strings.Join(words, " "))
		want := text
		if len(words) > 0 {
			var b strings.Builder
			from, runes := 0, []rune(text)
			for _, at := range regexp.MustCompile(`(?i)`+strings.Join(words, `[^\p{L}\p{N}]*`)).FindAllStringIndex(text, -1) {
				begin, end := len([]rune(text[:at[0]])), len([]rune(text[:at[1]]))
				if isFigure(runes, begin-1) && isFigure(runes, begin) || isFigure(runes, end) && isFigure(runes, end-1) {
					continue
				}
				b.WriteString(text[from:at[0]] + said)
				from = at[1]
				found++
			}
			want = b.String() + text[from:]
		}
		if got := strings.Join(remains(strings.Split(text, "\n"), sayings(nil, out)), "\n"); got != want {
			t.Fatalf("%q without %q: got %q, want %q", text, out, got, want)
		}
	}
	if found < 1000 {
		t.Errorf("only %d were found", found)
	}
}
