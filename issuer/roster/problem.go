package roster

import (
	"cmp"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// Severity says whether a problem stops its row.
type Severity string

// Error refuses the row; Notice only tells. The zero value is Error, so that a forgotten severity refuses.
const (
	Error  Severity = ""
	Notice Severity = "notice"
)

// Problem is one finding about one row, in the form that --json prints.
type Problem struct {
	Row      int      `json:"row"`            // as a spreadsheet counts: the heading of a plain file is row 1; 0 for the whole file
	Rows     []int    `json:"rows,omitempty"` // further rows that the problem is about
	Column   string   `json:"column"`         // canonical, or one of the centre's own; empty where the fault is of the whole row
	Code     string   `json:"code"`           // stable, for programs
	Value    string   `json:"value"`
	Message  string   `json:"message"` // one sentence: what is wrong
	Remedy   string   `json:"remedy"`  // one sentence: what to do
	Severity Severity `json:"severity,omitempty"`
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
	eachRefused(problems, func(row int, _ Problem) { rows[row] = true })
	return len(rows)
}

// eachRefused calls say for every row that a problem refuses.
func eachRefused(problems []Problem, say func(row int, p Problem)) {
	for _, p := range problems {
		if p.Severity == Notice {
			continue
		}
		if p.Row > 0 {
			say(p.Row, p)
		}
		for _, row := range p.Rows {
			say(row, p)
		}
	}
}

// WriteProblems writes the refused rows of a roster as a text file in UTF-8 with a byte order mark: its own columns unchanged, then
// the column problem, so that the file can be mended and issued by itself. A column problem of an earlier round is replaced.
// What stood above the heading, blank rows and total rows are left out.
//
// Semicolons separate the cells where they did so in the roster, or where its numbers have a decimal comma: where that is usual, a
// spreadsheet opens no other list by a double click. Elsewhere it is commas.
func WriteProblems(w io.Writer, ro *Roster, problems []Problem) error {
	like := sheet.Table{Format: sheet.CSV, Delimiter: ',', Encoding: "utf-8", Marked: true} // Excel takes a text file with a mark for UTF-8
	if ro.file.Delimiter == ';' || ro.hasDecimalComma() {
		like.Delimiter = ';'
	}
	var cells [][]string
	for _, row := range ro.refused(problems) {
		cells = append(cells, row.Cells)
	}
	return sheet.WriteText(w, &like, cells)
}

// decimalComma is a number such as 87,5 or 91,25 %; three figures behind the comma may be thousands.
var decimalComma = regexp.MustCompile(`^ *[0-9]{1,3},[0-9]{1,2} ?%? *$`)

func (ro *Roster) hasDecimalComma() bool {
	return slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool {
		return slices.ContainsFunc(row.Cells, func(text string) bool { return strings.Contains(text, ",") && decimalComma.MatchString(text) })
	})
}

// WriteProblemsWorkbook writes the same rows as a workbook, with the kinds that the cells had.
func WriteProblemsWorkbook(w io.Writer, ro *Roster, problems []Problem) error {
	name := ro.file.Sheet
	if name == "" {
		name = "Problems"
	}
	return sheet.WriteWorkbook(w, sheet.WorkbookSheet{Name: name, Rows: ro.refused(problems), HeadingRows: 1})
}

// refused is the heading and the refused rows, with the column problem. A row whose cells can't be set against the heading keeps
// them as they are and ends with the problem: padded, it would pass for a whole row the next time.
func (ro *Roster) refused(problems []Problem) []sheet.Row {
	texts, ragged := map[int][]string{}, map[int]bool{}
	eachRefused(problems, func(row int, p Problem) {
		texts[row] = append(texts[row], p.textInRow(cmp.Or(ro.Name, "the roster")))
		ragged[row] = ragged[row] || p.Code == codeRagged
	})
	place, width := ro.problem, len(ro.Heading)
	if place < 0 || ro.isOthersProblem(place) {
		place = ro.width
		for _, row := range ro.Rows {
			for i := place; i < len(row.Cells) && !ragged[row.Line]; i++ { // what stands below no heading is the office's too
				if at(row, i) != "" {
					place = i + 1
				}
			}
		}
		width = max(place+1, len(ro.Heading))
	}
	heading := slices.Grow(slices.Clone(ro.Heading), 1)[:width]
	heading[place] = columnProblem
	out := []sheet.Row{{Line: 1, Cells: heading}}
	for _, row := range ro.Rows {
		said, isRefused := texts[row.Line]
		if !isRefused {
			continue
		}
		out = append(out, withProblem(row, strings.Join(said, " "), len(out)+1, place, width, ragged[row.Line]))
	}
	return out
}

func withProblem(row sheet.Row, text string, line, place, width int, ragged bool) sheet.Row {
	end := len(row.Cells)
	if ragged {
		if end > 0 && strings.HasPrefix(row.Cells[end-1], raggedText) { // of an earlier round
			end--
		}
		place, width = end, end+1
	}
	width = max(width, end)
	out := sheet.Row{Line: line, Cells: make([]string, width)}
	copy(out.Cells, row.Cells)
	if row.Kinds != nil {
		out.Kinds = make([]sheet.Kind, width)
		copy(out.Kinds, row.Kinds)
		out.Kinds[place] = sheet.Text
	}
	out.Cells[place] = text
	return out
}

// ownProblem is the place of the column that WriteProblems added, or -1. A column of the office may be called so as well: ours is
// the last one, under the very heading that we write, and holds what we write.
func (d *dictionary) ownProblem(ro *Roster) int {
	i := ro.width - 1
	if i < 0 || strings.TrimSpace(ro.Heading[i]) != columnProblem || d.of(ro.Heading[i]).column != "" {
		return -1
	}
	isOurs := func(row sheet.Row) bool { return ro.fits(row) && isProblemText(at(row, i)) }
	if ro.isOthersProblem(i) && !slices.ContainsFunc(ro.Rows, isOurs) {
		return -1
	}
	return i
}

// fits says whether a row of a text file has a cell below each heading. In one that has not, the problem stands elsewhere.
func (ro *Roster) fits(row sheet.Row) bool {
	return ro.IsWorkbook() || len(row.Cells) == len(ro.Heading)
}

// isOthersProblem says whether that column has cells that somebody else wrote.
func (ro *Roster) isOthersProblem(i int) bool {
	return slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return ro.fits(row) && at(row, i) != "" && !isProblemText(at(row, i)) })
}

// isProblemText says whether a text is of the form of Problem.Text, a sentence and another one.
func isProblemText(text string) bool {
	return strings.HasSuffix(text, ".") && strings.Contains(strings.TrimSuffix(text, "."), ". ")
}

// Text is what is wrong and what to do, for a person.
func (p Problem) Text() string { return strings.TrimSpace(p.Message + " " + p.Remedy) }

// rowNumbers is where a text points to rows; in the file of refused rows these have other numbers.
var rowNumbers = regexp.MustCompile(`\b[Rr]ows? [0-9]+(?:, [0-9]+)*(?: and [0-9]+ more| and [0-9]+)?`)

// textInRow is Text with the column that it is about, and with the file whose rows it names.
func (p Problem) textInRow(file string) string {
	of := func(text string) string {
		return rowNumbers.ReplaceAllStringFunc(text, func(rows string) string { return rows + " of " + file })
	}
	p.Message, p.Remedy = of(p.Message), of(p.Remedy)
	if p.Column == "" {
		return p.Text()
	}
	return p.Column + ": " + p.Text()
}
