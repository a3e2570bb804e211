//go:build e2e

package sheet

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestBombsOfXMLEnd has noise in the archives, so that nothing but the reading itself ends them.
func TestBombsOfXMLEnd(t *testing.T) {
	const noise = 100 << 10
	for _, c := range []struct {
		name, part string
		body       repeated
		text       string
	}{
		{"rows", sheetPart, repeated{sheetHead + `<row r="1048000"/>`, "<row/>", sheetTail, 1000}, "more rows than a sheet"},
		{"cells", sheetPart, repeated{sheetHead + "<row>", "<c/>", "</row>" + sheetTail, 20_000}, "more columns than a sheet"},
		{"one long text", sheetPart, repeated{sheetHead + "<row><c><v>", "11111111", "</v></c></row>" + sheetTail, 200_000}, "no end"},
		{"one long text in pieces", sheetPart, repeated{sheetHead + "<row><c><v>", "1<a/>1", "</v></c></row>" + sheetTail, 140_000}, "no end"},
		{"one long comment", sheetPart, repeated{"<!--", "<<<<<<<<", "-->" + sheetHead + sheetTail, 200_000}, "no end"},
		{"a long attribute", sheetPart, repeated{`<worksheet x="`, "11111111", `"/>`, 200_000}, "no end"},
		{"many attributes", sheetPart, repeated{`<worksheet`, ` a=""`, `/>`, 300_000}, "no end"},
		{"depth", sheetPart, repeated{sheetHead, "<x>", "", 100_000}, "too deep"},
		{"styles", "xl/styles.xml", repeated{"<styleSheet><cellXfs>", "<xf/>", "</cellXfs></styleSheet>", 100_000}, "too many styles"},
		{"number formats", "xl/styles.xml", repeated{"<styleSheet><numFmts>", "<numFmt/>", "</numFmts></styleSheet>", 100_000}, "damaged"},
		{"one shared text", "xl/sharedStrings.xml", repeated{"<sst><si><t>", "xxxxxxxx", "</t></si></sst>", 200_000}, "no end"},
		{"sheets", "xl/workbook.xml", repeated{`<workbook xmlns:r="x"><sheets>`, `<sheet name="a" r:id="rId1"/>`, `</sheets></workbook>`, 2000}, "too many sheets"},
	} {
		bounded(t, c.name, packBomb(t, c.part, c.body, noise), 10*time.Second, 64<<20, c.text)
	}
	text := "<si><t>" + strings.Repeat("x", 11_300) + "</t></si>"
	shared := packBomb(t, "xl/sharedStrings.xml", repeated{"<sst>", strings.Repeat(text, 3), "</sst>", 1000}, 256<<10)
	bounded(t, "shared texts", shared, 60*time.Second, 256<<20, "too much text")
}

func TestReadKeepsToItsLimits(t *testing.T) {
	for _, c := range []struct{ name, data, text, hint string }{
		{"many rows", "name\n" + strings.Repeat("a\n", MaxRows), "250000 rows", "Split"},
		{"many columns", strings.Repeat("name,", MaxColumns+1) + "\n", "row 1 has more than 256", "columns"},
		{"long cell", "name,course\n\"" + strings.Repeat("x", MaxCellBytes+1) + "\",BLS\n", "row 2 has a cell", "never closed"},
	} {
		_, err := Read(strings.NewReader(c.data), Options{})
		wantError(t, c.name, err, c.text, c.hint)
	}
	if got, want := len(mustRead(t, "name\n"+strings.Repeat("a\n\n", MaxRows-1), Options{}).Rows), MaxRows; got != want {
		t.Errorf("got %d rows, want %d", got, want)
	}
	_, err := Read(io.MultiReader(strings.NewReader("name,course\n"), endless{}), Options{})
	wantError(t, "endless", err, "64 MiB", "Split")
	_, err = Read(iotest.ErrReader(os.ErrPermission), Options{})
	wantError(t, "unreadable", err, "can't be read", "permissions")
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want the system's error in it", err)
	}
}
