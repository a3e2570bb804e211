package verify

import (
	"context"
	"time"

	"github.com/cardproof/cardproof/card"
)

// believedAhead is how far ahead of this machine's clock the register's time is believed. What is farther, a clock wrote that was wrong in a
// way that everybody saw; and a clock that is set back so far has hardly a card in force: they are all of the future.
const believedAhead = 3 * 366 * 24 * time.Hour

// ClockIsBehind says whether a clock was set back, by the latest time that the register has on record: it has none of the future.
func ClockIsBehind(now, latest time.Time) bool {
	return latest.After(now.Add(ClockSkew)) && latest.Before(now.Add(believedAhead))
}

// clockCodes is StatusUnknown for a card that is in force by this machine's clock, and over by what the register has seen. One of the two
// clocks is wrong, and nobody can tell here which: it is no reason for green, and none for red.
func (c *Checker) clockCodes(ctx context.Context, of card.Card, now time.Time) []Code {
	if c.Latest == nil || !now.Before(of.ExpiresAt) {
		return nil
	}
	if latest := c.Latest(ctx); ClockIsBehind(now, latest) && !latest.Before(of.ExpiresAt) {
		return []Code{StatusUnknown}
	}
	return nil
}
