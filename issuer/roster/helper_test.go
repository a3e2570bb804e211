package roster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

var today = card.Date{Year: 2026, Month: time.November, Day: 21}

// testRules are those of a new centre, as far as the rosters of the tests need them.
func testRules(t testing.TB) Rules {
	t.Helper()
	validity := course.Validity{Months: 24, Until: course.UntilEndOfMonth}
	pass := course.Pass{Score: 84, Attendance: 100, Skills: true}
	courses := []course.Course{
		{Code: "ALS2", Title: "Advanced Life Support 2", Meets: []string{"ALS2"}, Validity: validity,
			Pass:          course.Pass{Score: 85, Attendance: 100, Skills: true, Scenario: true},
			Prerequisites: []course.Prerequisite{{Course: "ALS1", External: true}}, ExperienceMonths: 6, ParticipantsPerInstructor: 6},
		{Code: "BLS", Title: "Basic Life Support", Meets: []string{"BLS"}, Validity: validity, Pass: pass},
		{Code: "CPR-AED", Title: "CPR and AED for Lay Rescuers", Meets: []string{"CPR-AED"}, Validity: validity, Pass: pass},
		{Code: "FA", Title: "First Aid", Meets: []string{"FA"}, Validity: validity, Pass: pass},
		{Code: "ALS1", Title: "Advanced Life Support 1", Meets: []string{"ALS1"}, Validity: validity, Pass: pass},
		{Code: "TALK", Title: "Talk", Meets: []string{"TALK"}, Validity: course.Validity{Months: 1, Until: course.UntilDay}},
		{Code: "OWN", Title: "Own Columns", Meets: []string{"OWN"}, Validity: validity,
			Pass: course.Pass{Extra: []course.Extra{{Column: "Station 3", AtLeast: 12}, {Column: "Knot test", Passed: true}}}},
	}
	catalogue, err := course.New(courses)
	if err != nil {
		t.Fatal(err)
	}
	drawable := func(text string) error {
		if strings.ContainsFunc(text, func(r rune) bool { return r > 0xffff }) {
			return errors.New("no glyph")
		}
		if strings.Count(text, "W") > 40 {
			return fmt.Errorf("of 40 W: %w", card.NameTooLong)
		}
		return nil
	}
	return Rules{Catalogue: catalogue, Today: today, Drawable: drawable, DrawableInstructor: func(name, id string) error { return drawable(name + id) }}
}

// testOptions are what the catalogue of testRules adds.
func testOptions() Options {
	return Options{Extra: []string{"Station 3", "Knot test"}, Courses: []string{"ALS2", "BLS", "CPR-AED", "FA", "ALS1", "TALK", "OWN"}}
}

func mustRead(t testing.TB, text string) *Roster {
	t.Helper()
	ro, err := Read(strings.NewReader(text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return ro
}

func mustReadFile(t testing.TB, name string) *Roster {
	t.Helper()
	ro, err := ReadFile(filepath.Join("testdata", name), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return ro
}

// refusal is the *FileError that a roster is refused with.
func refusal(t testing.TB, text string, o Options) *FileError {
	t.Helper()
	_, err := Read(strings.NewReader(text), o)
	var file *FileError
	if !errors.As(err, &file) || file.Hint == "" {
		t.Fatalf("%.60q: got %v, want a *FileError with a hint", text, err)
	}
	return file
}

// refused are the errors among problems, as "row column code"; the rows of a missing column follow it.
func refused(problems []Problem) []string {
	found := []string{}
	for _, p := range problems {
		if p.Severity == Notice {
			continue
		}
		text := fmt.Sprintf("%d %s %s", p.Row, p.Column, p.Code)
		if len(p.Rows) > 0 {
			text += fmt.Sprint(" ", p.Rows)
		}
		found = append(found, text)
	}
	return found
}

// notices are the others, without that about the instructor, whom few of these rosters have.
func notices(problems []Problem) []string {
	found := []string{}
	for _, p := range problems {
		if p.Severity == Notice && p.Code != "no_instructor" {
			found = append(found, fmt.Sprintf("%d %s %s", p.Row, p.Column, p.Code))
		}
	}
	return found
}

// first is the first problem or notice, without that one.
func first(problems []Problem) Problem {
	for _, p := range problems {
		if p.Code != "no_instructor" {
			return p
		}
	}
	return Problem{}
}

func want(t testing.TB, what string, got, want []string) {
	t.Helper()
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// eachRowOnce says whether every row of a roster is either a completion or has an error, and nothing else is there.
func eachRowOnce(ro *Roster, checked *Checked) error {
	isRefused := map[int]bool{}
	for _, p := range checked.Problems {
		if p.Code == "" || p.Message == "" || p.Remedy == "" {
			return fmt.Errorf("a problem without a code, a message or a remedy: %+v", p)
		}
	}
	eachRefused(checked.Problems, func(row int, _ Problem) { isRefused[row] = true })
	accepted := map[int]int{}
	for _, c := range checked.Completions {
		accepted[c.Row]++
	}
	for _, row := range ro.Rows {
		if accepted[row.Line] > 1 || (accepted[row.Line] == 1) == isRefused[row.Line] {
			return fmt.Errorf("row %d: accepted %d times, refused=%v", row.Line, accepted[row.Line], isRefused[row.Line])
		}
	}
	for _, c := range checked.Refused {
		if !isRefused[c.Row] || c.Course == nil {
			return fmt.Errorf("row %d is among the refused without a problem or a course", c.Row)
		}
	}
	if got, want := len(accepted)+CountRefused(checked.Problems), len(ro.Rows); got != want {
		return fmt.Errorf("got %d rows accepted or refused, want %d", got, want)
	}
	return nil
}

// comesBack says whether a written file holds the refused rows of a roster, in order and with their own cells.
func comesBack(ro *Roster, checked *Checked, written []byte) error {
	accepted := map[int]bool{}
	for _, c := range checked.Completions {
		accepted[c.Row] = true
	}
	var want [][]string
	for _, row := range ro.Rows {
		if !accepted[row.Line] {
			want = append(want, row.Cells)
		}
	}
	back, err := Read(strings.NewReader(string(written)), testOptions())
	if err != nil {
		var file *FileError
		errors.As(err, &file)
		return fmt.Errorf("written file: %w (%s): %q", err, file.Hint, written)
	}
	if len(back.Rows) != len(want) {
		return fmt.Errorf("got %d refused rows, want %d", len(back.Rows), len(want))
	}
	for i, cells := range want {
		for j := range min(ro.width, len(cells)) {
			if j == ro.problem {
				continue
			}
			if got := back.Rows[i].Cells[j]; got != cells[j] {
				return fmt.Errorf("row %d, cell %d: got %q, want %q", i, j, got, cells[j])
			}
		}
	}
	return nil
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
