package roster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

// codeNotPassed is of an overall result that is not passed.
const codeNotPassed = "not_passed"

// mark is a number that the course asks for.
type mark struct {
	column, code string
	least        float64 // 0 asks for nothing
	perCent      bool    // from 0 to 100
}

func (m mark) String() string {
	if m.perCent {
		return number(m.least) + " %"
	}
	return number(m.least)
}

// figures is what the cells of a column are in which nothing else is said: numbers without a per cent sign.
type figures struct {
	count, above int     // how many there are, and how many of them are above 100
	largest      float64 // of them
	isBinary     bool    // no cell has a figure that is not 0 or 1
	isWords      bool    // no cell has a figure at all
}

// isInDoubt says whether the column may be on another scale than per cent: out of 120, 90 is a mark of 75 %. One number above
// 100 in a long column is a slip; more are not.
func (f figures) isInDoubt() bool { return f.above >= 2 || f.above*20 > f.count }

// figuresOf looks through a column of the file, once.
func (c *checker) figuresOf(column string) figures {
	if known, ok := c.figures[column]; ok {
		return known
	}
	f := figures{isBinary: true, isWords: true}
	place, inFile := c.roster.column[column]
	for _, row := range c.roster.Rows {
		if !inFile {
			break
		}
		text := at(row, place)
		isFigure := strings.ContainsAny(text, "0123456789")
		f.isWords = f.isWords && !isFigure
		if isFigure && text != "0" && text != "1" {
			f.isBinary = false
		}
		got, percent, ok := cell.Number(text)
		if !ok || percent {
			continue
		}
		f.count++
		f.largest = max(f.largest, got)
		if got > 100 {
			f.above++
		}
	}
	if c.figures == nil {
		c.figures = map[string]figures{}
	}
	c.figures[column] = f
	if f.above == 1 && !f.isInDoubt() && c.roster.full[column] == 0 {
		c.notice(c.roster.HeadingLine, column, "mark_scale", number(f.largest), "One mark of the column is above 100.",
			"Look whether the others are per cent; if not, "+c.sayFull(column, f)+".")
	}
	return f
}

// mark checks one number.
func (c *checker) mark(row sheet.Row, m mark) {
	if m.least == 0 {
		return
	}
	value := c.required(row, m.column)
	switch {
	case value == "":
	case m.perCent:
		c.perCent(value, m)
	default:
		got, percent, ok := cell.Number(value)
		if !ok || percent {
			c.say(m.column, "bad_number", value, "This is no number.", "Write it such as 12 or 12.5, without a per cent sign.")
		} else if got < m.least {
			c.say(m.column, m.code, value, fmt.Sprintf("The course asks for at least %s.", m), "Correct the cell, or leave the row out.")
		}
	}
}

// perCent checks a mark that is a per cent, a fraction such as 23/25, or a number out of the full mark that a mapping says.
func (c *checker) perCent(value string, m mark) {
	full := c.roster.full[m.column]
	whole := full
	if whole == 0 {
		whole = 100
	}
	got, percent, ok := cell.Number(value)
	part, of, isFraction := cell.Fraction(value)
	there := cell.Unknown
	if m.column == ColumnAttendance {
		there = cell.Attended(value)
	}
	switch {
	case there != cell.Unknown && c.figuresOf(m.column).isWords:
		got = 0
		if there == cell.Passed {
			got = whole
		}
		percent = true
	case there != cell.Unknown && value != "0" && value != "1":
		c.say(m.column, "bad_number", value, "The column has words and figures, so nobody knows what the word counts.",
			"Write 100 for who was there all the time, and 0 for who was not there.")
		return
	case isFraction && full > 0 && of != full:
		c.say(m.column, "bad_number", value, fmt.Sprintf("The mapping says that the marks are out of %s.", number(full)), "Correct the cell, or the mapping.")
		return
	case isFraction:
		got, whole = part, of
	case !ok:
		c.say(m.column, "bad_number", value, "This is no per cent from 0 to 100.", "Write it such as 87.5 or 87,5 %, or as 23/25 with the full mark.")
		return
	case percent:
		whole = 100
	case full == 0 && c.figuresOf(m.column).isInDoubt():
		c.refused = true
		c.inDoubt[m.column] = append(c.inDoubt[m.column], c.line)
		return
	}
	switch {
	case got > whole && whole != 100:
		c.say(m.column, "bad_number", value, fmt.Sprintf("The mark is above the full mark of %s.", number(whole)), "Correct the cell, or the full mark in the mapping.")
	case got > whole:
		c.say(m.column, "bad_number", value, "This is no per cent from 0 to 100.", "Write it such as 87.5 or 87,5 %.")
	case got*100 < m.least*whole: // so put, whole numbers are compared without rounding
		remedy := "Correct the cell, or leave the row out."
		if !percent && !isFraction && full == 0 {
			remedy = c.lowRemedy(m.column, got)
		}
		c.say(m.column, m.code, value, fmt.Sprintf("The course asks for at least %s.", m), remedy)
	}
}

