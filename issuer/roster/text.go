package roster

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

// maxTextRunes bounds the texts beside the name; maxPriorBytes what names one earlier card: its number, token or URL.
const (
	maxTextRunes  = 60
	maxPriorBytes = 2048
	maxValueRunes = 100 // of a Problem's value
)

// name is the holder's name as it will be signed, or nothing where it has a problem.
func (c *checker) name(row sheet.Row) string {
	value, ok := c.nameCells(row)
	if !ok {
		return ""
	}
	name := normal(value)
	if !strings.ContainsFunc(name, unicode.IsLetter) {
		c.say(ColumnName, "bad_character", value, "The name has no letter.", "Type the name.")
		return ""
	}
	if !c.isPerson(ColumnName, value, name) {
		return ""
	}
	c.nameSlips(value, name)
	if err := card.CheckName(name); err != nil {
		return c.refuseText(ColumnName, value, err)
	}
	if err := c.rules.Drawable(name); err != nil {
		return c.refuseText(ColumnName, value, err)
	}
	return name
}

// isNameText refuses a cell that a spreadsheet has turned into something else, and what isClean does.
func (c *checker) isNameText(row sheet.Row, column, value string) bool {
	if kind := c.roster.kind(row, column); kind == sheet.Bool || kind == sheet.Date || kind == sheet.Percent {
		c.say(column, "bad_character", value, "The workbook has no text here, but a date, a per cent or a truth value.",
			"Give the cell the format of a text, and type the name anew.")
		return false
	}
	return c.isClean(row, column, value)
}

// CheckPrinted checks the texts of a single card as Check does those of a row, and returns them as they will be printed.
func CheckPrinted(name, instructor, instructorID string, rules Rules) (cleanName, cleanInstructor string, problems []Problem) {
	ro := &Roster{Heading: []string{ColumnName, ColumnInstructor, ColumnInstructorID},
		column: map[string]int{ColumnName: 0, ColumnInstructor: 1, ColumnInstructorID: 2}}
	row := sheet.Row{Cells: []string{name, instructor, instructorID}}
	c := checker{roster: ro, rules: rules, single: true}
	cleanName = c.name(row)
	cleanInstructor, _ = c.instructor(row)
	return cleanName, cleanInstructor, c.out.Problems
}

// instructor is the instructor's name and number as they will be printed; either may be empty.
func (c *checker) instructor(row sheet.Row) (name, id string) {
	name, id = c.text(row, ColumnInstructor), c.text(row, ColumnInstructorID)
	if !c.isInstructor(c.roster.cell(row, ColumnInstructor), name) {
		return "", id
	}
	check := c.rules.DrawableInstructor
	if check == nil {
		return name, id
	}
	both := check(name, id)
	if both == nil { // as nearly always: the rest only finds out which of the two it is
		return name, id
	}
	if err := check(name, ""); err != nil {
		return c.refuseText(ColumnInstructor, name, err), id
	}
	if err := check("", id); err != nil {
		return name, c.refuseText(ColumnInstructorID, id, err)
	}
	return c.refuseText(ColumnInstructor, name, both), id
}

// text is a text that is recorded; it may be empty.
func (c *checker) text(row sheet.Row, column string) string {
	value := c.roster.cell(row, column)
	if value == "" || !c.isClean(row, column, value) {
		return ""
	}
	text := normal(value)
	if utf8.RuneCountInString(text) > maxTextRunes {
		c.say(column, "too_long", value, fmt.Sprintf("The text has more than %d characters.", maxTextRunes), "Shorten it.")
		return ""
	}
	return text
}

// priorCard is what names the cards that meet the course's prerequisites, or the evidence from elsewhere.
func (c *checker) priorCard(row sheet.Row, of *course.Course) string {
	value := c.roster.cell(row, ColumnPriorCard)
	if value == "" || !c.isClean(row, ColumnPriorCard, value) {
		return ""
	}
	cards := 1
	if of != nil {
		cards = max(cards, len(of.Prerequisites))
	}
	if len(value) > cards*maxPriorBytes {
		c.say(ColumnPriorCard, "too_long", value, fmt.Sprintf("The text has more than %d bytes.", cards*maxPriorBytes),
			"Write the card's number, or the address that its QR code opens.")
		return ""
	}
	return value
}

// isClean refuses a text that a spreadsheet would take for a formula when a list of cards is opened, one whose letters were
// lost, and one with characters that a reader can't see.
func (c *checker) isClean(row sheet.Row, column, value string) bool {
	if first, _ := utf8.DecodeRuneInString(value); strings.ContainsRune("=+-@＝＋－＠", first) {
		c.say(column, "bad_character", value, fmt.Sprintf("The text begins with %q, which a spreadsheet takes for a formula.", first), "Write it without.")
		return false
	}
	// Lost letters leave invisible characters too, and their name is the better help, so they come first. The cell is looked at
	// before its ends were trimmed: the last byte of a letter in disguise may look like a space. Codes may have a question mark.
	isCode := column == ColumnClass || column == ColumnLearnerID || column == ColumnPriorCard
	if !isCode && (cell.IsMojibake(value) || cell.IsMojibake(c.roster.raw(row, column))) {
		c.say(column, "mojibake", value, "Letters were lost when the file was saved.", "Type the text anew, and save the file as CSV UTF-8.")
		return false
	}
	unseen := cell.IsInvisible
	if column == ColumnPriorCard { // may stand on several lines
		unseen = func(r rune) bool { return cell.IsInvisible(r) && r != '\n' && r != '\r' && r != '\t' }
	}
	if i := strings.IndexFunc(value, unseen); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		c.say(column, "bad_character", value, fmt.Sprintf("The text has the character %U, which can't be seen or turns the reading order round.", r),
			"Type it anew.")
		return false
	}
	return true
}

// refuseText gives an error about a text the code of its kind, and no text.
func (c *checker) refuseText(column, value string, err error) string {
	switch {
	case errors.Is(err, card.NameTooLong):
		c.say(column, "too_long", value, "The text does not fit on the card.", "Write it in a shorter form that the holder uses.")
	case errors.Is(err, card.NameBadCharacter):
		c.say(column, "bad_character", value, "The text has a control or text-direction character.", "Type it anew.")
	default:
		c.say(column, "undrawable", value, fmt.Sprintf("The text can't be drawn on the card (%v).", err), "Write it in other letters.")
	}
	return ""
}

// normal is a text in NFC with single spaces and none at the ends.
func normal(s string) string {
	if isSpaced(s) { // nearly every cell; it stays a part of the file's text
		return norm.NFC.String(s)
	}
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// isSpaced says whether a text has single plain spaces and none at the ends.
func isSpaced(s string) bool {
	before := true
	for _, r := range s {
		space := unicode.IsSpace(r)
		if space && (before || r != ' ') {
			return false
		}
		before = space
	}
	return !before || s == ""
}

// email is the row's address in lower case; it may be empty.
func (c *checker) email(row sheet.Row) string {
	value := c.roster.cell(row, ColumnEmail)
	if value == "" {
		return ""
	}
	if !cell.IsAddress(value) {
		c.say(ColumnEmail, "bad_email", value, "This is no e-mail address.", "Write it such as name@example.org, or leave the cell empty.")
		return ""
	}
	if near := slip.NearDomain(value); near != "" {
		c.notice(c.line, ColumnEmail, "email_domain", value, "The address is one letter away from one at "+near+".", "Correct it if that is meant.")
	}
	return strings.ToLower(value)
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
