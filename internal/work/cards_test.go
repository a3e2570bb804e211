package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

// bench is a queue in a database, and cards that are to be made.
type bench struct {
	t      *testing.T
	q      *work.Queue
	server *pgtest.Server
	url    string
	log    lockedBuffer // of its machines

	mu     sync.Mutex
	unmade []register.Unmade
}

func newQueueBench(t *testing.T, n int) *bench {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	b := &bench{t: t, server: s, url: s.New(t, "")}
	if b.q, err = work.OpenQueue(t.Context(), b.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.q.Close() })
	for i := range n {
		b.unmade = append(b.unmade, register.Unmade{Number: card.Number(fmt.Sprintf("%013d", i)), KeyID: "key"})
	}
	return b
}

func (b *bench) put(setup string, again bool) int {
	b.t.Helper()
	b.mu.Lock()
	unmade := slices.Clone(b.unmade)
	b.mu.Unlock()
	n, err := b.q.PutCards(b.t.Context(), "batch", setup, unmade, again)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) jobs() *work.BatchJobs {
	b.t.Helper()
	all, err := b.q.Cards(b.t.Context(), "batch", b.machines(), func(batch string) (map[card.Number]bool, error) { return b.unmadeOf(b.t.Context(), batch) })
	if err != nil {
		b.t.Fatal(err)
	}
	if all["batch"] == nil {
		return &work.BatchJobs{}
	}
	return all["batch"]
}

// unmadeOf is what is to be made of the one batch that has anything.
func (b *bench) unmadeOf(_ context.Context, batch string) (map[card.Number]bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	numbers := map[card.Number]bool{}
	for _, u := range b.unmade {
		numbers[u.Number] = batch == "batch"
	}
	return numbers, nil
}

// make is a machine's work: it takes the numbers out of what is to be made.
func (b *bench) make(_ context.Context, numbers []card.Number) (map[string][]card.Number, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unmade = slices.DeleteFunc(b.unmade, func(u register.Unmade) bool { return slices.Contains(numbers, u.Number) })
	return nil, nil
}

func (b *bench) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.unmade)
}

var errFault, errMachine = errors.New("this card can't be made"), errors.New("the disk is full")

type makeFunc = func(context.Context, []card.Number) (map[string][]card.Number, error)

// machine runs a maker until the returned function is called, which waits for its end.
func (b *bench) machine(lane work.Lane, do makeFunc, now func() time.Time) (stop func()) {
	b.t.Helper()
	return b.machineThat(func(context.Context) (work.Lane, error) { return lane, nil }, do, now)
}

func (b *bench) machineThat(ready func(context.Context) (work.Lane, error), do makeFunc, now func() time.Time) (stop func()) {
	b.t.Helper()
	m, err := work.OpenMaker(b.t.Context(), work.MakerOptions{
		Database: b.url, Ready: ready, Make: do, Unmade: b.unmadeOf,
		IsFault: func(err error) bool { return errors.Is(err, errFault) }, Log: slog.New(slog.NewTextHandler(&b.log, nil)), Now: now,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return func() {
		cancel()
		if err := errors.Join(<-done, m.Close()); err != nil {
			b.t.Error(err)
		}
	}
}

// counted counts the calls of a machine's work.
func counted(do makeFunc) (makeFunc, *atomic.Int32) {
	calls := new(atomic.Int32)
	return func(ctx context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		calls.Add(1)
		return do(ctx, numbers)
	}, calls
}

// twoPolls is after what time a machine has seen what there is to take.
const twoPolls = 2 * 500 * time.Millisecond

func (b *bench) machines() []work.Machine {
	b.t.Helper()
	now, err := b.q.Clock(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	machines, err := b.q.Machines(b.t.Context(), now)
	if err != nil {
		b.t.Fatal(err)
	}
	return machines
}

func TestCardsArePutInOnce(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 120)
	here, elsewhere := work.Lane{Key: "key", Setup: "here"}, work.Lane{Key: "key", Setup: "elsewhere"}
	if got := b.put("here", false); got != 120 {
		t.Errorf("put: got %d", got)
	}
	if got := b.put("here", false); got != 0 {
		t.Errorf("put again: got %d", got)
	}
	if got := b.put("elsewhere", false); got != 120 || len(b.jobs().Waiting[elsewhere]) != 120 || len(b.jobs().Waiting[here]) != 0 {
		t.Errorf("from another setup: got %d, %+v", got, b.jobs())
	}
	if n, err := b.q.StopCards(t.Context(), "batch"); err != nil || n != 3 {
		t.Errorf("stop: got %d, %v", n, err)
	}
	if got := b.put("elsewhere", false); got != 0 || len(b.jobs().Stopped) != 120 {
		t.Errorf("put what was stopped: got %d, %+v", got, b.jobs())
	}
	if got := b.put("here", true); got != 120 || len(b.jobs().Waiting[elsewhere]) != 120 {
		t.Errorf("resumed by a machine of another setup: got %d, %+v", got, b.jobs())
	}
}

func TestMachinesTakeTheirOwnLaneAlone(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 120)
	b.put("here", false)
	strange, taken := counted(b.make)
	defer b.machine(work.Lane{Key: "other", Setup: "here"}, strange, time.Now)()
	wait(t, func() bool { return len(b.machines()) == 1 && b.machines()[0].Lane.Key == "other" })
	time.Sleep(twoPolls)
	if got := taken.Load(); got != 0 || b.left() != 120 {
		t.Errorf("a machine with another key has taken %d parts and made %d cards", got, 120-b.left())
	}
	// The cards are planned anew with the other's key: a machine that finds it out moves them, and signs nothing.
	own, moved := counted(func(_ context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		return map[string][]card.Number{"other": numbers}, nil
	})
	defer b.machine(work.Lane{Key: "key", Setup: "here"}, own, time.Now)()
	wait(t, func() bool { return b.left() == 0 })
	if moved.Load() != 3 || taken.Load() != 3 {
		t.Errorf("got %d parts moved and %d made, want 3 of each", moved.Load(), taken.Load())
	}
}

func TestAMachineWithAWrongClockTakesNothing(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 60)
	b.put("here", false)
	wrong, taken := counted(b.make)
	stop := b.machine(work.Lane{Key: "key", Setup: "here"}, wrong, func() time.Time { return time.Now().Add(-time.Hour) })
	wait(t, func() bool { return len(b.machines()) == 1 && strings.Contains(b.machines()[0].Why, "clock") })
	time.Sleep(twoPolls)
	stop()
	if taken.Load() != 0 || b.left() != 60 {
		t.Errorf("it has taken %d parts and made %d cards", taken.Load(), 60-b.left())
	}
}

