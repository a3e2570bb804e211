// Package roster reads the roster of a finished course and says everything that is wrong with it, all rows at once.
//
// Read turns a file into rows of cells and settles which column means what. Check turns rows into completions and problems: each
// row becomes exactly one of the two, so that no learner is lost and none invented. Nothing here writes to a register or signs
// anything.
package roster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// The canonical columns of a roster. A name stands in one column or in several, of first_name, last_name and what else there is.
const (
	ColumnName             = heading.Name
	ColumnFirstName        = heading.FirstName
	ColumnMiddleName       = heading.MiddleName
	ColumnNamePrefix       = heading.NamePrefix
	ColumnLastName         = heading.LastName
	ColumnSecondLastName   = heading.SecondLastName
	ColumnNameSuffix       = heading.NameSuffix
	ColumnEmail            = heading.Email
	ColumnCourse           = heading.Course
	ColumnCompleted        = heading.Completed
	ColumnAttendance       = heading.Attendance
	ColumnScore            = heading.Score
	ColumnSkills           = heading.Skills
	ColumnScenario         = heading.Scenario
	ColumnPassed           = heading.Passed
	ColumnInstructor       = heading.Instructor
	ColumnInstructorID     = heading.InstructorID
	ColumnClass            = heading.Class
	ColumnPriorCard        = heading.PriorCard
	ColumnExperienceMonths = heading.ExperienceMonths
	ColumnLearnerID        = heading.LearnerID
	ColumnLanguage         = heading.Language
)

// canonical are the columns in the order in which problems are told.
var canonical = heading.Columns()

// columnProblem is the column that WriteProblems adds. A file that it wrote may come back mended, with the column in it.
const columnProblem = "problem"

// Columns are the canonical columns of a roster, in the order in which problems are told.
func Columns() []string { return heading.Columns() }

// Roster is a file as it was read, with the meaning of its columns.
type Roster struct {
	Name        string      // the file's name without its folder; empty where it was not read from a file
	HeadingLine int         // the row of the heading, as a spreadsheet counts
	Heading     []string    // the cells of the heading as they are in the file
	Rows        []sheet.Row // in the order of the file, without blank rows and total rows
	Totals      []sheet.Row // below the heading, but no learners: their sum, their number, a line to sign on

	file      sheet.Table        // what kind of file it was, without its rows
	width     int                // cells of the heading up to the last that is not blank
	rowWidth  int                // cells of every row of a text file, -1 where that is open; see commonWidth
	column    map[string]int     // column → place in Heading
	full      map[string]float64 // column → its full mark, where a mapping says one
	fixed     map[string]string  // column → value of every row, for columns that the file does not have
	unused    []string           // Options.Set for columns that the file has
	unknown   []int              // places of columns that are not read
	problem   int                // place of the column that WriteProblems added, -1 for none
	courses   map[string]bool    // keys of the codes and titles of the courses
	order     DateOrder
	nameOrder NameOrder
	lastFirst bool // the heading says that the last name comes first
}

// FileError says that a file as a whole is no roster that can be read.
type FileError struct {
	Text string // what is wrong
	Hint string // what to do
	Err  error  // what the system or the reader of tables said; may be nil
}

func (e *FileError) Error() string {
	var table *sheet.Error
	if e.Err == nil {
		return e.Text
	}
	if errors.As(e.Err, &table) {
		return table.Error()
	}
	return e.Text + ": " + e.Err.Error()
}

func (e *FileError) Unwrap() error { return e.Err }

// ReadFile reads the roster of a file; see Read.
func ReadFile(path string, o Options) (*Roster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	ro, err := Read(f, o)
	if err != nil {
		return nil, err
	}
	ro.Name = filepath.Base(path)
	return ro, nil
}

// Read reads a text file or a workbook. The heading is the row among the first 50 of which most cells are known; what stands
// above it is passed over. The error is a *FileError.
func Read(r io.Reader, o Options) (*Roster, error) {
	d, err := newDictionary(o)
	if err != nil {
		return nil, err
	}
	table, err := sheet.Read(r, sheet.Options{IsHeading: heading.IsSpelled, Encoding: o.Encoding, UsualEncoding: o.RememberedEncoding, Sheet: o.Sheet, IsTable: func(first []sheet.Row) bool {
		place, _ := d.headingRow(first)
		return place >= 0
	}})
	if err != nil {
		return nil, unreadable(err)
	}
	return fromTable(table, d)
}

