package roster

import (
	"strings"
	"testing"
)

// Wherever a word for failed stands in a cell, the learner gets no card without a question.
func TestFailureAnywhereInACell(t *testing.T) {
	for _, text := range []string{"Theorie bestanden, Praxis nicht bestanden", "Praxis nicht bestanden", "Praxis: nicht bestanden", "hat nicht bestanden", "leider nicht bestanden", "fehlt Tag 2", "storno",
		"Absage", "Test failed", "failed practical", "practical: failed", "skills - fail", "not yet passed", "did not attend day 2", "Did not complete", "DNF", "no apto en práctica", "práctica: no apto",
		"non acquis en pratique", "recalé", "absent J2", "egzamin niezdany", "nicht best.", "Praxis n.b.", "durchgef.", "didn't pass", "hat die Praxis nicht ganz bestanden", "Theorie bestanden; Praxis: nein",
		"n'a pas réussi", "erschien nicht", "ohne Erfolg", "nie zdał praktyki", "NYC", "incomplete", "skills incomplete", "no se presentó"} {
		if !isFailure(text) {
			t.Errorf("%q: got no failure, want one", text)
		}
		for _, title := range []string{"Bemerkung", "Info"} {
			if file := refusal(t, rowsOf(title, `"ok"`, `"`+text+`"`), testOptions()); !strings.Contains(file.Text, text) {
				t.Errorf("%s: got %q, want %q in it", title, file.Text, text)
			}
		}
		ro, err := Read(strings.NewReader(rowsOf("Ergebnis", `"bestanden"`, `"`+text+`"`)), testOptions())
		if err != nil {
			continue // a question
		}
		if got := Check(ro, testRules(t)).Completions; len(got) != 1 || got[0].Row != 2 {
			t.Errorf("Ergebnis %q: got %d completions, want row 2 alone", text, len(got))
		}
	}
	for _, text := range []string{"", "-", "bestanden", "passed", "nein", "no", "vegetarisch", "Late by 5 min", "No lunch", "keine", "Nonviolent", "arrivée à 9h", "referred by Dr. Best", "not yet paid", "Lunch: no",
		"Nüsse", "ninguna", "no fue necesario", "Zimmer 0", "N.B. allergic to nuts", "nie dotyczy", "sans gluten", "ohne Fleisch", "resit passed"} {
		if isFailure(text) {
			t.Errorf("%q: got a failure, want none", text)
		}
	}
}

// Below a heading that may be about passing, "no" and an empty cell beside words for passed are never passed over.
func TestVerdictHeadings(t *testing.T) {
	for _, title := range []string{"Status", "Final decision", "Successful", "Erfolgreich", "Approved", "Complete", "OK", "Aprobó", "Acta", "Absolviert", "Kurs absolviert", "Erschienen", "Freigabe", "Freigegeben",
		"Fertig", "Nachweis", "Diplôme", "Dyplom", "Issue card?", "Karte ausstellen", "Expedir tarjeta", "Competent", "Verdict"} {
		for _, no := range []string{"no", "nein", "-", "0", "F", "NYC", ""} {
			ro, err := Read(strings.NewReader(rowsOf(title, "ja", no)), testOptions())
			if err != nil {
				continue // a question
			}
			if got := Check(ro, testRules(t)).Completions; len(got) != 1 || got[0].Row != 2 {
				t.Errorf("%s %q: got %d completions, want row 2 alone", title, no, len(got))
			}
		}
	}
	if file := refusal(t, rowsOf("Status", "1", "0"), testOptions()); !strings.Contains(file.Text, `"0" in row 3`) {
		t.Errorf("got %q, want the 0 asked about", file.Text)
	}
	for _, text := range []string{rowsOf("Status", "single", "-", ""), rowsOf("Nachweis", "", ""), rowsOf("Status", "0", "12"), rowsOf("OK", "ja", "ja")} {
		if _, err := Read(strings.NewReader(text), testOptions()); err != nil {
			t.Errorf("%q: got %v, want no question", text, err)
		}
	}
}

func TestVerdictsWithoutAHeading(t *testing.T) {
	for _, no := range []string{"nein", "n.b.", "non"} {
		if file := refusal(t, rowsOf("class,", "A1,ja", "A1,"+no), testOptions()); !strings.Contains(file.Text, no) {
			t.Errorf("got %q, want %q in it", file.Text, no)
		}
	}
}

// A line above those who failed is a question about the whole file, however it is worded.
func TestSectionsInOtherWords(t *testing.T) {
	for _, line := range []string{"Folgende haben nicht bestanden:", "Needs to resit:", "Did not complete", "Teilnehmer ohne Erfolg", "Nachprüfung"} {
		text := rowsOf("class", "A1") + line + ",,,\nHana Igel,TALK,2026-11-07,A1\n"
		if file := refusal(t, text, testOptions()); !strings.Contains(file.Text, "learners stand below it") {
			t.Errorf("%s: got %q, want the question about the rows below", line, file.Text)
		}
	}
	text := rowsOf("class", "A1") + "Gruppe Nord:,,,\nHana Igel,TALK,2026-11-07,A1\n"
	if got := first(Check(mustRead(t, text), testRules(t)).Problems).Remedy; strings.HasPrefix(got, "Delete it") {
		t.Errorf("got %q, want the rows below named first", got)
	}
}

