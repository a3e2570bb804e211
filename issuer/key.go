package issuer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
)

// The ways in which a private key can't be used.
var (
	ErrKeyMissing    = signer.ErrMissing
	ErrKeyReadable   = signer.ErrReadable
	ErrKeyForeign    = signer.ErrForeign
	ErrKeyUnreadable = signer.ErrUnreadable
	ErrKeyPassphrase = signer.ErrPassphrase
	ErrKeyExists     = signer.ErrExists
	// ErrKeySetLost says that a folder has private keys, and no set of their public halves.
	ErrKeySetLost = errors.New("there is a private key, but no key set")
	// ErrClock says that the key was not in use yet by this machine's clock: no verifier would take a card of this moment.
	ErrClock = errors.New("by this machine's clock the card key is not in use yet")
	// ErrNoActiveKey says that the key set has no key with which this issuer may sign.
	ErrNoActiveKey = errors.New("there is no active key of this issuer")
)

// Passphrase gives the passphrase of an encrypted key.
type Passphrase = signer.Passphrase

// Key is an opened card key. Only OpenKey makes one, so its private half can't leave the issuer.
type Key struct{ signing token.SigningKey }

// CreateKey makes the key of one purpose of an issuer in dir and puts its public half into the key set there, which it makes if need
// be. It refuses, with ErrKeyExists, where the issuer has an active key of that purpose, and with ErrKeySetLost where private keys lie without
// a set. pass is nil for a key that is not encrypted.
func CreateKey(ctx context.Context, dir, issuerURL string, purpose keys.Purpose, pass Passphrase, now time.Time) (k keys.Key, err error) {
	if pass != nil {
		secret, err := pass() // before the lock: a person may take minutes
		if err != nil {
			return keys.Key{}, err
		}
		pass = func() ([]byte, error) { return secret, nil }
	}
	// Of two that read, add and write at once, one would lose its public key, and every card that the key signs.
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return keys.Key{}, fmt.Errorf("lock the key folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	path := filepath.Join(dir, keys.FileName)
	set, err := keys.Load(path)
	if errors.Is(err, keys.ErrMissing) {
		set, err = firstSet(dir)
	}
	if err != nil {
		return keys.Key{}, err
	}
	if k, ok := set.Active(issuerURL, purpose); ok {
		return keys.Key{}, fmt.Errorf("%w: %s", ErrKeyExists, signer.Path(dir, k.ID))
	}
	// The private half comes first: a public key on record whose private half was lost would be worse than an orphaned file.
	k, err = signer.Create(dir, issuerURL, purpose, pass, now)
	if err != nil {
		return keys.Key{}, err
	}
	if err := set.Add(k); err != nil {
		return keys.Key{}, err
	}
	if err := set.Save(path); err != nil {
		return keys.Key{}, err
	}
	return k, durable.SyncFolder(dir)
}

// firstSet is the empty set of a folder without private keys. With one, a set was lost, and a new set that does not have
// its public key would show every card that it signed as a stranger's.
func firstSet(dir string) (*keys.Set, error) {
	private, err := filepath.Glob(signer.Path(dir, "*"))
	if err != nil {
		return nil, err
	}
	if len(private) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrKeySetLost, private[0])
	}
	return keys.NewSet()
}

// OpenKey opens the active key of an issuer.
func OpenKey(dir string, set *keys.Set, issuerURL string, pass Passphrase) (*Key, error) {
	k, ok := set.Active(issuerURL, keys.Cards)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoActiveKey, issuerURL)
	}
	signing, err := signer.Open(dir, k, pass)
	if err != nil {
		return nil, err
	}
	return &Key{signing}, nil
}
