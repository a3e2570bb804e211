package roster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// ColumnNumber is the card's number in a file of corrections.
const ColumnNumber = "number"

// numberHeadings are what the column of the card numbers is called, as fold.Key gives it.
var numberHeadings = []string{"number", "cardnumber", "cardno", "card", "nummer", "kartennummer", "kartennr", "karte", "numero", "numerodecarte", "carte",
	"numerodetarjeta", "tarjeta", "numer", "numerkarty", "karta"}

// Corrections is a file of corrections as it was read.
type Corrections struct {
	Name     string // the file's name without its folder
	Rows     []CorrectionRow
	Problems []Problem // of rows that are not among Rows
}

// CorrectionRow is what one row wants to be changed. An empty text stays as it is.
type CorrectionRow struct {
	Row        int
	Number     card.Number
	Name       string
	Instructor string
}

// ReadCorrections reads a text file or a workbook with the columns number, name and, if need be, instructor. Of the options,
// Encoding, RememberedEncoding and Sheet count. The error is a *FileError.
func ReadCorrections(path string, o Options) (*Corrections, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	table, err := sheet.Read(f, sheet.Options{IsHeading: heading.IsSpelled, Encoding: o.Encoding, UsualEncoding: o.RememberedEncoding, Sheet: o.Sheet,
		IsTable: func(first []sheet.Row) bool { return correctionHeading(first) >= 0 }})
	if err != nil {
		return nil, unreadable(err)
	}
	at := correctionHeading(table.Rows)
	if at < 0 {
		return nil, &FileError{Text: "the file has no heading with the columns number and name or instructor", Hint: "Begin it with a row such as number,name."}
	}
	c := &Corrections{Name: filepath.Base(path)}
	if err := checkCorrectionHeading(table.Rows[at].Cells); err != nil {
		return nil, err
	}
	columns := correctionColumns(table.Rows[at].Cells)
	first := map[card.Number]int{}
	width := commonWidth(len(table.Rows[at].Cells), table.Rows[at+1:])
	for _, row := range table.Rows[at+1:] {
		found := raggedCorrection(table, table.Rows[at].Cells, row, width)
		if found == nil {
			found = markedCorrection(row, columns)
		}
		if found != nil {
			c.Problems = append(c.Problems, *found)
			continue
		}
		one := CorrectionRow{Row: row.Line, Name: cellAt(row, columns[ColumnName]), Instructor: cellAt(row, columns[ColumnInstructor])}
		if found := c.check(&one, cellAt(row, columns[ColumnNumber]), first); found != nil {
			c.Problems = append(c.Problems, *found)
			continue
		}
		c.Rows = append(c.Rows, one)
	}
	if len(c.Rows)+len(c.Problems) == 0 {
		return nil, &FileError{Text: "the file has a heading and no correction", Hint: "Add a row for each card below the heading."}
	}
	return c, nil
}

// raggedCorrection is the problem of a row with a cell that no heading stands above, or in a text file of another width than the
// others: its name may be cut off at a comma.
func raggedCorrection(table *sheet.Table, heading []string, row sheet.Row, width int) *Problem {
	for i := range row.Cells {
		if value := at(row, i); value != "" && at(sheet.Row{Cells: heading}, i) == "" {
			return &Problem{Row: row.Line, Code: codeRagged, Value: shorten(value), Message: fmt.Sprintf("The column %s has no heading here.", sheet.ColumnName(i)),
				Remedy: "Look for an unquoted separator in the name; or write a heading above the column, or empty the cell."}
		}
	}
	needed := len(heading)
	for needed > 0 && strings.TrimSpace(heading[needed-1]) == "" {
		needed--
	}
	if table.Format == sheet.XLSX || len(row.Cells) == width && width >= needed {
		return nil
	}
	return &Problem{Row: row.Line, Code: codeRagged, Message: fmt.Sprintf(raggedText+"%d cells, and the heading or other rows have another number.", len(row.Cells)),
		Remedy: "Look for a missing or an unquoted separator."}
}

func (c *Corrections) check(row *CorrectionRow, typed string, first map[card.Number]int) *Problem {
	problem := func(column, code, message, remedy string) *Problem {
		return &Problem{Row: row.Row, Column: column, Code: code, Value: shorten(typed), Message: message, Remedy: remedy}
	}
	number, err := card.ParseNumber(typed)
	switch {
	case typed == "":
		return problem(ColumnNumber, "missing_value", "The row has no card number.", "Write the number of the card that is to be replaced.")
	case err != nil:
		return problem(ColumnNumber, "bad_number", "This is no card number, or it was mistyped.", "Compare it with the card.")
	case row.Name == "" && row.Instructor == "":
		return problem(ColumnName, "missing_value", "The row says nothing that is to be changed.", "Write the corrected name, or leave the row out.")
	case isLastFirst(row.Name):
		return problem(ColumnName, codeNameOrder, "The last name seems to come first.", "Write the first name first, without the comma.")
	case first[number] > 0:
		return problem(ColumnNumber, "duplicate_row", "The card stands in an earlier row already.", "Leave one of the two rows out.")
	}
	row.Number, first[number] = number, row.Row
	return nil
}

// correctionHeading is the place of the heading among the first rows, or -1.
func correctionHeading(rows []sheet.Row) int {
	return slices.IndexFunc(rows[:min(headingRows, len(rows))], func(row sheet.Row) bool {
		columns := correctionColumns(row.Cells)
		return columns[ColumnNumber] > 0 && columns[ColumnName]+columns[ColumnInstructor] > 0
	})
}

// checkCorrectionHeading refuses headings that leave open what the whole corrected name is. The error is a *FileError.
func checkCorrectionHeading(cells []string) error {
	const hint = "Write the whole corrected name into one column, name, the first name first, and take the others out."
	seen := map[string]string{}
	for _, text := range cells {
		text = strings.TrimSpace(text)
		column := correctionColumn(text)
		switch {
		case column == heading.LastThenFirst, slices.Contains(nameParts, column), column == "" && heading.IsNameLike(text):
			return &FileError{Text: fmt.Sprintf("the column %q may hold a part of the name", text), Hint: hint}
		case !slices.Contains([]string{ColumnNumber, ColumnName, ColumnInstructor}, column):
		case seen[column] != "":
			return &FileError{Text: fmt.Sprintf("the headings %q and %q both stand for %s", seen[column], text, column), Hint: "Take one of the two columns out."}
		default:
			seen[column] = text
		}
	}
	return nil
}

// correctionColumn is what a heading stands for in a file of corrections; nothing where it is not known.
func correctionColumn(text string) string {
	if slices.Contains(numberHeadings, fold.Key(text)) {
		return ColumnNumber
	}
	column, _ := heading.Column(text)
	if column == heading.FullName {
		return ColumnName
	}
	return column
}

// correctionColumns are the places of the columns, counted from 1.
func correctionColumns(cells []string) map[string]int {
	columns := map[string]int{}
	for i, text := range cells {
		if column := correctionColumn(text); column != "" && columns[column] == 0 {
			columns[column] = i + 1
		}
	}
	return columns
}

func cellAt(row sheet.Row, place int) string {
	if place == 0 || place > len(row.Cells) {
		return ""
	}
	return strings.TrimSpace(row.Cells[place-1])
}
