package roster

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// office is how a country keeps its lists.
type office struct {
	whole, parts                         []string // the headings of the name
	email, course, day, score, test, nth string
	layout                               string // of a date
	comma                                bool   // a decimal one
	passed, failed                       []string
	first, last                          []string
	totals                               []string
}

var offices = []office{
	{[]string{"Name"}, []string{"First name", "Last name"}, "E-mail", "Course", "Completion date", "Score (%)", "Practical", "No.", "2 January 2006", false,
		[]string{"pass", "passed", "yes"}, []string{"fail", "failed", "no"}, []string{"Sam", "Mary", "Owen", "Aisha", "Suma", "Grace"}, []string{"Poole", "O'Neill", "Kane", "Sum", "Okafor"},
		[]string{"Total", "Average", "Total participants", "Mean score", "Grand total:"}},
	{[]string{"Teilnehmer"}, []string{"Vorname", "Nachname"}, "E-Mail", "Kurs", "Datum", "Theorie (%)", "Praxis", "Nr.", "02.01.2006", true,
		[]string{"bestanden", "ja"}, []string{"nicht bestanden", "nein"}, []string{"Heiko", "Jürgen", "Anna", "Zoë", "Summer"}, []string{"Bäcker", "Müller", "von der Heide", "Groß", "Gesamtius"},
		[]string{"Summe", "Durchschnitt", "Gesamt: 9", "Ø", "Mittelwert der Gruppe"}},
	{[]string{"Nom complet"}, []string{"Prénom", "Nom"}, "Courriel", "Cours", "Date", "Note (%)", "Pratique", "N°", "2/01/2006", true,
		[]string{"réussi", "admis"}, []string{"échoué", "ajourné"}, []string{"Zoé", "Jean-Luc", "Renée", "Moyra"}, []string{"Côté", "Lefèvre", "d'Alembert", "Roy"},
		[]string{"Moyenne", "Total", "Nombre de participants", "Moyenne du groupe"}},
	{[]string{"Nombre completo"}, []string{"Nombre", "Apellidos"}, "Correo electrónico", "Curso", "Fecha", "Nota (%)", "Práctica", "Nº", "2 de January de 2006", true,
		[]string{"apto", "aprobado", "sí"}, []string{"no apto", "suspenso"}, []string{"María José", "Íñigo", "Begoña", "Sumaya"}, []string{"García López", "de la Cruz", "Peña", "Medina"},
		[]string{"Total alumnos", "Media", "Media del curso", "Promedio general", "Suma"}},
	{[]string{"Imię i nazwisko"}, []string{"Imię", "Nazwisko"}, "Adres e-mail", "Kurs", "Data szkolenia", "Wynik (%)", "Egzamin praktyczny", "Lp.", "02.01.2006", true,
		[]string{"zaliczony", "zdane", "tak"}, []string{"niezaliczony", "nie"}, []string{"Łukasz", "Jagna", "Paweł", "Zofia"}, []string{"Łąkiewicz", "Ćwik", "Święcicka", "Gąś"},
		[]string{"Razem", "Średnia", "Liczba uczestników", "Średnia grupy"}},
}

var spanishMonth = strings.NewReplacer("November", "noviembre")

// officeRow is a row and what has to become of it.
type officeRow struct {
	name  string // of a card; empty for none
	isOut bool   // it is no learner
	cells map[string]string
}

