package sheet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// comesBack writes a table as text and says whether it is read the same.
func comesBack(table *Table) error {
	want := cellsOf(table)
	var b bytes.Buffer
	if err := WriteText(&b, table, want); err != nil {
		return err
	}
	back, err := Read(&b, Options{})
	if err != nil {
		return fmt.Errorf("%q: %w", b.Bytes(), err)
	}
	if got := cellsOf(back); !reflect.DeepEqual(got, want) {
		return fmt.Errorf("got %q, want %q, written as %q", got, want, b.Bytes())
	}
	return nil
}

func TestWriteTextIsSafeAgainstFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+A1": "'+A1", "-A1": "'-A1", "@SUM(A1)": "'@SUM(A1)", "\tx": "\"'\tx\"", "\rx": "\"'\rx\"", "  =1": "'  =1", "＝1": "'＝1",
		" ＠x": "' ＠x", "'=1": "''=1", "-5": "-5", "+49 (0) 30/123-4": "\"+49 (0) 30/123-4\"", "-1,5": "\"-1,5\"", "=5": "'=5", "-": "-", "+1+cmd": "'+1+cmd",
		"'tis": "'tis", "a=b": "a=b", "": "", "sep=;": "\"sep=;\"", "a|b": "\"a|b\"",
	} {
		want = strings.ReplaceAll(want, "\"+49 (0) 30/123-4\"", "+49 (0) 30/123-4")
		var b bytes.Buffer
		if err := WriteText(&b, &Table{Delimiter: ';'}, [][]string{{cell, "x"}}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != want+";x\n" {
			t.Errorf("%q: got %q, want %q", cell, got, want+";x\n")
		}
	}
}

func TestWriteTextMarksWhatWasNotPlainUTF8(t *testing.T) {
	for _, c := range []struct {
		like Table
		want string
	}{
		{Table{Encoding: "utf-8", Delimiter: ';'}, "ü;b\n"},
		{Table{Encoding: "utf-8", Delimiter: '\t', Marked: true}, "\ufeffü\tb\n"},
		{Table{Encoding: "windows-1252", Delimiter: ','}, "\ufeffü,b\n"},
		{Table{Format: XLSX}, "ü,b\n"},
	} {
		var b bytes.Buffer
		if err := WriteText(&b, &c.like, [][]string{{"ü", "b"}}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.like, got, c.want)
		}
	}
}

// TestWrittenTextIsReadTheSame writes random cells in every dialect and encoding, by WriteText and as other programs do.
func TestWrittenTextIsReadTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2026))
	count := 0
	for _, encoding := range []string{"utf-8", "\ufeffutf-8", "utf-16le", "\ufeffutf-16le", "utf-16be", "\ufeffutf-16be", "windows-1252", "windows-1250"} {
		for _, delimiter := range delimiters {
			for _, end := range []string{"\n", "\r\n", "\r"} {
				for range 20 {
					count++
					rows := randomRows(random, encoding)
					name := fmt.Sprintf("%s %q %q", encoding, delimiter, end)
					data, o := encodeText(t, rows, encoding, delimiter, end)
					table, err := Read(strings.NewReader(data), o)
					if err != nil {
						t.Fatalf("%s: %v in %q", name, err, data)
					}
					if got := cellsOf(table); !reflect.DeepEqual(got, rows) || table.Delimiter != delimiter {
						t.Fatalf("%s: got %q by %q, want %q in %q", name, got, table.Delimiter, rows, data)
					}
					if err := comesBack(table); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
			}
		}
	}
	if count != 8*4*3*20 {
		t.Errorf("got %d tables, want all", count)
	}
}

// encodeText writes rows as a program does that quotes all that it may, with an apostrophe before formulas. Single bytes are
// named, as a person does when asked.
func encodeText(t *testing.T, rows [][]string, encoding string, delimiter rune, end string) (string, Options) {
	t.Helper()
	var b strings.Builder
	name, isMarked := strings.CutPrefix(encoding, "\ufeff")
	if isMarked {
		b.WriteString("\ufeff")
	}
	for _, row := range rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, `"`+strings.ReplaceAll(escaped(cell), `"`, `""`)+`"`)
		}
		b.WriteString(strings.Join(cells, string(delimiter)) + end)
	}
	o := Options{}
	if strings.HasPrefix(name, "windows") {
		o.Encoding = name
	}
	return encodeAs(t, b.String(), name), o
}

