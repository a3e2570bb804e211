package serve

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/verify"
)

// One event of a clock that was ahead keeps genuine cards from being valid, until a person says that the clock is right. Another one that is
// beyond belief hides it from nobody.
func TestAnEventOfTheFuture(t *testing.T) {
	l := newListed(t)
	c, other := l.issue(t), l.issue(t)
	l.move(t, other, card.Suspended, c.ExpiresAt.AddDate(0, 0, 20))
	l.move(t, other, card.Issued, testTime.Add(time.Minute))
	l.move(t, other, card.Suspended, testTime.AddDate(30, 0, 0))
	l.move(t, other, card.Issued, testTime.Add(time.Minute))
	for trust, want := range map[bool]string{false: "status_unknown", true: "valid"} {
		heard := &log{}
		site, err := Open(t.Context(), Options{
			Register: l.path(), JWKS: l.jwks, Issuer: public.Issuer{Name: "Riverside Training", URL: testURL, Location: time.UTC},
			Log: NewLog(heard, slog.LevelWarn), Now: func() time.Time { return testTime.Add(time.Hour) }, TrustClock: trust,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []card.Number{c.Number, other.Number} {
			if got := ask(t, site, "/n/"+n.String()); got.Code != want || got.status != 200 {
				t.Errorf("trusted %v: got %s %d, want %s 200", trust, got.Code, got.status, want)
			}
		}
		if err := site.Close(); err != nil {
			t.Error(err)
		}
		levels := map[bool]string{false: `"level":"ERROR"`, true: `"level":"WARN"`}
		if heard.count(levels[trust]) != 1 || heard.count(levels[!trust]) != 0 || heard.count(TrustVariable) != 1 {
			t.Errorf("trusted %v: got the log %s", trust, heard.text.String())
		}
	}
}

func TestTrustsClock(t *testing.T) {
	for text, want := range map[string]bool{"": false, TrustVariable: false, TrustVariable + "=": false, TrustVariable + "=no": false, TrustVariable + "=yes": true, "X" + TrustVariable + "=yes": false} {
		if got := TrustsClock([]string{"A=yes", text}); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// clockwork is what a register answers of its time, and how often it was asked.
type clockwork struct {
	at    atomic.Int64 // Unix seconds; 0 fails
	count atomic.Int64
	wait  chan struct{} // nil to answer at once
}

var errSilent = errors.New("the register is silent")

func (c *clockwork) lastEvent(ctx context.Context, _ time.Time) (time.Time, error) {
	c.count.Add(1)
	if c.wait != nil {
		select {
		case <-c.wait:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
	if at := c.at.Load(); at != 0 {
		return time.Unix(at, 0).UTC(), nil
	}
	return time.Time{}, errSilent
}

func (c *clockwork) newest(log *log) *newest {
	o := Options{Now: func() time.Time { return testTime }, Log: NewLog(log, slog.LevelError)}
	return openNewest(context.Background(), o, c.lastEvent)
}

// As long as nothing is known, every check asks and none believes the clock; from then on a register that is silent changes nothing.
func TestNewestFailsClosed(t *testing.T) {
	c := &clockwork{}
	n := c.newest(&log{})
	if got := c.count.Load(); got != 1 {
		t.Errorf("asked %d times before anything is served, want 1", got)
	}
	for want := range int64(2) {
		if _, err := n.latest(t.Context()); !errors.Is(err, errSilent) || c.count.Load() != want+2 {
			t.Errorf("nothing is known: got %v after %d questions, want %v after %d", err, c.count.Load(), errSilent, want+2)
		}
	}
	late := testTime.Add(24 * time.Hour)
	c.at.Store(late.Unix())
	for range 2 {
		if got, err := n.latest(t.Context()); !got.Equal(late) || err != nil || c.count.Load() != 4 {
			t.Errorf("got %v, %v after %d questions, want %v after 4", got, err, c.count.Load(), late)
		}
	}
	c.at.Store(0)
	n.asked = n.asked.Add(-askedEvery)
	for range 2 {
		if got, err := n.latest(t.Context()); !got.Equal(late) || err != nil || c.count.Load() != 5 {
			t.Errorf("silent again: got %v, %v after %d questions, want %v after 5", got, err, c.count.Load(), late)
		}
	}
}

// Checks that come while the first answer is out wait for it, and for no longer than is said.
func TestNewestIsWaitedFor(t *testing.T) {
	c := &clockwork{wait: make(chan struct{})}
	n := &newest{ask: c.lastEvent, now: func() time.Time { return testTime }, log: NewLog(&log{}, slog.LevelError), turn: make(chan struct{}, 1)}
	late := testTime.Add(24 * time.Hour)
	c.at.Store(late.Unix())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := n.latest(t.Context()); !got.Equal(late) || err != nil {
				t.Errorf("got %v, %v, want %v", got, err, late)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(c.wait)
	all.Wait()
	if got := c.count.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}

	n.at.Store(nil)
	n.turn <- struct{}{} // held by one who never ends
	start := time.Now()
	if _, err := n.latest(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) < firstWithin || time.Since(start) > 10*firstWithin {
		t.Errorf("got %v after %v, want %v after %v", err, time.Since(start), context.DeadlineExceeded, firstWithin)
	}
}

// While the register can't tell how late it is, a card that it has in force is not valid.
func TestUnknownTimeIsNoGreen(t *testing.T) {
	l := newListed(t)
	c := l.issue(t)
	reader := l.reader(t)
	set := l.keySet(t)
	checker := &verify.Checker{Keys: set, Register: reader, Tokens: reader, Now: func() time.Time { return testTime.Add(time.Hour) }, Location: time.UTC}
	clock := &clockwork{}
	checker.Latest = clock.newest(&log{}).latest
	v, err := checker.CheckNumber(t.Context(), c.Number.String())
	if v.Code != verify.StatusUnknown || !errors.Is(err, errSilent) || failureOf(err) != "other" {
		t.Errorf("got %s, %v, want %s and the reason", v.Code, err, verify.StatusUnknown)
	}
	clock.at.Store(testTime.Unix())
	if v, err := checker.CheckNumber(t.Context(), strings.ToLower(c.Number.String())); !v.IsValid() || err != nil {
		t.Errorf("once it is known: got %s, %v, want valid", v.Code, err)
	}
}
