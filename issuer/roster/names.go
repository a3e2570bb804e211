package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// nameParts are the columns that make up a name, in the order in which it is printed. Those beside first and last name may be
// missing or empty.
var nameParts = []string{ColumnFirstName, ColumnMiddleName, ColumnNamePrefix, ColumnLastName, ColumnSecondLastName, ColumnNameSuffix}

// nameColumns are the places of the columns that have to do with the name; -1 stands for none.
type nameColumns struct {
	full        int // can only be the whole name
	loose       int // "Name": the whole name, or the part that the others do not have
	first, last int

	saidFull, saidFirst, saidLast bool // a mapping says so
}

// settleNames says which columns make up the name. Offices of four languages call the last name "Name" where another column has
// the first name, so that word is read by what stands beside it; where the rows contradict, a person has to say.
func (d *dictionary) settleNames(ro *Roster) error {
	n, err := ro.findNames(d)
	if err == nil {
		d.takeBirthName(ro, &n)
	}
	switch {
	case err != nil:
		return err
	case n.saidFull && (n.saidFirst || n.saidLast):
		return &FileError{Text: "the mapping names the whole name and a part of it", Hint: "Map name, or first_name and last_name, but not both."}
	case n.saidFull:
		ro.column[ColumnName] = n.full
		return ro.checkHolds(n.full, n.loose, n.first, n.last)
	}
	if n.full >= 0 && n.loose >= 0 {
		if (n.first < 0) == (n.last < 0) {
			return d.twice(ro, ColumnName, n.full, n.loose)
		}
		if err := ro.takePart(&n); err != nil {
			return err
		}
	}
	switch whole := max(n.full, n.loose); {
	case n.first >= 0 && n.last >= 0:
		ro.join(n.first, n.last)
		if whole >= 0 {
			return ro.checkSameName(whole)
		}
	case whole < 0 && n.first < 0 && n.last < 0: // missing_column, or another table; Check tells
	case n.loose >= 0 && n.first+n.last > -2:
		if err := ro.takePart(&n); err != nil {
			return err
		}
		ro.join(n.first, n.last)
	case whole >= 0:
		ro.column[ColumnName] = whole
		return ro.checkHolds(whole, n.first, n.last)
	default:
		return ro.partAlone(n)
	}
	return nil
}

func (ro *Roster) findNames(d *dictionary) (nameColumns, error) {
	n := nameColumns{full: -1, loose: -1, first: -1, last: -1}
	for i := range ro.Heading {
		m := d.at(ro, i)
		if !m.known || !isNameColumn(m.column) {
			continue
		}
		place, said := &n.loose, new(bool)
		switch {
		case m.column == ColumnFirstName:
			place, said = &n.first, &n.saidFirst
		case m.column == ColumnLastName:
			place, said = &n.last, &n.saidLast
		case m.column != ColumnName || m.explicit:
			place, said = &n.full, &n.saidFull
		}
		if *place >= 0 {
			return n, d.twice(ro, m.column, *place, i)
		}
		*place, *said = i, m.explicit
		if place == &n.full {
			ro.lastFirst = m.column == heading.LastThenFirst
		}
	}
	return n, nil
}

// columnBirthName is where the last name stands of those who have no other; Roster.Mapping says it in these words.
const columnBirthName = ColumnLastName + " where the other is empty"

// takeBirthName reads "Nom" or "Nom de naissance" beside "Nom d'usage" as French forms have it: whoever has no name that is used in
// its place leaves the second one empty.
func (d *dictionary) takeBirthName(ro *Roster, n *nameColumns) {
	if n.last < 0 || n.first < 0 || n.full >= 0 || fold.Key(ro.Heading[n.last]) != "nomdusage" {
		return
	}
	birth := n.loose
	if birth < 0 {
		birth = slices.IndexFunc(ro.Heading, func(text string) bool { return fold.Key(text) == "nomdenaissance" && !d.of(text).known })
	}
	if birth < 0 || n.loose >= 0 && fold.Key(ro.Heading[birth]) != "nom" {
		return
	}
	ro.column[columnBirthName], n.loose = birth, -1
	ro.unknown = slices.DeleteFunc(ro.unknown, func(i int) bool { return i == birth })
}

func (ro *Roster) join(first, last int) {
	ro.column[ColumnFirstName], ro.column[ColumnLastName] = first, last
	ro.lastFirst = false
}

