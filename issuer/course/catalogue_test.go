package course

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func newCatalogue(t *testing.T, courses ...Course) *Catalogue {
	t.Helper()
	c, err := New(courses)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// plain is a course of which nothing matters but its names and what it meets.
func plain(code, title string, meets ...string) Course {
	return Course{Code: code, Title: title, Meets: append([]string{code}, meets...), Validity: Validity{Months: 24, Until: UntilDay}}
}

func sample(t *testing.T) *Catalogue {
	return newCatalogue(t, plain("CPR-AED", "CPR and AED for Lay Rescuers"), bls(), als2(), plain("ALS1", "Advanced Life Support 1"), plain("EKG", "Élektro-Kardiografie"))
}

func TestFind(t *testing.T) {
	catalogue := sample(t)
	for text, want := range map[string]string{
		"BLS": "BLS", " bls ": "BLS", "Bls": "BLS", "b.l.s.": "BLS",
		"CPR-AED": "CPR-AED", "cpr aed": "CPR-AED", "CPR/AED": "CPR-AED", "cpraed": "CPR-AED", "CPR\u2013AED": "CPR-AED", "CPR\u00a0AED": "CPR-AED", "CPR\u00adAED": "CPR-AED",
		"Basic Life Support": "BLS", "basic life  support": "BLS", "BASIC LIFE-SUPPORT": "BLS",
		"BLS - Basic Life Support": "BLS", "Basic Life Support (BLS)": "BLS",
		"ALS 2": "ALS2", "als-1": "ALS1", "Advanced Life Support 1": "ALS1",
		"élektro-kardiografie": "EKG", "E\u0301LEKTROKARDIOGRAFIE": "EKG",
		"Elektrokardiografie": "", // another letter, so perhaps another course: no guess
		"ALS":                 "", "": "", " - ": "", "BLS1": "", "BLS+": "", "BLS\x00": "", "CPR": "", "BLS ALS1": "", "BLS BLS": "",
	} {
		code := ""
		if got, ok := catalogue.Find(text); ok {
			code = got.Code
		}
		if code != want {
			t.Errorf("%q: got %q, want %q", text, code, want)
		}
	}
}

func TestFindOfBothNamesIsNeverAGuess(t *testing.T) {
	catalogue := newCatalogue(t, plain("A", "B C"), plain("AB", "C"), plain("D", "E"), plain("DE", "F"))
	for text, want := range map[string]string{"A B C": "", "AB, C": "", "B C (A)": "A", "D E": "DE", "E D": "D"} {
		got, ok := catalogue.Find(text)
		if ok != (want != "") || ok && got.Code != want {
			t.Errorf("%q: got %+v, want %q", text, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	catalogue := sample(t)
	for text, want := range map[string]string{
		"BSL": "BLS", "ECG": "EKG", "Basic Live Suport": "BLS", "CPR-ADE": "CPR-AED", "Basic Life Support [BSL]": "BLS", "ALS3": "", "ACLS9": "", "Swimming": "", "": "",
	} {
		if got := catalogue.Nearest(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	catalogue := sample(t)
	if got, want := strings.Join(catalogue.Codes(), " "), "CPR-AED BLS ALS2 ALS1 EKG"; got != want {
		t.Errorf("codes: got %s, want %s", got, want)
	}
	other := plain("ALS3", "Advanced Life Support 3")
	other.Pass.Extra = []Extra{{Column: "Mega-code", Passed: true}, {Column: "Essay", AtLeast: 2}}
	if got, want := newCatalogue(t, bls(), als2(), other).ExtraColumns(), []string{"Rhythm quiz", "Mega-code", "Essay"}; !slices.Equal(got, want) {
		t.Errorf("extra columns: got %q, want %q", got, want)
	}
	if got := newCatalogue(t, bls()).ExtraColumns(); len(got) != 0 {
		t.Errorf("extra columns: got %q, want none", got)
	}
	courses := catalogue.Courses()
	courses[1].Title = "Changed"
	if got, _ := catalogue.Find("BLS"); got.Title != "Basic Life Support" {
		t.Errorf("got %q, want a catalogue that nobody changes", got.Title)
	}
}

func TestEntries(t *testing.T) {
	one, two := bls(), als2()
	got, err := newCatalogue(t, one, two).Entries()
	if err != nil {
		t.Fatal(err)
	}
	var want []card.CatalogueEntry
	for _, c := range []*Course{&one, &two} {
		entry, err := c.Entry()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, card.CatalogueEntry{Course: c.Code, Qualification: c.Qualification(), Entry: entry})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What two courses could both be called is refused before a roster asks.
func TestNamesAreTold(t *testing.T) {
	for _, c := range []struct {
		name        string
		courses     []Course
		key, reason string
	}{
		{"no course", nil, "courses", "empty"},
		{"code twice", []Course{bls(), plain("ALS", "A"), bls()}, "courses[2].code", "courses[0] has already"},
		{"codes alike", []Course{plain("ALS1", "A"), plain("ALS-1", "B")}, "courses[1].code", "can't tell from ALS1 of courses[0]"},
		{"title twice", []Course{plain("A", "Basic Life Support"), plain("B", "BASIC life-support")}, "courses[1].title", "the title of courses[0]"},
		{"a later code as title", []Course{plain("A", "b l s"), plain("BLS", "Basic")}, "courses[0].title", "the code of courses[1]"},
		{"an earlier code as title", []Course{plain("BLS", "Basic"), plain("A", "B.L.S.")}, "courses[1].title", "the code of courses[0]"},
	} {
		refused(t, c.name, c.courses, c.key, c.reason)
	}
	newCatalogue(t, plain("BLS", "BLS"), plain("ALS-1", "ALS 1")) // a course's own code may be its title
}
