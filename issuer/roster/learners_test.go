package roster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestDuplicates(t *testing.T) {
	for _, c := range []struct {
		name string
		rows [2]string // name, e-mail, learner ID
		want bool
	}{
		{"same", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,1"}, true},
		{"same ID, other name", [2]string{"Ana,a@example.org,1", "Anna,b@example.org,1"}, true},
		{"name folded", [2]string{"ANA BELA,a@example.org,", "Ana Bela,A@example.org,"}, true},
		{"one has an ID", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,"}, true},
		{"one has an ID, no address", [2]string{"Ana,,", "Ana,,2"}, true},
		{"two IDs, one address", [2]string{"Ana,a@example.org,1", "Ana,a@example.org,2"}, true},
		{"namesakes with IDs", [2]string{"Ana,,1", "Ana,,2"}, false},
		{"namesakes without", [2]string{"Ana,,", "Ana,,"}, true},
		{"namesakes with addresses", [2]string{"Ana,a@example.org,", "Ana,b@example.org,"}, false},
		{"a couple", [2]string{"Ana,a@example.org,", "Bela,a@example.org,"}, false},
	} {
		text := "completed,course,name,email,learner_id\n2026-11-07,TALK," + c.rows[0] + "\n2026-11-07,TALK," + c.rows[1] + "\n2026-11-08,TALK," + c.rows[0] + "\n"
		var expected []string
		if c.want {
			expected = []string{"3  duplicate_row"}
		}
		want(t, c.name, refused(Check(mustRead(t, text), testRules(t)).Problems), expected)
	}
}

// A row that is refused counts as well: its mended form would be the same card.
func TestDuplicateOfARefusedRow(t *testing.T) {
	text := "name,email,course,completed,attendance,score,skills\nAna Bela,,BLS,2026-11-07,100,20,pass\nAna Bela,,BLS,2026-11-07,100,90,pass\nAna Bela,,BLS,2026-11-07,100,90,pass\n"
	want(t, "problems", refused(Check(mustRead(t, text), testRules(t)).Problems), []string{"2 score low_score", "3  duplicate_row", "4  duplicate_row"})
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
