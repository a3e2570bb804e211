package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
)

// ErrAltered says that a row of the register does not agree with what was signed: a program, a disk or a person has changed it behind the
// register's back.
var ErrAltered = errors.New("the register's row of a card does not agree with what was signed; restore the register, and find out who changed it")

// TokenFinder hands out the token of a card as the register keeps it. It answers no text, and no error, for a card that has none yet.
type TokenFinder interface {
	FindToken(ctx context.Context, number card.Number) (string, error)
}

// farthest is how far the clocks of a place have ever been from UTC, and a little more: Manila and Alaska had 15 hours and some minutes.
const farthest = 16 * time.Hour

// agreeingDays is ErrAltered where the days that a card shows are not those of its times. They are held against every zone there is, and
// not the one of the configuration: a centre may have moved since, and a wrong zone there must make no genuine card doubtful. Days that
// a register does not tell are not judged.
func agreeingDays(rec card.Record, signed card.Card) error {
	for _, d := range []struct {
		column string
		day    card.Date
		at     time.Time
	}{{"issued_on", rec.IssuedOn, signed.IssuedAt}, {"expires_on", rec.ExpiresOn, signed.ExpiresAt.Add(-time.Second)}} {
		begins := time.Date(d.day.Year, d.day.Month, d.day.Day, 0, 0, 0, 0, time.UTC)
		if !d.day.IsZero() && (d.at.Before(begins.Add(-farthest)) || !d.at.Before(begins.Add(24*time.Hour+farthest))) {
			return fmt.Errorf("%w: column %s", ErrAltered, d.column)
		}
	}
	return nil
}

// vouched is the row of a card of which nothing but the row is known, with what its key has signed in place of the row's copy of that. The
// error is ErrAltered, or what the register said.
func (c *Checker) vouched(ctx context.Context, rec card.Record) (card.Record, error) {
	if c.Tokens == nil {
		return rec, agreeingDays(rec, rec.Card)
	}
	raw, err := c.Tokens.FindToken(ctx, rec.Number)
	if err != nil {
		return rec, fmt.Errorf("ask the register: %w", err)
	}
	if raw == "" && (rec.State == card.Planned || rec.State == card.Revoked) { // it was never signed, and is not in force
		return rec, agreeingDays(rec, rec.Card)
	}
	// Whoever changes a row can write the digest that belongs to it, but not the signature.
	opened, _, refused := c.open(raw)
	if refused != "" || opened.Digest != rec.Digest || opened.KeyID != rec.KeyID || opened.Card.Number != rec.Number {
		return rec, fmt.Errorf("%w: column token", ErrAltered)
	}
	rec.Card = opened.Card
	return rec, agreeingDays(rec, opened.Card)
}
