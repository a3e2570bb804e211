package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

const codeDuplicate = "duplicate_row"

// duplicates refuses the rows that tell a learner's completion again. Where all of them say the same, the first one stands. Where
// they contradict each other, none does: which one is right is not for their order to say.
func (c *checker) duplicates() {
	refused := map[int]bool{}
	say := func(row int, message, remedy string) {
		refused[row] = true
		c.out.Problems = append(c.out.Problems, Problem{Row: row, Code: codeDuplicate, Message: message, Remedy: remedy})
	}
	for _, rows := range c.seen.groups() {
		if columns := c.differing(rows); len(columns) > 0 {
			message := fmt.Sprintf("The learner, course and day of this row stand in %s, which differ in %s.", rowList(rows), strings.Join(columns, ", "))
			for _, row := range rows {
				say(row, message, "Delete what is wrong, or tell two people apart by e-mail address and learner_id.")
			}
			continue
		}
		for _, row := range rows[1:] {
			say(row, fmt.Sprintf("This is the learner, course and day of row %d.", rows[0]), "Delete one of the two rows, or tell two people apart by e-mail address and learner_id.")
		}
	}
	c.out.refuse(refused)
}

// differing are the columns in which rows of one learner, course and day do not say the same.
func (c *checker) differing(rows []int) []string {
	var columns []string
	first := c.rowAt(rows[0])
	for _, column := range c.read {
		if column.name == ColumnCourse || column.name == ColumnCompleted { // written in two ways, they are the same all the same
			continue
		}
		text := sameText(column.name, at(first, column.place))
		if slices.ContainsFunc(rows[1:], func(row int) bool { return sameText(column.name, at(c.rowAt(row), column.place)) != text }) {
			columns = append(columns, column.name)
		}
	}
	return columns
}

// sameText is a cell as it is compared. What is printed counts letter by letter.
func sameText(column, text string) string {
	if column == ColumnEmail {
		return strings.ToLower(text)
	}
	return normal(text)
}

// rowAt is the row of a line; Rows are in the order of their lines.
func (c *checker) rowAt(line int) sheet.Row {
	i, _ := slices.BinarySearchFunc(c.roster.Rows, line, func(row sheet.Row, line int) int { return row.Line - line })
	return c.roster.Rows[i]
}

// refuse moves rows from Completions to Refused.
func (out *Checked) refuse(rows map[int]bool) {
	if len(rows) == 0 {
		return
	}
	var moved []Completion
	out.Completions = slices.DeleteFunc(out.Completions, func(one Completion) bool {
		if rows[one.Row] {
			moved = append(moved, one)
		}
		return rows[one.Row]
	})
	out.Refused = append(out.Refused, moved...)
	slices.SortFunc(out.Refused, func(a, b Completion) int { return a.Row - b.Row })
}
