package roster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func mustRead(t *testing.T, text string) *Roster {
	t.Helper()
	ro, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return ro
}

func TestReadKeepsCellsAndCountsRowsAsASpreadsheet(t *testing.T) {
	ro := mustRead(t, "\ufeff\r\nName, Learner ID ,course,completed,room\r\n\"Ana\r\nBela\", 7 ,BLS,2026-11-07,\"a \"\"b\"\"\"\r\n\r\n , ,,,\r\nCarl,8,BLS,2026-11-07\r\n")
	if got, want := ro.Heading, []string{"Name", " Learner ID ", "course", "completed", "room"}; !reflect.DeepEqual(got, want) {
		t.Errorf("heading: got %q, want %q", got, want)
	}
	want := []Row{
		{Line: 3, Cells: []string{"Ana\nBela", " 7 ", "BLS", "2026-11-07", `a "b"`}},
		{Line: 6, Cells: []string{"Carl", "8", "BLS", "2026-11-07"}},
	}
	if !reflect.DeepEqual(ro.Rows, want) {
		t.Errorf("rows: got %+v, want %+v", ro.Rows, want)
	}
	if got, want := ro.cell(ro.Rows[0], ColumnLearnerID), "7"; got != want {
		t.Errorf("learner_id: got %q, want %q", got, want)
	}
}

func TestReadRefusesFiles(t *testing.T) {
	wide := strings.Repeat("name,", MaxColumns+1)
	for _, c := range []struct{ name, data, text, hint string }{
		{"empty", "", "empty", "name,email,course,completed"},
		{"spaces", "\ufeff \r\n\r\n", "empty", "heading"},
		{"heading alone", "name,course,completed\n,,\n", "no learner", "row for each learner"},
		{"blank cells", ",,,\n,,,\n", "empty", "heading"},
		{"no heading row", "Ana Bela,BLS\n", "row 1 is no heading", "name,email"},
		{"semicolons", "name;email;course;completed\n", "semicolons", "Comma delimited"},
		{"tabs", "name\temail\tcourse\n", "tabs", "Comma delimited"},
		{"declared semicolons", "sep=;\nname;course\n", "semicolons", "Comma delimited"},
		{"column twice", "name,course,Name\n", "name twice", "Rename"},
		{"Windows-1252", "name,course\nAna,BLS\nJ\xfcrgen,BLS\n", "line 3 of the roster is not UTF-8", "CSV UTF-8"},
		{"UTF-16", "\xff\xfen\x00a\x00", "UTF-16", "CSV UTF-8"},
		{"UTF-16 big end first", "\xfe\xff\x00n", "UTF-16", "CSV UTF-8"},
		{"NUL", "name,course\nA\x00na,BLS\n", "line 2 of the roster has a NUL", "UTF-8"},
		{"workbook", "PK\x03\x04rest", "workbook", "CSV UTF-8"},
		{"old workbook", "\xd0\xcf\x11\xe0rest", "workbook", "CSV UTF-8"},
		{"PDF", "%PDF-1.7", "PDF", "CSV"},
		{"old Macintosh", "name,course\rAna,BLS\r", "Macintosh", "CSV UTF-8"},
		{"quotation mark inside", "name,course\nAna \"A\" B,BLS\n", "line 2", "twice"},
		{"quotation mark open", "name,course\n\"Ana,BLS\nBela,BLS\n", "line 2", "twice"},
		{"quotation mark in the wrong place", "name,course\n\"Ana\"x,BLS\n", "line 2", "twice"},
		{"long cell", "name,course\n\"" + strings.Repeat("x", MaxCellBytes+1) + "\",BLS\n", "row 2 has a cell", "quotation"},
		{"many columns", wide + "\n", "row 1 has more than", "columns"},
		{"many rows", "name\n" + strings.Repeat("a\n", MaxRows+1), "rows", "Split"},
	} {
		_, err := Read(strings.NewReader(c.data))
		var file *FileError
		if !errors.As(err, &file) {
			t.Errorf("%s: got %v, want a *FileError", c.name, err)
			continue
		}
		if !strings.Contains(file.Error(), c.text) || !strings.Contains(file.Hint, c.hint) {
			t.Errorf("%s: got %q with the hint %q, want %q and %q in them", c.name, file, file.Hint, c.text, c.hint)
		}
	}
}

