package roster

import (
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/slip"
)

// isPerson refuses what can't be the name of one person, and tells of a word that makes a person look. The value is the cell, the
// name what will be signed.
func (c *checker) isPerson(column, value, name string) bool {
	remedy := "Write the learner's name, or leave the row out."
	if column == ColumnInstructor {
		remedy = "Write the instructor's name, or leave the cell empty."
	}
	switch slip.KindOf(name) {
	case slip.Placeholder:
		c.say(column, "missing_value", value, "The cell holds a word that stands for no name.", remedy)
		return false
	case slip.NoName:
		c.say(column, "bad_character", value, "The text has a sign or a figure that stands in no name.", "Write the name alone; what else is to be said belongs into another column.")
		return false
	case slip.Several:
		c.say(column, "bad_character", value, "The text joins several names.", "Write one person's name, without & / and ;.")
		return false
	case slip.Mixed:
		c.say(column, "bad_character", value, "A word of the name has letters of two alphabets that look alike.", "Type the name anew, in one alphabet.")
		return false
	case slip.Odd:
		if !c.single {
			c.notice(c.line, column, "odd_name", value, "A word of the name often stands where a name is missing, or joins two.", "Leave it if it is one person's name.")
		}
	}
	return true
}

// isInstructor does so for the instructor's name, which may be a word with a number, such as "Trainer 7". A row need not have one.
func (c *checker) isInstructor(value, name string) bool {
	if name == "" {
		return true
	}
	return c.isPerson(ColumnInstructor, value, strings.Join(strings.Fields(strings.Map(withoutFigure, name)), " "))
}

func withoutFigure(r rune) rune {
	if unicode.IsDigit(r) {
		return ' '
	}
	return r
}
