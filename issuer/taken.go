package issuer

import (
	"context"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// asInRoster begins the reason of an amendment that a roster made and no person.
const asInRoster = "as in the roster "

// take notes what the register takes from the rows that have their card: an e-mail address where it has none, or where the learner ID
// says whose it is; and a learner ID where it has none, so that the next of that name is not taken for this one.
func (p *preparation) take(ctx context.Context) error {
	for n := range p.checked.Completions {
		c, m := &p.checked.Completions[n], p.matches[n]
		e := m.Entry
		if e == nil || p.refused[c.Row] || e.State != card.Issued && e.State != card.Suspended {
			continue
		}
		a := card.Amendment{Number: e.Number}
		said := ""
		if c.Email != "" && c.Email != e.Learner.Email && (e.Learner.Email == "" || m.By == card.ByID) {
			kept, err := p.isCorrectedByHand(ctx, *e)
			switch {
			case err != nil:
				return err
			case kept:
				said = " The row has another e-mail address. The register keeps its own, which a person corrected."
			default:
				a.Email, said = c.Email, " The register takes its e-mail address from the row."
			}
		}
		if c.LearnerID != "" && e.Learner.ID == "" {
			a.LearnerID = c.LearnerID
			said += " The register takes its learner_id from the row."
		}
		if a.Email != "" || a.LearnerID != "" {
			p.amended = append(p.amended, a)
		}
		p.addTo(c.Row, said)
	}
	return nil
}

// addTo ends the notice of a row that has its card.
func (p *preparation) addTo(row int, said string) {
	for n := range p.problems {
		if one := &p.problems[n]; one.Row == row && one.Code == "already_issued" && said != "" {
			one.Remedy += said
			return
		}
	}
}

// isCorrectedByHand says whether it was a person who gave a card the e-mail address that it has: a roster that is older does not undo that.
// Without an amendment the address is that of the card before it, or was corrected together with that one.
func (p *preparation) isCorrectedByHand(ctx context.Context, e card.Entry) (bool, error) {
	for {
		events, err := p.Register.History(ctx, e.Number)
		if err != nil {
			return false, err
		}
		for n := len(events) - 1; n >= 0; n-- {
			if events[n].Action == "amended" && strings.Contains(events[n].Detail, "e-mail") {
				return !strings.HasPrefix(events[n].Reason, asInRoster), nil
			}
		}
		if e.Replaces == "" {
			return false, nil
		}
		before, _, err := p.Register.FindEntry(ctx, e.Replaces)
		if err != nil {
			return false, err
		}
		if before.Learner.Email != e.Learner.Email {
			return e.Learner.Email != "", nil
		}
		e = before
	}
}

// isIDChanged says whether the learner ID of a card was another one once. The history does not say which.
func (p *preparation) isIDChanged(ctx context.Context, e card.Entry) (bool, error) {
	for {
		events, err := p.Register.History(ctx, e.Number)
		if err != nil {
			return false, err
		}
		for _, one := range events {
			if one.Action == "amended" && strings.Contains(one.Detail, "learner_id changed") {
				return true, nil
			}
		}
		if e.Replaces == "" {
			return false, nil
		}
		if e, _, err = p.Register.FindEntry(ctx, e.Replaces); err != nil {
			return false, err
		}
	}
}