func TestReadStopsAtTheLimitOfAFile(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("name,course\n"), zeroes{})
	_, err := Read(endless)
	var file *FileError
	if !errors.As(err, &file) || !strings.Contains(file.Text, "64 MiB") {
		t.Errorf("got %v, want the limit named", err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

func TestReadFile(t *testing.T) {
	ro, err := ReadFile(filepath.Join("testdata", "clean.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if ro.Name != "clean.csv" || len(ro.Rows) != 24 {
		t.Errorf("got %q with %d rows, want clean.csv with 24", ro.Name, len(ro.Rows))
	}
	_, err = ReadFile(filepath.Join(t.TempDir(), "none.csv"))
	var file *FileError
	if !errors.As(err, &file) || !errors.Is(err, os.ErrNotExist) || file.Hint == "" {
		t.Errorf("got %v, want a *FileError about a missing file with a hint", err)
	}
	if _, err := ReadFile(t.TempDir()); !errors.As(err, &file) {
		t.Errorf("a folder: got %v, want a *FileError", err)
	}
}

// Whatever bytes come, Read ends with a roster that can be checked and written, or with our kind of error. What it writes
// reads back as the same cells.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"bad.csv", "clean.csv"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{"", "name\n", "\ufeffname,course,completed\n\"a\nb\",BLS,2026-11-07,\n\n,,\n", "name;x\n", "name,problem\na,b,c\n", "course\n\"", "name,name\n"} {
		f.Add([]byte(seed))
	}
	rules := testRules(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		ro, err := Read(bytes.NewReader(data))
		if err != nil {
			var file *FileError
			if !errors.As(err, &file) || file.Hint == "" {
				t.Fatalf("got %v, want a *FileError with a hint", err)
			}
			return
		}
		completions, problems := Check(ro, rules)
		if err := eachRowOnce(ro, completions, problems); err != nil {
			t.Fatal(err)
		}
		if CountRefused(problems) == 0 {
			return // nothing is written then, and a heading alone is no roster
		}
		var out bytes.Buffer
		if err := WriteProblems(&out, ro, problems); err != nil {
			t.Fatal(err)
		}
		if err := comesBack(ro, completions, out.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

// eachRowOnce says whether every row of a roster is either a completion or has an error, and nothing else is there.
func eachRowOnce(ro *Roster, completions []Completion, problems []Problem) error {
	refused := map[int]bool{}
	for _, p := range problems {
		if p.Code == "" || p.Message == "" {
			return fmt.Errorf("a problem without a code or a message: %+v", p)
		}
		if p.Severity != Notice && p.Row > 0 {
			refused[p.Row] = true
		}
	}
	accepted := map[int]int{}
	for _, c := range completions {
		accepted[c.Row]++
	}
	for _, row := range ro.Rows {
		if accepted[row.Line] > 1 || (accepted[row.Line] == 1) == refused[row.Line] {
			return fmt.Errorf("row %d: accepted %d times, refused=%v", row.Line, accepted[row.Line], refused[row.Line])
		}
	}
	if got, want := len(accepted)+CountRefused(problems), len(ro.Rows); got != want {
		return fmt.Errorf("got %d rows accepted or refused, want %d", got, want)
	}
	return nil
}

// comesBack says whether a written file holds the refused rows of a roster, in order and with their own cells.
func comesBack(ro *Roster, completions []Completion, written []byte) error {
	accepted := map[int]bool{}
	for _, c := range completions {
		accepted[c.Row] = true
	}
	var want [][]string
	for _, row := range ro.Rows {
		if !accepted[row.Line] {
			want = append(want, row.Cells)
		}
	}
	back, err := Read(bytes.NewReader(written))
	if err != nil {
		return fmt.Errorf("written file: %w", err)
	}
	if len(back.Rows) != len(want) {
		return fmt.Errorf("got %d refused rows, want %d", len(back.Rows), len(want))
	}
	keep := len(back.Heading) - 1
	for i, cells := range want {
		for j := range min(keep, len(cells)) {
			if got := back.Rows[i].Cells[j]; got != cells[j] {
				return fmt.Errorf("row %d, cell %d: got %q, want %q", i, j, got, cells[j])
			}
		}
	}
	return nil
}