func unreadable(err error) error {
	var table *sheet.Error
	if errors.As(err, &table) {
		return &FileError{Text: table.Text, Hint: table.Hint, Err: err}
	}
	return &FileError{Text: "the roster can't be read", Hint: "Look at the name and the permissions of the file.", Err: err}
}

// fromTable finds the heading of a table and sets its rows against it.
func fromTable(table *sheet.Table, d *dictionary) (*Roster, error) {
	place, err := d.headingRow(table.Rows)
	if err != nil {
		return nil, err
	}
	if place < 0 {
		return nil, d.notFound(table.Rows)
	}
	ro := &Roster{HeadingLine: table.Rows[place].Line, Heading: table.Rows[place].Cells, Rows: table.Rows[place+1:], order: d.order, nameOrder: d.nameOrder, courses: d.named,
		file: *table}
	ro.file.Rows = nil
	if err := ro.checkOthers(); err != nil {
		return nil, err
	}
	ro.widen()
	for i, cell := range ro.Heading {
		if strings.TrimSpace(cell) != "" {
			ro.width = i + 1
		}
	}
	for _, settle := range []func(*Roster) error{d.assign, d.takeHeadingsOut, d.settleNames} {
		if err := settle(ro); err != nil {
			return nil, err
		}
	}
	ro.takeTotalsOut()
	if err := ro.checkSections(); err != nil {
		return nil, err
	}
	d.addBlank(ro)
	ro.rowWidth = commonWidth(len(ro.Heading), ro.Rows)
	if len(ro.Rows) > 0 {
		if err := d.settleUnread(ro); err != nil {
			return nil, err
		}
	}
	d.fix(ro)
	if len(ro.Rows) == 0 {
		return nil, &FileError{Text: fmt.Sprintf("the roster has a heading in row %d and no learner", ro.HeadingLine), Hint: "Add a row for each learner below the heading."}
	}
	return ro, nil
}

// IsWorkbook says whether the roster was read from a workbook.
func (ro *Roster) IsWorkbook() bool { return ro.file.Format == sheet.XLSX }

// has says whether the rows have a column, in the file or by Options.Set.
func (ro *Roster) has(column string) bool {
	_, inFile := ro.column[column]
	_, fixed := ro.fixed[column]
	return inFile || fixed
}

// raw is the row's cell in a column as it stands; empty where the row or the heading has none.
func (ro *Roster) raw(row sheet.Row, column string) string {
	if i, ok := ro.column[column]; ok {
		if text := at(row, i); text == "" && column == ColumnLastName {
			return ro.raw(row, columnBirthName)
		}
		if i < len(row.Cells) {
			return row.Cells[i]
		}
		return ""
	}
	return ro.fixed[column]
}

// cell is the row's cell in a column without the spaces around it.
func (ro *Roster) cell(row sheet.Row, column string) string {
	return strings.TrimSpace(ro.raw(row, column))
}

// kind is what a workbook knows of the row's cell in a column.
func (ro *Roster) kind(row sheet.Row, column string) sheet.Kind {
	if i, ok := ro.column[column]; ok && i < len(row.Kinds) {
		return row.Kinds[i]
	}
	return sheet.Text
}

// Mapping says how each column is read, such as "Exam % → score", in the order of the file; then what was set for every row.
func (ro *Roster) Mapping() []string {
	places := make([]string, len(ro.Heading))
	for column, i := range ro.column {
		places[i] = ro.title(i) + " → " + column
		if full := ro.full[column]; full > 0 {
			places[i] += " out of " + number(full)
		}
	}
	out := slices.DeleteFunc(places, func(s string) bool { return s == "" })
	for _, column := range canonical {
		if value, ok := ro.fixed[column]; ok {
			out = append(out, fmt.Sprintf("%s = %s in every row", column, value))
		}
	}
	return out
}
