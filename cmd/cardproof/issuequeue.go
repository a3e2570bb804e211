package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

// errLeft ends a command that leaves a batch to the workers, as it was asked to.
var errLeft = errors.New("the batch is left to the workers")

// needDatabase refuses the queue of a centre whose register is a file: no other machine could work on it.
func needDatabase(registerURL string) error {
	if registerURL != "" {
		return nil
	}
	return fail(exitUsage, errors.New("the queue needs a register in a PostgreSQL database, and this centre's is a file"),
		"Leave --queue out: this machine makes the cards itself. docs/postgresql.md tells how a register moves into a database.")
}

// runQueued has workers issue a plan, and delivers what they made.
func (a *app) runQueued(ctx context.Context, c *centre, plan *issuer.Plan, d issuer.Delivery, wait bool) (*issuer.Result, error) {
	q, err := work.OpenQueue(ctx, c.config.Register)
	if err != nil {
		return nil, err
	}
	defer q.Close() // what was put in is in the database
	setup, err := setupOf(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := c.Enlist(ctx, plan, d)
	if err != nil {
		return nil, err
	}
	w := &waiter{app: a, centre: c, q: q, list: list, setup: setup}
	if err := w.put(ctx); err != nil {
		return nil, err
	}
	if err := c.lock.Unlock(); err != nil { // the next run may plan while the workers make
		return nil, err
	}
	if !wait {
		return &issuer.Result{Batch: list.Batch, Batches: list.Batches}, a.left(list)
	}
	unmade, err := w.waitAndLock(ctx)
	if ctx.Err() != nil {
		_ = a.left(list)
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, both(undelivered(err), unmade)
	}
	var end func()
	d.Progress, end = a.progress(plan)
	defer end()
	var result *issuer.Result
	err = c.whileLocked(ctx, func(ctx context.Context) (err error) {
		result, err = c.Gather(ctx, list, d)
		return err
	})
	return result, both(err, unmade)
}

// both is the end of a run that can't deliver what is made, where not every card is made either. Both are told, and the first decides the exit code.
func both(undelivered, unmade error) error {
	if undelivered == nil || unmade == nil {
		return cmp.Or(undelivered, unmade)
	}
	first, second := explain(undelivered), explain(unmade)
	return fail(first.code, fmt.Errorf("%w; %w", first.err, second.err), slices.Concat(first.hints, second.hints)...)
}

// undelivered is an error from after a wait: much was done by then, whatever the same error would say of a run that begins.
func undelivered(err error) error {
	if !errors.Is(err, errOldSet) {
		return err
	}
	return fail(exitKey, err, "The keys were changed while this run waited. What the workers have made of the batch is on record, and none of it is delivered yet.",
		"Bring the newest jwks.json to this machine, from where the keys were changed or from a backup; it holds public keys only. Then run the same command again: it delivers the cards.")
}

// left says what becomes of a batch that nobody waits for.
func (a *app) left(list *issuer.Enlisted) error {
	for _, batch := range list.Batches {
		a.say("batch %s is left to the workers; see how far it is, or stop it:\n  %s\n  %s\n", batch, a.command("queue"), a.command("queue stop", batch))
	}
	if len(list.Batches) > 0 {
		a.say("The same command again, without --no-wait, waits for the cards and delivers them.\n")
	}
	return errLeft
}

// errUnmade says that the workers have come to an end with a batch, and that cards of it are not made.
var errUnmade = errors.New("not every card was made")

// How often a run that waits looks at the register, and at the machines.
const (
	lookAtCards    = time.Second
	lookAtMachines = 5 * time.Second
)

// waiter waits for the workers that make the batches of a list.
type waiter struct {
	app    *app
	centre *centre
	q      *work.Queue
	list   *issuer.Enlisted
	setup  string
}

// put puts in what no job has.
func (w *waiter) put(ctx context.Context) error {
	for _, batch := range w.list.Batches {
		unmade, err := w.centre.ledger.BatchUnmade(ctx, batch)
		if err != nil {
			return err
		}
		if _, err := w.q.PutCards(ctx, batch, w.setup, unmade, false); err != nil {
			return err
		}
	}
	return nil
}

// waitAndLock waits for the workers, and then until nobody else issues, erases or changes keys, with the keys as they are by then. Where another run
// has planned cards anew in between, it waits for these as well. unmade is an errUnmade, or nil where all cards are made; with it, too, the lock is held
// where err is nil.
func (w *waiter) waitAndLock(ctx context.Context) (unmade, err error) {
	for {
		unmade = w.wait(ctx)
		if unmade != nil && !errors.Is(unmade, errUnmade) {
			return nil, unmade
		}
		if err := w.app.waitForOthers(ctx, w.centre, w.centre.db, register.Issuing); err != nil || unmade != nil {
			return unmade, err
		}
		if _, n, err := w.left(ctx); err != nil || n == 0 {
			return nil, err
		}
		if err := w.centre.lock.Unlock(); err != nil {
			return nil, err
		}
	}
}

// wait waits until every card of the batches is made, or no job is left that could make the others.
func (w *waiter) wait(ctx context.Context) error {
	first, done, said := -1, 0, ""
	step, end := func(int) {}, func() {}
	defer func() { end() }()
	var looked time.Time
	for {
		left, n, err := w.left(ctx)
		if err != nil || n == 0 {
			return err
		}
		if first < 0 {
			first = n
			if bar, stop := w.app.bar("workers are issuing", n); bar != nil {
				step, end = bar, stop
			}
		}
		step(first - n - done)
		done = first - n
		if time.Since(looked) >= lookAtMachines {
			looked = time.Now()
			text, err := w.look(ctx, left)
			if text != "" && text != said {
				w.app.say("%s\n", text)
				said = text
			}
			if err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAtCards):
		}
	}
}

