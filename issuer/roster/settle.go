package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// take reads a column of the file that was not known as one of the roster's.
func (ro *Roster) take(i int, column string) {
	ro.column[column] = i
	ro.unknown = slices.DeleteFunc(ro.unknown, func(j int) bool { return j == i })
}

// settleVerdicts reads a column such as "Ergebnis" or "Certificate" as the overall result where its cells are words for passed and
// failed, and nothing else. A second one has to say the same of everybody.
func (d *dictionary) settleVerdicts(ro *Roster) error {
	for _, i := range slices.Clone(ro.unknown) {
		if !heading.MayBePassed(ro.Heading[i]) || !ro.areVerdicts(i) {
			continue
		}
		if other, ok := ro.column[ColumnPassed]; ok {
			if err := ro.checkSameVerdict(other, i); err != nil {
				return err
			}
			continue
		}
		ro.take(i, ColumnPassed)
	}
	return nil
}

// areVerdicts says whether all that stands below a heading is words for passed and failed. Figures alone may be grades or points,
// and dashes alone a place to fill in.
func (ro *Roster) areVerdicts(i int) bool {
	worded := false
	for _, row := range ro.Rows {
		text := at(row, i)
		if text != "" && verdictOf(text) == cell.Unknown {
			return false
		}
		worded = worded || (text != "" && text != "0" && text != "1" && !isDash(text))
	}
	return worded
}

func (ro *Roster) checkSameVerdict(a, b int) error {
	for _, row := range ro.Rows {
		if verdictOf(at(row, a)) == verdictOf(at(row, b)) {
			continue
		}
		one, two := strings.TrimSpace(ro.Heading[a]), strings.TrimSpace(ro.Heading[b])
		return &FileError{Text: fmt.Sprintf("the columns %q and %q contradict each other: row %d has %q and %q", one, two, row.Line, shorten(at(row, a)), shorten(at(row, b))),
			Hint: fmt.Sprintf("Correct the row; or say which of the two is not to be read: --map %q or --map %q.", one+"=", two+"=")}
	}
	return nil
}

// settleDays reads "bis" as the day of completion where it stands beside "von", and asks where a column such as "Datum" has another
// day than it.
func (d *dictionary) settleDays(ro *Roster) error {
	isDays := func(i int) bool { return ro.are(i, sampleRows, 0.8, ro.isDay) }
	ends := slices.DeleteFunc(slices.Clone(ro.unknown), func(i int) bool { return !heading.IsEnd(ro.Heading[i]) || !isDays(i) })
	done, known := ro.column[ColumnCompleted]
	isExam := func(i int) bool {
		return i != done && heading.IsExamDay(ro.Heading[i]) && !slices.Contains(ends, i) && isDays(i)
	}
	switch {
	case known && !d.at(ro, done).explicit:
		for _, i := range ro.unknown {
			if !heading.IsExamDay(ro.Heading[done]) && isExam(i) {
				ends = append(ends, i)
			}
		}
		return ro.checkLastDay(done, ends)
	case len(ends) == 0, known, len(ends) > 1, d.fixed[ColumnCompleted] != "":
		return nil
	}
	hasStart := false
	for i, text := range ro.Heading {
		hasStart = hasStart || (i != ends[0] && heading.IsStart(text) && isDays(i))
	}
	if hasStart {
		ro.take(ends[0], ColumnCompleted)
	}
	return nil
}

// checkLastDay asks where a day stands behind the one that would be read as that of completion.
func (ro *Roster) checkLastDay(done int, ends []int) error {
	if heading.IsEnd(ro.Heading[done]) {
		return nil
	}
	for _, row := range ro.Rows {
		for _, i := range ends {
			if at(row, i) == "" || ro.isSameDay(at(row, i), at(row, done)) {
				continue
			}
			one, two := strings.TrimSpace(ro.Heading[done]), strings.TrimSpace(ro.Heading[i])
			return &FileError{Text: fmt.Sprintf("the day of completion may stand under %q or under %q: row %d has %q and %q", one, two, row.Line, shorten(at(row, done)), shorten(at(row, i))),
				Hint: fmt.Sprintf("Say --map %q and --map %q if it is the second, or --map %q if it is the first.", two+"="+ColumnCompleted, one+"=", two+"=")}
		}
	}
	return nil
}

// isSameDay says whether two cells are the same text, or the same day beyond doubt.
func (ro *Roster) isSameDay(a, b string) bool {
	one, err := cell.Date(a, ro.order)
	two, otherErr := cell.Date(b, ro.order)
	return a == b || (err == nil && otherErr == nil && one == two)
}

