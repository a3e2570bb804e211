package roster

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

const (
	maxHeadingRunes  = 60   // of a cell that may be a heading
	maxKnownHeadings = 2000 // cells whose meaning is remembered
)

// takeHeadingsOut moves rows that repeat the heading, as printed lists do on every page, from Rows to Totals. Another heading
// begins another table, whose cells would be read as what they are not; the error, a *FileError, names it.
func (d *dictionary) takeHeadingsOut(ro *Roster) error {
	known := map[string]meaning{}
	of := func(text string) meaning {
		if text == "" || utf8.RuneCountInString(text) > maxHeadingRunes {
			return meaning{}
		}
		m, ok := known[text]
		if !ok {
			m = d.of(text)
			if len(known) < maxKnownHeadings {
				known[strings.Clone(text)] = m
			}
		}
		return m
	}
	kept := ro.Rows[:0]
	for _, row := range ro.Rows {
		switch {
		case ro.isHeadingAgain(row, of):
			ro.Totals = append(ro.Totals, row)
		case ro.isOtherHeading(row, of):
			return &FileError{Text: fmt.Sprintf("row %d is the heading of the learners, and row %d is another heading, with other columns or another order", ro.HeadingLine, row.Line),
				Hint: "Split the file there, or bring the columns of both tables into the same order and take the second heading out."}
		default:
			kept = append(kept, row)
		}
	}
	ro.Rows = kept
	return nil
}

// isHeadingAgain says whether a row says the same as the heading, cell by cell.
func (ro *Roster) isHeadingAgain(row sheet.Row, of func(string) meaning) bool {
	for i := range max(ro.width, len(row.Cells)) {
		now, first := at(row, i), ""
		if i < ro.width {
			first = strings.TrimSpace(ro.Heading[i])
		}
		if now == first {
			continue
		}
		a, b := of(now), of(first)
		if a.column != b.column || (!a.known && headingKey(now) != headingKey(first)) {
			return false
		}
	}
	return true
}

// isOtherHeading says whether a row names columns, by the same measure that finds the first heading. A learner's row may hold
// such words too, "Student" or "Anwesend", but has a name where the names are; so there a heading's word counts for more.
func (ro *Roster) isOtherHeading(row sheet.Row, of func(string) meaning) bool {
	columns, cells, named, inName := map[string]bool{}, 0, false, false
	for i, text := range row.Cells {
		m := of(strings.TrimSpace(text))
		if !m.known || m.column == "" || m.column == ColumnPassed { // "Bestanden" may be a learner's cell
			continue
		}
		cells++
		columns[m.column] = true
		named = named || isNameColumn(m.column)
		inName = inName || (i < len(ro.Heading) && isNameColumn(of(strings.TrimSpace(ro.Heading[i])).column))
	}
	if !named || len(columns) < 2 {
		return false
	}
	return inName || (len(columns) > 2 && cells*2 > filled(row))
}

// isHeadingWord says whether a name is what a column of names is called.
func isHeadingWord(name string) bool {
	column, ok := heading.Column(name)
	return ok && isNameColumn(column)
}
