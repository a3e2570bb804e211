package serve

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

// unsignedAge is how long it holds that no card of a key is out: the register may have to look through all cards for it.
const unsignedAge = 10 * time.Second

// ErrKeysBehind says that the key set lacks a key that has signed cards of the register: they read as a stranger's.
var ErrKeysBehind = errors.New("the key set lacks a key that signed cards: export it again")

// own holds the register and the key set against each other. Neither says of itself whose it is, and of two that do not belong
// together every answer would be wrong: genuine cards would read as forged, and withdrawn ones as not on record.
type own struct {
	first *keys.Set
	set   atomic.Pointer[KeySet] // nil until it is open

	mu       sync.Mutex // guards what follows
	signed   map[string]bool
	unsigned map[string]time.Time // when there was no card of the key
}

// accept takes a register that names one of the keys in hand. It never looks at the set's file: the KeySet asks the register while
// it does so itself.
func (o *own) accept(ctx context.Context, ids []string) error {
	set := o.first
	if k := o.set.Load(); k != nil {
		set = k.held.Load().set
	}
	return register.OfKeys(func(id string) bool {
		_, ok := set.Find(id)
		return ok
	})(ctx, ids)
}

// complete is ErrKeysBehind where the set lacks a key that has signed cards, or what the register said.
func (o *own) complete(ctx context.Context, r *register.Reader) error {
	ids, err := r.KeyIDs(ctx)
	if err != nil {
		return err
	}
	set := o.set.Load().current()
	for _, id := range ids {
		if _, ok := set.Find(id); ok {
			continue
		}
		signed, err := o.hasSigned(ctx, r, id)
		if err != nil {
			return err
		}
		if signed {
			return fmt.Errorf("%w: %s", ErrKeysBehind, id)
		}
	}
	return nil
}

func (o *own) hasSigned(ctx context.Context, r *register.Reader, id string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, ok := o.unsigned[id]; o.signed[id] || ok && time.Since(at) < unsignedAge {
		return o.signed[id], nil
	}
	has, err := r.HasSigned(context.WithoutCancel(ctx), id) // a look that was broken off would be begun anew by the next request
	if err != nil {
		return false, err
	}
	o.signed[id], o.unsigned[id] = has, time.Now()
	return has, nil
}
