package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

const relationship = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

// minimal are the parts of a workbook of one sheet, but for the sheet.
var minimal = map[string]string{
	"[Content_Types].xml": `<Types/>`,
	"_rels/.rels":         `<Relationships><Relationship Id="r" Type="` + relationship + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	"xl/workbook.xml":     `<workbook xmlns:r="x"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>`,
	"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="` + relationship + `worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + relationship + `styles" Target="/xl/styles.xml"/><Relationship Id="rId3" Type="` + relationship + `sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
	"xl/styles.xml":        `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
	"xl/sharedStrings.xml": `<sst><si><t>shared</t></si><si><r><t xml:space="preserve">ri </t></r><r><t>ch</t></r><rPh><t>aid</t></rPh></si><si><t>a_x000D_b_x005F_x0041_</t></si></sst>`,
}

// pack makes a workbook of the minimal parts and others, which may replace them; one that is "-" is left out.
func pack(t testing.TB, parts map[string]string) string {
	t.Helper()
	all := maps.Clone(minimal)
	maps.Copy(all, parts)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == "-" {
			continue
		}
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, all[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func packRows(t testing.TB, rows string) string {
	t.Helper()
	return pack(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`})
}

func entryOf(t *testing.T, data, name string) string {
	t.Helper()
	a, err := openArchive(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.entries[name].Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadWorkbookCells(t *testing.T) {
	table := mustRead(t, packRows(t, `<row r="2" hidden="1"><c r="B2" t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c r="AA2"/></row>`+
		`<row><c t="inlineStr"><is><t>in </t><r><t>line</t></r></is></c><c t="str"><f>A1&amp;"x"</f><v>done</v></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>2026-11-07T00:00:00Z</v></c></row>`+
		`<row r="9"><c t="n"><v>92.299999999999997</v></c><c s="1"><v>46333.395833333336</v></c><c><f>SUM(A1)</f></c><c t="str"><f>A1</f><v></v></c><c t="b"><v>0</v></c></row>`+
		`<row r="1048576"><c r="A1048576" s="1"/></row>`), Options{})
	want := []Row{
		{Line: 2, Cells: []string{"", "shared", "ri ch", "a\rb_x0041_"}, Hidden: true},
		{Line: 3, Cells: []string{"in line", "done", "TRUE", "#N/A", "2026-11-07"}, Kinds: []Kind{Text, Text, Bool, Fault, Date}},
		{Line: 9, Cells: []string{"92.3", "2026-11-07T09:30:00", "=SUM(A1)", "", "FALSE"}, Kinds: []Kind{Number, Date, Text, Text, Bool}},
	}
	if !reflect.DeepEqual(table.Rows, want) {
		t.Errorf("got %+v, want %+v", table.Rows, want)
	}
}

func TestNumberFormats(t *testing.T) {
	const day, text = 46333.0, "2026-11-07"
	for _, c := range []struct {
		code string
		v    float64
		want string
		kind Kind
	}{
		{"General", 91.5, "91.5", Number}, {"0.00", 91.456, "91.456", Number}, {"#,##0.00 [$€-407]", 1234.5, "1234.5", Number}, {"0.00E+00", 5, "5", Number},
		{"General", 0.1 + 0.2, "0.3", Number}, {"General", 1e-12, "1e-12", Number}, {"General", 123456789012345678, "123456789012346000", Number}, {`0 "days"`, 3, "3", Number},
		{"0%", 0.9099999999999999, "91%", Percent}, {"0.00%", 0.915, "91.5%", Percent}, {"0 %", 1, "100%", Percent}, {"0.0%;[Red]-0.0%", 0.57, "57%", Percent}, {`0\%`, 91, "91", Number}, {`0.0"%"`, 91.5, "91.5", Number},
		{"dd.mm.yyyy", day, text, Date}, {"[$-407]d. mmmm yyyy", day, text, Date}, {"mm/dd/yyyy", day, text, Date}, {`[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`, day, text, Date}, {"DD.MM.YYYY;@", day, text, Date},
		{"[Red]yyyy-mm-dd", day, text, Date}, {`yyyy"年"m"月"d"日"`, day, text, Date}, {"d-mmm", day, text, Date}, {"dd.mm.yyyy hh:mm", day + 0.5, text + "T12:00:00", Date}, {"m/d/yy h:mm AM/PM", day + 0.999999, text + "T23:59:59", Date}, {"dd.mm.yyyy", 46333.99999998843, text + "T23:59:59", Date}, {"dd.mm.yyyy", 46234 - 0.00000001157, "2026-07-30T23:59:59", Date},
		{"dd.mm.yyyy", 46332.99999999998, text, Date}, {"dd.mm.yyyy hh:mm", 46333.4 + 0.3 + 0.3 - 1e-11, "2026-11-08", Date},
		{"mmmm yyyy", day, text, Date}, {"mmmm yyyy", day - 6, "2026-11", Text}, {"dd.mm.yyyy", 0, "0", Number}, {"dd.mm.yyyy", -3, "-3", Number}, {"dd.mm.yyyy", 60, "60", Number}, {"dd.mm.yyyy", 59, "1900-02-28", Date}, {"dd.mm.yyyy", 61, "1900-03-01", Date},
		{"dd.mm.yyyy", 2958466, "2958466", Number}, {"hh:mm", 0.395833333333333, "09:30:00", Text}, {"[h]:mm:ss", 1.5, "36:00:00", Text}, {"hh:mm", day + 0.5, text + "T12:00:00", Date},
		{"00000", 123, "00123", Text}, {"0", 123, "123", Number}, {"@", 7, "7", Number}, {`"due "dd.mm.yyyy`, day, text, Date}, {"\"open", 7, "7", Number}, {"[open", 7, "7", Number},
	} {
		got, kind := formatOf(c.code).apply(c.v, false)
		if got != c.want || kind != c.kind {
			t.Errorf("%v as %q: got %q (%d), want %q (%d)", c.v, c.code, got, kind, c.want, c.kind)
		}
	}
	for id, want := range map[int]string{0: "46333", 9: "4633300%", 10: "4633300%", 14: text, 15: text, 16: text, 17: text, 22: text, 27: text, 57: text, 1: "46333", 49: "46333", 21: text, 46: "1111992:00:00"} {
		if got, _ := builtinFormat(id).apply(day, false); id != 46 && got != want {
			t.Errorf("built-in format %d: got %q, want %q", id, got, want)
		}
	}
	if got, _ := formatOf("dd.mm.yyyy").apply(day-1462, true); got != text {
		t.Errorf("counted from 1904: got %s, want %s", got, text)
	}
}

// TestReadWorkbooksOfOtherPrograms reads one table as excelize and LibreOffice 7.4 write it.
func TestReadWorkbooksOfOtherPrograms(t *testing.T) {
	want := []Row{
		{Line: 1, Cells: []string{"name", "completed", "long", "us", "time", "score", "attendance", "passed", "sum", "id", "error"}},
		{Line: 3, Cells: []string{"Jürgen \"Ü\"\nMüller", "2026-11-07", "2026-11-07", "2026-11-07", "2026-11-07T09:30:00", "92.3", "91%", "TRUE", "93.3", "00123", "#N/A"},
			Kinds: []Kind{Text, Date, Date, Date, Date, Number, Percent, Bool, Number, Text, Text}, Hidden: true},
	}
	made := excelizeWorkbook(t)
	table := mustRead(t, made, Options{})
	noResult := slices.Clone(want)
	noResult[1].Cells, noResult[1].Kinds = slices.Clone(want[1].Cells), slices.Clone(want[1].Kinds)
	noResult[1].Cells[8], noResult[1].Kinds[8] = "=F3+1", Text
	if !reflect.DeepEqual(table.Rows, noResult) || table.Sheet != "Roster" {
		t.Errorf("excelize: got %+v of %q, want %+v", table.Rows, table.Sheet, noResult)
	}
	for _, name := range []string{"libreoffice.xlsx"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		table := mustRead(t, string(data), Options{})
		if !reflect.DeepEqual(table.Rows, want) || table.Sheet != "Roster" {
			t.Errorf("%s: got %+v of %q, want %+v", name, table.Rows, table.Sheet, want)
		}
	}
	data, err := os.ReadFile(filepath.Join("testdata", "libreoffice.ods"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Read(bytes.NewReader(data), Options{})
	wantError(t, "ods", err, "OpenDocument", ".xlsx")
}

// excelizeWorkbook is a workbook with a hidden sheet, a blank one, a chart and the kinds of cells that offices have.
func excelizeWorkbook(t testing.TB) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(f.SetSheetName("Sheet1", "Roster"))
	do(f.SetSheetRow("Roster", "A1", &[]any{"name", "completed", "long", "us", "time", "score", "attendance", "passed", "sum", "id", "error"}))
	at := time.Date(2026, 11, 7, 9, 30, 0, 0, time.UTC)
	do(f.SetSheetRow("Roster", "A3", &[]any{nil, at.Truncate(24 * time.Hour), at.Truncate(24 * time.Hour), at.Truncate(24 * time.Hour), at, 92.3, 0.9099999999999999, true, nil, 123, "#N/A"}))
	do(f.SetCellRichText("Roster", "A3", []excelize.RichTextRun{{Text: "Jürgen "}, {Text: "\"Ü\"\n", Font: &excelize.Font{Bold: true}}, {Text: "Müller"}}))
	do(f.SetCellFormula("Roster", "I3", "F3+1"))
	for cell, code := range map[string]string{"B3": "dd.mm.yyyy", "C3": "[$-407]d. mmmm yyyy", "D3": "mm/dd/yyyy", "E3": "dd.mm.yyyy hh:mm", "F3": "0.00", "G3": "0 %", "J3": "00000", "Z900": "0.00"} {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		do(err)
		do(f.SetCellStyle("Roster", cell, cell, id))
	}
	do(f.SetRowVisible("Roster", 3, false))
	do(f.MergeCell("Roster", "A1", "A2"))
	for _, name := range []string{"Blank", "Hidden"} {
		_, err := f.NewSheet(name)
		do(err)
	}
	do(f.SetCellValue("Hidden", "A1", "name"))
	do(f.SetSheetVisible("Hidden", false))
	do(f.AddChartSheet("Chart", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Name: "Roster!$A$1", Values: "Roster!$F$3:$F$3"}}}))
	var b bytes.Buffer
	do(f.Write(&b))
	return b.String()
}

func TestSheetsAreChosen(t *testing.T) {
	row := func(text string) string {
		return `<worksheet><sheetData><row><c t="inlineStr"><is><t>` + text + `</t></is></c></row></sheetData></worksheet>`
	}
	sheets := func(states ...string) string {
		var list, relations strings.Builder
		parts := map[string]string{}
		for i, state := range states {
			name, hidden, _ := strings.Cut(state, ":")
			fmt.Fprintf(&list, `<sheet name="%s" state="%s" r:id="rId%d"/>`, name, hidden, i)
			fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="%sworksheet" Target="worksheets/s%d.xml"/>`, i, relationship, i)
			parts[fmt.Sprintf("xl/worksheets/s%d.xml", i)] = row(strings.TrimPrefix(name, "blank"))
			if name == "blank" {
				parts[fmt.Sprintf("xl/worksheets/s%d.xml", i)] = `<worksheet><sheetData><row r="5"/></sheetData></worksheet>`
			}
		}
		parts["xl/workbook.xml"] = `<workbook xmlns:r="x"><sheets>` + list.String() + `</sheets></workbook>`
		parts["xl/_rels/workbook.xml.rels"] = `<Relationships>` + relations.String() + `</Relationships>`
		return pack(t, parts)
	}
	isRoster := func(first []Row) bool { return strings.HasPrefix(first[0].Cells[0], "roster") }
	for _, c := range []struct {
		name, data string
		o          Options
		want       string // or what the error says
	}{
		{"the only one that is shown", sheets("a:hidden", "b:veryHidden", "c", "blank"), Options{IsTable: isRoster}, "c"},
		{"the one that is a table", sheets("a", "roster", "c"), Options{IsTable: isRoster}, "roster"},
		{"a hidden table", sheets("a", "roster:hidden", "c"), Options{IsTable: isRoster}, `error: none of the workbook's sheets looks like the table: "a", "c"`},
		{"two tables", sheets("roster 1", "roster 2", "c"), Options{IsTable: isRoster}, `error: several of the workbook's sheets may be the table: "roster 1", "roster 2"`},
		{"two, and nobody to say", sheets("a", "c"), Options{}, `error: several`},
		{"named", sheets("a", "c"), Options{Sheet: "C"}, "c"},
		{"named and hidden", sheets("a", "c:hidden"), Options{Sheet: "c"}, "c"},
		{"named wrongly", sheets("a", "c"), Options{Sheet: "d"}, `error: the workbook has no sheet "d", but "a", "c"`},
		{"all blank", sheets("blank"), Options{}, "error: the file is empty"},
		{"all hidden", sheets("blank", "c:hidden"), Options{}, `error: all sheets of the workbook that are shown are empty; hidden are "c"`},
	} {
		table, err := Read(strings.NewReader(c.data), c.o)
		if text, isError := strings.CutPrefix(c.want, "error: "); isError {
			wantError(t, c.name, err, text)
			continue
		}
		if err != nil || table.Sheet != c.want {
			t.Errorf("%s: got %+v and %v, want %q", c.name, table, err, c.want)
		}
	}
}

// TestDamagedWorkbooksAreRefused has the files of which a lenient reader gives a part: a row less is a learner lost.
func TestDamagedWorkbooksAreRefused(t *testing.T) {
	const rowA, rowB = `<row r="1"><c r="A1"><v>1</v></c></row>`, `<row r="2"><c r="A2"><v>2</v></c></row>`
	sheet := func(xml string) string { return pack(t, map[string]string{"xl/worksheets/sheet1.xml": xml}) }
	whole := packRows(t, rowA+rowB)
	for name, data := range map[string]string{
		"XML cut off":             sheet(`<worksheet><sheetData>` + rowA + rowB),
		"XML cut off in a row":    sheet(`<worksheet><sheetData>` + rowA + `<row r="2"><c r="A2">`),
		"XML cut off behind":      sheet(`<worksheet><sheetData>` + rowA + `</sheetData>`),
		"XML that crosses":        packRows(t, rowA+`<row><c></row></c>`),
		"file cut off":            whole[:len(whole)-40],
		"rows out of order":       packRows(t, rowB+rowA),
		"a row twice":             packRows(t, rowA+rowA),
		"a row that is no number": packRows(t, `<row r="x"/>`),
		"cells out of order":      packRows(t, `<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>`),
		"a cell of another row":   packRows(t, `<row r="1"><c r="A2"><v>1</v></c></row>`),
		"no such shared text":     packRows(t, `<row><c t="s"><v>3</v></c></row>`),
		"a number of letters":     packRows(t, `<row><c><v>Ana</v></c></row>`),
		"no finite number":        packRows(t, `<row><c><v>1e999</v></c></row>`),
		"no such style":           packRows(t, `<row><c s="2"><v>1</v></c></row>`),
		"no such type":            packRows(t, `<row><c t="x"><v>1</v></c></row>`),
		"no sheet":                pack(t, nil),
		"no workbook":             pack(t, map[string]string{"xl/workbook.xml": "-"}),
		"no relations":            pack(t, map[string]string{"_rels/.rels": "-"}),
		"no main part":            pack(t, map[string]string{"_rels/.rels": "<Relationships/>"}),
		"no shared texts":         pack(t, map[string]string{"xl/sharedStrings.xml": "-", "xl/worksheets/sheet1.xml": "<worksheet/>"}),
	} {
		_, err := Read(strings.NewReader(data), Options{})
		wantError(t, name, err, "damaged", "once more")
	}
	flipped := []byte(packRows(t, strings.Repeat(rowA, 1)))
	i := bytes.Index(flipped, []byte("xl/worksheets/sheet1.xml")) + len("xl/worksheets/sheet1.xml") + 30
	flipped[i] ^= 0x10
	_, err := Read(bytes.NewReader(flipped), Options{})
	wantError(t, "a flipped bit", err, "damaged")
}

func TestPartsThatContradictEachOtherAreRefused(t *testing.T) {
	const sheet = `<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>`
	two := func(part, kind string) string {
		return strings.Replace(minimal[part], "</Relationships>", `<Relationship Id="z" Type="`+relationship+kind+`" Target="other.xml"/></Relationships>`, 1)
	}
	book := func(date1904 string) string {
		return strings.Replace(minimal["xl/workbook.xml"], "<sheets>", `<workbookPr date1904="`+date1904+`"/><sheets>`, 1)
	}
	for name, parts := range map[string]map[string]string{
		"two workbooks":      {"_rels/.rels": two("_rels/.rels", "officeDocument"), "other.xml": minimal["xl/workbook.xml"]},
		"two shared strings": {"xl/_rels/workbook.xml.rels": two("xl/_rels/workbook.xml.rels", "sharedStrings"), "xl/other.xml": `<sst><si><t>other</t></si></sst>`},
		"two styles":         {"xl/_rels/workbook.xml.rels": two("xl/_rels/workbook.xml.rels", "styles"), "xl/other.xml": `<styleSheet/>`},
		"an unknown epoch":   {"xl/workbook.xml": book("on")},
	} {
		parts["xl/worksheets/sheet1.xml"] = sheet
		_, err := Read(strings.NewReader(pack(t, parts)), Options{})
		wantError(t, name, err, "damaged")
	}
	for value, want := range map[string]string{"0": "2026-11-07", "false": "2026-11-07", "1": "2030-11-08", "true": "2030-11-08"} {
		table := mustRead(t, pack(t, map[string]string{"xl/workbook.xml": book(value), "xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c s="1"><v>46333</v></c></row></sheetData></worksheet>`}), Options{})
		if got := table.Rows[0].Cells[0]; got != want {
			t.Errorf("date1904=%q: got %s, want %s", value, got, want)
		}
	}
}

func TestStruckOutCells(t *testing.T) {
	table := mustRead(t, pack(t, map[string]string{
		"xl/styles.xml":        `<styleSheet><fonts><font><b/></font><font><strike val="1"/></font><font><strike val="false"/></font></fonts><cellXfs><xf fontId="0"/><xf fontId="1" numFmtId="14"/><xf fontId="2"/></cellXfs><dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>`,
		"xl/sharedStrings.xml": `<sst><si><t>plain</t></si><si><r><rPr><strike/></rPr><t>old</t></r><r><t> new</t></r></si><si><r><rPr><strike/></rPr><t> </t></r><r><t>new</t></r></si></sst>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s" s="1"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c s="1"><v>46333</v></c><c s="2"><v>7</v></c><c s="1"/></row>` +
			`<row><c t="s"><v>0</v></c></row></sheetData></worksheet>`,
	}), Options{})
	if got, want := table.Rows[0].Struck, []int{1, 2, 4}; !reflect.DeepEqual(got, want) || table.Rows[1].Struck != nil {
		t.Errorf("got %v and %v, want %v and none", got, table.Rows[1].Struck, want)
	}
}

func TestLookOfASheet(t *testing.T) {
	table := mustRead(t, pack(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><cols><col min="1" max="1"/><col min="2" max="3" hidden="1"/><col min="4" max="99999999" hidden="0"/><col min="300" max="99999999" hidden="1"/></cols>` +
		`<sheetData><row><c t="str"><v>a</v></c></row></sheetData><mergeCells><mergeCell ref="B2:C9"/><mergeCell ref="nothing"/><mergeCell ref="A1"/></mergeCells></worksheet>`}), Options{})
	if want := (Look{HiddenColumns: []int{1, 2}, Merged: []Block{{FirstLine: 2, LastLine: 9, FirstPlace: 1, LastPlace: 2}}}); !reflect.DeepEqual(table.Look, want) {
		t.Errorf("got %+v, want %+v", table.Look, want)
	}
}

func TestOtherArchivesAreNamed(t *testing.T) {
	for text, parts := range map[string][]string{
		"binary workbook (.xlsb)": {"[Content_Types].xml", "xl/workbook.bin"}, "OpenDocument": {"mimetype", "content.xml", "META-INF/manifest.xml"},
		"Numbers": {"Index/Document.iwa"}, "no workbook": {"[Content_Types].xml", "word/document.xml"}, "an archive": {"roster.csv"},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range parts {
			if _, err := w.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := Read(&b, Options{})
		wantError(t, text, err, text)
	}
}

// Whatever a workbook's parts hold, Read ends with rows in order or with our kind of error.
func FuzzReadWorkbook(f *testing.F) {
	const parts = "xl/workbook.xml\nxl/styles.xml\nxl/sharedStrings.xml\nxl/_rels/workbook.xml.rels"
	for _, name := range strings.Fields(parts) {
		f.Add(name, []byte(minimal[name]))
	}
	f.Add("xl/worksheets/sheet1.xml", []byte(`<worksheet><sheetData><row r="2" hidden="1"><c r="B2" t="s"><v>1</v></c><c s="1"><v>46333.4</v></c><c t="str"><f>A1</f></c></row></sheetData></worksheet>`))
	f.Add("", []byte(packRows(f, `<row><c t="s"><v>2</v></c><c t="b"><v>1</v></c></row>`)))
	f.Add("", []byte(excelizeWorkbook(f)))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		whole := string(data)
		if _, found := minimal[name]; found || name == "xl/worksheets/sheet1.xml" {
			parts := map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>0</v></c><c s="1"><v>46333</v></c></row></sheetData></worksheet>`}
			parts[name] = string(data)
			whole = pack(t, parts)
		}
		if !isArchive(whole) {
			return
		}
		table, err := Read(strings.NewReader(whole), Options{})
		if err != nil {
			wantError(t, "fuzz", err)
			return
		}
		last := 0
		for _, row := range table.Rows {
			if row.Line <= last || isBlank(row.Cells) || len(row.Cells) > MaxColumns || row.Kinds != nil && len(row.Kinds) != len(row.Cells) {
				t.Fatalf("row %+v after row %d", row, last)
			}
			last = row.Line
		}
	})
}

func TestSheetsThatAreNotRead(t *testing.T) {
	var data bytes.Buffer
	row := func(cells ...string) Row { return Row{Cells: cells} }
	err := WriteWorkbook(&data, WorkbookSheet{Name: "Mo", Rows: []Row{row("name"), row("Ana")}}, WorkbookSheet{Name: "Di", Rows: []Row{row("Bert"), row("Carl")}}, WorkbookSheet{Name: "blank"})
	if err != nil {
		t.Fatal(err)
	}
	isTable := func(first []Row) bool { return first[0].Cells[0] == "name" }
	table := mustRead(t, data.String(), Options{IsTable: isTable})
	if table.Sheet != "Mo" || len(table.Others) != 1 || table.Others[0].Name != "Di" || len(table.Others[0].Rows) != 2 || table.Others[0].Fault != nil {
		t.Errorf("got %q and %+v, want Mo, and the two rows of Di told", table.Sheet, table.Others)
	}
	if table = mustRead(t, data.String(), Options{Sheet: "mo"}); table.Others != nil {
		t.Errorf("got %+v, want none where the sheet is named", table.Others)
	}
}
