package work

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// On a server, one of all the programs that work does River's upkeep for the others, whatever each of them does itself: it rescues their jobs, begins
// what is due again and again, and forgets what is done. So all of them know every kind of job, and agree on the times.

// keepFailed is for how long a job is kept whose cards could not be made, or that was stopped. No job with an address is ever cancelled.
const keepFailed = 30 * 24 * time.Hour

// rescueMailAfter is after what time a job of a dead run that was about a mail is taken up; one that lives and waits longer is looked at twice, and sent once.
const rescueMailAfter = 15 * time.Minute

// onServer gives a client what all those of a server have in common.
func onServer(c *river.Config) *river.Config {
	c.JobTimeout = -1 // each kind has its own
	c.RescueStuckJobsAfter = rescueTime
	c.CompletedJobRetentionPeriod, c.DiscardedJobRetentionPeriod = time.Hour, time.Hour // longer than linksPause; there are addresses in them
	c.CancelledJobRetentionPeriod = keepFailed
	c.PeriodicJobs = periodicJobs(river.UniqueOpts{ByState: liveStates}) // where no machine sends mails, one of each waits
	return c
}

const upkeep = "upkeep" // a queue of its own, so that it does not wait behind ten thousand mails

// periodicJobs are begun again and again.
func periodicJobs(unique river.UniqueOpts) []*river.PeriodicJob {
	every := func(d time.Duration, args river.JobArgs) *river.PeriodicJob {
		return river.NewPeriodicJob(river.PeriodicInterval(d), func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{Queue: upkeep, MaxAttempts: 1, UniqueOpts: unique} // the next comes anyway
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	return []*river.PeriodicJob{every(sweepEvery, sweepArgs{}), every(remindEvery, remindArgs{})}
}

// timed gives a kind its own time to be rescued after. Its jobs are not ended by that time: each of their steps has its own.
type timed[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work func(context.Context, *river.Job[T]) error
	time time.Duration
}

func (t timed[T]) Timeout(*river.Job[T]) time.Duration { return t.time }

func (t timed[T]) Work(ctx context.Context, job *river.Job[T]) error {
	endless, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel()
		}
	})()
	return t.work(endless, job)
}

// cardsWorker makes cards. A job whose machine was killed is taken up at once.
type cardsWorker struct {
	river.WorkerDefaults[cardsArgs]
	work func(context.Context, *river.Job[cardsArgs]) error
}

func (w cardsWorker) Work(ctx context.Context, job *river.Job[cardsArgs]) error {
	return w.work(ctx, job)
}

func (cardsWorker) NextRetry(job *river.Job[cardsArgs]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt) * 2 * time.Second)
}

// errElsewhere is of a job that this program only keeps: it takes none of its queue.
var errElsewhere = errors.New("this program does not do such work")

func elsewhere[T river.JobArgs](context.Context, *river.Job[T]) error { return errElsewhere }

// workers are those of a maker.
func (m *Maker) workers() (*river.Workers, error) {
	return workersOf(mailWork{elsewhere[deliverArgs], elsewhere[linksArgs], elsewhere[sweepArgs], elsewhere[remindArgs]}, m.make)
}

// mailWork is what is done with the jobs about mails.
type mailWork struct {
	deliver func(context.Context, *river.Job[deliverArgs]) error
	links   func(context.Context, *river.Job[linksArgs]) error
	sweep   func(context.Context, *river.Job[sweepArgs]) error
	remind  func(context.Context, *river.Job[remindArgs]) error
}

func workersOf(mails mailWork, cards func(context.Context, *river.Job[cardsArgs]) error) (*river.Workers, error) {
	workers := river.NewWorkers()
	for _, err := range []error{
		river.AddWorkerSafely(workers, timed[deliverArgs]{work: mails.deliver, time: rescueMailAfter}),
		river.AddWorkerSafely(workers, timed[linksArgs]{work: mails.links, time: rescueMailAfter}),
		river.AddWorkerSafely(workers, timed[sweepArgs]{work: mails.sweep}),
		river.AddWorkerSafely(workers, timed[remindArgs]{work: mails.remind}),
		river.AddWorkerSafely(workers, cardsWorker{work: cards}),
	} {
		if err != nil {
			return nil, err
		}
	}
	return workers, nil
}
