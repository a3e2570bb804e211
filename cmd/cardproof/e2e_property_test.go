//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// dialect is a way in which an office writes a file.
type dialect struct {
	name      string
	delimiter rune
	ends      string // of lines
	encoding  encoding.Encoding
	option    string // --encoding
}

var dialects = []dialect{
	{"RFC 4180", ',', "\r\n", encoding.Nop, ""},
	{"Unix", ',', "\n", encoding.Nop, ""},
	{"German Excel", ';', "\r\n", charmap.Windows1252, "windows-1252"},
	{"Polish Excel", ';', "\r\n", charmap.Windows1250, "windows-1250"},
	{"UTF-8 with a mark", ';', "\r\n", unicode.UTF8BOM, ""},
	{"Unicode text", '\t', "\r\n", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), ""},
	{"UTF-16, the other way", ',', "\n", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), ""},
	{"old Macintosh", '|', "\r", encoding.Nop, ""},
}

// person is a row that the test has made, and whether it may be issued.
type person struct {
	cells []string
	good  bool
}

var propertyHeading = []string{"Surname", "First name", "E-mail", "Course", "Completed", "Attendance", "Score", "Skills", "Note"}

// drawLearner makes a row of a day's class; about a third of them have one of many faults.
func drawLearner(r *rand.Rand, n int, day string, west bool) person {
	first := []string{"Ana", "Zoë", "José", "Björn", "Renée"}
	last := []string{"Müller", "García", "O'Neill", "Åberg", "van den Berg"}
	if !west {
		first, last = []string{"Łucja", "Jiří", "Zofia"}, []string{"Żółć", "Dvořák", "Kovács"}
	}
	notes := []string{"", "two; parts", "a, b", "said \"yes\"", "first line\nsecond line", "-", "+49 30 1234", "'quoted'", "=1+1", "@home"}
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	l := person{[]string{pick(last), pick(first), fmt.Sprintf("l%d@example.org", n), "BLS", day, "100", fmt.Sprint(84 + r.IntN(17)), "pass", pick(notes)}, true}
	faults := []func(){
		func() { l.cells[0], l.cells[1] = "", "" },
		func() { l.cells[3] = "Juggling" },
		func() { l.cells[4] = "31.02.2026" },
		func() { l.cells[4] = "2099-01-01" },
		func() { l.cells[4] = "03/04/2026" },
		func() { l.cells[5] = "87,5" },
		func() { l.cells[6] = "71" },
		func() { l.cells[6] = "many" },
		func() { l.cells[7] = "failed" },
		func() { l.cells[7] = "" },
		func() { l.cells[1] = "=HYPERLINK(1)" },
		func() { l.cells[0] = strings.Repeat("Anastasia", 8) },
	}
	if r.IntN(3) == 0 {
		faults[r.IntN(len(faults))]()
		l.good = false
	}
	return l
}

// Every row is issued or in problems.csv, once; nothing is lost and nothing invented, in whatever dialect the file is written.
func TestEveryRowIsIssuedOrRefusedOnce(t *testing.T) {
	dir := t.TempDir()
	if code := runIn(t, dir, "init"); code != exitDone {
		t.Fatalf("init ended with %d", code)
	}
	next := 0
	for seed, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, uint64(seed)))
			var rows []person
			for range 24 {
				next++
				rows = append(rows, drawLearner(r, next, fmt.Sprintf("2026-11-%02d", 1+seed), d.encoding != charmap.Windows1250))
			}
			path := filepath.Join(dir, fmt.Sprintf("roster%d.csv", seed))
			writeDialect(t, path, d, rows)
			args := []string{"issue", path, "--good-rows", "--out", filepath.Join(dir, fmt.Sprint("out", seed))}
			if d.option != "" {
				args = append(args, "--encoding", d.option)
			}
			if code := runIn(t, dir, args...); code != exitRefused {
				t.Fatalf("issue ended with %d, want %d: some rows are refused", code, exitRefused)
			}
			checkRows(t, filepath.Join(dir, fmt.Sprint("out", seed)), rows)
		})
	}
	t.Run("workbook", func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		var rows []person
		for range 24 {
			next++
			rows = append(rows, drawLearner(r, next, "2026-11-20", true))
		}
		path := filepath.Join(dir, "roster.xlsx")
		writeWorkbook(t, path, rows)
		out := filepath.Join(dir, "outx")
		if code := runIn(t, dir, "issue", path, "--good-rows", "--out", out); code != exitRefused {
			t.Fatalf("issue ended with %d, want %d", code, exitRefused)
		}
		checkRows(t, out, rows)
		// The workbook of the refused rows refuses just the same ones again.
		again := filepath.Join(dir, "again")
		if code := runIn(t, dir, "issue", filepath.Join(out, "problems.xlsx"), "--good-rows", "--out", again); code != exitRefused {
			t.Fatalf("issue of problems.xlsx ended with %d, want %d", code, exitRefused)
		}
		one, two := readEmails(t, filepath.Join(out, "problems.csv"), ','), readEmails(t, filepath.Join(again, "problems.csv"), ',')
		if !slices.Equal(one, two) {
			t.Errorf("the refused rows again: got %q, want %q", two, one)
		}
	})
}

