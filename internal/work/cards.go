package work

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
)

// Lane is what a machine needs to make cards: the key that they were planned for, and a setup that draws them alike.
type Lane struct {
	Key   string `json:"key"`
	Setup string `json:"setup"`
}

// queue is the name of River's queue of a lane. A machine takes from its own lane alone, so that no job is ever in the hands of one that can't do it.
func (l Lane) queue() string {
	sum := sha256.Sum256([]byte(l.Key + "\n" + l.Setup))
	return "cards-" + hex.EncodeToString(sum[:8])
}

// cardsArgs is the wish to make cards of a batch that are still planned. What they are is in the register.
type cardsArgs struct {
	Batch   string        `json:"batch"`
	Lane    Lane          `json:"lane"`
	Numbers []card.Number `json:"numbers"`
}

func (cardsArgs) Kind() string { return "cards" }

// chunkSize is how many cards a job has. A machine works about a quarter of a second on them, and is told to stop after them.
const chunkSize = 50

// cardsAttempts are those of a job whose cards can't be made. A worker that was killed costs one, too.
const cardsAttempts = 8

func (a cardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: a.Lane.queue(), MaxAttempts: cardsAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: liveStates},
	}
}

var liveStates = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// BatchJobs is what the queue holds of a batch.
type BatchJobs struct {
	Waiting map[Lane][]card.Number
	Running map[string][]card.Number // by machine
	GivenUp []card.Number            // by a machine that could not say so; rescueTime after it began they wait again
	Stopped []card.Number
	Failed  []card.Number // after all attempts
	Error   string        // the last of a job that failed, or that is tried again
}

// PutCards puts the cards of a batch that are still to be made into the queue, and says how many it has put there. Those that wait there already, were
// stopped, or have failed after all attempts stay as they are; again puts the latter two once more, for the setup of a machine that runs with
// their key, or else for that of the last job. setup is then only for cards that have neither; where it is empty, the error is ErrNoSetup. Jobs for a
// setup or a key that is no longer the cards' own are taken back.
func (q *Queue) PutCards(ctx context.Context, batch, setup string, unmade []register.Unmade, again bool) (put int, err error) {
	jobs, err := q.jobsOf(ctx, batch)
	if err != nil {
		return 0, err
	}
	lanes := map[card.Number]Lane{}
	for _, u := range unmade {
		lanes[u.Number] = Lane{u.KeyID, setup}
	}
	if again { // the machine of whoever says so need not be one of those that make the cards
		if err := q.moveLanes(ctx, lanes, jobs); err != nil {
			return 0, err
		}
	}
	has := map[card.Number]bool{}
	for _, j := range jobs {
		live := slices.Contains(liveStates, j.row.State)
		foreign := slices.ContainsFunc(j.args.Numbers, func(n card.Number) bool { l, ok := lanes[n]; return ok && l != j.args.Lane })
		if live && foreign {
			if _, err := q.client.JobCancel(ctx, j.row.ID); err != nil {
				return 0, err
			}
			continue
		}
		for _, n := range j.args.Numbers {
			has[n] = has[n] || live || !again && !foreign && ended(j.row.State)
		}
	}
	parts := map[Lane][]card.Number{}
	for _, u := range unmade {
		if l := lanes[u.Number]; !has[u.Number] {
			parts[l] = append(parts[l], u.Number)
		}
	}
	var params []river.InsertManyParams
	for lane, numbers := range parts {
		for part := range slices.Chunk(numbers, chunkSize) {
			params = append(params, river.InsertManyParams{Args: cardsArgs{batch, lane, part}})
			put += len(part)
		}
	}
	for part := range slices.Chunk(params, 500) {
		if _, err := q.client.InsertMany(ctx, part); err != nil {
			return 0, err
		}
	}
	return put, nil
}

// ErrNoSetup says that nobody is known who could make cards: no machine runs with their key, and no job of theirs is left.
var ErrNoSetup = errors.New("no machine runs that has the key of these cards")

// moveLanes gives lanes the setups of machines that run. Those that have the setup of the last job come first: they may have parts of it in hand.
func (q *Queue) moveLanes(ctx context.Context, lanes map[card.Number]Lane, jobs []cardsJob) error {
	now, err := q.Clock(ctx)
	if err != nil {
		return err
	}
	machines, err := q.Machines(ctx, now)
	if err != nil {
		return err
	}
	last := ""
	if len(jobs) > 0 {
		last = jobs[len(jobs)-1].args.Lane.Setup
	}
	running := map[string]string{} // the setup, by key
	for _, m := range machines {
		if running[m.Lane.Key] == "" || m.Lane.Setup == last {
			running[m.Lane.Key] = m.Lane.Setup
		}
	}
	for number, l := range lanes {
		if l.Setup = cmp.Or(running[l.Key], last, l.Setup); l.Setup == "" {
			return ErrNoSetup
		}
		lanes[number] = l
	}
	return nil
}

