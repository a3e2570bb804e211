package roster

import (
	"fmt"
	"io"

	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// guide is one column of an empty roster.
type guide struct {
	column  string
	needed  bool
	what    string   // to write in it, in a sentence
	example string   // such as the cell may be
	choices []string // the only values; nil where any will do
	width   float64
}

// guides are the columns that a course needs, those first without which a row is refused. There is no example row: one that is
// forgotten would be a card for nobody.
func guides(c *course.Course) []guide {
	words := []string{"pass", "fail"}
	needed := []guide{
		{ColumnName, true, "First and last name as they are to stand on the card.", "Jürgen Müller", nil, 30},
		{ColumnCourse, true, "The course's code.", c.Code, []string{c.Code}, 12},
		{ColumnCompleted, true, "The day on which the course was completed: year, month, day.", "2026-04-30", nil, 14},
	}
	if c.Pass.Attendance > 0 {
		needed = append(needed, guide{ColumnAttendance, true, fmt.Sprintf("Attendance in per cent, from 0 to 100; at least %s.", number(c.Pass.Attendance)), "100", nil, 12})
	}
	if c.Pass.Score > 0 {
		needed = append(needed, guide{ColumnScore, true, fmt.Sprintf("Result of the exam in per cent, from 0 to 100; at least %s.", number(c.Pass.Score)), "91.5", nil, 10})
	}
	if c.Pass.Skills {
		needed = append(needed, guide{ColumnSkills, true, "Whether the skills test was passed.", "pass", words, 10})
	}
	if c.Pass.Scenario {
		needed = append(needed, guide{ColumnScenario, true, "Whether the scenario test was passed.", "pass", words, 10})
	}
	for _, extra := range c.Pass.Extra {
		if extra.Passed {
			needed = append(needed, guide{extra.Column, true, "Whether this was passed.", "pass", words, 14})
		} else {
			needed = append(needed, guide{extra.Column, true, fmt.Sprintf("A number; at least %s.", number(extra.AtLeast)), number(extra.AtLeast), nil, 14})
		}
	}
	if c.ExperienceMonths > 0 {
		needed = append(needed, guide{ColumnExperienceMonths, true, fmt.Sprintf("Months of experience; at least %d.", c.ExperienceMonths), "12", nil, 20})
	}
	return append(needed, optionalGuides(c)...)
}

func optionalGuides(c *course.Course) []guide {
	var optional []guide
	if len(c.Prerequisites) > 0 {
		optional = append(optional, priorGuide(c))
	}
	class := "The name or number of the class."
	if c.ParticipantsPerInstructor > 0 {
		class += fmt.Sprintf(" An instructor may have %d learners in one.", c.ParticipantsPerInstructor)
	}
	return append(optional,
		guide{ColumnEmail, false, "The learner's e-mail address. It is private, tells namesakes apart, and finds an earlier card together with the name.", "jurgen.muller@example.org", nil, 30},
		guide{ColumnLearnerID, false, "Your own number of the learner; it tells namesakes apart.", "L0001", nil, 12},
		guide{ColumnLanguage, false, "The language in which the learner gets mails; empty for that of the centre.", "en", cell.LanguageCodes(), 12},
		guide{ColumnClass, false, class, c.Code + "-2026-04", nil, 18},
		guide{ColumnInstructor, false, "The instructor's name, which is printed on the card.", "Ruth Adeyemi", nil, 24},
		guide{ColumnInstructorID, false, "The instructor's number, which is printed on the card.", "I-2041", nil, 14})
}

// priorGuide is not needed in every row: the register finds the learner's earlier card by learner_id, or by e-mail and name.
func priorGuide(c *course.Course) guide {
	what, example := "The number of the learner's card of", "7K4M-9QXD-2HPR"
	for i, p := range c.Prerequisites {
		if i > 0 {
			what += " and"
		}
		what += " " + p.Course
		if p.External {
			example = "external: " + p.Course + " card of another centre, seen 2026-04-28"
		}
	}
	what += "; may be empty where learner_id, or e-mail and name, are those of that card."
	if example[0] == 'e' {
		what += " Evidence of another centre begins with external:."
	}
	return guide{ColumnPriorCard, false, what, example, nil, 24}
}

// WriteTemplateText writes an empty roster of a course as CSV: the heading alone, with a mark that makes Excel take the file for
// UTF-8.
func WriteTemplateText(w io.Writer, c *course.Course) error {
	var heading []string
	for _, g := range guides(c) {
		heading = append(heading, g.column)
	}
	return sheet.WriteText(w, &sheet.Table{Format: sheet.CSV, Delimiter: ',', Encoding: "utf-8", Marked: true}, [][]string{heading})
}

// The sheet beside the empty roster, by which it is known again when the workbook comes back.
const helpName = "How to fill in"

var helpHeading = []string{"Heading", "Needed", "What to write below it", "Such as"}

// WriteTemplateWorkbook writes an empty roster of a course as a workbook, with lists to choose from, and a second sheet that says
// how to fill it in.
func WriteTemplateWorkbook(w io.Writer, c *course.Course) error {
	list := sheet.WorkbookSheet{Name: "Roster", HeadingRows: 1, Rows: make([]sheet.Row, 1), Choices: map[int][]string{}, Notes: map[int]string{}}
	help := sheet.WorkbookSheet{Name: helpName, HeadingRows: 1, Widths: []float64{22, 10, 80, 34}, Rows: []sheet.Row{{Cells: helpHeading}}}
	for i, g := range guides(c) {
		list.Rows[0].Cells = append(list.Rows[0].Cells, g.column)
		list.Widths = append(list.Widths, g.width)
		list.Notes[i] = g.what
		if g.choices != nil {
			list.Choices[i] = g.choices
		}
		needed := "yes"
		if !g.needed {
			needed = "no"
		}
		help.Rows = append(help.Rows, sheet.Row{Cells: []string{g.column, needed, g.what, g.example}})
	}
	help.Rows = append(help.Rows,
		sheet.Row{Cells: []string{"", "", "One row for each learner below the heading of the sheet Roster. Columns of your own may be added; they are not read.", ""}},
		sheet.Row{Cells: []string{"", "", fmt.Sprintf("This file is for %s, %s.", c.Code, c.Title), ""}})
	return sheet.WriteWorkbook(w, list, help)
}
