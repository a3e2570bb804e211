package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Places bounds how many do heavy work at once, and is fair to clients: of those who wait, the one goes first for whom the least was done of
// late, so that a newcomer goes before who comes again and again. It is safe for concurrent use.
type Places struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter // in the order in which they came
	// What was done for each client in this period, and in the one before.
	done, before map[netip.Prefix]int64
	since        time.Time
}

// waiter is a client in line; ready is closed when it has a place.
type waiter struct {
	network netip.Prefix
	ready   chan struct{}
}

// placesPeriod is for how long, and at most twice as long, it counts against a client what was done for it.
const placesPeriod = time.Minute

// NewPlaces are n places.
func NewPlaces(n int) *Places {
	return &Places{free: n, done: map[netip.Prefix]int64{}, before: map[netip.Prefix]int64{}}
}

// Enter waits for a place for r's client, for so long at most; whoever leaves it says how much was done, in any unit. ok is false where none
// became free in time, or ctx ended.
func (p *Places) Enter(ctx context.Context, r *http.Request, atMost time.Duration) (leave func(work int64), ok bool) {
	me := &waiter{networkOf(r.RemoteAddr), make(chan struct{})}
	p.mu.Lock()
	p.waiting = append(p.waiting, me)
	p.next()
	p.mu.Unlock()
	wait := time.NewTimer(atMost)
	defer wait.Stop()
	select {
	case <-me.ready:
	case <-ctx.Done():
	case <-wait.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, me); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		return nil, false
	}
	once := sync.Once{}
	return func(work int64) { once.Do(func() { p.leave(me.network, work) }) }, true
}

// leave gives a place back.
func (p *Places) leave(network netip.Prefix, work int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.since) > placesPeriod || len(p.done) >= maxClients {
		p.before, p.done, p.since = p.done, map[netip.Prefix]int64{}, now
	}
	p.done[network] += work
	p.free++
	p.next()
}

// next gives the free places to those who wait. The caller holds the lock.
func (p *Places) next() {
	for p.free > 0 && len(p.waiting) > 0 {
		first := slices.MinFunc(p.waiting, func(a, b *waiter) int {
			return int(min(max(p.doneFor(a.network)-p.doneFor(b.network), -1), 1))
		})
		p.waiting = slices.DeleteFunc(p.waiting, func(w *waiter) bool { return w == first })
		p.free--
		close(first.ready)
	}
}

func (p *Places) doneFor(network netip.Prefix) int64 { return p.done[network] + p.before[network] }
