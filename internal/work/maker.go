package work

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/cardproof/cardproof/card"
)

// MakerOptions say how a machine makes cards.
type MakerOptions struct {
	Database string // the URL of the register's database, which has the queue
	// Ready looks whether cards can be made here now, and of which lane. The error says what is missing on this machine.
	Ready func(ctx context.Context) (Lane, error)
	// Make makes those of the numbers that are still to be made. The error is a Fault for what is wrong with the cards themselves, and anything else for
	// what is wrong with this machine. other are cards that wait for another key.
	Make func(ctx context.Context, numbers []card.Number) (other map[string][]card.Number, err error)
	// Unmade answers what is still to be made of a batch.
	Unmade func(ctx context.Context, batch string) (map[card.Number]bool, error)
	// IsFault says whether an error of Make is about cards, and no machine would fare better.
	IsFault func(error) bool
	Log     *slog.Logger // nothing private goes there
	Now     func() time.Time
}

// Maker makes cards from the queue. Close it when it has run.
type Maker struct {
	MakerOptions
	*Queue
	on      riverdriver.Driver[*sql.Tx]
	name    string     // of this machine
	trouble chan error // what one of the jobs has met
	waits   waiting    // what was found by the last look
}

// Times of a maker.
const (
	lookEvery  = 10 * time.Second // whether the machine is ready still, and what is told of it
	tellAgain  = time.Second      // after River has just begun to make the machine's queue
	jobTime    = 15 * time.Second // of one job; what is not made by then waits for its next turn
	rescueTime = 50 * time.Second // of a job of a machine that was killed; longer than jobTime and the closing of a group
	clockSkew  = time.Minute      // between a machine and the database
	atOnce     = 2                // jobs, so that one is drawn while the other is written
)

// ErrClockSkew says that a machine's clock is wrong.
var ErrClockSkew = errors.New("the clock of this machine is not that of the database")

