package issuer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// PrepareAnew plans to issue a batch anew that was revoked by mistake: every card of it that was withdrawn for good together with the
// batch, under another number. One that somebody had withdrawn by itself is left as it is, with a notice, as is one that has expired:
// there was a reason of its own. The error is card.ErrNoBatch, or what the register said.
func (i *Issuer) PrepareAnew(ctx context.Context, batch, reason string) (*Plan, error) {
	b, err := i.findBatch(ctx, batch)
	if err != nil {
		return nil, err
	}
	entries, err := i.Register.BatchEntries(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	p := &Plan{roster: b.Roster, reason: reason}
	seen := map[card.Number]bool{}
	for _, e := range entries {
		h, err := i.follow(ctx, e)
		if err != nil {
			return nil, err
		}
		last := h.Entry
		if last.State != card.Revoked || last.Token == "" || seen[last.Number] {
			continue
		}
		seen[last.Number] = true
		if err := i.planAnew(ctx, p, b.ID, last.Number, reason); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planAnew adds a revoked card to a plan, or says why not.
func (i *Issuer) planAnew(ctx context.Context, p *Plan, batch string, n card.Number, reason string) error {
	with, err := i.isRevokedWith(ctx, n, batch)
	if err != nil {
		return err
	}
	if !with {
		p.problems = append(p.problems, roster.Problem{Column: roster.ColumnNumber, Code: "already_revoked", Value: n.String(), Severity: roster.Notice,
			Message: fmt.Sprintf("Card %s was withdrawn by itself, and not with its batch; it stays as it is.", n),
			Remedy:  fmt.Sprintf("If that was a mistake too: `cardproof replace %s --anew --reason TEXT`.", n)})
		return nil
	}
	l, err := i.replacement(ctx, n, Correction{Reason: reason, Anew: true})
	if errors.Is(err, ErrExpired) {
		p.problems = append(p.problems, roster.Problem{Column: roster.ColumnNumber, Code: "already_expired", Value: n.String(), Severity: roster.Notice,
			Message: fmt.Sprintf("Card %s has expired; it stays as it is.", n), Remedy: "Only a new completion makes a new card."})
		return nil
	}
	var anew *AnewError
	if errors.As(err, &anew) {
		p.problems = append(p.problems, roster.Problem{Column: roster.ColumnNumber, Code: "not_anew", Value: n.String(), Severity: roster.Notice,
			Message: fmt.Sprintf("Card %s stays as it is: %s.", n, anew.Message), Remedy: anew.Remedy})
		return nil
	}
	if err != nil {
		return fmt.Errorf("card %s: %w", n, err)
	}
	p.lines = append(p.lines, l)
	return nil
}

// isRevokedWith says whether a card was withdrawn for good together with a batch.
func (i *Issuer) isRevokedWith(ctx context.Context, n card.Number, batch string) (with bool, err error) {
	events, err := i.Register.History(ctx, n)
	for _, e := range events {
		if e.Action == "revoked" {
			with = e.Detail == card.WithBatch(batch) || strings.HasPrefix(e.Detail, card.WithBatch(batch)+", ")
		}
	}
	return with, err
}
