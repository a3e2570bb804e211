package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// headingRows is how far down the heading is looked for. Above it stand a title, a date of printing, an address.
const headingRows = 50

// dictionary says what the headings of one file mean.
type dictionary struct {
	mapped  map[string]string // heading's key → column, or nothing where it is not read
	placed  map[int]string    // place → column, of those that have no heading
	strict  []string          // headings that the file has to have, as they were written
	extra   map[string]string // key → the centre's own column
	extras  []string
	courses []string
	named   map[string]bool // keys of the codes and titles of the courses
	fixed   map[string]string
	order   DateOrder

	nameOrder NameOrder
}

// newDictionary fails with a *FileError.
func newDictionary(o Options) (*dictionary, error) {
	if err := o.Validate(); err != nil {
		var option *OptionError
		errors.As(err, &option)
		return nil, &FileError{Text: option.Text, Hint: option.Hint}
	}
	d := &dictionary{placed: map[int]string{}, extra: map[string]string{}, extras: o.Extra, courses: o.Courses, order: o.DateOrder, nameOrder: o.NameOrder}
	d.named = map[string]bool{}
	for _, text := range slices.Concat(o.Courses, o.Titles) {
		d.named[fold.Key(text)] = true
	}
	d.mapped, _ = o.mapping("Remembered", o.Remembered)
	now, _ := o.mapping("Columns", o.Columns)
	for key, column := range now {
		d.mapped[key] = column
	}
	for _, item := range o.Columns {
		text := item[:strings.LastIndexByte(item, '=')]
		d.strict = append(d.strict, text)
		if place, ok := placeOf(text); ok {
			d.placed[place] = now[headingKey(text)]
		}
	}
	for _, column := range o.Extra {
		d.extra[fold.Key(column)] = column
	}
	d.fixed, _ = o.fixed()
	return d, nil
}

// meaning is what one heading stands for.
type meaning struct {
	column   string // of the roster, heading.FullName or heading.LastThenFirst; nothing where it is not read
	known    bool
	explicit bool    // a mapping says so
	full     float64 // the full mark of a column of marks; 0 for per cent
}

func (d *dictionary) of(text string) meaning {
	key := headingKey(text)
	if column, ok := d.mapped[key]; ok && key != "" {
		column, full := cutFull(column)
		return meaning{column: column, known: true, explicit: true, full: full}
	}
	if column, ok := heading.Canonical(text); ok {
		return meaning{column: column, known: true}
	}
	if column, ok := d.extra[key]; ok && key != "" {
		return meaning{column: column, known: true}
	}
	if heading.IsPriorCard(text, d.courses) {
		return meaning{column: ColumnPriorCard, known: true}
	}
	column, ok := heading.Column(text)
	return meaning{column: column, known: ok}
}

// score is how many columns of a roster a row names, and whether one of them is a name.
func (d *dictionary) score(row sheet.Row) (columns int, named bool) {
	seen := map[string]bool{}
	for _, text := range row.Cells {
		if m := d.of(text); m.known && m.column != "" && (m.column != ColumnPassed || m.explicit) { // "Passed" may be a learner's cell
			seen[m.column] = true
			named = named || isNameColumn(m.column)
		}
	}
	return len(seen), named
}

func isNameColumn(column string) bool {
	return slices.Contains([]string{ColumnName, ColumnFirstName, ColumnLastName, heading.FullName, heading.LastThenFirst}, column)
}

// headingRow is the place of the heading among the rows, -1 where there is none. One column is enough for the first row of a
// file, two for any other. The error, a *FileError, says that a table of learners may stand above the heading.
func (d *dictionary) headingRow(rows []sheet.Row) (int, error) {
	best, most := -1, 1
	rows = rows[:min(len(rows), headingRows)]
	for i, row := range rows {
		if columns, _ := d.score(row); columns > most {
			best, most = i, columns
		}
	}
	if best < 0 {
		if len(rows) > 0 && d.isPlainHeading(rows[0]) {
			return 0, nil
		}
		return -1, nil
	}
	for i, row := range rows[:best] {
		columns, named := d.score(row)
		if (named && (columns > 1 || best-i > 3 && filled(row) > 1)) || isLearnerLike(row) {
			return best, &FileError{Text: fmt.Sprintf("row %d looks like the heading, but learners may stand above it: look at row %d", rows[best].Line, row.Line),
				Hint: "Keep one table in a sheet or a file, with one heading; take out what stands above the heading, or make it a file of its own."}
		}
	}
	return best, nil
}

// isPlainHeading says whether a row has a canonical column, or one that a mapping names.
func (d *dictionary) isPlainHeading(row sheet.Row) bool {
	return slices.ContainsFunc(row.Cells, func(text string) bool {
		_, ok := heading.Canonical(text)
		return ok || d.of(text).explicit
	})
}

// isLearnerLike says whether a row that stands above the heading has too much in it for a title.
func isLearnerLike(row sheet.Row) bool {
	return filled(row) > 2 && slices.ContainsFunc(row.Cells, func(text string) bool { return cell.IsAddress(strings.TrimSpace(text)) })
}

func filled(row sheet.Row) int {
	n := 0
	for _, text := range row.Cells {
		if strings.TrimSpace(text) != "" {
			n++
		}
	}
	return n
}

