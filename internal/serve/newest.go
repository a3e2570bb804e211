package serve

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cardproof/cardproof/verify"
)

// TrustVariable is the variable of the environment by which a person says that the clock of this machine is right, where the register has an
// event of the future because a clock was once ahead.
const TrustVariable = "CARDPROOF_TRUST_CLOCK"

// TrustsClock says whether an environment has the clock of this machine believed. Only the word yes does: no, or a slip, must not.
func TrustsClock(env []string) bool { return slices.Contains(env, TrustVariable+"=yes") }

const (
	// askedEvery is how often the register is asked for its newest event.
	askedEvery = 30 * time.Second
	// askedWithin is how long one question may hold up the check that asks it.
	askedWithin = time.Second
	// firstWithin is the same while nothing is known yet and no card can be valid, and how long a check then waits for the question of another.
	firstWithin = 3 * time.Second
)

// newest follows the latest time that the register has on record, for a machine whose clock was set back. Once it is known, only the check
// that asks anew waits for it: an older answer misses no more than the last events. As long as it is not, every check asks, and an error is an answer that fails
// closed.
type newest struct {
	ask     func(ctx context.Context, before time.Time) (time.Time, error) // the register's LastEvent
	now     func() time.Time
	log     *slog.Logger
	trusted bool                      // a person says that the clock of this machine is right
	turn    chan struct{}             // has one place, for the call that asks
	asked   time.Time                 // guarded by turn
	at      atomic.Pointer[time.Time] // nil while nothing is known
}

// openNewest asks once before anything is served. Where that fails, the first check asks again.
func openNewest(ctx context.Context, o Options, ask func(context.Context, time.Time) (time.Time, error)) *newest {
	n := &newest{ask: ask, now: o.Now, log: o.Log, trusted: o.TrustClock, turn: make(chan struct{}, 1)}
	_, _ = n.latest(ctx)
	return n
}

// latest is for a verify.Checker.
func (n *newest) latest(ctx context.Context) (time.Time, error) {
	if at := n.at.Load(); at != nil {
		n.follow(ctx)
		return *n.at.Load(), nil
	}
	wait, cancel := context.WithTimeout(ctx, firstWithin)
	defer cancel()
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-wait.Done():
		return time.Time{}, wait.Err()
	}
	if at := n.at.Load(); at != nil { // the one before has learned it
		return *at, nil
	}
	return n.learn(ctx, firstWithin)
}

// follow asks again where it is time for that and nobody else does. What fails then is asked again later.
func (n *newest) follow(ctx context.Context) {
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	default:
		return
	}
	if time.Since(n.asked) >= askedEvery {
		_, _ = n.learn(ctx, askedWithin) // what is wrong with the register, the look-up of the card tells
	}
}

// learn asks the register, and logs what its answer says of this machine's clock. The caller has the turn.
func (n *newest) learn(ctx context.Context, limit time.Duration) (time.Time, error) {
	n.asked = time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit) // the answer is for others, too
	defer cancel()
	at, err := n.ask(ctx, verify.Believable(n.now()))
	if err != nil {
		return time.Time{}, err
	}
	n.at.Store(&at)
	if now := n.now(); verify.ClockIsBehind(now, at) {
		clocks := []any{"clock", now.UTC().Format(time.RFC3339), "register", at.Format(time.RFC3339)}
		if n.trusted {
			n.log.Warn("the register has an event of the future, and "+TrustVariable+" says that the clock of this machine is right: unset it when that time has come, since meanwhile "+
				"nobody notices a clock that is set back", clocks...)
		} else {
			n.log.Error("the clock of this machine is behind the register, and cards that are over by then read as of unknown state: set the clock right; or if it is right, and was ahead "+
				"when that event was written (`cardproof doctor` names it), start the server with "+TrustVariable+"=yes", clocks...)
		}
	}
	return at, nil
}
