package roster

import (
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// A value for every row must not hide a column that has it for each.
func TestSetBesideAColumnThatHasTheValue(t *testing.T) {
	for _, c := range []struct{ name, heading, cells, set, want string }{
		{"another course", "completed,Kurstyp", "2026-11-07,Basic Life Support|2026-11-07,Talk", "course=TALK", `course is set to "TALK" in every row, and the column "Kurstyp"`},
		{"another course by code", "completed,Kurstyp", "2026-11-07,BLS", "course=TALK", `"Kurstyp"`},
		{"the same course", "completed,Kurstyp", "2026-11-07,TALK", "course=TALK", ""},
		{"no course", "completed,Room", "2026-11-07,North", "course=TALK", ""},
		{"another day", "course,Prüfungstag", "TALK,07.11.2026|TALK,05.11.2026", "completed=2026-11-07", `completed is set to "2026-11-07" in every row, and the column "Prüfungstag"`},
		{"the same day", "course,Prüfungstag", "TALK,07.11.2026", "completed=2026-11-07", ""},
		{"birthdays", "course,Geburtsdatum", "TALK,07.11.1990", "completed=2026-11-07", ""},
		{"the first day", "course,Start date", "TALK,06.11.2026", "completed=2026-11-07", ""},
		{"ticks for each day", "course,completed,Tag 1,Tag 2", "TALK,2026-11-07,x,x|TALK,2026-11-07,x,", "attendance=100", `attendance is set to "100" in every row, and the column "Tag 2"`},
		{"all were there", "course,completed,Tag 1", "TALK,2026-11-07,x|TALK,2026-11-07,x", "attendance=100", ""},
	} {
		text := "name," + c.heading + "\n"
		for i, cells := range strings.Split(c.cells, "|") {
			text += string(rune('A'+i)) + "na Bela," + cells + "\n"
		}
		_, err := Read(strings.NewReader(text), optionsWith(nil, []string{c.set}))
		wantQuestion(t, c.name, err, c.want, "--map")
	}
	for text, column := range map[string]string{"name,completed,Kurstyp\nAna,2026-11-07,BLS\n": ColumnCourse, "name,course,Prüfungstag\nAna,TALK,2026-11-07\n": ColumnCompleted} {
		ro, err := Read(strings.NewReader(text), optionsWith(nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := ro.howToGet(column); strings.Contains(got, "--set") || !strings.Contains(got, "="+column) {
			t.Errorf("%s: got %q, want the mapping, and no value for all rows", column, got)
		}
	}
}

func TestOtherSheets(t *testing.T) {
	read := sheet.Row{Line: 1, Cells: []string{"x", "y"}}
	for _, c := range []struct {
		name  string
		other sheet.Other
		want  string
		told  bool
	}{
		{"learners", sheet.Other{Name: "Di", Rows: []sheet.Row{read, {Line: 2, Cells: []string{"Bert Kappa", "BLS"}}}}, `the sheet "Di" too: look at its row 2`, true},
		{"a day", sheet.Other{Name: "Di", Rows: []sheet.Row{{Line: 4, Cells: []string{"Bert Kappa", "07.11.2026"}}}}, `look at its row 4`, true},
		{"an address", sheet.Other{Name: "Di", Rows: []sheet.Row{{Line: 4, Cells: []string{"Bert Kappa", "", "b@example.org"}}}}, `look at its row 4`, true},
		{"notes", sheet.Other{Name: "Notes", Rows: []sheet.Row{read}}, "", true},
		{"our own help", sheet.Other{Name: helpName, Rows: []sheet.Row{{Cells: helpHeading}, {Cells: []string{"course", "yes", "The code", "BLS"}}}}, "", false},
		{"learners on our own help", sheet.Other{Name: helpName, Rows: []sheet.Row{{Cells: helpHeading}, {Cells: []string{"Bert Kappa", "BLS"}}}}, `"How to fill in"`, false},
	} {
		table := tableOf(sheet.Look{}, "Name;Kurs;Datum", "Ana Bela;TALK;2026-11-07")
		table.Others = []sheet.Other{c.other}
		ro, err := readTable(t, table, testOptions())
		wantQuestion(t, c.name, err, c.want, `--sheet "S"`)
		if err != nil {
			continue
		}
		told := []string{}
		if c.told {
			told = []string{"0  unread_sheet"}
		}
		want(t, c.name, notices(Check(ro, testRules(t)).Problems), told)
	}
}

// A line in the list may say that those below it get no card.
func TestSections(t *testing.T) {
	const heading, ana, bert = "Name;Kurs;Datum;Praxis\n", "Ana Bela;TALK;07.11.2026;x\n", "Bert Cruz;TALK;07.11.2026;x\n"
	for _, c := range []struct{ line, below, want string }{
		{"Nicht bestanden:;;;", bert, `row 3 says "Nicht bestanden:", and learners stand below it`},
		{";Warteliste;;", bert, `row 3 says "Warteliste"`},
		{"Absent (2);;;", bert, "row 3"},
		{"Durchgefallene;1;;", bert, "row 3"},
		{"Nicht bestanden:;;;", "", ""},
		{"Nicht bestanden:;;;", "Signature: ____;;;\n", ""},
		{"Bestanden:;;;", bert, ""},
	} {
		_, err := Read(strings.NewReader(heading+ana+c.line+"\n"+c.below), testOptions())
		wantQuestion(t, c.line, err, c.want, "Take out the learners below it")
	}
}

func TestThePrintDateBelowAList(t *testing.T) {
	for text, rows := range map[string]int{"Erstellt am 07.11.2026": 1, "Printed: 2026-11-07 09:30": 1, "Stand: 7.11.26;;": 1, "Erstellt von Bert Cruz": 2, "Bert Cruz 07.11.2026": 2} {
		if got := len(mustRead(t, "Name;Kurs;Datum\nAna Bela;TALK;07.11.2026\n"+text+"\n").Rows); got != rows {
			t.Errorf("%s: got %d learners, want %d", text, got, rows)
		}
	}
}

func TestAColumnThatIsCalledProblem(t *testing.T) {
	const ours = "The row has no course. Fill the cell in."
	for _, c := range []struct{ name, text, want string }{
		{"the office's, with a failure", "name,Problem,course,completed\nAna Bela,nicht bestanden,TALK,2026-11-07\n", `"Problem" has "nicht bestanden"`},
		{"the office's, last", "name,course,completed,problem\nAna Bela,TALK,2026-11-07,nicht bestanden\n", `"problem" has "nicht bestanden"`},
		{"a failure written into ours", "name,course,completed,problem\nAna Bela,TALK,2026-11-07,nicht bestanden\nBela Cruz,TALK,2026-11-07," + ours + "\n", "nicht bestanden"},
		{"ours", "name,course,completed,problem\nAna Bela,TALK,2026-11-07," + ours + "\nBela Cruz,TALK,2026-11-07,\n", ""},
	} {
		ro, err := Read(strings.NewReader(c.text), testOptions())
		wantQuestion(t, c.name, err, c.want, "--map")
		if err == nil {
			want(t, c.name, notices(Check(ro, testRules(t)).Problems), nil)
		}
	}
}
