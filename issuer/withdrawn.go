package issuer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// withdrawn finds the cards that somebody took out of a batch by themselves before they were out. A run that made them again would
// undo that without a word.
type withdrawn struct {
	ids, names map[card.LearnerKey]*card.Entry
	addresses  map[address][]*card.Entry
	days       map[dayKey][]card.Entry
}

func newWithdrawn(entries []card.Entry) *withdrawn {
	w := &withdrawn{map[card.LearnerKey]*card.Entry{}, map[card.LearnerKey]*card.Entry{}, map[address][]*card.Entry{}, map[dayKey][]card.Entry{}}
	for n := range entries {
		e := &entries[n]
		day := dayKey{e.Course, e.Completed}
		w.days[day] = append(w.days[day], *e)
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

// find answers by the rule of card.LearnerMatch. A name alone, in another class, is asked about.
func (w *withdrawn) find(k card.LearnerKey, class string) *card.Entry {
	if e := w.ids[card.LearnerKey{ID: k.ID, Course: k.Course, Completed: k.Completed}]; e != nil {
		return e
	}
	e := w.names[card.LearnerKey{Email: k.Email, Name: card.FoldName(k.Name), Course: k.Course, Completed: k.Completed}]
	if e != nil && (k.ID != "" && e.Learner.ID != "" || k.Email == "" && inOtherClass(class, e.Class)) {
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

// isWithdrawn says whether a card was withdrawn before it was out, so that nobody has ever had it.
func isWithdrawn(e card.Entry) bool { return e.State == card.Revoked && e.Token == "" }

// sayWithdrawn tells of the card of a row that was taken out of its batch.
func (p *preparation) sayWithdrawn(ctx context.Context, c roster.Completion, e card.Entry) error {
	return p.sayTakenOut(ctx, e, fmt.Sprintf("`cardproof replace %s --anew --reason TEXT`", e.Number), roster.Problem{
		Row: c.Row, Code: "already_revoked", Value: e.Number.String(), Severity: roster.Notice,
		Message: fmt.Sprintf("Card %s of this row was withdrawn for good before batch %s was out.", e.Number, e.Batch), Remedy: "It is not made again."})
}

// askWithdrawn refuses a row that may be the learner of a card that was taken out of its batch. It does not show that one's address.
func (p *preparation) askWithdrawn(ctx context.Context, c roster.Completion, e card.Entry) error {
	const apart = "Leave the row out. If they are two people, tell them apart by learner_id or by an e-mail address of their own."
	found := roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "name_differs", Value: c.Name, Remedy: apart}
	flags := " --name " + quoted(c.Name)
	switch same, sameEmail := card.FoldName(c.Name) == card.FoldName(e.Name), c.Email != "" && c.Email == e.Learner.Email; {
	case sameEmail:
		found.Message = fmt.Sprintf("Card %s of this course and day, with the same e-mail address and nearly the same name, %q,", e.Number, e.Name)
	case !same:
		found.Message = fmt.Sprintf("Card %s of this course and day, in nearly the same name, %q,", e.Number, e.Name)
	case c.Email == "" || e.Learner.Email == "":
		found.Column, found.Code, found.Value, flags = roster.ColumnClass, "learner_differs", c.Class, ""
		found.Message = fmt.Sprintf("Card %s of this course and day, in this name and in class %s,", e.Number, e.Class)
	default:
		found.Column, found.Code, found.Value = roster.ColumnEmail, "learner_differs", c.Email
		found.Message = fmt.Sprintf("Card %s of this course and day, in this name and with another e-mail address,", e.Number)
		flags = " --email " + quoted(c.Email)
	}
	if found.Code == "learner_differs" {
		found.Remedy = "Leave the row out. If they are two people, give each a learner_id: this one in the row, the other by `cardproof replace " + e.Number.String() + " --learner-id ID`."
	}
	found.Message += fmt.Sprintf(" was withdrawn for good before batch %s was out.", e.Batch)
	return p.sayTakenOut(ctx, e, fmt.Sprintf("`cardproof replace %s --anew%s --reason TEXT`", e.Number, flags), found)
}

// sayTakenOut says what was found of a card that was taken out of its batch, and names the way to another only where that is open.
func (p *preparation) sayTakenOut(ctx context.Context, e card.Entry, command string, found roster.Problem) error {
	err := p.checkAnew(ctx, e, e, "")
	var not *AnewError
	if err != nil && !errors.As(err, &not) {
		return err
	}
	if not == nil {
		found.Remedy += fmt.Sprintf(" If it should be, %s makes another in its place.", command)
	} else {
		found.Remedy += strings.TrimSuffix(fmt.Sprintf(" No other can take its place now: %s. %s", strings.TrimSuffix(not.Message, "."), not.Remedy), " ")
	}
	p.say(found)
	return nil
}
