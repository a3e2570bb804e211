package fold

import (
	"math/rand/v2"
	"testing"
)

func TestKey(t *testing.T) {
	for text, want := range map[string]string{"E-Mail Adresse": "emailadresse", "Straße": "strasse", "Łódź": "lodz", "N°": "no", "Nº": "no", "№": "no", "Exam %": "exam%",
		"İbrahim": "ibrahim", "Ærø": "aero", "": "", "…": "", "Мария": "мария", "E\u0301cole": "ecole"} {
		if got := Key(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got, want := Spelled("Müller"), "mueller"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "ab", 2}, {"gmail", "gmial", 1}, {"gmail", "gmai", 1}, {"gmail", "gmall", 1}, {"müller", "muller", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// The quick answer is the same as that of the whole table.
func TestIsOneApart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abü王")
	word := func() string {
		w := make([]rune, random.IntN(6))
		for i := range w {
			w[i] = letters[random.IntN(len(letters))]
		}
		return string(w)
	}
	apart := 0
	for range 20_000 {
		a, b := word(), word()
		want := Distance(a, b) == 1
		if want {
			apart++
		}
		if got := IsOneApart(a, b); got != want {
			t.Fatalf("%q and %q: got %v, want %v", a, b, got, want)
		}
	}
	if apart < 500 {
		t.Errorf("got %d pairs that are one apart, want many", apart)
	}
}