// left is what is still to be made, by batch, and how many that are.
func (w *waiter) left(ctx context.Context) (left map[string]map[card.Number]bool, n int, err error) {
	left = map[string]map[card.Number]bool{}
	for _, batch := range w.list.Batches {
		if left[batch], err = unmadeOf(ctx, w.centre, batch); err != nil {
			return nil, 0, err
		}
		n += len(left[batch])
	}
	return left, n, nil
}

func unmadeOf(ctx context.Context, c *centre, batch string) (map[card.Number]bool, error) {
	unmade, err := c.ledger.BatchUnmade(ctx, batch)
	numbers := make(map[card.Number]bool, len(unmade))
	for _, u := range unmade {
		numbers[u.Number] = true
	}
	return numbers, err
}

// look says what keeps batches waiting that nobody works on. The error is errUnmade where no job is left and jobs were stopped or have failed;
// what has no job at all is put in again.
func (w *waiter) look(ctx context.Context, left map[string]map[card.Number]bool) (text string, err error) {
	now, err := w.q.Clock(ctx)
	if err != nil {
		return "", err
	}
	machines, err := w.q.Machines(ctx, now)
	if err != nil {
		return "", err
	}
	alive, ended, last := false, 0, ""
	for _, batch := range w.list.Batches {
		jobs, err := w.q.Cards(ctx, batch, machines, func(string) (map[card.Number]bool, error) { return left[batch], nil })
		if err != nil {
			return "", err
		}
		b := jobs[batch]
		if b == nil {
			continue
		}
		alive = alive || len(b.Waiting)+len(b.Running)+len(b.GivenUp) > 0
		ended += len(b.Failed) + len(b.Stopped)
		last = cmp.Or(b.Error, last)
		for lane, numbers := range b.Waiting {
			if why := whyWaiting(lane, machines); why != "" {
				text = fmt.Sprintf("%s of batch %s: %s", plural(len(numbers), "card waits", "cards wait"), batch, why)
			}
		}
	}
	switch {
	case alive:
		if kept := whyKept(machines); kept != "" && text == "" {
			text = "the workers wait: " + kept + "; `cardproof queue` shows the machines"
		}
		return text, nil
	case ended == 0:
		return text, w.put(ctx)
	}
	return text, w.unmade(ended, last)
}

// unmade is the end of a wait that is in vain.
func (w *waiter) unmade(cards int, last string) error {
	var hints []string
	for _, batch := range w.list.Batches {
		hints = append(hints, "Put the batch into the queue again: "+w.app.command("queue resume", batch))
	}
	if last != "" {
		last = "; the last error: " + last
	}
	return fail(exitFailed, fmt.Errorf("%w: %s stopped, or failed after all attempts%s", errUnmade, plural(cards, "card was", "cards were"), last), hints...)
}

// whyWaiting is empty where a machine makes cards of the lane.
func whyWaiting(lane work.Lane, machines []work.Machine) string {
	why := "no worker runs; start `cardproof work` on a machine with the keys"
	for _, m := range machines {
		switch {
		case m.Lane == lane:
			return ""
		case m.Why != "":
			why = m.Name + " makes no cards: " + m.Why
		case m.Lane.Key != lane.Key:
			why = "no machine that works has the active key " + lane.Key
		default:
			why = "the machines that work are set up otherwise than the one that planned them: another config.yaml, design, archive, or version"
		}
	}
	return why
}

// whyKept is empty where no machine that could make cards is kept waiting. One lock keeps all of them, so that the others hear of it soon.
func whyKept(machines []work.Machine) string {
	var since time.Time
	for _, m := range machines {
		if m.Why == "" && !m.Kept.IsZero() && (since.IsZero() || m.Kept.Before(since)) {
			since = m.Kept
		}
	}
	if since.IsZero() {
		return ""
	}
	return fmt.Sprintf("since %s another machine changes keys, erases or copies, or waits until a machine that hangs has ended", stamp(since))
}

// printLeft is the end of a run that did not wait.
func (a *app) printLeft(plan *issuer.Plan, result *issuer.Result, r *roster.Roster, o issueOptions) error {
	queued := plan.New() + plan.Unfinished()
	if a.json {
		s := summaryOf(plan, result)
		s.Out, s.ReadAs, s.Queued = o.out, readAs(r), queued
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else {
		a.printCount("recorded, for the workers to make", queued)
		a.printCount("already issued", plan.AlreadyIssued())
		a.printCount("refused", plan.Refused())
	}
	if plan.Refused() == 0 {
		return nil
	}
	a.sayRefused(r, o)
	return errRefused
}
