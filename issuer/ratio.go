package issuer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// judgeClasses refuses the classes that have more learners for an instructor than their course allows. Those whom the register
// has of the same class count as well: a class that comes in two files is one class. A class of which every card was issued
// before is passed over, since nothing is issued for it.
func (i *Issuer) judgeClasses(ctx context.Context, checked *roster.Checked, issued map[int]bool) ([]roster.Problem, error) {
	if len(checked.Classes) == 0 {
		return nil, nil
	}
	rows := map[int]*roster.Completion{}
	for _, list := range [][]roster.Completion{checked.Completions, checked.Refused} {
		for n := range list {
			rows[list[n].Row] = &list[n]
		}
	}
	var problems []roster.Problem
	for _, c := range checked.Classes {
		fresh := slices.DeleteFunc(slices.Clone(c.Rows), func(row int) bool { return issued[row] })
		if len(fresh) == 0 {
			continue
		}
		instructors := map[string]bool{}
		for _, who := range c.Instructors {
			instructors[card.FoldName(who)] = true
		}
		others, err := i.others(ctx, c, rows)
		if err != nil {
			return nil, err
		}
		for _, e := range others {
			instructors[card.FoldName(cmp.Or(e.InstructorID, e.Instructor))] = true
		}
		delete(instructors, "")
		learners := len(c.Rows) + len(others)
		if most := c.Course.ParticipantsPerInstructor * max(1, len(instructors)); learners > most {
			problems = append(problems, exceeded(c, fresh, learners, len(others), max(1, len(instructors))))
		}
	}
	return problems, nil
}

// others are the learners of a class that the register has and the roster has not.
func (i *Issuer) others(ctx context.Context, c roster.Class, rows map[int]*roster.Completion) ([]card.Entry, error) {
	if c.Name == "" {
		return nil, nil
	}
	days := map[card.Date]bool{{}: true} // a class of the same name that completed on another day is another class
	var entries []card.Entry
	for _, row := range c.Rows {
		done := rows[row]
		if done == nil || days[done.Completed] {
			continue
		}
		days[done.Completed] = true
		found, err := i.Register.FindClass(ctx, c.Course.Code, done.Class, done.Completed)
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
	}
	return slices.DeleteFunc(entries, func(e card.Entry) bool {
		return e.State == card.Superseded || // its replacement counts
			slices.ContainsFunc(c.Rows, func(row int) bool { return rows[row] == nil || isOf(e, *rows[row]) })
	}), nil
}

// isOf says whether a card is that of a row's learner.
func isOf(e card.Entry, c roster.Completion) bool {
	if e.Learner.ID != "" && c.LearnerID != "" {
		return e.Learner.ID == c.LearnerID
	}
	return e.Learner.Email == c.Email && card.FoldName(e.Name) == card.FoldName(c.Name)
}

func exceeded(c roster.Class, fresh []int, learners, others, instructors int) roster.Problem {
	group := "this class"
	if c.Name != "" {
		group = "class " + c.Name
	}
	of := ""
	if others > 0 {
		of = fmt.Sprintf(" (%d of them issued before)", others)
	}
	return roster.Problem{Row: fresh[0], Rows: fresh[1:], Column: roster.ColumnClass, Code: "ratio_exceeded", Value: c.Name,
		Message: fmt.Sprintf("In %s %d learners%s have %s, where %s allows %d for each.", group, learners, of,
			count(instructors, "instructor", "instructors"), c.Course.Code, c.Course.ParticipantsPerInstructor),
		Remedy: "If a second instructor taught, name each learner's own in the column instructor; if these were two classes, give them two names in the column class."}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "one " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
