package sheet

import (
	"fmt"
	"strings"
)

// readText reads a text file of cells. All cells share the file's one text.
func readText(data string, o Options) (*Table, error) {
	text, name, marked, err := decode(data, o)
	if err != nil {
		return nil, err
	}
	if err := sniff(text); err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, errEmpty()
	}
	t := &Table{Format: CSV, Encoding: name, Marked: marked}
	rest, declared := declaredDelimiter(text)
	records := recordReader{text: text, pos: len(text) - len(rest), delimiter: declared}
	if declared != 0 {
		records.row = 1
	}
	if declared == 0 {
		if records.delimiter, err = delimiterOf(text, o.IsTable); err != nil {
			return nil, err
		}
	}
	t.Delimiter = rune(records.delimiter)
	if t.Rows, err = readRecords(records); err != nil {
		return nil, err
	}
	if len(t.Rows) == 0 {
		return nil, errEmpty()
	}
	return t, nil
}

// readRecords reads strictly first. A quotation mark inside of a cell that has none around it, which a spreadsheet writes as
// two, is read as it stands where the table shows that it is no more than that.
func readRecords(records recordReader) ([]Row, error) {
	strict := records
	rows, err := strict.all(nil)
	if err == nil || !strict.isBare {
		return rows, err
	}
	loose := records
	loose.isLoose = true
	var bare []bareRow
	rows, looseErr := loose.all(&bare)
	if looseErr != nil {
		return nil, looseErr
	}
	width := usualWidth(rows)
	for _, b := range bare {
		if row := rows[b.index]; b.isDoubtful || len(row.Cells) != width {
			return nil, errQuote(lineAt(records.text, b.start))
		}
	}
	return rows, nil
}

// bareRow is a row that has a quotation mark inside of a cell without quotation marks around it.
type bareRow struct {
	index      int  // in the table's rows
	start      int  // of the record in the text
	isDoubtful bool // the marks may hold a delimiter or a line end between them
}

// recordReader splits a text at delimiters and line ends that no quotation marks surround (RFC 4180; line ends may be \r\n, \n
// or \r). A cell is its text, byte by byte. It counts rows as a spreadsheet does: a cell of two lines is no second row.
type recordReader struct {
	text      string
	pos       int
	delimiter byte
	row       int  // of the record that was read last, from 1
	isLoose   bool // quotation marks inside of cells without them are read as they are
	isBare    bool // strict reading failed at such a mark, and at nothing else before it

	cells     []string // of the record that was read last
	bareMarks int      // its cells that have marks inside
	oddMarks  int      // those of them that have an odd number
}

// all reads all records that are not blank, and tells which rows had marks inside of cells.
func (r *recordReader) all(bare *[]bareRow) ([]Row, error) {
	var rows []Row
	var blocks cellBlocks
	for r.pos < len(r.text) {
		start := r.pos
		if err := r.next(); err != nil {
			return nil, err
		}
		if isBlank(r.cells) {
			continue
		}
		if len(r.cells) > MaxColumns {
			return nil, errColumns(r.row)
		}
		if len(rows) == MaxRows {
			return nil, errRows()
		}
		if rows == nil {
			rows = make([]Row, 0, min(MaxRows, 1+len(r.text)/max(1, r.pos-start)/2))
		}
		for i, cell := range r.cells {
			if len(cell) > MaxCellBytes {
				return nil, errCell(r.row)
			}
			r.cells[i] = unescaped(cell)
		}
		if r.bareMarks > 0 && bare != nil {
			*bare = append(*bare, bareRow{len(rows), start, r.oddMarks > 1 || r.oddMarks > 0 && len(r.cells) == 1})
		}
		rows = append(rows, Row{Line: r.row, Cells: blocks.keep(r.cells)})
	}
	return rows, nil
}

// next reads the next record into cells.
func (r *recordReader) next() error {
	r.row++
	r.cells, r.bareMarks, r.oddMarks = r.cells[:0], 0, 0
	for {
		cell, err := r.cell()
		if err != nil {
			return err
		}
		if len(r.cells) <= MaxColumns { // one more shows that there are too many
			r.cells = append(r.cells, cell)
		}
		if r.pos == len(r.text) {
			return nil
		}
		c := r.text[r.pos]
		r.pos++
		if c == r.delimiter {
			continue
		}
		if c == '\r' && r.pos < len(r.text) && r.text[r.pos] == '\n' {
			r.pos++
		}
		return nil
	}
}

// cell reads a cell and stops before the delimiter, the line end or the end of the text behind it.
func (r *recordReader) cell() (string, error) {
	if r.pos < len(r.text) && r.text[r.pos] == '"' {
		return r.quotedCell()
	}
	start, marks := r.pos, 0
	for r.pos < len(r.text) && !r.isEnd(r.text[r.pos]) {
		if r.text[r.pos] == '"' {
			marks++
		}
		r.pos++
	}
	cell := r.text[start:r.pos]
	if marks == 0 {
		return cell, nil
	}
	if !r.isLoose {
		r.isBare = true
		return "", errQuote(lineAt(r.text, start))
	}
	if strings.HasPrefix(strings.TrimSpace(cell), `"`) { // a space before a mark that may be meant to surround the cell
		return "", errQuote(lineAt(r.text, start))
	}
	r.bareMarks++
	r.oddMarks += marks % 2
	return cell, nil
}

func (r *recordReader) quotedCell() (string, error) {
	open, doubled := r.pos, false
	for r.pos++; ; r.pos++ {
		n := strings.IndexByte(r.text[r.pos:], '"')
		if n < 0 {
			r.pos = len(r.text)
			return "", &Error{Text: fmt.Sprintf("a quotation mark on line %d of the file is never closed as it should be", lineAt(r.text, open)), Hint: quoteHint}
		}
		r.pos += n + 1
		if r.pos == len(r.text) || r.text[r.pos] != '"' {
			break
		}
		doubled = true
	}
	if r.pos < len(r.text) && !r.isEnd(r.text[r.pos]) {
		return "", errQuote(lineAt(r.text, r.pos))
	}
	cell := r.text[open+1 : r.pos-1]
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	return cell, nil
}

func (r *recordReader) isEnd(c byte) bool { return c == r.delimiter || c == '\n' || c == '\r' }

const quoteHint = "Save the file as CSV once more from the program that made it; a quotation mark inside of a cell is written twice, in a cell that has one at each end."

func errQuote(line int) error {
	return &Error{Text: fmt.Sprintf("line %d of the file has a quotation mark where none may stand", line), Hint: quoteHint}
}
