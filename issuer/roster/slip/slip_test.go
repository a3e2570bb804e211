package slip

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
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

func TestAllLower(t *testing.T) {
	for name, want := range map[string]bool{"ana bela": true, "łukasz": true, "жанна": true, "ana Bela": false, "li": false, "王小明": false, "ნინო ბერიძე": false, "محمد علي": false} {
		if got := IsAllLower(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for want, names := range map[Kind][]string{
		Placeholder: {"#N/A", "#NV", "#REF!", "#VALUE!", "#BEZUG!", "#DZIEL/0!", "TBD", "tba", "n/a", "n.a.", "N.N.", "n. n.", "Unknown", "unbekannt", "desconocido", "nieznany", "xxx", "XX", "X", "XXX XXX",
			"TRUE", "FALSE", "WAHR", "FALSCH", "VRAI", "FAUX", "VERDADERO", "PRAWDA", "FAŁSZ", "Null", "Test", "Test Test", "No Name", "k. A.", "to be announced", "Storniert", "aaa"},
		NoName: {"ana@example.org", "Ana Bela (cancelled)", "Bert Lost (1985)", "Ana Bela 2", "Ana9", "Ana Bela*", "Ana .", "Ana Bela #2", "Ana: Bela", "Ana©", "Ana®", "Ana¦", "Ana¹", "Ana¾", "Ana_Bela",
			"Ana Bela, 7", "[Ana]", "Ana +1", "Ana = Bela", "٧ علي", "a?"},
		Several: {"Ana Bela & Carl Dorn", "Ana Bela; Carl Dorn", "Ana/Carl", "s/o Kumar", "Ana&Carl"},
		Mixed:   {"Pаul Smith", "Anna Иvanova", "Мaria-Мария"},
		Odd:     {"Christopher Null", "True Bela", "Jennifer Test", "Ana TBD", "Ana Bela and Carl Dorn", "Null Ana"},
		Name: {"Ana Bela", "Li", "Oo", "Li Na", "Na Li", "Ja Morant", "Nie Haisheng", "O’Neill", "O'Neill", "D’Angelo St. John-Smythe III", "Ana Bela, RN", "Ravi s/o Kumar", "Devi D/O Raman", "Per K:son Ek",
			"Mª José", "María García y Ruiz", "Ferdinand von und zu Au", "Robert \"Bob\" Smith", "García - López", "Anna-Мария", "王小明", "佐藤 健一", "김민준", "ณัฐวุฒิ ศรีสุวรรณ", "अनुष्का श्रीवास्तव", "שרה כהן־לוי", "מוחמד ג׳בר", "محمد عبد الرحمن",
			"Ștefan Țurcanu", "N. Berg", "Nguyễn Thị", "Nils Berg 😀", "Jean・Luc", "Olena Ґудзь", "Ana Sum", "Total Bela", strings.Repeat("é", 60), "Екатерина Иванова", "Ⅲ Ana"},
	} {
		for _, name := range names {
			if got := KindOf(norm.NFC.String(name)); got != want {
				t.Errorf("%q: got %v, want %v", name, got, want)
			}
		}
	}
}

func FuzzKindOf(f *testing.F) {
	for _, seed := range []string{"Ana Bela", "#N/A", "s/o", "\xff", "x", "", " ", "Pаul"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := KindOf(text + " (x)"); got == Name || got == Odd {
			t.Errorf("%q and parentheses: got %v, want it refused", text, got)
		}
	})
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

func TestBare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Heiko Bäcker", "Heiko Baecker", true}, {"Jörg Müller", "Joerg Muller", true}, {"Jörg Müller", "JOERG MUELLER", true}, {"Zoé Groß", "Zoe Gross", true},
		{"Bjørn Ås", "Bjoern Aas", true}, {"Søren Kjær", "Soeren Kjaer", true}, {"Łukasz Żak", "Lukasz Zak", true}, {"Ana Bela", "Ana Bela", true},
		{"Heiko Bäcker", "Heiko Becker", false}, {"Ana Bela", "Eva Bela", false}, {"王小明", "王小红", false},
	} {
		if got := Bare(c.a) == Bare(c.b); got != c.want {
			t.Errorf("%q and %q: got %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
