package roster

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

func TestReadKeepsCellsAndCountsRowsAsASpreadsheet(t *testing.T) {
	ro := mustRead(t, "\ufeff\r\nName, Learner ID ,course,completed,room\r\n\"Ana\r\nBela\", 7 ,BLS,2026-11-07,\"a \"\"b\"\"\"\r\n\r\n , ,,,\r\nCarl,8,BLS,2026-11-07,\r\n")
	if got, want := ro.Heading, []string{"Name", " Learner ID ", "course", "completed", "room"}; !reflect.DeepEqual(got, want) || ro.HeadingLine != 2 {
		t.Errorf("heading: got %q in row %d, want %q in row 2", got, ro.HeadingLine, want)
	}
	want := []sheet.Row{
		{Line: 3, Cells: []string{"Ana\r\nBela", " 7 ", "BLS", "2026-11-07", `a "b"`}},
		{Line: 6, Cells: []string{"Carl", "8", "BLS", "2026-11-07", ""}},
	}
	if !reflect.DeepEqual(ro.Rows, want) {
		t.Errorf("rows: got %+v, want %+v", ro.Rows, want)
	}
	if got, want := ro.cell(ro.Rows[0], ColumnLearnerID), "7"; got != want {
		t.Errorf("learner_id: got %q, want %q", got, want)
	}
}

func TestReadRefusesFiles(t *testing.T) {
	for _, c := range []struct{ name, data, text, hint string }{
		{"empty", "", "empty", ""},
		{"heading alone", "name,course,completed\n,,\n", "no learner", "row for each learner"},
		{"heading and total", "name,course,completed\nTotal,,\n", "no learner", "row for each learner"},
		{"no heading", "Ana Bela,BLS\nBela Cruz,BLS\n", `row 1 has "Ana Bela", "BLS"`, "name,email"},
		{"unknown heading", "Namme,Kkurs\nAna Bela,BLS\n", `row 1 has "Namme", "Kkurs"`, `--map "Kkurs=course"`},
		{"column twice", "name,course,Kurs,completed\nAna,BLS,BLS,2026-11-07\n", `"course" and "Kurs" both stand for course`, `--map "course=" or --map "Kurs="`},
		{"same heading twice", "name,course,Course,completed\nAna,BLS,BLS,2026-11-07\n", "both stand for course", "Rename"},
		{"table above", "name,course\nAna,BLS\nBela,BLS\n,\nName,Course,Score,Completed\nCarl,BLS,90,2026-11-07\nDora,BLS,90,2026-11-07\n", "above it: look at row 1", "one table"},
		{"learner above", "Ana Bela,ana@example.org,BLS\nname,email,course\nCarl,carl@example.org,BLS\n", "look at row 1", "one table"},
		{"first name alone", "Vorname,course\nAna,BLS\n", `the first name, under "Vorname"`, `--map "Vorname=name"`},
		{"last name alone", "Nazwisko,course\nAna,BLS\n", `the last name, under "Nazwisko"`, "first_name"},
	} {
		file := refusal(t, c.data, testOptions())
		if !strings.Contains(file.Error(), c.text) || !strings.Contains(file.Hint, c.hint) {
			t.Errorf("%s: got %q with the hint %q, want %q and %q in them", c.name, file, file.Hint, c.text, c.hint)
		}
	}
}

