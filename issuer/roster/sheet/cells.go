package sheet

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The size of a sheet (ECMA-376-1, 18.3.1.73).
const (
	sheetRows    = 1_048_576
	sheetColumns = 16_384
)

// rows reads a sheet's rows that are not blank, at most as many as asked for. With an error come the rows before it.
func (w *workbook) rows(s sheetEntry, most int) (rows []Row, look Look, err error) {
	p, err := w.archive.open(s.part)
	if err != nil {
		return nil, look, err
	}
	defer p.close()
	c := cellReader{workbook: w, part: p}
	inData := false
	for len(rows) < most {
		token, err := p.next()
		if err == io.EOF {
			return rows, look, nil
		}
		if err != nil {
			return rows, look, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !inData {
				inData = t.Name.Local == "sheetData"
				look.add(t)
				continue
			}
			if t.Name.Local != "row" {
				continue
			}
			row, err := c.row(t)
			if err != nil {
				return rows, look, err
			}
			if row.Cells != nil {
				rows = append(rows, row)
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" { // the part is read on, for its check sum is known at its end
				return rows, look, p.elements(func(start xml.StartElement) error { look.add(start); return nil })
			}
		}
	}
	return rows, look, nil
}

// cellReader reads the rows of one sheet.
type cellReader struct {
	workbook *workbook
	part     *part
	line     int // of the last row

	cells                  []string // of the row being read
	kinds                  []Kind
	struck                 []int
	value, inline, formula []byte // of the cell being read
	blocks                 cellBlocks
}

// row reads a row that has just begun. Its Cells are nil where it is blank.
func (c *cellReader) row(start xml.StartElement) (Row, error) {
	line := c.line + 1
	if r := attr(start, "r"); r != "" {
		n, err := strconv.Atoi(r)
		if err != nil || n < line {
			return Row{}, errDamaged(fmt.Errorf("row %q comes after row %d", r, c.line))
		}
		line = n
	}
	if line > sheetRows {
		return Row{}, errBomb("it has more rows than a sheet can have", nil)
	}
	c.line = line
	c.cells, c.kinds, c.struck = c.cells[:0], c.kinds[:0], c.struck[:0]
	column := 0
	for {
		token, err := c.part.next()
		if err != nil {
			return Row{}, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return c.finished(isTrue(attr(start, "hidden"))), nil
		case xml.StartElement:
			if t.Name.Local != "c" {
				if err := c.part.skip(); err != nil {
					return Row{}, err
				}
				continue
			}
			if column, err = c.place(t, column); err != nil {
				return Row{}, err
			}
			if err := c.cell(t, column); err != nil {
				return Row{}, err
			}
		}
	}
}

func (c *cellReader) finished(isHidden bool) Row {
	if isBlank(c.cells) {
		return Row{}
	}
	row := Row{Line: c.line, Cells: c.blocks.keep(c.cells), Hidden: isHidden, Struck: append([]int(nil), c.struck...)}
	for _, kind := range c.kinds {
		if kind != Text {
			row.Kinds = append([]Kind(nil), c.kinds...)
			break
		}
	}
	return row
}

// place is a cell's column, from 1: the one after the last, or the one that its reference says. A cell that stands before
// the last one, or in another row, would come under a wrong heading.
func (c *cellReader) place(start xml.StartElement, last int) (int, error) {
	column := last + 1
	if ref := attr(start, "r"); ref != "" {
		n := 0
		letters := 0
		for letters < len(ref) && letters < 4 && isASCIILetter(rune(ref[letters])) {
			n = n*26 + int(ref[letters]|0x20-'a') + 1
			letters++
		}
		if n < column || ref[letters:] != strconv.Itoa(c.line) {
			return 0, errDamaged(fmt.Errorf("the cell %q is in a place where it can't be", ref))
		}
		column = n
	}
	if column > sheetColumns {
		return 0, errBomb("it has more columns than a sheet can have", nil)
	}
	return column, nil
}

// cell reads a cell that has just begun and adds it, with the blank ones before it, where it is not blank itself.
func (c *cellReader) cell(start xml.StartElement, column int) error {
	c.value, c.inline, c.formula = c.value[:0], c.inline[:0], c.formula[:0]
	var hasFormula, hasValue, isStruck bool
	for done := false; !done; {
		token, err := c.part.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			done = true
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				hasValue = true
				c.value, err = c.part.text(c.value)
			case "is":
				c.inline, isStruck, err = c.part.richText(c.inline)
			case "f":
				hasFormula = true
				c.formula, err = c.part.text(c.formula)
			default:
				err = c.part.skip()
			}
			if err != nil {
				return err
			}
		}
	}
	text, kind, isStruckText, err := c.meaning(start)
	if hasFormula && !hasValue { // a program wrote it that works no formulas out: better seen than taken for a blank cell
		text, kind = "="+string(c.formula), Text
	}
	if err != nil {
		return errDamaged(fmt.Errorf("the cell %s: %w", cellName(column, c.line), err))
	}
	if text == "" {
		return nil
	}
	if column > MaxColumns {
		return errColumns(c.line)
	}
	if len(text) > MaxCellBytes {
		return errCell(c.line)
	}
	for len(c.cells) < column-1 {
		c.cells, c.kinds = append(c.cells, ""), append(c.kinds, Text)
	}
	if isStruck || isStruckText {
		c.struck = append(c.struck, column-1)
	}
	c.cells, c.kinds = append(c.cells, text), append(c.kinds, kind)
	return nil
}

