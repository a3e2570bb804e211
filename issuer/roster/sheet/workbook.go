package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// workbook is what the cells of all sheets share. It is read by a reader of our own: the library that writes workbooks takes a
// sheet that is cut off for one that ends, and a learner lost without a word is what may not be.
type workbook struct {
	archive *archive
	sheets  []sheetEntry // that are worksheets, in the order of the workbook
	styles  []style      // of cells, by their number
	strings sharedStrings
	is1904  bool // days are counted from 1904, as old Macintosh workbooks do
}

// style is what counts of a cell's look.
type style struct {
	format   format
	isStruck bool // its font is struck out
}

type sheetEntry struct {
	name, part string
	isHidden   bool
}

// The limits of what is read into memory before the cells.
const (
	maxStyles = 65_536 // a little more than Excel has
	maxSheets = 1000
	maxShared = 32 << 20 // bytes of the texts that cells share
)

func readWorkbook(data string, o Options) (*Table, error) {
	a, err := openArchive(data)
	if err != nil {
		return nil, err
	}
	if err := a.isWorkbook(); err != nil {
		return nil, err
	}
	w := &workbook{archive: a}
	if err := w.open(); err != nil {
		return nil, err
	}
	chosen, err := w.choose(o)
	if err != nil {
		return nil, err
	}
	rows, look, err := w.rows(chosen, MaxRows+1)
	if err != nil {
		return nil, err
	}
	switch len(rows) {
	case 0:
		return nil, errEmpty()
	case MaxRows + 1:
		return nil, errRows()
	}
	return &Table{Format: XLSX, Sheet: chosen.name, Rows: rows, Look: look, Others: w.others(o, chosen)}, nil
}

// others are the sheets beside the one that was read. Whoever names a sheet knows of them.
func (w *workbook) others(o Options, chosen sheetEntry) []Other {
	var others []Other
	if o.Sheet != "" {
		return nil
	}
	for _, s := range w.sheets {
		if s.isHidden || s == chosen {
			continue
		}
		rows, _, err := w.rows(s, OtherRows)
		if len(rows) > 0 || err != nil {
			others = append(others, Other{s.name, rows, err})
		}
	}
	return others
}

// isWorkbook says by the parts of an archive what it is.
func (a *archive) isWorkbook() error {
	switch {
	case a.has("xl/workbook.bin"):
		return &Error{Text: "the file is a binary workbook (.xlsb)", Hint: saveAs}
	case a.has("[Content_Types].xml") && a.hasFolder("xl"):
		return nil
	case a.has("content.xml") && a.has("META-INF/manifest.xml"):
		return &Error{Text: "the file is an OpenDocument file (.ods)", Hint: saveAs}
	case a.has("index/document.iwa"):
		return &Error{Text: "the file is an Apple Numbers file", Hint: "Export it from Numbers as Excel or CSV."}
	case a.hasFolder("word"), a.hasFolder("ppt"):
		return &Error{Text: "the file is an Office document, but no workbook", Hint: "Copy its table into a workbook, and save that as .xlsx."}
	}
	return &Error{Text: "the file is an archive, not a table", Hint: "Unpack it, and check the file that is in it."}
}

// open reads what the workbook's parts say, all but the sheets.
func (w *workbook) open() error {
	top, err := w.archive.relations("")
	if err != nil {
		return err
	}
	main, err := only(top, "officeDocument")
	if err != nil {
		return err
	}
	if main == "" {
		return errDamaged(errors.New("no part of it is the workbook"))
	}
	return w.openMain(main)
}

func (w *workbook) openMain(name string) error {
	relations, err := w.archive.relations(name)
	if err != nil {
		return err
	}
	if err := w.readSheets(name, relations); err != nil {
		return err
	}
	for kind, read := range map[string]func(string) error{"styles": w.readStyles, "sharedStrings": w.readStrings} {
		target, err := only(relations, kind)
		if err != nil {
			return err
		}
		if target == "" {
			continue
		}
		if err := read(target); err != nil {
			return err
		}
	}
	return nil
}

// only is the target of the one relation of a kind, or nothing. Of two nobody knows which counts: programs differ.
func only(relations map[string]relation, kind string) (string, error) {
	target, n := "", 0
	for _, r := range relations {
		if r.kind == kind {
			target = r.target
			n++
		}
	}
	if n > 1 {
		return "", errDamaged(fmt.Errorf("it has %d parts of the kind %s", n, kind))
	}
	return target, nil
}

func (w *workbook) readSheets(name string, relations map[string]relation) error {
	p, err := w.archive.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	return p.elements(func(start xml.StartElement) error {
		switch start.Name.Local {
		case "workbookPr":
			value := attr(start, "date1904")
			w.is1904 = value == "1" || value == "true"
			if !w.is1904 && value != "" && value != "0" && value != "false" { // all days would be four years off
				return errDamaged(fmt.Errorf("date1904 is %q", value))
			}
		case "sheet":
			to, found := relations[attr(start, "id")]
			if !found {
				return errDamaged(fmt.Errorf("the sheet %q has no part", attr(start, "name")))
			}
			if to.kind != "worksheet" { // a chart
				return nil
			}
			if len(w.sheets) == maxSheets {
				return errBomb("it has too many sheets", nil)
			}
			state := attr(start, "state")
			w.sheets = append(w.sheets, sheetEntry{attr(start, "name"), to.target, state == "hidden" || state == "veryHidden"})
		}
		return nil
	})
}

