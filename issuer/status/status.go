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
	"github.com/cardproof/cardproof/keys"
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
	Keys     func(context.Context) (*keys.Set, error) // as they are now, with what the register has on record
	Sign     func(statuslist.Claims) (string, error)  // (*issuer.StatusKey).SignList
	Issuer   string                                   // the origin, as in the claim iss of the cards
	TTL      time.Duration                            // after how long others ought to ask again; whole seconds
	Lifetime time.Duration                            // how long a list counts; whole seconds
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
	failure  string           // of the last time
	contents map[int64]string // what was signed last
	signer   map[int64]string // and by which key
	mu       sync.RWMutex     // guards signed
	signed   map[int64]statuslist.Published
}

// New is a publisher that has no list yet: Renew makes them.
func New(o Options) *Publisher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Publisher{
		o: o, unread: map[int64]bool{}, packed: map[int64]string{}, contents: map[int64]string{}, signer: map[int64]string{},
		signed: map[int64]statuslist.Published{},
	}
}

// StatusList is a list as it was signed last. The error is statuslist.ErrNoList, or ErrNoneNow while the register has not been
// read once, or while its key is revoked and there is no next one. Whether the list still counts is for the caller to see.
func (p *Publisher) StatusList(n int64) (statuslist.Published, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.signed) == 0 {
		return statuslist.Published{}, statuslist.ErrNoneNow
	}
	list, ok := p.signed[n]
	switch {
	case !ok:
		return statuslist.Published{}, statuslist.ErrNoList
	case list.Raw == nil:
		return statuslist.Published{}, fmt.Errorf("%w: %w", statuslist.ErrNoneNow, ErrKeyRevoked)
	}
	return list, nil
}

// All is every list that StatusList hands out.
func (p *Publisher) All() map[int64]statuslist.Published {
	p.mu.RLock()
	defer p.mu.RUnlock()
	all := maps.Clone(p.signed)
	maps.DeleteFunc(all, func(_ int64, list statuslist.Published) bool { return list.Raw == nil })
	return all
}

// Recall gives the Publisher a list that was signed before it began, and that was proved to be: its revoked places stay revoked.
func (p *Publisher) Recall(n int64, c statuslist.Claims) {
	if c.Bits == statuslist.Bits {
		p.contents[n] = c.Packed
	}
}

// Run renews the lists until ctx ends. done, where it is not nil, is told after each round that went well; its error counts as
// one of the round. What fails is tried again, and logged when it is another failure than the round before.
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
	case err != nil && p.failure != err.Error():
		p.o.Log.ErrorContext(ctx, "the status lists can't be renewed; those in hand count until they expire", "error", err.Error())
	case err == nil && p.failure != "":
		p.o.Log.InfoContext(ctx, "the status lists are renewed again")
	}
	if p.failure = ""; err != nil {
		p.failure = err.Error()
	}
}

// Renew reads what has changed in the register, and signs what has to be signed. The error is ErrOldRegister or ErrNoKey, where
// nothing was signed, or another one.
func (p *Publisher) Renew(ctx context.Context) error {
	now := p.o.Now().UTC().Truncate(time.Second)
	set, err := p.o.Keys(ctx)
	if err != nil {
		return err
	}
	p.withdraw(ctx, set)
	key, ok := set.Active(p.o.Issuer, keys.StatusLists)
	if !ok {
		return ErrNoKey
	}
	if err := p.follow(ctx, now); err != nil {
		return err
	}
	failed := p.read(ctx) // a list that can't be read or signed keeps no other from being so
	if errors.Is(failed, ErrOldRegister) {
		return failed
	}
	for _, n := range slices.Sorted(maps.Keys(p.packed)) {
		if err := p.sign(n, now, key.ID); err != nil {
			failed = errors.Join(failed, fmt.Errorf("status list %d: %w", n, err))
		}
	}
	return failed
}

// follow asks the register which lists have changed.
func (p *Publisher) follow(ctx context.Context, now time.Time) error {
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
	return nil
}

// read packs the lists that have changed, each as far as it can.
func (p *Publisher) read(ctx context.Context) error {
	var failed []error
	for _, n := range slices.Sorted(maps.Keys(p.unread)) {
		packed, err := p.pack(ctx, n)
		if err != nil {
			delete(p.packed, n)
			failed = append(failed, fmt.Errorf("status list %d: %w", n, err))
			continue
		}
		p.packed[n] = packed
		delete(p.unread, n)
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
	if err := p.compare(n, l); err != nil {
		return "", err
	}
	return l.Encode()
}

// sign signs a list that has changed, or whose ttl is over, or whose key is no longer the active one. A clock that was put back counts
// as a ttl that is over.
func (p *Publisher) sign(n int64, now time.Time, keyID string) error {
	packed := p.packed[n]
	age := now.Sub(p.signed[n].IssuedAt)
	if p.contents[n] == packed && p.signer[n] == keyID && age >= 0 && age < p.o.TTL {
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
	p.contents[n], p.signer[n] = packed, keyID
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signed[n] = published
	return nil
}
