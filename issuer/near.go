package issuer

import (
	"context"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// nearDays is how close two completions of one course by one learner are that may be one, its day corrected: nobody renews a card
// within a month.
const nearDays = 31

// compareDays tells of learners who get a card of a course although they have one of nearly the same day.
func (p *preparation) compareDays(ctx context.Context) error {
	var rows []*roster.Completion
	var learners []card.LearnerKey
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		if p.matches[n].Entry == nil && !p.refused[c.Row] {
			rows, learners = append(rows, c), append(learners, c.Learner())
		}
	}
	found, err := p.Register.FindCards(ctx, learners)
	if err != nil {
		return err
	}
	for n, c := range rows {
		if e := nearest(*c, found[n]); e != nil {
			p.say(roster.Problem{Row: c.Row, Column: roster.ColumnCompleted, Code: "near_completion", Value: c.Completed.String(), Severity: roster.Notice,
				Message: fmt.Sprintf("Card %s of this learner and course was issued for %s.", e.Number, e.Completed.Words()),
				Remedy:  fmt.Sprintf("If the day was corrected, withdraw that one by `cardproof revoke %s --reason TEXT` once this one is issued.", e.Number)})
		}
	}
	return nil
}

// nearest is the card in force, or withdrawn for now, whose completion is the closest to that of a row; nil where none is near.
func nearest(c roster.Completion, cards []card.Entry) (best *card.Entry) {
	least := (nearDays + 1) * 24 * time.Hour
	for n := range cards {
		e := &cards[n]
		if e.Course != c.Course.Code || e.State != card.Issued && e.State != card.Suspended {
			continue
		}
		apart := c.Completed.Start(time.UTC).Sub(e.Completed.Start(time.UTC)).Abs()
		if apart > 0 && apart < least {
			best, least = e, apart
		}
	}
	return best
}
