// Package status keeps the signed status lists of a centre fresh: it follows the register, and signs what has changed.
//
// A list is signed when a state in it has changed, and otherwise once in each ttl, so that its iat says as of when the states are.
// It is never signed without the register's word: where that can't be had, the lists in hand grow old, and end.
package status

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const (
	// pause is how long a change of state waits at most before its list is signed anew. A look costs one row of the register.
	pause = 2 * time.Second
	// readAllEvery bounds how long a state would stay wrong that was changed in the register without leaving an event.
	readAllEvery = time.Hour
)

// Register is what the lists are made of.
type Register interface {
	// StatusLists answers which lists have changed since a mark, all of them since the empty one, and the mark of now.
	StatusLists(ctx context.Context, since string) (changed []int64, now string, err error)
	// StatusesIn goes through the places of a list that were given out.
	StatusesIn(ctx context.Context, list int64, each func(index int64, s card.State) error) error
}

// Options is what a Publisher needs. All but Log have to be there.
type Options struct {
	Register Register
	Sign     func(statuslist.Claims) (string, error) // (*issuer.StatusKey).SignList
	Issuer   string                                  // the origin, as in the claim iss of the cards
	TTL      time.Duration                           // after how long others ought to ask again; whole seconds
	Lifetime time.Duration                           // how long a list counts; whole seconds
	Now      func() time.Time
	Log      *slog.Logger // nil for none
}

// Publisher holds the signed lists of a centre. Renew is for one goroutine at a time, the others for any.
type Publisher struct {
	o        Options
	mark     string
	readAll  time.Time        // when all lists were read last
	unread   map[int64]bool   // have changed since they were packed
	packed   map[int64]string // what is to be signed
	failed   bool             // the last time
	mu       sync.RWMutex     // guards signed
	signed   map[int64]statuslist.Published
	contents map[int64]string // what was signed
}

// New is a publisher that has no list yet: Renew makes them.
func New(o Options) *Publisher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Publisher{o: o, unread: map[int64]bool{}, packed: map[int64]string{}, signed: map[int64]statuslist.Published{}, contents: map[int64]string{}}
}

// StatusList is a list as it was signed last. The error is statuslist.ErrNoList, or ErrNoneNow while the register has not been
// read once. Whether the list still counts is for the caller to see.
func (p *Publisher) StatusList(n int64) (statuslist.Published, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.signed) == 0 {
		return statuslist.Published{}, statuslist.ErrNoneNow
	}
	list, ok := p.signed[n]
	if !ok {
		return statuslist.Published{}, statuslist.ErrNoList
	}
	return list, nil
}

// All is every list as it was signed last.
func (p *Publisher) All() map[int64]statuslist.Published {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return maps.Clone(p.signed)
}

// Run renews the lists until ctx ends. done, where it is not nil, is told after each round that went well; its error counts as
// one of the round. What fails is logged once, and tried again.
func (p *Publisher) Run(ctx context.Context, done func() error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		err := p.Renew(ctx)
		if err == nil && done != nil {
			err = done()
		}
		p.note(ctx, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Publisher) note(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !p.failed:
		p.o.Log.ErrorContext(ctx, "the status lists can't be renewed; those in hand count until they expire", "error", err.Error())
	case err == nil && p.failed:
		p.o.Log.InfoContext(ctx, "the status lists are renewed again")
	}
	p.failed = err != nil
}

// Renew reads what has changed in the register, and signs what has to be signed.
func (p *Publisher) Renew(ctx context.Context) error {
	now := p.o.Now().UTC().Truncate(time.Second)
	since := p.mark
	if now.Sub(p.readAll) >= readAllEvery || now.Before(p.readAll) {
		since = ""
	}
	changed, mark, err := p.o.Register.StatusLists(ctx, since)
	if err != nil {
		return err
	}
	p.mark = mark
	if since == "" {
		p.readAll = now
		maps.DeleteFunc(p.packed, func(n int64, _ string) bool { return !slices.Contains(changed, n) })
	}
	for _, n := range changed {
		p.unread[n] = true
	}
	var failed []error // a list that can't be read or signed keeps no other from being so
	for n := range p.unread {
		if p.packed[n], err = p.pack(ctx, n); err != nil {
			delete(p.packed, n)
			failed = append(failed, fmt.Errorf("status list %d: %w", n, err))
			continue
		}
		delete(p.unread, n)
		if err := p.sign(n, now); err != nil {
			failed = append(failed, fmt.Errorf("status list %d: %w", n, err))
		}
	}
	for n := range p.packed {
		if err := p.sign(n, now); err != nil {
			failed = append(failed, fmt.Errorf("status list %d: %w", n, err))
		}
	}
	return errors.Join(failed...)
}

// errState says that the register has a state for which there is no status: then nothing is signed, rather than a guess.
var errState = errors.New("a card has a state that no status list knows")

// pack reads a list. The places that were never given out stay 0, as the draft has it (section 12.4, decoys): who reads the list
// can't tell how many cards there are. No card has such a place, so that its 0 vouches for nothing.
func (p *Publisher) pack(ctx context.Context, n int64) (string, error) {
	l, err := statuslist.New(statuslist.Bits, statuslist.Size)
	if err != nil {
		return "", err
	}
	err = p.o.Register.StatusesIn(ctx, n, func(index int64, s card.State) error {
		status, ok := statuslist.Of(s)
		if !ok {
			return errState
		}
		return l.Set(index, status)
	})
	if err != nil {
		return "", err
	}
	return l.Encode()
}

// sign signs a list that has changed, or whose ttl is over. A clock that was put back counts as one that is over.
func (p *Publisher) sign(n int64, now time.Time) error {
	packed := p.packed[n]
	age := now.Sub(p.signed[n].IssuedAt)
	if p.contents[n] == packed && age >= 0 && age < p.o.TTL {
		return nil
	}
	c := statuslist.Claims{
		URI: statuslist.URI(p.o.Issuer, n), IssuedAt: now, ExpiresAt: now.Add(p.o.Lifetime), TTL: p.o.TTL, Bits: statuslist.Bits, Packed: packed,
	}
	raw, err := p.o.Sign(c)
	if err != nil {
		return err
	}
	published, err := statuslist.Publish(raw, c)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signed[n], p.contents[n] = published, packed
	return nil
}
