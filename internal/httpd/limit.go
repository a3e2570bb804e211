package httpd

import (
	"container/list"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// RateLimit bounds the requests a second, of each client and of all together, and how many may come at once after a pause.
// A rate of 0 switches that limit off.
type RateLimit struct {
	PerClient, Global           float64
	PerClientBurst, GlobalBurst int
}

// maxClients bounds the memory that clients can take: about 20 MB. Where more come within a moment, the one that has been
// quiet for longest is forgotten, and the global limit is what holds.
const maxClients = 1 << 16

// Limiter counts requests. It is safe for concurrent use.
type Limiter struct {
	conf   RateLimit
	global *rate.Limiter // nil for none

	mu      sync.Mutex
	clients map[netip.Prefix]*list.Element // of *client
	recent  *list.List                     // the clients, the one that asked last in front
	max     int
}

type client struct {
	network netip.Prefix
	bucket  *rate.Limiter
}

// NewLimiter makes the limits of c. The error says what is wrong with c.
func NewLimiter(c RateLimit) (*Limiter, error) {
	for _, part := range []struct {
		rate  float64
		burst int
	}{{c.PerClient, c.PerClientBurst}, {c.Global, c.GlobalBurst}} {
		if part.rate < 0 || math.IsNaN(part.rate) || math.IsInf(part.rate, 0) {
			return nil, errors.New("a rate limit is not a number of requests a second, or 0 for none")
		}
		if part.rate > 0 && part.burst < 1 {
			return nil, errors.New("a rate limit needs a burst of 1 or more")
		}
	}
	l := &Limiter{conf: c, clients: make(map[netip.Prefix]*list.Element), recent: list.New(), max: maxClients}
	if c.Global > 0 {
		l.global = rate.NewLimiter(rate.Limit(c.Global), c.GlobalBurst)
	}
	return l, nil
}

// Take counts n requests of r's client, or as many as its burst has if that is less. The error is an *Error with status 429
// and the time to wait; a refused request counts for nobody.
func (l *Limiter) Take(r *http.Request, n int, now time.Time) error {
	var taken *rate.Reservation
	// The client's own limit comes first: one that is over it takes nothing from the others.
	if l.conf.PerClient > 0 {
		wait := time.Duration(0)
		if taken, wait = reserve(l.bucketOf(networkOf(r.RemoteAddr)), n, now); wait > 0 {
			return tooMany(wait)
		}
	}
	if l.global == nil {
		return nil
	}
	if _, wait := reserve(l.global, n, now); wait > 0 {
		if taken != nil {
			taken.CancelAt(now)
		}
		return tooMany(wait)
	}
	return nil
}

func reserve(b *rate.Limiter, n int, now time.Time) (*rate.Reservation, time.Duration) {
	r := b.ReserveN(now, min(n, b.Burst()))
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return r, wait
}

func tooMany(wait time.Duration) *Error {
	return &Error{Status: http.StatusTooManyRequests, Detail: "Too many requests came from your network.", RetryAfter: wait}
}

func (l *Limiter) bucketOf(network netip.Prefix) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.clients[network]; ok {
		l.recent.MoveToFront(e)
		return e.Value.(*client).bucket
	}
	if l.recent.Len() >= l.max {
		oldest := l.recent.Remove(l.recent.Back()).(*client)
		delete(l.clients, oldest.network)
	}
	c := &client{network, rate.NewLimiter(rate.Limit(l.conf.PerClient), l.conf.PerClientBurst)}
	l.clients[network] = l.recent.PushFront(c)
	return c.bucket
}

// networkOf is who counts as one client: an IPv4 address, or the /64 that an IPv6 line is given as a whole. What is no
// address (a Unix socket) is one client, the zero Prefix.
func networkOf(remoteAddr string) netip.Prefix {
	ap, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
