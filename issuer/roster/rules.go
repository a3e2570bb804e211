package roster

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

var (
	// numericDate is a day as people write it in figures. Which figure is the month depends on the country.
	numericDate = regexp.MustCompile(`^([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{2}|[0-9]{4})$`)
	mark        = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,6})?$`)
)

// completed reads the day of completion; it stays zero where the cell has a problem.
func (c *checker) completed(row Row, done *Completion) {
	value := c.required(row, ColumnCompleted)
	if value == "" {
		return
	}
	if m := numericDate.FindStringSubmatch(value); m != nil && isAmbiguous(m[1], m[2]) {
		c.say(ColumnCompleted, "ambiguous_date", value, "Nobody can tell the day from the month; write the date as YYYY-MM-DD, such as 2026-04-30.")
		return
	}
	day, err := card.ParseDate(value)
	if err != nil {
		c.say(ColumnCompleted, "bad_date", value, "This is no day of the calendar in the form YYYY-MM-DD, such as 2026-04-30; write it so.")
		return
	}
	if c.rules.Today.Before(day) {
		c.say(ColumnCompleted, "future_date", value, fmt.Sprintf("This day is after today, %s; correct the date.", c.rules.Today))
		return
	}
	done.Completed = day
}

// isAmbiguous says whether both figures could be the month, and differ.
func isAmbiguous(first, second string) bool {
	a, err1 := strconv.Atoi(first)
	b, err2 := strconv.Atoi(second)
	return err1 == nil && err2 == nil && a != b && a >= 1 && a <= int(time.December) && b >= 1 && b <= int(time.December)
}

// expiry refuses a card that nobody could use any more.
func (c *checker) expiry(row Row, done Completion) {
	if done.Completed.IsZero() {
		return
	}
	if last := done.Course.Expires(done.Completed); last.Before(c.rules.Today) {
		c.say(ColumnCompleted, "already_expired", c.roster.cell(row, ColumnCompleted),
			fmt.Sprintf("The card would have been valid through %s; correct the date, or leave the row out.", last))
	}
}

// pass checks what the course asks a learner to reach.
func (c *checker) pass(row Row, p course.Pass) {
	c.mark(row, ColumnAttendance, "low_attendance", p.Attendance)
	c.mark(row, ColumnScore, "low_score", p.Score)
	c.test(row, ColumnSkills, "skills_not_passed", p.Skills)
	c.test(row, ColumnScenario, "scenario_not_passed", p.Scenario)
}

func (c *checker) mark(row Row, column, code string, least float64) {
	if least == 0 {
		return
	}
	value := c.required(row, column)
	if value == "" {
		return
	}
	number := strings.TrimSpace(strings.TrimSuffix(value, "%"))
	got, err := strconv.ParseFloat(number, 64)
	if err != nil || !mark.MatchString(number) || got > 100 {
		c.say(column, "bad_number", value, "This is no per cent from 0 to 100 with a decimal point, such as 87.5; write it so.")
		return
	}
	if got < least {
		c.say(column, code, value, fmt.Sprintf("The course asks for at least %v %%; correct the cell, or leave the row out.", least))
	}
}

func (c *checker) test(row Row, column, code string, asked bool) {
	if !asked {
		return
	}
	switch value := c.required(row, column); strings.ToLower(value) {
	case "", "pass", "passed", "yes", "true":
	default:
		c.say(column, code, value, fmt.Sprintf("The course asks for %s passed; write pass, or leave the row out.", column))
	}
}
