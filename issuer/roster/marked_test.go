package roster

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// markedWorkbook is a workbook of one sheet with two styles, of which the second is struck out. A cell that begins with < is XML, one
// that begins with ~ has the second style.
func markedWorkbook(t testing.TB, after string, rows ...[]string) []byte {
	t.Helper()
	const relationship = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var sheet strings.Builder
	for _, row := range rows {
		attributes := ""
		if len(row) > 0 && row[0] == "hidden" {
			attributes, row = ` hidden="1"`, row[1:]
		}
		fmt.Fprintf(&sheet, "<row%s>", attributes)
		for _, text := range row {
			plain, isStruck := strings.CutPrefix(text, "~")
			switch {
			case strings.HasPrefix(text, "<"):
				sheet.WriteString(text)
			case isStruck:
				fmt.Fprintf(&sheet, `<c s="1" t="inlineStr"><is><t>%s</t></is></c>`, plain)
			default:
				fmt.Fprintf(&sheet, `<c t="inlineStr"><is><t>%s</t></is></c>`, text)
			}
		}
		sheet.WriteString("</row>")
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types/>`},
		{"_rels/.rels", `<Relationships><Relationship Id="r" Type="` + relationship + `officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook><sheets><sheet name="One" sheetId="1" id="a"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" Type="` + relationship + `worksheet" Target="one.xml"/><Relationship Id="b" Type="` + relationship + `styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", `<styleSheet><fonts><font/><font><strike/></font></fonts><cellXfs><xf/><xf fontId="1"/></cellXfs></styleSheet>`},
		{"xl/one.xml", `<worksheet><sheetData>` + sheet.String() + `</sheetData>` + after + `</worksheet>`},
	} {
		f, err := w.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(part[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var markedHeading = []string{"name", "course", "completed", "attendance", "score", "skills", "remark"}

func checkWorkbook(t testing.TB, after string, rows ...[]string) (*Roster, *Checked) {
	t.Helper()
	ro, err := Read(bytes.NewReader(markedWorkbook(t, after, append([][]string{markedHeading}, rows...)...)), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	checked := Check(ro, testRules(t))
	if err := eachRowOnce(ro, checked); err != nil {
		t.Error(err)
	}
	return ro, checked
}

func TestErrorsOfFormulasAreRefused(t *testing.T) {
	fault := func(value string) string { return `<c t="e"><v>` + value + `</v></c>` }
	_, checked := checkWorkbook(t, "",
		[]string{fault("#N/A"), "BLS", "2026-11-07", "100", "95", "pass"},
		[]string{"Ana Day", "BLS", fault("#REF!"), "100", "95", "pass"},
		[]string{"Ana Mark", "BLS", "2026-11-07", "100", fault("#DIV/0!"), "pass"},
		[]string{"Ana Pass", "BLS", "2026-11-07", "100", "95", fault("#NAME?")},
		[]string{"Ana Course", fault("#N/A"), "2026-11-07", "100", "95", "pass"},
		[]string{"Ana Remark", "BLS", "2026-11-07", "100", "95", "pass", fault("#N/A")},
		[]string{fault("#N/A"), "BLS", "2026-11-07", "100", "95", "pass"})
	want(t, "errors", refused(checked.Problems), []string{"2 name bad_character", "3 completed bad_date", "4 score bad_number", "5 skills bad_character", "6 course bad_character", "8 name bad_character"})
	if got, want := checked.Problems[2].Text(), "The cell holds the error #N/A. Mend the formula, or type the value in its place."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStruckOutIsRefused(t *testing.T) {
	ro, checked := checkWorkbook(t, "",
		[]string{"~Ana Row", "~BLS", "~2026-11-07", "~100", "~95", "~pass"},
		[]string{"~Ana Name", "BLS", "2026-11-07", "100", "95", "pass"},
		[]string{`<c t="inlineStr"><is><r><rPr><strike/></rPr><t>Ana Struck </t></r><r><t>Berta New</t></r></is></c>`, "BLS", "2026-11-07", "100", "95", "pass"},
		[]string{"Ana Remark", "BLS", "2026-11-07", "100", "95", "pass", "~old"},
		[]string{`<c t="inlineStr"><is><r><rPr><strike val="0"/></rPr><t>Ana Plain</t></r></is></c>`, "BLS", "2026-11-07", "100", "95", "pass"})
	want(t, "struck out", refused(checked.Problems), []string{"2  struck_out", "3 name struck_out", "4 name struck_out"})

	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return WriteProblems(b, ro, checked.Problems) },
		"workbook": func(b *bytes.Buffer) error { return WriteProblemsWorkbook(b, ro, checked.Problems) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(out.Bytes()), testOptions())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "not mended, as a "+name, refused(Check(again, testRules(t)).Problems), []string{"2  struck_out", "3  struck_out", "4  struck_out"})
	}
}

func TestHiddenRowsAreToldAndCorrectionsRefused(t *testing.T) {
	_, checked := checkWorkbook(t, "", []string{"hidden", "Ana Hidden", "BLS", "2026-11-07", "100", "95", "pass"})
	want(t, "roster", notices(checked.Problems), []string{"1  unknown_column", "2  hidden_row"})

	const number = "7K2M-9QWX-4D"
	path := filepath.Join(t.TempDir(), "corrections.xlsx")
	data := markedWorkbook(t, "", []string{"number", "name"}, []string{"hidden", number, "Somebody Else"}, []string{number, `<c t="e"><v>#N/A</v></c>`}, []string{number, "~Old Name"})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadCorrections(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "corrections", refused(c.Problems), []string{"2  hidden_row", "3 name bad_character", "4 name struck_out"})
	if len(c.Rows) > 0 {
		t.Errorf("got %+v, want no correction", c.Rows)
	}
}

func TestRememberedEncodingGivesWayToAMark(t *testing.T) {
	o := testOptions()
	o.RememberedEncoding = "windows-1250"
	for name, c := range map[string][2]string{"mark": {"\ufeffname,course,completed\nZoë Łąka,BLS,2026-11-07\n", "Zoë Łąka"}, "none": {"name,course,completed\nMu\xf1oz,BLS,2026-11-07\n", "Muńoz"}} {
		ro, err := Read(strings.NewReader(c[0]), o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := ro.Rows[0].Cells[0]; got != c[1] {
			t.Errorf("%s: got %q, want %q", name, got, c[1])
		}
	}
	path := filepath.Join(t.TempDir(), "corrections.csv")
	for data, say := range map[string]string{"\ufeffnumber,name\nx,Łąka\n": "", "number,name\nx,Gro\xe1\n": "Groß"} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		read := Options{RememberedEncoding: "windows-1250"}
		if say != "" {
			read = Options{}
		}
		_, err := ReadCorrections(path, read)
		if say == "" && err != nil || say != "" && (err == nil || !strings.Contains(err.Error(), say)) {
			t.Errorf("%q: got %v, want %q", data, err, say)
		}
	}
}

func TestHiddenColumnsAndMergedCellsAreTold(t *testing.T) {
	rows := [][]string{{"Ana One", "BLS", "2026-11-07", "100", "95", "pass"}, {"Ana Two", "", "2026-11-07", "100", "95", "pass"}, {"Ana Three", "", "2026-11-07", "100", "95", "pass"}}
	_, checked := checkWorkbook(t, `<mergeCells><mergeCell ref="B2:B3"/></mergeCells><cols><col min="5" max="5" hidden="1"/></cols>`, rows...)
	want(t, "errors", refused(checked.Problems), []string{"3 course missing_value", "4 course missing_value"})
	want(t, "notices", notices(checked.Problems), []string{"1 score hidden_column", "1  unknown_column"})
	for _, p := range checked.Problems {
		if got, want := strings.Contains(p.Remedy, "merged cells"), p.Row == 3; got != want {
			t.Errorf("row %d: got %q", p.Row, p.Remedy)
		}
	}
}
