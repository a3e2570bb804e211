package cell

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestDate(t *testing.T) {
	const good = "2026-11-07"
	for _, c := range []struct {
		text  string
		order DateOrder
		want  string // a day or a DateProblem
	}{
		{"2026-11-07", "", good}, {"2026/11/07", "", good}, {"2026.11.07", "", good}, {"2026-11-7", "", good}, {"20261107", "", good}, {"2026. 11. 07.", "", good},
		{"2026-11-07T09:30:00", "", good}, {"2026-11-07 09:30", "", good}, {"07.11.2026 9:30", "", good}, {"7 November 2026, 9:30 PM", "", good}, {"2026-11-07 00:00:00.000", "", good},
		{"07.11.2026", "", good}, {"7.11.2026", "", good}, {"7. 11. 2026", "", good}, {"07.11.2026", "dmy", good}, {"11.07.2026", "mdy", string(AmbiguousDate)},
		{"11.25.2026", "mdy", "2026-11-25"}, {"25.11.2026", "mdy", string(OtherOrder)}, {"11.25.2026", "", string(NoDate)}, {"11.11.2026", "mdy", "2026-11-11"},
		{"7 November 2026", "", good}, {"November 7, 2026", "", good}, {"Nov 7, 2026", "", good}, {"7-Nov-2026", "", good}, {"7th of November 2026", "", good},
		{"Saturday, 7 November 2026", "", good}, {"Sunday, 7 November 2026", "", string(OtherWeekday)}, {"Samstag, 7. November 2026", "", good}, {"2026 Nov 7", "", good},
		{"Samstag, 07.11.2026", "", good}, {"sobota 7.11.2026 r.", "", good}, {"7.11.2026r.", "", good}, {"Montag, 07.11.2026", "", string(OtherWeekday)},
		{"7. Nov. 2026", "", good}, {"7 de noviembre de 2026", "", good}, {"7 listopada 2026", "", good}, {"7 lis 2026", "", good}, {"7 listopada 2026 r.", "", good},
		{"7 XI 2026", "", good}, {"7.XI.2026", "", good}, {"V 7 2026", "", string(NoDate)}, {"1er mai 2026", "", "2026-05-01"}, {"1º de mayo de 2026", "", "2026-05-01"},
		{"3. März 2026", "", "2026-03-03"}, {"3. Maerz 2026", "", "2026-03-03"}, {"12 août 2026", "", "2026-08-12"}, {"12 aou\u0302t 2026", "", "2026-08-12"}, {"5 października 2026", "", "2026-10-05"},
		{"5\u00a0oct.\u00a02026", "", "2026-10-05"}, {"1 stycznia 2026", "", "2026-01-01"}, {"24 déc. 2026", "", "2026-12-24"}, {"NOVEMBER 7 2026", "", good},
		{"07/11/2026", "", string(AmbiguousDate)}, {"7-11-2026", "", string(AmbiguousDate)}, {"07/11/2026", "dmy", good}, {"11/07/2026", "mdy", good}, {"11/11/2026", "", "2026-11-11"},
		{"13/11/2026", "", "2026-11-13"}, {"11/13/2026", "", "2026-11-13"}, {"13/13/2026", "", string(NoDate)}, {"11/13/2026", "dmy", string(OtherOrder)},
		{"13/11/2026", "mdy", string(OtherOrder)}, {"07/11/2026", "ymd", string(OtherOrder)}, {"2026-11-07", "dmy", good},
		{"07/11/26", "", string(ShortYear)}, {"07.11.26", "", string(ShortYear)}, {"07.11.26", "dmy", good}, {"11/07/26", "mdy", good}, {"26-11-07", "ymd", good},
		{"7 Nov 26", "", string(ShortYear)}, {"7 Nov 26", "dmy", good}, {"Nov 7 26", "mdy", good}, {"26 Nov 7", "ymd", good}, {"31/13/26", "dmy", string(OtherOrder)},
		{"Sat 7 Nov 2026", "", good}, {"Sat, 7 Nov 2026", "", good}, {"Sa., 07.11.2026", "", good}, {"sam. 7 novembre 2026", "", good}, {"sáb 7 nov 2026", "", good}, {"sob. 7 lis 2026", "", good},
		{"le samedi 7 novembre 2026", "", good}, {"am Samstag, dem 7. November 2026", "", good}, {"el sábado 7 de noviembre de 2026", "", good}, {"w sobotę 7 listopada 2026", "", string(NoDate)},
		{"sobota, 7 listopada 2026 r.", "", good}, {"Wed 18 Nov 2026", "", "2026-11-18"}, {"mer. 18 nov. 2026", "", "2026-11-18"}, {"mié 18 nov 2026", "", "2026-11-18"}, {"śr. 18.11.2026", "", "2026-11-18"},
		{"Mi 18.11.2026", "", "2026-11-18"}, {"18 nov. 2026", "", "2026-11-18"}, {"Fri 18 Nov 2026", "", string(OtherWeekday)}, {"Tue 18/11/2026", "", string(OtherWeekday)}, {"Sat 07/11/2026", "", string(AmbiguousDate)},
		{"mar 10 2026", "", "2026-03-10"}, {"mar. 10 mars 2026", "", "2026-03-10"}, {"mar 10 nov 2026", "", "2026-11-10"}, {"mar 11 nov 2026", "", string(OtherWeekday)},
		{"18-Nov-26", "", string(ShortYear)}, {"18-Nov-26", "dmy", "2026-11-18"}, {"Wed 18-Nov-26", "dmy", "2026-11-18"}, {"Wed", "", string(NoDateAtAll)}, {"Wed 18 Nov", "", string(NoYear)}, {"10 November", "", string(NoYear)}, {"10. November", "", string(NoYear)}, {"Nov 10", "", string(NoYear)},
		{"10 de noviembre", "", string(NoYear)}, {"mardi 10 novembre", "", string(NoYear)}, {"wt 10 listopada", "", string(NoYear)}, {"10 XI", "", string(NoYear)}, {"10.11.", "", string(NoYear)}, {"10/11", "", string(NoYear)},
		{"40 November", "", string(NoDate)}, {"10 11", "", string(NoDate)}, {"10.11", "", string(NoDate)}, {"Media", "", string(NoDateAtAll)}, {"Durchschnitt:", "", string(NoDateAtAll)},
		{"46333", "", string(SerialNumber)}, {"46333.5", "", string(SerialNumber)}, {"46333", "dmy", string(SerialNumber)},
		{"2027-02-30", "", string(NoDate)}, {"30.02.2027", "", string(NoDate)}, {"0206-11-07", "", string(NoDate)}, {"07112026", "", string(NoDate)}, {"2026-11", "", string(NoDate)},
		{"November 2026", "", string(NoDate)}, {"7/11-2026", "", string(NoDate)}, {"yes", "", string(NoDateAtAll)}, {"", "", string(NoDateAtAll)}, {"2026-11-07T10:00:00Z", "", string(NoDate)},
		{"2026-11-07 25:00", "", string(NoDate)}, {"7 May June 2026", "", string(NoDate)}, {"7 Nov 2026 2027", "", string(NoDate)}, {"7 Novembro 2026", "", string(NoDate)},
		{strings.Repeat("7 ", 100), "", string(NoDate)}, {"٧ نوفمبر ٢٠٢٦", "", string(NoDate)},
	} {
		day, err := Date(c.text, c.order)
		got := day.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q as %q: got %q, want %q", c.text, c.order, got, c.want)
		}
	}
}

