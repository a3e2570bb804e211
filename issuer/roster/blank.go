package roster

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// aPlace is how a mapping names a column that has no heading: "column B", or as a message calls it.
var aPlace = regexp.MustCompile(`(?i)^\s*column\s+([a-z]{1,2})(?:\s+\(no heading\))?\s*$`)

// placeOf is the place that such a text names.
func placeOf(text string) (place int, ok bool) {
	m := aPlace.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	for place := range sheet.MaxColumns {
		if strings.EqualFold(sheet.ColumnName(place), m[1]) {
			return place, true
		}
	}
	return 0, false
}

// isBlankAt says whether a place has no heading.
func (ro *Roster) isBlankAt(i int) bool { return strings.TrimSpace(ro.Heading[i]) == "" }

// title is what a column is called in a message and in a mapping: its heading, or its place where it has none.
func (ro *Roster) title(i int) string {
	if ro.isBlankAt(i) {
		return "column " + sheet.ColumnName(i) + " (no heading)"
	}
	return strings.TrimSpace(ro.Heading[i])
}

// at is what the heading of a place stands for, or what a mapping says of a place that has none. A place is only settled for the
// file at hand: in another one something else stands there.
func (d *dictionary) at(ro *Roster, i int) meaning {
	if !ro.isBlankAt(i) {
		return d.of(ro.Heading[i])
	}
	column, ok := d.placed[i]
	column, full := cutFull(column)
	return meaning{column: column, known: ok, explicit: ok, full: full}
}

// widen gives the heading of a workbook a place for every cell below it. In a text file a row with more cells than the heading is
// refused; see isRagged.
func (ro *Roster) widen() {
	if !ro.IsWorkbook() {
		return
	}
	width := len(ro.Heading)
	for _, row := range ro.Rows {
		width = max(width, len(row.Cells))
	}
	ro.Heading = append(slices.Clone(ro.Heading), make([]string, width-len(ro.Heading))...)
}

// addBlank adds the columns that have cells and no heading to those that are not read.
func (d *dictionary) addBlank(ro *Roster) {
	for i := range ro.Heading {
		if ro.isBlankAt(i) && !d.at(ro, i).known && i != ro.problem && !ro.isRunning(i) &&
			slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool { return at(row, i) != "" }) {
			ro.unknown = append(ro.unknown, i)
		}
	}
	slices.Sort(ro.unknown)
}

// isRunning says whether the cells of a column do nothing but count the rows.
func (ro *Roster) isRunning(i int) bool {
	before, all := 0, 0
	for _, row := range ro.Rows {
		text := strings.TrimSuffix(at(row, i), ".")
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || (all > 0 && n != before+1) {
			return false
		}
		before = n
		all++
	}
	return all > 1 || all == 1 && before == 1
}

// askBlank asks about a column without a heading that may belong to its neighbour: a heading may stand over several columns, and
// what is below it in the second one would be lost.
func (d *dictionary) askBlank(ro *Roster, i int) (text, hint string) {
	if !ro.isBlankAt(i) {
		return "", ""
	}
	owner, isMerged := ro.owner(i), true
	if owner < 0 || !d.at(ro, owner).known {
		owner, isMerged = d.nameBeside(ro, i), false
	}
	if owner < 0 || d.at(ro, owner).column == "" {
		return "", ""
	}
	isName := isOfName(d.at(ro, owner).column)
	lost := slices.IndexFunc(ro.Rows, func(row sheet.Row) bool {
		if one := at(row, i); isName {
			return strings.ContainsFunc(one, unicode.IsLetter) && !holds(ro.nameText(row), one)
		}
		return at(row, i) != ""
	})
	if lost < 0 {
		return "", ""
	}
	as := ColumnFirstName
	if ro.has(ColumnFirstName) || !isName {
		as = ColumnMiddleName
	}
	if !isName {
		as = ColumnSkills
	}
	row, place := ro.Rows[lost], "column "+sheet.ColumnName(i)
	how := "stands beside the names under " + strconv.Quote(ro.title(owner))
	if isMerged {
		how = "stands below the heading " + strconv.Quote(ro.title(owner)) + " too"
	}
	return fmt.Sprintf("%s has no heading and %s, and is not read: row %d has %q", place, how, row.Line, shorten(at(row, i))),
		fmt.Sprintf("Write a heading above it, or say what it holds, such as --map %q, or that it is not to be read: --map %q.", place+"="+as, place+"=")
}

// owner is the place of the heading that is merged over a place, or -1.
func (ro *Roster) owner(i int) int {
	for _, b := range ro.file.Look.Merged {
		if b.Has(ro.HeadingLine, i) && b.FirstPlace < i {
			return b.FirstPlace
		}
	}
	return -1
}

// nameBeside is the place of a column of the name that stands beside a place, with nothing but blank headings between; or -1.
func (d *dictionary) nameBeside(ro *Roster, i int) int {
	for _, step := range []int{-1, 1} {
		j := i + step
		for j >= 0 && j < len(ro.Heading) && ro.isBlankAt(j) {
			j += step
		}
		if j >= 0 && j < len(ro.Heading) && isOfName(d.at(ro, j).column) {
			return j
		}
	}
	return -1
}

// isOfName says whether a column is the name or a part of it.
func isOfName(column string) bool {
	return isNameColumn(column) || slices.Contains(nameParts, column) || column == heading.FullName
}

// commonWidth is how many cells the rows of a text file have: those of the heading, where any row has as many; else those that most
// rows have. It is -1 where that is open.
func commonWidth(heading int, rows []sheet.Row) int {
	counts := map[int]int{}
	for _, row := range rows {
		counts[len(row.Cells)]++
	}
	if counts[heading] > 0 {
		return heading
	}
	width, most := -1, 0
	for w, n := range counts {
		switch {
		case n > most:
			width, most = w, n
		case n == most:
			width = -1
		}
	}
	return width
}
