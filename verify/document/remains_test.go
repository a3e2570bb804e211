package document

import (
	"strings"
	"testing"

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
