package roster

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

const (
	// minMailOrder is how many addresses have to agree with the names before one that does not is told.
	minMailOrder = 5
	// maxClass bounds the classes in which nearly equal names are looked for: each is compared with each. A larger group is no
	// class, but a year's list.
	maxClass = 300
	// minNameLetters are fewer than which a letter of difference says nothing: "Ana" and "Ada".
	minNameLetters = 5
	// yearSlip is how many months a day has to be away from that of its class to look like a slip of the year.
	yearSlip = 10
	// longAgoMonths is how old a completion is that is told.
	longAgoMonths = 18
)

// nameSlips tells of likely mistakes in the name of the row at hand, as it stands in the cells and as it will be signed.
func (c *checker) nameSlips(value, name string) {
	if c.single {
		return
	}
	if slip.IsAllCaps(name) {
		c.notice(c.line, ColumnName, "all_caps", value, "The name is in capitals, and will be printed so.", "Write it as the holder does, if that is otherwise.")
	}
	if slip.IsAllLower(name) {
		c.notice(c.line, ColumnName, "lower_case", value, "The name is in small letters, and will be printed so.", "Write it as the holder does, if that is otherwise.")
	}
	if slip.HasDoubleSpace(value) {
		c.notice(c.line, ColumnName, "double_space", value, "The name has several spaces in a row; one will be printed.", "Look whether a part of the name is missing.")
	}
}

// slips tells of likely mistakes that only the other rows show. They are notices: each may be meant.
func (c *checker) slips() {
	asInName := 0
	var swapped []*Completion
	groups := map[classKey][]*Completion{}
	of := classFinder{}
	eachInOrder(&c.out, func(one *Completion) {
		if one.Name == "" {
			return
		}
		switch slip.MailOrder(one.Name, one.Email) {
		case slip.AsInName:
			asInName++
		case slip.Swapped:
			swapped = append(swapped, one)
		}
		if key, ok := of.class(one); ok && len(groups[key]) <= maxClass {
			groups[key] = append(groups[key], one)
		}
	})
	if asInName >= minMailOrder && len(swapped)*10 <= asInName {
		for _, one := range swapped {
			c.notice(one.Row, ColumnName, "name_order", one.Name, "The e-mail address has first and last name the other way round than nearly all others.",
				"Swap them if the first name should come first.")
		}
	}
	for _, group := range groups {
		if len(group) <= maxClass {
			c.similarNames(group)
			c.otherYear(group)
		}
	}
	c.instructorSlips(groups)
	c.longAgo()
}

// similarNames tells of two rows of a class that may be one person, written down twice with a letter of difference or in two
// spellings. Different learner IDs say that they are two; an e-mail address may be mistyped, or be another one.
func (c *checker) similarNames(group []*Completion) {
	folded, bare := make([]string, len(group)), make([]string, len(group))
	for i, one := range group {
		for j, other := range group[:i] {
			if differ(one.LearnerID, other.LearnerID) {
				continue
			}
			for _, k := range []int{i, j} {
				if folded[k] == "" {
					folded[k], bare[k] = foldName(group[k].Name), slip.Bare(group[k].Name)
				}
			}
			isNear := fold.IsOneApart(folded[i], folded[j]) && letters(folded[i]) >= minNameLetters && letters(folded[j]) >= minNameLetters
			if (isNear || bare[i] == bare[j]) && folded[i] != folded[j] {
				c.notice(one.Row, ColumnName, "similar_name", one.Name, fmt.Sprintf("The name is nearly that of row %d of the same class, %q.", other.Row, other.Name),
					"Delete one of the two rows if they are one person.")
				break
			}
		}
	}
}

// otherYear tells of a row whose day is about a year or more away from the day that most of its class have.
func (c *checker) otherYear(group []*Completion) {
	days := map[card.Date]int{}
	for _, one := range group {
		days[one.Completed]++
	}
	for day, rows := range days {
		if day.IsZero() || rows < 2 || rows*2 <= len(group) {
			continue
		}
		for _, one := range group {
			if !one.Completed.IsZero() && (one.Completed.Before(day.AddMonths(-yearSlip)) || day.AddMonths(yearSlip).Before(one.Completed)) {
				c.notice(one.Row, ColumnCompleted, "odd_date", one.Completed.String(), fmt.Sprintf("Most of the class completed on %s.", day.Words()), "Look at the year.")
			}
		}
	}
}

// longAgo tells, once, of the rows whose day is so long ago that the year may be wrong.
func (c *checker) longAgo() {
	var rows []int
	var first card.Date
	before := c.rules.Today.AddMonths(-longAgoMonths)
	eachInOrder(&c.out, func(one *Completion) {
		if !one.Completed.IsZero() && one.Completed.Before(before) {
			if rows == nil {
				first = one.Completed
			}
			rows = append(rows, one.Row)
		}
	})
	if rows != nil {
		c.out.Problems = append(c.out.Problems, Problem{Row: rows[0], Rows: rows[1:], Column: ColumnCompleted, Code: "odd_date", Value: first.String(), Severity: Notice,
			Message: fmt.Sprintf("The completion is more than %d months ago.", longAgoMonths), Remedy: "Look at the year."})
	}
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

func letters(name string) int { return utf8.RuneCountInString(strings.ReplaceAll(name, " ", "")) }