// isDay says whether a cell is a day, or two days until somebody says the order.
func (ro *Roster) isDay(row sheet.Row, i int) bool {
	_, err := cell.Date(at(row, i), ro.order)
	return err == nil || errors.Is(err, cell.AmbiguousDate) || errors.Is(err, cell.ShortYear)
}

// settleInstructor reads a heading such as "Assessor" as the instructor where no other column is.
func (d *dictionary) settleInstructor(ro *Roster) error {
	if ro.has(ColumnInstructor) || d.fixed[ColumnInstructor] != "" {
		return nil
	}
	if found := slices.DeleteFunc(slices.Clone(ro.unknown), func(i int) bool { return !heading.IsInstructor(ro.Heading[i]) }); len(found) == 1 {
		ro.take(found[0], ColumnInstructor)
	}
	return nil
}

// against are the rows of which a column that is not read says that the learner failed or was not there, with the first such cell;
// else those that say nothing or an unknown word where others say passed.
func (ro *Roster) against(i int) (rows []int, value string) {
	isAgainst := ro.weigher(i)
	var open []int
	passed, unknown := false, ""
	for _, row := range ro.Rows {
		text := at(row, i)
		if result, ok := ro.column[ColumnPassed]; ok && verdictOf(at(row, result)) == cell.Failed {
			continue // refused anyway
		}
		if isAgainst(text) {
			if rows == nil {
				value = text
			}
			rows = append(rows, row.Line)
			continue
		}
		if verdictOf(text) == cell.Passed && strings.ContainsFunc(text, isNoFigure) {
			passed = true
		} else if verdictOf(text) == cell.Unknown && !strings.ContainsFunc(text, unicode.IsDigit) {
			if open == nil {
				unknown = text
			}
			open = append(open, row.Line)
		}
	}
	if title := ro.Heading[i]; rows == nil && passed && open != nil && (heading.IsVerdict(title) || heading.MayBeVerdict(title)) {
		return open, unknown
	}
	return rows, value
}

func isNoFigure(r rune) bool { return !unicode.IsDigit(r) }

// weigher says of the cells below a heading whether they are against the learner. What the heading is about decides what a bare
// "no" says, and a "yes" below "Retest".
func (ro *Roster) weigher(i int) func(text string) bool { return remembering(ro.weighing(i)) }

// remembering answers what was asked before without asking again: the cells of a column are often the same.
func remembering(is func(string) bool) func(string) bool {
	const most = 10_000
	known := map[string]bool{}
	return func(text string) bool {
		answer, ok := known[text]
		if !ok {
			answer = is(text)
		}
		if len(known) < most {
			known[text] = answer
		}
		return answer
	}
}

func (ro *Roster) weighing(i int) func(text string) bool {
	title := ro.Heading[i]
	switch {
	case heading.IsFailure(title):
		return func(text string) bool { return text != "" && !isNothing(text) }
	case heading.IsVerdict(title), (heading.MayBeVerdict(title) || ro.isBlankAt(i)) && ro.hasVerdict(i), heading.MayBeVerdict(title) && ro.are(i, len(ro.Rows), 1, isBinary):
		figures := slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool {
			text := at(row, i)
			return strings.ContainsFunc(text, unicode.IsDigit) && text != "0" && text != "1"
		})
		return func(text string) bool {
			return isFailure(text) || (verdictOf(text) == cell.Failed && !(text == "0" && figures)) || (isToRepeat(text) && verdictOf(text) != cell.Passed)
		}
	case heading.IsTest(title), heading.IsCourseDay(title):
		return func(text string) bool {
			return isFailure(text) || (cell.Attended(text) == cell.Failed && text != "0" && !isDash(text))
		}
	}
	return func(text string) bool { return isFailure(text) || isToRepeat(text) }
}

func isBinary(row sheet.Row, i int) bool { return at(row, i) == "0" || at(row, i) == "1" }

// hasVerdict says whether a word for passed or failed stands below a heading; a figure or a dash may be anything.
func (ro *Roster) hasVerdict(i int) bool {
	return slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool {
		text := at(row, i)
		return verdictOf(text) != cell.Unknown && !isDash(text) && strings.ContainsFunc(text, isNoFigure)
	})
}

// isNothing says whether a cell says that there is none of what its heading says.
func isNothing(text string) bool {
	key := fold.Key(text)
	return (cell.Test(text) == cell.Failed && slices.Contains(noFailures, key)) || key == "" || slices.Contains([]string{"na", "none", "keine", "kein", "entfallt", "entfaellt", "aucun", "aucune",
		"ninguno", "ninguna", "brak", "notrequired", "notneeded", "nd", "so"}, key)
}

// verdictOf reads a word about the whole course, whatever is said about it behind a sign.
func verdictOf(text string) cell.Outcome {
	if isFailure(text) {
		return cell.Failed
	}
	return cell.Test(text)
}
