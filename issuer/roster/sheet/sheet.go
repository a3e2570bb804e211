// Package sheet reads tables as offices keep them, CSV files of every dialect and encoding and XLSX workbooks, into rows of
// text, and writes them back. It knows nothing of what a table means.
package sheet

// Format is the kind of a file.
type Format string

// The formats.
const (
	CSV  Format = "csv" // text whose cells stand apart by a delimiter
	XLSX Format = "xlsx"
)

// Kind is what a workbook knows of a cell beside its text. All cells of a text file are Text.
type Kind byte

// The kinds of cells, with the form that their text has.
const (
	Text    Kind = iota // as it is
	Number              // 91.5: a decimal point, no grouping, no exponent where it can be avoided
	Percent             // 91.5%: the cell's number times 100
	Date                // 2026-11-07, or 2026-11-07T09:30:00 where it has a time of day
	Bool                // TRUE or FALSE
)

// Row is one row of a table that is not blank from end to end.
type Row struct {
	Line   int // as a spreadsheet counts rows, from 1; a cell of two lines is no second row
	Cells  []string
	Kinds  []Kind // as long as Cells, or nil where all are Text
	Hidden bool   // the workbook does not show the row
}

// Table is a file as it was read: every cell unchanged, but for the forms of Kind.
type Table struct {
	Format    Format
	Sheet     string // the workbook's sheet that was read
	Delimiter rune   // of a text file
	Encoding  string // of a text file: a WHATWG name in lower case, such as utf-8 or windows-1252
	Marked    bool   // the text began with a byte order mark
	Rows      []Row
}

// Options settle what a file leaves open. The zero value leaves it to the file.
type Options struct {
	Encoding string // WHATWG label of a text file's encoding
	Sheet    string // name of the workbook's sheet
	// IsTable says whether the first rows of a sheet are such as the caller looks for; of several visible sheets the one of
	// which it says so is read. Nil says so of every sheet.
	IsTable func(first []Row) bool
}

// Error says why a file can't be read as a table.
type Error struct {
	Text string // what is wrong
	Hint string // what to do
	Err  error  // what the system or a library said; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text + ": " + e.Err.Error()
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }
