package httpd

import (
	"container/list"
	"crypto/sha256"
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

	clients *buckets[netip.Prefix]
}

// buckets has a bucket for each of many, whoever or whatever they are.
type buckets[K comparable] struct {
	rate  rate.Limit
	burst int

	mu     sync.Mutex
	known  map[K]*list.Element // of *keyed[K]
	recent *list.List          // the one that asked last in front
	max    int
}

type keyed[K comparable] struct {
	key    K
	bucket *rate.Limiter
}

func newBuckets[K comparable](perSecond float64, burst int) *buckets[K] {
	return &buckets[K]{rate: rate.Limit(perSecond), burst: burst, known: make(map[K]*list.Element), recent: list.New(), max: maxClients}
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
	l := &Limiter{conf: c, clients: newBuckets[netip.Prefix](c.PerClient, c.PerClientBurst)}
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
		if taken, wait = reserve(l.clients.of(networkOf(r.RemoteAddr)), n, now); wait > 0 {
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

// Charge counts n requests more of r's client for what a request took, after it. The client may owe them then: nothing of it is answered
// until time has made up for it. Nobody else's limit is touched.
func (l *Limiter) Charge(r *http.Request, n int, now time.Time) {
	if l.conf.PerClient == 0 {
		return
	}
	bucket := l.clients.of(networkOf(r.RemoteAddr))
	for n > 0 {
		part := min(n, bucket.Burst())
		bucket.ReserveN(now, part)
		n -= part
	}
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

// Left says whether r's client may still ask, and takes nothing. The error is that of Take.
func (l *Limiter) Left(r *http.Request, now time.Time) error {
	if l.conf.PerClient == 0 {
		return nil
	}
	bucket := l.clients.of(networkOf(r.RemoteAddr))
	if missing := 1 - bucket.TokensAt(now); missing > 0 {
		return tooMany(time.Duration(missing / l.conf.PerClient * float64(time.Second)))
	}
	return nil
}

// KeyLimiter bounds how often something is done for one of many keys. It is safe for concurrent use. As of clients, the one that has been
// quiet for longest is forgotten where too many come.
type KeyLimiter struct{ buckets *buckets[[32]byte] }

// NewKeyLimiter makes a limit of so many a second for each key, with a burst of 1 or more.
func NewKeyLimiter(perSecond float64, burst int) *KeyLimiter {
	return &KeyLimiter{newBuckets[[32]byte](perSecond, burst)}
}

// Take counts one for a key, of which only the SHA-256 is kept, and says whether the limit allows it.
func (l *KeyLimiter) Take(key string, now time.Time) bool {
	return l.buckets.of(sha256.Sum256([]byte(key))).AllowN(now, 1)
}

func (b *buckets[K]) of(key K) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.known[key]; ok {
		b.recent.MoveToFront(e)
		return e.Value.(*keyed[K]).bucket
	}
	if b.recent.Len() >= b.max {
		oldest := b.recent.Remove(b.recent.Back()).(*keyed[K])
		delete(b.known, oldest.key)
	}
	k := &keyed[K]{key, rate.NewLimiter(b.rate, b.burst)}
	b.known[key] = b.recent.PushFront(k)
	return k.bucket
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
