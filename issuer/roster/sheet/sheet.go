// Package sheet reads tables as offices keep them, CSV files of every dialect and encoding and XLSX workbooks, into rows of
// text, and writes them back. It knows nothing of what a table means.
package sheet

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// The limits of a file. The rows are the largest batch known (100,000) and room above it; a cell is as long as a
// spreadsheet lets one be; more columns than this are no table that a person keeps.
const (
	MaxBytes     = 64 << 20
	MaxRows      = 250_000 // that are not blank
	MaxCellBytes = 32_767
	MaxColumns   = 256
)

// peekedRows is how many rows are looked at before a delimiter or a sheet is chosen; Options.IsTable gets no more.
const peekedRows = 50

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
	Fault               // #N/A, #REF!: what a formula gave that could not be worked out
)

// Row is one row of a table that is not blank from end to end.
type Row struct {
	Line   int // as a spreadsheet counts rows, from 1; a cell of two lines is no second row
	Cells  []string
	Kinds  []Kind // as long as Cells, or nil where all are Text
	Hidden bool   // the workbook does not show the row
	Struck []int  // places in Cells, in order, of those with text that the workbook shows struck out; nearly always nil
}

// Table is a file as it was read: every cell unchanged, but for the forms of Kind.
type Table struct {
	Format    Format
	Sheet     string // the workbook's sheet that was read
	Delimiter rune   // of a text file
	Encoding  string // of a text file: a WHATWG name in lower case, such as utf-8 or windows-1252, or one such as cp850
	Marked    bool   // the text began with a byte order mark
	Rows      []Row
	Look      Look    // of a workbook
	Others    []Other // sheets of a workbook that are shown and were not read, where Options.Sheet did not name the one that was
}

// Other is a sheet that was not read, and is not blank.
type Other struct {
	Name  string
	Rows  []Row // the first ones that are not blank, at most OtherRows; with a damaged sheet those before the damage
	Fault error // what is wrong with the sheet; nil for nothing
}

// OtherRows is how far a sheet is looked at that is not read.
const OtherRows = 1000

// Look is what a workbook shows of a sheet beside its cells.
type Look struct {
	HiddenColumns []int   // places in Row.Cells, in order
	Merged        []Block // blocks of cells that are shown as one, of which only the first has a text; at most 1,000 of them
}

// Block is a rectangle of cells. Lines count as Row.Line does, places from 0; both ends belong to it.
type Block struct{ FirstLine, LastLine, FirstPlace, LastPlace int }

// Has says whether a cell belongs to the block.
func (b Block) Has(line, place int) bool {
	return line >= b.FirstLine && line <= b.LastLine && place >= b.FirstPlace && place <= b.LastPlace
}

// Options settle what a file leaves open. The zero value leaves it to the file.
type Options struct {
	Encoding string // of this text file: a WHATWG label such as windows-1252, or the IANA name of a DOS code page such as cp850
	// UsualEncoding is such a label for files in general. It counts where a file does not say itself what it is.
	UsualEncoding string
	Sheet         string // name of the workbook's sheet
	// IsTable says whether the first rows of a sheet are such as the caller looks for; of several visible sheets the one of
	// which it says so is read. Nil says so of every sheet.
	IsTable func(first []Row) bool
	// IsHeading says whether a cell is a heading that the caller knows, letter by letter with its accents. Where the encoding of a
	// text file is in doubt, the readings that make such a heading of a cell go before the others. Nil knows none.
	IsHeading func(cell string) bool
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

// Read reads a table of at most MaxBytes, a workbook or a text file by what it holds and not by its name. Rows that are blank
// from end to end are left out, and counted in Row.Line. The error is an *Error.
func Read(r io.Reader, o Options) (*Table, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if err := sniff(data); err != nil {
		return nil, err
	}
	if isArchive(data) {
		return readWorkbook(data, o)
	}
	return readText(data, o)
}

// readAll reads a file into one string. Its size is asked for first: a buffer that grows would cost the file's size twice more.
func readAll(r io.Reader) (string, error) {
	var b strings.Builder
	switch sized := r.(type) {
	case interface{ Len() int }:
		b.Grow(min(sized.Len(), MaxBytes+1))
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := sized.Stat(); err == nil && info.Mode().IsRegular() {
			b.Grow(int(min(info.Size(), MaxBytes)) + 1)
		}
	}
	if _, err := io.Copy(&b, io.LimitReader(r, MaxBytes+1)); err != nil {
		return "", &Error{Text: "the file can't be read", Hint: "Look at the name and the permissions of the file.", Err: err}
	}
	if b.Len() > MaxBytes {
		return "", &Error{Text: fmt.Sprintf("the file has more than %d MiB", MaxBytes>>20), Hint: "Split it into several files."}
	}
	return b.String(), nil
}

const saveAs = "Open it in a spreadsheet program and save it as an Excel workbook (.xlsx) or as \"CSV UTF-8\"."

// sniff refuses the files that offices send in place of a table, each with a way out.
func sniff(data string) error {
	head := data[:min(len(data), 1024)]
	for _, bom := range byteOrderMarks {
		head = strings.TrimPrefix(head, bom.mark)
	}
	head = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(head, "\x00", "")))
	begins := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(head, text) })
	}
	switch {
	case strings.HasPrefix(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): // OLE2, which also wraps a workbook that is encrypted
		return &Error{Text: "the file is an old Excel workbook (.xls), or a workbook that is protected by a password",
			Hint: "Open it in a spreadsheet program, take the password off, and save it as an Excel workbook (.xlsx) or as \"CSV UTF-8\"."}
	case begins("%pdf-"):
		return &Error{Text: "the file is a PDF, not a table", Hint: "Export it as XLSX or CSV from the program that made it."}
	case begins("<!doctype", "<html", "<head", "<body", "<meta", "<table", "<style", "<?xml", "<!--", "mime-version:"):
		return &Error{Text: "the file is a web page or XML, though its name may end in .xls", Hint: saveAs}
	case begins("{\\rtf"):
		return &Error{Text: "the file is a text document, not a table", Hint: saveAs}
	}
	return nil
}

func isBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

func errEmpty() error {
	return &Error{Text: "the file is empty", Hint: "It needs a heading row, and a row below it for each learner."}
}

func errRows() error {
	return &Error{Text: fmt.Sprintf("the table has more than %d rows", MaxRows), Hint: "Split it into several files."}
}

func errColumns(line int) error {
	return &Error{Text: fmt.Sprintf("row %d has more than %d cells", line, MaxColumns), Hint: "Take the columns out that do not belong to the table."}
}

func errCell(line int) error {
	return &Error{Text: fmt.Sprintf("row %d has a cell of more than %d bytes", line, MaxCellBytes),
		Hint: "Shorten the cell; in a text file, look for a quotation mark that is never closed."}
}

// cellBlocks hands out cells for rows from large blocks, so that a table is not made of a hundred thousand small pieces.
type cellBlocks struct{ free []string }

func (b *cellBlocks) keep(cells []string) []string {
	const block = 4096
	n := len(cells)
	if n > len(b.free) {
		b.free = make([]string, max(block, n))
	}
	kept := b.free[:n:n]
	b.free = b.free[n:]
	copy(kept, cells)
	return kept
}
