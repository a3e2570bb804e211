package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
)

// Prepare checks every row of a roster, fixes the numbers of the cards to come, and writes nothing. The rows that have a
// problem are no part of the plan. An error means that the check could not be made.
func (i *Issuer) Prepare(ctx context.Context, r *roster.Roster) (*Plan, error) {
	completions, problems := roster.Check(r, i.rules())
	learners := make([]card.LearnerKey, len(completions))
	for n, c := range completions {
		learners[n] = c.Learner()
	}
	matches, err := i.Register.FindLearners(ctx, learners)
	if err != nil {
		return nil, err
	}
	p := &Plan{roster: r.Name, problems: problems}
	symbolOf := i.symbols()
	for n, c := range completions {
		if found := met(c, matches[n]); found != nil {
			p.problems = append(p.problems, *found)
			if found.Severity == roster.Error {
				continue
			}
		}
		l, err := i.lineOf(c, matches[n].Entry)
		if err != nil {
			return nil, err
		}
		if l.isNew() {
			symbol, err := symbolOf(l.entry.Card)
			if err != nil {
				p.problems = append(p.problems, tooDense(c))
				continue
			}
			if symbol.Warn {
				p.dense++
			}
		}
		p.lines = append(p.lines, l)
	}
	roster.SortProblems(p.problems)
	p.refused = roster.CountRefused(p.problems)
	return p, nil
}

func (i *Issuer) rules() roster.Rules {
	return roster.Rules{
		Catalogue: i.Catalogue, Today: i.today(),
		Drawable:           func(name string) error { return inRosterWords(i.Drawer.CheckName(name)) },
		DrawableInstructor: func(name, id string) error { return inRosterWords(i.Drawer.CheckInstructor(name, id)) },
	}
}

// lineOf is a row's card: the one that the register holds, or a new one. An unfinished card is finished only as it stands in
// the roster today; nobody has it yet, so one that was corrected meanwhile is given up for a new one.
func (i *Issuer) lineOf(c roster.Completion, held *card.Entry) (line, error) {
	if held != nil && held.State != card.Planned {
		return line{row: c.Row, entry: *held, before: held.State}, nil
	}
	e, err := i.entryOf(c)
	l := line{row: c.Row, entry: e}
	switch {
	case held == nil:
	case saysTheSame(*held, e):
		l.entry, l.before = *held, held.State
	default:
		l.givesUp = held.Number
	}
	return l, err
}

// entryOf is the card of a completion that has none yet. Issue adds what is known only then: time, key, status, digest.
func (i *Issuer) entryOf(c roster.Completion) (card.Entry, error) {
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		return card.Entry{}, err
	}
	last := c.Course.Expires(c.Completed)
	return card.Entry{
		Record: card.Record{
			Card: card.Card{
				Issuer: i.URL, Number: number, ExpiresAt: last.End(i.Location).UTC(), Name: c.Name, Course: c.Course.Code,
			},
			Qualification: c.Course.Qualification(),
			Completed:     c.Completed,
			ExpiresOn:     last,
			Instructor:    c.Instructor,
			InstructorID:  c.InstructorID,
		},
		Learner: card.Learner{Email: c.Email, ID: c.LearnerID},
		Class:   c.Class,
	}, nil
}

// inRosterWords tells the roster's check of a text that does not fit in the words that it knows.
func inRosterWords(err error) error {
	if errors.Is(err, pdf.ErrTooLong) {
		return card.NameTooLong
	}
	return err
}

// saysTheSame compares what two cards of one learner tell, apart from what Issue gives them.
func saysTheSame(a, b card.Entry) bool {
	return a.Issuer == b.Issuer && a.Name == b.Name && a.Course == b.Course && a.ExpiresAt.Equal(b.ExpiresAt) && a.Completed == b.Completed &&
		a.ExpiresOn == b.ExpiresOn && a.Instructor == b.Instructor && a.InstructorID == b.InstructorID && a.Class == b.Class &&
		a.Learner == b.Learner && a.Qualification.Title == b.Qualification.Title && a.Qualification.Level == b.Qualification.Level &&
		slices.Equal(a.Qualification.Meets, b.Qualification.Meets)
}
