package roster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestBadRoster(t *testing.T) {
	ro := mustReadFile(t, "bad.csv")
	var all []struct {
		Row          int
		Column, Code string
	}
	if err := json.Unmarshal([]byte(read(t, "bad.expected.json")), &all); err != nil {
		t.Fatal(err)
	}
	var expected []string
	for _, f := range all {
		if f.Code != "prerequisite_missing" { // the register says so
			expected = append(expected, fmt.Sprintf("%d %s %s", f.Row, f.Column, f.Code))
		}
	}
	if len(expected) < 16 {
		t.Fatalf("got %d expected findings, want all that the roster has", len(expected))
	}
	checked := Check(ro, testRules(t))
	want(t, "problems", refused(checked.Problems), expected)
	want(t, "notices", notices(checked.Problems), nil)
	if err := eachRowOnce(ro, checked); err != nil {
		t.Error(err)
	}
	for _, p := range checked.Problems {
		if p.Value == "" && p.Code != "missing_value" && p.Code != "duplicate_row" {
			t.Errorf("%+v: got no value, want the cell", p)
		}
	}
}

// The rosters of offices: what each says, and a completion of each.
func TestOfficeRosters(t *testing.T) {
	november := card.Date{Year: 2026, Month: time.November, Day: 7}
	october := card.Date{Year: 2026, Month: time.October, Day: 21}
	for _, c := range []struct {
		file    string
		rows    int
		notices []string
		place   int
		want    Completion
		course  string
		classes []Class
	}{
		{"clean.csv", 24, nil, 1, Completion{Row: 3, Name: "José García Márquez", Email: "learner02@example.org", LearnerID: "L0002", Completed: november,
			Instructor: "Ruth Adeyemi", InstructorID: "I-2041", Class: "CPR-2026-11-07"}, "CPR-AED", nil},
		{"office-export.csv", 3, nil, 2, Completion{Row: 4, Name: "Günther Straße", Email: "g.strasse@example.org", Completed: november,
			Instructor: "Ruth Adeyemi", Class: "117"}, "BLS", nil},
		{"als2.xlsx", 5, []string{"11  total_row"}, 4, Completion{Row: 9, Name: "Ngọc Ánh Trần", Email: "als2-5@example.org", Completed: october,
			Instructor: "Ruth Adeyemi", InstructorID: "I-2041", Class: "ALS2-2026-10", PriorCard: "external: ALS1 card of another centre, seen 2026-10-19"}, "ALS2",
			[]Class{{Name: "ALS2-2026-10", Rows: []int{5, 6, 7, 8, 9}, Instructors: []string{"Ruth Adeyemi"}}}},
		{"ratio-als2.csv", 7, nil, 0, Completion{Row: 2, Name: "Participant Alva Reyes", Email: "p0@example.org", LearnerID: "R0", Completed: october,
			Instructor: "Ruth Adeyemi", InstructorID: "I-2041", Class: "ALS2-2026-10"}, "ALS2",
			[]Class{{Name: "ALS2-2026-10", Rows: []int{2, 3, 4, 5, 6, 7, 8}, Instructors: []string{"Ruth Adeyemi"}}}},
	} {
		ro := mustReadFile(t, c.file)
		checked := Check(ro, testRules(t))
		want(t, c.file, refused(checked.Problems), nil)
		want(t, c.file, notices(checked.Problems), c.notices)
		if ro.Name != c.file || len(ro.Rows) != c.rows || len(checked.Completions) != c.rows {
			t.Fatalf("%s: got %q with %d rows and %d completions, want %d", c.file, ro.Name, len(ro.Rows), len(checked.Completions), c.rows)
		}
		got := checked.Completions[c.place]
		if got.Course.Code != c.course {
			t.Errorf("%s: got %s, want %s", c.file, got.Course.Code, c.course)
		}
		got.Course = nil
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.file, got, c.want)
		}
		for i := range checked.Classes {
			checked.Classes[i].Course = nil
		}
		if !reflect.DeepEqual(checked.Classes, c.classes) {
			t.Errorf("%s: got the classes %+v, want %+v", c.file, checked.Classes, c.classes)
		}
	}
}

func TestLearner(t *testing.T) {
	one := Check(mustReadFile(t, "clean.csv"), testRules(t)).Completions[1]
	key := card.LearnerKey{ID: "L0002", Email: "learner02@example.org", Name: "José García Márquez", Course: "CPR-AED",
		Completed: card.Date{Year: 2026, Month: time.November, Day: 7}}
	if one.Learner() != key {
		t.Errorf("got %+v, want %+v", one.Learner(), key)
	}
}

