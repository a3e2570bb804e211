package roster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestDuplicates(t *testing.T) {
	const none, second, both = "", "3", "2 3"
	for _, c := range []struct {
		name    string
		rows    [2]string // name, e-mail, learner ID
		refused string    // rows
	}{
		{"same", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,1"}, second},
		{"same but for spaces and the address's case", [2]string{"Ana Bela,a@example.org,", "Ana  Bela ,A@example.org,"}, second},
		{"same ID, other name", [2]string{"Ana,a@example.org,1", "Anna,b@example.org,1"}, both},
		{"same ID, one without a name", [2]string{"Ana,a@example.org,1", ",a@example.org,1"}, both},
		{"name folded", [2]string{"ANA BELA,a@example.org,", "Ana Bela,A@example.org,"}, both},
		{"one has an ID", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,"}, both},
		{"one has an ID, no address", [2]string{"Ana,,", "Ana,,2"}, both},
		{"one has an address", [2]string{"Ana,a@example.org,", "Ana,,"}, both},
		{"one has both", [2]string{"Ana,,", "Ana,a@example.org,1"}, both},
		{"two IDs, one address", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,2"}, both},
		{"namesakes with IDs", [2]string{"Ana,,1", "Ana,,2"}, none},
		{"namesakes without", [2]string{"Ana,,", "Ana,,"}, second},
		{"namesakes with addresses", [2]string{"Ana,a@example.org,", "Ana,b@example.org,"}, none},
		{"a couple", [2]string{"Ana,a@example.org,", "Bela,a@example.org,"}, none},
	} {
		for _, rows := range [][2]string{c.rows, {c.rows[1], c.rows[0]}} { // the order says nothing
			text := "completed,course,name,email,learner_id\n2026-11-07,TALK," + rows[0] + "\n2026-11-07,TALK," + rows[1] + "\n2026-11-08,TALK,Ana,a@example.org,1\n"
			want(t, c.name, duplicatesOf(t, text), strings.Fields(c.refused))
		}
	}
}

// duplicatesOf are the rows that are refused as duplicates.
func duplicatesOf(t testing.TB, text string) []string {
	t.Helper()
	var rows []string
	ro := mustRead(t, text)
	checked := Check(ro, testRules(t))
	for _, p := range checked.Problems {
		if p.Code == "duplicate_row" && p.Severity == Error {
			rows = append(rows, fmt.Sprint(p.Row))
		}
	}
	if err := eachRowOnce(ro, checked); err != nil {
		t.Error(err)
	}
	return rows
}

// Which of two rows that contradict each other is right is not for their order to say.
func TestContradictingDuplicates(t *testing.T) {
	const heading = "name,email,learner_id,course,completed,score,skills,attendance,instructor,class,Remarks\n"
	row := func(text string) string { return text + "\n" }
	const first = "Sam Poole,sam@example.org,,BLS,2026-11-07,90,pass,100,Ruth,C,"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a mark and a test", first + "\nSam Poole,sam@example.org,,BLS,2026-11-07,60,fail,100,Ruth,C,\n", []string{"2", "3"}},
		{"the other order", "Sam Poole,sam@example.org,,BLS,2026-11-07,60,fail,100,Ruth,C,\n" + row(first), []string{"2", "3"}},
		{"two good marks", first + "\nSam Poole,sam@example.org,,BLS,2026-11-07,95,pass,100,Ruth,C,\n", []string{"2", "3"}},
		{"the instructor", first + "\nSam Poole,sam@example.org,,BLS,2026-11-07,90,pass,100,Tom,C,\n", []string{"2", "3"}},
		{"a column that is not read", row(first) + row(first+"paid"), []string{"3"}},
		{"the course and the day in other words", first + "\nSam Poole,sam@example.org,,Basic Life Support,7.11.2026,90,pass,100,Ruth,C,\n", []string{"3"}},
		{"two alike and one other", row(first) + row(first) + "Sam Poole,sam@example.org,,BLS,2026-11-07,60,pass,100,Ruth,C,\n", []string{"2", "3", "4"}},
		{"by the ID and by the name", "Sam Poole,a@example.org,7,BLS,2026-11-07,90,pass,100,Ruth,C,\nSam Pool,sam@example.org,,BLS,2026-11-07,90,pass,100,Ruth,C,\n" +
			"Sam Pool,sam@example.org,7,BLS,2026-11-07,90,pass,100,Ruth,C,\n", []string{"2", "3", "4"}},
		{"one who may be either namesake", "Sam Poole,,1,BLS,2026-11-07,90,pass,100,Ruth,C,\nSam Poole,,2,BLS,2026-11-07,90,pass,100,Ruth,C,\nSam Poole,,,BLS,2026-11-07,90,pass,100,Ruth,C,\n",
			[]string{"2", "3", "4"}},
	} {
		want(t, c.name, duplicatesOf(t, heading+c.text), c.want)
	}
	checked := Check(mustRead(t, heading+first+"\nSam Poole,sam@example.org,,BLS,2026-11-07,95,pass,100,Tom,C,\n"), testRules(t))
	if got, want := checked.Problems[1].Message, "The learner, course and day of this row stand in rows 2, 3, which differ in score, instructor."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := len(checked.Refused); got != 2 {
		t.Errorf("got %d rows among the refused, want both", got)
	}
}

// A row that is refused counts as well: its mended form would be the same card.
func TestDuplicateOfARefusedRow(t *testing.T) {
	text := "name,email,course,completed,attendance,score,skills\nAna Bela,,BLS,2026-11-07,100,20,pass\nAna Bela,,BLS,2026-11-07,100,90,pass\nAna Bela,,BLS,2026-11-07,100,90,pass\n"
	want(t, "problems", refused(Check(mustRead(t, text), testRules(t)).Problems), []string{"2 score low_score", "2  duplicate_row", "3  duplicate_row", "4  duplicate_row"})
}

func TestManyNamesakesStayLinear(t *testing.T) {
	var text strings.Builder
	text.WriteString("name,course,completed,learner_id\n")
	for i := range 50_000 {
		fmt.Fprintf(&text, "Ana Bela,TALK,2026-11-07,L%d\n", i)
	}
	ro := mustRead(t, text.String())
	begin := time.Now()
	if got := len(Check(ro, testRules(t)).Completions); got != 50_000 {
		t.Errorf("got %d completions, want 50,000", got)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v; each row was compared with each", took)
	}
}

func TestClasses(t *testing.T) {
	text := "name,course,completed,attendance,score,skills,scenario,experience_months,class,instructor,instructor_id\n" +
		"Ana Bela,ALS2,2026-11-07,100,90,pass,pass,12,Blue,Ruth A,I-1\n" +
		"Bela Cruz,ALS2,2026-11-07,100,20,pass,pass,12,BLUE,Ruth A,\n" + // refused, and still a participant
		"Carl Dorn,ALS2,2026-11-07,100,90,pass,pass,12,blue,Tom O,I-2\n" +
		"Dora Egli,ALS2,2026-11-07,100,90,pass,pass,12,,Ruth A,\n" +
		"Egon Fink,ALS2,2026-11-07,100,90,pass,pass,12,,ruth a,\n" +
		"Fred Gold,ALS2,2026-11-08,100,90,pass,pass,12,,,I-9\n" +
		"Gina Hart,BLS,2026-11-07,100,90,pass,,,Blue,Ruth A,I-1\n"
	var got []string
	for _, c := range Check(mustRead(t, text), testRules(t)).Classes {
		got = append(got, fmt.Sprintf("%s %q %s %v %q", c.Course.Code, c.Name, c.Completed, c.Rows, c.Instructors))
	}
	want(t, "classes", got, []string{`ALS2 "Blue"  [2 3 4] ["Ruth A" "Tom O"]`, `ALS2 "" 2026-11-07 [5 6] ["Ruth A"]`, `ALS2 "" 2026-11-08 [7] ["I-9"]`})
}

// The quick way is the same as the register's.
func TestFoldName(t *testing.T) {
	for _, name := range []string{"Ana BELA", "O'Connor-Smith 3rd", "Straße", "ÉCOLE", "İbrahim", "ΜΑΡΊΑΣ", ""} {
		if got, want := foldName(name), card.FoldName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
