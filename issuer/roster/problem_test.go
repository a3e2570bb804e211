package roster

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

func TestWriteProblems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"own columns", "\ufeffname,course,completed,Own,x\n=1,TALK,2026-11-07,\" x\",\nAna,TALK,2026-11-07,=2,\n",
			"\ufeffname,course,completed,Own,x,problem\n'=1,TALK,2026-11-07, x,,MESSAGE\n"},
		{"an earlier round", "name,course,completed,Own,problem\n=1,TALK,2026-11-07,y,Old text. Mend it.\nAna,TALK,2026-11-07,,\n",
			"\ufeffname,course,completed,Own,problem\n'=1,TALK,2026-11-07,y,MESSAGE\n"},
		{"an earlier round, and a remark", "name,course,completed,problem\n=1,TALK,2026-11-07,Old text. Mend it.\nAna,TALK,2026-11-07,mended\n",
			"\ufeffname,course,completed,problem,problem\n'=1,TALK,2026-11-07,Old text. Mend it.,MESSAGE\n"},
		{"the office's own", "name,course,completed,Problem,Own\n=1,TALK,2026-11-07,none,y\nAna,TALK,2026-11-07,,\n",
			"\ufeffname,course,completed,Problem,Own,problem\n'=1,TALK,2026-11-07,none,y,MESSAGE\n"},
		{"no heading", "name,course,completed,\n=1,TALK,2026-11-07,\nAna,TALK,2026-11-07,kept\n=2,TALK,2026-11-07,kept\n",
			"\ufeffname,course,completed,,problem\n'=1,TALK,2026-11-07,,MESSAGE\n'=2,TALK,2026-11-07,kept,MESSAGE\n"},
		{"semicolons, a title, a total", "Our list;;;\n\nname;course;completed;score\n=1;TALK;2026-11-07;90\nAna;TALK;2026-11-07;90\nTotal;;;2\n",
			"\ufeffname;course;completed;score;problem\n'=1;TALK;2026-11-07;90;MESSAGE\n"},
		{"spare columns", "name,course,completed,,\n=1,TALK,2026-11-07,,\n", "\ufeffname,course,completed,problem,\n'=1,TALK,2026-11-07,MESSAGE,\n"},
	} {
		ro := mustRead(t, c.text)
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, Check(ro, testRules(t)).Problems); err != nil {
			t.Fatal(err)
		}
		const message = `"name: The text begins with '=', which a spreadsheet takes for a formula. Write it without."` // a comma is quoted whatever the delimiter
		if got, want := out.String(), strings.ReplaceAll(c.want, "MESSAGE", message); got != want {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

// A spreadsheet opens the file by a double click: no tabs, and semicolons where it was seen that these are usual.
func TestDialectOfProblems(t *testing.T) {
	const heading, row = "name,course,completed,score,Own\n", "=1,TALK,2026-11-07,SCORE,\"a,b;c\td\"\n"
	for _, c := range []struct{ delimiter, score, want string }{
		{",", "91.5", ","}, {",", "\"91,5\"", ";"}, {",", "\"91,25 %\"", ";"}, {",", "\"1,250\"", ","}, {";", "91.5", ";"}, {";", "91,5", ";"},
		{"\t", "91.5", ","}, {"\t", "91,5", ";"}, {"|", "91", ","},
	} {
		text := strings.NewReplacer(",", c.delimiter, "a,b;c\td", "a,b;c\td", "SCORE", c.score).Replace(heading + row)
		ro := mustRead(t, text)
		checked := Check(ro, testRules(t))
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
		if got, want := out.String(), "\ufeff"+strings.ReplaceAll(heading[:len(heading)-1], ",", c.want)+c.want+"problem\n"; !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q at its beginning", text, got, want)
		}
		if err := comesBack(ro, checked, out.Bytes()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	book := mustReadFile(t, "als2.xlsx")
	book.Rows[0].Cells[0] = "91,5"
	var out bytes.Buffer
	if err := WriteProblems(&out, book, nil); err != nil || !strings.Contains(out.String(), ";problem\n") {
		t.Errorf("got %q and %v, want semicolons", out.String(), err)
	}
}

// The numbers of rows in the file of refused rows are those of the roster, and say so.
func TestProblemsNameTheRostersRows(t *testing.T) {
	for text, want := range map[string]string{
		"This is the learner, course and day of row 2.":      "This is the learner, course and day of row 2 of list.csv. Do.",
		"Rows 2 and 5 have the same address.":                "Rows 2 and 5 of list.csv have the same address. Do.",
		"They stand in rows 2, 3, 4, which differ in score.": "They stand in rows 2, 3, 4 of list.csv, which differ in score. Do.",
		"It has x in rows 1, 2 and 3 more.":                  "It has x in rows 1, 2 and 3 more of list.csv. Do.",
		"The row has 4 cells.":                               "The row has 4 cells. Do.",
	} {
		if got := (Problem{Message: text, Remedy: "Do."}).textInRow("list.csv"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	ro := mustRead(t, "name,course,completed\nAna,TALK,2026-11-07\nAna,TALK,2026-11-07\n")
	ro.Name = "list.csv"
	var out bytes.Buffer
	if err := WriteProblems(&out, ro, Check(ro, testRules(t)).Problems); err != nil || !strings.Contains(out.String(), "day of row 2 of list.csv.") {
		t.Errorf("got %q and %v, want the roster's name", out.String(), err)
	}
}

// A row whose cells do not fit the heading must not fit it by being written.
func TestRaggedRowsStayRagged(t *testing.T) {
	text := "name,course,completed,class,learner_id\n" + strings.Repeat("Ana,TALK,2026-11-07,C,L\n", 5) + "Bela,TALK,2026-11-07,C\nCarl,TALK,2026-11-07,C,L,x\nDora,TALK,2026-11-07\n"
	for round := range 3 {
		ro := mustRead(t, text)
		checked := Check(ro, testRules(t))
		var ragged []string
		for _, p := range checked.Problems {
			if p.Code == "ragged_row" {
				ragged = append(ragged, p.Code)
			}
		}
		want(t, "ragged", ragged, []string{"ragged_row", "ragged_row", "ragged_row"})
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(out.String(), "\n")
		text = lines[0] + strings.Repeat("Ana,TALK,2026-11-07,C,L,\n", 5) + strings.Join(lines[len(lines)-4:], "")
		if strings.Count(text, raggedText) != 3 {
			t.Fatalf("round %d: got %q, want each problem once", round, text)
		}
	}
}

func TestWriteProblemsWorkbook(t *testing.T) {
	ro := mustReadFile(t, "als2.xlsx")
	problems := []Problem{{Row: 6, Rows: []int{9}, Code: "ratio_exceeded", Message: "Too many.", Remedy: "Name a second instructor."}, {Row: 7, Code: "x", Severity: Notice}}
	var out bytes.Buffer
	if err := WriteProblemsWorkbook(&out, ro, problems); err != nil {
		t.Fatal(err)
	}
	back, err := Read(&out, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Rows) != 2 || back.HeadingLine != 1 {
		t.Fatalf("got %d rows below row %d, want the 2 refused ones below the heading in row 1", len(back.Rows), back.HeadingLine)
	}
	for i, from := range []int{1, 4} {
		for j, cell := range ro.Rows[from].Cells {
			if got := back.Rows[i].Cells[j]; got != cell {
				t.Errorf("row %d, cell %d: got %q, want %q", i, j, got, cell)
			}
		}
		if got, want := at(back.Rows[i], back.problem), "Too many. Name a second instructor."; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := back.kind(back.Rows[i], ColumnCompleted); got != sheet.Date {
			t.Errorf("completed: got the kind %d, want a date", got)
		}
	}
	want(t, "problems", refused(Check(back, testRules(t)).Problems), nil)
	var text bytes.Buffer
	if err := WriteProblems(&text, ro, problems); err != nil {
		t.Fatal(err)
	}
	want(t, "problems of the text", refused(Check(mustRead(t, text.String()), testRules(t)).Problems), nil)
}

func TestSortAndCount(t *testing.T) {
	problems := []Problem{{Row: 3, Code: "a"}, {Row: 3, Column: ColumnScore, Code: "b"}, {Row: 3, Column: ColumnName, Code: "c"}, {Row: 0, Rows: []int{4, 5}, Code: "d"},
		{Row: 2, Code: "e", Severity: Notice}, {Row: 5, Column: "Own", Code: "f"}}
	SortProblems(problems)
	var order []string
	for _, p := range problems {
		order = append(order, p.Code)
	}
	want(t, "order", order, []string{"d", "e", "c", "b", "a", "f"})
	if got, want := CountRefused(problems), 3; got != want {
		t.Errorf("got %d rows refused, want %d", got, want)
	}
}