func TestDateOrder(t *testing.T) {
	for _, c := range []struct {
		order DateOrder
		value string
		code  string
		want  int // day in November 2026
	}{
		{"dmy", "07/11/2026", "", 7}, {"mdy", "11/07/2026", "", 7}, {"dmy", "7.11.26", "", 7}, {"ymd", "26-11-07", "", 7},
		{"mdy", "13/11/2026", "bad_date", 0}, {"dmy", "11/13/2026", "bad_date", 0}, {"ymd", "07/11/2026", "bad_date", 0}, {"mdy", "2026-11-07", "", 7},
	} {
		checked := checkRow(t, map[string]string{"name": "Ana Bela", "course": "TALK", "completed": c.value}, c.order)
		if c.code != "" {
			want(t, c.value, refused(checked.Problems), []string{"2 completed " + c.code})
			continue
		}
		if len(checked.Completions) != 1 || checked.Completions[0].Completed != (card.Date{Year: 2026, Month: time.November, Day: c.want}) {
			t.Errorf("%s as %s: got %+v, want day %d", c.value, c.order, checked.Problems, c.want)
		}
	}
}

func TestExperienceAndExtraColumns(t *testing.T) {
	text := "name,course,completed,attendance,score,skills,scenario,Experience (months),station 3,KNOT TEST\n" +
		"Ana Bela,ALS2,2026-11-07,100,90,pass,pass,5,,\n" +
		"Bela Cruz,ALS2,2026-11-07,100,90,pass,pass,,,\n" +
		"Carl Dorn,ALS2,2026-11-07,100,90,pass,pass,half a year,,\n" +
		"Dora Egli,ALS2,2026-11-07,100,90,pass,fail,\"6,0\",,\n" +
		"Egon Fink,OWN,2026-11-07,,,,,,11.9,yes\n" +
		"Fred Gold,OWN,2026-11-07,,,,,,120,no\n" +
		"Gina Hart,OWN,2026-11-07,,,,,,120,yes\n"
	checked := Check(mustRead(t, text), testRules(t))
	want(t, "problems", refused(checked.Problems), []string{"2 experience_months low_experience", "3 experience_months missing_value", "4 experience_months bad_number",
		"5 scenario scenario_not_passed", "6 Station 3 low_mark", "7 Knot test test_not_passed"})
	want(t, "notices", notices(checked.Problems), nil)
}

func TestRemedies(t *testing.T) {
	for _, c := range []struct{ column, value, remedy string }{
		{"score", "0.94", "If this stands for 94 %, write 94"},
		{"attendance", "1", "If this stands for 100 %, write 100"},
		{"score", "0.94 %", "Correct the cell"},
		{"skills", "maybe", "bestanden"},
		{"completed", "46333", "format of a date"},
		{"completed", "03/04/2026", "--date-order dmy, mdy or ymd"},
		{"completed", "18-Nov-26", "--date-order dmy, mdy or ymd"},
		{"completed", "#N/A", "YYYY-MM-DD"},
		{"course", "Basic Lief Support", "Did you mean BLS?"},
		{"completed", "03/04/2026", "roster.date_order"},
	} {
		row := map[string]string{"name": "Ana Bela", "course": "BLS", "completed": "2026-11-07", "attendance": "100", "score": "90", "skills": "pass"}
		row[c.column] = c.value
		checked := checkRow(t, row, "")
		if len(checked.Problems) != 1 || !strings.Contains(first(checked.Problems).Remedy, c.remedy) {
			t.Errorf("%s %q: got %+v, want %q in the remedy", c.column, c.value, checked.Problems, c.remedy)
		}
	}
}

// What a date lacks is said as it is.
func TestMessagesAboutDates(t *testing.T) {
	for value, message := range map[string]string{
		"10 November": "The date has no year.", "10.11.": "The date has no year.", "Media": "This is no date.", "tomorrow": "This is no date.",
		"30.02.2026": "This is no day of the calendar.", "10-2026": "This is no day of the calendar.",
	} {
		checked := checkRow(t, map[string]string{"name": "Ana Bela", "course": "TALK", "completed": value}, "")
		if len(checked.Problems) != 1 || checked.Problems[0].Code != "bad_date" || checked.Problems[0].Message != message {
			t.Errorf("%q: got %+v, want %q", value, checked.Problems, message)
		}
	}
}

