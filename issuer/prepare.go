package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
)

// Prepare checks every row of a roster, fixes the numbers of the cards to come, and writes nothing. The rows that have a
// problem are no part of the plan. An error means that the check could not be made.
func (i *Issuer) Prepare(ctx context.Context, r *roster.Roster) (*Plan, error) {
	return i.prepare(ctx, r, false)
}

// PrepareHeld is Prepare for a batch whose cards are made and proved, and wait for their release.
func (i *Issuer) PrepareHeld(ctx context.Context, r *roster.Roster) (*Plan, error) {
	return i.prepare(ctx, r, true)
}

func (i *Issuer) prepare(ctx context.Context, r *roster.Roster, held bool) (*Plan, error) {
	checked := roster.Check(r, i.rules())
	p := &preparation{Issuer: i, Plan: &Plan{roster: r.Name, held: held, problems: checked.Problems}, checked: checked,
		refused: map[int]bool{}, issued: map[int]bool{}, own: map[card.Number]bool{}}
	for _, step := range []func(context.Context) error{p.meet, p.compareNames, p.compareAddresses, p.compareDays, p.judge, p.take, p.plan} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	roster.SortProblems(p.problems)
	p.Plan.refused = roster.CountRefused(p.problems)
	return p.Plan, nil
}

// preparation is a plan in the making.
type preparation struct {
	*Issuer
	*Plan
	checked  *roster.Checked
	matches  []card.LearnerMatch  // of the completions
	evidence map[int]string       // by row
	refused  map[int]bool         // rows without a problem of their own that the register or their class speaks against
	issued   map[int]bool         // rows that have their card already
	own      map[card.Number]bool // the cards that the rows have already
	gone     *withdrawn
}

// meet asks the register whether the learners have their cards already.
func (p *preparation) meet(ctx context.Context) error {
	learners := make([]card.LearnerKey, len(p.checked.Completions))
	for n, c := range p.checked.Completions {
		learners[n] = c.Learner()
	}
	var err error
	if p.matches, err = p.Register.FindLearners(ctx, learners); err != nil {
		return err
	}
	gone, err := p.Register.FindWithdrawn(ctx)
	if err != nil {
		return err
	}
	p.gone = newWithdrawn(gone)
	for n, c := range p.checked.Completions {
		if p.matches[n].Entry == nil {
			if e := p.gone.find(learners[n], c.Class); e != nil {
				p.matches[n].Entry = e
				p.own[e.Number], p.issued[c.Row] = true, true
				if err := p.sayWithdrawn(ctx, c, *e); err != nil {
					return err
				}
				continue
			}
			if e := p.gone.near(learners[n]); e != nil {
				if err := p.askWithdrawn(ctx, c, *e); err != nil {
					return err
				}
				continue
			}
		}
		if found := met(c, p.matches[n], p.held); found != nil {
			p.say(*found)
		}
		if e := p.matches[n].Entry; e != nil {
			p.own[e.Number] = true
			p.issued[c.Row] = e.State != card.Planned
		}
	}
	return p.meetRefused(ctx)
}

// meetRefused tells of rows with a problem of their own whose learners have their card all the same.
func (p *preparation) meetRefused(ctx context.Context) error {
	var rows []roster.Completion
	var learners []card.LearnerKey
	for _, c := range p.checked.Refused {
		if c.Name != "" && !c.Completed.IsZero() && (c.Email != "" || c.LearnerID != "") {
			rows, learners = append(rows, c), append(learners, c.Learner())
		}
	}
	matches, err := p.Register.FindLearners(ctx, learners)
	if err != nil {
		return err
	}
	for n, m := range matches {
		if m.Entry == nil || m.Entry.State == card.Planned || m.Ambiguous || m.OtherID || m.NameDiffers {
			continue
		}
		notice := alreadyIssued(rows[n], *m.Entry)
		notice.Remedy = fmt.Sprintf("The card stays as it is. If the row is right, withdraw it by `cardproof revoke %s --reason TEXT`.", m.Entry.Number)
		if m.Entry.State == card.Revoked {
			notice.Remedy = "The card stays as it is."
		}
		p.say(*notice)
	}
	return nil
}

// judge holds the rows against what the register and their class say. A card that is out is not judged again.
func (p *preparation) judge(ctx context.Context) error {
	rows := slices.Clone(p.checked.Refused)
	for _, c := range p.checked.Completions {
		if !p.issued[c.Row] && len(c.Course.Prerequisites) > 0 {
			rows = append(rows, c)
		}
	}
	evidence, problems, err := p.judgePrerequisites(ctx, rows)
	if err != nil {
		return err
	}
	p.evidence = evidence
	classes, err := p.judgeClasses(ctx, p.checked, p.issued, p.own)
	if err != nil {
		return err
	}
	for _, found := range append(problems, classes...) {
		p.say(found)
	}
	return nil
}

