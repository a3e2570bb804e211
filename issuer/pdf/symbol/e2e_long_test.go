//go:build e2e

package symbol

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Lengths of every version: the padding, the split into blocks and the choice of the mask differ from one to the next.
func TestSymbolIsThatOfGoQRCode(t *testing.T) {
	r := rand.New(rand.NewPCG(18004, 4))
	for pairs := 0; pairs < 1350; pairs += 15 { // beyond version 27
		same(t, url(r, "cards.example.org", pairs))
	}
	for range 150 { // as long as cards are
		same(t, url(r, []string{"localhost:8080", "cards.example.org", "check.cards2000.riverside-training.example"}[r.IntN(3)], 330+r.IntN(270)))
	}
	const alphabet = "0123456789ABCXYZ $%*+-./:abcxyz\xc3\xa9~"
	for n := range 150 { // bytes of all kinds, in several segments
		text := make([]byte, 1+3*n)
		for i := range text {
			text[i] = alphabet[r.IntN(16+r.IntN(len(alphabet)-15))]
		}
		same(t, string(text))
	}
	same(t, strings.Repeat("7", 3500)) // larger than what is drawn here
	same(t, strings.Repeat("0", 700))  // evenness, which the penalties are for
	same(t, strings.Repeat("a", 300))
}