func TestMissingColumnsAndRaggedRows(t *testing.T) {
	ro := mustRead(t, "name,course,Remarks,problem\nAna,TALK\nBela,TALK,x,y,z\nCarl,TALK,x,y,,\nDora,BLS,,\n"+strings.Repeat("Egon,TALK,,\n", 9))
	checked := Check(ro, testRules(t))
	want(t, "problems", refused(checked.Problems), []string{"0 completed missing_column [5 6 7 8 9 10 11 12 13 14]", "0 attendance missing_column [5]", "0 score missing_column [5]",
		"0 skills missing_column [5]", "2  ragged_row", "3  ragged_row", "4  ragged_row"})
	want(t, "notices", notices(checked.Problems), []string{"1  unknown_column"})
	if got, want := CountRefused(checked.Problems), 13; got != want {
		t.Errorf("refused: got %d, want %d", got, want)
	}
	if err := eachRowOnce(ro, checked); err != nil {
		t.Error(err)
	}
}

func TestCheckPrinted(t *testing.T) {
	name, instructor, problems := CheckPrinted(" Ana  Bela ", "Ruth", "I-1", testRules(t))
	if name != "Ana Bela" || instructor != "Ruth" || len(problems) != 0 {
		t.Errorf("got %q, %q and %+v, want the texts as they are printed", name, instructor, problems)
	}
	if _, _, problems = CheckPrinted("Christopher Null", "ruth", "I-1", testRules(t)); len(problems) != 0 {
		t.Errorf("got %+v, want no notice where any finding stops a replacement", problems)
	}
	_, _, problems = CheckPrinted("TBD", "n/a", "I-1", testRules(t))
	want(t, "placeholders", refused(problems), []string{"0 name missing_value", "0 instructor missing_value"})
	_, _, problems = CheckPrinted("=x", "Ru\u202eth", "I-1", testRules(t))
	want(t, "problems", refused(problems), []string{"0 name bad_character", "0 instructor bad_character"})
}

// Generated rosters of every kind of cell: no row is lost, none invented, and the refused ones can be mended in the file.
func TestEveryRowIsAcceptedRefusedOrATotalOnce(t *testing.T) {
	pool := []string{"", " ", "Ana Bela", "Ana Bela", "Zoë", "=1+1", "a,b", "a\"b", "a\nb", "😀", "ana@example.org", "BLS", "TALK", "talk", "2026-11-07", "2026-11-07",
		"03/04/2026", "100", "91,5", "pass", "fail", "GarcÃ\u00ada", "L-1", "Total", "Summe: 5", "5"}
	rules := testRules(t)
	random := rand.New(rand.NewPCG(1, 2))
	accepted, refusedRows, totals := 0, 0, 0
	for range 2000 {
		var text strings.Builder
		text.WriteString("Printed for us\n\ncompleted,course,name,email,learner_id,own\n")
		rows := 1 + random.IntN(6)
		for range rows {
			cells := []string{"2026-11-07", "TALK", "Ana Bela", "", "", ""}
			if random.IntN(8) == 0 {
				cells = []string{"", "", "", "", "", ""}
				cells[2+3*random.IntN(2)] = append(pool, "Total", "Total", "Total", "5", "5")[random.IntN(len(pool)+5)]
			}
			change := random.IntN(3)
			for i := range cells {
				if change > 0 && random.IntN(4) == 0 {
					cells[i] = pool[random.IntN(len(pool))]
				}
				cells[i] = `"` + strings.ReplaceAll(cells[i], `"`, `""`) + `"`
			}
			text.WriteString(strings.Join(cells[:len(cells)-random.IntN(12)/11], ",") + "\n")
		}
		ro, err := Read(strings.NewReader(text.String()), testOptions())
		if err != nil {
			continue // no learner at all
		}
		blank := strings.Count(text.String(), "\n") // an upper bound; a blank row is none
		if got := len(ro.Rows) + len(ro.Totals); got > rows || got > blank {
			t.Fatalf("got %d rows of %d: %q", got, rows, text.String())
		}
		checked := Check(ro, rules)
		if err := eachRowOnce(ro, checked); err != nil {
			t.Fatalf("%v in %q", err, text.String())
		}
		accepted, refusedRows, totals = accepted+len(checked.Completions), refusedRows+CountRefused(checked.Problems), totals+len(ro.Totals)
		if CountRefused(checked.Problems) == 0 {
			continue
		}
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, checked.Problems); err != nil {
			t.Fatal(err)
		}
		if err := comesBack(ro, checked, out.Bytes()); err != nil {
			t.Fatalf("%v in %q", err, text.String())
		}
	}
	if accepted < 500 || refusedRows < 500 || totals < 50 {
		t.Errorf("got %d rows accepted, %d refused and %d totals, want many of each", accepted, refusedRows, totals)
	}
}
