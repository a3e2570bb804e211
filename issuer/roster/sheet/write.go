package sheet

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// WriteText writes rows as a text file with the delimiter of the table that they are like, always in UTF-8: with a byte order
// mark where the table had one or was in another encoding, so that Excel takes the file for what it is. Read gives the same
// cells back. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
func WriteText(w io.Writer, like *Table, rows [][]string) error {
	delimiter := like.Delimiter
	if delimiter == 0 {
		delimiter = ','
	}
	out := bufio.NewWriter(w)
	startsMarked := len(rows) > 0 && len(rows[0]) > 0 && strings.HasPrefix(rows[0][0], byteOrderMarks[0].mark)
	if like.Marked || like.Encoding != "" && like.Encoding != utf8Name || startsMarked {
		out.WriteString(byteOrderMarks[0].mark)
	}
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				out.WriteRune(delimiter)
			}
			cell = escaped(cell)
			if !needsQuotes(cell) {
				out.WriteString(cell)
				continue
			}
			out.WriteByte('"')
			out.WriteString(strings.ReplaceAll(cell, `"`, `""`))
			out.WriteByte('"')
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// needsQuotes is true for a cell with any delimiter, not the file's own alone: so that no other can be taken for it.
func needsQuotes(cell string) bool {
	return strings.ContainsAny(cell, delimiters+"\"\r\n") || len(cell) >= 4 && strings.EqualFold(cell[:4], "sep=")
}

