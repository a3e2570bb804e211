package document

import (
	"errors"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
)

func signedCard() *card.Record {
	return &card.Record{
		Card:          card.Card{Number: "6VVGFPC0SGTW", Name: "Ana Bela", Course: "BLS"},
		Qualification: card.Qualification{Title: "Basic Life Support", Level: "healthcare provider"},
		Completed:     card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 30},
		Instructor: "Dana Okafor", InstructorID: "I-2041",
	}
}

const front = `Example Training Centre
+1 415 555 0134
Ana Bela
Basic Life Support
BLS · healthcare provider
Valid through · to the end of the month
30 November 2028
Issued
21 November 2026
Card number
6VVG-FPC0-SGTW
Instructor
Dana Okafor · I-2041
Check this card:
cards.example.org`

func linesOf(text string) []string { return pageOf(1, scan.Page{Text: text}).lines }

// compareText holds the text of one page against cards.
func compareText(state State, text string, veiled bool, signed ...*card.Record) File {
	f := File{State: state, pages: []printedPage{{number: 1, lines: linesOf(text), veiled: veiled}}}
	for i := range signed {
		f.Cards = append(f.Cards, verify.Input{Number: string(rune('a' + i))})
		f.pages[0].cards = append(f.pages[0].cards, i)
	}
	f.Compare(signed, "Example Training Centre")
	return f
}

