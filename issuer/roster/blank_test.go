package roster

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

const (
	talkHeading = ";Kurs;Datum"
	talkCells   = ";TALK;07.11.2026"
)

func optionsWith(columns, set []string) Options {
	o := testOptions()
	o.Columns, o.Set = columns, set
	o.Titles = []string{"Basic Life Support", "Talk"}
	return o
}

// tableOf is a workbook's table; its rows are the lines from 1 on.
func tableOf(look sheet.Look, rows ...string) *sheet.Table {
	t := &sheet.Table{Format: sheet.XLSX, Sheet: "S", Look: look}
	for i, row := range rows {
		t.Rows = append(t.Rows, sheet.Row{Line: i + 1, Cells: strings.Split(row, ";")})
	}
	return t
}

func readTable(t testing.TB, table *sheet.Table, o Options) (*Roster, error) {
	t.Helper()
	d, err := newDictionary(o)
	if err != nil {
		t.Fatal(err)
	}
	return fromTable(table, d)
}

// wantQuestion wants a *FileError with a text and a hint in it; or, where no text is wanted, none.
func wantQuestion(t testing.TB, name string, err error, text, hint string) {
	t.Helper()
	var file *FileError
	switch {
	case text == "" && err != nil:
		t.Errorf("%s: got %v, want no question", name, err)
	case text != "" && (!errors.As(err, &file) || !strings.Contains(file.Text, text) || !strings.Contains(file.Hint, hint)):
		t.Errorf("%s: got %+v, want a question with %q and %q", name, err, text, hint)
	}
}

