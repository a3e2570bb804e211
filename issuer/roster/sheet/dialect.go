package sheet

import (
	"fmt"
	"strings"
)

// delimiters are the ones that spreadsheets write, the most common first.
const delimiters = ",;\t|"

var delimiterNames = map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "vertical bars"}

// declaredDelimiter reads the line that Excel writes and reads as its own: sep=; at the very beginning. It is no row.
func declaredDelimiter(text string) (rest string, delimiter byte) {
	const key = "sep="
	if len(text) <= len(key) || !strings.EqualFold(text[:len(key)], key) {
		return text, 0
	}
	delimiter, rest = text[len(key)], text[len(key)+1:]
	if strings.IndexByte(delimiters, delimiter) < 0 {
		return text, 0
	}
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if after, found := strings.CutPrefix(rest, end); found {
			return after, delimiter
		}
	}
	return text, 0
}

// peekedBytes is how far the first rows are looked for, where blank ones lie between them.
const peekedBytes = 1 << 20

// dialect is how the first records of a text look with one delimiter.
type dialect struct {
	delimiter byte
	first     []Row
	isStrict  bool    // the records obey the rules of quotation marks
	width     int     // cells in most rows
	share     float64 // of the rows that have this many
	split     float64 // of the rows that have more than one
}

// delimiterOf looks at the first records as each delimiter splits them. One that makes a table of the same width in more rows
// is better; then a wider one. Where more than one could be meant, the caller knows its own heading.
func delimiterOf(text string, isTable func([]Row) bool) (byte, error) {
	var all, tables []dialect
	isStrict := false
	for i := range len(delimiters) {
		d := dialectOf(text, delimiters[i])
		if d.isStrict && len(d.first) == 0 {
			return d.delimiter, nil // nothing but delimiters
		}
		all = append(all, d)
		isStrict = isStrict || d.isStrict
	}
	for _, d := range all {
		if d.isStrict == isStrict && d.isPlausible() {
			tables = append(tables, d)
		}
	}
	switch {
	case len(tables) == 0:
		return unevenOrSingle(all, isStrict)
	case len(tables) == 1:
		return tables[0].delimiter, nil
	}
	if isTable != nil {
		var known []dialect
		for _, d := range tables {
			if isTable(d.first) {
				known = append(known, d)
			}
		}
		if len(known) == 1 {
			return known[0].delimiter, nil
		}
		if len(known) > 1 {
			tables = known
		}
	}
	return best(tables)
}

func best(tables []dialect) (byte, error) {
	top := tables[0]
	var rival *dialect
	for i, d := range tables[1:] {
		switch {
		case d.share > top.share, d.share == top.share && d.width > top.width:
			top, rival = d, nil
		case d.share == top.share && d.width == top.width:
			rival = &tables[1+i]
		}
	}
	if rival == nil {
		return top.delimiter, nil
	}
	return 0, &Error{Text: fmt.Sprintf("the columns may be separated by %s or by %s", delimiterNames[top.delimiter], delimiterNames[rival.delimiter]),
		Hint: fmt.Sprintf("Put a first line sep=%c above the heading, with the one that is right; or save the file as a workbook (.xlsx).", top.delimiter)}
}

// unevenOrSingle is for a file that is no table by any delimiter: rows of many widths, or one cell a line. The delimiter is then
// one that splits most rows, or one that does not occur, so that no cell is split.
func unevenOrSingle(all []dialect, isStrict bool) (byte, error) {
	var splitting, absent []dialect
	for _, d := range all {
		switch {
		case d.isStrict != isStrict:
		case d.split >= 0.5:
			splitting = append(splitting, d)
		case d.split == 0:
			absent = append(absent, d)
		}
	}
	switch {
	case len(splitting) == 1:
		return splitting[0].delimiter, nil
	case len(splitting) == 0 && len(absent) > 0:
		return absent[0].delimiter, nil
	}
	return 0, &Error{Text: "the file has no columns: its lines differ in the number of cells, whatever separates them",
		Hint: "Put a first line such as sep=; above the heading, with the sign that separates the columns; or save the file as a workbook (.xlsx)."}
}

func dialectOf(text string, delimiter byte) dialect {
	d := dialect{delimiter: delimiter, isStrict: true}
	records := recordReader{text: text, delimiter: delimiter}
	for records.pos < len(text) && len(d.first) < peekedRows && (records.pos < peekedBytes || len(d.first) == 0) {
		before := records
		if err := records.next(); err != nil {
			d.isStrict = false
			before.cells, before.isLoose = nil, true
			records = before
			if err := records.next(); err != nil {
				break // what is wrong is said when the whole is read
			}
		}
		if !isBlank(records.cells) {
			d.first = append(d.first, Row{Line: records.row, Cells: append([]string(nil), records.cells...)})
		}
	}
	d.width = usualWidth(d.first)
	if len(d.first) == 0 {
		return d
	}
	var usual, split int
	for _, row := range d.first {
		if len(row.Cells) == d.width {
			usual++
		}
		if len(row.Cells) > 1 {
			split++
		}
	}
	d.share, d.split = float64(usual)/float64(len(d.first)), float64(split)/float64(len(d.first))
	return d
}

// isPlausible says whether the delimiter makes a table: most rows have the same number of cells, or none has more than the
// first one, the heading.
func (d dialect) isPlausible() bool {
	if len(d.first) == 0 {
		return false
	}
	if d.width > 1 && d.share >= 0.5 {
		return true
	}
	heading := len(d.first[0].Cells)
	for _, row := range d.first {
		if len(row.Cells) > heading {
			return false
		}
	}
	return heading > 1
}

// usualWidth is the number of cells that most rows have, the larger of two.
func usualWidth(rows []Row) int {
	counts := map[int]int{}
	for _, row := range rows {
		counts[len(row.Cells)]++
	}
	width := 0
	for w, n := range counts {
		if n > counts[width] || n == counts[width] && w > width {
			width = w
		}
	}
	return width
}
