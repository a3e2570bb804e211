package document

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

func TestRemains(t *testing.T) {
	for _, c := range []struct{ text, says, want string }{
		{"Ana Bela", "Ana Bela", "•"},
		{"for ANA-BELA, and Ana\nBela.", "Ana Bela", "for •, and •."},
		{"AnaBela Anabelas", "Ana Bela", "• •s"},
		{"Ana", "Ana Bela", "Ana"},
		{"Ana Bel", "Ana Bela", "Ana Bel"},
		{"Straße STRASSE", "straße", "• STRASSE"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", "•"},
		{"Jose\u0301", "JOSÉ", "•"},
		{"नेहा वर्मा", "नेहा वर्मा", "•"},
		{"in 2028, 12028 and 20289", "2028", "in •, 12028 and 20289"},
		{"٢٠٢٨ ２０２８", "2028", "• •"},
		{"I‐2041 I/2041", "I-2041", "• •"},
		{"a b a b", "a b a", "• b"},
		{"a \u0301b", "a b", "•"},
		{"a b", "a \u0301b", "•"},
		{"nothing", " - ", "nothing"},
	} {
		says := sayings(nil, c.says)
		if got := strings.Join(remains(strings.Split(c.text, "\n"), says), "\n"); got != c.want {
			t.Errorf("%q without %q: got %q, want %q", c.text, c.says, got, c.want)
		}
	}
}

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

// BenchmarkCompare compares a file of one card, and one of a hundred pages with a card each.
func BenchmarkCompare(b *testing.B) {
	for name, pages := range map[string]int{"one card": 1, "a hundred cards": 100} {
		b.Run(name, func(b *testing.B) {
			f := File{State: Unsealed}
			var signed []*card.Record
			for i := range pages {
				f.pages = append(f.pages, printedPage{number: i + 1, lines: strings.Split(front, "\n"), cards: []int{i}})
				f.Cards = append(f.Cards, verify.Input{Number: string(rune('a' + i))})
				signed = append(signed, signedCard())
			}
			b.ReportAllocs()
			for b.Loop() {
				got := f
				got.Compare(signed, "Example Training Centre")
				if got.State != Unsealed {
					b.Fatalf("got %s, %v", got.State, got.Why)
				}
			}
		})
	}
}
