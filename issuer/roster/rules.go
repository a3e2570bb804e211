package roster

import (
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

// completed reads the day of completion; it is zero where the cell has a problem.
func (c *checker) completed(row sheet.Row, of *course.Course) card.Date {
	value := c.required(row, ColumnCompleted)
	if value == "" {
		return card.Date{}
	}
	day, err := cell.Date(value, c.roster.order)
	if err != nil {
		c.badDate(value, err)
		return card.Date{}
	}
	if c.rules.Today.Before(day) {
		c.say(ColumnCompleted, "future_date", value, fmt.Sprintf("%s is after today, %s.", day.Words(), c.rules.Today.Words()), "Correct the date.")
		return card.Date{}
	}
	if of == nil {
		return day
	}
	if last := of.Expires(day); last.Before(c.rules.Today) {
		c.say(ColumnCompleted, "already_expired", value, fmt.Sprintf("The card would have been valid through %s.", last.Words()),
			"Correct the date, or leave the row out.")
		return card.Date{}
	}
	return day
}

func (c *checker) badDate(value string, err error) {
	const write = "Write the date as YYYY-MM-DD, such as 2026-04-30."
	const orOrder = "Write the date as YYYY-MM-DD, such as 2026-04-30; or, if all dates of the file have one order, say it: --date-order dmy, mdy or ymd (in config.yaml roster.date_order)."
	if slip.IsSheetError(value) {
		c.say(ColumnCompleted, "bad_date", value, "The spreadsheet has an error here, and no date.", write)
		return
	}
	var p cell.DateProblem
	errors.As(err, &p)
	switch p {
	case cell.AmbiguousDate:
		c.say(ColumnCompleted, "ambiguous_date", value, "Nobody can tell the day from the month.", orOrder)
	case cell.ShortYear:
		c.say(ColumnCompleted, "ambiguous_date", value, "The year has two figures, so it may be the day.", orOrder)
	case cell.SerialNumber:
		c.say(ColumnCompleted, "bad_date", value, "This is a date as a spreadsheet counts days, in a cell that is not a date.",
			"Give the cells the format of a date in the spreadsheet, and save the file again.")
	case cell.OtherOrder:
		c.say(ColumnCompleted, "bad_date", value, fmt.Sprintf("The date is not in the order %s that was said.", c.roster.order), write)
	case cell.OtherWeekday:
		c.say(ColumnCompleted, "bad_date", value, "The date falls on another day of the week.", "Correct the date.")
	case cell.NoYear:
		c.say(ColumnCompleted, "bad_date", value, "The date has no year.", write)
	case cell.NoDateAtAll:
		c.say(ColumnCompleted, "bad_date", value, "This is no date.", write)
	default:
		c.say(ColumnCompleted, "bad_date", value, "This is no day of the calendar.", write)
	}
}

// pass checks the overall result, and what the course asks a learner to reach and to bring.
func (c *checker) pass(row sheet.Row, of *course.Course) {
	c.overall(row)
	c.mark(row, mark{ColumnAttendance, "low_attendance", of.Pass.Attendance, true})
	c.mark(row, mark{ColumnScore, "low_score", of.Pass.Score, true})
	if of.Pass.Skills {
		c.test(row, ColumnSkills, "skills_not_passed")
	}
	if of.Pass.Scenario {
		c.test(row, ColumnScenario, "scenario_not_passed")
	}
	for _, extra := range of.Pass.Extra {
		if extra.Passed {
			c.test(row, extra.Column, "test_not_passed")
		}
		c.mark(row, mark{extra.Column, "low_mark", extra.AtLeast, false})
	}
	c.experience(row, of.ExperienceMonths)
}

// experience checks the months of experience that the course asks for.
func (c *checker) experience(row sheet.Row, least int) {
	if least == 0 {
		return
	}
	value := c.required(row, ColumnExperienceMonths)
	if value == "" {
		return
	}
	got, percent, ok := cell.Number(value)
	switch {
	case !ok || percent:
		c.say(ColumnExperienceMonths, "bad_number", value, "This is no number of months.", "Write it such as 12.")
	case got < float64(least):
		c.say(ColumnExperienceMonths, "low_experience", value, fmt.Sprintf("The course asks for at least %s of experience.", plural(least, "month", "months")),
			"Correct the cell, or leave the row out.")
	}
}
