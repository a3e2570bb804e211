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
	case m.Entry.State == card.Planned && m.NameDiffers && !newAlike(c.Name).isLike(newAlike(m.Entry.Name)):
		return problem(roster.ColumnName, "name_differs", c.Name, fmt.Sprintf("This learner ID has card %s of batch %s under another name, %q.", m.Entry.Number, m.Entry.Batch, m.Entry.Name),
			fmt.Sprintf("Correct the learner ID. If it is the same learner, give up that batch with `cardproof discard %s`.", m.Entry.Batch))
	case m.Entry.State == card.Planned && m.Entry.Held && !held:
		return problem("", "held", m.Entry.Number.String(), fmt.Sprintf("The card of this row waits in batch %s for its release.", m.Entry.Batch),
			fmt.Sprintf("Release it with `cardproof release %s`, or give it up with `cardproof discard %s`.", m.Entry.Batch, m.Entry.Batch))
	case m.Entry.State == card.Planned:
		return nil // it was never released; if it says something else of the same learner, it is given up
	case m.NameDiffers:
		return problem(roster.ColumnName, "name_differs", c.Name, fmt.Sprintf("This learner ID has card %s under another name.", m.Entry.Number),
			fmt.Sprintf("Correct that card by `cardproof replace %s --name \"…\"`, or correct the learner ID.", m.Entry.Number))
	case isNamesake(c, m):
		return problem("", "learner_ambiguous", "",
			fmt.Sprintf("Card %s was issued to somebody of this name, in class %s, for the same course and day.", m.Entry.Number, m.Entry.Class),
			"Add an e-mail address or learner_id to tell two people apart, or leave the row out.")
	}
	return alreadyIssued(c, *m.Entry)
}

// alreadyIssued is the notice of a row that has its card, with where that stands and what can be done about it.
func alreadyIssued(c roster.Completion, e card.Entry) *roster.Problem {
	notice := &roster.Problem{Row: c.Row, Code: "already_issued", Value: e.Number.String(), Severity: roster.Notice,
		Message: fmt.Sprintf("Card %s was issued for this completion on %s.", e.Number, e.IssuedOn.Words()), Remedy: "It is not issued again."}
	if e.Replaces != "" {
		notice.Message = fmt.Sprintf("Card %s was issued for this completion on %s, in the place of %s.", e.Number, e.IssuedOn.Words(), e.Replaces)
	}
	switch {
	case e.State == card.Suspended:
		notice.Message += " It is withdrawn for now."
		notice.Remedy += fmt.Sprintf(" `cardproof reinstate %s --reason TEXT` puts it in force again.", e.Number)
	case e.State == card.Revoked:
		notice.Message += " It was withdrawn for good."
		notice.Remedy += fmt.Sprintf(" If that was a mistake, `cardproof replace %s --anew --reason TEXT` makes another in its place.", e.Number)
	case e.Name != c.Name:
		notice.Message += fmt.Sprintf(" It is in the name %q.", e.Name)
		notice.Remedy += fmt.Sprintf(" To correct its name: `cardproof replace %s --name \"...\"`.", e.Number)
	}
	return notice
}

// isNamesake says whether only the name is the same, and the class is another: two people who share a name, more likely than
// one who finished a course twice in a day.
func isNamesake(c roster.Completion, m card.LearnerMatch) bool {
	known := c.Email != "" || c.LearnerID != "" && m.Entry.Learner.ID != ""
	return m.By == card.ByName && !known && foldClass(c.Class) != foldClass(m.Entry.Class)
}
