package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

const (
	maxToldRows = 10  // that a message names
	sampleRows  = 200 // that are looked at for what a column looks like
)

// ask is a question about one column that is not read; both texts are empty where there is none.
type ask func(ro *Roster, i int) (text, hint string)

// settleUnread reads the columns whose cells leave no doubt, and asks about the others that may matter: a part of the name would be
// lost, a learner who failed would get a card. The error, a *FileError, has all questions of the file.
func (d *dictionary) settleUnread(ro *Roster) error {
	for _, settle := range []func(*Roster) error{d.settleResults, d.settleVerdicts, d.settleDays, d.settleInstructor} {
		if err := settle(ro); err != nil {
			return err
		}
	}
	var texts, hints []string
	add := func(i int, questions ...ask) {
		for _, question := range questions {
			if text, hint := question(ro, i); text != "" {
				texts = append(texts, text)
				if !slices.Contains(hints, hint) {
					hints = append(hints, hint)
				}
				return
			}
		}
	}
	proposed := map[string]bool{}
	for _, i := range ro.unknown {
		add(i, d.askBlank, askName, d.askDay, func(ro *Roster, i int) (string, string) { return ro.askFailed(i, proposed) }, d.askSet)
	}
	for i, title := range ro.Heading {
		if m := d.of(title); m.explicit && m.column == "" {
			add(i, d.askIgnored)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &FileError{Text: strings.Join(texts, "; "), Hint: strings.Join(hints, " ")}
}

// settleResults reads a column such as "Ergebnis" as the score where every cell says that it is a per cent. Points out of an
// unknown number, grades and words are not.
func (d *dictionary) settleResults(ro *Roster) error {
	for _, i := range slices.Clone(ro.unknown) {
		if !heading.IsResult(ro.Heading[i]) || !ro.are(i, len(ro.Rows), 1, isPerCent) {
			continue
		}
		if other, ok := ro.column[ColumnScore]; ok {
			return d.twice(ro, ColumnScore, other, i)
		}
		ro.take(i, ColumnScore)
	}
	return nil
}

// askName asks about a heading with a name in it, unless all that stands below is in the learners' names anyway.
func askName(ro *Roster, i int) (text, hint string) {
	if !heading.IsNameLike(ro.Heading[i]) || ro.isWeekday(i) {
		return "", ""
	}
	lost := slices.IndexFunc(ro.Rows, func(row sheet.Row) bool { return len(words(at(row, i))) > 0 && !holds(ro.nameText(row), at(row, i)) })
	if lost < 0 {
		return "", ""
	}
	title, row := ro.title(i), ro.Rows[lost]
	column, others := ColumnMiddleName, "first_name, name_prefix, last_name, second_last_name, name_suffix or name"
	if !ro.has(ColumnName) && !ro.has(ColumnFirstName) {
		column, others = ColumnName, strings.Join(nameParts, ", ")
	}
	return fmt.Sprintf("the column %q may be a part of the name, and is not read: row %d has %q", title, row.Line, shorten(at(row, i))),
		fmt.Sprintf("Say what it holds, such as --map %q (or %s), or that it is not to be read: --map %q.", title+"="+column, others, title+"=")
}

// nameText is the row's name as the columns have it.
func (ro *Roster) nameText(row sheet.Row) string {
	if ro.has(ColumnFirstName) {
		return ro.joined(row)
	}
	return ro.cell(row, ColumnName)
}

// askFailed asks about a column in which somebody failed or was not there, or in which words for passed stand beside others. No
// two headings of a file are proposed for one column.
func (ro *Roster) askFailed(i int, proposed map[string]bool) (text, hint string) {
	rows, value := ro.against(i)
	if rows == nil {
		return "", ""
	}
	title := ro.title(i)
	text = fmt.Sprintf("the column %q has %q in %s, and is not read", title, shorten(value), rowList(rows))
	if value == "" {
		text = fmt.Sprintf("the column %q says passed, but is empty in %s, and is not read", title, rowList(rows))
	}
	const otherwise = "without it, these rows count as passed unless you take them out."
	if heading.IsFailure(title) || heading.IsCourseDay(title) {
		return text, fmt.Sprintf("Take the rows out whose learner should have no card, or say that the column is not to be read: --map %q; %s", title+"=", otherwise)
	}
	for _, column := range []string{ColumnPassed, ColumnSkills, ColumnScenario} {
		if !ro.has(column) && !proposed[column] {
			proposed[column] = true
			return text, fmt.Sprintf("Say what it is, such as --map %q, or that it is not to be read: --map %q; %s", title+"="+column, title+"=", otherwise)
		}
	}
	return text, fmt.Sprintf("Take the rows out whose learner should have no card, and say that the column is not to be read: --map %q; %s", title+"=", otherwise)
}

// askSet asks where Options.Set gives every row a mark, a pass, a course or a day, and a column that is not read looks like having them.
func (d *dictionary) askSet(ro *Roster, i int) (text, hint string) {
	for _, column := range setColumns {
		if column == ColumnAttendance && heading.IsCourseDay(ro.Heading[i]) {
			continue // one day is not the whole; see askDay
		}
		if value, ok := d.fixed[column]; ok && !ro.has(column) && ro.saysOther(i, column, value) {
			title := ro.title(i)
			return fmt.Sprintf("%s is set to %q in every row, and the column %q, which is not read, looks as if it had that for each", column, value, title),
				fmt.Sprintf("Read the column instead of the value: --map %q; or say that it is not to be read: --map %q.", title+"="+column, title+"=")
		}
	}
	return "", ""
}

// askIgnored asks where Options.Set gives every row what a column would say that a mapping puts aside, and the column says of
// somebody that it is not so.
func (d *dictionary) askIgnored(ro *Roster, i int) (text, hint string) {
	title := ro.title(i)
	for _, column := range passColumns {
		value, ok := d.fixed[column]
		if !ok || ro.has(column) || !isAbout(title, column) {
			continue
		}
		var rows []int
		said := ""
		isFilled := slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return at(row, i) != "" })
		for _, row := range ro.Rows {
			if one := at(row, i); isFailure(one) || cell.Attended(one) == cell.Failed || (one == "" && isFilled) {
				rows = append(rows, row.Line)
				if said == "" {
					said = one
				}
			}
		}
		if rows != nil {
			what := fmt.Sprintf("has %q", shorten(said))
			if said == "" {
				what = "is empty"
			}
			return fmt.Sprintf("%s is set to %q in every row, and the column %q, which is not to be read, %s in %s", column, value, title, what, rowList(rows)),
				fmt.Sprintf("Read the column instead of the value: --map %q without --set; or take these rows out.", title+"="+column)
		}
	}
	return "", ""
}

