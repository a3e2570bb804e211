package work_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

var laneHere = work.Lane{Key: "key", Setup: "here"}

// why is what the one machine says that keeps it from making cards.
func (b *bench) why() string {
	b.t.Helper()
	if machines := b.machines(); len(machines) == 1 {
		return machines[0].Why
	}
	return ""
}

// A time-stamp server that falls silent in the middle of a part: what was made counts, and that nothing more is made is told; no attempt is burnt.
func TestSilenceIsTold(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 10)
	b.put("here", false)
	var turns atomic.Int32
	do := func(ctx context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		if turns.Add(1) == 1 {
			if _, err := b.make(ctx, numbers[:3]); err != nil {
				return nil, err
			}
		}
		<-ctx.Done()
		return nil, fmt.Errorf("no time stamp from there: %w", ctx.Err())
	}
	defer b.machine(laneHere, do, time.Now)()
	wait(t, func() bool { return strings.Contains(b.why(), work.ErrSilent.Error()) })
	if got := b.why(); turns.Load() != 2 || !strings.Contains(got, "no time stamp from there") || !strings.Contains(b.log.String(), "no card was made in 15s") {
		t.Errorf("after %d turns, want 2, it says %q, and in its log %s", turns.Load(), got, b.log.String())
	}
	if got := b.jobs(); b.left() != 7 || len(got.Failed) > 0 || got.Error != "" || len(got.Waiting[laneHere]) != 7 {
		t.Errorf("%d cards left, and of their job: got %+v", b.left(), got)
	}
}

// To wait while somebody else is at work is no trouble.
func TestWaitingForOthersIsNoTrouble(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 10)
	b.put("here", false)
	var turns atomic.Int32
	do := func(ctx context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		if turns.Add(1) > 1 {
			return b.make(ctx, numbers)
		}
		<-ctx.Done()
		return nil, fmt.Errorf("take the lock: %w: %w", register.ErrLockHeld, ctx.Err())
	}
	defer b.machine(laneHere, do, time.Now)()
	wait(t, func() bool { return b.left() == 0 })
	if strings.Contains(b.log.String(), "level=ERROR") {
		t.Errorf("it told of trouble: %s", b.log.String())
	}
}

// A system call that never returns can't be ended. The machine says that it hangs, takes nothing more, and goes on when it has returned.
func TestAMachineThatHangs(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 120)
	b.put("here", false)
	out := make(chan struct{})
	do, taken := counted(func(ctx context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		<-out
		return b.make(ctx, numbers)
	})
	defer b.machine(laneHere, do, time.Now)()
	wait(t, func() bool { return strings.Contains(b.why(), "has been in hand for more than") })
	time.Sleep(twoPolls)
	if got := taken.Load(); got != 2 {
		t.Errorf("it has taken %d parts, want 2", got)
	}
	close(out)
	wait(t, func() bool { return b.left() == 0 && b.why() == "" })
}

// A look at a folder that hangs is told as well, and is not begun beside another.
func TestALookThatHangs(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 10)
	out := make(chan struct{})
	var looks, atOnce, most atomic.Int32
	ready := func(context.Context) (work.Lane, error) {
		if n := atOnce.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer atOnce.Add(-1)
		if looks.Add(1) > 1 {
			<-out
		}
		return laneHere, nil
	}
	defer b.machineThat(ready, b.make, time.Now)()
	wait(t, func() bool { return strings.Contains(b.why(), "a look whether cards can be made here") })
	b.put("here", false)
	time.Sleep(twoPolls)
	if b.left() != 10 {
		t.Errorf("it has made %d cards meanwhile", 10-b.left())
	}
	close(out)
	wait(t, func() bool { return b.left() == 0 && b.why() == "" })
	if most.Load() != 1 {
		t.Errorf("got %d looks at once", most.Load())
	}
}
