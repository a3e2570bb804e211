package roster

import (
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// language is the code of the language in which the learner is written to; it may be empty.
func (c *checker) language(row sheet.Row) string {
	value := c.roster.cell(row, ColumnLanguage)
	if value == "" {
		return ""
	}
	code, ok := cell.Language(value)
	if !ok {
		c.say(ColumnLanguage, "unknown_language", value, "There are no mails in this language.", c.howToSayLanguage())
	}
	return code
}

func (c *checker) howToSayLanguage() string {
	remedy := fmt.Sprintf("Write %s, or the language's name; or leave the cell empty for the language of the centre.", strings.Join(cell.LanguageCodes(), ", "))
	if i, ok := c.roster.column[ColumnLanguage]; ok && !c.single {
		remedy += fmt.Sprintf(" If the column is about something else: --map %q.", c.roster.title(i)+"=")
	}
	return remedy
}

// CheckLanguage checks a learner's language as it stands in a row, and answers its code. It may be empty; so is what has a problem.
func CheckLanguage(text string) (code string, problems []Problem) {
	ro := &Roster{Heading: []string{ColumnLanguage}, column: map[string]int{ColumnLanguage: 0}}
	c := checker{roster: ro, single: true}
	code = c.language(sheet.Row{Cells: []string{strings.TrimSpace(text)}})
	return code, c.out.Problems
}
