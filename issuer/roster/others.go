package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// checkOthers asks where learners may stand on a sheet that was not read: without a heading of its own it is not taken for a
// roster. The error is a *FileError.
func (ro *Roster) checkOthers() error {
	for _, other := range ro.file.Others {
		if isHelp(other) {
			continue
		}
		i := slices.IndexFunc(other.Rows, ro.mayBeLearner)
		if i < 0 {
			continue
		}
		return &FileError{Text: fmt.Sprintf("the sheet %q is read, and learners may stand on the sheet %q too: look at its row %d", ro.file.Sheet, other.Name, other.Rows[i].Line),
			Hint: fmt.Sprintf("Put all learners below one heading; or say that the sheet holds all that are to be read: --sheet %q.", ro.file.Sheet)}
	}
	return nil
}

// mayBeLearner says whether a row has a course, a day or an e-mail address beside something else.
func (ro *Roster) mayBeLearner(row sheet.Row) bool {
	return filled(row) > 1 && slices.ContainsFunc(row.Cells, func(text string) bool {
		text = strings.TrimSpace(text)
		if text == "" {
			return false
		}
		_, err := cell.Date(text, ro.order)
		return err == nil || cell.IsAddress(text) || ro.courses[fold.Key(text)]
	})
}

// isHelp says whether a sheet is the one that WriteTemplateWorkbook puts beside the empty roster.
func isHelp(other sheet.Other) bool {
	if other.Name != helpName || len(other.Rows) == 0 || !slices.Equal(other.Rows[0].Cells, helpHeading) {
		return false
	}
	return !slices.ContainsFunc(other.Rows[1:], func(row sheet.Row) bool {
		needed := at(row, 1)
		return needed != "yes" && needed != "no" && filled(row) > 1
	})
}

// otherSheets tells of the sheets of a workbook that were not read.
func (c *checker) otherSheets() {
	ro := c.roster
	for _, other := range ro.file.Others {
		if isHelp(other) {
			continue
		}
		message := fmt.Sprintf("This sheet has %s, and is not read.", plural(len(other.Rows), "row", "rows"))
		switch {
		case other.Fault != nil:
			message = fmt.Sprintf("This sheet is not read, and it is damaged below its first %s.", plural(len(other.Rows), "row", "rows"))
		case len(other.Rows) == sheet.OtherRows:
			message = fmt.Sprintf("This sheet has %d rows or more, and is not read.", sheet.OtherRows)
		}
		c.notice(0, "", "unread_sheet", other.Name, message, fmt.Sprintf("If learners stand on it, put them on the sheet %q, or check it by itself: --sheet %q.", ro.file.Sheet, other.Name))
	}
}
