package work

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
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
	name    string       // of this machine
	queue   string       // in which it tells of itself
	listed  bool         // it may have told of itself there
	trouble chan error   // what one of the jobs has met
	waits   waiting      // what was found by the last look
	asked   chan answer  // of a Ready that has not answered in time; nil otherwise
	overdue atomic.Int32 // jobs that endTime has not ended
	kept    patience     // with others, for whom this machine waits
}

// Times of a maker.
const (
	lookEvery  = 10 * time.Second // whether the machine is ready still, and what is told of it
	tellAgain  = time.Second      // after River has just begun to make the machine's queue
	readyTime  = 15 * time.Second // of one look; a folder of another machine may hang in silence
	jobTime    = 15 * time.Second // of one job; what is not made by then waits for its next turn
	endTime    = 45 * time.Second // of one job with the closing of its group; what is at it then can't be ended
	rescueTime = 50 * time.Second // of a job of a machine that was killed; longer than endTime
	clockSkew  = time.Minute      // between a machine and the database
	atOnce     = 2                // jobs, so that one is drawn while the other is written
)

// ErrClockSkew says that a machine's clock is wrong.
var ErrClockSkew = errors.New("the clock of this machine is not that of the database")

// ErrSilent says that nothing was wrong but the time that it took.
var ErrSilent = errors.New("the time-stamp server, the key's token, the archive or the database does not answer in time")

var errNotReady = fmt.Errorf("%w: a look whether cards can be made here took more than %s", ErrSilent, readyTime)

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
	return &Maker{MakerOptions: o, Queue: &Queue{pool, client}, on: on, name: thisMachine(), queue: newMachineQueue(), trouble: make(chan error, atOnce)}, nil
}