// isAbout says whether a heading says by itself that it has to do with a column of passColumns.
func isAbout(title, column string) bool {
	if known, ok := heading.Column(title); ok {
		return known == column
	}
	switch column {
	case ColumnAttendance:
		return heading.IsAttendance(title)
	case ColumnScore:
		return heading.IsMark(title)
	case ColumnPassed:
		return heading.IsVerdict(title)
	}
	return heading.IsTest(title) && !heading.IsAttendance(title)
}

// looksLike says whether the cells below a heading look like those of a column.
func (ro *Roster) looksLike(i int, column string) bool {
	var is func(sheet.Row, int) bool
	switch column {
	case ColumnAttendance:
		isThere := heading.IsAttendance(ro.Heading[i])
		is = func(row sheet.Row, i int) bool {
			return isMark(row, i) || (isThere && cell.Attended(at(row, i)) != cell.Unknown)
		}
	case ColumnScore, ColumnExperienceMonths:
		is = isMark
	case ColumnCompleted:
		is = ro.isDay
	case ColumnCourse:
		is = func(row sheet.Row, i int) bool { return ro.courses[fold.Key(at(row, i))] }
	case ColumnEmail:
		is = func(row sheet.Row, i int) bool { return cell.IsAddress(at(row, i)) }
	case ColumnSkills, ColumnScenario, ColumnPassed:
		is = func(row sheet.Row, i int) bool { return !isMark(row, i) && cell.Test(at(row, i)) != cell.Unknown }
	default:
		return !slices.Contains(canonical, column) && (ro.looksLike(i, ColumnScore) || ro.looksLike(i, ColumnSkills)) // of the centre's own
	}
	return ro.are(i, sampleRows, 0.8, is)
}

// are says whether at least a share of the filled cells below a heading, looked for in the first rows, is something.
func (ro *Roster) are(i, most int, share float64, is func(sheet.Row, int) bool) bool {
	all, some := 0, 0
	for _, row := range ro.Rows[:min(most, len(ro.Rows))] {
		if at(row, i) == "" {
			continue
		}
		all++
		if is(row, i) {
			some++
		}
	}
	return all > 0 && float64(some) >= share*float64(all)
}

func isPerCent(row sheet.Row, i int) bool {
	value, percent, ok := cell.Number(at(row, i))
	return ok && value <= 100 && (percent || (i < len(row.Kinds) && row.Kinds[i] == sheet.Percent))
}

// isMark says whether a cell may be a mark: a number up to 100, or points such as 23/25.
func isMark(row sheet.Row, i int) bool {
	got, _, _ := strings.Cut(at(row, i), "/")
	value, _, ok := cell.Number(got)
	return ok && value <= 100
}

// rowList names rows for a message.
func rowList(rows []int) string {
	var out []string
	for _, row := range rows[:min(maxToldRows, len(rows))] {
		out = append(out, fmt.Sprint(row))
	}
	text := "row " + out[0]
	if len(out) > 1 {
		text = "rows " + strings.Join(out, ", ")
	}
	if more := len(rows) - len(out); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
