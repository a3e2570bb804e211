package roster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// markRoster is a roster of BLS with one mark a row, under the heading Puntaje.
func markRoster(marks []string) string {
	text := "name,learner_id,course,completed,attendance,skills,Puntaje\n"
	for i, m := range marks {
		text += fmt.Sprintf("Ana Bela,%d,BLS,2026-11-07,100,pass,%s\n", i, m)
	}
	return text
}

func TestMarksOnAnotherScale(t *testing.T) {
	long := slices.Repeat([]string{"90"}, 19)
	for _, c := range []struct {
		name     string
		marks    []string
		mapping  string
		problems []string
		notices  []string
		remedy   string // of the first problem or notice
	}{
		{"per cent", []string{"90", "100", "84"}, "score", nil, nil, ""},
		{"two above 100", append([]string{"104", "110"}, long...), "score", []string{"2 score bad_number " + fmt.Sprint(upTo(3, 22))}, nil, `--map "Puntaje=score/110"`},
		{"one in a short list", []string{"90", "104", "95"}, "score", []string{"2 score bad_number [3 4]"}, nil, `--map "Puntaje=score/110"`},
		{"one in a long list", append([]string{"910"}, long...), "score", []string{"2 score bad_number"}, []string{"1 score mark_scale"}, `--map "Puntaje=score/1000"`},
		{"the sign says per cent", []string{"90 %", "104", "95"}, "score", []string{"3 score bad_number [4]"}, nil, "Correct what is above 100"},
		{"out of 120", []string{"90", "102", "100", "120", "121"}, "score/120", []string{"2 score low_score", "4 score low_score", "6 score bad_number"}, nil, "Correct the cell"},
		{"out of 20", []string{"17", "\"16,8\"", "16.7"}, "score/20", []string{"4 score low_score"}, nil, "Correct the cell"},
		{"out of 20, not said", []string{"17", "18"}, "score", []string{"2 score low_score", "3 score low_score"}, nil, `--map "Puntaje=score/20"`},
		{"shares, not said", []string{"0.85", "\"0,9\""}, "score", []string{"2 score low_score", "3 score low_score"}, nil, `--map "Puntaje=score/1"`},
		{"shares", []string{"0.85", "\"0,9\"", "0.8", "1"}, "score/1", []string{"4 score low_score"}, nil, "Correct the cell"},
		{"fractions", []string{"23/25", "21 / 25", "20/25", "30/25"}, "score", []string{"4 score low_score", "5 score bad_number"}, nil, "Correct the cell"},
		{"a fraction against the mapping", []string{"23/25", "19/20"}, "score/20", []string{"2 score bad_number"}, nil, "mapping"},
		{"a sign beside the mapping", []string{"90 %", "18"}, "score/20", nil, nil, ""},
		{"full mark of 100", []string{"90", "83"}, "score/100", []string{"3 score low_score"}, nil, "Correct the cell"},
	} {
		o := testOptions()
		o.Columns = []string{"Puntaje=" + c.mapping}
		ro, err := Read(strings.NewReader(markRoster(c.marks)), o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		checked := Check(ro, testRules(t))
		want(t, c.name, refused(checked.Problems), c.problems)
		want(t, c.name, notices(checked.Problems), c.notices)
		if err := eachRowOnce(ro, checked); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.remedy != "" && !strings.Contains(first(checked.Problems).Remedy, c.remedy) {
			t.Errorf("%s: got %+v, want %q in the remedy", c.name, first(checked.Problems), c.remedy)
		}
	}
}

func upTo(first, last int) []int {
	var rows []int
	for i := first; i <= last; i++ {
		rows = append(rows, i)
	}
	return rows
}

func TestFullMarkInAMapping(t *testing.T) {
	o := testOptions()
	for item, ok := range map[string]bool{"A=score/120": true, "A= Score / 12.5": true, "A/B=attendance/40": true, "A=score/0": false, "A=score/": false, "A=score/x": false, "A=score/-1": false,
		"A=score/90 %": false, "A=name/20": false, "A=skills/2": false, "A=score/20/20": false} {
		o.Columns = []string{item}
		if err := o.Validate(); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok=%v", item, err, ok)
		}
	}
	o.Columns = []string{"Puntaje=score/120"}
	ro, err := Read(strings.NewReader(markRoster([]string{"110"})), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := ro.Mapping(); !slices.Contains(got, "Puntaje → score out of 120") {
		t.Errorf("got %q, want the full mark told", got)
	}
}

// A school's grade 1 is no pass by itself: only a column of 0 and 1 says yes and no with them.
func TestOneIsAPassAmongZerosAndOnes(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []string
		want  []string
	}{
		{"ones", []string{"1", "1"}, nil},
		{"zeros and ones", []string{"1", "0", "1"}, []string{"3 skills skills_not_passed"}},
		{"ones and words", []string{"1", "pass"}, nil},
		{"grades", []string{"1", "2", "3"}, []string{"2 skills skills_not_passed", "3 skills skills_not_passed", "4 skills skills_not_passed"}},
		{"grades with a comma", []string{"1", "\"1,3\"", "pass"}, []string{"2 skills skills_not_passed", "3 skills skills_not_passed"}},
	} {
		text := "name,learner_id,course,completed,attendance,score,skills\n"
		for i, one := range c.cells {
			text += fmt.Sprintf("Ana Bela,%d,BLS,2026-11-07,100,90,%s\n", i, one)
		}
		want(t, c.name, refused(Check(mustRead(t, text), testRules(t)).Problems), c.want)
	}
}

func TestExtraMarksAreNoPerCent(t *testing.T) {
	text := "name,learner_id,course,completed,Station 3,Knot test\nAna Bela,1,OWN,2026-11-07,30 %,yes\nAna Bela,2,OWN,2026-11-07,30,yes\nAna Bela,3,OWN,2026-11-07,120,yes\n"
	want(t, "problems", refused(Check(mustRead(t, text), testRules(t)).Problems), []string{"2 Station 3 bad_number"})
}
