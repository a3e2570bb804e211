package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// Rules are what a roster is checked against.
type Rules struct {
	Catalogue *course.Catalogue
	Today     card.Date // in the issuer's time zone
	// Drawable says whether a name can be drawn on a card. An error that is card.NameTooLong means that it does not fit.
	Drawable func(name string) error
	// DrawableInstructor says so for the instructor's name and number, of which either may be empty. Nil lets every text through.
	DrawableInstructor func(name, id string) error
}

// Completion is a row in which nothing is wrong: a learner who has completed a course and passed it.
type Completion struct {
	Row          int    // the row's Line
	Name         string // in NFC, with single spaces
	Email        string // lower case; may be empty
	LearnerID    string // may be empty
	Course       course.Course
	Completed    card.Date
	Instructor   string // may be empty
	InstructorID string // may be empty
	Class        string // may be empty
}

// Learner is how the register tells the completion from all others.
func (c Completion) Learner() card.LearnerKey {
	return card.LearnerKey{ID: c.LearnerID, Email: c.Email, Name: c.Name, Course: c.Course.Code, Completed: c.Completed}
}

// Check turns every row into a completion or into one or more problems. Both are in the order of the rows; the problems of a row
// are in the order of the canonical columns, those of the whole row last. Row 0 tells of the whole file.
func Check(ro *Roster, rules Rules) ([]Completion, []Problem) {
	c := checker{roster: ro, rules: rules, seen: newLearners()}
	c.heading()
	completions := make([]Completion, 0, len(ro.Rows))
	for _, row := range ro.Rows {
		if done, ok := c.row(row); ok {
			completions = append(completions, done)
		}
	}
	SortProblems(c.problems)
	return completions, c.problems
}

type checker struct {
	roster   *Roster
	rules    Rules
	seen     *learners
	problems []Problem
	line     int // the row at hand
}

// say notes a problem of the row at hand.
func (c *checker) say(column, code, value, message string) {
	c.problems = append(c.problems, Problem{Row: c.line, Column: column, Code: code, Value: shorten(value), Message: message})
}

func (c *checker) heading() {
	for _, column := range required {
		if !c.roster.has(column) {
			c.say(column, "missing_column", "", fmt.Sprintf("The heading has no column %s; add it.", column))
		}
	}
	for i, cell := range c.roster.Heading {
		name := columnName(cell)
		if name == "" || name == columnProblem || slices.Contains(canonical, name) {
			continue
		}
		c.problems = append(c.problems, Problem{Row: c.roster.headingLine, Column: name, Code: "unknown_column", Value: shorten(cell), Severity: Notice,
			Message: fmt.Sprintf("Column %d is not used; if it should be, name it as one of %s.", i+1, strings.Join(canonical, ", "))})
	}
}

// row checks one row. The completion counts only where ok is true; otherwise the row has at least one problem.
func (c *checker) row(row Row) (done Completion, ok bool) {
	before := len(c.problems)
	c.line = row.Line
	if c.isRagged(row) {
		return done, false
	}
	done.Row = row.Line
	done.Name = c.name(row)
	done.Email = c.email(row)
	done.Instructor, done.InstructorID = c.instructor(row)
	done.Class = c.text(row, ColumnClass)
	done.LearnerID = c.text(row, ColumnLearnerID)
	known := c.course(row, &done)
	c.completed(row, &done)
	if known {
		c.expiry(row, done)
		c.pass(row, done.Course.Pass)
	}
	if done.Name != "" && known && !done.Completed.IsZero() {
		if first, double := c.seen.add(done); double {
			c.say("", "duplicate_row", "", fmt.Sprintf("This is the learner, course and day of row %d; delete one of the two rows, "+
				"or tell two people apart by e-mail address and learner_id.", first))
		}
	}
	return done, len(c.problems) == before
}

// isRagged tells of a row whose cells can't be set against the heading: which one is missing is anybody's guess. Empty cells
// too many are no fault; spreadsheets write them.
func (c *checker) isRagged(row Row) bool {
	want := len(c.roster.Heading)
	got := len(row.Cells)
	for got > want && strings.TrimSpace(row.Cells[got-1]) == "" {
		got--
	}
	if got == want {
		return false
	}
	c.say("", "ragged_row", "", fmt.Sprintf("The row has %d cells where the heading has %d; look for a missing or an unquoted comma.", got, want))
	return true
}

func (c *checker) course(row Row, done *Completion) bool {
	value := c.required(row, ColumnCourse)
	if value == "" {
		return false
	}
	found, ok := c.rules.Catalogue.Find(value)
	if !ok {
		codes := c.rules.Catalogue.Codes()
		if len(codes) > 20 {
			codes = append(codes[:20], "...")
		}
		c.say(ColumnCourse, "unknown_course", value,
			fmt.Sprintf("The catalogue has no course of this code; write one of %s, or add the course to config.yaml.", strings.Join(codes, ", ")))
	}
	done.Course = found
	return ok
}

// required is the cell of a column that may not be empty.
func (c *checker) required(row Row, column string) string {
	value := c.roster.cell(row, column)
	switch {
	case value != "":
	case c.roster.has(column):
		c.say(column, "missing_value", "", fmt.Sprintf("The row has no %s; fill the cell in.", column))
	default:
		c.say(column, "missing_value", "", fmt.Sprintf("The row needs the column %s, which the heading does not have; add it.", column))
	}
	return value
}

// SortProblems puts problems in the order of the rows, and those of a row in the order of the canonical columns. What is of
// the whole row, or of a column that is not canonical, comes last.
func SortProblems(problems []Problem) {
	place := func(p Problem) int {
		if i := slices.Index(canonical, p.Column); i >= 0 {
			return i
		}
		return len(canonical)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return place(a) - place(b)
	})
}

// CountRefused is how many rows have a problem that is more than a notice.
func CountRefused(problems []Problem) int {
	rows := map[int]bool{}
	for _, p := range problems {
		if p.Severity != Notice && p.Row > 0 {
			rows[p.Row] = true
		}
	}
	return len(rows)
}

// learners finds the rows that are one learner's completion told twice. The register follows the same rule (card.LearnerMatch).
type learners struct {
	byID   map[card.LearnerKey]int // with ID, course and day alone
	byName map[card.LearnerKey][]namesake
}

type namesake struct {
	id  string
	row int
}

func newLearners() *learners {
	return &learners{byID: map[card.LearnerKey]int{}, byName: map[card.LearnerKey][]namesake{}}
}

// add notes a completion and answers with the row that told it first. Equal learner IDs are one learner. So are equal name and
// e-mail, unless neither has an e-mail and the IDs tell two people apart: an address that is shared needs a person's eye.
func (l *learners) add(c Completion) (first int, double bool) {
	id := card.LearnerKey{ID: c.LearnerID, Course: c.Course.Code, Completed: c.Completed}
	name := card.LearnerKey{Email: c.Email, Name: card.FoldName(c.Name), Course: c.Course.Code, Completed: c.Completed}
	if c.LearnerID != "" {
		if row, ok := l.byID[id]; ok {
			return row, true
		}
		l.byID[id] = c.Row
	}
	for _, other := range l.byName[name] {
		if c.Email != "" || c.LearnerID == "" || other.id == "" {
			return other.row, true
		}
	}
	l.byName[name] = append(l.byName[name], namesake{c.LearnerID, c.Row})
	return 0, false
}
