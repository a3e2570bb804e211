package sheet

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func mustRead(t testing.TB, data string, o Options) *Table {
	t.Helper()
	table, err := Read(strings.NewReader(data), o)
	if err != nil {
		t.Fatalf("%.60q: %v", data, err)
	}
	return table
}

// wantError says whether err is an *Error with all of the texts in its own text or hint.
func wantError(t testing.TB, name string, err error, texts ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want an *Error", name, err)
		return
	}
	for _, text := range texts {
		if !strings.Contains(e.Error()+"\n"+e.Hint, text) {
			t.Errorf("%s: got %q with the hint %q, want %q in them", name, e, e.Hint, text)
		}
	}
	if e.Hint == "" {
		t.Errorf("%s: %q has no hint", name, e)
	}
}

func encodeAs(t testing.TB, text, name string) string {
	t.Helper()
	if name == utf8Name {
		return text
	}
	e, _, err := lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%q as %s: %v", text, name, err)
	}
	return encoded
}

func cellsOf(table *Table) [][]string {
	var cells [][]string
	for _, row := range table.Rows {
		cells = append(cells, row.Cells)
	}
	return cells
}

func linesOf(table *Table) []int {
	var lines []int
	for _, row := range table.Rows {
		lines = append(lines, row.Line)
	}
	return lines
}