// Whoever keeps a workbook mends a workbook: it is the one that is named.
func TestRefusedRowsOfAWorkbookAreNamed(t *testing.T) {
	dir := t.TempDir()
	if code := runIn(t, dir, "init"); code != exitDone {
		t.Fatalf("init ended with %d", code)
	}
	writeWorkbook(t, filepath.Join(dir, "class.xlsx"), []person{{cells: []string{"Silva", "Ana", "", "BLS", "2026-11-07", "100", "9", "pass", ""}}})
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"issue", "class.xlsx", "--out", "cards", "--good-rows"}, &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now})
	if code != exitRefused || !strings.Contains(out.String(), "The refused rows are in cards/problems.xlsx, and as text in cards/problems.csv\n") ||
		!strings.Contains(errs.String(), "cardproof issue cards/problems.xlsx --out cards\n") {
		t.Errorf("got %d, %s%s", code, out.String(), errs.String())
	}
}

// runIn runs a command line in a folder, by its absolute paths.
func runIn(t *testing.T, dir string, args ...string) int {
	t.Helper()
	t.Chdir(dir)
	var errs bytes.Buffer
	code := run(context.Background(), args, &app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &errs,
		now: func() time.Time { return time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC) }})
	if code != exitDone {
		t.Log(errs.String())
	}
	return code
}

func writeDialect(t *testing.T, path string, d dialect, rows []person) {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = d.delimiter
	all := [][]string{propertyHeading}
	for _, l := range rows {
		all = append(all, l.cells)
	}
	if err := w.WriteAll(all); err != nil {
		t.Fatal(err)
	}
	text, err := d.encoding.NewEncoder().String(strings.ReplaceAll(b.String(), "\n", d.ends))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeWorkbook(t *testing.T, path string, rows []person) {
	t.Helper()
	all := []sheet.Row{{Line: 1, Cells: []string{"BLS class of November"}}, {Line: 3, Cells: propertyHeading}}
	for i, l := range rows {
		all = append(all, sheet.Row{Line: 4 + i, Cells: l.cells})
	}
	var b bytes.Buffer
	if err := sheet.WriteWorkbook(&b, sheet.WorkbookSheet{Name: "Class", Rows: all}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkRows finds each row in exactly one of the two lists, and the refused ones with their own cells.
func checkRows(t *testing.T, out string, rows []person) {
	t.Helper()
	issued := readCSV(t, filepath.Join(out, "cards.csv"), ',')
	refused := readCSV(t, filepath.Join(out, "problems.csv"), 0)
	var want [][]string
	names := map[string]int{}
	for _, l := range rows {
		if l.good {
			names[l.cells[1]+" "+l.cells[0]]++
			continue
		}
		want = append(want, l.cells)
	}
	for _, line := range issued[1:] {
		names[line[2]]--
	}
	for name, n := range names {
		if n != 0 {
			t.Errorf("%s: %d cards too few", name, n)
		}
	}
	if len(refused)-1 != len(want) {
		t.Fatalf("%d rows in problems.csv, want %d", len(refused)-1, len(want))
	}
	for i, cells := range want {
		got := refused[i+1][:len(cells)]
		for k := range got {
			if strings.HasPrefix(got[k], "'") && strings.ContainsAny(got[k][1:2], "=+-@") {
				got[k] = got[k][1:] // what keeps a spreadsheet from running it
			}
			if got[k] != strings.ReplaceAll(cells[k], "\r\n", "\n") {
				t.Errorf("refused row %d, cell %d: got %q, want %q", i, k, got[k], cells[k])
			}
		}
		if refused[i+1][len(cells)] == "" {
			t.Errorf("refused row %d has no problem", i)
		}
	}
}

func readEmails(t *testing.T, path string, delimiter rune) []string {
	t.Helper()
	var emails []string
	for _, row := range readCSV(t, path, delimiter) {
		emails = append(emails, row[2])
	}
	return emails
}

// readCSV reads a list by encoding/csv alone. The delimiter 0 is the one that the heading shows.
func readCSV(t *testing.T, path string, delimiter rune) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = delimiter
	if delimiter == 0 {
		r.Comma = rune(data[len(propertyHeading[0])])
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
