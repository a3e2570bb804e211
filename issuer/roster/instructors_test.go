package roster

import (
	"strings"
	"testing"
)

const teachHeading = "name,learner_id,course,completed,attendance,score,skills,scenario,experience_months,class,instructor,instructor_id\n"

// taught is a class of ALS2 whose instructors are said row by row as "name,id".
func taught(t testing.TB, instructors ...string) *Checked {
	t.Helper()
	var text strings.Builder
	text.WriteString(teachHeading)
	for i, who := range instructors {
		text.WriteString("Ana Bela," + string(rune('a'+i)) + ",ALS2,2026-11-07,100,90,pass,pass,12,Blue," + who + "\n")
	}
	checked := Check(mustRead(t, text.String()), testRules(t))
	want(t, "problems", refused(checked.Problems), nil)
	return checked
}

// A second spelling of an instructor is no second instructor.
func TestInstructorsOfAClass(t *testing.T) {
	for _, c := range []struct {
		name, want string
		rows       []string
		notices    []string
	}{
		{"one", "Ruth Berg", []string{"Ruth Berg,I-1", "Ruth Berg,I-1"}, nil},
		{"two", "Ruth Berg|Tom Okafor", []string{"Ruth Berg,I-1", "Tom Okafor,I-2"}, nil},
		{"a full stop", "A. Berg", []string{"A. Berg,", "A Berg,"}, []string{"3 instructor similar_instructor"}},
		{"a letter", "Ruth Adeyemi", []string{"Ruth Adeyemi,", "Ruth Adeyami,"}, []string{"3 instructor similar_instructor"}},
		{"an initial", "Anna Berg", []string{"Anna Berg,", "A. Berg,"}, []string{"3 instructor similar_instructor"}},
		{"case and accents", "Zoë Côté", []string{"Zoë Côté,", "ZOE COTE,"}, []string{"3 instructor similar_instructor"}},
		{"two IDs", "Ruth Adeyemi|Ruth Adeyami", []string{"Ruth Adeyemi,I-1", "Ruth Adeyami,I-2"}, nil},
		{"one ID, two names", "Ruth Berg", []string{"Ruth Berg,I-1", "Ruth Lund,I-1"}, []string{"3 instructor similar_instructor"}},
		{"one ID, written in two ways", "Ruth Berg", []string{"Ruth Berg,I-1", "Ruth Berg,i 1"}, nil},
		{"an ID beside a name without", "Ruth Berg", []string{"Ruth Berg,", "Ruth Berg,I-1", "R. Berg,"}, []string{"4 instructor similar_instructor"}},
		{"two names of one ID, one without", "Tom Lund", []string{"Ruth Berg,", "Tom Lund,I-1", "Ruth Berg,I-1"}, []string{"4 instructor similar_instructor"}},
		{"numbered", "Trainer 1|Trainer 2", []string{"Trainer 1,", "Trainer 2,"}, nil},
		{"short names", "Ana|Ada", []string{"Ana,", "Ada,"}, nil},
		{"two first names", "Anna Berg|Olaf Berg", []string{"Anna Berg,", "Olaf Berg,"}, nil},
		{"IDs alone", "I-1|I-2", []string{",I-1", ",I-2"}, nil},
		{"none", "", []string{",", ","}, nil},
	} {
		checked := taught(t, c.rows...)
		if got := strings.Join(checked.Classes[0].Instructors, "|"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		want(t, c.name, notices(checked.Problems), c.notices)
	}
}

// An ID with two names is told once for the file, whatever the classes.
func TestOneIDWithTwoNames(t *testing.T) {
	const row = ",TALK,2026-11-07,,,,,,"
	text := teachHeading + "Ana Bela,1" + row + "C1,Ruth Berg,I-1\n" + "Carl Dorn,2" + row + "C2,Tom Lund,I-1\n" + "Dora Egli,3" + row + "C3,Tom Lund,I-1\n" + "Egon Fink,4" + row + "C3,RUTH BERG,I-1\n"
	want(t, "notices", notices(Check(mustRead(t, text), testRules(t)).Problems), []string{"3 instructor similar_instructor"})
}
