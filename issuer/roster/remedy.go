package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// proposed are the columns for which a heading may be proposed, in the order in which they choose.
var proposed = []string{ColumnCompleted, ColumnEmail, ColumnAttendance, ColumnScore, ColumnSkills, ColumnScenario, ColumnPassed, ColumnInstructor, ColumnExperienceMonths,
	ColumnLearnerID}

// candidates are the columns, not read so far, that may be one of the roster's: their cells look so, and the heading does not speak
// against it. Whoever types a remedy as it is printed gets no card with a birthday on it.
func (ro *Roster) candidates(column string) []int {
	var found, marks []int
	for _, i := range ro.unknown {
		title := ro.Heading[i]
		isNear := func() bool { nearest, away := heading.Nearest(title); return nearest == column && away < 0.4 }
		is := ro.looksLike(i, column)
		switch column {
		case ColumnCompleted:
			is = is && !heading.IsOtherDay(title)
		case ColumnAttendance:
			is = is && heading.IsAttendance(title) && !heading.IsCourseDay(title)
		case ColumnScore:
			is = (is || ro.isUpTo(i)) && (heading.IsMark(title) || isNear()) && !heading.IsFailure(title)
		case ColumnSkills, ColumnScenario:
			is = is && !heading.IsVerdict(title) && !heading.IsAttendance(title) && !heading.IsFailure(title) && (heading.IsTest(title) || isNear()) &&
				!heading.IsCourseDay(title) && (column == ColumnSkills || heading.IsScenario(title) || isNear())
		case ColumnPassed:
			is = is && heading.IsVerdict(title)
		case ColumnExperienceMonths:
			is = is && isNear()
		case ColumnLearnerID:
			is = heading.IsIdentity(title)
		case ColumnInstructor:
			is = heading.IsInstructor(title)
		}
		if is {
			found = append(found, i)
		}
		if is && column == ColumnScore && heading.IsMark(title) {
			marks = append(marks, i)
		}
	}
	if marks != nil {
		return marks
	}
	return found
}

// isUpTo says whether the cells are marks out of what their heading says.
func (ro *Roster) isUpTo(i int) bool {
	_, full, ok := heading.FullMark(ro.Heading[i])
	return ok && ro.are(i, sampleRows, 0.8, func(row sheet.Row, i int) bool {
		value, percent, isNumber := cell.Number(at(row, i))
		return isNumber && !percent && value <= full
	})
}

// proposals are the headings that may be columns which the file does not have: where only one may be it, and each for one column.
func (ro *Roster) proposals(also string) map[string]int {
	found, taken := map[string]int{}, map[int]bool{}
	columns := proposed
	if !slices.Contains(columns, also) && also != "" {
		columns = append(slices.Clone(columns), also)
	}
	for _, column := range columns {
		if ro.has(column) {
			continue
		}
		free := slices.DeleteFunc(ro.candidates(column), func(i int) bool { return taken[i] })
		if len(free) == 1 {
			found[column], taken[free[0]] = free[0], true
		}
	}
	return found
}

// mapping is how to say that a heading is a column, with the full mark that the heading names.
func (ro *Roster) mapping(i int, column string) string {
	title := ro.title(i)
	if _, full, ok := heading.FullMark(title); ok && full != 100 && column == ColumnScore {
		column += "/" + number(full)
	}
	return fmt.Sprintf("--map %q", title+"="+column)
}

// scaleRemedy is the remedy for a column of bare numbers below a heading such as "Nota", which may be on any scale; empty where the
// column is none.
func (ro *Roster) scaleRemedy(i int) string {
	title := ro.title(i)
	if _, _, said := heading.FullMark(title); said || !heading.IsResult(title) {
		return ""
	}
	largest := 0.0
	for _, row := range ro.Rows {
		if got, percent, ok := cell.Number(at(row, i)); ok && !percent {
			largest = max(largest, got)
		}
	}
	if largest == 0 {
		return ""
	}
	full := likelyFull(largest)
	return fmt.Sprintf("The numbers under %q may be per cent or out of another number. If they are per cent, say --map %q; if they are out of %s, say --map %q", title,
		title+"="+ColumnScore, number(full), title+"="+ColumnScore+"/"+number(full))
}

// howToGet says what to do about a column that the file does not have. A value for all rows is no remedy for a mark as long as a
// column may have those of each.
func (ro *Roster) howToGet(column string) string {
	remedy := fmt.Sprintf("Add the column, or say which heading it is: --map %q", "Heading="+column)
	if i, ok := ro.proposals(column)[column]; ok {
		remedy = "Add the column, or say which heading it is, such as " + ro.mapping(i, column)
		if scale := ro.scaleRemedy(i); scale != "" && column == ColumnScore {
			remedy = scale
		}
	} else if several := ro.candidates(column); len(several) > 1 {
		remedy = fmt.Sprintf("Several headings may be it: %s. Say which one, as in --map %q", ro.quotedHeadings(several), "Heading="+column)
	}
	if len(ro.unknown) > 0 {
		remedy += fmt.Sprintf(" (not read so far: %s)", ro.quotedHeadings(ro.unknown))
	}
	remedy += "."
	canSet := !slices.Contains(personal, column) && slices.Contains(canonical, column)
	mayHave := len(ro.candidates(column)) > 0 || slices.ContainsFunc(ro.unknown, func(i int) bool { return ro.looksLike(i, column) })
	if canSet && (len(ro.unknown) == 0 || !mayHave && (column == ColumnCourse || column == ColumnCompleted)) {
		remedy += fmt.Sprintf(" If all rows have the same value, say it: --set %q.", column+"=…")
	}
	return remedy
}

func (ro *Roster) quotedHeadings(places []int) string {
	var texts []string
	for _, i := range places {
		texts = append(texts, ro.title(i))
	}
	return quoted(texts)
}

// unread tells once of all columns that are not read, and which ones the roster could still use; and that no column has the
// instructor.
func (c *checker) unread() {
	ro := c.roster
	if !ro.has(ColumnInstructor) && !ro.has(ColumnInstructorID) {
		c.noInstructor()
	}
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
		example := fmt.Sprintf(": --map %q", "Heading=column")
		found := ro.proposals("")
		for _, column := range lacking {
			if i, ok := found[column]; ok {
				example = ", such as " + ro.mapping(i, column)
				break
			}
		}
		remedy = fmt.Sprintf("If one should be, say which it is%s; the roster does not have %s.", example, strings.Join(lacking, ", "))
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

// noInstructor tells of a file in which nothing says who taught.
func (c *checker) noInstructor() {
	remedy := "If they should, add the column instructor; or, if one person taught all, say --set \"instructor=First Last\"."
	if found := c.roster.candidates(ColumnInstructor); len(found) > 0 {
		remedy = fmt.Sprintf("If they should, say which heading it is, as in %s (%s may be it).", c.roster.mapping(found[0], ColumnInstructor), c.roster.quotedHeadings(found))
	}
	c.notice(c.roster.HeadingLine, ColumnInstructor, "no_instructor", "", "The roster has no column of the instructor, so the cards will name none.", remedy)
}