// A word that stood for two months would be read by chance.
func TestMonthsAndWeekdaysAreDistinct(t *testing.T) {
	seen := map[string]int{}
	for i, line := range slices.Concat(monthNames[:], weekdayNames[:], []string{strings.Join(fillers, " ")}) {
		for _, word := range strings.Fields(line) {
			if other, ok := seen[word]; ok && other != i {
				t.Errorf("%q stands for %d and %d", word, other, i)
			}
			seen[word] = i
			if slices.Contains(romanMonths, word) {
				t.Errorf("%q is a Roman numeral too", word)
			}
		}
	}
	short := map[string]int{}
	for i, line := range weekdayShort {
		for _, word := range strings.Fields(line) {
			_, long := weekdays[word]
			if other, ok := short[word]; ok || long || slices.Contains(fillers, word) {
				t.Errorf("%q is short for %d and %d, or stands for something else", word, other, i)
			}
			short[word] = i
		}
	}
	if got := len(months); got < 90 {
		t.Errorf("got %d names of months, want those of five languages", got)
	}
}

func FuzzDate(f *testing.F) {
	for _, seed := range []string{"2026-11-07", "07.11.2026", "7 de noviembre de 2026", "1er mai 2026", "7 XI 26", "13/11/2026", "2026-11-07T09:30:00", "46333", "Samstag, 7. Nov. 2026"} {
		for _, order := range []string{"", "dmy", "mdy", "ymd"} {
			f.Add(seed, order)
		}
	}
	f.Fuzz(func(t *testing.T, text, order string) {
		day, err := Date(text, DateOrder(order))
		if err != nil {
			var p DateProblem
			if !errors.As(err, &p) || !day.IsZero() {
				t.Fatalf("%q: got %v and %v, want a DateProblem alone", text, day, err)
			}
			return
		}
		again, err := card.ParseDate(day.String())
		if err != nil || again != day || day.Year < firstYear || day.Year > lastYear {
			t.Fatalf("%q: got %v, want a day of the calendar", text, day)
		}
		if other, err := Date(text, AnyOrder); err == nil && other != day {
			t.Fatalf("%q: got %v as %q, but %v without: an order may settle a date, never change it", text, day, order, other)
		}
	})
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		text    string
		want    float64
		percent bool
		ok      bool
	}{
		{"94", 94, false, true}, {"91,5 %", 91.5, true, true}, {"91.5\u00a0%", 91.5, true, true}, {"\u202f100%", 100, true, true}, {"0.94", 0.94, false, true}, {"007", 7, false, true},
		{"21/25", 0, false, false}, {"1.000,5", 0, false, false}, {"-1", 0, false, false}, {"+1", 0, false, false}, {"", 0, false, false}, {"%", 0, false, false}, {"90%%", 0, false, false},
		{"1e2", 0, false, false}, {"NaN", 0, false, false}, {"٩٠", 0, false, false}, {"90 points", 0, false, false}, {".5", 0, false, false},
	} {
		if got, percent, ok := Number(c.text); got != c.want || percent != c.percent || ok != c.ok {
			t.Errorf("%q: got %v, %v, %v, want %v, %v, %v", c.text, got, percent, ok, c.want, c.percent, c.ok)
		}
	}
}