// takePart makes "Name" the part that is missing, unless a row shows that it holds the other part as well.
func (ro *Roster) takePart(n *nameColumns) error {
	other, missing, column := n.first, &n.last, ColumnLastName
	if other < 0 {
		other, missing, column = n.last, &n.first, ColumnFirstName
	}
	for _, row := range ro.Rows {
		whole, part := at(row, n.loose), at(row, other)
		if part != "" && holds(whole, part) {
			name := ro.title(n.loose)
			return &FileError{Text: fmt.Sprintf("the column %q may hold the whole name or a part of it: row %d has %q there, and %q under %q",
				name, row.Line, shorten(whole), shorten(part), ro.title(other)),
				Hint: fmt.Sprintf("Say --map %q if it holds the whole name, or --map %q if not.", name+"="+ColumnName, name+"="+column)}
		}
	}
	*missing, n.loose = n.loose, -1
	return nil
}

// checkSameName asks where a column of whole names says something else than those of the parts.
func (ro *Roster) checkSameName(whole int) error {
	for _, row := range ro.Rows {
		name, parts := at(row, whole), ro.joined(row)
		a, b := words(name), words(parts)
		slices.Sort(a)
		slices.Sort(b)
		if len(a) > 0 && len(b) > 0 && !slices.Equal(a, b) && !isTotalWord(name) {
			return ro.whichName(row, whole, name, parts)
		}
	}
	return nil
}

// checkHolds asks where a part of the name, of those places or of a further column, is no part of the whole name: it would be
// lost without a word. A place may be -1.
func (ro *Roster) checkHolds(whole int, places ...int) error {
	for _, column := range nameParts {
		if i, ok := ro.column[column]; ok {
			places = append(places, i)
		}
	}
	for _, row := range ro.Rows {
		name := at(row, whole)
		for _, i := range places {
			if one := at(row, i); name != "" && len(words(one)) > 0 && !holds(name, one) && !isTotalWord(name) {
				return ro.whichPart(row, whole, i)
			}
		}
	}
	return nil
}

// whichPart asks about a part of the name that stands beside a column of the whole name.
func (ro *Roster) whichPart(row sheet.Row, whole, part int) error {
	one, two := ro.title(whole), ro.title(part)
	return &FileError{Text: fmt.Sprintf("the columns of the name contradict each other: row %d has %q under %q, and %q under %q",
		row.Line, shorten(at(row, whole)), one, shorten(at(row, part)), two),
		Hint: fmt.Sprintf("Say --map %q and --map %q if the first of the two is the whole name; if not, say what it holds, such as --map %q.",
			one+"="+ColumnName, two+"=", one+"="+ColumnFirstName)}
}

func (ro *Roster) whichName(row sheet.Row, whole int, name, parts string) error {
	heading := ro.title(whole)
	return &FileError{Text: fmt.Sprintf("the columns of the name contradict each other: row %d has %q under %q, and %q beside it",
		row.Line, shorten(name), heading, shorten(parts)),
		Hint: fmt.Sprintf("Say --map %q if this column is the name, or --map %q if the others are.", heading+"="+ColumnName, heading+"=")}
}

// partAlone asks where the roster has only one part of the name.
func (ro *Roster) partAlone(n nameColumns) error {
	text, there, missing := ro.title(max(n.first, n.last)), "first", "last"
	if n.first < 0 {
		there, missing = missing, there
	}
	return &FileError{Text: fmt.Sprintf("the roster has the %s name, under %q, and no column of the %s name", there, text, missing),
		Hint: fmt.Sprintf("Add the column %s_name, or say --map %q if this one holds the whole name.", missing, text+"="+ColumnName)}
}

// joined is the name that stands in several columns, or what of it there is.
func (ro *Roster) joined(row sheet.Row) string {
	var name string
	for _, column := range nameParts {
		part := ro.cell(row, column)
		switch {
		case part == "" || isDash(part):
		case name == "" || strings.HasSuffix(name, "'") || strings.HasSuffix(name, "’"): // "d'" and "Alembert" are one word
			name += part
		default:
			name += " " + part
		}
	}
	return name
}

// isDash says whether a cell says that the person has no such name.
func isDash(text string) bool { return text == "-" || text == "\u2013" || text == "\u2014" }

// at is a row's cell at a place, without the spaces around it.
func at(row sheet.Row, place int) string {
	if place < 0 || place >= len(row.Cells) {
		return ""
	}
	return strings.TrimSpace(row.Cells[place])
}

// words are the words of a name, for comparison.
func words(name string) []string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	for i := range parts {
		parts[i] = fold.Key(parts[i])
	}
	return parts
}

// holds says whether the words of a part stand, in order and together, in a name.
func holds(name, part string) bool {
	all, some := words(name), words(part)
	if len(some) == 0 {
		return false
	}
	for i := 0; i+len(some) <= len(all); i++ {
		if slices.Equal(all[i:i+len(some)], some) {
			return true
		}
	}
	return false
}
