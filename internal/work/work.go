package work

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"golang.org/x/time/rate"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
)

// Links makes the private links of learners.
type Links interface {
	// NewLink makes a link of which only the hash is kept, and answers its secret.
	NewLink(ctx context.Context, learner card.LearnerKey, actor string, at time.Time) (secret string, err error)
	// LearnersByEmail answers the learners who have an address.
	LearnersByEmail(ctx context.Context, email string) ([]card.LearnerKey, error)
	// EndLink revokes a link that was in a mail which nobody has got.
	EndLink(ctx context.Context, secret, actor string, at time.Time) error
}

// Archive has the finished files.
type Archive interface {
	Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
}

// Options say what is done, and with what.
type Options struct {
	Folder      string // of the queue and its lock: the data folder
	Database    string // the URL of the register's database, which then has the queue; empty for a file in Folder
	Register    *register.DB
	Archive     Archive
	Links       Links // nil for mails without a private link
	Writer      *post.Writer
	Server      post.Server
	URL         string // the issuer's origin
	Language    string
	Attach      bool
	PerMinute   int
	GiveUpAfter time.Duration
	Reminders   []int // days before the end, the most first
	Actor       string
	Log         *slog.Logger // nothing private goes there
	Now         func() time.Time
}

// QueueName is the file of the queue in the data folder.
const QueueName = "work.db"

// LockName is the file in the data folder that the one run which works holds locked.
const LockName = "work.lock"

// Times of the schedule.
const (
	sweepEvery  = time.Minute
	remindEvery = time.Hour
	graceOfStop = 30 * time.Second
)

// Worker does the work. Close it when it has run.
type Worker struct {
	Options
	*Queue
	sender   *post.Sender
	turn     chan struct{} // whoever has put something in has the connection
	limit    *rate.Limiter
	stopping chan struct{} // closed when no further mail is to be begun
	down     time.Time     // until when no attempt is worth it; of whoever has the turn
}

// Open opens the queue.
func Open(ctx context.Context, o Options) (*Worker, error) {
	sender, err := post.NewSender(o.Server)
	if err != nil {
		return nil, err
	}
	w := &Worker{
		Options: o, sender: sender, turn: make(chan struct{}, 1), stopping: make(chan struct{}),
		limit: rate.NewLimiter(rate.Limit(float64(o.PerMinute)/60), max(1, o.PerMinute/60)),
	}
	pool, on, err := openPool(ctx, cmp.Or(o.Database, filepath.Join(o.Folder, QueueName)))
	if err != nil {
		return nil, err
	}
	w.Queue = &Queue{pool: pool}
	if w.client, err = w.newClient(on); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return w, nil
}

// Workers that wait for the connection cost little, and River need not be asked for each mail by itself.
const mostWaiting = 50

func (w *Worker) newClient(on riverdriver.Driver[*sql.Tx]) (*river.Client[*sql.Tx], error) {
	workers, err := workersOf(mailWork{
		deliver: w.deliver, links: w.links,
		sweep:  func(ctx context.Context, _ *river.Job[sweepArgs]) error { return w.sweep(ctx) },
		remind: func(ctx context.Context, _ *river.Job[remindArgs]) error { return w.remind(ctx) },
	}, elsewhere[cardsArgs])
	if err != nil {
		return nil, err
	}
	config := &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: min(mostWaiting, max(2, w.PerMinute))}, upkeep: {MaxWorkers: 1}},
		Workers: workers, PeriodicJobs: periodicJobs(river.UniqueOpts{}),
		JobTimeout:                  -1, // every step of SMTP has its own time
		RescueStuckJobsAfter:        rescueMailAfter,
		FetchCooldown:               20 * time.Millisecond,
		FetchPollInterval:           500 * time.Millisecond,
		CompletedJobRetentionPeriod: time.Hour, // longer than linksPause; there are addresses in them
		CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: time.Hour,
		Logger:                      slog.New(slog.DiscardHandler), // it would tell of every attempt; what matters is told here
	}
	if register.IsServer(w.Database) {
		onServer(config)
	}
	return river.NewClient(on, config)
}

// Run works until ctx ends, and then ends the mail that is being sent. Where another run works, it waits for that to end.
func (w *Worker) Run(ctx context.Context) error {
	return w.run(ctx, func(context.Context) error { <-ctx.Done(); return nil })
}

// RunOnce works until every mail that can be sent now was tried.
func (w *Worker) RunOnce(ctx context.Context) error {
	return w.run(ctx, func(ctx context.Context) error {
		if err := errors.Join(w.remind(ctx), w.retryNow(ctx)); err != nil {
			return err
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
			if busy, err := w.busy(ctx); err != nil || !busy {
				return err
			}
		}
	})
}

// retryNow has River try at once what it would try later.
func (w *Worker) retryNow(ctx context.Context) error {
	return w.eachJob(ctx, rivertype.JobStateRetryable, func(row *rivertype.JobRow) error {
		_, err := w.client.JobRetry(ctx, row.ID)
		return err
	})
}