func (p *preparation) say(found roster.Problem) {
	p.problems = append(p.problems, found)
	if found.Severity != roster.Error {
		return
	}
	p.refused[found.Row] = true
	for _, row := range found.Rows {
		p.refused[row] = true
	}
}

// plan makes a line of every row that nothing speaks against.
func (p *preparation) plan(context.Context) error {
	symbolOf := p.symbols()
	catalogue := p.frozen()
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		if p.refused[c.Row] {
			continue
		}
		l, err := p.lineOf(c, p.matches[n].Entry, catalogue)
		if err != nil {
			return err
		}
		if l.isNew() {
			symbol, err := symbolOf(card.Card{Issuer: p.URL, Number: l.number, Name: c.Name, Course: c.Course.Code,
				ExpiresAt: c.Course.Expires(c.Completed).End(p.Location).UTC()})
			if err != nil {
				p.say(tooDense(*c))
				continue
			}
			if symbol.Warn {
				p.dense++
			}
		}
		p.lines = append(p.lines, l)
	}
	return nil
}

func (i *Issuer) rules() roster.Rules {
	const remembered = 20_000 // an instructor teaches many
	seen := map[[2]string]error{}
	return roster.Rules{
		Catalogue: i.Catalogue, Today: i.today(),
		Drawable: func(name string) error { return inRosterWords(i.Drawer.CheckName(name)) },
		DrawableInstructor: func(name, id string) error {
			err, ok := seen[[2]string{name, id}]
			if !ok {
				err = inRosterWords(i.Drawer.CheckInstructor(name, id))
			}
			if len(seen) < remembered {
				seen[[2]string{name, id}] = err
			}
			return err
		},
	}
}

// lineOf is a row's card: the one that the register holds, or a new one. An unfinished card is finished only as it stands in
// the roster today, and only in a batch of the same kind; nobody has it yet, so that any other is given up for a new one.
func (p *preparation) lineOf(c *roster.Completion, held *card.Entry, catalogue *frozen) (line, error) {
	if held != nil && held.State != card.Planned {
		return line{row: c.Row, entry: held, before: held.State}, nil
	}
	number, err := card.NewNumber(rand.Reader)
	l := line{row: c.Row, completion: c, number: number, evidence: p.evidence[c.Row]}
	if err != nil || held == nil {
		return l, err
	}
	e, err := p.entryOf(l, catalogue)
	if err != nil {
		return l, err
	}
	if held.Held == p.held && saysTheSame(*held, e) {
		return line{row: c.Row, entry: held, before: held.State}, nil
	}
	l.givesUp = held.Number
	return l, nil
}

// frozen gives the catalogue's entries as the register keeps them, each made once.
type frozen struct{ entries map[string]string }

func (i *Issuer) frozen() *frozen { return &frozen{map[string]string{}} }

func (f *frozen) of(c *course.Course) (string, error) {
	if text, ok := f.entries[c.Code]; ok {
		return text, nil
	}
	text, err := c.Entry()
	f.entries[c.Code] = text
	return text, err
}

// entryOf is the card of a completion that has none yet. Issue adds what is known only then: time, key, status, digest.
func (i *Issuer) entryOf(l line, catalogue *frozen) (card.Entry, error) {
	c := l.completion
	entry, err := catalogue.of(c.Course)
	if err != nil {
		return card.Entry{}, fmt.Errorf("course %s: %w", c.Course.Code, err)
	}
	last := c.Course.Expires(c.Completed)
	return card.Entry{
		Record: card.Record{
			Card: card.Card{
				Issuer: i.URL, Number: l.number, ExpiresAt: last.End(i.Location).UTC(), Name: c.Name, Course: c.Course.Code,
			},
			Qualification: c.Course.Qualification(),
			Completed:     c.Completed,
			ExpiresOn:     last,
			Instructor:    c.Instructor,
			InstructorID:  c.InstructorID,
		},
		Learner:   card.Learner{Email: c.Email, ID: c.LearnerID, Language: c.Language},
		Class:     c.Class,
		Evidence:  l.evidence,
		Catalogue: entry,
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
		a.Learner == b.Learner && a.Evidence == b.Evidence && a.Catalogue == b.Catalogue &&
		a.Qualification.Title == b.Qualification.Title && a.Qualification.Level == b.Qualification.Level &&
		a.Qualification.Trained == b.Qualification.Trained && slices.Equal(a.Qualification.Meets, b.Qualification.Meets)
}