func TestRowsThatAreNotTakenApart(t *testing.T) {
	d, err := newDictionary(Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fromTable(&sheet.Table{Format: sheet.CSV, Rows: []sheet.Row{{Line: 1, Cells: []string{"name,course"}}, {Line: 2, Cells: []string{"Ana"}}}}, d)
	var file *FileError
	if !errors.As(err, &file) || !strings.Contains(file.Hint, "separators") {
		t.Errorf("got %v, want a hint at the separators", err)
	}
}

func TestReaderOfTablesSpeaksForItself(t *testing.T) {
	file := refusal(t, "%PDF-1.7", Options{})
	var table *sheet.Error
	if !errors.As(file, &table) || file.Error() != table.Error() || file.Hint != table.Hint {
		t.Errorf("got %q, want the error of the reader, said once", file)
	}
	if file := refusal(t, "name,course\nJ\xfcrgen,BLS\n", Options{Encoding: "latin-99"}); !strings.Contains(file.Error(), "latin-99") {
		t.Errorf("got %q, want the encoding named", file)
	}
}

func TestReadFile(t *testing.T) {
	if ro := mustReadFile(t, "clean.csv"); ro.Name != "clean.csv" || len(ro.Rows) != 24 {
		t.Errorf("got %q with %d rows, want clean.csv with 24", ro.Name, len(ro.Rows))
	}
	_, err := ReadFile(filepath.Join(t.TempDir(), "none.csv"), Options{})
	var file *FileError
	if !errors.As(err, &file) || !errors.Is(err, os.ErrNotExist) || file.Hint == "" {
		t.Errorf("got %v, want a *FileError about a missing file with a hint", err)
	}
	if _, err := ReadFile(t.TempDir(), Options{}); !errors.As(err, &file) {
		t.Errorf("a folder: got %v, want a *FileError", err)
	}
}

func TestHeadingRow(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"first row", "name,course,completed\nAna,BLS,2026-11-07\n", 1},
		{"title above", "BLS course,,\nInstructor,Ruth,\n\nName,Course,Date\nAna,BLS,2026-11-07\n", 4},
		{"title with two known words", "Course,BLS,Instructor,Ruth\nName,Course,Date,Score\nAna,BLS,2026-11-07,90\n", 2},
		{"address in the title", "Contact,office@example.org,\nName,Course,Date\nAna,BLS,2026-11-07\n", 2},
		{"one column", "name\nAna\n", 1},
		{"two columns, no name", "learner_id,score\n7,90\n", 1},
		{"again on the next page", "Name,Course,Date\nAna,BLS,2026-11-07\nName,Course,Date\nBela,BLS,2026-11-07\n", 1},
	} {
		if got := mustRead(t, c.text).HeadingLine; got != c.line {
			t.Errorf("%s: got row %d, want %d", c.name, got, c.line)
		}
	}
}

func TestMapping(t *testing.T) {
	const text = "No.,Who,E-mail,Exam %,Points,Remarks\n1,Ana Bela,ana@example.org,90,12,x\n"
	o := testOptions()
	o.Columns = []string{"who=name", "Points=Station 3", "Remarks="}
	o.Remembered = []string{"Who=class", "Not here=score"} // of another office, and gone over by Columns
	o.Set = []string{"course=OWN", "completed=2026-11-07", "score=100", "Knot test=pass"}
	if err := o.Validate(); err == nil {
		t.Error("a set of a column of the centre's own: got no error")
	}
	o.Set = o.Set[:3]
	ro, err := Read(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "mapping", ro.Mapping(), []string{"Who → name", "E-mail → email", "Exam % → score", "Points → Station 3", "course = OWN in every row", "completed = 2026-11-07 in every row"})
	checked := Check(ro, testRules(t))
	want(t, "notices", notices(checked.Problems), []string{"1 score unused_value"})
	want(t, "problems", refused(checked.Problems), []string{"0 Knot test missing_column [2]"})
}

