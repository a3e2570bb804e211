package roster

import (
	"fmt"
	"strings"
	"testing"
)

// A learner of whom a column says that the course was not passed gets no card, whatever the column is called.
func TestOverallResult(t *testing.T) {
	for _, c := range []struct {
		heading, cells string
		want           []string // problems; a text that begins with ? is in the question about the file
	}{
		{"Passed", "Yes|No", []string{"3 passed not_passed"}},
		{"Pass?", "Y|N|", []string{"3 passed not_passed", "4 passed missing_value"}},
		{"Pass/Fail", "P|F", []string{"3 passed not_passed"}},
		{"passed", "1|0", []string{"3 passed not_passed"}},
		{"Result", "Pass|Refer.", []string{"3 passed not_passed"}},
		{"Result", "Pass|not yet competent|NYC|absent", []string{"3 passed not_passed", "4 passed not_passed", "5 passed not_passed"}},
		{"Outcome", "Competent|NC", []string{"3 passed not_passed"}},
		{"Grade", "Distinction|-", []string{"3 passed not_passed"}},
		{"Certificate", "yes|no", []string{"3 passed not_passed"}},
		{"Zertifikat", "ja|nein", []string{"3 passed not_passed"}},
		{"Bestanden", "x|", []string{"3 passed missing_value"}},
		{"Ergebnis", "bestanden|nicht bestanden (Wdh.)", []string{"3 passed not_passed"}},
		{"Resultado final", "apto|no apto", []string{"3 passed not_passed"}},
		{"Superado", "sí|no", []string{"3 passed not_passed"}},
		{"Reçu", "oui|non", []string{"3 passed not_passed"}},
		{"Admis", "oui|non", []string{"3 passed not_passed"}},
		{"Zaliczone", "tak|nie", []string{"3 passed not_passed"}},
		{"Result", "pass|pass", nil},
		{"Points", "12|0", nil},
		{"Result", "pass|see notes", []string{`?"see notes" in row 3`}},
		{"Certificate", "-|-", []string{`?"-" in rows 2, 3`}},
		{"Did the learner pass?", "yes|no", []string{`?"no" in row 3`}},
		{"Course passed by", "yes|", []string{"?empty in row 3"}},
		{"Passed,Zertifikat", "yes,ja|yes,nein", []string{"?contradict each other: row 3"}},
		{"Passed,Zertifikat", "yes,ja|no,nein", []string{"3 passed not_passed"}},
		{"Retest needed", "no|yes", []string{`?"yes" in row 3`}},
		{"Not passed", "|x", []string{`?"x" in row 3`}},
		{"No show", "no|no", nil},
		{"Skills station 2", "yes|no", []string{`?"no" in row 3`}},
		{"Present on day 2", "yes|no", []string{`?"no" in row 3`}},
		{"Lunch,Certificate by post", "no,no|-,no", nil},
	} {
		text := rowsOf(c.heading, strings.Split(c.cells, "|")...)
		what := c.heading + " " + c.cells
		if len(c.want) == 1 && strings.HasPrefix(c.want[0], "?") {
			if file := refusal(t, text, testOptions()); !strings.Contains(file.Text, c.want[0][1:]) {
				t.Errorf("%s: got %q, want %q in it", what, file, c.want[0][1:])
			}
			continue
		}
		ro := mustRead(t, text)
		checked := Check(ro, testRules(t))
		want(t, what, refused(checked.Problems), c.want)
		if err := eachRowOnce(ro, checked); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What is proposed may be typed as it stands, and refuses the learner who failed.
func TestProposalsRefuseWhoFailed(t *testing.T) {
	text := rowsOf("Remark 1,Remark 2", "ok,ok", "failed,failed")
	file := refusal(t, text, testOptions())
	for _, want := range []string{`--map "Remark 1=passed"`, `--map "Remark 2=skills"`} {
		if !strings.Contains(file.Hint, want) {
			t.Errorf("got %q, want %q in it", file.Hint, want)
		}
	}
	o := testOptions()
	for _, column := range []string{ColumnPassed, ColumnSkills, ColumnScenario} {
		o.Columns = []string{"Remark 1=" + column, "Remark 2="}
		ro, err := Read(strings.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := Check(ro, testRules(t)).Completions; len(got) != 1 || got[0].Row != 2 {
			t.Errorf("%s: got %+v, want row 2 alone", column, got)
		}
	}
}

func TestLastDayIsThatOfCompletion(t *testing.T) {
	for _, c := range []struct {
		heading, cells string
		want           string // day of the completion; else what is said
	}{
		{"von,bis", "2026-11-05,2026-11-07", "2026-11-07"},
		{"Kurs von,Kurs bis", "05.11.2026,07.11.2026", "2026-11-07"},
		{"Start date,End date", "2026-11-05,2026-11-07", "2026-11-07"},
		{"inicio,fin", "2026-11-05,2026-11-07", "2026-11-07"},
		{"début,fin", "2026-11-05,2026-11-07", "2026-11-07"},
		{"od,do", "2026-11-05,2026-11-07", "2026-11-07"},
		{"geb. am", "1990-11-05", `--map "Heading=completed"`},
		{"Gültig bis,Date of birth,Kursbeginn", "2028-11-05,1990-01-02,2026-11-07", `--map "Heading=completed"`},
		{"Day 1,Day 2", "2026-11-05,2026-11-07", `Several headings may be it: "Day 1", "Day 2"`},
		{"Tag der Runde", "2026-11-07", `--map "Tag der Runde=completed"`},
		{"Datum,bis", "2026-11-05,2026-11-07", `--map "bis=completed" and --map "Datum="`},
		{"Datum,bis", "2026-11-07,2026-11-07", "2026-11-07"},
	} {
		text := "name,course," + c.heading + "\nAna Bela,TALK," + c.cells + "\n"
		ro, err := Read(strings.NewReader(text), testOptions())
		said := ""
		if err != nil {
			said = refusal(t, text, testOptions()).Hint
		} else {
			checked := Check(ro, testRules(t))
			said = first(checked.Problems).Remedy
			if len(checked.Completions) == 1 {
				said = checked.Completions[0].Completed.String()
			}
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: got %q, want %q", c.heading, said, c.want)
		}
	}
}

func TestAttendanceInWords(t *testing.T) {
	for _, c := range []struct {
		cells string
		want  []string
	}{
		{"Yes|No", []string{"3 attendance low_attendance"}},
		{"anwesend|abwesend|ja|nein", []string{"3 attendance low_attendance", "5 attendance low_attendance"}},
		{"✓|✗", []string{"3 attendance low_attendance"}},
		{"sí|ausente|", []string{"3 attendance low_attendance", "4 attendance missing_value"}},
		{"présent|tak|partly", []string{"4 attendance bad_number"}},
		{"100|yes", []string{"3 attendance bad_number"}},
	} {
		text := "name,learner_id,course,completed,score,skills,Attended\n"
		for i, one := range strings.Split(c.cells, "|") {
			text += fmt.Sprintf("Ana Bela,%d,BLS,2026-11-07,90,pass,%s\n", i, one)
		}
		want(t, c.cells, refused(Check(mustRead(t, text), testRules(t)).Problems), c.want)
	}
	o := testOptions()
	o.Columns, o.Set = []string{"Attended="}, []string{"attendance=100"}
	if file := refusal(t, rowsOf("Attended", "yes", "no"), o); !strings.Contains(file.Text, `"Attended", which is not to be read, has "no" in row 3`) {
		t.Errorf("got %q, want the learner named who was not there", file)
	}
	if _, err := Read(strings.NewReader(rowsOf("Attended", "yes", "yes")), o); err != nil {
		t.Errorf("got %v, want no question where all were there", err)
	}
	want(t, "not asked for", refused(Check(mustRead(t, rowsOf("Attended", "yes", "no")), testRules(t)).Problems), []string{"3 attendance low_attendance"})
}

func TestRemedyNamesTheScale(t *testing.T) {
	for heading, want := range map[string]string{
		"Nota (sobre 10)": `--map "Nota (sobre 10)=score/10"`, "Note /20": `--map "Note /20=score/20"`, "Punkte von 120": `=score/120"`, "Exam (out of 50)": `=score/50"`,
		"Nota": `may be per cent or out of another number. If they are per cent, say --map "Nota=score"; if they are out of 10, say --map "Nota=score/10"`,
		"Age":  `--map "Heading=score"`,
	} {
		if got := mustRead(t, rowsOf(heading, "8.5", "9")).howToGet(ColumnScore); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", heading, got, want)
		}
	}
}

func TestRemedyOfHugeMarks(t *testing.T) {
	text := rowsOf("Nota", strings.Split(strings.Repeat("90,", 9)+"5000", ",")...)
	if got := mustRead(t, text).howToGet(ColumnScore); !strings.Contains(got, "score/5000") {
		t.Errorf("got %q, want the largest mark as the full one", got)
	}
}

// The example of a column that is not read may be typed as it stands.
func TestExamplesLookLikeTheirColumn(t *testing.T) {
	for heading, want := range map[string]string{
		"DNI/NIE": `--map "DNI/NIE=learner_id"`, "Geburtsdatum": `--map "Heading=column"`, "Room": `--map "Heading=column"`, "Vegetarian": `--map "Heading=column"`,
		"Contact": `--map "Contact=email"`,
	} {
		cells := map[string]string{"Geburtsdatum": "1990-02-01", "Room": "12", "Vegetarian": "yes", "Contact": "ana@example.org", "DNI/NIE": "X1234567L"}
		for _, p := range Check(mustRead(t, rowsOf(heading, cells[heading])), testRules(t)).Problems {
			if p.Code == "unknown_column" && !strings.Contains(p.Remedy, want) {
				t.Errorf("%s: got %q, want %q in it", heading, p.Remedy, want)
			}
		}
	}
}

func TestInstructorIsLookedFor(t *testing.T) {
	for heading, want := range map[string]string{"Lead assessor": "Ruth Adeyemi", "Tutor": "Ruth Adeyemi", "Facilitator": "Ruth Adeyemi", "Lead trainer": "Ruth Adeyemi",
		"Instructor,Assessor": "Ruth Adeyemi", "Room": "", "Tutor,Assessor": ""} {
		cells := "Ruth Adeyemi" + strings.Repeat(",Bo Ek", strings.Count(heading, ","))
		checked := Check(mustRead(t, rowsOf(heading, cells)), testRules(t))
		if len(checked.Completions) != 1 || checked.Completions[0].Instructor != want {
			t.Errorf("%s: got %+v, want %q", heading, checked.Completions, want)
		}
		isTold := false
		for _, p := range checked.Problems {
			isTold = isTold || p.Code == "no_instructor"
		}
		if isTold != (want == "") {
			t.Errorf("%s: got told=%v that the cards name no instructor", heading, isTold)
		}
	}
}

func TestMessagesNameTheFilesOwnHeadings(t *testing.T) {
	for text, want := range map[string]string{
		"Nombre,Apellidos,course,completed\nAna,,TALK,2026-11-07\n":     `The row has nothing under "Apellidos".`,
		"name,Curso,completed\nAna Bela,,2026-11-07\n":                  `The row has nothing under "Curso".`,
		"first name,last name,course,completed\nAna,,TALK,2026-11-07\n": "The row has no last_name.",
	} {
		if got := first(Check(mustRead(t, text), testRules(t)).Problems).Message; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