// Run makes cards until ctx ends, and then ends those at hand. While the machine is not ready, it makes none, says why, and looks again.
func (m *Maker) Run(ctx context.Context) error {
	defer m.sayGone() // wherever the end has met it
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

// ready is Ready, and compares the clock. A machine with a job that can't be ended is not ready: another one would hang as well.
func (m *Maker) ready(ctx context.Context) (Lane, error) {
	now, err := m.Clock(ctx)
	if err != nil {
		return Lane{}, err
	}
	if off := m.Now().Sub(now); off.Abs() > clockSkew {
		return Lane{}, fmt.Errorf("%w: it is off by %s", ErrClockSkew, off.Round(time.Second))
	}
	if m.overdue.Load() > 0 {
		return Lane{}, fmt.Errorf("%w: a part of a batch has been in hand for more than %s; until it ends, whoever changes keys or erases waits, and then the other machines too", ErrSilent, endTime)
	}
	return m.ask(ctx)
}

// answer is one of Ready.
type answer struct {
	lane Lane
	err  error
}

// ask is Ready, but waits no longer than readyTime. One that still hangs is not asked beside another.
func (m *Maker) ask(ctx context.Context) (Lane, error) {
	late := time.After(readyTime)
	if m.asked != nil {
		select {
		case <-m.asked: // that was true then
		case <-late:
			return Lane{}, errNotReady
		case <-ctx.Done():
			return Lane{}, ctx.Err()
		}
	}
	asked := make(chan answer, 1)
	go func() {
		lane, err := m.Ready(ctx)
		asked <- answer{lane, err}
	}()
	select {
	case a := <-asked:
		m.asked = nil
		return a.lane, a.err
	case <-late:
		m.asked = asked
		return Lane{}, errNotReady
	case <-ctx.Done():
		m.asked = asked
		return Lane{}, ctx.Err()
	}
}

// session works on one lane until ctx ends, the lane changes, or a job meets trouble. Without a lane it only tells why.
func (m *Maker) session(ctx context.Context, lane Lane, why error) error {
	queues := map[string]river.QueueConfig{m.queue: {MaxWorkers: 1}}
	if why == nil {
		queues[lane.queue()] = river.QueueConfig{MaxWorkers: atOnce}
	}
	m.kept.end() // of the session before
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
	defer func() {
		if ctx.Err() != nil { // before the jobs at hand have ended, which takes its time
			m.sayGone()
		}
	}()
	for {
		data, err := json.Marshal(Machine{Name: m.name, Client: client.ID(), Lane: lane, Why: text, Kept: m.kept.from(m.Now())})
		if err != nil {
			return err
		}
		pause := lookEvery
		m.listed = true // or may be, where no answer comes
		if _, err := client.QueueUpdate(ctx, m.queue, &river.QueueUpdateParams{Metadata: data}); err != nil {
			pause = tellAgain
		}
		select {
		case <-ctx.Done():
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
func (m *Maker) sayGone() {
	if !m.listed {
		return
	}
	m.listed = false
	ctx, cancel := context.WithTimeout(context.Background(), lookEvery)
	defer cancel()
	// Where that is not heard, the others miss it after machineFor.
	_, _ = m.client.QueueUpdate(ctx, m.queue, &river.QueueUpdateParams{Metadata: []byte("{}")})
}

// pause leaves the jobs to other machines for a while, and tells them why.
func (m *Maker) pause(ctx context.Context, client *river.Client[*sql.Tx], why error) error {
	err := m.stopClient(client)
	for len(m.trouble) > 0 {
		<-m.trouble
	}
	data, jsonErr := json.Marshal(Machine{Name: m.name, Client: m.name, Why: why.Error()}) // no client has a job in hand
	if jsonErr == nil {
		_, jsonErr = m.client.QueueUpdate(ctx, m.queue, &river.QueueUpdateParams{Metadata: data})
	}
	_ = sleep(ctx, lookEvery) // ctx is looked at next
	return errors.Join(err, jsonErr)
}

// stopClient lets the jobs at hand end.
func (m *Maker) stopClient(client *river.Client[*sql.Tx]) error {
	grace := graceOfStop
	if m.overdue.Load() > 0 { // nothing ends what hangs
		grace = time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := client.Stop(ctx); err == nil {
		return nil
	}
	again, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return client.StopAndCancel(again)
}

// errStopped says that somebody has stopped the batch.
var errStopped = errors.New("the batch was stopped")

// makeInTime is Make, and counts while it is overdue. River recovers a panic, which must leave nothing of that behind.
func (m *Maker) makeInTime(ctx context.Context, numbers []card.Number) (other map[string][]card.Number, err error) {
	late := time.AfterFunc(endTime, func() { m.overdue.Add(1) })
	defer func() {
		if !late.Stop() {
			m.overdue.Add(-1)
		}
	}()
	return m.Make(ctx, numbers)
}

// make makes the cards of one job.
func (m *Maker) make(ctx context.Context, job *river.Job[cardsArgs]) error {
	if isStopped(job.JobRow) {
		return river.JobCancel(errStopped)
	}
	bounded, cancel := context.WithTimeout(ctx, jobTime)
	defer cancel()
	began := m.Now()
	other, err := m.makeInTime(bounded, job.Args.Numbers)
	if errors.Is(err, register.ErrLockHeld) && ctx.Err() == nil {
		m.keptWaiting(began)
	} else {
		m.kept.end()
	}
	for key, numbers := range other { // they were planned anew: the job follows its key
		args := cardsArgs{job.Args.Batch, Lane{key, job.Args.Lane.Setup}, numbers}
		if _, insertErr := m.client.Insert(ctx, args, nil); insertErr != nil {
			err = errors.Join(err, insertErr)
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.Is(err, register.ErrLockHeld): // this machine stops, or others are at work
		return river.JobSnooze(0)
	case m.IsFault(err):
		m.Log.Error("cards could not be made; see `cardproof queue`", "batch", job.Args.Batch, "why", err)
		if job.Attempt >= job.MaxAttempts {
			return river.JobCancel(err) // kept longer than what River discards
		}
		return err
	case bounded.Err() != nil:
		return m.outOfTime(ctx, job, err)
	}
	return m.meets(err)
}

// meets ends a turn in which something was wrong with this machine.
func (m *Maker) meets(trouble error) error {
	select {
	case m.trouble <- trouble:
	default: // it is known already
	}
	return river.JobSnooze(time.Second)
}

// outOfTime ends a turn whose time is over. Where it has made none of its cards, the next would make none either, and this machine says so.
func (m *Maker) outOfTime(ctx context.Context, job *river.Job[cardsArgs], why error) error {
	unmade, err := m.Unmade(ctx, job.Args.Batch)
	if err != nil {
		return m.meets(err)
	}
	left, before := 0, len(job.Args.Numbers)
	for _, n := range job.Args.Numbers {
		if unmade[n] {
			left++
		}
	}
	_ = json.Unmarshal(job.Output(), &before) // it has none before its first turn is over
	if err := river.RecordOutput(ctx, left); err != nil {
		return m.meets(err)
	}
	if left == 0 || left < before {
		return river.JobSnooze(0)
	}
	return m.meets(fmt.Errorf("no card was made in %s: %w: %w", jobTime, ErrSilent, why))
}
