package roster

import (
	"encoding/csv"
	"io"
	"strings"
)

// WriteProblems writes the refused rows of a roster as CSV with their own columns unchanged, then the column problem, so that
// the file can be mended and issued by itself. A column problem of an earlier round is replaced.
//
// Only our own column is made safe against spreadsheet formulas: the others have to come back as they were.
func WriteProblems(w io.Writer, ro *Roster, problems []Problem) error {
	texts := map[int][]string{}
	for _, p := range problems {
		if p.Severity != Notice && p.Row > 0 {
			texts[p.Row] = append(texts[p.Row], p.text())
		}
	}
	if ro.marked {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	keep := len(ro.Heading)
	if columnName(ro.Heading[keep-1]) == columnProblem {
		keep--
	}
	if err := out.Write(append(ro.Heading[:keep:keep], columnProblem)); err != nil {
		return err
	}
	for _, row := range ro.Rows {
		said, refused := texts[row.Line]
		if !refused {
			continue
		}
		if err := out.Write(append(cells(row, keep, len(ro.Heading)), harmless(strings.Join(said, " ")))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cells is the row's own cells, as many as the heading keeps. A row with too many keeps them all: what does not belong to a
// column is still the office's data.
func cells(row Row, keep, heading int) []string {
	if len(row.Cells) > heading && !isBlank(row.Cells[heading:]) {
		return row.Cells[:len(row.Cells):len(row.Cells)]
	}
	out := make([]string, keep, keep+1)
	copy(out, row.Cells)
	return out
}

// text is the problem in one sentence for a person, with the column that it is about.
func (p Problem) text() string {
	if p.Column == "" {
		return p.Message
	}
	return p.Column + ": " + p.Message
}

// harmless keeps a spreadsheet from taking our text for a formula (OWASP, "CSV Injection").
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