// notFound says that no row is a heading, and offers the nearest guess.
func (d *dictionary) notFound(rows []sheet.Row) error {
	const example = "A roster has a heading such as name,email,course,completed above the learners"
	if len(rows) == 0 {
		return &FileError{Text: "the roster is empty", Hint: example + "."}
	}
	if isOneColumn(rows) {
		return &FileError{Text: fmt.Sprintf("the rows of the roster can't be told apart into cells; row %d is %q", rows[0].Line, shorten(rows[0].Cells[0])),
			Hint: "Save the file as CSV once more from the program that made it; every row needs as many separators as the heading."}
	}
	widest := slices.MaxFunc(rows[:min(len(rows), headingRows)], func(a, b sheet.Row) int { return filled(a) - filled(b) })
	var guess, column string
	nearest := 2.0
	for _, text := range widest.Cells {
		if strings.TrimSpace(text) == "" || strings.Contains(text, "=") {
			continue
		}
		if of, away := heading.Nearest(text); away < nearest {
			guess, column, nearest = text, of, away
		}
	}
	hint := example + "."
	if guess != "" {
		hint = fmt.Sprintf("%s; other headings can be named: --map %q.", example, strings.TrimSpace(guess)+"="+column)
	}
	return &FileError{Text: fmt.Sprintf("the roster has no heading that is known; row %d has %s", widest.Line, quoted(widest.Cells)), Hint: hint}
}

// isOneColumn says whether every row has one cell although the first looks like several.
func isOneColumn(rows []sheet.Row) bool {
	several := slices.ContainsFunc(rows, func(row sheet.Row) bool { return len(row.Cells) > 1 })
	return !several && strings.ContainsAny(rows[0].Cells[0], ",;\t|")
}

// quoted lists the cells of a heading for a message.
func quoted(cells []string) string {
	const most = 20
	var out []string
	for _, text := range cells {
		if text = strings.TrimSpace(text); text != "" {
			out = append(out, fmt.Sprintf("%q", shorten(text)))
		}
	}
	if len(out) > most {
		out = append(out[:most], "...")
	}
	return strings.Join(out, ", ")
}

// assign gives every column its place. What the columns of the name mean together is settled by settleNames, and what those that
// are not known may be by settleUnread.
func (d *dictionary) assign(ro *Roster) error {
	ro.full = map[string]float64{}
	ro.column, ro.fixed, ro.problem = map[string]int{}, map[string]string{}, d.ownProblem(ro)
	for i, text := range ro.Heading {
		m := d.at(ro, i)
		switch {
		case ro.isBlankAt(i) && !m.known, m.known && m.column == "", m.known && isNameColumn(m.column):
			continue
		case i == ro.problem:
			if ro.isOthersProblem(i) {
				ro.unknown = append(ro.unknown, i)
			}
			continue
		case m.column == ColumnMiddleName && !m.explicit && !ro.isInitials(i):
			ro.unknown = append(ro.unknown, i)
			continue
		case !m.known:
			if !heading.IsRunningNumber(text) {
				ro.unknown = append(ro.unknown, i)
			}
			continue
		}
		if other, double := ro.column[m.column]; double {
			return d.twice(ro, m.column, other, i)
		}
		ro.column[m.column], ro.full[m.column] = i, m.full
	}
	for _, column := range d.extras { // two that are written differently are one column of the file
		if i, ok := ro.column[d.extra[fold.Key(column)]]; ok {
			ro.column[column] = i
		}
	}
	return d.checkStrict(ro)
}

// fix gives every row the values of Options.Set, in columns that the file does not have.
func (d *dictionary) fix(ro *Roster) {
	for _, column := range canonical {
		if value, ok := d.fixed[column]; ok && ro.has(column) {
			ro.unused = append(ro.unused, column)
		} else if ok {
			ro.fixed[column] = value
		}
	}
}

// twice says that two headings stand for one column. A mapping does not put the other aside: it may hold what counts.
func (d *dictionary) twice(ro *Roster, column string, a, b int) error {
	one, two := ro.title(a), ro.title(b)
	e := &FileError{Text: fmt.Sprintf("the headings %q and %q both stand for %s", one, two, column),
		Hint: fmt.Sprintf("Say which one is not to be read: --map %q or --map %q.", one+"=", two+"=")}
	saidOne, saidTwo := d.at(ro, a).explicit, d.at(ro, b).explicit
	switch {
	case headingKey(one) == headingKey(two):
		e.Hint = "Rename one of the two in the file, so that it is plain which one counts."
	case saidOne != saidTwo:
		mapped, other := one, two
		if saidTwo {
			mapped, other = two, one
		}
		e.Hint = fmt.Sprintf("Say that the other one is not to be read: --map %q; or take the mapping of %q back.", other+"=", mapped)
	}
	return e
}

// checkStrict refuses a mapping of a heading that the file does not have: it is mistyped.
func (d *dictionary) checkStrict(ro *Roster) error {
	for _, text := range d.strict {
		if place, ok := placeOf(text); ok && place < len(ro.Heading) && ro.isBlankAt(place) {
			continue
		}
		if !slices.ContainsFunc(ro.Heading, func(cell string) bool { return headingKey(cell) == headingKey(text) }) {
			return &FileError{Text: fmt.Sprintf("the roster has no heading %q, which the mapping names", strings.TrimSpace(text)),
				Hint: "Its headings are " + quoted(ro.Heading) + "."}
		}
	}
	return nil
}