func TestCompare(t *testing.T) {
	in := func(old, new string) string { return strings.Replace(front, old, new, 1) }
	for _, tt := range []struct {
		name, text string
		veiled     bool
		state      State
		line       string // of the first difference
	}{
		{"as it was signed", front, false, Unsealed, ""},
		{"in capitals, with other hyphens and ligatures", strings.NewReplacer("Ana Bela", "ANA BELA", "6VVG-FPC0", "6VVG\u00adFPC0").Replace(front), false, Unsealed, ""},
		{"with the head and foot of a browser", "11/21/26, 5:50 PM\n" + front + "\nfile:///home/hr/card.pdf\n1/1", false, Unchecked, ""},
		{"of a centre that was renamed", in("Example Training Centre", "Riverside"), false, Unsealed, ""},
		{"with labels of its own", strings.NewReplacer("Valid through · to the end of the month", "Gültig bis", "Issued", "Ausgestellt am", "Card number", "Nr.").Replace(front), false, Unsealed, ""},
		{"labels first, texts behind them", "Ana Bela\nBasic Life Support\nBLS · healthcare provider\nValid through\nIssued\nCard number\n30 November 2028\n21 November 2026\n6VVG-FPC0-SGTW", false, Unsealed, ""},

		{"another name", in("Ana Bela", "Eve Mallory"), false, Altered, "holder"},
		{"another name, the signed one unseen elsewhere", in("Ana Bela", "Eve Mallory") + "\nAna Bela", true, Unchecked, ""},
		{"another number", in("6VVG-FPC0-SGTW", "N0XK-J8NR-241J"), false, Altered, "card number"},
		{"a number that is none", in("6VVG-FPC0-SGTW", "6VVG-FPC0-SGTX"), false, Altered, "card number"},
		{"a later last day", in("2028", "2030"), false, Altered, "valid through"},
		{"a last day in another form", in("30 November 2028", "2030-11-30"), false, Altered, "valid through"},
		{"no last day any more", in("30 November 2028", "No expiry date"), false, Altered, "valid through"},
		{"a later last day, the signed one at the end", in("30 November 2028", "30 November 2030") + "\n30 November 2028", false, Altered, "valid through"},
		{"another day of issue", in("21 November 2026", "21 November 2027"), false, Altered, "issued"},
		{"another course", in("Basic Life Support", "Advanced Life Support 2"), false, Altered, "course"},

		{"no text", "", false, Unchecked, ""},
		{"text that nobody sees", front, true, Unchecked, ""},
		{"unknown characters", strings.Repeat("\ufffd\ufffd\n", 10), false, Unchecked, ""},
		{"ligatures that were lost", strings.NewReplacer("Ana Bela", "A\u6600a Bela", "Check", "Che\ufffd").Replace(front), false, Unchecked, ""},
		{"another name among what was lost", strings.NewReplacer("Ana Bela", "Eve Mallory", "Check", "Che\ufffd").Replace(front), false, Unchecked, ""},
		{"letters that were lost", in("Ana Bela", "An Bea"), false, Unchecked, ""},
		{"without line breaks", strings.ReplaceAll(front, "\n", " "), false, Unchecked, ""},
		{"without spaces", strings.ReplaceAll(strings.ReplaceAll(front, "\n", ""), " ", ""), false, Unchecked, ""},
		{"more than the name", in("Ana Bela", "Ana Bela\nSilva"), false, Unchecked, ""},
		{"more in front of the name", in("Ana Bela", "Maria\nAna Bela"), false, Unchecked, ""},
		{"within a longer name", in("Ana Bela", "Ana Bela Silva"), false, Unchecked, ""},
		{"more than the course", in("Basic Life Support", "Basic Life Support\nInstructor Trainer"), false, Unchecked, ""},
		{"another level", in("healthcare provider", "instructor"), false, Unchecked, ""},
		{"a day more", front + "\n30 November 2030", false, Unchecked, ""},
		{"a number more", front + "\nN0XK-J8NR-241J", false, Unchecked, ""},
		{"a day more in figures", front + "\n30.11.2031", false, Unchecked, ""},
		{"a day more, the year first", front + "\n2031-11-30", false, Unchecked, ""},
		{"a day more, shortened", front + "\n30 Nov 31", false, Unchecked, ""},
		{"a day more, the month first", front + "\nNovember 30th", false, Unchecked, ""},
		{"a day more in French", front + "\n1er décembre", false, Unchecked, ""},
		{"a year more", front + "\nRenewal 2033", false, Unchecked, ""},
		{"a year more in other figures", front + "\n٢٠٣١", false, Unchecked, ""},
		{"a year more in Japanese", front + "\n2031年", false, Unchecked, ""},
		{"a longer life", in("30 November 2028", "30 November 2028, extended to 2033"), false, Unchecked, ""},
		{"a year behind the day", in("30 November 2028", "30 November 2028 - 33"), false, Unchecked, ""},
		{"a figure behind the year", in("30 November 2028", "30 November 20289"), false, Unchecked, ""},
		{"no end in words", front + "\nLIFETIME CARD - DOES NOT EXPIRE", false, Unchecked, ""},
		{"a number without hyphens", front + "\nN0XKJ8NR241J", false, Unchecked, ""},
		{"a wrong number with spaces", front + "\nQV51 2HM9 TZ73", false, Unchecked, ""},
		{"a number of another kind", in("6VVG-FPC0-SGTW", "No. 4711-0815") + "\n6VVG-FPC0-SGTW", false, Unchecked, ""},
		{"a word behind the number", in("6VVG-FPC0-SGTW", "6VVG-FPC0-SGTW REISSUED"), false, Unchecked, ""},
		{"a telephone with a year in it", front + "\n+49 30 2031 5544", false, Unsealed, ""},
		{"an address", front + "\n12 Market Street, Springfield 62704", false, Unsealed, ""},
		{"no last day", in("Valid through · to the end of the month\n30 November 2028\n", ""), false, Unchecked, ""},
		{"no number", in("Card number\n6VVG-FPC0-SGTW\n", ""), false, Unchecked, ""},
	} {
		got := compareText(Unsealed, tt.text, tt.veiled, signedCard())
		line := ""
		if len(got.Differences) > 0 {
			line = got.Differences[0].Line
		}
		if got.State != tt.state || line != tt.line || errors.Is(got.Why, ErrCompare) != (tt.state == Unchecked) || got.Message() == "" {
			t.Errorf("%s: got %s, %v, %+v; want %s, %q", tt.name, got.State, got.Why, got.Differences, tt.state, tt.line)
		}
	}
}

func TestCompareKeepsWhatIsWorse(t *testing.T) {
	altered := strings.Replace(front, "Ana Bela", "Eve Mallory", 1)
	for state, want := range map[State][2]State{ // with the text as signed, and altered
		Intact: {Intact, Doubtful}, Unsealed: {Unsealed, Altered}, Changed: {Changed, Altered}, Doubtful: {Doubtful, Altered},
		Unchecked: {Unchecked, Altered}, Foreign: {Foreign, Foreign}, Contradict: {Contradict, Contradict},
	} {
		for i, text := range []string{front, altered} {
			if got := compareText(state, text, false, signedCard()); got.State != want[i] {
				t.Errorf("%s, text %d: got %s, want %s", state, i, got.State, want[i])
			}
		}
	}
	if got := compareText(Unsealed, altered, false, nil); got.State != Unsealed || got.Differences != nil {
		t.Errorf("a card that nobody vouches for: got %+v", got)
	}
}

