package roster

import (
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// passColumns are the columns of what a learner has to reach.
var passColumns = []string{ColumnAttendance, ColumnScore, ColumnSkills, ColumnScenario}

// setColumns are the columns that a value for every row may say otherwise than a column that is not read.
var setColumns = slices.Concat(passColumns, []string{ColumnCourse, ColumnCompleted})

// otherDays are what the key of a heading holds whose days are not those of completion.
var otherDays = strings.Fields("birth dob geb naissance naisse naci nacimiento urodz start begin debut inicio poczat rozpocz " +
	"anmeld regist inscri rejestr zapis expir valid gultig gueltig ablauf echeance caduc wazn previous prior letzte fruher frueher vorig dernier ultim poprzed " +
	"paid bezahlt rechnung invoice factur platn")

// saysOther says whether a column that is not read may say for some row something else than the value that is set for every row.
func (ro *Roster) saysOther(i int, column, value string) bool {
	differs := func(is func(string) bool) bool {
		return slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return at(row, i) != "" && is(at(row, i)) })
	}
	switch column {
	case ColumnCourse:
		return differs(func(text string) bool { key := fold.Key(text); return ro.courses[key] && key != fold.Key(value) })
	case ColumnCompleted:
		key := fold.Key(ro.Heading[i])
		if slices.ContainsFunc(otherDays, func(word string) bool { return strings.Contains(key, word) }) || !ro.looksLike(i, column) {
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
