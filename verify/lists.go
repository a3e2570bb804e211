package verify

import (
	"context"
	"errors"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// ErrOlder says that a signed status list has a card as withdrawn which the register has in force. The register is a copy from before.
var ErrOlder = errors.New("the register is older than the status list in hand, which has a card as withdrawn that is in force in it; restore the newest register, or withdraw the card again")

// StatusFinder tells what a signed status list in hand says of a card's place, and when that list was signed. It answers false where
// there is none. It is asked for every card, so it has to be quick.
type StatusFinder interface {
	FindStatus(place card.StatusRef) (status statuslist.Status, signed time.Time, ok bool)
}

// longChange is how long a change may take from its time to when it is on record, such as the release of a great batch: a list that was
// signed within has the state of before, and is no sign of an older register.
const longChange = 10 * time.Minute

// isOlder says whether a list in hand knows of a withdrawal that the register does not. Revoked and superseded are for good, so the list is
// right; a suspended card may have been reinstated since the list was signed.
func (c *Checker) isOlder(rec card.Record) bool {
	if c.Lists == nil || rec.State != card.Issued || rec.Status == nil {
		return false
	}
	status, signed, ok := c.Lists.FindStatus(*rec.Status)
	if !ok {
		return false
	}
	switch status {
	case statuslist.Revoked, statuslist.Superseded:
		return true
	case statuslist.Suspended:
		return rec.ChangedAt.Add(longChange).Before(signed)
	}
	return false
}

// judge is the verdict on a card by its row. The error is ErrOlder, or what Latest said, and then whether the card is in force was not learned.
func (c *Checker) judge(ctx context.Context, rec card.Record, key keys.Key, now time.Time) (Verdict, error) {
	if c.isOlder(rec) {
		return unlearned(rec, key, now), ErrOlder
	}
	v := ofRecord(rec, key, now)
	if !v.IsValid() { // a clock in doubt makes it no better
		return v, nil
	}
	inDoubt, err := c.isClockInDoubt(ctx, rec.Card, now)
	if inDoubt {
		v = unlearned(rec, key, now)
	}
	return v, err
}

// unlearned is the verdict on a card of which it was not learned whether it is in force: StatusUnknown, or what else is against it.
func unlearned(rec card.Record, key keys.Key, now time.Time) Verdict {
	v := ofRecord(rec, key, now, StatusUnknown)
	v.StatusAsOf = time.Time{}
	return v
}
