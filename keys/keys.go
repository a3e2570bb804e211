// Package keys is the set of public keys: which exist, whose they are, and from when to when they count.
//
// The set is a file of its own, a JWK Set (RFC 7517) with a few members more, which servers read; JWKS is the part of it
// that is published. Nothing in this package can open a private key: issuer/internal/signer alone does that.
package keys

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cardproof/cardproof/card"
)

// FileName is the name of the set's file in the key folder.
const FileName = "jwks.json"

// State is where a key is in its life.
type State string

// The states of a key.
const (
	Active  State = "active"  // signs and verifies
	Retired State = "retired" // verifies what it signed before RetiredAt
	Revoked State = "revoked" // verifies only what the register holds from before RevokedSince
)

// Purpose is what a key signs, by the typ of its tokens. Each kind of token has keys of its own, so that one who holds the key of
// the status lists, which lies beside a server, can't forge a card.
type Purpose string

// The purposes of a key.
const (
	Cards       Purpose = "card+jwt"
	StatusLists Purpose = "statuslist+jwt"
)

// Key is a public key and its life. Times are in UTC and whole seconds.
type Key struct {
	ID           string // the first 8 bytes of the RFC 7638 thumbprint in base64url: 11 characters
	Alg          string // EdDSA, Ed25519 or ES256; for ever the same
	Public       crypto.PublicKey
	Issuer       string  // the only issuer for whom it may sign
	Purpose      Purpose // the only kind of token that it may sign
	State        State
	NotBefore    time.Time // when it came into use
	RetiredAt    time.Time // zero while active
	RevokedSince time.Time // from when on it can't be trusted; zero unless revoked
}

// InUse says whether the key was in use for signing at time t, by its window alone.
func (k Key) InUse(t time.Time) bool {
	return !t.Before(k.NotBefore) && (k.RetiredAt.IsZero() || !t.After(k.RetiredAt))
}

// Errors of a set. They are wrapped with the file's name and what to do.
var (
	ErrMissing    = errors.New("there is no key set")
	ErrUnreadable = errors.New("the key set can't be read")
	ErrInvalid    = errors.New("the key set can't be used")
)

// Set is a set of keys, in the order in which they came into use.
type Set struct {
	keys []Key
	byID map[string]int
}

// NewSet is a set of the given keys. It refuses two keys of one ID.
func NewSet(all ...Key) (*Set, error) {
	s := &Set{byID: make(map[string]int, len(all))}
	for _, k := range all {
		if err := s.Add(k); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Find is the key of an ID.
func (s *Set) Find(id string) (Key, bool) {
	i, ok := s.byID[id]
	if !ok {
		return Key{}, false
	}
	return s.keys[i], true
}

// All is every key of the set.
func (s *Set) All() []Key { return slices.Clone(s.keys) }

// Active is the key that signs tokens of a kind for an issuer: of the active ones the newest.
func (s *Set) Active(issuer string, p Purpose) (Key, bool) {
	for _, k := range slices.Backward(s.keys) {
		if k.State == Active && k.Issuer == issuer && k.Purpose == p {
			return k, true
		}
	}
	return Key{}, false
}

// Add puts a key into the set.
func (s *Set) Add(k Key) error {
	if err := k.validate(); err != nil {
		return err
	}
	if _, twice := s.byID[k.ID]; twice {
		return fmt.Errorf("%w: key %s is in it twice", ErrInvalid, k.ID)
	}
	s.byID[k.ID] = len(s.keys)
	s.keys = append(s.keys, k)
	return nil
}

func (k Key) validate() error {
	id, err := IDOf(k.Public)
	if err != nil {
		return err
	}
	problem := func(text string) error { return fmt.Errorf("%w: key %s %s", ErrInvalid, id, text) }
	switch {
	case id != k.ID:
		return problem("stands under the ID of another")
	case !fits(k.Alg, k.Public):
		return problem("can't sign by its algorithm")
	case k.Purpose != Cards && k.Purpose != StatusLists:
		return problem("signs neither cards nor status lists")
	case card.CheckIssuer(k.Issuer) != nil:
		return problem("has no issuer")
	case k.NotBefore.IsZero():
		return problem("has no time from which it counts")
	case k.NotBefore.Nanosecond() != 0 || k.RetiredAt.Nanosecond() != 0 || k.RevokedSince.Nanosecond() != 0:
		return problem("has a time that is no whole second")
	case k.State == Active && (!k.RetiredAt.IsZero() || !k.RevokedSince.IsZero()):
		return problem("is active, and yet retired or revoked")
	case k.State == Retired && (k.RetiredAt.IsZero() || !k.RevokedSince.IsZero()):
		return problem("is retired without a time, or revoked")
	case k.State == Revoked && k.RevokedSince.IsZero():
		return problem("is revoked without a time")
	case k.State != Active && k.State != Retired && k.State != Revoked:
		return problem("has no known state")
	}
	return nil
}
