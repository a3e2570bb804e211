package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// ErrExpired says that a card is past its last valid day, so that a replacement would be of no use to anybody.
var ErrExpired = errors.New("the card has expired; only a new completion makes a new card")

// Correction is what a replacement changes. An empty field stays as it was.
type Correction struct {
	Name       string
	Instructor string
	Reason     string // required; it stands in both cards' history
}

// CorrectionError says why a correction can't be printed. It is about the columns name and instructor, as in a roster.
type CorrectionError struct{ Problem roster.Problem }

func (e *CorrectionError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Problem.Column, e.Problem.Value, e.Problem.Message)
}

// Replace issues a corrected card of the same completion and expiry, and supersedes the old one in the same moment. The Result
// has the new card. The same call again finishes what broke off, and delivers a replacement that is out already. The error is
// card.ErrNotFound, a *card.MoveError where the old card is not in force, ErrExpired, or a *CorrectionError.
func (i *Issuer) Replace(ctx context.Context, old card.Number, c Correction, d Delivery) (*Result, error) {
	l, err := i.replacement(ctx, old, c)
	if err != nil {
		return nil, err
	}
	return i.issue(ctx, &Plan{lines: []line{l}}, d, c.Reason)
}

func (i *Issuer) replacement(ctx context.Context, old card.Number, c Correction) (line, error) {
	e, ok, err := i.Register.FindEntry(ctx, old)
	if err != nil {
		return line{}, err
	}
	if !ok {
		return line{}, fmt.Errorf("%w: %s", card.ErrNotFound, old)
	}
	want, err := i.corrected(e, c)
	if err != nil {
		return line{}, err
	}
	begun, ok, err := i.Register.FindReplacement(ctx, old)
	switch same := saysTheSame(begun, want); {
	case err != nil:
		return line{}, err
	case ok && same:
		return line{entry: begun, before: begun.State}, nil
	case ok && begun.State != card.Planned:
		return line{}, &card.MoveError{Number: old, From: card.Superseded, To: card.Superseded}
	case e.State != card.Issued:
		return line{}, &card.MoveError{Number: old, From: e.State, To: card.Superseded}
	case !i.now().Before(e.ExpiresAt):
		return line{}, fmt.Errorf("%w: %s", ErrExpired, old)
	}
	return line{entry: want, givesUp: begun.Number}, nil
}

// corrected is the card that will take the place of e, checked before anything is recorded.
func (i *Issuer) corrected(e card.Entry, c Correction) (card.Entry, error) {
	if c.Name != "" {
		e.Name = c.Name
	}
	if c.Instructor != "" {
		e.Instructor = c.Instructor
	}
	name, instructor, problems := roster.CheckPrinted(e.Name, e.Instructor, e.InstructorID, i.rules())
	if len(problems) > 0 {
		return card.Entry{}, &CorrectionError{problems[0]}
	}
	e.Name, e.Instructor = name, instructor
	if _, err := i.symbols()(e.Card); err != nil {
		return card.Entry{}, &CorrectionError{tooDense(roster.Completion{Name: name})}
	}
	number, err := card.NewNumber(rand.Reader)
	e.Replaces, e.Number, e.ReplacedBy, e.Token, e.SHA256 = e.Number, number, "", "", ""
	return e, err
}
