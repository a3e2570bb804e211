package issuer

import (
	"context"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

func ambiguous(row int) roster.Problem {
	return roster.Problem{Row: row, Code: "learner_ambiguous", Message: "Several learners of this name have to do with a card for this course and day.",
		Remedy: "Add the e-mail address with which each was issued, or the column learner_id, to tell them apart."}
}

// differs asks about a card of the same name, or nearly so, whose e-mail address is another. It does not show that address.
func differs(c roster.Completion, e card.Entry, nearly bool) roster.Problem {
	found := roster.Problem{Row: c.Row, Column: roster.ColumnEmail, Code: "learner_differs", Value: c.Email,
		Message: fmt.Sprintf("Card %s of this course and day is in this name, with another e-mail address.", e.Number)}
	mend := fmt.Sprintf("correct the address by `cardproof replace %s --email %s`, or in this row", e.Number, quoted(c.Email))
	switch {
	case nearly:
		found.Column, found.Code, found.Value = roster.ColumnName, "name_differs", c.Name
		found.Message = fmt.Sprintf("Card %s of this course and day is in nearly the same name, %q.", e.Number, e.Name)
		mend = fmt.Sprintf("correct the card by `cardproof replace %s --name %s`, or the row", e.Number, quoted(c.Name))
	case c.Email == "" || e.Learner.Email == "":
		found.Column, found.Value = roster.ColumnClass, c.Class
		found.Message = fmt.Sprintf("Card %s of this course and day is in this name, in class %s.", e.Number, e.Class)
		mend = "correct the class, or leave the row out"
	}
	switch e.State {
	case card.Planned:
		found.Message += " Nobody has it yet."
		mend = fmt.Sprintf("give it up with `cardproof revoke %s --reason TEXT`, or its batch with `cardproof discard %s`", e.Number, e.Batch)
	case card.Suspended:
		found.Message += " It is withdrawn for now."
	case card.Revoked:
		found.Message += " It was withdrawn for good."
		mend = fmt.Sprintf("leave the row out, or issue the card anew by `cardproof replace %s --anew --reason TEXT`", e.Number)
	}
	found.Remedy = fmt.Sprintf("If it is the same person, %s. If they are two people, give each a learner_id: this one in the row, the other by `cardproof replace %s --learner-id ID`.",
		mend, e.Number)
	return found
}

// sayApart tells of a card of the name of a row, or nearly so, where nothing but a learner ID or a class says that it is somebody else's.
// Where the card had another learner ID before, the row may have that one still, and a person has to say.
func (p *preparation) sayApart(ctx context.Context, c roster.Completion, e card.Entry, same bool) error {
	found := roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "similar_name", Value: c.Name, Severity: roster.Notice,
		Remedy: fmt.Sprintf("See it with `cardproof show %s`. If they are one person, leave the row out.", e.Number)}
	byID := c.LearnerID != "" && e.Learner.ID != "" && c.LearnerID != e.Learner.ID
	switch {
	case byID && same && (c.Email == "" || e.Learner.Email == "") && !inOtherClass(c.Class, e.Class):
		found.Message = fmt.Sprintf("Card %s of this course and day is in this name; by the learner IDs they are two people.", e.Number)
		changed, err := p.isIDChanged(ctx, e)
		if err != nil {
			return err
		}
		if changed {
			found.Column, found.Code, found.Value, found.Severity = roster.ColumnLearnerID, "learner_differs", c.LearnerID, roster.Error
			found.Message = fmt.Sprintf("Card %s of this course and day is in this name, and had another learner ID before.", e.Number)
			found.Remedy = "If it is the same person, correct the learner ID in the row. If they are two people, give each an e-mail address: this one in the row, the other by " +
				fmt.Sprintf("`cardproof replace %s --email ADDRESS`.", e.Number)
		}
	case !byID && !same && inOtherClass(c.Class, e.Class) && (c.Email == "" || c.Email != e.Learner.Email):
		found.Message = fmt.Sprintf("Card %s of this course and day is in nearly the same name, %q; by their classes they are two people.", e.Number, e.Name)
	default:
		return nil
	}
	p.say(found)
	return nil
}
