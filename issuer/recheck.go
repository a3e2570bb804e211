package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/prerequisite"
	"github.com/cardproof/cardproof/issuer/roster"
)

// StaleError says what no longer holds of a batch that was held. Nothing of it was released. The value of each problem is the
// number of a card, or the name of a class.
type StaleError struct {
	Batch    string
	Problems []roster.Problem
}

func (e *StaleError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "batch %s can't be released any more:", e.Batch)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n  %s", p.Text())
	}
	return b.String()
}

// recheck judges a held batch again in the moment of its release: since it was made, an earlier card may have been withdrawn, or
// other learners of a class been issued. The courses are as they were then. The error is a *StaleError.
func (i *Issuer) recheck(ctx context.Context, batch string) error {
	entries, err := i.Register.BatchEntries(ctx, batch)
	if err != nil {
		return err
	}
	stale := &StaleError{Batch: batch}
	classes := map[classOf]*course.Course{}
	var order []classOf
	courses := map[string]*course.Course{}
	for _, e := range entries {
		if e.State != card.Planned {
			continue
		}
		c, err := courseOf(e, courses)
		if err != nil {
			return err
		}
		found, err := i.recheckCard(ctx, batch, e)
		if err != nil {
			return err
		}
		stale.Problems = append(stale.Problems, found...)
		k := classOf{dayKey{e.Course, e.Completed}, card.FoldName(e.Class)}
		if c.ParticipantsPerInstructor > 0 && classes[k] == nil {
			classes[k], order = c, append(order, k)
		}
	}
	known := &days{i, map[dayKey][]card.Entry{}}
	for _, k := range order {
		found, err := recheckClass(ctx, batch, k, classes[k], known, entries)
		if err != nil {
			return err
		}
		if found != nil {
			stale.Problems = append(stale.Problems, *found)
		}
	}
	if len(stale.Problems) > 0 {
		return stale
	}
	return nil
}

// classOf is a class by its folded name, which may be empty.
type classOf struct {
	dayKey
	name string
}

// courseOf is the course of a card as it was frozen with it; one without asks for nothing.
func courseOf(e card.Entry, read map[string]*course.Course) (*course.Course, error) {
	if c := read[e.Catalogue]; c != nil {
		return c, nil
	}
	c := &course.Course{Code: e.Course}
	if e.Catalogue != "" {
		if err := json.Unmarshal([]byte(e.Catalogue), c); err != nil {
			return nil, fmt.Errorf("card %s: read its course: %w", e.Number, err)
		}
	}
	read[e.Catalogue] = c
	return c, nil
}

// recheckCard looks at the cards again that met the prerequisites of one.
func (i *Issuer) recheckCard(ctx context.Context, batch string, e card.Entry) ([]roster.Problem, error) {
	who := prerequisite.Learner{Name: e.Name, ID: e.Learner.ID, Email: e.Learner.Email, Completed: e.Completed}
	var problems []roster.Problem
	for _, met := range card.MetByCards(e.Evidence) {
		prior, ok, err := i.Register.FindEntry(ctx, met.Card)
		if err == nil && !ok {
			err = fmt.Errorf("%w: %s", card.ErrNotFound, met.Card)
		}
		if err != nil {
			return nil, err
		}
		h, err := i.follow(ctx, prior)
		if err != nil {
			return nil, err
		}
		if refusal := prerequisite.WhyNot(h, met.Requirement, who); refusal != nil {
			problems = append(problems, roster.Problem{Column: roster.ColumnPriorCard, Code: refusal.Code, Value: e.Number.String(),
				Message: fmt.Sprintf("%s: %s", e.Name, refusal.Message),
				Remedy:  fmt.Sprintf("Put that right, or take this card out with `cardproof revoke %s --reason TEXT`, or give up the batch with `cardproof discard %s`.", e.Number, batch)})
		}
	}
	return problems, nil
}

// recheckClass counts the learners of a class of a batch again, with those of all other batches.
func recheckClass(ctx context.Context, batch string, k classOf, c *course.Course, known *days, entries []card.Entry) (*roster.Problem, error) {
	taught, name := newTeachers(), ""
	for _, e := range entries {
		if e.State == card.Planned && k == (classOf{dayKey{e.Course, e.Completed}, card.FoldName(e.Class)}) {
			taught.add(e.InstructorID, e.Instructor)
			name = e.Class
		}
	}
	all, err := known.cards(ctx, k.dayKey)
	if err != nil {
		return nil, err
	}
	var learners []card.Entry
	for _, e := range all {
		if inClass(e, name, taught) {
			learners = append(learners, e)
		}
	}
	learners = counted(learners)
	for _, e := range learners {
		taught.add(e.InstructorID, e.Instructor)
	}
	if len(learners) <= c.ParticipantsPerInstructor*taught.count() {
		return nil, nil
	}
	group := "class " + name
	if name == "" {
		group = "the class of " + k.completed.Words()
	}
	return &roster.Problem{Column: roster.ColumnClass, Code: "ratio_exceeded", Value: name,
		Message: tooMany(group, count(len(learners), "learner", "learners"), c, taught.count()),
		Remedy:  fmt.Sprintf("Discard it with `cardproof discard %s`, and issue it anew with the instructors and classes put right.", batch)}, nil
}
