package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

const codeNameOrder, codeNameParts = "name_order", "name_parts"

// prefixes are the words, as fold.Key gives them, that stand between first and last name. A title or "jun." stands elsewhere.
var prefixes = strings.Fields("von vom zu zum zur van der den dem des de del della degli di da do dos das du d la las le les los l y e i und und " +
	"af av ter ten te tot op in t s el al bin ibn ben abu bint bat san santa saint st mac mc o ap " +
	"graf grafin graefin freiherr freifrau frhr frfr baron baronin baronesse ritter edler edle prinz prinzessin furst fuerst furstin fuerstin herzog herzogin " +
	"auf")

// generations are what may follow a last name behind a comma.
var generations = []string{"jr", "sr", "jun", "sen", "junior", "senior", "ii", "iii", "iv"}

// nameCells is the name as it stands in one column or in several; ok is false where that has a problem.
func (c *checker) nameCells(row sheet.Row) (name string, ok bool) {
	ro := c.roster
	if !ro.has(ColumnFirstName) {
		value := c.required(row, ColumnName)
		if value == "" || !c.isNameText(row, ColumnName, value) {
			return "", false
		}
		return c.inOrder(value)
	}
	if !slices.ContainsFunc(nameParts, func(column string) bool { return ro.cell(row, column) != "" }) {
		c.say(ColumnName, "missing_value", "", "The row has no name.", "Fill the cells in.")
		return "", false
	}
	ok = true
	for _, column := range nameParts {
		ok = c.namePart(row, column) && ok // so put, all are looked at
	}
	return ro.joined(row), ok
}

// inOrder is a whole name with the first name first. A comma says that it is written the other way round, and only the option
// says that this is meant: it may as well stand between two persons, or before a title.
func (c *checker) inOrder(value string) (name string, ok bool) {
	last, first, _ := strings.Cut(value, ",")
	last, first = strings.TrimSpace(last), strings.TrimSpace(first)
	switch {
	case c.single:
		return value, true
	case c.roster.nameOrder != LastFirst:
		if isLastFirst(value) {
			c.say(ColumnName, codeNameOrder, value, "The last name seems to come first.", "Write the first name first, without the comma; or, if all names are "+
				"written so, say --name-order last-first (in config.yaml: roster.name_order).")
			return "", false
		}
		return value, true
	case last == "" || first == "" || strings.Contains(first, ","):
		c.say(ColumnName, codeNameOrder, value, "The name was said to be last name, comma, first name, and is not of that form.",
			"Write it such as \"Müller, Jürgen\", and a person's only name as \"Sukarno, -\"; or say --name-order first-last, if the first name comes first in the file.")
		return "", false
	case isDash(first):
		return last, true
	}
	return first + " " + last, true
}

// isLastFirst says whether a name is written as "Müller, Jürgen" or "Nguyễn, Do". What follows a whole name may be a title.
func isLastFirst(name string) bool {
	last, first, comma := strings.Cut(name, ",")
	return comma && len(words(first)) > 0 && (slip.IsLastNameFirst(name) || len(words(last)) == 1)
}

// namePart checks one of several columns. A dash says that the person has no such name.
func (c *checker) namePart(row sheet.Row, column string) bool {
	value := c.roster.cell(row, column)
	switch {
	case value == "" && (column == ColumnFirstName || column == ColumnLastName):
		c.say(column, "missing_value", "", c.hasNo(column), "Fill the cell in; for a person who has one name only, write - in it.")
		return false
	case value == "" || isDash(value):
		return true
	case !c.isNameText(row, column, value):
		return false
	case isTestWord(column, value):
		c.say(column, codeNameParts, value, "This is a word for passed or not, or a tick, and no part of a name.",
			"Empty the cell, or say what its column is; where it is a name, write it with a capital letter, and a middle name behind the first name, in the cell of that.")
		return false
	}
	return c.isOnePart(column, value) && c.isSaidOnce(row, column, value)
}

// isOnePart refuses a cell that holds more than the part of the name that it is for.
func (c *checker) isOnePart(column, value string) bool {
	before, after, comma := strings.Cut(value, ",")
	if comma && (strings.TrimSpace(before) == "" || !slices.Contains(generations, fold.Key(after))) {
		c.say(column, codeNameParts, value, "A part of the name has a comma in it, so it may be the whole name.", "Write the part alone, without the comma.")
		return false
	}
	if column != ColumnNamePrefix {
		return true
	}
	for _, word := range words(value) {
		if !slices.Contains(prefixes, word) {
			c.say(column, codeNameParts, value, "This is not known to stand before a last name.", "Write it into the column of the name where it belongs, or leave the cell empty.")
			return false
		}
	}
	return true
}

// isSaidOnce refuses a further part of the name that the first or the last name holds already: it would be printed twice.
func (c *checker) isSaidOnce(row sheet.Row, column, value string) bool {
	main := ColumnLastName
	switch column {
	case ColumnFirstName, ColumnLastName:
		return true
	case ColumnMiddleName:
		main = ColumnFirstName
	}
	whole := c.roster.cell(row, main)
	if len(words(whole)) <= len(words(value)) || !holds(whole, value) { // García García has one name of each parent
		return true
	}
	c.say(column, codeNameParts, value, fmt.Sprintf("The column %s has this part of the name as well, %q.", main, shorten(whole)),
		"Leave it in one of the two cells.")
	return false
}
