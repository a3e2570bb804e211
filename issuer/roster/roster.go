// Package roster reads the roster of a finished course and says everything that is wrong with it, all rows at once.
//
// Read turns a file into rows of cells and knows nothing of what they mean. Check turns rows into completions and problems:
// each row becomes exactly one of the two, so that no learner is lost and none invented. Nothing here writes to a register
// or signs anything.
package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// The canonical columns of a roster, in the order in which problems are told.
const (
	ColumnName             = "name"
	ColumnEmail            = "email"
	ColumnCourse           = "course"
	ColumnCompleted        = "completed"
	ColumnAttendance       = "attendance"
	ColumnScore            = "score"
	ColumnSkills           = "skills"
	ColumnScenario         = "scenario"
	ColumnInstructor       = "instructor"
	ColumnInstructorID     = "instructor_id"
	ColumnClass            = "class"
	ColumnPriorCard        = "prior_card"
	ColumnExperienceMonths = "experience_months"
	ColumnLearnerID        = "learner_id"
)

var canonical = []string{ColumnName, ColumnEmail, ColumnCourse, ColumnCompleted, ColumnAttendance, ColumnScore, ColumnSkills,
	ColumnScenario, ColumnInstructor, ColumnInstructorID, ColumnClass, ColumnPriorCard, ColumnExperienceMonths, ColumnLearnerID}

// required are the columns without which no row can become a card.
var required = []string{ColumnName, ColumnCourse, ColumnCompleted}

// columnProblem is the column that WriteProblems adds. A file that it wrote may come back mended, with the column in it.
const columnProblem = "problem"

// The limits of a file. The rows are the largest batch known (100,000) and room above it; a cell is as long as a
// spreadsheet lets one be; more columns than this are no roster.
const (
	MaxBytes     = 64 << 20
	MaxRows      = 250_000
	MaxCellBytes = 32_767
	MaxColumns   = 256
)

// Roster is a file as it was read: every cell unchanged.
type Roster struct {
	Name    string   // the file's name without its folder; empty where it was not read from a file
	Heading []string // the cells of the heading row as they are in the file, without a byte order mark
	Rows    []Row    // in the order of the file, without the rows that are blank from end to end

	headingLine int
	marked      bool           // the file begins with a byte order mark, so Excel takes it for UTF-8; so will what we write
	column      map[string]int // canonical name → place in Heading
}

// Row is one row of a roster.
type Row struct {
	Line  int      // as a spreadsheet counts rows: the heading of a plain file is 1, and a cell of two lines is no second row
	Cells []string // in the file's own order; may be more or fewer than the heading's
}

// FileError says that a file as a whole is no roster that can be read.
type FileError struct {
	Text string // what is wrong
	Hint string // what to do
	Err  error  // what the system said; may be nil
}

func (e *FileError) Error() string {
	if e.Err != nil {
		return e.Text + ": " + e.Err.Error()
	}
	return e.Text
}

func (e *FileError) Unwrap() error { return e.Err }

// ReadFile reads the roster of a file; see Read.
func ReadFile(path string) (*Roster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	ro, err := Read(f)
	if err != nil {
		return nil, err
	}
	ro.Name = filepath.Base(path)
	return ro, nil
}

// Read reads a CSV file (RFC 4180: commas, UTF-8 with or without a byte order mark). The first row that is not blank has to be
// the heading and to hold at least one canonical column, in any case. The error is a *FileError.
func Read(r io.Reader) (*Roster, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if err := sniff(data); err != nil {
		return nil, err
	}
	text, marked := bytes.CutPrefix(data, []byte("\ufeff"))
	ro := &Roster{marked: marked}
	rows := rowReader{csv: csv.NewReader(bytes.NewReader(text))}
	rows.csv.FieldsPerRecord = -1 // a ragged row is a problem of that row, told by Check
	for {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if isBlank(row.Cells) {
			continue
		}
		if ro.Heading == nil {
			if err := ro.setHeading(row); err != nil {
				return nil, err
			}
			continue
		}
		if len(ro.Rows) == MaxRows {
			return nil, &FileError{Text: fmt.Sprintf("the roster has more than %d rows", MaxRows), Hint: "Split it into several files."}
		}
		ro.Rows = append(ro.Rows, row)
	}
	if ro.Heading == nil {
		return nil, errEmpty()
	}
	if len(ro.Rows) == 0 {
		return nil, &FileError{Text: "the roster has a heading and no learner", Hint: "Add a row for each learner below the heading."}
	}
	return ro, nil
}

// rowReader counts rows as a spreadsheet does. encoding/csv leaves out empty lines, which a spreadsheet shows as rows.
type rowReader struct {
	csv  *csv.Reader
	line int // the line of the file on which the last record ended
	row  int
}