// A column that a mapping would put aside may be the one that counts.
func TestMappingHidesNoColumn(t *testing.T) {
	for _, c := range []struct{ heading, mapping, hint string }{
		{"name,course,Exam %,Quiz", "Quiz=score", `--map "Exam %="`},
		{"name,course,score,Pre-test", "Pre-test=score", `--map "score="`},
		{"name,course,Pre-test,score", "Pre-test=score", `--map "score="`},
		{"name,course,Full name,x", "x=first_name", "name"},
	} {
		o := testOptions()
		o.Columns = []string{c.mapping}
		text := c.heading + "\nAna Bela,TALK,1,2\n"
		if file := refusal(t, text, o); !strings.Contains(file.Hint, c.hint) {
			t.Errorf("%s: got %q with the hint %q, want %q in it", c.heading, file, file.Hint, c.hint)
		}
	}
	o := testOptions()
	o.Columns = []string{"Pre-test=score", "score="}
	ro, err := Read(strings.NewReader("name,course,score,Pre-test\nAna,TALK,1,2\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "mapping", ro.Mapping(), []string{"name → name", "course → course", "Pre-test → score"})
}

func TestOptionsAreRefused(t *testing.T) {
	for _, c := range []struct {
		o            Options
		field, named string
	}{
		{Options{Columns: []string{"A=name", "Exam %=skore"}}, "Columns", "skore"},
		{Options{Columns: []string{"Exam"}}, "Columns", `"Exam"`},
		{Options{Columns: []string{"=name"}}, "Columns", `"=name"`},
		{Options{Columns: []string{"A=name", "a =email"}}, "Columns", `"a =email"`},
		{Options{Remembered: []string{"A=nobody"}}, "Remembered", "nobody"},
		{Options{DateOrder: "ydm"}, "DateOrder", "ydm"},
		{Options{NameOrder: "last"}, "NameOrder", "last"},
		{Options{Set: []string{"middle_name=Ana"}}, "Set", "middle_name=Ana"},
		{Options{Set: []string{"name=Ana"}}, "Set", "name=Ana"},
		{Options{Set: []string{"course"}}, "Set", `"course"`},
		{Options{Set: []string{"course=BLS", "Course=FA"}}, "Set", "Course=FA"},
		{Options{Set: []string{"colour=red"}}, "Set", "colour=red"},
	} {
		var option *OptionError
		if err := c.o.Validate(); !errors.As(err, &option) || option.Field != c.field || !strings.Contains(option.Text, c.named) || option.Hint == "" {
			t.Errorf("%+v: got %+v, want one about %s that names %s", c.o, option, c.field, c.named)
		}
		refusal(t, "name\nAna\n", c.o)
	}
	file := refusal(t, "name,course\nAna,BLS\n", Options{Columns: []string{"Exam %=score"}})
	if !strings.Contains(file.Text, `"Exam %"`) || !strings.Contains(file.Hint, `"name", "course"`) {
		t.Errorf("got %q and %q, want the heading named and those of the file", file, file.Hint)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, text string
		columns    []string
		want       string // of the last row
		refused    string // in the error's hint
	}{
		{"German", "Name,Vorname\nMüller,Jürgen\n", nil, "Jürgen Müller", ""},
		{"French", "Nom,Prénom\nCôté,Zoé\n", nil, "Zoé Côté", ""},
		{"Spanish", "Nombre,Apellidos\nJosé,García Márquez\n", nil, "José García Márquez", ""},
		{"Polish", "Nazwisko,Imię\nŻółć,Łukasz\n", nil, "Łukasz Żółć", ""},
		{"full name", "Imię i nazwisko,x\nŁukasz Żółć,\n", nil, "Łukasz Żółć", ""},
		{"name alone", "Nom,x\nZoé Côté,\n", nil, "Zoé Côté", ""},
		{"name holds the first name", "Name,Vorname\nMüller,Jürgen\nZoé Côté,Zoé\n", nil, "", `--map "Name=name" if it holds the whole name, or --map "Name=last_name"`},
		{"name holds the last name", "Nombre,Apellidos\nJosé García,García\n", nil, "", `--map "Nombre=first_name"`},
		{"said to be whole", "Name,Vorname\nZoé Côté,Zoé\n", []string{"Name=name"}, "Zoé Côté", ""},
		{"said to be the last", "Name,Vorname\nMartin,Martin\n", []string{"Name=last_name"}, "Martin Martin", ""},
		{"all three agree", "Name,First name,Last name\n\"Côté, Zoé\",Zoé,Côté\n", nil, "Zoé Côté", ""},
		{"all three differ", "Name,First name,Last name\nZoé M Côté,Zoé,Côté\n", nil, "", `--map "Name=name" if this column is the name, or --map "Name="`},
		{"three, one taken out", "Name,First name,Last name\nZoé M Côté,Zoé,Côté\n", []string{"Name="}, "Zoé Côté", ""},
		{"whole and a part of it", "Full name,First name\nZoé Côté,Zoé\n", nil, "Zoé Côté", ""},
		{"whole and another", "Full name,First name\nZoé Côté,Ana\n", nil, "", "--map"},
		{"two names and a part", "Full name,Name,Vorname\nZoé Côté,Côté,Zoé\n", nil, "Zoé Côté", ""},
		{"a word that is no last name", "Participant,First name\nP-7,Zoé\n", nil, "", `--map "Participant=name"`},
		{"two names", "Full name,Participant\nZoé Côté,7\n", nil, "", `--map "Full name="`},
		{"whole and part said", "A,B\nZoé Côté,Zoé\n", []string{"A=name", "B=first_name"}, "", "but not both"},
		{"one name only", "First name,Last name\nSukarno,-\n", nil, "Sukarno", ""},
	} {
		text := strings.ReplaceAll(strings.ReplaceAll(c.text, "\n", ",TALK,2026-11-07\n"), ",TALK,2026-11-07\n", "\x00")
		lines := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
		text = lines[0] + ",course,completed\n" + strings.Join(lines[1:], ",TALK,2026-11-07\n") + ",TALK,2026-11-07\n"
		o := testOptions()
		o.Columns = c.columns
		if c.refused != "" {
			if file := refusal(t, text, o); !strings.Contains(file.Hint, c.refused) {
				t.Errorf("%s: got %q with the hint %q, want %q", c.name, file, file.Hint, c.refused)
			}
			continue
		}
		ro, err := Read(strings.NewReader(text), o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checked := Check(ro, testRules(t))
		if n := len(checked.Completions); n == 0 || checked.Completions[n-1].Name != c.want {
			t.Errorf("%s: got %+v and %+v, want %q", c.name, checked.Completions, checked.Problems, c.want)
		}
	}
}

func TestPartsOfNames(t *testing.T) {
	text := "First name,Last name,course,completed\nAna,,TALK,2026-11-07\n,Bela,TALK,2026-11-07\n,,TALK,2026-11-07\n-,-,TALK,2026-11-07\n=A,Bela,TALK,2026-11-07\nAna,M?ller,TALK,2026-11-07\n"
	want(t, "problems", refused(Check(mustRead(t, text), testRules(t)).Problems), []string{"2 last_name missing_value", "3 first_name missing_value", "4 name missing_value",
		"5 name bad_character", "6 first_name bad_character", "7 last_name mojibake"})
}

func TestHiddenRows(t *testing.T) {
	d, err := newDictionary(testOptions())
	if err != nil {
		t.Fatal(err)
	}
	ro, err := fromTable(&sheet.Table{Format: sheet.XLSX, Rows: []sheet.Row{{Line: 1, Cells: []string{"name", "course", "completed", "class"}},
		{Line: 2, Cells: []string{"Ana Bela", "TALK", "2026-11-07"}, Hidden: true}, {Line: 3, Cells: []string{"TRUE", "TALK", "2026-11-07"}, Kinds: []sheet.Kind{sheet.Bool, 0, 0}}}}, d)
	if err != nil {
		t.Fatal(err)
	}
	checked := Check(ro, testRules(t))
	want(t, "notices", notices(checked.Problems), []string{"2  hidden_row"})
	want(t, "problems", refused(checked.Problems), []string{"3 name bad_character"})
}

// Whatever bytes come, Read ends with a roster that can be checked and written, or with our kind of error. What it writes
// reads back as the same cells.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"bad.csv", "clean.csv", "office-export.csv", "als2.xlsx"} {
		f.Add([]byte(read(f, name)))
	}
	for _, seed := range []string{"", "name\n", "\ufeffname,course,completed\n\"a\nb\",BLS,2026-11-07,\n\n,,\n", "name;x\n", "name,problem\na,b,c\n", "course\n\"", "name,name\n",
		"Name,Vorname,Kurs\nA,B,BLS\n", "title\n\nname,course\nTotal,\n"} {
		f.Add([]byte(seed))
	}
	rules, o := testRules(f), testOptions()
	f.Fuzz(func(t *testing.T, data []byte) {
		ro, err := Read(bytes.NewReader(data), o)
		if err != nil {
			var file *FileError
			if !errors.As(err, &file) || file.Hint == "" {
				t.Fatalf("got %v, want a *FileError with a hint", err)
			}
			return
		}
		checked := Check(ro, rules)
		if err := eachRowOnce(ro, checked); err != nil {
			t.Fatal(err)
		}
		if CountRefused(checked.Problems) == 0 {
			return // nothing is written then, and a heading alone is no roster
		}
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
		var refused *FileError
		if err := comesBack(ro, checked, out.Bytes()); err != nil && !errors.As(err, &refused) { // it may be refused as a whole, but loses nothing
			t.Fatal(err)
		}
		if err := WriteProblemsWorkbook(&bytes.Buffer{}, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
	})
}
