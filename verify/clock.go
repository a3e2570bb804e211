package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
)

// believedAhead is how far ahead of this machine's clock the register's time is believed. What is farther, a clock wrote that was wrong in a
// way that everybody saw; and a clock that is set back so far has hardly a card in force: they are all of the future.
const believedAhead = 3 * 366 * 24 * time.Hour

// Believable is the time from which on this machine does not believe what the register has on record: a Checker's Latest is the latest before it,
// lest one time of a clock that was absurdly wrong hide all others.
func Believable(now time.Time) time.Time { return now.Add(believedAhead) }

// ClockIsBehind says whether this machine's clock is behind the latest time that the register has on record: it was set back, or the clock
// that wrote that time was ahead.
func ClockIsBehind(now, latest time.Time) bool {
	return latest.After(now.Add(ClockSkew)) && latest.Before(Believable(now))
}

// isClockInDoubt says whether a card that is in force by this machine's clock is over by what the register has seen. One of the two clocks is
// wrong, and nobody can tell here which: it is no reason for green, and none for red. So it is where the register can't tell what it has seen,
// and then there is an error.
func (c *Checker) isClockInDoubt(ctx context.Context, of card.Card, now time.Time) (bool, error) {
	if c.Latest == nil {
		return false, nil
	}
	latest, err := c.Latest(ctx)
	if err != nil {
		return true, fmt.Errorf("ask the register how late it is: %w", err)
	}
	return ClockIsBehind(now, latest) && !latest.Before(of.ExpiresAt), nil
}