// OpenMaker opens the queue for a machine that makes cards.
func OpenMaker(ctx context.Context, o MakerOptions) (*Maker, error) {
	pool, on, err := openPool(ctx, o.Database)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(on, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &Maker{MakerOptions: o, Queue: &Queue{pool, client}, on: on, name: thisMachine(), trouble: make(chan error, atOnce)}, nil
}

// Run makes cards until ctx ends, and then ends those at hand. While the machine is not ready, it makes none, says why, and looks again.
func (m *Maker) Run(ctx context.Context) error {
	said := ""
	for ctx.Err() == nil {
		lane, err := m.ready(ctx)
		if ctx.Err() != nil {
			break
		}
		said = m.tell(said, lane, err)
		if err := m.session(ctx, lane, err); err != nil && ctx.Err() == nil {
			m.Log.Error("cards wait: the queue can't be worked", "error", err)
			_ = sleep(ctx, lookEvery) // ctx is looked at next
		}
	}
	return nil
}

// tell logs what has changed about this machine.
func (m *Maker) tell(before string, lane Lane, err error) string {
	now := "makes cards with key " + lane.Key
	if err != nil {
		now = err.Error()
	}
	switch {
	case now == before:
	case err != nil:
		m.Log.Error("this machine makes no cards; they are left to others", "machine", m.name, "why", now)
	default:
		m.Log.Info("this machine makes cards", "machine", m.name, "key", lane.Key)
	}
	return now
}

// ready is Ready, and compares the clock.
func (m *Maker) ready(ctx context.Context) (Lane, error) {
	now, err := m.Clock(ctx)
	if err != nil {
		return Lane{}, err
	}
	if off := m.Now().Sub(now); off.Abs() > clockSkew {
		return Lane{}, fmt.Errorf("%w: it is off by %s", ErrClockSkew, off.Round(time.Second))
	}
	return m.Ready(ctx)
}

// session works on one lane until ctx ends, the lane changes, or a job meets trouble. Without a lane it only tells why.
func (m *Maker) session(ctx context.Context, lane Lane, why error) error {
	queues := map[string]river.QueueConfig{machineQueue(m.name): {MaxWorkers: 1}}
	if why == nil {
		queues[lane.queue()] = river.QueueConfig{MaxWorkers: atOnce}
	}
	workers, err := m.workers()
	if err != nil {
		return err
	}
	config := onServer(&river.Config{
		ID: m.name + "/" + rand.Text()[:6], Queues: queues, Workers: workers,
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: 500 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	client, err := river.NewClient(m.on, config)
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	err = m.watch(ctx, client, lane, why)
	return errors.Join(err, m.stopClient(client))
}

// watch tells of this machine again and again, until ctx ends or the session has to.
func (m *Maker) watch(ctx context.Context, client *river.Client[*sql.Tx], lane Lane, why error) error {
	text := ""
	if why != nil {
		text = why.Error()
	}
	for {
		data, err := json.Marshal(Machine{Name: m.name, Client: client.ID(), Lane: lane, Why: text})
		if err != nil {
			return err
		}
		pause := lookEvery
		if _, err := client.QueueUpdate(ctx, machineQueue(m.name), &river.QueueUpdateParams{Metadata: data}); err != nil {
			pause = tellAgain
		}
		select {
		case <-ctx.Done():
			m.sayGone(client)
			return nil
		case why = <-m.trouble:
			m.Log.Error("this machine can't make cards; they are left to others", "machine", m.name, "why", why)
			return m.pause(ctx, client, why)
		case <-time.After(pause):
		}
		now, err := m.ready(ctx)
		if now != lane || (err == nil) != (text == "") || err != nil && err.Error() != text {
			return nil
		}
		if err == nil {
			m.tellWaiting(ctx, lane)
		}
	}
}

// sayGone takes this machine off the list: it ends, and nobody is to wait for it.
func (m *Maker) sayGone(client *river.Client[*sql.Tx]) {
	ctx, cancel := context.WithTimeout(context.Background(), graceOfStop)
	defer cancel()
	// Where that is not heard, the others miss it after machineFor.
	_, _ = client.QueueUpdate(ctx, machineQueue(m.name), &river.QueueUpdateParams{Metadata: []byte("{}")})
}

// pause leaves the jobs to other machines for a while, and tells them why.
func (m *Maker) pause(ctx context.Context, client *river.Client[*sql.Tx], why error) error {
	err := m.stopClient(client)
	for len(m.trouble) > 0 {
		<-m.trouble
	}
	data, jsonErr := json.Marshal(Machine{Name: m.name, Client: m.name, Why: why.Error()}) // no client has a job in hand
	if jsonErr == nil {
		_, jsonErr = m.client.QueueUpdate(ctx, machineQueue(m.name), &river.QueueUpdateParams{Metadata: data})
	}
	_ = sleep(ctx, lookEvery) // ctx is looked at next
	return errors.Join(err, jsonErr)
}

// stopClient lets the jobs at hand end.
func (m *Maker) stopClient(client *river.Client[*sql.Tx]) error {
	ctx, cancel := context.WithTimeout(context.Background(), graceOfStop)
	defer cancel()
	if err := client.Stop(ctx); err == nil {
		return nil
	}
	again, cancel := context.WithTimeout(context.Background(), graceOfStop)
	defer cancel()
	return client.StopAndCancel(again)
}

// errStopped says that somebody has stopped the batch.
var errStopped = errors.New("the batch was stopped")

// make makes the cards of one job.
func (m *Maker) make(ctx context.Context, job *river.Job[cardsArgs]) error {
	if isStopped(job.JobRow) {
		return river.JobCancel(errStopped)
	}
	bounded, cancel := context.WithTimeout(ctx, jobTime)
	defer cancel()
	other, err := m.Make(bounded, job.Args.Numbers)
	for key, numbers := range other { // they were planned anew: the job follows its key
		args := cardsArgs{job.Args.Batch, Lane{key, job.Args.Lane.Setup}, numbers}
		if _, insertErr := m.client.Insert(ctx, args, nil); insertErr != nil {
			err = errors.Join(err, insertErr)
		}
	}
	switch {
	case err == nil:
		return nil
	case bounded.Err() != nil:
		return river.JobSnooze(0)
	case m.IsFault(err):
		m.Log.Error("cards could not be made; see `cardproof queue`", "batch", job.Args.Batch, "why", err)
		if job.Attempt >= job.MaxAttempts {
			return river.JobCancel(err) // kept longer than what River discards
		}
		return err
	}
	select {
	case m.trouble <- err:
	default:
	}
	return river.JobSnooze(time.Second)
}