// meaning is a cell's text by its type (ECMA-376-1, 18.18.11) and, for a number, its style; and whether its text or its style
// is struck out.
func (c *cellReader) meaning(start xml.StartElement) (text string, kind Kind, isStruck bool, err error) {
	style, styleErr := c.style(attr(start, "s")) // of a text it matters little
	isStruck = style.isStruck
	switch t := attr(start, "t"); t {
	case "s":
		if len(c.value) == 0 {
			return "", Text, false, nil
		}
		i, err := strconv.Atoi(strings.TrimSpace(string(c.value)))
		text, found := c.workbook.strings.at(i)
		if err != nil || !found {
			return "", Text, false, fmt.Errorf("it points at the text %q, which is not there", c.value)
		}
		return text, Text, isStruck || c.workbook.strings.struck[i], nil
	case "inlineStr":
		return unescapeXString(c.inline), Text, isStruck, nil
	case "str":
		return unescapeXString(c.value), Text, isStruck, nil
	case "e":
		return cmp.Or(strings.TrimSpace(string(c.value)), "#ERROR!"), Fault, isStruck, nil
	case "b":
		if len(c.value) == 0 {
			return "", Text, false, nil
		}
		return strings.ToUpper(strconv.FormatBool(isTrue(string(c.value)))), Bool, isStruck, nil
	case "d":
		text, kind = isoDate(string(c.value))
		return text, kind, isStruck, nil
	case "", "n":
		value := strings.TrimSpace(string(c.value))
		if value == "" {
			return "", Text, false, nil
		}
		if styleErr != nil {
			return "", Text, false, styleErr
		}
		v, err := parseNumber(value)
		if err != nil {
			return "", Text, false, err
		}
		text, kind = style.format.apply(v, c.workbook.is1904)
		return text, kind, isStruck, nil
	default:
		return "", Text, false, fmt.Errorf("it has the unknown type %q", t)
	}
}

// style is the one that a cell names. A workbook may have none at all.
func (c *cellReader) style(id string) (style, error) {
	i := 0
	if id != "" {
		var err error
		if i, err = strconv.Atoi(id); err != nil {
			return style{}, err
		}
	}
	if i == 0 && len(c.workbook.styles) == 0 {
		return style{}, nil
	}
	if i < 0 || i >= len(c.workbook.styles) {
		return style{}, errors.New("its style is not there")
	}
	return c.workbook.styles[i], nil
}

// text is all the text of an element that has just begun, added to what is there.
func (p *part) text(to []byte) ([]byte, error) {
	for end := p.depth - 1; p.depth > end; {
		token, err := p.next()
		if err != nil {
			return to, err
		}
		if data, is := token.(xml.CharData); is {
			if to = append(to, data...); len(to) > maxText {
				return to, errBomb("a text in it has no end", nil)
			}
		}
	}
	return to, nil
}

// richText is the text of a string item that has just begun: of its runs, but not of the reading aid of East Asian names that
// stands beside them (ECMA-376-1, 18.4.8). isStruck says that a run with text is struck out.
func (p *part) richText(to []byte) (text []byte, isStruck bool, err error) {
	isRunStruck := false
	for end := p.depth - 1; p.depth > end; {
		token, err := p.next()
		if err != nil {
			return to, isStruck, err
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		switch start.Name.Local {
		case "r":
			isRunStruck = false
		case "strike":
			isRunStruck = isOn(start)
		case "t":
			before := len(to)
			to, err = p.text(to)
			isStruck = isStruck || isRunStruck && len(bytes.TrimSpace(to[before:])) > 0
		case "rPh":
			err = p.skip()
		}
		if err != nil {
			return to, isStruck, err
		}
	}
	return to, isStruck, nil
}

// isOn says whether a property of a font is set: it is where it stands without a value (ECMA-376-1, 18.4.10).
func isOn(start xml.StartElement) bool {
	value := attr(start, "val")
	return value == "" || isTrue(value)
}

// unescapeXString takes the escapes of characters out that XML can't hold: _x000D_ (ECMA-376-1, 22.9.2.19).
func unescapeXString(b []byte) string {
	s := string(b)
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	var units []uint16 // two escapes may be one character
	flush := func() { out.WriteString(string(utf16.Decode(units))); units = units[:0] }
	for i := 0; i < len(s); {
		if i+7 <= len(s) && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				units = append(units, uint16(n))
				i += 7
				continue
			}
		}
		flush()
		out.WriteByte(s[i])
		i++
	}
	flush()
	return out.String()
}

func cellName(column, line int) string { return ColumnName(column-1) + strconv.Itoa(line) }

// ColumnName is what a spreadsheet calls the column of a place in Row.Cells: A, B, ..., Z, AA.
func ColumnName(place int) string {
	var letters string
	for column := place + 1; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return letters
}