// ended is true of a job that was stopped or has failed.
func ended(s rivertype.JobState) bool {
	return s == rivertype.JobStateCancelled || s == rivertype.JobStateDiscarded
}

// StopCards takes the jobs of a batch back that wait. Those that are being done come to their end, which takes seconds.
func (q *Queue) StopCards(ctx context.Context, batch string) (stopped int, err error) {
	jobs, err := q.jobsOf(ctx, batch)
	for _, j := range jobs {
		if !slices.Contains(liveStates, j.row.State) {
			continue
		}
		if _, err := q.client.JobCancel(ctx, j.row.ID); err != nil {
			return stopped, err
		}
		stopped++
	}
	return stopped, err
}

// Cards answers what the queue holds of batches, by their names; of one batch alone where that is named. Only numbers that unmade has count. Machines
// are those that are there.
func (q *Queue) Cards(ctx context.Context, batch string, machines []Machine, unmade func(batch string) (map[card.Number]bool, error)) (map[string]*BatchJobs, error) {
	jobs, err := q.jobsOf(ctx, batch)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(jobs, func(a, b cardsJob) int { return cmp.Compare(b.row.ID, a.row.ID) }) // the newest first: it speaks for its cards
	all := map[string]*BatchJobs{}
	left := map[string]map[card.Number]bool{}
	for _, j := range jobs {
		b := all[j.args.Batch]
		if b == nil {
			if left[j.args.Batch], err = unmade(j.args.Batch); err != nil {
				return nil, err
			}
			b = &BatchJobs{Waiting: map[Lane][]card.Number{}, Running: map[string][]card.Number{}}
			all[j.args.Batch] = b
		}
		var numbers []card.Number
		for _, n := range j.args.Numbers {
			if left[j.args.Batch][n] {
				numbers = append(numbers, n)
			}
		}
		if len(numbers) == 0 {
			continue
		}
		b.add(j, numbers, machines)
		for _, n := range numbers {
			delete(left[j.args.Batch], n)
		}
	}
	return all, nil
}

func (b *BatchJobs) add(j cardsJob, numbers []card.Number, machines []Machine) {
	errs := j.row.Errors
	client := ""
	if by := j.row.AttemptedBy; len(by) > 0 {
		client = by[len(by)-1]
	}
	switch {
	case j.row.State == rivertype.JobStateRunning && hasGivenUp(client, machines):
		b.GivenUp = append(b.GivenUp, numbers...)
	case j.row.State == rivertype.JobStateRunning:
		b.Running[machineOf(client)] = append(b.Running[machineOf(client)], numbers...)
	case slices.Contains(liveStates, j.row.State):
		b.Waiting[j.args.Lane] = append(b.Waiting[j.args.Lane], numbers...)
	case j.row.State == rivertype.JobStateCancelled && isStopped(j.row):
		b.Stopped = append(b.Stopped, numbers...)
		return
	default:
		b.Failed = append(b.Failed, numbers...)
	}
	if len(errs) > 0 && b.Error == "" {
		b.Error = errs[len(errs)-1].Error
	}
}

// isStopped says whether somebody has asked for the end of a job.
func isStopped(row *rivertype.JobRow) bool {
	var m struct {
		At time.Time `json:"cancel_attempted_at"`
	}
	return json.Unmarshal(row.Metadata, &m) == nil && !m.At.IsZero()
}

type cardsJob struct {
	row  *rivertype.JobRow
	args cardsArgs
}

// jobsOf answers the jobs of a batch that are not done, or of all batches.
func (q *Queue) jobsOf(ctx context.Context, batch string) (jobs []cardsJob, err error) {
	params := river.NewJobListParams().Kinds(cardsArgs{}.Kind()).
		States(append(slices.Clone(liveStates), rivertype.JobStateCancelled, rivertype.JobStateDiscarded)...)
	if batch != "" {
		params = params.Where("args ->> 'batch' = @batch", river.NamedArgs{"batch": batch})
	}
	err = eachJob(ctx, q.client, params, func(row *rivertype.JobRow) error {
		j := cardsJob{row: row}
		err := json.Unmarshal(row.EncodedArgs, &j.args)
		jobs = append(jobs, j)
		return err
	})
	return jobs, err
}
