package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newQueue(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Show the batches that machines are issuing together, and the machines",
		Long: `Queue shows each batch that "issue --queue" has left to the workers and that is not finished: how many cards are made, how many wait, which machines
have cards of it in hand, and what went wrong; and below them every machine that runs "cardproof work", with its key, or why it makes no cards.

"queue stop" takes what waits of a batch out of the queue; "queue resume" puts it, and what has failed, into the queue again. It also takes up any
batch that a run without --queue has left unfinished. It puts the cards in for the machines that run: start those first. "discard" gives a batch up of which nothing is out.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withCards(cmd.Context(), a.showQueue) },
	}
	const aBatch = "the name of a batch; `cardproof queue` lists them"
	cmd.AddCommand(
		&cobra.Command{
			Use: "stop BATCH", Short: "Take what waits of a batch out of the queue", Args: oneArgument(aBatch),
			Long: "Stop takes what waits of a batch out of the queue. The cards that a machine has in hand are finished, which takes seconds. Nothing is lost:\n\"queue resume\" goes on.",
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withCards(cmd.Context(), func(ctx context.Context, c *centre, q *work.Queue) error { return a.stopBatch(ctx, c, q, args[0]) })
			},
		},
		&cobra.Command{
			Use: "resume BATCH", Short: "Put what is not made of a batch into the queue again", Args: oneArgument(aBatch),
			Long: "Resume puts the cards of a batch into the queue that were stopped, that have failed, or that a run has left unfinished. It takes no private key.",
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withCards(cmd.Context(), func(ctx context.Context, c *centre, q *work.Queue) error {
					return a.resumeBatch(ctx, c, q, args[0])
				})
			},
		})
	return cmd
}

// withCards runs what looks at the queue, or changes it.
func (a *app) withCards(ctx context.Context, do func(context.Context, *centre, *work.Queue) error) (err error) {
	c, err := a.openCentre(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := needDatabase(c.config.Register); err != nil {
		return err
	}
	q, err := work.OpenQueue(ctx, c.config.Register)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	return do(ctx, c, q)
}

// queuedBatch is a batch of the queue as JSON.
type queuedBatch struct {
	ID       string         `json:"batch"`
	Roster   string         `json:"roster"`
	Of       int            `json:"of"`
	Made     int            `json:"made"`
	Waiting  int            `json:"waiting"`
	Running  map[string]int `json:"running"`  // cards by machine
	GivenUp  int            `json:"given_up"` // by a machine that lost the database; they wait again within 80 s
	Stopped  int            `json:"stopped"`
	Failed   int            `json:"failed"`
	Unqueued int            `json:"unqueued"` // planned, and not in the queue: a run broke off, or is at it by itself
	Error    string         `json:"error"`    // the last one
	Why      string         `json:"why"`      // it waits and no machine makes it
	lanes    []work.Lane    // in which parts of it wait
}

// queuedMachine is a machine as JSON.
type queuedMachine struct {
	Name string `json:"machine"`
	Key  string `json:"key"`  // that it signs with; empty where it makes no cards
	Why  string `json:"why"`  // it makes none
	Kept string `json:"kept"` // since when it has waited for others to change keys, erase or copy; empty where it does not
	Seen string `json:"seen"`
}

func (a *app) showQueue(ctx context.Context, c *centre, q *work.Queue) error {
	now, err := q.Clock(ctx)
	if err != nil {
		return err
	}
	machines, err := q.Machines(ctx, now)
	if err != nil {
		return err
	}
	batches, err := a.queuedBatches(ctx, c, q, machines)
	if err != nil {
		return err
	}
	if a.json {
		shown := make([]queuedMachine, len(machines))
		for i, m := range machines {
			shown[i] = queuedMachine{m.Name, m.Lane.Key, m.Why, "", stamp(m.Seen)}
			if !m.Kept.IsZero() {
				shown[i].Kept = stamp(m.Kept)
			}
		}
		return a.printJSON(map[string]any{"batches": batches, "machines": shown})
	}
	if len(batches) == 0 {
		fmt.Fprintln(a.stdout, "nothing waits to be made")
	}
	for _, b := range batches {
		fmt.Fprintln(a.stdout, b.text())
	}
	waiting := map[work.Lane]bool{}
	for _, b := range batches {
		for _, lane := range b.lanes {
			waiting[lane] = true
		}
	}
	for _, m := range machines {
		fmt.Fprintf(a.stdout, "machine %s, seen %d s ago, %s\n", m.Name, int(now.Sub(m.Seen)/time.Second), machineText(m, waiting))
	}
	if len(machines) == 0 {
		fmt.Fprintln(a.stdout, "no machine makes cards; `cardproof work` does, where the keys are")
	}
	return nil
}

// machineText is what a machine does, where cards of some lanes wait.
func machineText(m work.Machine, waiting map[work.Lane]bool) string {
	says := "makes cards with key " + m.Lane.Key
	switch {
	case m.Why != "":
		return "makes no cards: " + strings.Join(strings.Fields(m.Why), " ")
	case !m.Kept.IsZero():
		return says + "; has waited since " + stamp(m.Kept) + " for another to change keys, erase or copy"
	case len(waiting) > 0 && !waiting[m.Lane]:
		return says + "; nothing of what waits is for its key and set-up"
	}
	return says
}

// text is the line of a batch.
func (b queuedBatch) text() string {
	says := []string{fmt.Sprintf("batch %s: %d of %d made", b.ID, b.Made, b.Of)}
	for _, machine := range slices.Sorted(maps.Keys(b.Running)) {
		says = append(says, fmt.Sprintf("%d in hand on %s", b.Running[machine], machine))
	}
	for _, part := range []struct {
		n    int
		what string
	}{{b.Waiting, "waiting"}, {b.GivenUp, "waiting to be taken up again"}, {b.Stopped, "stopped"}, {b.Failed, "failed"}, {b.Unqueued, "not in the queue"}} {
		if part.n > 0 {
			says = append(says, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	text := strings.Join(says, ", ")
	if b.Error != "" {
		text += "\n  the last error: " + printable(b.Error)
	}
	if b.Why != "" {
		text += "\n  it waits: " + b.Why
	}
	return text
}

// queuedBatches are the batches that have something to be made.
func (a *app) queuedBatches(ctx context.Context, c *centre, q *work.Queue, machines []work.Machine) ([]queuedBatch, error) {
	list, err := c.ledger.Batches(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := q.Cards(ctx, "", machines, func(batch string) (map[card.Number]bool, error) { return unmadeOf(ctx, c, batch) })
	if err != nil {
		return nil, err
	}
	shown := []queuedBatch{}
	for _, b := range list {
		if b.State() != card.BatchUnfinished {
			continue
		}
		of := 0
		for _, n := range b.Cards {
			of += n
		}
		one := queuedBatch{ID: b.ID, Roster: b.Roster, Of: of, Made: of - b.Cards[card.Planned] + b.Proved, Running: map[string]int{}}
		one.take(jobs[b.ID], machines)
		one.Unqueued = max(0, of-one.Made-one.Waiting-one.GivenUp-one.Stopped-one.Failed-inHand(one.Running))
		shown = append(shown, one)
	}
	return shown, nil
}

// take counts what the queue holds of a batch.
func (b *queuedBatch) take(jobs *work.BatchJobs, machines []work.Machine) {
	if jobs == nil {
		return
	}
	b.GivenUp, b.Stopped, b.Failed, b.Error = len(jobs.GivenUp), len(jobs.Stopped), len(jobs.Failed), jobs.Error
	for machine, numbers := range jobs.Running {
		b.Running[machine] = len(numbers)
	}
	for lane, numbers := range jobs.Waiting {
		b.Waiting += len(numbers)
		b.lanes = append(b.lanes, lane)
		if why := whyWaiting(lane, machines); why != "" {
			b.Why = why
		}
	}
	if len(jobs.Running)+len(jobs.Waiting) > 0 {
		b.Why = cmp.Or(b.Why, whyKept(machines))
	}
}

func inHand(counts map[string]int) (n int) {
	for _, one := range counts {
		n += one
	}
	return n
}

func (a *app) stopBatch(ctx context.Context, c *centre, q *work.Queue, id string) error {
	b, err := mustFind(ctx, c, id)
	if err != nil {
		return err
	}
	stopped, err := q.StopCards(ctx, b.ID)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"batch": b.ID, "stopped": stopped})
	}
	if stopped == 0 {
		fmt.Fprintf(a.stdout, "nothing of batch %s waits in the queue\n", b.ID)
		return nil
	}
	fmt.Fprintf(a.stdout, "batch %s is stopped; machines finish the cards that they have in hand\n", b.ID)
	a.say("To go on: %s\n", a.command("queue resume", b.ID))
	return nil
}

func (a *app) resumeBatch(ctx context.Context, c *centre, q *work.Queue, id string) error {
	b, err := mustFind(ctx, c, id)
	if err != nil {
		return err
	}
	unmade, err := c.ledger.BatchUnmade(ctx, b.ID)
	if err != nil {
		return err
	}
	if b.State() == card.BatchDiscarded {
		return fail(exitFailed, fmt.Errorf("%w: %s", card.ErrDiscarded, b.ID), "Issue the roster again: that makes a new batch.")
	}
	put, err := putAgain(ctx, c, q, b.ID, unmade)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"batch": b.ID, "queued": put, "unmade": len(unmade)})
	}
	fmt.Fprintf(a.stdout, "batch %s: %s put into the queue, %d to be made\n", b.ID, plural(put, "card", "cards"), len(unmade))
	return nil
}

// putAgain puts cards into the queue for a machine that runs, or for those that had them last. Where there is neither, this machine may be the one to
// make them, if it has the key; another would name a setup that nobody has, and leave the mark of an archive behind that nobody uses.
func putAgain(ctx context.Context, c *centre, q *work.Queue, batch string, unmade []register.Unmade) (put int, err error) {
	if put, err = q.PutCards(ctx, batch, "", unmade, true); !errors.Is(err, work.ErrNoSetup) {
		return put, err
	}
	if k, ok := c.Keys.Active(c.config.Issuer.URL, keys.Cards); !ok || issuer.WhereKey(c.config.Keys, k) == "" {
		return 0, fail(exitFailed, err, "Start `cardproof work` on a machine with the keys, and run the command again.")
	}
	setup, err := setupOf(ctx, c)
	if err != nil {
		return 0, err
	}
	return q.PutCards(ctx, batch, setup, unmade, true)
}

func mustFind(ctx context.Context, c *centre, id string) (card.Batch, error) {
	b, ok, err := c.ledger.FindBatch(ctx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", card.ErrNoBatch, printable(id))
	}
	return b, err
}