// What is wrong with a machine burns no attempt and is told; another machine makes the cards.
func TestATroubledMachineLeavesItsJobs(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 60)
	b.put("here", false)
	lane := work.Lane{Key: "key", Setup: "here"}
	stop := b.machine(lane, func(context.Context, []card.Number) (map[string][]card.Number, error) { return nil, errMachine }, time.Now)
	wait(t, func() bool { return len(b.machines()) == 1 && b.machines()[0].Why == errMachine.Error() })
	if got := b.jobs(); len(got.Failed) > 0 || got.Error != "" || len(got.Waiting[lane])+len(got.Running) == 0 {
		t.Errorf("its jobs: got %+v", got)
	}
	stop()
	if got := b.machines(); len(got) != 0 { // it was told to end in the middle of its pause
		t.Errorf("after its end the list has %+v", got)
	}
	defer b.machine(lane, b.make, time.Now)()
	wait(t, func() bool { return b.left() == 0 })
}

func TestAFaultOfCardsIsTold(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 10)
	b.put("here", false)
	defer b.machine(work.Lane{Key: "key", Setup: "here"}, func(context.Context, []card.Number) (map[string][]card.Number, error) { return nil, errFault }, time.Now)()
	wait(t, func() bool { return b.jobs().Error == errFault.Error() })
}

// A machine that stands idle beside cards of another key, or of another set-up, says so itself, once. Jobs whose cards are made keep nobody waiting.
func TestAMachineTellsOfCardsThatNoneMakes(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 60)
	done := []register.Unmade{{Number: "done-by-others", KeyID: "of-before"}}
	if _, err := b.q.PutCards(t.Context(), "done", "here", done, false); err != nil {
		t.Fatal(err)
	}
	b.put("here", false)
	defer b.machine(work.Lane{Key: "other", Setup: "here"}, b.make, time.Now)()
	wait(t, func() bool { return strings.Contains(b.log.String(), "another key than this machine's") })
	b.mu.Lock()
	for i := range b.unmade {
		b.unmade[i].KeyID = "other"
	}
	b.mu.Unlock()
	b.put("elsewhere", false)
	wait(t, func() bool { return strings.Contains(b.log.String(), "another set-up than this machine's") })
	said := b.log.String()
	if n := strings.Count(said, "no running machine makes"); n != 2 || !strings.Contains(said, "wanted=key key=other") || strings.Contains(said, "of-before") {
		t.Errorf("it told %d times, want twice, and of the keys: %s", n, said)
	}
}

// What a machine had in hand when it lost the database is not in its hands when it is back, and is told to wait for its next turn.
func TestJobsThatAMachineHasGivenUp(t *testing.T) {
	t.Parallel()
	b := newQueueBench(t, 60)
	lane := work.Lane{Key: "key", Setup: "here"}
	in, out := make(chan struct{}, 9), make(chan struct{})
	stop := b.machine(lane, func(ctx context.Context, numbers []card.Number) (map[string][]card.Number, error) {
		in <- struct{}{}
		<-out
		return b.make(ctx, numbers)
	}, time.Now)
	defer stop()
	defer close(out)
	b.put("here", false)
	<-in
	<-in
	wait(t, func() bool { return len(b.machines()) == 1 })
	name := b.machines()[0].Name
	if got := b.jobs(); len(got.Running[name]) != 60 || len(got.GivenUp) != 0 {
		t.Errorf("in hand: got %+v", got)
	}
	before := "UPDATE river_job SET attempted_by = ARRAY['" + name + "/before'] WHERE kind = 'cards' AND jsonb_array_length(args -> 'numbers') = 50"
	if err := b.server.Exec(t.Context(), pgtest.Database(b.url), before); err != nil {
		t.Fatal(err)
	}
	if got := b.jobs(); len(got.Running[name]) != 10 || len(got.GivenUp) != 50 || len(got.Waiting) != 0 {
		t.Errorf("after the loss: got %+v", got)
	}
}
