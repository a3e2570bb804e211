package work_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/work"
)

// What is resumed goes to the machine that runs, whatever the setup was when it was planned: what was stopped, and what waits in vain.
func TestResumedCardsGoToMachinesThatRun(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{true, false} {
		b := newQueueBench(t, 120)
		before := work.Lane{Key: "key", Setup: "before"}
		b.put("before", false)
		if stopped {
			if _, err := b.q.StopCards(t.Context(), "batch"); err != nil {
				t.Fatal(err)
			}
		}
		stop := b.machine(work.Lane{Key: "other", Setup: "strange"}, b.make, time.Now)
		wait(t, func() bool { return len(b.machines()) == 1 && b.machines()[0].Lane.Key == "other" })
		if b.put("own", true); len(b.jobs().Waiting[before]) != 120 {
			t.Errorf("beside a machine with another key: got %+v", b.jobs())
		}
		stop()
		stop = b.machine(work.Lane{Key: "key", Setup: "mended"}, b.make, time.Now)
		wait(t, func() bool { return len(b.machines()) == 1 && b.machines()[0].Lane.Setup == "mended" })
		if got := b.put("own", true); got != 120 {
			t.Errorf("put: got %d", got)
		}
		wait(t, func() bool { return b.left() == 0 })
		stop()
	}
}

func TestResumeWithoutMachinesAndJobs(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 10)
	if n, err := b.q.PutCards(t.Context(), "batch", "", b.unmade, true); !errors.Is(err, work.ErrNoSetup) || n != 0 {
		t.Errorf("without a setup: got %d, %v, want ErrNoSetup", n, err)
	}
	if got := b.put("own", true); got != 10 || len(b.jobs().Waiting[work.Lane{Key: "key", Setup: "own"}]) != 10 {
		t.Errorf("with one's own: got %d, %+v", got, b.jobs())
	}
}