func TestDaysOfACourse(t *testing.T) {
	const head = "name,learner_id,course,completed,attendance,score,skills,"
	row := func(id, attendance, days string) string {
		return "Ana Bela," + id + ",BLS,2026-11-07," + attendance + ",90,pass," + days + "\n"
	}
	for _, c := range []struct{ titles, cells, want string }{
		{"Day 1,Day 2", "x,", `"Day 2", which is not read, is empty in row 3`},
		{"Tag 1,Tag 2", "x,-", `"Tag 2", which is not read, has "-" in row 3`},
		{"J1,J2", "oui,non", `"J2", which is not read, has "non" in row 3`},
		{"Día 1,Día 2", ",x", `"Día 1", which is not read, is empty in row 3`},
	} {
		text := head + c.titles + "\n" + row("1", "100", "x,x") + row("2", "100", c.cells)
		file := refusal(t, text, testOptions())
		if !strings.Contains(file.Text, c.want) || strings.Contains(file.Hint, "=attendance") || !strings.Contains(file.Hint, "attendance with the per cent") {
			t.Errorf("got %q, hint %q, want %q", file.Text, file.Hint, c.want)
		}
		o := testOptions()
		for _, title := range strings.Split(c.titles, ",") {
			o.Columns = append(o.Columns, title+"=")
		}
		if _, err := Read(strings.NewReader(text), o); err != nil {
			t.Errorf("%s: got %v, want no question once they are put aside", c.titles, err)
		}
	}
	for _, text := range []string{row("2", "50", "x,"), row("2", "100", "x,x")} {
		if _, err := Read(strings.NewReader(head+"Day 1,Day 2\n"+row("1", "100", "x,x")+text), testOptions()); err != nil {
			t.Errorf("got %v, want no question where the attendance says the same", err)
		}
	}
	o := testOptions()
	o.Columns = []string{"Day 1=attendance"}
	if file := refusal(t, "name,course,completed,Day 1,Day 2\nAna Bela,TALK,2026-11-07,x,x\nBo Cid,TALK,2026-11-07,x,no\n", o); !strings.Contains(file.Text, `"Day 2"`) {
		t.Errorf("got %q, want the other day asked about", file.Text)
	}
}

func TestProposalsFitTheirHeading(t *testing.T) {
	ro := mustRead(t, "name,course,completed,skills,Infant skills\nAna Bela,TALK,2026-11-07,pass,pass\nBo Cid,TALK,2026-11-07,pass,\n")
	if i, ok := ro.proposals("")[ColumnScenario]; ok {
		t.Errorf("got %q proposed as scenario", ro.Heading[i])
	}
	for _, title := range []string{"Rechnungsdatum", "Ausstellungsdatum", "Letzte Auffrischung", "Rechnung vom", "Anmeldung vom"} {
		ro := mustRead(t, "name,course,"+title+"\nAna Bela,TALK,2026-11-07\n")
		if got := ro.howToGet(ColumnCompleted); strings.Contains(got, title+"=completed") {
			t.Errorf("got %q, want no such day proposed", got)
		}
	}
}

func TestExamDayBesideADate(t *testing.T) {
	for _, title := range []string{"Exam date", "Prüfungstag", "final day", "Data egzaminu"} {
		if file := refusal(t, rowsOf(title, "2026-11-08"), testOptions()); !strings.Contains(file.Text, "the day of completion may stand under") {
			t.Errorf("%s: got %q, want the question about the day", title, file.Text)
		}
		if _, err := Read(strings.NewReader(rowsOf(title, "07.11.2026")), testOptions()); err != nil {
			t.Errorf("%s: got %v, want no question about the same day", title, err)
		}
	}
	ro := mustRead(t, "name,course,vom,bis\nAna Bela,TALK,2026-11-06,2026-11-07\n")
	if got := ro.cell(ro.Rows[0], ColumnCompleted); got != "2026-11-07" {
		t.Errorf("got %q, want the last day", got)
	}
}

func TestPutAsideWithEmptyCells(t *testing.T) {
	o := testOptions()
	o.Columns, o.Set = []string{"Attended="}, []string{"attendance=100"}
	if file := refusal(t, rowsOf("Attended", "yes", ""), o); !strings.Contains(file.Text, "is empty in row 3") {
		t.Errorf("got %q, want the empty cell asked about", file.Text)
	}
}

func TestUnaskedColumnWithoutAHeadingIsNamed(t *testing.T) {
	o := testOptions()
	o.Columns = []string{"column E=skills"}
	ro, err := Read(strings.NewReader(rowsOf("class,", "A1,failed")), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := first(Check(ro, testRules(t)).Problems).Message; !strings.Contains(got, `"column E (no heading)" says`) {
		t.Errorf("got %q, want the place named", got)
	}
}

func TestTotalOfParticipants(t *testing.T) {
	ro := mustRead(t, "no,last_name,first_name,course,completed,attendance\n1,Bela,Ana,TALK,2026-11-07,100\n,Teilnehmer gesamt:,,,,2\n")
	if len(ro.Rows) != 1 || len(ro.Totals) != 1 {
		t.Errorf("got %d rows and %d totals, want one each", len(ro.Rows), len(ro.Totals))
	}
}

func TestPolishWordsOfAnExamination(t *testing.T) {
	text := "name,learner_id,course,completed,Obecny,score,Egzamin praktyczny\nAna Bela,1,BLS,2026-11-07,tak,90,zdany\nAna Bela,2,BLS,2026-11-07,tak,90,zal.\nAna Bela,3,BLS,2026-11-07,tak,90,niezdany\n" +
		"Ana Bela,4,BLS,2026-11-07,nie,90,zdana\n"
	want(t, "Polish", refused(Check(mustRead(t, text), testRules(t)).Problems), []string{"4 skills skills_not_passed", "5 attendance low_attendance"})
}