// escaped keeps a spreadsheet from taking a text for a formula (OWASP, "CSV Injection"). A cell that has such an apostrophe
// already gets another one, so that unescaped gives back what was there.
func escaped(cell string) string {
	if isFormula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// unescaped undoes escaped, and the same of other programs.
func unescaped(cell string) string {
	if strings.HasPrefix(cell, "'") && isFormula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

// isFormula says whether a spreadsheet may work a text out. A number, a date or a telephone number with a sign is none.
func isFormula(cell string) bool {
	text := strings.TrimLeft(cell, " ")
	if text == "" {
		return false
	}
	for _, sign := range []string{"+", "-"} {
		if rest, found := strings.CutPrefix(text, sign); found && strings.Trim(rest, "0123456789 .,()/-") == "" {
			return false
		}
	}
	return strings.ContainsAny(text[:1], "=+-@\t\r") || slices.ContainsFunc([]string{"＝", "＋", "－", "＠"}, func(sign string) bool { return strings.HasPrefix(text, sign) })
}

// WorkbookSheet is a sheet to write. Columns count from 0.
type WorkbookSheet struct {
	Name        string
	Rows        []Row            // one below the other; Line and Hidden do not count
	HeadingRows int              // the first rows that are bold and stay in sight
	Widths      []float64        // of the columns, in characters; 0 leaves the usual one
	Choices     map[int][]string // column → what a list below the heading offers; other entries are refused by the spreadsheet
	Notes       map[int]string   // column → what is shown beside a cell below the heading when it is chosen; at most 255 characters
}

// WriteWorkbook writes sheets as XLSX. A cell is written as its Kind says where its text has the form of that; every other one
// is a text, never a formula. A control character, which XML can't hold, becomes U+FFFD: whoever refuses the one refuses both.
func WriteWorkbook(w io.Writer, sheets ...WorkbookSheet) error {
	if len(sheets) == 0 {
		return errors.New("a workbook needs a sheet")
	}
	f := excelize.NewFile()
	defer f.Close() // removes its temporary files
	if err := f.SetSheetName(f.GetSheetName(0), sheets[0].Name); err != nil {
		return err
	}
	styles := map[styleKey]int{}
	for i, s := range sheets {
		if i > 0 {
			if at, err := f.GetSheetIndex(s.Name); err != nil || at >= 0 {
				return cmp.Or(err, fmt.Errorf("two sheets are called %q", s.Name))
			}
			if _, err := f.NewSheet(s.Name); err != nil {
				return err
			}
		}
		if err := writeSheet(f, s, styles); err != nil {
			return fmt.Errorf("sheet %q: %w", s.Name, err)
		}
	}
	return f.Write(w)
}

func writeSheet(f *excelize.File, s WorkbookSheet, styles map[styleKey]int) error {
	if err := addValidations(f, s); err != nil {
		return err
	}
	out, err := f.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	for i, width := range s.Widths {
		if width > 0 {
			if err := out.SetColWidth(i+1, i+1, width); err != nil {
				return err
			}
		}
	}
	if s.HeadingRows > 0 {
		err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: s.HeadingRows, TopLeftCell: cellName(1, s.HeadingRows+1), ActivePane: "bottomLeft"})
		if err != nil {
			return err
		}
	}
	for i, row := range s.Rows {
		cells := make([]any, len(row.Cells))
		for j, text := range row.Cells {
			if text == "" {
				continue
			}
			if len(text) > MaxCellBytes { // the library would cut it off
				return errCell(i + 1)
			}
			kind := Text
			if j < len(row.Kinds) {
				kind = row.Kinds[j]
			}
			value, code := cellValue(text, kind)
			id, err := styleOf(f, styles, styleKey{code, i < s.HeadingRows})
			if err != nil {
				return err
			}
			cells[j] = excelize.Cell{StyleID: id, Value: value}
		}
		if err := out.SetRow(cellName(1, i+1), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// styleKey is what tells our cells apart.
type styleKey struct {
	code   string // of the number format; empty for the general one
	isBold bool
}

func styleOf(f *excelize.File, styles map[styleKey]int, key styleKey) (int, error) {
	if id, found := styles[key]; found {
		return id, nil
	}
	style := &excelize.Style{}
	if key.code != "" {
		style.CustomNumFmt = &key.code
	}
	if key.isBold {
		style.Font = &excelize.Font{Bold: true}
	}
	id, err := f.NewStyle(style)
	styles[key] = id
	return id, err
}

// textFormat keeps a text a text when somebody edits its cell.
const textFormat = "@"

// cellValue is a cell's value for the library, and its number format.
func cellValue(text string, kind Kind) (value any, code string) {
	switch kind {
	case Number:
		if v, ok := exactly(text, 1); ok {
			return v, ""
		}
	case Percent:
		if v, ok := exactly(strings.TrimSuffix(text, "%"), 100); ok && strings.HasSuffix(text, "%") {
			if v*100 == float64(int64(v*100)) {
				return v, "0%"
			}
			return v, "0.0##########%"
		}
	case Date:
		for layout, code := range map[string]string{time.DateOnly: "yyyy-mm-dd", "2006-01-02T15:04:05": "yyyy-mm-dd hh:mm:ss"} {
			if t, err := time.Parse(layout, text); err == nil && t.Year() > 1900 {
				return float64(t.Unix()-epoch1900.Unix()) / 86400, code
			}
		}
	case Bool:
		if text == "TRUE" || text == "FALSE" {
			return text == "TRUE", ""
		}
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil || isFormula(strings.TrimLeft(text, "'")) {
		return text, textFormat
	}
	return text, ""
}

// exactly is a number and whether it is the same when it is read again.
func exactly(text string, divisor float64) (float64, bool) {
	v, err := parseNumber(text)
	if err != nil {
		return 0, false
	}
	v /= divisor
	return v, formatNumber(v*divisor) == text
}

// maxNote is what a spreadsheet shows beside a cell (ECMA-376-1, 18.3.1.32); it takes a file with more for a damaged one.
const maxNote = 255

func addValidations(f *excelize.File, s WorkbookSheet) error {
	columns := map[int]bool{}
	for column := range s.Choices {
		columns[column] = true
	}
	for column := range s.Notes {
		columns[column] = true
	}
	for column := range MaxColumns { // in order: the same input makes the same bytes
		if !columns[column] {
			continue
		}
		v := excelize.NewDataValidation(true)
		v.SetSqref(cellName(column+1, s.HeadingRows+1) + ":" + cellName(column+1, sheetRows))
		if choices := s.Choices[column]; len(choices) > 0 {
			if slices.ContainsFunc(choices, func(choice string) bool { return strings.Contains(choice, ",") }) {
				return errors.New("a choice with a comma would be two")
			}
			if err := v.SetDropList(choices); err != nil {
				return err
			}
			v.SetError(excelize.DataValidationErrorStyleStop, "", "Choose one of the list.")
		}
		if note := s.Notes[column]; note != "" {
			if len(note) > maxNote {
				return fmt.Errorf("a note has more than %d bytes", maxNote)
			}
			v.SetInput("", note)
		}
		if err := f.AddDataValidation(s.Name, v); err != nil {
			return err
		}
	}
	return nil
}
