package roster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
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

// Completion is a row of a learner who has completed a course. Its strings are cells of the roster where they need no change.
type Completion struct {
	Row          int    // the row's Line
	Name         string // in NFC, with single spaces
	Email        string // lower case; may be empty
	LearnerID    string // may be empty
	Language     string // code of the mails' language; may be empty
	Course       *course.Course
	Completed    card.Date
	Instructor   string // may be empty
	InstructorID string // may be empty
	Class        string // may be empty
	PriorCard    string // how prerequisites are met, as it stands in the cell; may be empty
}

// Learner is how the register tells the completion from all others.
func (c Completion) Learner() card.LearnerKey {
	return card.LearnerKey{ID: c.LearnerID, Email: c.Email, Name: c.Name, Course: c.Course.Code, Completed: c.Completed}
}

// Checked is what came of a check. Each row of the roster is either one of the Completions or refused by one of the Problems.
type Checked struct {
	Completions []Completion // the rows in which nothing is wrong, in order
	// Refused are the rows with a problem whose course could be read, in order. A field that has a problem is zero.
	Refused  []Completion
	Classes  []Class
	Problems []Problem // in the order of SortProblems; row 0 tells of the whole file
}

// Check turns every row into a completion or into one or more problems.
func Check(ro *Roster, rules Rules) *Checked {
	c := checker{roster: ro, rules: rules, read: ro.read(), seen: newLearners(), courses: map[string]*course.Course{}, missing: map[string][]int{},
		without: map[*course.Course][]string{}, least: map[string]float64{}, inDoubt: map[string][]int{}}
	c.out.Completions = make([]Completion, 0, len(ro.Rows))
	c.file()
	for _, row := range ro.Rows {
		c.line = row.Line
		done, ok := c.row(row)
		switch {
		case ok:
			c.out.Completions = append(c.out.Completions, done)
		case done.Course != nil:
			c.out.Refused = append(c.out.Refused, done)
		}
	}
	c.duplicates()
	c.missingColumns()
	c.tellUnasked()
	c.columnsInDoubt()
	c.out.Classes = classes(&c.out)
	c.slips()
	SortProblems(c.out.Problems)
	return &c.out
}

type checker struct {
	roster  *Roster
	rules   Rules
	out     Checked
	seen    *learners
	courses map[string]*course.Course // cells that were read before
	missing map[string][]int          // column that the file does not have → rows that need it
	without map[*course.Course][]string
	least   map[string]float64
	any     *course.Course      // what all courses have in common
	poor    map[string]*unasked // column → what it holds that no course of its row asks for
	inDoubt map[string][]int    // column whose marks may not be per cent → rows that need it
	figures map[string]figures  // column → its numbers, of those that were looked through
	texts   map[string]string   // messages and remedies that were said before
	single  bool                // a card by itself, not a row among others
	refused bool                // the row at hand has a problem that is more than a notice
	line    int                 // the row at hand
	read    []readColumn        // the columns of the file that are read
	told    []string            // its columns of which nothing more needs to be said; see marked
}

// say notes a problem of the row at hand.
func (c *checker) say(column, code, value, message, remedy string) {
	c.refused = true
	if slices.Contains(c.told, column) {
		return
	}
	if code == "missing_value" && c.roster.isMerged(c.line, column) {
		remedy = "The cell belongs to a block of merged cells: unmerge it, and fill the value in in each row."
	}
	c.out.Problems = append(c.out.Problems, Problem{Row: c.line, Column: column, Code: code, Value: shorten(value), Message: c.once(message), Remedy: c.once(remedy)})
}

// once is the text itself, kept one time for all the rows that say the same.
func (c *checker) once(text string) string {
	const most = 1000
	if known, ok := c.texts[text]; ok {
		return known
	}
	if c.texts == nil {
		c.texts = map[string]string{}
	}
	if len(c.texts) < most {
		c.texts[text] = text
	}
	return text
}

// notice notes what a person may want to look at.
func (c *checker) notice(line int, column, code, value, message, remedy string) {
	c.out.Problems = append(c.out.Problems,
		Problem{Row: line, Column: column, Code: code, Value: shorten(value), Message: c.once(message), Remedy: c.once(remedy), Severity: Notice})
}