func TestFraction(t *testing.T) {
	for _, c := range []struct {
		text        string
		part, whole float64
		ok          bool
	}{
		{"23/25", 23, 25, true}, {"23 / 25", 23, 25, true}, {"22,5/25", 22.5, 25, true}, {"0/25", 0, 25, true}, {" 25⁄25 ", 25, 25, true},
		{"26/25", 0, 0, false}, {"0/0", 0, 0, false}, {"23/0", 0, 0, false}, {"-23/25", 0, 0, false}, {"23/25/30", 0, 0, false}, {"23/-25", 0, 0, false}, {"23/25 %", 0, 0, false},
		{"23 of 25", 0, 0, false}, {"/25", 0, 0, false}, {"23/", 0, 0, false}, {"92", 0, 0, false},
	} {
		if part, whole, ok := Fraction(c.text); part != c.part || whole != c.whole || ok != c.ok {
			t.Errorf("%q: got %v of %v, %v, want %v of %v, %v", c.text, part, whole, ok, c.part, c.whole, c.ok)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"94", "91,5 %", "0.94", "1e9", "21/25", "\u00a0%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, percent, ok := Number(text)
		if !(value >= 0 && value < 1e9) || (!ok && (value != 0 || percent)) {
			t.Errorf("%q: got %v, %v, %v, want a number below 10^9 or nothing", text, value, percent, ok)
		}
	})
}

