package work

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/cardproof/cardproof/card"
)

// waiting is a lane of no machine in which cards wait; the zero value where there is none.
type waiting struct {
	lane  Lane
	looks int // that have found it, after the first
}

// askAgain is after how many looks it is asked again whether the cards are still to be made: that reads a whole batch.
const askAgain = 6

// tellWaiting logs once, when that begins, that cards wait which neither this machine makes nor any other. That has to be so at two looks in a row: a
// machine that has just begun is on the list with the next.
func (m *Maker) tellWaiting(ctx context.Context, mine Lane) {
	batch, lane, err := m.unserved(ctx, mine)
	if err != nil { // the next look tells
		return
	}
	if lane == (Lane{}) || lane != m.waits.lane {
		m.waits = waiting{lane: lane}
		return
	}
	if m.waits.looks++; m.waits.looks > 1 {
		return
	}
	why := "they were planned for another key than this machine's"
	if lane.Key == mine.Key {
		why = "they were planned with another set-up than this machine's: another config.yaml, design, archive, or version"
	}
	m.Log.Error("cards wait that no running machine makes; see `cardproof queue`", "machine", m.name, "batch", batch, "why", why, "wanted", lane.Key, "key", mine.Key)
}

// someJobs are so many that those at their head whose cards were made by other ways hide no others.
const someJobs = 200

// unserved is the first batch that has cards to be made in a lane of no machine, and that lane. Both are empty where there is none. This machine's
// own lane is served, also where the others can't hear of it.
func (m *Maker) unserved(ctx context.Context, mine Lane) (batch string, lane Lane, err error) {
	now, err := m.Clock(ctx)
	if err != nil {
		return "", Lane{}, err
	}
	machines, err := m.Machines(ctx, now)
	if err != nil {
		return "", Lane{}, err
	}
	served := []string{mine.queue()}
	for _, one := range machines {
		served = append(served, one.Lane.queue())
	}
	page, err := m.client.JobList(ctx, river.NewJobListParams().First(someJobs).Kinds(cardsArgs{}.Kind()).OrderBy(river.JobListOrderByID, river.SortOrderAsc).
		States(rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled).
		Where("queue <> ALL (string_to_array(@served, ','))", river.NamedArgs{"served": strings.Join(served, ",")}))
	if err != nil {
		return "", Lane{}, err
	}
	left := map[string]map[card.Number]bool{}
	for _, row := range page.Jobs {
		var args cardsArgs
		if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
			return "", Lane{}, err
		}
		if args.Lane == m.waits.lane && m.waits.looks%askAgain != 0 {
			return args.Batch, args.Lane, nil
		}
		if left[args.Batch] == nil {
			if left[args.Batch], err = m.Unmade(ctx, args.Batch); err != nil {
				return "", Lane{}, err
			}
		}
		for _, n := range args.Numbers {
			if left[args.Batch][n] {
				return args.Batch, args.Lane, nil
			}
		}
	}
	return "", Lane{}, nil
}
