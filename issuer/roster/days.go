package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/heading"
)

// askDay asks about a column of one day of the course, such as "Day 2", that has nothing, a dash or no for a learner of whom the
// attendance says no less than all: nobody can tell what share of the course the day is.
func (d *dictionary) askDay(ro *Roster, i int) (text, hint string) {
	value, isSet := d.fixed[ColumnAttendance]
	place, inFile := ro.column[ColumnAttendance]
	if !heading.IsCourseDay(ro.Heading[i]) || !(isSet || inFile) || ro.are(i, sampleRows, 0.8, ro.isDay) {
		return "", ""
	}
	var rows []int
	said, worded := "", false
	for _, row := range ro.Rows {
		one := at(row, i)
		worded = worded || one != ""
		if share, _, ok := cell.Number(at(row, place)); inFile && ok && share > 1 && share < 100 {
			continue // the attendance says it too
		}
		if one != "" && one != "0" && cell.Attended(one) != cell.Failed && !isFailure(one) {
			continue
		}
		if rows == nil {
			said = one
		}
		rows = append(rows, row.Line)
	}
	if rows == nil || !worded {
		return "", ""
	}
	title := ro.title(i)
	text = fmt.Sprintf("the column %q, which is not read, has %q in %s", title, shorten(said), rowList(rows))
	if said == "" {
		text = fmt.Sprintf("the column %q, which is not read, is empty in %s", title, rowList(rows))
	}
	if isSet && !inFile {
		text = fmt.Sprintf("attendance is set to %q in every row, and %s", value, text)
	}
	var others []string
	for j, other := range ro.Heading {
		if heading.IsCourseDay(other) && !d.at(ro, j).explicit {
			others = append(others, fmt.Sprintf("--map %q", strings.TrimSpace(other)+"="))
		}
	}
	if !slices.Contains(others, fmt.Sprintf("--map %q", title+"=")) {
		others = append(others, fmt.Sprintf("--map %q", title+"="))
	}
	return text, fmt.Sprintf("Fill in a column attendance with the per cent of the whole course, or take the rows out; or say that the columns of the days are not to be read: %s.", strings.Join(others, " "))
}
