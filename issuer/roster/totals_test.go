package roster

import (
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	heading := "No.,Name,Course,Date,Score,learner_id\n"
	learner := "1,Ana Bela,TALK,2026-11-07,90,\n"
	for _, c := range []struct {
		name, row string
		below     bool // after the last learner
		isTotal   bool
	}{
		{"word in the first column", "Total,,,,5,", true, true},
		{"word in the first column, between", "Zwischensumme,,,,90,", false, true},
		{"word for the name", ",Gesamt: 5,,,90,", false, true},
		{"number for the name", ",5,,,,", false, true},
		{"average", "Moyenne,,,,91.5,", true, true},
		{"remnant", ",,,,90,", true, true},
		{"remnant between", ",,,,90,", false, false},
		{"footer", ",Signature: ______,,,,", true, true},
		{"footer between", ",Signature: ______,,,,", false, false},
		{"words that begin so", "Total de alumnos aprobados:,,,,5 de 6,", true, true},
		{"a word in place of the day", "Total alumnos,,,Media,8.82,", true, true},
		{"a word in place of the day alone", ",10,,Media,8.82,", true, true},
		{"a sign", "Ø,,,,91.5,", true, true},
		{"a word in place of the ID", ",,,,91.5,Durchschnitt:", true, true},
		{"an ID that begins so", ",,,,90,SUM-001", true, false},
		{"a number that begins so", "SUM-001,,,,90,", false, false},
		{"a name and a word in place of the day", ",Zoë Gold,,Media,,", true, false},
		{"a name", ",Zoë Gold,,,,", true, false},
		{"a name and a word", "Total,Zoë Gold,,,,", true, false},
		{"a course", "Total,,BLS,,,", true, false},
		{"a date", "Total,,,2026-11-07,,", true, false},
		{"an ID", ",,,,,L7", true, false},
		{"broken off", "7", true, false},
		{"heading", "No.,Name,Course,Date,Score,learner_id", false, true},
	} {
		text := heading + strings.Repeat(learner, 6)
		if c.below {
			text += c.row + "\n"
		} else {
			text += c.row + "\n" + "9,Carl Dorn,TALK,2026-11-07,90,\n"
		}
		ro := mustRead(t, text)
		if got := len(ro.Totals) == 1; got != c.isTotal {
			t.Errorf("%s: got %v, want %v", c.name, ro.Totals, c.isTotal)
		}
		var expected []string
		if c.isTotal {
			expected = []string{"8  total_row"}
		}
		want(t, c.name, notices(Check(ro, testRules(t)).Problems), expected)
	}
}

// Where the file has no column that tells a learner, a total row is refused instead.
func TestTotalsInAListOfNames(t *testing.T) {
	o := testOptions()
	o.Set = []string{"course=TALK", "completed=2026-11-07"}
	ro, err := Read(strings.NewReader("Name,Score\nAna Bela,90\nTotal,90\n5,90\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "problems", refused(Check(ro, testRules(t)).Problems), []string{"3  total_row", "4 name bad_character"})
}

// The last row of a class list as Spanish offices keep it: the word stands in a column that is not read, and another one in place
// of the day.
func TestTotalsInAnyColumn(t *testing.T) {
	const heading = "Nº,Apellidos,Nombre,Correo,Fecha,Asistencia,Nota (%)\n"
	for _, c := range []struct {
		set  []string
		row  string
		want []string // problems of the last row
	}{
		{[]string{"course=TALK"}, "Total alumnos,,10,,Media,0.98,8.82", nil},
		{[]string{"course=TALK"}, "Total alumnos,,,10,Media,0.98,8.82", nil},
		{[]string{"course=TALK"}, "Total alumnos,,Zoë,,Media,0.98,8.82", []string{"4  total_row"}},
		{[]string{"course=TALK"}, "Total alumnos,,,z@example.org,2026-11-07,0.98,8.82", []string{"4 name missing_value"}},
		{[]string{"course=TALK", "completed=2026-11-07"}, "Total alumnos,,10,,Media,0.98,8.82", nil},
		{[]string{"course=TALK", "completed=2026-11-07"}, "Total,Gold,Zoë,,,,", []string{}},
	} {
		o, text := testOptions(), heading+"1,Bela,Ana,ana@example.org,2026-11-07,1,9\n2,Cruz,Eva,eva@example.org,2026-11-07,1,9\n"+c.row+"\n"
		o.Set = c.set
		if len(c.set) > 1 {
			text = strings.NewReplacer("Fecha", "x", ",2026-11-07", ",").Replace(text)
		}
		ro, err := Read(strings.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		checked := Check(ro, testRules(t))
		want(t, c.row, refused(checked.Problems), c.want)
		if got := len(ro.Totals) == 1; got != (c.want == nil) {
			t.Errorf("%q: got the total rows %v", c.row, ro.Totals)
		}
	}
}

// An average that bears a course and a day is no learner; a person so named has an address or an ID.
func TestAveragesAreNoPersons(t *testing.T) {
	for _, c := range []struct {
		name, heading, row string
		want               []string
	}{
		{"first name", "first_name,last_name", "Media,del curso", []string{"2  total_row"}},
		{"last name", "last_name,first_name", "Media,del curso", []string{"2  total_row"}},
		{"one part", "first_name,last_name", "Total,", []string{"2  total_row"}},
		{"whole name", "name", "Durchschnitt der Klasse", []string{"2  total_row"}},
		{"Polish", "name", "Średnia grupy", []string{"2  total_row"}},
		{"sign", "name", "Ø Kurs", []string{"2  total_row"}},
		{"three words", "name", "Nombre de participants", []string{"2  total_row"}},
		{"a last name", "first_name,last_name", "Ana,Sum", nil},
		{"a word that begins so", "name", "Totalia Bela", nil},
	} {
		row := func(email, id string) string {
			return c.heading + ",email,learner_id,course,completed\n" + c.row + "," + email + "," + id + ",TALK,2026-11-07\nEva Cruz" + strings.Repeat(",-", strings.Count(c.heading, ",")) +
				",e@example.org,,TALK,2026-11-07\n"
		}
		want(t, c.name, refused(Check(mustRead(t, row("", "")), testRules(t)).Problems), c.want)
		if strings.HasSuffix(c.row, ",") {
			continue
		}
		for _, text := range []string{row("media@example.org", ""), row("", "L7")} {
			want(t, c.name+" with an address or an ID", refused(Check(mustRead(t, text), testRules(t)).Problems), nil)
		}
	}
}