func randomRows(random *rand.Rand, encoding string) [][]string {
	pieces := []string{"a", "Müller", "ß", " ", ",", ";", "\t", "|", `"`, `""`, "\n", "\r\n", "\r", "=", "+", "-", "@", "'", "5", "é", "sep=", "x"}
	if !strings.HasPrefix(encoding, "windows") {
		pieces = append(pieces, "Łą", "王", "😀", "ع", "＝", "\ufeff", "一")
	}
	width := 2 + random.IntN(6)
	rows := make([][]string, 1+random.IntN(8))
	for i := range rows {
		rows[i] = make([]string, width)
		for j := range rows[i] {
			for range random.IntN(5) {
				rows[i][j] += pieces[random.IntN(len(pieces))]
			}
		}
		rows[i][random.IntN(width)] += "n" // no row is blank
	}
	return rows
}

func TestWriteWorkbookKeepsKinds(t *testing.T) {
	rows := []Row{
		{Line: 1, Cells: []string{"name", "score", "attendance", "completed", "passed", "id"}},
		{Line: 2, Cells: []string{"=1+1", "91.5", "91.5%", "2026-11-07", "TRUE", "007"}, Kinds: []Kind{Text, Number, Percent, Date, Bool, Text}},
		{Line: 3, Cells: []string{"a\nb_x0041_ <&>", "0.1", "100%", "2026-11-07T09:30:00", "FALSE", "12"}, Kinds: []Kind{Text, Number, Percent, Date, Bool, Text}},
		{Line: 4, Cells: []string{" Ana ", "many", "half", "7 Nov", "maybe", "'=x"}},
		{Line: 5, Cells: []string{"Lea\r\tBell \u202eKim 😀", "-12345678901", "33.3333333333333%", "2999-12-31", "", "2026-11-07"}, Kinds: []Kind{Text, Number, Percent, Date, Text, Text}},
	}
	broken := slices.Clone(rows[3].Cells)
	mixed := slices.Concat(rows, []Row{{Cells: broken, Kinds: []Kind{Text, Number, Percent, Date, Bool, Text}}})
	var b bytes.Buffer
	err := WriteWorkbook(&b, WorkbookSheet{Name: "Roster", Rows: mixed, HeadingRows: 1, Widths: []float64{30, 0, 12},
		Choices: map[int][]string{4: {"TRUE", "FALSE"}}, Notes: map[int]string{0: "First and last name", 4: "Was the test passed?"}},
		WorkbookSheet{Name: "Notes"})
	if err != nil {
		t.Fatal(err)
	}
	table := mustRead(t, b.String(), Options{})
	want := slices.Concat(rows, []Row{{Line: 6, Cells: broken}})
	if !reflect.DeepEqual(table.Rows, want) || table.Sheet != "Roster" {
		t.Errorf("got %+v of %q, want %+v", table.Rows, table.Sheet, want)
	}
	sheet := entryOf(t, b.String(), "xl/worksheets/sheet1.xml")
	for _, part := range []string{`state="frozen"`, `ySplit="1"`, `sqref="E2:E1048576"`, `<formula1>"TRUE,FALSE"</formula1>`, "Was the test passed?", `sqref="A2:A1048576"`, `width="30"`} {
		if !strings.Contains(sheet, part) {
			t.Errorf("the sheet has no %s", part)
		}
	}
	if strings.Contains(sheet, "<f>") {
		t.Errorf("the sheet has a formula: %s", sheet)
	}
}

// XML has no control characters. What takes their place must not pass for a clean text.
func TestWriteWorkbookMarksControlCharacters(t *testing.T) {
	var b bytes.Buffer
	if err := WriteWorkbook(&b, WorkbookSheet{Name: "a", Rows: []Row{{Cells: []string{"Lea \aBell"}}}}); err != nil {
		t.Fatal(err)
	}
	if got, want := mustRead(t, b.String(), Options{}).Rows[0].Cells[0], "Lea \ufffdBell"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriteWorkbookRefusesWhatWouldBeLost(t *testing.T) {
	for name, sheets := range map[string][]WorkbookSheet{
		"no sheet":              nil,
		"name too long":         {{Name: strings.Repeat("x", 32)}},
		"same name":             {{Name: "a"}, {Name: "A"}},
		"a text too long":       {{Name: "a", Rows: []Row{{Cells: []string{strings.Repeat("x", MaxCellBytes+1)}}}}},
		"a note too long":       {{Name: "a", Notes: map[int]string{0: strings.Repeat("x", 256)}}},
		"choices too long":      {{Name: "a", Choices: map[int][]string{0: {strings.Repeat("x", 256)}}}},
		"a choice with a comma": {{Name: "a", Choices: map[int][]string{0: {"a,b"}}}},
	} {
		if err := WriteWorkbook(&bytes.Buffer{}, sheets...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