// drawRoster makes a list as an office keeps it, with the truth about each row.
func drawRoster(r *rand.Rand, o office) (text string, set []string, rows []officeRow) {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	day := time.Date(2026, time.November, 13+r.IntN(7), 0, 0, 0, 0, time.UTC)
	names := o.whole
	if r.IntN(2) == 0 {
		names = o.parts
	}
	columns := slices.Concat([]string{o.nth}, names, []string{o.email, o.day, o.score, o.test})
	if r.IntN(3) == 0 {
		set = append(set, "course=FA")
	} else {
		columns = append(columns, o.course)
	}
	if r.IntN(4) == 0 {
		set = append(set, "completed="+day.Format(time.DateOnly))
		columns = slices.DeleteFunc(columns, func(s string) bool { return s == o.day })
	}
	set = append(set, "attendance=100")
	number := func(whole, tenths int) string {
		sign := "."
		if o.comma {
			sign = ","
		}
		return fmt.Sprintf("%d%s%d", whole, sign, tenths)
	}
	hasMails := r.IntN(4) > 0
	seen := map[string]bool{}
	for n := range 3 + r.IntN(12) {
		first, last := pick(o.first), pick(o.last)
		if seen[first+last] || strings.HasPrefix(first, "Suma") && !hasMails && beginsAsTotal(first) {
			continue
		}
		seen[first+last] = true
		row := officeRow{name: first + " " + last, cells: map[string]string{o.nth: fmt.Sprint(n + 1), names[0]: first + " " + last, o.course: "FA",
			o.day: spanishMonth.Replace(day.Format(strings.ReplaceAll(o.layout, "de January de", "de November de"))), o.score: number(84+r.IntN(16), r.IntN(10)), o.test: pick(o.passed)}}
		if o.layout == "2 January 2006" {
			row.cells[o.day] = day.Format(o.layout)
		}
		if len(names) == 2 {
			row.cells[names[0]], row.cells[names[1]] = first, last
		}
		if hasMails {
			row.cells[o.email] = fmt.Sprintf("l%d@example.org", n)
		}
		fault := []func(){
			func() { row.cells[o.score] = number(40+r.IntN(40), r.IntN(10)) },
			func() { row.cells[o.test] = pick(o.failed) },
			func() { row.cells[o.score] = "" },
			func() { row.cells[names[0]] = "" },
			func() { row.cells[o.test] = "-" },
		}
		if r.IntN(5) == 0 {
			row.name = ""
			fault[r.IntN(len(fault))]()
		}
		rows = append(rows, row)
		switch again := (officeRow{cells: cloneOf(row.cells)}); r.IntN(12) {
		case 0: // the same once more: one stands
			again.cells[o.nth] = fmt.Sprint(n + 50)
			rows = append(rows, again)
		case 1: // a contradiction: none stands
			again.cells[o.score] = number(30, 0)
			rows[len(rows)-1].name = ""
			rows = append(rows, again)
		}
	}
	for range r.IntN(3) {
		rows = append(rows, drawTotal(r, o, columns, number))
	}
	delimiter := []string{",", ";", "\t"}[r.IntN(3)]
	var b strings.Builder
	for _, cells := range append([]map[string]string{nil}, cellsOf(rows)...) {
		line := make([]string, len(columns))
		for i, column := range columns {
			line[i] = cells[column]
			if cells == nil {
				line[i] = column
			}
			line[i] = `"` + line[i] + `"`
		}
		b.WriteString(strings.Join(line, delimiter) + "\r\n")
	}
	return b.String(), set, rows
}

// drawTotal makes a row below the list: a word in the first column or in place of the day, and numbers.
func drawTotal(r *rand.Rand, o office, columns []string, number func(int, int) string) officeRow {
	row := officeRow{isOut: true, cells: map[string]string{o.score: number(88, 2)}}
	row.cells[o.nth] = o.totals[r.IntN(len(o.totals))]
	if slices.Contains(columns, o.day) && r.IntN(2) == 0 {
		row.cells[o.day] = o.totals[0]
	}
	if r.IntN(2) == 0 {
		row.cells[columns[1]] = "10"
	}
	return row
}

func cloneOf(cells map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range cells {
		out[k] = v
	}
	return out
}

func cellsOf(rows []officeRow) (all []map[string]string) {
	for _, row := range rows {
		all = append(all, row.cells)
	}
	return all
}

// Lists of five countries, each with known truth: who passed gets a card, once; who failed, or is told in two ways, gets none; no
// total becomes a person. What is refused is refused again when it is issued by itself without being mended.
func TestListsOfOffices(t *testing.T) {
	random, rules := rand.New(rand.NewPCG(7, 7)), testRules(t)
	cards, totals := 0, 0
	for n := range 400 {
		text, set, rows := drawRoster(random, offices[n%len(offices)])
		o := testOptions()
		o.Set, o.DateOrder = set, "dmy"
		ro, err := Read(strings.NewReader(text), o)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		checked := Check(ro, rules)
		var want, got []string
		out := 0
		for _, row := range rows {
			if row.name != "" {
				want = append(want, row.name)
			}
			if row.isOut {
				out++
			}
		}
		for _, one := range checked.Completions {
			got = append(got, one.Name)
		}
		if !slices.Equal(got, want) || len(ro.Totals) != out {
			t.Fatalf("list %d: got %q and the total rows %v, want %q and %d in\n%s%v\n%+v", n, got, ro.Totals, want, out, text, set, checked.Problems)
		}
		cards, totals = cards+len(got), totals+out
		if len(checked.Problems) == 0 || CountRefused(checked.Problems) == 0 {
			continue
		}
		var b bytes.Buffer
		if err := WriteProblems(&b, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&b, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range Check(again, rules).Completions { // the second of two equal rows alone: the register has its card
			if !slices.ContainsFunc(checked.Completions, func(first Completion) bool { return first.Learner() == one.Learner() }) {
				t.Errorf("list %d: %q of the refused rows would get a card of its own in\n%s", n, one.Name, text)
			}
		}
	}
	if cards < 1000 || totals < 100 {
		t.Errorf("got %d cards and %d totals, want many of each", cards, totals)
	}
}