// On a sheet of many cards nothing tells which line belongs to which: altered lines are doubts there.
func TestCompareSheets(t *testing.T) {
	second := signedCard()
	second.Name, second.Number, second.ExpiresOn.Year = "Bo Lind", "N0XKJ8NR241J", 2027
	other := strings.NewReplacer("Ana Bela", "Bo Lind", "6VVG-FPC0-SGTW", "N0XK-J8NR-241J", "2028", "2027").Replace(front)
	if got := compareText(Unsealed, front+"\n"+other, false, signedCard(), second); got.State != Unsealed {
		t.Errorf("got %s, %v", got.State, got.Why)
	}
	for _, changed := range []string{
		strings.Replace(other, "Bo Lind", "Eve Mallory", 1), strings.Replace(other, "2027", "2030", 1), strings.Replace(other, "N0XK-J8NR-241J", "", 1),
		strings.Replace(other, "Basic", "Advanced", 1) + "\n0000-0000-0000",
	} {
		if got := compareText(Unsealed, front+"\n"+changed, false, signedCard(), second); got.State != Unchecked {
			t.Errorf("got %s, %+v; want unchecked for %q", got.State, got.Differences, changed)
		}
	}
}

// A stranger's text is shown on a terminal: it may not command it.
func TestDifferencesCanBeShown(t *testing.T) {
	text := strings.Replace(front, "30 November 2028", "\x1b[31m\t30 November 2031\u202e"+strings.Repeat("x", 100), 1)
	got := compareText(Unsealed, text, false, signedCard())
	if len(got.Differences) != 1 {
		t.Fatalf("got %+v", got)
	}
	if printed := got.Differences[0].Printed; strings.ContainsAny(printed, "\x1b\t\u202e") || len([]rune(printed)) > 60 {
		t.Errorf("got %q", printed)
	}
}

// A course or a holder may be called as a label is: that is no label.
func TestWhatTheCardSaysIsNoLabel(t *testing.T) {
	for _, title := range []string{"Completed 2025 Refresher", "Issued 2025 Guidelines Update", "Valid through 2099", "Number 1234-5678 of 2020"} {
		r := signedCard()
		r.Qualification.Title = title
		for _, state := range []State{Unsealed, Intact} {
			if got := compareText(state, strings.Replace(front, "Basic Life Support", title, 1), false, r); got.State != state {
				t.Errorf("%s: got %s, %v, %+v", title, got.State, got.Why, got.Differences)
			}
		}
	}
	if got := compareText(Intact, strings.Replace(front, "Issued", "Number of the room\nIssued 2020 by", 1), false, signedCard()); got.State != Intact {
		t.Errorf("a design with other words: got %s, %v, %+v", got.State, got.Why, got.Differences)
	}
	r := signedCard()
	r.Name = "Completed"
	if got := compareText(Unsealed, strings.Replace(front, "Ana Bela", "Completed", 1), false, r); got.State != Unsealed {
		t.Errorf("the holder: got %s, %v, %+v", got.State, got.Why, got.Differences)
	}
}

// A page without a code that shows a card has to show one of the file.
func TestStrayPages(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want State
	}{
		"the same card":    {front, Unsealed},
		"the back":         {"Completed\n7 November 2026\nCard number\n6VVG-FPC0-SGTW", Unsealed},
		"a letter":         {"Dear Sir,\nI was born in 1990.", Unsealed},
		"another holder":   {strings.Replace(front, "Ana Bela", "Eve Mallory", 1), Unchecked},
		"another last day": {strings.Replace(front, "2028", "2031", 1), Unchecked},
		"another number":   {"Card number\nN0XK-J8NR-241J", Unchecked},
	} {
		f := File{State: Unsealed, Cards: []verify.Input{{Number: "a"}}, pages: []printedPage{
			{number: 1, lines: linesOf(tc.text)}, {number: 2, lines: linesOf(front), cards: []int{0}}}}
		if f.Compare([]*card.Record{signedCard()}, "Example Training Centre"); f.State != tc.want {
			t.Errorf("%s: got %s, %v; want %s", name, f.State, f.Why, tc.want)
		}
	}
}

// A larger text in the place of a small genuine name.
func TestLargerThanTheName(t *testing.T) {
	for size, want := range map[float64]State{14: Unchecked, 7: Unsealed} {
		page := printedPage{number: 1, lines: linesOf(front + "\nmallory fraud"), cards: []int{0}}
		for range page.lines {
			page.sizes = append(page.sizes, 7)
		}
		page.sizes[len(page.sizes)-1] = size
		f := File{State: Unsealed, Cards: []verify.Input{{Number: "a"}}, pages: []printedPage{page}}
		if f.Compare([]*card.Record{signedCard()}, "Example Training Centre"); f.State != want {
			t.Errorf("%g points: got %s, %v; want %s", size, f.State, f.Why, want)
		}
	}
}