func TestColumnsWithoutHeading(t *testing.T) {
	for _, c := range []struct {
		name, text string
		columns    []string
		want, hint string
	}{
		{"beside the name", "Name;" + talkHeading + "\nMüller;Jürgen" + talkCells + "\n", nil, `column B has no heading and stands beside the names under "Name"`, `--map "column B=first_name"`},
		{"before the name", ";Name" + talkHeading + "\nJürgen;Müller" + talkCells + "\n", nil, `column A has no heading`, `--map "column A="`},
		{"beside the first name", "Vorname;Nachname;" + talkHeading + "\nAna;Bela;Cruz" + talkCells + "\n", nil, `column C has no heading`, `--map "column C=middle_name"`},
		{"said to be a name", "Name;" + talkHeading + "\nMüller;Jürgen" + talkCells + "\n", []string{"column B=first_name"}, "", ""},
		{"said to be nothing", "Name;" + talkHeading + "\nMüller;Jürgen" + talkCells + "\n", []string{"Column B (no heading)="}, "", ""},
		{"a name that is there", "Name;" + talkHeading + "\nJürgen Müller;Jürgen" + talkCells + "\n", nil, "", ""},
		{"the rows counted", ";Name" + talkHeading + "\n1;Ana Bela" + talkCells + "\n2;Bela Cruz" + talkCells + "\n", nil, "", ""},
		{"failed", "Name" + talkHeading + ";\nAna Bela" + talkCells + ";nicht bestanden\n", nil, `the column "column D (no heading)" has "nicht bestanden" in row 2`, `--map "column D (no heading)="`},
		{"failed, and said to be nothing", "Name" + talkHeading + ";\nAna Bela" + talkCells + ";nicht bestanden\n", []string{"column D="}, "", ""},
		{"a place that has a heading", "Name" + talkHeading + "\nAna Bela" + talkCells + "\n", []string{"column B="}, `no heading "column B"`, "Its headings are"},
		{"a place beyond the heading", "Name" + talkHeading + "\nAna Bela" + talkCells + "\n", []string{"column Z="}, `no heading "column Z"`, "Its headings are"},
	} {
		_, err := Read(strings.NewReader(c.text), optionsWith(c.columns, nil))
		wantQuestion(t, c.name, err, c.want, c.hint)
	}
	ro, err := Read(strings.NewReader("Name;"+talkHeading+"\nMüller;Jürgen"+talkCells+"\n"), optionsWith([]string{"column B=first_name"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if checked := Check(ro, testRules(t)); len(checked.Completions) != 1 || checked.Completions[0].Name != "Jürgen Müller" {
		t.Errorf("got %+v, want Jürgen Müller", checked)
	}
	if got := strings.Join(ro.Mapping(), "; "); !strings.Contains(got, "column B (no heading) → first_name") {
		t.Errorf("got %q, want the place named", got)
	}
	checked := Check(mustRead(t, "Name"+talkHeading+";\nAna Bela"+talkCells+";blue\n"), testRules(t))
	want(t, "notices", notices(checked.Problems), []string{"1  unknown_column"})
	if got := first(checked.Problems).Value; got != "column D (no heading)" {
		t.Errorf("got %q, want the place named", got)
	}
	// A mapping from config.yaml is for headings: another file has another column in the place.
	o := testOptions()
	o.Remembered = []string{"column B="}
	refusal(t, "Name;"+talkHeading+"\nMüller;Jürgen"+talkCells+"\n", o)
}

func TestColumnsWithoutHeadingInAWorkbook(t *testing.T) {
	over := func(from, to int) sheet.Look {
		return sheet.Look{Merged: []sheet.Block{{FirstLine: 1, LastLine: 1, FirstPlace: from, LastPlace: to}}}
	}
	for _, c := range []struct {
		name, want, hint string
		table            *sheet.Table
		columns          []string
	}{
		{"merged", `column B has no heading and stands below the heading "Name" too`, `--map "column B=first_name"`, tableOf(over(0, 1), "Name;;Kurs;Datum", "Müller;Jürgen;TALK;2026-11-07"), nil},
		{"merged over marks", `column E has no heading and stands below the heading "Praxis" too, and is not read: row 2 has "x"`, `--map "column E="`,
			tableOf(over(3, 4), "Name;Kurs;Datum;Praxis", "Ana Bela;TALK;2026-11-07;;x"), nil},
		{"merged over what is not read", "", "", tableOf(over(3, 4), "Name;Kurs;Datum;Adresse", "Ana Bela;TALK;2026-11-07;Main Road;12"), nil},
		{"beyond the heading", `"column D (no heading)" has "nicht bestanden" in row 2`, "--map", tableOf(sheet.Look{}, "Name;Kurs;Datum", "Ana Bela;TALK;2026-11-07;nicht bestanden", "Bela Cruz;TALK;2026-11-07"), nil},
		{"beyond the heading, settled", "", "", tableOf(sheet.Look{}, "Name;Kurs;Datum", "Ana Bela;TALK;2026-11-07;nicht bestanden"), []string{"column D="}},
	} {
		_, err := readTable(t, c.table, optionsWith(c.columns, nil))
		wantQuestion(t, c.name, err, c.want, c.hint)
	}
	ro, err := readTable(t, tableOf(sheet.Look{}, "Name;Kurs;Datum", "=1;TALK;2026-11-07;;kept", "=2;TALK;2026-11-07;too"), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteProblems(&out, ro, Check(ro, testRules(t)).Problems); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Name,Kurs,Datum,,,problem\n", "2026-11-07,,kept,", "2026-11-07,too,,"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("got %q, want %q in it: no cell of the office's is lost", out.String(), part)
		}
	}
}

// One unquoted comma in a row whose last columns are empty gives as many cells as the heading has, and all of them in the wrong place.
func TestRowsOfAnotherWidth(t *testing.T) {
	const rest = ",TALK,2026-11-07,"
	for _, c := range []struct {
		text string
		want []string
	}{
		{"name,course,completed,class\nAna" + rest + "C\nMüller, Jürgen" + rest + "\n", []string{"3  ragged_row"}},
		{"course,completed,Remarks,name,class\nTALK,2026-11-07,late, sick,Ana Bela,\nTALK,2026-11-07,,Bela Cruz,C\n", []string{"2  ragged_row"}},
		{"course,completed,name,class\nTALK,2026-11-07,Müller, Jürgen,\nTALK,2026-11-07,Bela Cruz,,\nTALK,2026-11-07,Carl Dorn,C,\n", nil},
		{"course,completed,name\nTALK,2026-11-07,Müller,\nTALK,2026-11-07,Bela Cruz,\n", nil},
		{"course,completed,name\nTALK,2026-11-07,Müller,\nTALK,2026-11-07,Bela Cruz,\nTALK,2026-11-07,Carl Dorn,,\n", []string{"4  ragged_row"}},
		{"course,completed,name\nTALK,2026-11-07,Müller,\nTALK,2026-11-07,Carl Dorn,,\n", []string{"2  ragged_row", "3  ragged_row"}},
	} {
		want(t, c.text, refused(Check(mustRead(t, c.text), testRules(t)).Problems), c.want)
	}
	// A spreadsheet makes all rows of the file of refused rows as wide as the heading.
	padded := "name,course,completed,class,problem\nBela,TALK,2026-11-07,\"The row has 3 cells where the heading has 4. Look for a missing or an unquoted separator.\",\n"
	want(t, "padded", refused(Check(mustRead(t, padded), testRules(t)).Problems), []string{"2  ragged_row"})
}

func TestCorrectionsOfAnotherWidth(t *testing.T) {
	any, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	number := any.String()
	for text, want := range map[string]string{
		"number,name\n" + number + ",Müller, Jürgen\n":                         "ragged_row",
		"number,name,\n" + number + ",Müller, Jürgen\n":                        "ragged_row",
		"number,name,instructor\n" + number + ",Ida Dos\n":                     "ragged_row",
		"number,name,Remarks\n" + number + ",Ida Dos,late\n":                   "",
		"number,name,Remarks\n" + number + ",\"Ida Dos\",\n":                   "",
		"number,name,Remarks,instructor\n" + number + ",Ida Dos,a, Ruth Abt\n": "",
	} {
		c, err := ReadCorrections(writeFile(t, text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(c.Problems) > 0 {
			got = c.Problems[0].Code
		}
		if got != want || (want == "") != (len(c.Rows) == 1) {
			t.Errorf("%q: got %+v and %+v, want %q", text, c.Rows, c.Problems, want)
		}
	}
}

func TestPartsThatMayBeNoNames(t *testing.T) {
	const rest = ",TALK,2026-11-07\n"
	for _, c := range []struct{ heading, cells, want, question string }{
		{"first_name,last_name,MI", "Anna,Gamma,J.", "Anna J. Gamma", ""},
		{"first_name,last_name,MI", "Anna,Gamma,", "Anna Gamma", ""},
		{"first_name,last_name,MI", "Anna,Gamma,x", "", `the column "MI" may be a part of the name`},
		{"first_name,last_name,Mo,Di,Mi,Do,Fr", "Anna,Gamma,x,x,x,x,x", "Anna Gamma", ""},
		{"first_name,last_name,L,M,Mi,J,V", "Anna,Gamma,X,X,X,X,X", "Anna Gamma", ""},
		{"first_name,last_name,Mo,Mi", "Anna,Gamma,x,nicht bestanden", "", `the column "Mi" has "nicht bestanden"`},
		{"first_name,last_name,middle_name", "Anna,Gamma,x", "name_parts", ""},
		{"first_name,last_name,middle_name", "Anna,Gamma,X", "name_parts", ""},
		{"first_name,last_name,middle_name", "Anna,Gamma,Ja", "name_parts", ""},
		{"first_name,last_name,middle_name", "Anna,Gamma,X.", "Anna X. Gamma", ""},
		{"first_name,last_name,middle_name", "Anna,Gamma,J", "Anna J Gamma", ""},
		{"first_name,last_name,name_suffix", "Anna,Gamma,ok", "name_parts", ""},
		{"first_name,last_name", "ja,Gamma", "name_parts", ""},
		{"first_name,last_name", "Si,No", "Si No", ""},
		{"Nom,Nom d'usage,Prénom", "Roy,,Zoé", "Zoé Roy", ""},
		{"Nom,Nom d'usage,Prénom", "Dupont,Martin,Léa", "Léa Martin", ""},
		{"Nom de naissance,Nom d'usage,Prénom", "Roy,,Zoé", "Zoé Roy", ""},
		{"Nom de naissance,Nom d'usage,Prénom", ",,Zoé", "missing_value", ""},
		{"Nom,Nom de famille,Prénom", "Dupont,Martin,Léa", "", "contradict each other"},
		{"first_name,last_name,name_prefix", "José,Gasset,y", "José y Gasset", ""},
	} {
		ro, err := Read(strings.NewReader(c.heading+",course,completed\n"+c.cells+rest), testOptions())
		wantQuestion(t, c.heading+" "+c.cells, err, c.question, "--map")
		if err != nil {
			continue
		}
		got := ""
		checked := Check(ro, testRules(t))
		if len(checked.Completions) > 0 {
			got = checked.Completions[0].Name
		} else if len(checked.Problems) > 0 {
			got = first(checked.Problems).Code
		}
		if got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.heading, c.cells, got, c.want)
		}
	}
}
