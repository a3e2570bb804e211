package roster

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// maxTextRunes bounds the texts beside the name; maxEmailBytes is the longest address that mail can carry (RFC 5321, 4.5.3.1).
const (
	maxTextRunes  = 60
	maxEmailBytes = 254
	maxValueRunes = 100 // of a Problem's value
)

// name is the holder's name as it will be signed, or nothing where it has a problem.
func (c *checker) name(row Row) string {
	value := c.required(row, ColumnName)
	if value == "" || !c.isClean(row, ColumnName, value) {
		return ""
	}
	name := normal(value)
	if err := card.CheckName(name); err != nil {
		return c.refuseText(ColumnName, value, err)
	}
	if err := c.rules.Drawable(name); err != nil {
		return c.refuseText(ColumnName, value, err)
	}
	return name
}

// CheckPrinted checks the texts of a single card as Check does those of a row, and returns them as they will be printed.
func CheckPrinted(name, instructor, instructorID string, rules Rules) (cleanName, cleanInstructor string, problems []Problem) {
	ro := &Roster{Heading: []string{ColumnName, ColumnInstructor, ColumnInstructorID},
		column: map[string]int{ColumnName: 0, ColumnInstructor: 1, ColumnInstructorID: 2}}
	row := Row{Cells: []string{name, instructor, instructorID}}
	c := checker{roster: ro, rules: rules}
	cleanName = c.name(row)
	cleanInstructor, _ = c.instructor(row)
	return cleanName, cleanInstructor, c.problems
}

// instructor is the instructor's name and number as they will be printed; either may be empty.
func (c *checker) instructor(row Row) (name, id string) {
	name, id = c.text(row, ColumnInstructor), c.text(row, ColumnInstructorID)
	check := c.rules.DrawableInstructor
	if check == nil {
		return name, id
	}
	if err := check(name, ""); err != nil {
		return c.refuseText(ColumnInstructor, name, err), id
	}
	if err := check("", id); err != nil {
		return name, c.refuseText(ColumnInstructorID, id, err)
	}
	if err := check(name, id); err != nil {
		return c.refuseText(ColumnInstructor, name, err), id
	}
	return name, id
}

// text is a text that is recorded; it may be empty.
func (c *checker) text(row Row, column string) string {
	value := c.roster.cell(row, column)
	if value == "" || !c.isClean(row, column, value) {
		return ""
	}
	text := normal(value)
	if utf8.RuneCountInString(text) > maxTextRunes {
		c.say(column, "too_long", value, fmt.Sprintf("The text has more than %d characters; shorten it.", maxTextRunes))
		return ""
	}
	return text
}

// isClean refuses a text that a spreadsheet would take for a formula when a list of cards is opened, one whose letters were
// lost, and one with characters that a reader can't see.
func (c *checker) isClean(row Row, column, value string) bool {
	if strings.ContainsRune("=+-@", rune(value[0])) {
		c.say(column, "bad_character", value, fmt.Sprintf("The text begins with %q, which a spreadsheet takes for a formula; write it without.", value[0]))
		return false
	}
	// Lost letters leave invisible characters too, and their name is the better help, so they come first. The cell is looked at
	// before its ends were trimmed: the last byte of a letter in disguise may look like a space. Codes may have a question mark.
	isCode := column == ColumnClass || column == ColumnLearnerID
	if !isCode && (isMojibake(value) || isMojibake(row.Cells[c.roster.column[column]])) {
		c.say(column, "mojibake", value, "Letters were lost when the file was saved; type the text anew, and save the file as CSV UTF-8.")
		return false
	}
	if i := strings.IndexFunc(value, isInvisible); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		c.say(column, "bad_character", value, fmt.Sprintf("The text has the character %U, which can't be seen or turns the reading order round; type it anew.", r))
		return false
	}
	return true
}

// isInvisible finds control and format characters. The joiners are let through, for scripts that write words with them.
func isInvisible(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	return r != zeroWidthNonJoiner && r != zeroWidthJoiner &&
		(unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || r == utf8.RuneError)
}

// refuseText gives an error about a text the code of its kind, and no text.
func (c *checker) refuseText(column, value string, err error) string {
	switch {
	case errors.Is(err, card.NameTooLong):
		c.say(column, "too_long", value, "The text does not fit on the card; write it in a shorter form that the holder uses.")
	case errors.Is(err, card.NameBadCharacter):
		c.say(column, "bad_character", value, "The text has a control or text-direction character; type it anew.")
	default:
		c.say(column, "undrawable", value, fmt.Sprintf("The text can't be drawn on the card (%v); write it in other letters.", err))
	}
	return ""
}

// normal is a text in NFC with single spaces and none at the ends.
func normal(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// email is the row's address in lower case; it may be empty.
func (c *checker) email(row Row) string {
	value := c.roster.cell(row, ColumnEmail)
	if value == "" {
		return ""
	}
	if !isAddress(value) {
		c.say(ColumnEmail, "bad_email", value, "This is no e-mail address; write it such as name@example.org, or leave the cell empty.")
		return ""
	}
	return strings.ToLower(value)
}

// isAddress says whether mail could be sent to s: a bare address with a host that has at least two labels.
func isAddress(s string) bool {
	if len(s) > maxEmailBytes || strings.ContainsFunc(s, func(r rune) bool { return isInvisible(r) || unicode.IsSpace(r) }) {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	labels := strings.Split(s[at+1:], ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
			}) {
			return false
		}
	}
	top := labels[len(labels)-1]
	return len(labels) > 1 && len(top) > 1 && !strings.ContainsFunc(top[:1], unicode.IsDigit)
}

func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxValueRunes {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
