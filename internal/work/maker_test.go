package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
)

// aJob is one of a batch, as River hands it out.
func aJob() *river.Job[cardsArgs] {
	return &river.Job[cardsArgs]{JobRow: &rivertype.JobRow{}, Args: cardsArgs{Batch: "batch", Numbers: []card.Number{"1"}}}
}

// newTestMaker is a maker without a database, and its log.
func newTestMaker(o MakerOptions) (*Maker, *bytes.Buffer) {
	log := new(bytes.Buffer)
	o.Log, o.Now = slog.New(slog.NewTextHandler(log, nil)), time.Now
	return &Maker{MakerOptions: o, name: "host:1"}, log
}

// River recovers a panic. After it, the machine is as ready as before.
func TestAPanicLeavesNothingOverdue(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m, _ := newTestMaker(MakerOptions{Make: func(context.Context, []card.Number) (map[string][]card.Number, error) {
				if late {
					time.Sleep(endTime + time.Second)
				}
				panic("a fault of the program")
			}})
			func() {
				defer func() {
					if recover() == nil {
						t.Error("it did not panic")
					}
				}()
				_ = m.make(t.Context(), aJob())
			}()
			time.Sleep(endTime + time.Second)
			if got := m.overdue.Load(); got != 0 {
				t.Errorf("late %v: %d jobs are overdue, want none", late, got)
			}
		})
	}
}

// Whoever is told to stop does not wait for a look that hangs, and begins no other one beside it.
func TestALookThatHangsEndsWithItsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out, looks := make(chan struct{}), new(atomic.Int32)
		m, _ := newTestMaker(MakerOptions{Ready: func(context.Context) (Lane, error) { looks.Add(1); <-out; return Lane{}, nil }})
		start := time.Now()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := m.ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the end of the run", err)
			}
			cancel()
		}
		if took := time.Since(start); took != 2*time.Second || looks.Load() != 1 {
			t.Errorf("two runs of a second took %s, with %d looks", took, looks.Load())
		}
		close(out)
	})
}

// A machine that gets no lock says so, at first and again when that lasts, until it gets one.
func TestAMachineThatIsKeptWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		held := true
		m, log := newTestMaker(MakerOptions{Make: func(ctx context.Context, _ []card.Number) (map[string][]card.Number, error) {
			if !held {
				return nil, nil
			}
			<-ctx.Done()
			return nil, fmt.Errorf("take the lock: %w: %w", register.ErrLockHeld, ctx.Err())
		}})
		turns := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				if snooze := (*river.JobSnoozeError)(nil); !errors.As(m.make(t.Context(), aJob()), &snooze) && held {
					t.Fatal("the job does not wait for its next turn")
				} else if !held {
					return
				}
			}
		}
		start := time.Now().UTC().Truncate(time.Second)
		turns(4 * time.Minute)
		if warned := strings.Count(log.String(), "level=WARN msg=\"cards wait: another machine changes keys, erases or copies"); warned != 1 || strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("after 4 minutes: got %s", log)
		}
		if got := m.kept.from(m.Now()); !got.Equal(start) {
			t.Errorf("kept since %s, want %s", got, start)
		}
		turns(2 * time.Minute)
		if told := strings.Count(log.String(), "level=ERROR"); told != 1 || !strings.Contains(log.String(), "see `cardproof queue`") {
			t.Errorf("after 6 minutes: got %s", log)
		}
		held = false
		turns(time.Second)
		if got := m.kept.from(m.Now()); !got.IsZero() {
			t.Errorf("with the lock: kept since %s", got)
		}
		held = true
		turns(time.Second)
		time.Sleep(stillKept + time.Second)
		if got := m.kept.from(m.Now()); !got.IsZero() {
			t.Errorf("long after its last turn: kept since %s", got)
		}
	})
}

// A machine that can't tell of itself still knows what it makes.
func TestAMachineServesItsOwnLane(t *testing.T) {
	t.Parallel()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	var log bytes.Buffer
	m, err := OpenMaker(t.Context(), MakerOptions{Database: s.New(t, ""), Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Unmade: func(context.Context, string) (map[card.Number]bool, error) {
			return map[card.Number]bool{"1": true}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.PutCards(t.Context(), "batch", "here", []register.Unmade{{Number: "1", KeyID: "key"}}, false); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m.tellWaiting(t.Context(), Lane{"key", "here"})
	}
	if log.Len() > 0 {
		t.Errorf("of its own cards it says %s", &log)
	}
	for range 3 {
		m.tellWaiting(t.Context(), Lane{"key", "elsewhere"})
	}
	if !strings.Contains(log.String(), "another set-up than this machine's") {
		t.Errorf("of those of another set-up it says %q", &log)
	}
}
