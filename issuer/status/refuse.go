package status

import (
	"context"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// The reasons for which nothing is signed.
var (
	// ErrOldRegister says that a card was revoked in the list in hand and is not in the register. Revoking is final, so that the
	// register is a copy from before.
	ErrOldRegister = errors.New("the register is older than the status list in hand")
	// ErrNoKey says that no key signs status lists now.
	ErrNoKey = errors.New("there is no active key that signs status lists: make the next one with `cardproof keys rotate --purpose status`")
	// ErrKeyRevoked says that a list is withheld since its key was revoked.
	ErrKeyRevoked = errors.New("the key that signed it was revoked")
)

// compare refuses a list that would put a revoked card of the one in hand in force again.
func (p *Publisher) compare(n int64, now statuslist.List) error {
	packed, ok := p.contents[n]
	if !ok {
		return nil
	}
	before, err := statuslist.Decode(statuslist.Bits, packed)
	if err != nil {
		return err
	}
	cleared := 0
	for i := range int64(before.Len()) {
		was, err := before.At(i)
		if err != nil || was != statuslist.Revoked {
			continue
		}
		if is, err := now.At(i); err != nil || is != statuslist.Revoked {
			cleared++
		}
	}
	if cleared > 0 {
		return fmt.Errorf("%w: in it %d cards are not revoked that were; restore the newest register, or revoke these cards again", ErrOldRegister, cleared)
	}
	return nil
}

// withdraw takes back the lists whose key was revoked: whoever has it may have signed others in their place.
func (p *Publisher) withdraw(ctx context.Context, set *keys.Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, list := range p.signed {
		k, ok := set.Find(p.signer[n])
		if list.Raw == nil || ok && k.State != keys.Revoked {
			continue
		}
		p.signed[n] = statuslist.Published{}
		p.o.Log.ErrorContext(ctx, "the key of a status list was revoked: the list is handed out no more until it is signed anew", "list", n, "kid", p.signer[n])
	}
}
