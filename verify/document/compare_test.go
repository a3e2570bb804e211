package document

import (
	"errors"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

func signedCard() *card.Record {
	return &card.Record{
		Card:          card.Card{Number: "6VVGFPC0SGTW", Name: "Ana Bela", Course: "BLS"},
		Qualification: card.Qualification{Title: "Basic Life Support", Level: "healthcare provider"},
		Completed:     card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 30},
		Instructor: "Dana Okafor",
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
		{"with the head and foot of a browser", "11/21/26, 5:50 PM\n" + front + "\nfile:///home/hr/card.pdf\n1/1", false, Unsealed, ""},
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
		Intact: {Intact, Intact}, Unsealed: {Unsealed, Altered}, Changed: {Changed, Altered}, Doubtful: {Doubtful, Altered},
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