func TestReadRefusesOtherFiles(t *testing.T) {
	for _, c := range []struct{ name, data, text, hint string }{
		{"empty", "", "empty", "heading"},
		{"a mark alone", "\ufeff", "empty", "heading"},
		{"blank", "\ufeff \r\n,,\r\n", "empty", "heading"},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "protected by a password", ".xlsx"},
		{"PDF", "%PDF-1.7\n", "PDF", "Export"},
		{"HTML", "\r\n<html xmlns:x=\"urn:x\"><table><tr><td>name", "web page", "save it"},
		{"HTML in UTF-16", "\xff\xfe" + encodeAs(t, "<TABLE><tr>", "utf-16le"), "web page", "save it"},
		{"XML of Excel 2003", "<?xml version=\"1.0\"?><Workbook>", "XML", "save it"},
		{"web archive", "MIME-Version: 1.0\r\nX-Document-Type: Workbook", "web page", "save it"},
		{"RTF", "{\\rtf1 name}", "text document", "save it"},
		{"bytes", "\x1f\x8b\x08\x01\xff", "no text", "save it"},
		{"NUL", "name,course\nA\x00na,BLS\n", "line 2 of the file has a NUL", "save it"},
		{"UTF-32", "\xff\xfe\x00\x00n\x00\x00\x00", "UTF-32", "save it"},
		{"archive cut off", "PK\x03\x04rest", "damaged", "once more"},
	} {
		_, err := Read(strings.NewReader(c.data), Options{})
		wantError(t, c.name, err, c.text, c.hint)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReadText(t *testing.T) {
	for _, c := range []struct {
		name, data string
		delimiter  rune
		want       [][]string
		lines      []int
	}{
		{"commas", "a,b\n1,2\n", ',', [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 2}},
		{"no line end at the end", "a;b\r\n1;2", ';', [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 2}},
		{"old Macintosh", "a\tb\r1\t2\r", '\t', [][]string{{"a", "b"}, {"1", "2"}}, []int{1, 2}},
		{"mixed line ends", "a|b\r\n1|2\n3|4\r5|6", '|', [][]string{{"a", "b"}, {"1", "2"}, {"3", "4"}, {"5", "6"}}, []int{1, 2, 3, 4}},
		{"blank rows count", "\r\n,,\r\na,b\r\n\r\n , \r\n1,2\r\n", ',', [][]string{{"a", "b"}, {"1", "2"}}, []int{3, 6}},
		{"a cell of lines is one row", "a,b\n\"1\r\n\n2\r3\",4\n5,6\n", ',', [][]string{{"a", "b"}, {"1\r\n\n2\r3", "4"}, {"5", "6"}}, []int{1, 2, 3}},
		{"quotes", "a,b\n\"x, \"\"y\"\"\",\"\"\n", ',', [][]string{{"a", "b"}, {`x, "y"`, ""}}, []int{1, 2}},
		{"spaces stay", "a, b \n 1 ,2\n", ',', [][]string{{"a", " b "}, {" 1 ", "2"}}, []int{1, 2}},
		{"declared", "sep=;\r\na;b,c\r\n1;2\r\n", ';', [][]string{{"a", "b,c"}, {"1", "2"}}, []int{2, 3}},
		{"declared after a mark", "\ufeffSEP=,\na;b,c\n1;2,3\n", ',', [][]string{{"a;b", "c"}, {"1;2", "3"}}, []int{2, 3}},
		{"decimal commas", "name;score\nAna;91,5\nBela;88,0\n", ';', [][]string{{"name", "score"}, {"Ana", "91,5"}, {"Bela", "88,0"}}, []int{1, 2, 3}},
		{"commas in names", "name;course\nKovács, Anna;BLS\nNovák, Jan;BLS\n", ';', [][]string{{"name", "course"}, {"Kovács, Anna", "BLS"}, {"Novák, Jan", "BLS"}}, []int{1, 2, 3}},
		{"a list in each row", "name,skills,course\nA,a;b;c;d,BLS\nB,a;b;c;d,BLS\n", ',', [][]string{{"name", "skills", "course"}, {"A", "a;b;c;d", "BLS"}, {"B", "a;b;c;d", "BLS"}}, []int{1, 2, 3}},
		{"the wider of two tables", "a, b;c;d\nx, y;1;2\n", ';', [][]string{{"a, b", "c", "d"}, {"x, y", "1", "2"}}, []int{1, 2}},
		{"quotes say which", "a;b,c\n\"x,y\";\"1,2\"\n", ';', [][]string{{"a", "b,c"}, {"x,y", "1,2"}}, []int{1, 2}},
		{"title rows", "Course of May\n\nname;course\nAna;BLS\n", ';', [][]string{{"Course of May"}, {"name", "course"}, {"Ana", "BLS"}}, []int{1, 3, 4}},
		{"ragged", "a,b,c\n1,2\n3\n4,5,6,\n", ',', [][]string{{"a", "b", "c"}, {"1", "2"}, {"3"}, {"4", "5", "6", ""}}, []int{1, 2, 3, 4}},
		{"ragged below the heading", "a,b,c\n1,2\n3\n", ',', [][]string{{"a", "b", "c"}, {"1", "2"}, {"3"}}, []int{1, 2, 3}},
		{"one column", "name\nAna\nBela\n", ',', [][]string{{"name"}, {"Ana"}, {"Bela"}}, []int{1, 2, 3}},
		{"one column with a comma in it", "name\nAna\nBela\nKovács, Anna\nCarl\n", ';', [][]string{{"name"}, {"Ana"}, {"Bela"}, {"Kovács, Anna"}, {"Carl"}}, []int{1, 2, 3, 4, 5}},
		{"quotes inside", "name,course\nAnna \"Ani\" Kovács,BLS\nBela,5\"\n", ',', [][]string{{"name", "course"}, {`Anna "Ani" Kovács`, "BLS"}, {"Bela", `5"`}}, []int{1, 2, 3}},
		{"apostrophe before a formula", "a,b\n'=1+1,'-5\n'@x,'' =y\n", ',', [][]string{{"a", "b"}, {"=1+1", "'-5"}, {"@x", "' =y"}}, []int{1, 2, 3}},
	} {
		table := mustRead(t, c.data, Options{})
		if got := cellsOf(table); !reflect.DeepEqual(got, c.want) || table.Delimiter != c.delimiter {
			t.Errorf("%s: got %q by %q, want %q by %q", c.name, got, table.Delimiter, c.want, c.delimiter)
		}
		if got := linesOf(table); !slices.Equal(got, c.lines) {
			t.Errorf("%s: got the rows %v, want %v", c.name, got, c.lines)
		}
	}
}

func TestReadTextRefusesWhatCanBeReadInTwoWays(t *testing.T) {
	for _, c := range []struct{ name, data, text string }{
		{"quote that is open", "name,course\n\"Ana,BLS\nBela,BLS\n", "line 2 of the file is never closed"},
		{"text behind a quote", "name,course\n\"Ana\" B,BLS\n", "line 2"},
		{"a delimiter between marks inside", "name,course,class\nA,BLS,1\nAnna \"Ani, A\" Kovács,BLS\n", "line 3"},
		{"a row too wide by marks inside", "name,course\nA,BLS\nAnna \"Ani\", Kovács,BLS\n", "line 3"},
		{"a line end between marks inside", "name\nAnna \"Ani\nA\" Kovács\n", "line 2"},
		{"a space before a mark", "name,course\nA, \"BLS\"\n", "line 2"},
		{"two delimiters", "name, first;course\nKovács, Anna;BLS\n", "commas or by semicolons"},
		{"no common delimiter", "a\nb,c;d\te|f\ng,h;i\tj|k,l;m\tn|o\nq\nr\ns", "no columns"},
	} {
		_, err := Read(strings.NewReader(c.data), Options{})
		wantError(t, c.name, err, c.text)
	}
	isTable := func(first []Row) bool { return slices.Contains(first[0].Cells, "course") }
	table := mustRead(t, "name, first;course\nKovács, Anna;BLS\n", Options{IsTable: isTable})
	if table.Delimiter != ';' {
		t.Errorf("with a heading that is known: got %q, want a semicolon", table.Delimiter)
	}
}

func TestReadSharedRosters(t *testing.T) {
	for _, c := range []struct {
		name, encoding string
		rows, line     int
		cell           string
		want           Table
	}{
		{"office-export.csv", "windows-1252", 4, 4, "91,5 %", Table{Format: CSV, Delimiter: ';', Encoding: "windows-1252"}},
		{"bad.csv", "utf-8", 20, 17, `=HYPERLINK("http://example.org")`, Table{Format: CSV, Delimiter: ',', Encoding: "utf-8"}},
		{"als2.xlsx", "", 9, 7, "91%", Table{Format: XLSX, Sheet: "Sheet1", Look: Look{Merged: []Block{{FirstLine: 1, LastLine: 1, LastPlace: 9}}}}},
	} {
		f, err := os.Open(filepath.Join("testdata", c.name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		table, err := Read(f, Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		i := slices.IndexFunc(table.Rows, func(row Row) bool { return row.Line == c.line })
		if len(table.Rows) != c.rows || i < 0 || !slices.Contains(table.Rows[i].Cells, c.cell) {
			t.Errorf("%s: got %d rows with %+v, want %d and %q in row %d", c.name, len(table.Rows), table.Rows, c.rows, c.cell, c.line)
		}
		table.Rows = nil
		if !reflect.DeepEqual(*table, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, *table, c.want)
		}
	}
}

// Whatever bytes come, Read ends with our kind of error or with rows that WriteText writes so that they are read the same.
func FuzzReadText(f *testing.F) {
	for _, seed := range []string{"", "a,b\n1,2\n", "sep=;\na;b\n", "\ufeffa\tb\r\n\"x\n\"\"y\"\t'=1\r\n", "a|b\rAnna \"Ani\" K|\"\"\r",
		"\xff\xfea\x00;\x00\n\x00", "a\x00;\x00b\x00", "a;b\nPaw\xb3owski;1\n", "a;b\nMu\xf1oz;1\n", "a\nJ\x9frgen\n", "\xef\xbb\xbfa\xff", "a, \"b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if isArchive(string(data)) {
			return // FuzzReadWorkbook's
		}
		table, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			wantError(t, "fuzz", err)
			return
		}
		if err := comesBack(table); err != nil {
			t.Fatal(err)
		}
	})
}
