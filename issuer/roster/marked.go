package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

const (
	codeStruck = "struck_out"
	struckText = "The workbook shows this struck out." // the message about it; marked finds it again in the file of refused rows
)

// marked tells of what a workbook says of the cells that are read, beside their text: an error of a formula, and a line through it.
// It returns the row without the errors.
func (c *checker) marked(row sheet.Row) sheet.Row {
	if row.Kinds == nil && row.Struck == nil && c.roster.problem < 0 {
		return row // nearly every one
	}
	read, clean := c.read, row
	for _, column := range read {
		if c.roster.kind(row, column.name) == sheet.Fault {
			value := c.roster.cell(row, column.name)
			c.say(column.name, faultCode(column.name), value, fmt.Sprintf("The cell holds the error %s.", value), "Mend the formula, or type the value in its place.")
			c.told = append(c.told, column.name)
			if isNameColumn(column.name) {
				c.told = append(c.told, ColumnName)
			}
			clean.Cells = slices.Clone(clean.Cells)
			clean.Cells[column.place] = ""
		}
	}
	const remedy = "Delete the row if it is not to be issued; else take the line through the text off, or type the text anew."
	struck := func(column readColumn) bool { return slices.Contains(row.Struck, column.place) }
	unstruck := func(column readColumn) bool { return !struck(column) && at(row, column.place) != "" }
	switch {
	case len(row.Struck) > 0 && !slices.ContainsFunc(read, unstruck):
		c.say("", codeStruck, "", struckText, remedy)
	case len(row.Struck) > 0:
		for _, column := range read {
			if struck(column) {
				c.say(column.name, codeStruck, c.roster.cell(row, column.name), struckText, remedy)
			}
		}
	case strings.Contains(at(row, c.roster.problem), struckText):
		c.say("", codeStruck, "", struckText, "Delete the row if it is not to be issued; else empty its cell in the column problem.") // the file of refused rows has no line any more
	}
	return clean
}

// hiddenColumns tells which columns are read that the workbook does not show.
func (c *checker) hiddenColumns() {
	for _, column := range c.read {
		if slices.Contains(c.roster.file.Look.HiddenColumns, column.place) {
			c.notice(c.roster.HeadingLine, column.name, "hidden_column", strings.TrimSpace(c.roster.Heading[column.place]),
				"The workbook hides this column; it is read all the same.", "Look at it, or delete it if it is not to be read.")
		}
	}
}

// isMerged says whether a cell is one of a block that the workbook shows as one.
func (ro *Roster) isMerged(line int, column string) bool {
	place, inFile := ro.column[column]
	return inFile && slices.ContainsFunc(ro.file.Look.Merged, func(b sheet.Block) bool { return b.Has(line, place) })
}

// faultCode is the code of a cell that holds no value at all.
func faultCode(column string) string {
	switch column {
	case ColumnCompleted:
		return "bad_date"
	case ColumnScore, ColumnAttendance, ColumnExperienceMonths:
		return "bad_number"
	}
	return "bad_character"
}

// readColumn is a column that is read and its place in the file.
type readColumn struct {
	name  string
	place int
}

// read are the columns of the file that are read, each place once, from left to right.
func (ro *Roster) read() []readColumn {
	byPlace := map[int]string{}
	for name, place := range ro.column {
		if other, double := byPlace[place]; !double || name < other {
			byPlace[place] = name
		}
	}
	var columns []readColumn
	for place := range ro.Heading {
		if name, is := byPlace[place]; is {
			columns = append(columns, readColumn{name, place})
		}
	}
	return columns
}

// markedCorrection is the problem of a row of corrections that the workbook hides, strikes out or has an error in: a card would be
// replaced that nobody meant.
func markedCorrection(row sheet.Row, columns map[string]int) *Problem {
	if row.Hidden {
		return &Problem{Row: row.Line, Code: "hidden_row", Message: "The workbook hides this row.", Remedy: "Delete the row, or show it if the card is to be replaced."}
	}
	for _, column := range []string{ColumnNumber, ColumnName, ColumnInstructor} {
		place := columns[column] - 1
		value := shorten(cellAt(row, columns[column]))
		switch {
		case place < 0:
		case place < len(row.Kinds) && row.Kinds[place] == sheet.Fault:
			return &Problem{Row: row.Line, Column: column, Code: faultCode(column), Value: value,
				Message: fmt.Sprintf("The cell holds the error %s.", value), Remedy: "Mend the formula, or type the value in its place."}
		case slices.Contains(row.Struck, place):
			return &Problem{Row: row.Line, Column: column, Code: codeStruck, Value: value, Message: struckText,
				Remedy: "Delete the row if the card is not to be replaced; else take the line through the text off."}
		}
	}
	return nil
}
