package issuer

import (
	"context"
	"errors"
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
	case m.Entry.State == card.Planned && m.NameDiffers && !newAlike(c.Name).isLike(newAlike(m.Entry.Name)):
		return problem(roster.ColumnName, "name_differs", c.Name, fmt.Sprintf("This learner ID has card %s of batch %s under another name, %q.", m.Entry.Number, m.Entry.Batch, m.Entry.Name),
			fmt.Sprintf("Correct the learner ID. If it is the same learner, give up that batch with `cardproof discard %s`.", m.Entry.Batch))
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
	notice := alreadyIssued(c, *m.Entry)
	if isAmended(c, m) {
		notice.Remedy += " The register takes its e-mail address from the row."
	}
	return notice
}

// isAmended says whether the register takes a learner's e-mail address from the row: where it has none, or where the learner ID
// says whose it is. Otherwise an address that differs is asked about.
func isAmended(c roster.Completion, m card.LearnerMatch) bool {
	e := m.Entry
	if e == nil || c.Email == "" || c.Email == e.Learner.Email || e.State != card.Issued && e.State != card.Suspended {
		return false
	}
	return e.Learner.Email == "" || m.By == card.ByID
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

// withdrawn finds the cards that somebody took out of a batch by themselves before they were out. A run that made them again would
// undo that without a word.
type withdrawn struct {
	ids, names map[card.LearnerKey]*card.Entry
	addresses  map[address][]*card.Entry
}

func newWithdrawn(entries []card.Entry) *withdrawn {
	w := &withdrawn{map[card.LearnerKey]*card.Entry{}, map[card.LearnerKey]*card.Entry{}, map[address][]*card.Entry{}}
	for n := range entries {
		e := &entries[n]
		if e.Learner.ID != "" {
			w.ids[card.LearnerKey{ID: e.Learner.ID, Course: e.Course, Completed: e.Completed}] = e
		}
		w.names[card.LearnerKey{Email: e.Learner.Email, Name: card.FoldName(e.Name), Course: e.Course, Completed: e.Completed}] = e
		if e.Learner.Email != "" {
			k := address{e.Learner.Email, e.Course, e.Completed}
			w.addresses[k] = append(w.addresses[k], e)
		}
	}
	return w
}

// find answers by the rule of card.LearnerMatch.
func (w *withdrawn) find(k card.LearnerKey) *card.Entry {
	if e := w.ids[card.LearnerKey{ID: k.ID, Course: k.Course, Completed: k.Completed}]; e != nil {
		return e
	}
	e := w.names[card.LearnerKey{Email: k.Email, Name: card.FoldName(k.Name), Course: k.Course, Completed: k.Completed}]
	if e != nil && k.ID != "" && e.Learner.ID != "" {
		return nil
	}
	return e
}

// near finds a card of the same e-mail and nearly the same name: the row may be its learner under a corrected name.
func (w *withdrawn) near(k card.LearnerKey) *card.Entry {
	name := newAlike(k.Name)
	for _, e := range w.addresses[address{k.Email, k.Course, k.Completed}] {
		if (k.ID == "" || e.Learner.ID == "" || k.ID == e.Learner.ID) && name.isLike(newAlike(e.Name)) {
			return e
		}
	}
	return nil
}

// sayWithdrawn tells of a card that was taken out of its batch, and names the way to another only where that is open.
func (p *preparation) sayWithdrawn(ctx context.Context, c roster.Completion, e card.Entry, near bool) error {
	err := p.checkAnew(ctx, e, e, "")
	var not *AnewError
	if err != nil && !errors.As(err, &not) {
		return err
	}
	command := fmt.Sprintf("`cardproof replace %s --anew --reason TEXT`", e.Number)
	found := roster.Problem{Row: c.Row, Code: "already_revoked", Value: e.Number.String(), Severity: roster.Notice,
		Message: fmt.Sprintf("Card %s of this row was withdrawn for good before batch %s was out.", e.Number, e.Batch), Remedy: "It is not made again."}
	if near {
		command = fmt.Sprintf("`cardproof replace %s --anew --name %s --reason TEXT`", e.Number, quoted(c.Name))
		found = roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "name_differs", Value: c.Name,
			Message: fmt.Sprintf("Card %s of this course and day, with the same e-mail address and nearly the same name, %q, was withdrawn for good before batch %s was out.", e.Number, e.Name, e.Batch),
			Remedy:  "Leave the row out. If they are two people, tell them apart by learner_id or by an e-mail address of their own."}
	}
	switch {
	case not == nil:
		found.Remedy += fmt.Sprintf(" If it should be, %s makes another in its place.", command)
	default:
		found.Remedy += fmt.Sprintf(" No other can take its place now: %s. %s", not.Message, not.Remedy)
	}
	p.say(found)
	return nil
}

// isNamesake says whether only the name is the same, and the class is another: two people who share a name, more likely than
// one who finished a course twice in a day.
func isNamesake(c roster.Completion, m card.LearnerMatch) bool {
	known := c.Email != "" || c.LearnerID != "" && m.Entry.Learner.ID != ""
	return m.By == card.ByName && !known && c.Class != m.Entry.Class
}
