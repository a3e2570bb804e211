package slip

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"ANA BELA": true, "ŁUKASZ": true, "Ana BELA": false, "JD": false, "王小明": false, "McDONALD": false, "": false} {
		if got := IsAllCaps(name); got != want {
			t.Errorf("capitals, %q: got %v, want %v", name, got, want)
		}
	}
	for text, want := range map[string]bool{"Ana  Bela": true, "Ana \u00a0Bela": true, " Ana Bela  ": false, "Ana": false} {
		if got := HasDoubleSpace(text); got != want {
			t.Errorf("spaces, %q: got %v, want %v", text, got, want)
		}
	}
	for name, want := range map[string]bool{"Müller, Jürgen": true, "Smith, John, Jr.": true, "John Smith, Jr.": false, "John Smith, M.D., Ph.D.": false, ", John": false, "Müller": false} {
		if got := IsLastNameFirst(name); got != want {
			t.Errorf("order, %q: got %v, want %v", name, got, want)
		}
	}
}

func TestMailOrder(t *testing.T) {
	for _, c := range []struct {
		name, email string
		want        Order
	}{
		{"Jürgen Müller", "juergen.mueller@example.org", AsInName}, {"Jürgen Müller", "jurgen.muller@example.org", AsInName}, {"Jürgen Müller", "j.mueller@example.org", AsInName},
		{"Müller Jürgen", "juergen.mueller@example.org", Swapped}, {"Müller Jürgen", "j.mueller@example.org", Swapped}, {"Anna Maria Bela", "anna.bela@example.org", AsInName},
		{"Martin Martin", "martin.martin@example.org", NoOrder}, {"Ana Bela", "office@example.org", NoOrder}, {"Ana Bela", "", NoOrder}, {"Ana", "a.b@example.org", NoOrder},
		{"Ana Bela", ".@example.org", NoOrder}, {"Ana Bela", "carl.dorn@example.org", NoOrder},
	} {
		if got := MailOrder(c.name, c.email); got != c.want {
			t.Errorf("%q and %q: got %v, want %v", c.name, c.email, got, c.want)
		}
	}
}

func TestNearDomain(t *testing.T) {
	for email, want := range map[string]string{
		"a@gmial.com": "gmail.com", "a@gmail.con": "gmail.com", "a@gmail.cm": "gmail.com", "a@gmail.co": "gmail.com", "a@yahooo.com": "yahoo.com", "a@hotmial.fr": "hotmail.fr",
		"a@outlok.com": "outlook.com", "a@t-onlin.de": "t-online.de", "a@Gmail.com": "", "a@mail.com": "", "a@ymail.com": "", "a@gmx.net": "", "a@yahoo.se": "", "a@yahoo.at": "",
		"a@outlook.be": "", "a@example.org": "", "a": "", "": "",
	} {
		if got := NearDomain(email); got != want {
			t.Errorf("%s: got %q, want %q", email, got, want)
		}
	}
	for _, domain := range slices.Concat(common, neighbours) {
		if got := NearDomain("a@" + domain); got != "" {
			t.Errorf("%s: got %s, want none for a real domain", domain, got)
		}
	}
}
