package issuer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// ErrUnproved says that a finished file does not say what the register does. The batch stops, and the file is not released.
var ErrUnproved = errors.New("the finished card failed its proof")

// prove reads a card back out of the bytes of its finished file, as a stranger would, and lets the verifier judge it: the seal has to
// cover the whole file, the QR has to hold the one URL, the token has to open with the published key set, and the verdict on the day of issue has to be
// valid, about just this card.
func (i *Issuer) prove(ctx context.Context, e card.Entry, url string, file []byte) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: card %s: %s", ErrUnproved, e.Number, fmt.Sprintf(format, args...))
	}
	sealed, err := verifyseal.Check(file, i.Sealer.Trust(), i.now())
	if err != nil {
		return fail("check the seal: %v", err)
	}
	if sealed.At.Before(e.IssuedAt.Add(-time.Minute)) {
		return fail("the seal is of %s, and the card of %s", sealed.At.Format(time.RFC3339), e.IssuedAt.Format(time.RFC3339))
	}
	texts, err := scan.PDF(file)
	if err != nil {
		return fail("read the QR: %v", err)
	}
	if len(texts) != 1 || texts[0] != url {
		return fail("the QR holds something else than the card's URL")
	}
	raw := verify.ReadInput(texts[0]).Token
	if err := i.sameClaims(raw, e.Card); err != nil {
		return fail("%v", err)
	}
	checker := verify.Checker{
		Keys: i.Keys, Register: released(e), Location: i.Location,
		Now: func() time.Time { return e.IssuedAt },
	}
	v, err := checker.CheckToken(ctx, raw)
	if err != nil {
		return fail("%v", err)
	}
	if !v.IsValid() {
		return fail("the verdict on it is %s", v.Code)
	}
	return nil
}

// sameClaims compares what the token says with what the register does, field by field.
func (i *Issuer) sameClaims(text string, want card.Card) error {
	raw, err := token.FromPath(text)
	if err != nil {
		return err
	}
	opened, err := i.open(raw)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(opened.Card, want) {
		return errors.New("the token says something else than the register")
	}
	return nil
}

// open reads a token with the published keys.
func (i *Issuer) open(raw string) (token.Opened, error) {
	return token.Open(raw, func(id string) (token.PublicKey, bool) {
		k, ok := i.Keys.Find(id)
		return token.PublicKey{Alg: k.Alg, Key: k.Public}, ok
	})
}

// released is a register that holds one card, as it will stand there once it is issued.
type released card.Entry

func (r released) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	rec := r.Record
	rec.State = card.Issued
	return rec, n == rec.Number, nil
}