// lowRemedy offers what a low number without a sign may stand for.
func (c *checker) lowRemedy(column string, got float64) string {
	remedy := "Correct the cell, or leave the row out."
	if got > 0 && got <= 1 { // a spreadsheet's 94 % without its format
		share := number(float64(int(got*1e6+0.5)) / 1e4)
		remedy = fmt.Sprintf("If this stands for %s %%, write %s; otherwise leave the row out.", share, share)
	}
	f := c.figuresOf(column)
	if f.count == 0 || f.largest > lowScales[len(lowScales)-1] || (f.count == 1 && f.largest > 1) {
		return remedy
	}
	return strings.TrimSuffix(remedy, ".") + "; if no mark of the column is a per cent, " + c.sayFull(column, f) + "."
}

// The full marks that are offered as an example.
var (
	lowScales  = []float64{1, 10, 20, 30, 40, 50, 60}
	highScales = []float64{110, 120, 125, 140, 150, 160, 180, 200, 250, 300, 400, 500, 1000}
)

// sayFull is how to name the full mark of a column, such as the largest of its marks makes likely.
func (c *checker) sayFull(column string, f figures) string {
	return fmt.Sprintf("name the full mark, such as --map %q", c.headingOf(column)+"="+column+"/"+number(likelyFull(f.largest)))
}

// likelyFull is the lowest of the usual full marks that a mark does not go above.
func likelyFull(largest float64) float64 {
	for _, scale := range slices.Concat(lowScales, highScales) {
		if scale >= largest {
			return scale
		}
	}
	return largest
}

func (c *checker) headingOf(column string) string {
	if i, ok := c.roster.column[column]; ok {
		return c.roster.title(i)
	}
	return column
}

// hasNo says that the row at hand lacks a column, by the file's own heading.
func (c *checker) hasNo(column string) string {
	if title := c.headingOf(column); fold.Key(title) != fold.Key(column) {
		return fmt.Sprintf("The row has nothing under %q.", title)
	}
	return fmt.Sprintf("The row has no %s.", column)
}

// columnsInDoubt tells of each column that may be on another scale, once for all rows that need it.
func (c *checker) columnsInDoubt() {
	for _, column := range canonical {
		rows := c.inDoubt[column]
		if len(rows) == 0 {
			continue
		}
		f := c.figuresOf(column)
		c.out.Problems = append(c.out.Problems, Problem{Row: rows[0], Rows: rows[1:], Column: column, Code: "bad_number", Value: number(f.largest),
			Message: fmt.Sprintf("The largest mark of the column %q is %s, so its marks may not be per cent.", c.headingOf(column), number(f.largest)),
			Remedy:  "Correct what is above 100; or, if the marks are out of another number than 100, " + c.sayFull(column, f) + "."})
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (c *checker) test(row sheet.Row, column, code string) {
	value := c.required(row, column)
	if value == "" {
		return
	}
	message, remedy := "", "If it was passed, write one of "+cell.PassWords+"."
	switch outcome := cell.Test(value); {
	case slip.IsSheetError(value):
		message = fmt.Sprintf("The course asks for %s passed, and the spreadsheet has an error here.", column)
	case outcome == cell.Passed && value == "1" && !c.figuresOf(column).isBinary:
		message = fmt.Sprintf("The course asks for %s passed, and a column with other figures than 0 and 1 may hold grades.", column)
	case outcome == cell.Passed:
		return
	case outcome == cell.Failed:
		message, remedy = fmt.Sprintf("The course asks for %s passed.", column), "Leave the row out, or correct the cell if the test was passed since."
	default:
		message = fmt.Sprintf("The course asks for %s passed, and this word is not known.", column)
	}
	c.say(column, code, value, message, remedy)
}

// overall checks the overall result, which counts whatever the course asks for.
func (c *checker) overall(row sheet.Row) {
	if !c.roster.has(ColumnPassed) {
		return
	}
	value := c.required(row, ColumnPassed)
	title := c.headingOf(ColumnPassed)
	remedy := fmt.Sprintf("If the course was passed, write one of %s; or, if the column is something else, say what, or that it is not to be read: --map %q.", cell.PassWords, title+"=")
	switch {
	case value == "":
	case verdictOf(value) == cell.Failed:
		c.say(ColumnPassed, codeNotPassed, value, fmt.Sprintf("The column %q says that the course was not passed.", title),
			"Leave the row out, or correct the cell if the course was passed since.")
	case slip.IsSheetError(value), verdictOf(value) == cell.Unknown:
		c.say(ColumnPassed, codeNotPassed, value, fmt.Sprintf("The column %q is to say whether the course was passed, and this word is not known.", title), remedy)
	case value == "1" && !c.figuresOf(ColumnPassed).isBinary:
		c.say(ColumnPassed, codeNotPassed, value, fmt.Sprintf("The column %q has other figures than 0 and 1, and may hold grades.", title), remedy)
	}
}