// readStyles reads which number format each style has, and whether its font is struck out (ECMA-376-1, 18.8.10, 18.8.23 and
// 18.8.30).
func (w *workbook) readStyles(name string) error {
	p, err := w.archive.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	custom := map[int]format{}
	var struckFonts []bool
	list := ""
	return p.elements(func(start xml.StartElement) error {
		switch start.Name.Local {
		case "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs":
			list = start.Name.Local
			return nil
		}
		if len(custom) == maxStyles || len(struckFonts) == maxStyles || len(w.styles) == maxStyles {
			return errBomb("it has too many styles", nil)
		}
		switch list + "/" + start.Name.Local {
		case "numFmts/numFmt":
			if id, err := strconv.Atoi(attr(start, "numFmtId")); err == nil {
				custom[id] = formatOf(attr(start, "formatCode"))
			}
		case "fonts/font":
			struckFonts = append(struckFonts, false)
		case "fonts/strike":
			if len(struckFonts) > 0 {
				struckFonts[len(struckFonts)-1] = isOn(start)
			}
		case "cellXfs/xf":
			id, _ := strconv.Atoi(attr(start, "numFmtId"))
			f, found := custom[id]
			if !found {
				f = builtinFormat(id)
			}
			font, _ := strconv.Atoi(attr(start, "fontId"))
			w.styles = append(w.styles, style{f, font >= 0 && font < len(struckFonts) && struckFonts[font]})
		}
		return nil
	})
}

// sharedStrings are the texts that cells point at, all in one.
type sharedStrings struct {
	text   string
	ends   []uint32
	struck map[int]bool // those with text that is struck out
}

func (s sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]], true
}

func (w *workbook) readStrings(name string) error {
	p, err := w.archive.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	var all strings.Builder
	var one []byte
	w.strings.struck = map[int]bool{}
	err = p.elements(func(start xml.StartElement) error {
		if start.Name.Local != "si" {
			return nil
		}
		var isStruck bool
		if one, isStruck, err = p.richText(one[:0]); err != nil {
			return err
		}
		if isStruck {
			w.strings.struck[len(w.strings.ends)] = true
		}
		all.WriteString(unescapeXString(one))
		if all.Len() > maxShared {
			return errBomb("it has too much text", nil)
		}
		w.strings.ends = append(w.strings.ends, uint32(all.Len()))
		return nil
	})
	w.strings.text = all.String()
	return err
}

// choose finds the sheet to read: the one that is named; else of those that are shown and not blank the only one, or the only
// one that the caller takes for its table.
func (w *workbook) choose(o Options) (sheetEntry, error) {
	if o.Sheet != "" {
		return w.named(o.Sheet)
	}
	var shown, tables []sheetEntry
	for _, s := range w.sheets {
		if s.isHidden {
			continue
		}
		first, _, err := w.rows(s, peekedRows)
		if err == nil && len(first) == 0 {
			continue
		}
		shown = append(shown, s) // what is wrong with it is said when it is the one to read
		if len(first) > 0 && (o.IsTable == nil || o.IsTable(first)) {
			tables = append(tables, s)
		}
	}
	switch {
	case len(shown) == 1:
		return shown[0], nil
	case len(tables) == 1:
		return tables[0], nil
	case len(shown) == 0:
		return sheetEntry{}, w.errBlank()
	case len(tables) == 0:
		return sheetEntry{}, errSheets("none of the workbook's sheets looks like the table: "+listed(shown), shown[0])
	}
	return sheetEntry{}, errSheets("several of the workbook's sheets may be the table: "+listed(tables), tables[0])
}

// named finds a sheet by its name, which has no case (as in Excel). It may be a hidden one: whoever names it knows of it.
func (w *workbook) named(name string) (sheetEntry, error) {
	for _, s := range w.sheets {
		if strings.EqualFold(s.name, name) {
			return s, nil
		}
	}
	if len(w.sheets) == 0 {
		return sheetEntry{}, errEmpty()
	}
	return sheetEntry{}, errSheets(fmt.Sprintf("the workbook has no sheet %q, but %s", name, listed(w.sheets)), w.sheets[0])
}

func (w *workbook) errBlank() error {
	var hidden []sheetEntry
	for _, s := range w.sheets {
		if s.isHidden {
			hidden = append(hidden, s)
		}
	}
	if len(hidden) == 0 {
		return errEmpty()
	}
	return errSheets("all sheets of the workbook that are shown are empty; hidden are "+listed(hidden), hidden[0])
}

func errSheets(text string, such sheetEntry) error {
	return &Error{Text: text, Hint: fmt.Sprintf("Name the sheet to read, such as --sheet %q.", such.name)}
}

func listed(sheets []sheetEntry) string {
	const most = 12
	var names []string
	for i, s := range sheets {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, strconv.Quote(s.name))
	}
	return strings.Join(names, ", ")
}

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }
