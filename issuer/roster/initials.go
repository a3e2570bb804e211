package roster

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// initialsKey is the key of a heading that stands for the middle initial, and for Mittwoch and miércoles as well.
const initialsKey = "mi"

// weekdays are the keys of what stands above the other days of a week, in German and Spanish. One letter alone says little, so
// that those count only where two of them are there.
var weekdays = strings.Fields("mo di do fr sa so mon die don fre sam son lu ma ju vi lun mar jue vie l m x j v s d")

// initials are what a cell of middle initials holds: capitals, a full stop behind each or none.
var initials = regexp.MustCompile(`^\p{Lu}\.?([ -]?\p{Lu}\.?)?$`)

// isWeekday says whether a heading is "Mi" among other days of the week.
func (ro *Roster) isWeekday(i int) bool {
	if fold.Key(ro.Heading[i]) != initialsKey {
		return false
	}
	others := 0
	for _, text := range ro.Heading {
		switch key := fold.Key(text); {
		case !slices.Contains(weekdays, key):
		case len(key) > 1:
			return true
		default:
			others++
		}
	}
	return others > 1
}

// isInitials says whether a column may be one of middle names. A heading "MI" may only where each cell has initials.
func (ro *Roster) isInitials(i int) bool {
	if fold.Key(ro.Heading[i]) != initialsKey {
		return true
	}
	return !ro.isWeekday(i) && !slices.ContainsFunc(ro.Rows, func(row sheet.Row) bool {
		text := at(row, i)
		return text != "" && !isDash(text) && fold.Key(text) != initialsKey && (!initials.MatchString(text) || text == "X")
	})
}

// isTestWord says whether a part of a name is a word for passed or not. Of first and last names some are such words, as the Korean
// No and the Vietnamese Si; these begin with a capital. An initial is a name. The prefixes have a list of their own.
func isTestWord(column, value string) bool {
	if column == ColumnNamePrefix || cell.Test(value) == cell.Unknown {
		return false
	}
	first, size := utf8.DecodeRuneInString(value)
	switch {
	case !unicode.IsUpper(first):
		return true
	case strings.TrimSuffix(value, ".") == string(first):
		return value == "X"
	case strings.ToLower(value[size:]) == value[size:]:
		return column != ColumnFirstName && column != ColumnLastName
	}
	return true // in capitals
}
