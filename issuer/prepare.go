package issuer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
)

// Plan is a checked batch: the permit to issue it. Only Prepare makes one, and it works once.
type Plan struct {
	roster   string
	lines    []line // in the order of the roster
	problems []roster.Problem
	refused  int
	dense    int
	used     atomic.Bool
}

// line is one row of a roster and its card.
type line struct {
	row    int
	entry  card.Entry
	before card.State // its state when the plan was made; empty for a card that the register did not hold
}

func (l line) isNew() bool { return l.before == "" }

// New is how many cards the plan will record for the first time.
func (p *Plan) New() int { return p.count(line.isNew) }

// Unfinished is how many cards an earlier run recorded and did not finish.
func (p *Plan) Unfinished() int {
	return p.count(func(l line) bool { return l.before == card.Planned })
}

// AlreadyIssued is how many rows have their card already, in whatever state it is now.
func (p *Plan) AlreadyIssued() int { return len(p.lines) - p.New() - p.Unfinished() }

// Refused is how many rows have a problem that keeps them from being issued.
func (p *Plan) Refused() int { return p.refused }

// Dense is how many cards to come have a QR with modules below 0.38 mm: it is read, but with less of a reserve than it should have.
func (p *Plan) Dense() int { return p.dense }

// Problems is everything that was found, in the order of the rows.
func (p *Plan) Problems() []roster.Problem { return slices.Clone(p.problems) }

func (p *Plan) count(is func(line) bool) int {
	n := 0
	for _, l := range p.lines {
		if is(l) {
			n++
		}
	}
	return n
}

// Prepare checks every row of a roster, fixes the numbers of the cards to come, and writes nothing. The rows that have a
// problem are no part of the plan. An error means that the check could not be made.
func (i *Issuer) Prepare(ctx context.Context, r *roster.Roster) (*Plan, error) {
	completions, problems := roster.Check(r, roster.Rules{
		Catalogue: i.Catalogue, Today: i.today(), Drawable: i.drawableName, DrawableText: i.Drawer.CheckText,
	})
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
		found, ok := met(c, matches[n])
		p.problems = append(p.problems, found...)
		if !ok {
			continue
		}
		l, err := i.lineOf(c, matches[n].Entry)
		if err != nil {
			return nil, err
		}
		if l.isNew() {
			symbol, err := symbolOf(l.entry.Card)
			if err != nil {
				p.problems = append(p.problems, roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "too_long", Value: c.Name,
					Message: "With this name the QR would be too dense to be scanned from a card; shorten the name, or set a shorter issuer.verify_url."})
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

// met judges what the register knows of a row's learner. A row that a person has to look at is refused: a second card for
// one learner, or one card for two, is never issued on a guess.
func met(c roster.Completion, m card.LearnerMatch) ([]roster.Problem, bool) {
	problem := func(column, code, value, message string, s roster.Severity) []roster.Problem {
		return []roster.Problem{{Row: c.Row, Column: column, Code: code, Value: value, Message: message, Severity: s}}
	}
	switch {
	case m.Entry == nil:
		return nil, true
	case m.NameDiffers:
		return problem("name", "name_differs", c.Name, fmt.Sprintf("This learner ID has card %s under another name; "+
			"correct that card by `cardproof replace %s --name \"…\"`, or correct the learner ID.", m.Entry.Number, m.Entry.Number), roster.Error), false
	case m.OtherID:
		return problem("learner_id", "learner_differs", c.LearnerID, fmt.Sprintf("E-mail and name have card %s already, "+
			"under another learner ID; correct the learner ID, or give the second person an e-mail address of their own.", m.Entry.Number), roster.Error), false
	case m.Ambiguous:
		return problem("", "learner_ambiguous", "", "Several learners of this name and e-mail have a card for this course and day; "+
			"add the column learner_id to tell them apart.", roster.Error), false
	case m.Entry.State == card.Planned:
		return nil, true
	}
	return problem("", "already_issued", m.Entry.Number.String(),
		fmt.Sprintf("Card %s was issued for this completion on %s; it is not issued again.", m.Entry.Number, m.Entry.IssuedOn.Words()), roster.Notice), true
}

func (i *Issuer) lineOf(c roster.Completion, held *card.Entry) (line, error) {
	if held != nil {
		return line{row: c.Row, entry: *held, before: held.State}, nil
	}
	e, err := i.entryOf(c)
	return line{row: c.Row, entry: e}, err
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
		},
		Learner:      card.Learner{Email: c.Email, ID: c.LearnerID},
		Class:        c.Class,
		InstructorID: c.InstructorID,
	}, nil
}

// drawableName tells the roster's check a name that does not fit in the words that it knows.
func (i *Issuer) drawableName(name string) error {
	err := i.Drawer.CheckName(name)
	if errors.Is(err, pdf.ErrTooLong) {
		return card.NameTooLong
	}
	return err
}

// symbols says of cards to come which QR they will have. It depends on the length of the token alone, so each length is tried
// once.
func (i *Issuer) symbols() func(card.Card) (pdf.Symbol, error) {
	type answer struct {
		symbol pdf.Symbol
		err    error
	}
	tried := map[int]answer{}
	key, _ := i.Keys.Active(i.URL) // without a key every ID is as long
	return func(c card.Card) (pdf.Symbol, error) {
		c.IssuedAt = i.now()
		if i.StatusList {
			c.Status = card.StatusSlot{List: 9999, Index: card.MaxStatusIndex}.Ref(i.URL)
		}
		length := token.Length(c, token.EdDSA, cmp.Or(key.ID, "AAAAAAAAAAA"))
		a, ok := tried[length]
		if !ok {
			a.symbol, a.err = pdf.CheckURL(token.URL(i.VerifyURL, strings.Repeat("z", length)))
			tried[length] = a
		}
		return a.symbol, a.err
	}
}