// file tells what there is to say of the file as a whole.
func (c *checker) file() {
	ro := c.roster
	c.unread()
	c.hiddenColumns()
	c.otherSheets()
	for _, column := range ro.unused {
		c.notice(ro.HeadingLine, column, "unused_value", "", "The roster has the column itself, so the value that was set for every row is not used.",
			"Leave the value out, or take the column out of the roster.")
	}
	if ro.lastFirst && ro.nameOrder != LastFirst {
		c.notice(ro.HeadingLine, ColumnName, "name_order", ro.Heading[ro.column[ColumnName]],
			"The heading says that the last name comes first, and the names are printed as they stand.",
			"Use two columns, first_name and last_name, if the first name should come first; or put a comma between the two, and say --name-order last-first.")
	}
	for _, row := range ro.Totals {
		c.notice(row.Line, "", "total_row", strings.TrimSpace(strings.Join(row.Cells, " ")), "The row is no learner, and is passed over.",
			"If it is one, fill in the name, the course and the date.")
	}
}

// missingColumns tells of each column that rows need and the file does not have, once for all of them.
func (c *checker) missingColumns() {
	for _, column := range required {
		if !c.hasColumn(column) && c.missing[column] == nil {
			c.missing[column] = []int{}
		}
	}
	for column, rows := range c.missing {
		message := fmt.Sprintf("The heading has no column %s.", column)
		if len(rows) > 0 {
			message = fmt.Sprintf("The heading has no column %s, which %s.", column, plural(len(rows), "row needs", "rows need"))
		}
		c.out.Problems = append(c.out.Problems, Problem{Rows: rows, Column: column, Code: "missing_column", Message: message, Remedy: c.roster.howToGet(column)})
	}
	slices.SortFunc(c.out.Problems[len(c.out.Problems)-len(c.missing):], func(a, b Problem) int { return strings.Compare(a.Column, b.Column) })
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// required are the columns without which no row can become a card.
var required = []string{ColumnName, ColumnCourse, ColumnCompleted}

func (c *checker) hasColumn(column string) bool {
	return c.roster.has(column) || (column == ColumnName && c.roster.has(ColumnFirstName))
}

// row checks one row. The completion counts as one only where ok is true; otherwise the row has at least one problem.
func (c *checker) row(row sheet.Row) (done Completion, ok bool) {
	c.refused, c.told = false, nil
	if row.Hidden {
		c.notice(row.Line, "", "hidden_row", "", "The workbook hides this row; it is read all the same.", "Delete the row if it is not to be issued.")
	}
	if c.isRagged(row) || c.isDoubtful(row) {
		return done, false
	}
	row = c.marked(row)
	done.Row = row.Line
	done.Name = c.name(row)
	done.Email = c.email(row)
	done.Course = c.course(row)
	done.Completed = c.completed(row, done.Course)
	if done.Course != nil {
		c.pass(row, done.Course)
		c.lookAtUnasked(row, done.Course)
	} else if !c.roster.has(ColumnCourse) || c.roster.cell(row, ColumnCourse) != "" {
		c.pass(row, c.anyCourse())
	}
	done.Instructor, done.InstructorID = c.instructor(row)
	done.Class = c.text(row, ColumnClass)
	done.PriorCard = c.priorCard(row, done.Course)
	done.LearnerID = c.text(row, ColumnLearnerID)
	done.Language = c.language(row)
	if done.Course != nil && !done.Completed.IsZero() {
		c.seen.add(&c.out, done)
	}
	c.seen.keep(&c.out, !c.refused)
	return done, !c.refused
}

const (
	codeRagged = "ragged_row"
	raggedText = "The row has " // how the message about it begins; see withProblem
)

// aRaggedText is how the problem of a ragged row begins where it stands in a cell.
var aRaggedText = regexp.MustCompile(`^` + raggedText + `\d+ cells`)

// isRagged tells of a row whose cells can't be set against the heading: which one is missing is anybody's guess. Empty cells
// too many are no fault where every row has as many; spreadsheets write them. A workbook leaves out empty cells, and knows the column of each.
func (c *checker) isRagged(row sheet.Row) bool {
	ro, got := c.roster, len(row.Cells)
	for got > ro.width && strings.TrimSpace(row.Cells[got-1]) == "" {
		got--
	}
	message := ""
	switch isInside := got >= ro.width && got <= len(ro.Heading); {
	case !ro.IsWorkbook() && !isInside:
		message = fmt.Sprintf(raggedText+"%d cells where the heading has %d.", got, ro.width)
	case !ro.IsWorkbook() && len(row.Cells) != ro.rowWidth:
		message = fmt.Sprintf(raggedText+"%d cells, and other rows have another number.", len(row.Cells))
	case ro.wasRagged(row):
		message = raggedText + "its cells in the wrong places, as one of them says." // a spreadsheet filled it up to the width of the heading
	default:
		return false
	}
	c.say("", codeRagged, "", message, "Look for a missing or an unquoted separator.")
	return true
}

// wasRagged says whether a row holds, in a column that is not ours, what it was refused with as a ragged one.
func (ro *Roster) wasRagged(row sheet.Row) bool {
	return slices.ContainsFunc(row.Cells, aRaggedText.MatchString) && !aRaggedText.MatchString(at(row, ro.problem))
}

// anyCourse asks for what every course of the catalogue asks for. It stands for a course that can't be read, so that the rest of
// the row is checked all the same.
func (c *checker) anyCourse() *course.Course {
	if c.any != nil {
		return c.any
	}
	courses := c.rules.Catalogue.Courses()
	least := courses[0]
	least.Pass.Extra = nil
	for _, one := range courses[1:] {
		p := &least.Pass
		p.Attendance, p.Score = min(p.Attendance, one.Pass.Attendance), min(p.Score, one.Pass.Score)
		p.Skills, p.Scenario = p.Skills && one.Pass.Skills, p.Scenario && one.Pass.Scenario
		least.ExperienceMonths = min(least.ExperienceMonths, one.ExperienceMonths)
	}
	c.any = &least
	return c.any
}

// isDoubtful tells of a row that may be a learner or a total. What else is wrong with it does not matter until that is settled.
func (c *checker) isDoubtful(row sheet.Row) bool {
	value := strings.Join(strings.Fields(strings.Join(row.Cells, " ")), " ")
	switch {
	case c.roster.isDoubtful(row):
		c.say("", "total_row", value, "The row has no course and no date, and may be a total or a line below the list.",
			"If it says that those below it get no card, take them out with it. Delete it if it is no learner; otherwise fill in the course and the date.")
	case c.roster.isNamedAsTotal(row):
		c.say("", "total_row", value, "This looks like a total or a heading, not like a learner.",
			"Delete the row if it is no learner; if it is one, give an e-mail address or a learner_id.")
	default:
		return false
	}
	return true
}

func (c *checker) course(row sheet.Row) *course.Course {
	value := c.required(row, ColumnCourse)
	if value == "" {
		return nil
	}
	if found, ok := c.courses[value]; ok {
		return found
	}
	if found, ok := c.rules.Catalogue.Find(value); ok {
		if len(c.courses) < 1000 {
			c.courses[strings.Clone(value)] = found
		}
		return found
	}
	codes := c.rules.Catalogue.Codes()
	if len(codes) > 20 {
		codes = append(codes[:20], "...")
	}
	remedy := fmt.Sprintf("Write one of %s, or add the course to config.yaml.", strings.Join(codes, ", "))
	if near := c.rules.Catalogue.Nearest(value); near != "" {
		remedy = fmt.Sprintf("Did you mean %s? ", near) + remedy
	}
	c.say(ColumnCourse, "unknown_course", value, "The catalogue has no course of this code or title.", remedy)
	return nil
}

// required is the cell of a column that may not be empty.
func (c *checker) required(row sheet.Row, column string) string {
	value := c.roster.cell(row, column)
	switch {
	case value != "":
	case c.roster.has(column):
		c.say(column, "missing_value", "", c.hasNo(column), "Fill the cell in.")
	default:
		c.refused = true
		c.missing[column] = append(c.missing[column], row.Line)
	}
	return value
}
