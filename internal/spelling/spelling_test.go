package spelling

import "testing"

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		word, want string
		list       []string
	}{
		{"server.listne", "server.listen", []string{"issuer.name", "server.listen", "data"}},
		{"isuer.name", "issuer.name", []string{"issuer.name", "server.listen", "data"}},
		{"date", "data", []string{"issuer.name", "server.listen", "data"}},
		{"colour", "", []string{"issuer.name", "server.listen", "data"}},
		{"bsl", "bls", []string{"bls", "als1", "fa"}},
		{"bls", "bls", []string{"als1", "bls", "bls"}},
		{"als3", "", []string{"bls", "als1", "als2"}},
		{"als12", "als1", []string{"als1", "abc"}},
		{"x", "", []string{"fa", "y"}},
		{"", "", []string{"fa", "y"}},
		{"über", "uber", []string{"uber"}},
		{"любов", "любов’", []string{"любов’", "віра"}},
		{"data", "", nil},
	} {
		if got := Nearest(c.word, c.list); got != c.want {
			t.Errorf("%s among %v: got %q, want %q", c.word, c.list, got, c.want)
		}
	}
}

func TestSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abcd", "acbd", 1}, {"ca", "abc", 3}, {"Müller", "Muller", 1}} {
		if got := slips([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%q and %q: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := slips([]rune(c.b), []rune(c.a)); got != c.want {
			t.Errorf("%q and %q: got %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
