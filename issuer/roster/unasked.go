package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// unasked is what a column holds against learners whose course does not ask for it.
type unasked struct {
	value string
	rows  []int
}

// lookAtUnasked refuses a row with a failed test, even where the course does not ask for it: the column may be mapped to that test
// for want of a better one. A poor mark is only remembered: the card is right by the catalogue, and somebody may want to look.
func (c *checker) lookAtUnasked(row sheet.Row, of *course.Course) {
	for _, column := range c.unaskedColumns(of) {
		value := c.roster.cell(row, column)
		if value == "" || !c.isPoor(column, value) {
			continue
		}
		if code, isTest := c.testCode(column, value); isTest {
			c.say(column, code, value, fmt.Sprintf("The column %q says that this was not passed, even though the course does not ask for it.", c.headingOf(column)),
				"Leave the row out; or empty the cell, or correct it, if the learner is to have the card.")
			continue
		}
		if c.poor == nil {
			c.poor = map[string]*unasked{}
		}
		if c.poor[column] == nil {
			c.poor[column] = &unasked{value: strings.Clone(value)}
		}
		c.poor[column].rows = append(c.poor[column].rows, row.Line)
	}
}

// unaskedColumns are the columns of marks and tests that the file has and the course does not ask for.
func (c *checker) unaskedColumns(of *course.Course) []string {
	if columns, ok := c.without[of]; ok {
		return columns
	}
	asked := map[string]bool{ColumnAttendance: of.Pass.Attendance > 0, ColumnScore: of.Pass.Score > 0, ColumnSkills: of.Pass.Skills, ColumnScenario: of.Pass.Scenario}
	for _, extra := range of.Pass.Extra {
		asked[extra.Column] = true
	}
	var columns []string
	for _, column := range slices.Concat([]string{ColumnAttendance, ColumnScore, ColumnSkills, ColumnScenario}, c.rules.Catalogue.ExtraColumns()) {
		if _, inFile := c.roster.column[column]; inFile && !asked[column] {
			columns = append(columns, column)
		}
	}
	c.without[of] = columns
	return columns
}

// testCode is the code of a poor cell that tells of a test, or of a learner who was not there; ok is false for a mark.
func (c *checker) testCode(column, value string) (code string, ok bool) {
	_, _, isNumber := cell.Number(value)
	switch {
	case column == ColumnSkills:
		return "skills_not_passed", true
	case column == ColumnScenario:
		return "scenario_not_passed", true
	case isNumber:
		return "", false
	case column == ColumnAttendance:
		return "low_attendance", true
	case column == ColumnScore:
		return "low_score", true
	}
	return "test_not_passed", true
}

// isPoor says whether a cell tells of a failed test, or of less than any course of the catalogue asks for.
func (c *checker) isPoor(column, value string) bool {
	if column == ColumnScore || column == ColumnAttendance {
		if got, _, ok := cell.Number(value); ok {
			return got < c.leastOf(column)
		}
	}
	if column == ColumnAttendance && cell.Attended(value) == cell.Failed && !isDash(value) {
		return true
	}
	return isFailure(value) || (cell.Test(value) == cell.Failed && !isDash(value) && value != "0") // a dash says that there was none
}

// leastOf is the lowest mark that a course of the catalogue asks for; 0 where none does.
func (c *checker) leastOf(column string) float64 {
	if least, ok := c.least[column]; ok {
		return least
	}
	least := 0.0
	for _, one := range c.rules.Catalogue.Courses() {
		asked := one.Pass.Score
		if column == ColumnAttendance {
			asked = one.Pass.Attendance
		}
		if asked > 0 && (least == 0 || asked < least) {
			least = asked
		}
	}
	c.least[column] = least
	return least
}

// tellUnasked tells of each such column once.
func (c *checker) tellUnasked() {
	for column, found := range c.poor {
		message := fmt.Sprintf("The column %s has %q in %s, and the course does not ask for it.", column, shorten(found.value), rowList(found.rows))
		c.out.Problems = append(c.out.Problems, Problem{Row: found.rows[0], Rows: found.rows[1:], Column: column, Code: "not_asked", Value: shorten(found.value),
			Message: message, Remedy: "Take a row out whose learner should have no card; or let the course ask for the column, in config.yaml.", Severity: Notice})
	}
}