// eachJob hands every job of a state to do, until that is an error. Those of the queues of cards are other programs'.
func (w *Worker) eachJob(ctx context.Context, state rivertype.JobState, do func(*rivertype.JobRow) error) error {
	return eachJob(ctx, w.client, river.NewJobListParams().Queues(river.QueueDefault, upkeep).States(state), do)
}

// errFound ends a search among jobs.
var errFound = errors.New("found")

// busy says whether jobs wait or run that this run can do now.
func (w *Worker) busy(ctx context.Context) (bool, error) {
	for _, state := range []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning} {
		err := w.eachJob(ctx, state, func(row *rivertype.JobRow) error {
			// A job that a dead run had is running for River until its rescuer comes.
			if by := row.AttemptedBy; state != rivertype.JobStateRunning || len(by) > 0 && by[len(by)-1] == w.client.ID() {
				return errFound
			}
			return nil
		})
		if errors.Is(err, errFound) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (w *Worker) run(ctx context.Context, until func(context.Context) error) error {
	lock := flock.New(filepath.Join(w.Folder, LockName), flock.SetPermissions(0o600))
	if locked, err := lock.TryLockContext(ctx, time.Second); err != nil || !locked {
		return unlessOver(ctx, err)
	}
	defer lock.Unlock()
	alone := w.Register.WorkLock()
	defer alone.Close()
	if err := hold(ctx, alone); err != nil {
		return unlessOver(ctx, err)
	}
	if err := w.recover(ctx); err != nil {
		return unlessOver(ctx, err)
	}
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	guarded, stopGuard := context.WithCancel(ctx)
	var guard sync.WaitGroup
	guard.Go(func() { w.guard(guarded, alone) })
	err := until(ctx)
	stopGuard()
	guard.Wait()
	return errors.Join(err, w.stop())
}

// guardEvery is how often a run makes sure that it is still the only one.
const guardEvery = 5 * time.Second

// hold waits until no run on another machine works.
func hold(ctx context.Context, alone *register.WorkLock) error {
	for {
		held, err := alone.Hold(ctx)
		if held || err != nil {
			return err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// guard begins no mail while this run may not be the only one: the database was gone, or another machine took over meanwhile.
func (w *Worker) guard(ctx context.Context, alone *register.WorkLock) {
	for sleep(ctx, guardEvery) == nil {
		if held, err := alone.Hold(ctx); held && err == nil {
			continue
		}
		if w.takeTurn(ctx) != nil {
			return
		}
		for {
			held, err := alone.Hold(ctx)
			if held && err == nil || sleep(ctx, time.Second) != nil {
				break
			}
		}
		w.endTurn()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// unlessOver is err, but nil where ctx has ended: nothing was begun yet, and to be told to stop is no fault.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stop lets the mail that is being sent come to its end, and puts the others back.
func (w *Worker) stop() error {
	close(w.stopping)
	ctx, cancel := context.WithTimeout(context.Background(), graceOfStop)
	defer cancel()
	err := w.client.Stop(ctx)
	if err != nil { // the mail hangs: the next run finds out what is known of it
		again, cancel := context.WithTimeout(context.Background(), graceOfStop)
		defer cancel()
		err = w.client.StopAndCancel(again)
	}
	if err == nil {
		w.sender.Close()
	}
	return err
}

// recover puts right what a run left that was killed. This run has the lock, so no other one is sending.
func (w *Worker) recover(ctx context.Context) error {
	held := map[int64]int64{}
	err := w.eachJob(ctx, rivertype.JobStateRunning, func(row *rivertype.JobRow) error {
		if args, ok := argsOf(row); ok {
			held[args.Mail] = args.Turn
		}
		return nil
	})
	if err != nil {
		return err
	}
	unknown, err := w.Register.RecoverMails(ctx, held, w.Actor, w.Now())
	if err != nil {
		return err
	}
	if unknown > 0 {
		w.Log.Warn("mails were cut off before the server's answer; see `cardproof mail status`", "mails", unknown)
	}
	return w.putIn(ctx)
}

// sweep finds mails that wait without a job, and those whose outcome could not be written down.
func (w *Worker) sweep(ctx context.Context) error {
	if err := w.takeTurn(ctx); err != nil { // while it has the turn, nothing is being sent
		return err
	}
	_, err := w.Register.RecoverMails(ctx, nil, w.Actor, w.Now())
	w.endTurn()
	if err != nil {
		w.Log.Error("the mails could not be looked through", "error", err)
		return errWork
	}
	return w.putIn(ctx)
}

// putIn sees to it that every mail that waits has a job.
func (w *Worker) putIn(ctx context.Context) error {
	var after int64
	for {
		const together = 1000
		mails, err := w.Register.Mails(ctx, register.MailFilter{States: []register.MailState{register.MailQueued}, After: after, Limit: together})
		if err != nil || len(mails) == 0 {
			return err
		}
		if err := w.Deliver(ctx, mails); err != nil {
			return err
		}
		after = mails[len(mails)-1].ID
	}
}

// takeTurn waits for the connection. It fails when ctx ends or the worker stops.
func (w *Worker) takeTurn(ctx context.Context) error {
	select {
	case <-w.stopping: // first: of two that are ready, select takes any
		return errStopping
	default:
	}
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-w.stopping:
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Worker) endTurn() { <-w.turn }
