package issuer

import (
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// met judges what the register knows of a row's learner, and is nil where there is nothing to say. A row that a person has to
// look at is refused: a second card for one learner, or one card for two, is never issued on a guess.
func met(c roster.Completion, m card.LearnerMatch, held bool) *roster.Problem {
	problem := func(column, code, value, message, remedy string) *roster.Problem {
		return &roster.Problem{Row: c.Row, Column: column, Code: code, Value: value, Message: message, Remedy: remedy}
	}
	switch {
	case m.Entry == nil:
		return nil
	case m.OtherID:
		return problem(roster.ColumnLearnerID, "learner_differs", c.LearnerID,
			fmt.Sprintf("E-mail and name have card %s already, under another learner ID.", m.Entry.Number),
			"Correct the learner ID, or give the second person an e-mail address of their own.")
	case m.Ambiguous:
		return problem("", "learner_ambiguous", "", "Several learners of this name and e-mail have a card for this course and day.",
			"Add the column learner_id to tell them apart.")
	case m.Entry.State == card.Planned && m.Entry.Held && !held:
		return problem("", "held", m.Entry.Number.String(), fmt.Sprintf("The card of this row waits in batch %s for its release.", m.Entry.Batch),
			fmt.Sprintf("Release it with `cardproof release %s`, or give it up with `cardproof discard %s`.", m.Entry.Batch, m.Entry.Batch))
	case m.Entry.State == card.Planned:
		return nil // it was never released; if it says something else, it is given up
	case m.NameDiffers:
		return problem(roster.ColumnName, "name_differs", c.Name, fmt.Sprintf("This learner ID has card %s under another name.", m.Entry.Number),
			fmt.Sprintf("Correct that card by `cardproof replace %s --name \"…\"`, or correct the learner ID.", m.Entry.Number))
	case isNamesake(c, m):
		return problem("", "learner_ambiguous", "",
			fmt.Sprintf("Card %s was issued to somebody of this name, in class %s, for the same course and day.", m.Entry.Number, m.Entry.Class),
			"Add an e-mail address or learner_id to tell two people apart, or leave the row out.")
	}
	notice := problem("", "already_issued", m.Entry.Number.String(),
		fmt.Sprintf("Card %s was issued for this completion on %s.", m.Entry.Number, m.Entry.IssuedOn.Words()), "It is not issued again.")
	notice.Severity = roster.Notice
	return notice
}

// isNamesake says whether only the name is the same, and the class is another: two people who share a name, more likely than
// one who finished a course twice in a day.
func isNamesake(c roster.Completion, m card.LearnerMatch) bool {
	known := c.Email != "" || c.LearnerID != "" && m.Entry.Learner.ID != ""
	return m.By == card.ByName && !known && c.Class != m.Entry.Class
}