func TestLinksElsewhere(t *testing.T) {
	origins := []string{"https://cards.example.org", "https://check.example.org"}
	for text, want := range map[string]string{
		"": "", "6VVG-FPC0-SGTW": "", "eyJ.a.b": "", "https://cards.example.org/c/56": "", "https://check.example.org/n/6VVG": "", "cards.example.org/c/56": "",
		"https://evil.example/c/56": "evil.example", "evil.example/c/56": "evil.example", "https://cards.example.org.evil.example/c/5": "cards.example.org.evil.example",
		"https://evil.example/x#/c/56": "evil.example", "https://cards.example.org@evil.example/c/5": "https://cards.example.org@evil.example/c/5",
		"https://cards.example.org/x#/c/5": "https://cards.example.org/x#/c/5", "javascript:alert(1)": "javascript:alert(1)",
	} {
		if got := LeadsElsewhere(text, origins); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f := File{State: Unsealed, Cards: []verify.Input{{Number: "a"}}, links: []link{{"https://evil.example/c/56", 1, 0}},
		pages: []printedPage{{number: 1, lines: linesOf(front), cards: []int{0}}}}
	if f.Compare([]*card.Record{signedCard()}, "Example Training Centre", origins...); f.State != Unchecked || !errors.Is(f.Why, ErrElsewhere) {
		t.Errorf("a QR that leads elsewhere: got %s, %v", f.State, f.Why)
	}
}

// The address to check a card at is the issuer's. A centre's own site and mail stand where they want.
func TestPrintedAddresses(t *testing.T) {
	origins := []string{"https://cards.example.org", "http://localhost:8080"}
	in := func(old, new string) string { return strings.Replace(front, old, new, 1) }
	const host = "cards.example.org"
	for text, want := range map[string]State{
		front:                                                                   Unsealed,
		in(host, "CARDS.EXAMPLE.ORG/"):                                          Unsealed,
		in(host, "https://"+host+"/n/"):                                         Unsealed,
		in(host, "localhost:8080"):                                              Unsealed,
		in(host, "cards.\nexample.org"):                                         Unsealed,
		in("Check this card:\n", ""):                                            Unsealed,
		in("Check this card:", "Prüfen:"):                                       Unsealed,
		front + "\nwww.centre.example.com":                                      Unsealed,
		in(host, host+"\nwww.centre.com"):                                       Unsealed,
		in("+1 415", "info@centre.com\n+1 415"):                                 Unsealed,
		front + "\nVerified by a person. Ask 10.30 to 12.30, or at 3.":          Unsealed,
		front + "\nAnyone can check this card: type its number at\n" + host:     Unsealed,
		in(host, "cards.examp1e.org"):                                           Unchecked,
		in(host, "c\u0430rds.example.org"):                                      Unchecked,
		in(host, host+".evil.example"):                                          Unchecked,
		in(host, host+"\n.evil.example"):                                        Unchecked,
		in(host, host+":8443"):                                                  Unchecked,
		in(host, "EVIL.EXAMPLE"):                                                Unchecked,
		in(host, "localhost:9090"):                                              Unchecked,
		in("Check this card:\n"+host, "Check this card: evil.example"):          Unchecked,
		in("Check this card:\n"+host, "Verify online at\nhttps://evil.example"): Unchecked,
		in("Check this card:", "Karte prüfen:\nevil.example"):                   Unchecked,
		in("Check this card:", "проверить карту:\nevil.example"):                Unchecked,
		front + "\nOr confirm it at evil.example/c/":                            Unchecked,
	} {
		f := File{State: Unsealed, Cards: []verify.Input{{Number: "a"}}, pages: []printedPage{{number: 1, lines: linesOf(text), cards: []int{0}}}}
		f.Compare([]*card.Record{signedCard()}, "Example Training Centre", origins...)
		if f.State != want || errors.Is(f.Why, ErrElsewhere) != (want == Unchecked) {
			t.Errorf("%s\ngot %s, %v; want %s", text, f.State, f.Why, want)
		}
	}
	back := "Card number\n6VVG-FPC0-SGTW\nAnyone can check this card at evil.example"
	f := File{State: Unsealed, Cards: []verify.Input{{Number: "a"}}, pages: []printedPage{
		{number: 1, lines: linesOf(front), cards: []int{0}}, {number: 2, lines: linesOf(back)}}}
	if f.Compare([]*card.Record{signedCard()}, "Example Training Centre", origins...); f.State != Unchecked || !errors.Is(f.Why, ErrElsewhere) {
		t.Errorf("on the back: got %s, %v", f.State, f.Why)
	}
}
