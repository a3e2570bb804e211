package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
)

// DateOrder is the order of day, month and year where a date in figures leaves it open: "", dmy, mdy or ymd.
type DateOrder = cell.DateOrder

// NameOrder is the order of first and last name in a column that holds both: "", first-last or last-first.
type NameOrder string

// The orders. LastFirst needs a comma between the two in every cell; FirstLast is what the zero value means.
const (
	FirstLast NameOrder = "first-last"
	LastFirst NameOrder = "last-first"
)

// Options settle what a roster leaves open. The zero value leaves all of it to the file.
type Options struct {
	Encoding string // of this text file; a label such as windows-1252 or cp850
	// RememberedEncoding is such a label from earlier files. Encoding goes before it, and so does what a file says of itself.
	RememberedEncoding string
	Sheet              string // of a workbook
	// Columns are "Heading=column" for this file; an empty column says that the heading is not read. Marks that are out of another
	// number than 100 are "Heading=score/120".
	Columns []string
	// Remembered are such mappings from earlier files. One whose heading this file does not have is passed over, and Columns go
	// before them.
	Remembered []string
	DateOrder  DateOrder // of dates such as 03/04/2026
	NameOrder  NameOrder // of a column that holds the whole name
	Set        []string  // "column=value" for every row of a roster that lacks the column, such as course=BLS
	Extra      []string  // columns of the centre's own that the catalogue asks for
	Courses    []string  // course codes, so that the heading "ALS1 card" is prior_card
	Titles     []string  // course titles, so that a cell is known for a course
}

// OptionError says which option can't be followed.
type OptionError struct {
	Field string // of Options: Columns, Remembered, DateOrder, NameOrder or Set
	Index int    // of the item in the field; 0 where it has one value
	Text  string // what is wrong, with the item
	Hint  string // what to do
}

func (e *OptionError) Error() string { return e.Text }

// personal are the columns that no two learners have in common, so that no value can be set for every row.
var personal = append([]string{ColumnName, ColumnEmail, ColumnLearnerID, ColumnPriorCard}, nameParts...)

// Validate checks what can be checked without a file. The error is an *OptionError.
func (o Options) Validate() error {
	if !slices.Contains([]DateOrder{cell.AnyOrder, cell.DMY, cell.MDY, cell.YMD}, o.DateOrder) {
		return &OptionError{Field: "DateOrder", Text: fmt.Sprintf("%q is no order of dates", o.DateOrder), Hint: "Write dmy, mdy or ymd, or leave it empty."}
	}
	if !slices.Contains([]NameOrder{"", FirstLast, LastFirst}, o.NameOrder) {
		return &OptionError{Field: "NameOrder", Text: fmt.Sprintf("%q is no order of names", o.NameOrder), Hint: "Write first-last or last-first, or leave it empty."}
	}
	for field, items := range map[string][]string{"Columns": o.Columns, "Remembered": o.Remembered} {
		if _, err := o.mapping(field, items); err != nil {
			return err
		}
	}
	_, err := o.fixed()
	return err
}

// mapping is Columns or Remembered as a table: the heading's key → the column, or nothing.
func (o Options) mapping(field string, items []string) (map[string]string, error) {
	mapped := map[string]string{}
	for i, item := range items {
		refuse := func(format string, args ...any) error {
			return &OptionError{Field: field, Index: i, Text: fmt.Sprintf("the mapping %q ", item) + fmt.Sprintf(format, args...),
				Hint: "Write it as \"Heading=column\" with one of the columns " + strings.Join(append(slices.Clone(canonical), o.Extra...), ", ") + "."}
		}
		at := strings.LastIndexByte(item, '=') // a heading may hold the sign, a column may not
		if at < 0 {
			return nil, refuse("has no equals sign")
		}
		key := headingKey(item[:at])
		if key == "" {
			return nil, refuse("has no heading before the equals sign")
		}
		column, ok := o.target(item[at+1:])
		if !ok {
			return nil, refuse("names the column %q, which a roster does not have", strings.TrimSpace(item[at+1:]))
		}
		if before, double := mapped[key]; double && before != column {
			return nil, refuse("says something else of a heading that was mapped before")
		}
		mapped[key] = column
	}
	return mapped, nil
}

// target is the column that a mapping names, with the full mark of its marks where it says one; nothing stands for none.
func (o Options) target(text string) (column string, ok bool) {
	if strings.TrimSpace(text) == "" {
		return "", true
	}
	if column, ok := heading.Canonical(text); ok && !strings.Contains(text, "/") {
		return column, true
	}
	for _, extra := range o.Extra {
		if fold.Key(extra) == fold.Key(text) {
			return extra, true
		}
	}
	if head, full, ok := strings.Cut(text, "/"); ok {
		column, known := heading.Canonical(head)
		if n, percent, isNumber := cell.Number(full); known && isNumber && !percent && n > 0 && (column == ColumnScore || column == ColumnAttendance) {
			return column + "/" + number(n), true
		}
	}
	return "", false
}

// cutFull takes the full mark off what a mapping names; it is 0 where there is none.
func cutFull(target string) (column string, full float64) {
	column, text, ok := strings.Cut(target, "/")
	if column != ColumnScore && column != ColumnAttendance || !ok { // a column of the centre's own may hold the sign
		return target, 0
	}
	full, _, _ = cell.Number(text)
	return column, full
}

// fixed is Set as a table.
func (o Options) fixed() (map[string]string, error) {
	values := map[string]string{}
	for i, item := range o.Set {
		refuse := func(text, hint string) error {
			return &OptionError{Field: "Set", Index: i, Text: fmt.Sprintf("the value %q ", item) + text, Hint: hint}
		}
		name, value, _ := strings.Cut(item, "=")
		column, ok := heading.Canonical(name)
		value = strings.TrimSpace(value)
		switch {
		case !ok || value == "":
			return nil, refuse("is not of the form column=value", "Write it such as course=BLS or completed=2026-11-07.")
		case slices.Contains(personal, column):
			return nil, refuse("would be the same for every learner", "Write the column "+column+" into the roster.")
		case values[column] != "":
			return nil, refuse("sets a column a second time", "Say it once.")
		}
		values[column] = value
	}
	return values, nil
}

// headingKey is how headings are compared with a mapping. One that is made of signs alone is compared as it stands.
func headingKey(text string) string {
	if key := fold.Key(text); key != "" {
		return key
	}
	return strings.TrimSpace(text)
}
