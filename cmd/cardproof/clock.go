package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/verify"
)

// lastEvent is a register that knows how late it is.
type lastEvent interface {
	LastEvent(ctx context.Context, before time.Time) (time.Time, error)
}

// refuseClock refuses to issue while the clock says less than the register has seen: the cards would bear the wrong day, and their learners
// would lose time of them.
func (a *app) refuseClock(ctx context.Context, of lastEvent) error {
	if serve.TrustsClock(a.env) {
		return nil
	}
	latest, err := of.LastEvent(ctx, time.Time{})
	now := a.now()
	if err != nil || !latest.After(now.Add(verify.ClockSkew)) {
		return err
	}
	return fail(exitFailed, fmt.Errorf("by this machine's clock it is %s, but the register has an event of %s, %s later", stamp(now), stamp(latest), roughly(latest.Sub(now))),
		"Set the clock of this machine right, and run the command again. Nothing was issued.",
		"If the clock is right now, and was ahead at that time, say so with "+serve.TrustVariable+"=yes in the environment. `cardproof doctor` names the event.")
}

// warnClock says so where the clock was set back. What it returns is for a verify.Checker: the latest time that the register has on record,
// or nil where a person says that the clock is right.
func (a *app) warnClock(ctx context.Context, of lastEvent) (seen func(context.Context) (time.Time, error)) {
	if serve.TrustsClock(a.env) {
		return nil
	}
	latest, err := of.LastEvent(ctx, verify.Believable(a.now()))
	if now := a.now(); err == nil && verify.ClockIsBehind(now, latest) {
		fmt.Fprintf(a.stderr, "warning: by this machine's clock it is %s, but the register has an event of %s, %s later: set the clock right; or if it is right, and was ahead "+
			"when that was written (`cardproof doctor` names it), say so with %s=yes in the environment\n", stamp(now), stamp(latest), roughly(latest.Sub(now)), serve.TrustVariable)
	}
	return func(context.Context) (time.Time, error) { return latest, err }
}
