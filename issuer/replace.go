package issuer

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// Correction is what a replacement changes. An empty field stays as it was.
type Correction struct {
	Name       string
	Instructor string
	Reason     string // required; it stands in both cards' history
}

// Replace issues a corrected card of the same completion and dates, and supersedes the old one in the same moment. The Result
// has the new card. A replacement that broke off is finished by the same call. The error is card.ErrNotFound, a *card.MoveError
// where the old card is not in force, a card.NameProblem or the drawer's error for the new name.
func (i *Issuer) Replace(ctx context.Context, old card.Number, c Correction, d Delivery) (*Result, error) {
	l, err := i.replacement(ctx, old, c)
	if err != nil {
		return nil, err
	}
	return i.issue(ctx, &Plan{lines: []line{l}}, d, c.Reason)
}

func (i *Issuer) replacement(ctx context.Context, old card.Number, c Correction) (line, error) {
	begun, ok, err := i.Register.FindReplacement(ctx, old)
	switch {
	case err != nil:
		return line{}, err
	case ok && begun.State != card.Planned:
		return line{}, &card.MoveError{Number: old, From: card.Superseded, To: card.Superseded}
	case ok:
		return line{entry: begun, before: begun.State}, nil
	}
	e, ok, err := i.Register.FindEntry(ctx, old)
	if err != nil {
		return line{}, err
	}
	if !ok {
		return line{}, fmt.Errorf("%w: %s", card.ErrNotFound, old)
	}
	if e.State != card.Issued {
		return line{}, &card.MoveError{Number: old, From: e.State, To: card.Superseded}
	}
	if name := strings.Join(strings.Fields(norm.NFC.String(c.Name)), " "); name != "" {
		if err := i.checkName(name); err != nil {
			return line{}, err
		}
		e.Name = name
	}
	if instructor := strings.Join(strings.Fields(norm.NFC.String(c.Instructor)), " "); instructor != "" {
		e.Instructor = instructor
	}
	if e.Number, err = card.NewNumber(rand.Reader); err != nil {
		return line{}, err
	}
	e.Replaces, e.Token, e.SHA256 = old, "", ""
	return line{entry: e}, nil
}

func (i *Issuer) checkName(name string) error {
	if err := card.CheckName(name); err != nil {
		return err
	}
	return i.Drawer.CheckName(name)
}
