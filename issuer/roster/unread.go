package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

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

// settleUnread asks about the columns that are not read and may matter: a part of the name would be lost, a learner who failed
// would get a card. The error, a *FileError, has all questions of the file.
func (d *dictionary) settleUnread(ro *Roster) error {
	if err := d.settleResults(ro); err != nil {
		return err
	}
	var texts, hints []string
	for _, i := range ro.unknown {
		for _, question := range []ask{d.askBlank, askName, askFailed, d.askSet} {
			if text, hint := question(ro, i); text != "" {
				texts, hints = append(texts, text), append(hints, hint)
				break
			}
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
		ro.column[ColumnScore] = i
		ro.unknown = slices.DeleteFunc(ro.unknown, func(j int) bool { return j == i })
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

// askFailed asks about a column in which somebody failed or was not there.
func askFailed(ro *Roster, i int) (text, hint string) {
	var rows []int
	value := ""
	for _, row := range ro.Rows {
		if one := at(row, i); isFailure(one) {
			if value == "" {
				value = one
			}
			rows = append(rows, row.Line)
		}
	}
	if rows == nil {
		return "", ""
	}
	title := ro.title(i)
	column := ColumnSkills
	if ro.has(ColumnSkills) {
		column = ColumnScenario
	}
	return fmt.Sprintf("the column %q has %q in %s, and is not read", title, shorten(value), rowList(rows)),
		fmt.Sprintf("Say what it is, such as --map %q, or that it is not to be read: --map %q; without it, these rows count as passed unless you take them out.", title+"="+column, title+"=")
}

// askSet asks where Options.Set gives every row a mark, a pass, a course or a day, and a column that is not read looks like having them.
func (d *dictionary) askSet(ro *Roster, i int) (text, hint string) {
	for _, column := range setColumns {
		if value, ok := d.fixed[column]; ok && !ro.has(column) && ro.saysOther(i, column, value) {
			title := ro.title(i)
			return fmt.Sprintf("%s is set to %q in every row, and the column %q, which is not read, looks as if it had that for each", column, value, title),
				fmt.Sprintf("Read the column instead of the value: --map %q; or say that it is not to be read: --map %q.", title+"="+column, title+"=")
		}
	}
	return "", ""
}

// looksLike says whether the cells below a heading look like those of a column.
func (ro *Roster) looksLike(i int, column string) bool {
	var is func(sheet.Row, int) bool
	switch column {
	case ColumnAttendance, ColumnScore, ColumnExperienceMonths:
		is = isMark
	case ColumnCompleted:
		is = func(row sheet.Row, i int) bool { _, err := cell.Date(at(row, i), ro.order); return err == nil }
	case ColumnCourse:
		is = func(row sheet.Row, i int) bool { return ro.courses[fold.Key(at(row, i))] }
	case ColumnEmail:
		is = func(row sheet.Row, i int) bool { return cell.IsAddress(at(row, i)) }
	case ColumnSkills, ColumnScenario:
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

// noFailures are words that Test takes for failed below the heading of a test, and that say nothing of one elsewhere: "no" may be
// an answer about lunch.
var noFailures = strings.Fields("no n nein non nie false falsch faux falso falsz 0 f nb incomplete")

// notDone are the words for a learner who was not there to the end.
var notDone = strings.Fields("absent noshow didnotattend notattended cancelled canceled withdrawn withdrew droppedout dropout " +
	"abwesend fehlt fehlend nichterschienen nichtteilgenommen abgemeldet abgesagt storniert abgebrochen annule annulee abandon nonpresent " +
	"ausente noasistio nopresentado nopresentada cancelado cancelada anulado anulada nieobecny nieobecna rezygnacja zrezygnowal zrezygnowala odwolany odwolana")

// isFailure says whether a cell begins with a word for failed or not there, whatever is said about it behind a sign.
func isFailure(text string) bool {
	if i := strings.IndexAny(text, ",;:(/–—!."); i > 0 {
		text = text[:i]
	}
	text, _, _ = strings.Cut(text, " - ")
	key := fold.Key(text)
	switch {
	case key == "" || !strings.ContainsFunc(text, unicode.IsLetter), slices.Contains(noFailures, key):
		return false
	case slices.Contains(notDone, key):
		return true
	}
	return cell.Test(text) == cell.Failed
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

// howToGet says what to do about a column that the file does not have. A value for all rows is no remedy for a mark as long as a
// column may have those of each.
func (ro *Roster) howToGet(column string) string {
	remedy := fmt.Sprintf("Add the column, or say which heading it is: --map %q", "Heading="+column)
	if i := slices.IndexFunc(ro.unknown, func(i int) bool { return ro.looksLike(i, column) }); i >= 0 {
		remedy = fmt.Sprintf("Add the column, or say which heading it is, such as --map %q", ro.title(ro.unknown[i])+"="+column)
	}
	if len(ro.unknown) > 0 {
		remedy += fmt.Sprintf(" (not read so far: %s)", ro.unreadHeadings())
	}
	remedy += "."
	canSet := !slices.Contains(personal, column) && slices.Contains(canonical, column)
	mayHave := slices.ContainsFunc(ro.unknown, func(i int) bool { return ro.looksLike(i, column) })
	if canSet && (len(ro.unknown) == 0 || !mayHave && (column == ColumnCourse || column == ColumnCompleted)) {
		remedy += fmt.Sprintf(" If all rows have the same value, say it: --set %q.", column+"=…")
	}
	return remedy
}

func (ro *Roster) unreadHeadings() string {
	var texts []string
	for _, i := range ro.unknown {
		texts = append(texts, ro.title(i))
	}
	return quoted(texts)
}

// unread tells once of all columns that are not read, and which ones the roster could still use.
func (c *checker) unread() {
	ro := c.roster
	if len(ro.unknown) == 0 {
		return
	}
	var lacking []string
	for _, column := range append(slices.Clone(canonical), c.rules.Catalogue.ExtraColumns()...) {
		if !ro.has(column) && !slices.Contains(nameParts, column) && (column != ColumnName || !ro.has(ColumnFirstName)) {
			lacking = append(lacking, column)
		}
	}
	remedy := "Nothing needs to be done; the roster has every column that it can use."
	if len(lacking) > 0 {
		example := ro.title(ro.unknown[0]) + "=" + lacking[0]
		for _, column := range lacking {
			if i := slices.IndexFunc(ro.unknown, func(i int) bool { return ro.looksLike(i, column) }); i >= 0 {
				example = ro.title(ro.unknown[i]) + "=" + column
				break
			}
		}
		remedy = fmt.Sprintf("If one should be, say which it is, such as --map %q; the roster does not have %s.", example, strings.Join(lacking, ", "))
	}
	message := "A column is not read."
	if n := len(ro.unknown); n > 1 {
		message = fmt.Sprintf("%d columns are not read.", n)
	}
	var texts []string
	for _, i := range ro.unknown {
		texts = append(texts, ro.title(i))
	}
	c.notice(ro.HeadingLine, "", "unknown_column", strings.Join(texts, ", "), message, remedy)
}