func TestTest(t *testing.T) {
	for text, want := range map[string]Outcome{
		"pass": Passed, "PASSED": Passed, " yes ": Passed, "Ok": Passed, "X": Passed, "1": Passed, "✓": Passed, "✔️": Passed, "TRUE": Passed, "bestanden": Passed, "Ja": Passed,
		"erfüllt": Passed, "Réussi": Passed, "oui": Passed, "validé": Passed, "Acquis": Passed, "aprobado": Passed, "APTO": Passed, "sí": Passed, "superado": Passed, "zdane": Passed,
		"zaliczone": Passed, "zdał": Passed, "Zdała": Passed, "tak": Passed, "WAHR": Passed,
		"fail": Failed, "Failed": Failed, "no": Failed, "not passed": Failed, "nicht bestanden": Failed, "nein": Failed, "échec": Failed, "non acquis": Failed, "no apto": Failed,
		"niezdane": Failed, "nie zdał": Failed, "nie zdała": Failed, "nie": Failed, "0": Failed, "-": Failed, "✗": Failed, "FALSE": Failed,
		"": Unknown, "n/a": Unknown, "maybe": Unknown, "1%": Unknown, "100 %": Unknown, "pass?fail": Unknown, "2": Unknown,
		"not yet competent": Failed, "NYC": Failed, "Refer.": Failed, "Referred": Failed, "NC": Failed, "Distinction": Passed, "Pass with merit": Passed,
		"o.k.": Passed, "Bestanden.": Passed, "not-passed": Failed, "n.b.": Failed, "☑\ufe0f": Passed, "ｘ": Passed,
		"pass?": Unknown, "x?": Unknown, "✗ ok": Unknown, "ok ❌": Unknown, "≠ ok": Unknown, "!pass": Unknown, "~pass": Unknown, "(yes)": Unknown, "pass/": Unknown, "-1": Unknown,
		"pass/fail": Unknown, "pass-": Unknown, "-pass": Unknown, "- pass": Unknown, "pass -": Unknown, "1.": Unknown, "1)": Unknown, "¹": Unknown, "①": Unknown, "+1": Unknown, "1 1": Unknown, "x1": Unknown,
		"ok, no": Unknown, "¬ok": Unknown, "pass*": Unknown, "<pass>": Unknown, "no/yes": Unknown, "\"ok\"": Unknown, "👎 ok": Unknown,
	} {
		if got := Test(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for _, word := range strings.Split(strings.Replace(PassWords, " or ", ", ", 1), ", ") {
		if Test(word) != Passed {
			t.Errorf("%q: the remedy offers a word that is not understood", word)
		}
	}
}

func TestAttended(t *testing.T) {
	for text, want := range map[string]Outcome{"yes": Passed, "Anwesend": Passed, "présente": Passed, "sí": Passed, "✓": Passed, "obecna": Passed, "no": Failed, "Absent": Failed, "nicht anwesend": Failed,
		"did not attend": Failed, "✗": Failed, "1": Unknown, "0": Unknown, "partly": Unknown, "present?": Unknown, "": Unknown} {
		if got := Attended(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestIsAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"ana@example.org": true, "ANA@Example.ORG": true, "j.o'neill+bls@sub.example.co.uk": true, "ana@müller.example": true,
		"": false, "ana": false, "Ana <ana@example.org>": false, "ana@localhost": false, "ana@example.org, b@example.org": false, "ana@exa mple.org": false,
		"ana@[127.0.0.1]": false, "ana@127.0.0.1": false, "ana@-example.org": false, "ana@example..org": false, "dmitri(at)example.org": false, "ana@example.org\u200b": false,
		strings.Repeat("a", 250) + "@example.org": false,
	} {
		if got := IsAddress(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestWeekdaysBeginOnSunday(t *testing.T) {
	for name, want := range map[string]time.Weekday{"sunday": time.Sunday, "mittwoch": time.Wednesday, "samedi": time.Saturday} {
		if got := time.Weekday(weekdays[name]); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