func (r *rowReader) next() (Row, error) {
	cells, err := r.csv.Read()
	if err != nil {
		return Row{}, syntaxError(err)
	}
	start, _ := r.csv.FieldPos(0)
	r.row += start - r.line // one for this row, and one for each empty line before it
	r.line = start
	if len(cells) > MaxColumns {
		return Row{}, &FileError{Text: fmt.Sprintf("row %d has more than %d cells", r.row, MaxColumns),
			Hint: "Take the columns out that are not of the roster."}
	}
	for _, cell := range cells {
		r.line += strings.Count(cell, "\n")
		if len(cell) > MaxCellBytes {
			return Row{}, &FileError{Text: fmt.Sprintf("row %d has a cell of more than %d bytes", r.row, MaxCellBytes),
				Hint: "Look for a quotation mark that is never closed."}
		}
	}
	return Row{Line: r.row, Cells: cells}, nil
}

func syntaxError(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err // io.EOF: nothing else can fail in a reader of bytes in memory
	}
	const hint = "Save the file as CSV once more from the program that made it; a quotation mark inside of a cell is written twice."
	if parse.StartLine != parse.Line {
		return &FileError{Text: fmt.Sprintf("a quotation mark on line %d of the file is never closed as it should be", parse.StartLine), Hint: hint}
	}
	return &FileError{Text: fmt.Sprintf("line %d of the file has a quotation mark where none may stand", parse.Line), Hint: hint}
}

func (ro *Roster) setHeading(row Row) error {
	ro.Heading, ro.headingLine, ro.column = row.Cells, row.Line, map[string]int{}
	for i, cell := range row.Cells {
		name := columnName(cell)
		if !slices.Contains(canonical, name) {
			continue
		}
		if _, double := ro.column[name]; double {
			return &FileError{Text: fmt.Sprintf("row %d, the heading, has the column %s twice", row.Line, name),
				Hint: "Rename one of the two, so that it is plain which one counts."}
		}
		ro.column[name] = i
	}
	if len(ro.column) > 0 {
		return nil
	}
	if separator, name := foreignSeparator(row.Cells); separator != "" {
		return &FileError{Text: "the columns are separated by " + name + ", not by commas",
			Hint: "Save the file as \"CSV UTF-8 (Comma delimited)\"."}
	}
	return &FileError{Text: fmt.Sprintf("row %d is no heading: it has none of the columns %s", row.Line, strings.Join(canonical[:8], ", ")),
		Hint: "Begin the file with a row such as " + strings.Join(canonical[:4], ",") + "."}
}

// columnName is a heading's cell as it is compared: "Learner ID" is learner_id.
func columnName(cell string) string {
	return strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(cell), " ")), " ", "_")
}

// foreignSeparator recognises a heading that was written with another separator.
func foreignSeparator(cells []string) (separator, name string) {
	line := strings.Join(cells, ",")
	for _, s := range []struct{ separator, name string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "vertical bars"}} {
		parts := strings.Split(line, s.separator)
		if len(parts) > 2 || strings.EqualFold(strings.TrimSpace(line), "sep="+s.separator) {
			return s.separator, s.name
		}
	}
	return "", ""
}

func isBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// has says whether the heading names a canonical column.
func (ro *Roster) has(column string) bool {
	_, ok := ro.column[column]
	return ok
}

// cell is the row's cell in a canonical column without the spaces around it; empty where the row or the heading has none.
func (ro *Roster) cell(row Row, column string) string {
	if i, ok := ro.column[column]; ok && i < len(row.Cells) {
		return strings.TrimSpace(row.Cells[i])
	}
	return ""
}

// sniff refuses what is no text in UTF-8, with a hint for each of the files that offices send in its place.
func sniff(data []byte) error {
	const saveAs = "In Excel choose \"Save as\" and there \"CSV UTF-8 (Comma delimited)\"; in LibreOffice \"Text CSV\" with the character set UTF-8."
	switch {
	case len(data) > MaxBytes:
		return &FileError{Text: fmt.Sprintf("the roster has more than %d MiB", MaxBytes>>20), Hint: "Split it into several files."}
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))) == 0:
		return errEmpty()
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return &FileError{Text: "the roster is a workbook or an archive, not a CSV file", Hint: saveAs}
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return &FileError{Text: "the roster is a PDF, not a CSV file", Hint: "Export it as CSV from the program that made it."}
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return &FileError{Text: "the roster is saved as UTF-16, not as UTF-8", Hint: saveAs}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &FileError{Text: fmt.Sprintf("line %d of the roster has a NUL byte, so it is no text in UTF-8", lineAt(data, i)), Hint: saveAs}
	}
	if !utf8.Valid(data) {
		return &FileError{Text: fmt.Sprintf("line %d of the roster is not UTF-8, so letters such as ü would be lost", lineAt(data, firstInvalid(data))), Hint: saveAs}
	}
	if bytes.IndexByte(data, '\r') >= 0 && bytes.IndexByte(data, '\n') < 0 {
		return &FileError{Text: "the roster has the line ends of an old Macintosh", Hint: saveAs}
	}
	return nil
}

func unreadable(err error) error {
	return &FileError{Text: "the roster can't be read", Hint: "Look at the name and the permissions of the file.", Err: err}
}

func errEmpty() error {
	return &FileError{Text: "the roster is empty", Hint: "It needs a heading row, such as " + strings.Join(canonical[:4], ",") + ", and a row for each learner."}
}

func lineAt(data []byte, i int) int { return bytes.Count(data[:i], []byte("\n")) + 1 }

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}
