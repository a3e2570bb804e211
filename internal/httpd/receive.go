package httpd

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// What an Inbox takes unless it is told otherwise.
const (
	InboxBody  = 20 << 20
	InboxWhole = 60 * time.Second
	InboxWait  = 8 * time.Second
	InboxRetry = 15 * time.Second
)

// Receiving bounds what large bodies may take. A zero value means the default.
type Receiving struct {
	Body     int64         // InboxBody: bytes of one body; more is a *http.MaxBytesError
	Memory   int64         // 40 MiB: bytes of all bodies together, not counting the oldest one
	Rate     int64         // 16,000 bytes a second, at least
	Patience time.Duration // 5 s that a client may be behind that rate
	Whole    time.Duration // InboxWhole for a whole body
	Wait     time.Duration // InboxWait for the end of the client's request before, and as long for memory
	Retry    time.Duration // InboxRetry, after which one that got neither may come back
}

// Inbox receives large bodies. However many slow clients there are, they keep nobody else waiting: each network has one body at
// a time, and what a body takes is what has come of it, not what its header announces. It is safe for concurrent use.
type Inbox struct {
	conf Receiving

	mu      sync.Mutex
	clients map[netip.Prefix]chan struct{} // closed when that client's place is free
	open    []*body                        // the oldest in front
	used    int64                          // bytes of all of them
	freed   chan struct{}                  // closed, and made anew, when there is more room
}

// NewInbox makes an inbox with the limits of c.
func NewInbox(c Receiving) *Inbox {
	return &Inbox{
		conf: Receiving{
			Body: cmp.Or(c.Body, InboxBody), Memory: cmp.Or(c.Memory, 40<<20), Rate: cmp.Or(c.Rate, 16_000), Patience: cmp.Or(c.Patience, 5*time.Second),
			Whole: cmp.Or(c.Whole, InboxWhole), Wait: cmp.Or(c.Wait, InboxWait), Retry: cmp.Or(c.Retry, InboxRetry),
		},
		clients: make(map[netip.Prefix]chan struct{}),
		freed:   make(chan struct{}),
	}
}

// Open waits for the place of r's client and bounds r.Body from then on. Whoever reads it gets an *Error: 408 for one that comes
// too slowly, 503 where there is no memory for it. When the body and what was made of it are needed no more, done gives
// back its place and memory. The error is an *Error with status 429, or that of r's context.
func (in *Inbox) Open(w http.ResponseWriter, r *http.Request) (done func(), err error) {
	network := networkOf(r.RemoteAddr)
	if err := in.enter(r.Context(), network); err != nil {
		return nil, err
	}
	b := &body{
		in: in, ctx: r.Context(), from: r.Body, conn: http.NewResponseController(w),
		patience: in.conf.Patience, whole: in.conf.Whole, wait: in.conf.Wait,
	}
	in.mu.Lock()
	in.open = append(in.open, b)
	in.mu.Unlock()
	r.Body = http.MaxBytesReader(w, b, in.conf.Body)
	return sync.OnceFunc(func() { in.leave(network, b) }), nil
}

// enter takes the one place of a network.
func (in *Inbox) enter(ctx context.Context, network netip.Prefix) error {
	wait := time.NewTimer(in.conf.Wait)
	defer wait.Stop()
	for {
		in.mu.Lock()
		taken, ok := in.clients[network]
		if !ok {
			in.clients[network] = make(chan struct{})
		}
		in.mu.Unlock()
		if !ok {
			return nil
		}
		select {
		case <-taken:
		case <-ctx.Done():
			return ctx.Err()
		case <-wait.C:
			return &Error{Status: http.StatusTooManyRequests, Detail: "Files from your network are being checked already. Send one request with files at a time.", RetryAfter: in.conf.Retry}
		}
	}
}

func (in *Inbox) leave(network netip.Prefix, b *body) {
	in.mu.Lock()
	defer in.mu.Unlock()
	close(in.clients[network])
	delete(in.clients, network)
	in.open = slices.DeleteFunc(in.open, func(o *body) bool { return o == b })
	in.used -= b.size
	close(in.freed)
	in.freed = make(chan struct{})
}

// take counts n bytes more of a body, once there is room for them. The oldest body always has room: else several that are half
// received could wait for one another.
func (in *Inbox) take(b *body, n int64) error {
	var wait *time.Timer
	for {
		in.mu.Lock()
		ok, freed := in.used+n <= in.conf.Memory || in.open[0] == b, in.freed
		if ok {
			in.used, b.size = in.used+n, b.size+n
		}
		in.mu.Unlock()
		if ok {
			return nil
		}
		if wait == nil {
			wait = time.NewTimer(b.wait)
			defer wait.Stop()
		}
		select {
		case <-freed:
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-wait.C:
			return &Error{Status: http.StatusServiceUnavailable, Detail: "Too many files are being checked at the moment. Try again in a minute.", RetryAfter: in.conf.Retry}
		}
	}
}

// body is a body on its way in. One goroutine reads it.
type body struct {
	in   *Inbox
	ctx  context.Context // lives as long as the request
	from io.ReadCloser
	conn *http.ResponseController
	size int64 // bytes that came
	err  error // the end of it

	// Times that are left. Only while the server waits does any of them pass: what it does with the bytes is not the client's fault.
	patience time.Duration // for the next byte
	whole    time.Duration // for all of them
	wait     time.Duration // for memory
}

// Read reads what has come. Each byte gives time for the next, but never more than the patience at the beginning: a client that was
// quick has no leave to sleep.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	start := time.Now()
	_ = b.conn.SetReadDeadline(start.Add(min(b.patience, b.whole))) // a writer without deadlines is a test's
	n, err := b.from.Read(p)
	came := time.Now()
	b.whole -= came.Sub(start)
	b.patience = min(b.patience-came.Sub(start)+time.Duration(n)*time.Second/time.Duration(b.in.conf.Rate), b.in.conf.Patience)
	if n > 0 {
		if full := b.in.take(b, int64(n)); full != nil {
			return 0, b.finish(full)
		}
		b.wait -= time.Since(came)
	}
	if err == nil {
		return n, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &Error{Status: http.StatusRequestTimeout, Detail: "The files came too slowly. Send them again over a faster connection, or in smaller lots.", Err: errSlow}
	}
	return n, b.finish(err)
}

// errSlow is for the log.
var errSlow = errors.New("the body came too slowly")

// finish keeps the end of the body. The deadline of one that came whole is taken away: it would end the request while its answer is made.
func (b *body) finish(err error) error {
	b.err = err
	if errors.Is(err, io.EOF) {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return err
}

// Close closes the body of the request.
func (b *body) Close() error { return b.from.Close() }
