package roster

import (
	"slices"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// passColumns are the columns of what a learner has to reach.
var passColumns = []string{ColumnAttendance, ColumnScore, ColumnSkills, ColumnScenario, ColumnPassed}

// setColumns are the columns that a value for every row may say otherwise than a column that is not read.
var setColumns = slices.Concat(passColumns, []string{ColumnCourse, ColumnCompleted})

// saysOther says whether a column that is not read may say for some row something else than the value that is set for every row.
func (ro *Roster) saysOther(i int, column, value string) bool {
	differs := func(is func(string) bool) bool {
		return slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return at(row, i) != "" && is(at(row, i)) })
	}
	switch column {
	case ColumnCourse:
		return differs(func(text string) bool { key := fold.Key(text); return ro.courses[key] && key != fold.Key(value) })
	case ColumnCompleted:
		if heading.IsOtherDay(ro.Heading[i]) || !ro.looksLike(i, column) {
			return false
		}
		day, err := cell.Date(value, ro.order)
		return differs(func(text string) bool {
			other, otherErr := cell.Date(text, ro.order)
			return err != nil || otherErr != nil || other != day
		})
	case ColumnAttendance:
		return ro.looksLike(i, column) || ro.isTicked(i)
	}
	return ro.looksLike(i, column)
}

// isTicked says whether a column has a tick, or a word such as yes, in some rows and not in all, as one for each day has.
func (ro *Roster) isTicked(i int) bool {
	isWord := func(row sheet.Row, i int) bool { return cell.Test(at(row, i)) != cell.Unknown }
	return ro.are(i, len(ro.Rows), 0.8, isWord) && slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return cell.Test(at(row, i)) != cell.Passed })
}
