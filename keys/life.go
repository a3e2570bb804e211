package keys

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The ways in which a key can't be moved on in its life. They come wrapped with the key's ID.
var (
	ErrUnknown   = errors.New("the key set has no such key")
	ErrNotActive = errors.New("the key is not active")
	ErrTime      = errors.New("the key was not in use yet at that time")
)

// Believes says whether the key still speaks for a card that the register has held since recordedAt. Of a revoked key only what was
// held before RevokedSince counts: whoever stole it can write any date into a card, but not into the register.
func (k Key) Believes(recordedAt time.Time) bool {
	return k.State != Revoked || !recordedAt.IsZero() && recordedAt.Before(k.RevokedSince)
}

// Retire ends an active key's signing: what it signed until at stays good. The error is ErrUnknown, ErrNotActive, or ErrTime where the
// key came into use only later.
func (s *Set) Retire(id string, at time.Time) error {
	at = at.UTC().Truncate(time.Second)
	return s.change(id, func(k *Key) error {
		switch {
		case k.State != Active:
			return fmt.Errorf("%w: %s is %s", ErrNotActive, id, k.State)
		case at.Before(k.NotBefore):
			return fmt.Errorf("%w: %s is in use since %s", ErrTime, id, k.NotBefore.Format(time.RFC3339))
		}
		k.State, k.RetiredAt = Retired, at
		return nil
	})
}

// Revoke takes back the trust in a key since a time, whatever its state. A key that was revoked before takes the new time, earlier or
// later. The error is ErrUnknown.
func (s *Set) Revoke(id string, since time.Time) error {
	return s.change(id, func(k *Key) error {
		k.State, k.RevokedSince = Revoked, since.UTC().Truncate(time.Second)
		return nil
	})
}

func (s *Set) change(id string, how func(*Key) error) error {
	i, ok := s.byID[id]
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	k := s.keys[i]
	if err := how(&k); err != nil {
		return err
	}
	if err := k.validate(); err != nil {
		return err
	}
	s.keys[i] = k
	return nil
}

// WithRevoked is the set in which the given keys are revoked, each since its time or earlier, and the IDs of those that the set itself
// trusts longer. A register remembers which keys were revoked: with it, an older copy of the set's file brings no key back.
func (s *Set) WithRevoked(since map[string]time.Time) (*Set, []string) {
	out := &Set{keys: slices.Clone(s.keys), byID: s.byID}
	var behind []string
	for i := range out.keys {
		k := &out.keys[i]
		t, ok := since[k.ID]
		if !ok || k.State == Revoked && !t.Before(k.RevokedSince) {
			continue
		}
		k.State, k.RevokedSince = Revoked, t.UTC().Truncate(time.Second)
		behind = append(behind, k.ID)
	}
	return out, behind
}
