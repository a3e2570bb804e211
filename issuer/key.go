package issuer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/issuer/internal/signer/hsm"
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
	ErrKeyNotActive  = signer.ErrNotActive
	// Those of keys in a PKCS#11 token.
	ErrTokenBuild       = hsm.ErrBuild
	ErrTokenURI         = hsm.ErrURI
	ErrTokenModule      = hsm.ErrModule
	ErrTokenAbsent      = hsm.ErrAbsent
	ErrTokenNoPIN       = signer.ErrNoPIN
	ErrTokenPIN         = hsm.ErrPIN
	ErrTokenLocked      = hsm.ErrLocked
	ErrTokenKey         = hsm.ErrNoKey
	ErrTokenKeyType     = hsm.ErrKeyType
	ErrTokenMechanism   = hsm.ErrMechanism
	ErrTokenExtractable = hsm.ErrExtractable
	ErrTokenLost        = hsm.ErrLost
	ErrTokenFailed      = hsm.ErrFailed
	// ErrKeySetLost says that a folder has private keys, and no set of their public halves.
	ErrKeySetLost = errors.New("there is a private key, but no key set")
	// ErrClock says that the key was not in use yet by this machine's clock: no verifier would take a card of this moment.
	ErrClock = errors.New("by this machine's clock the card key is not in use yet")
	// ErrNoActiveKey says that the key set has no key with which this issuer may sign.
	ErrNoActiveKey = errors.New("there is no active key of this issuer")
)

// Passphrase gives the passphrase of an encrypted key.
type Passphrase = signer.Passphrase

// Custody says how a new private key is kept: in a file, or in a PKCS#11 token. Nil stands for a file that is not encrypted.
type Custody = signer.Custody

// The algorithms of a new key in a token, where the choice is not left to it.
const (
	TokenEd25519 = hsm.Ed25519
	TokenP256    = hsm.P256
)

// CheckToken says whether a text is the URI of a token in which keys can be made. The error is ErrTokenURI.
func CheckToken(uri string) error {
	_, err := hsm.ParseURI(uri)
	return err
}

// Key is an opened card key. Only OpenKey makes one, so its private half can't leave the issuer.
type Key struct{ signing token.SigningKey }

// CreateKey makes the key of an issuer for one purpose in dir and puts its public half into the key set there, which it makes if need
// be. It refuses, with ErrKeyExists, where the issuer has an active key of that purpose, and with ErrKeySetLost where private keys lie
// without a set. Custody is nil for a file that is not encrypted.
func CreateKey(ctx context.Context, dir, issuerURL string, purpose keys.Purpose, c *Custody, now time.Time) (k keys.Key, err error) {
	if c, err = c.Asked(); err != nil {
		return keys.Key{}, err
	}
	err = changeSet(ctx, dir, func(set *keys.Set) error {
		if k, ok := set.Active(issuerURL, purpose); ok {
			return fmt.Errorf("%w: %s", ErrKeyExists, signer.Path(dir, k))
		}
		k, err = addKey(set, dir, issuerURL, purpose, c, now)
		return err
	})
	return k, err
}

// addKey makes a key and puts it into the set. Its private half comes first: a public key on record whose private half was lost would be
// worse than an orphaned file.
func addKey(set *keys.Set, dir, issuerURL string, purpose keys.Purpose, c *Custody, now time.Time) (keys.Key, error) {
	k, err := signer.Create(dir, issuerURL, purpose, c, now)
	if err != nil {
		return keys.Key{}, err
	}
	return k, set.Add(k)
}

// changeSet changes the key set in dir, whole or not at all. Of two that read, add and write at once, one would lose its public key,
// and every card that the key signs; so they come one after the other.
func changeSet(ctx context.Context, dir string, change func(*keys.Set) error) (err error) {
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return fmt.Errorf("lock the key folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	path := filepath.Join(dir, keys.FileName)
	set, err := keys.Load(path)
	if errors.Is(err, keys.ErrMissing) {
		set, err = firstSet(dir)
	}
	if err != nil {
		return err
	}
	if err := change(set); err != nil {
		return err
	}
	return set.Save(path)
}

// SamePassphrase is the passphrase for new keys in a folder that has an encrypted one: all of them have to open with the same, and a
// plain key beside it would undo what the passphrase is for. It is nil where no key of the folder is encrypted. What ask gives is tried
// on the key that is there, before it is used.
func SamePassphrase(dir string, ask Passphrase) (Passphrase, error) {
	path, err := signer.Encrypted(dir)
	if err != nil || path == "" {
		return nil, err
	}
	return func() ([]byte, error) {
		secret, err := ask()
		if err != nil {
			return nil, err
		}
		if err := signer.Try(path, func() ([]byte, error) { return secret, nil }); err != nil {
			return nil, err
		}
		return secret, nil
	}, nil
}

// firstSet is the empty set of a folder without private keys. With one, a set was lost, and a new set that does not have
// its public key would show every card that it signed as a stranger's.
func firstSet(dir string) (*keys.Set, error) {
	private, err := signer.AnyPrivate(dir)
	if err != nil {
		return nil, err
	}
	if len(private) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrKeySetLost, private[0])
	}
	return keys.NewSet()
}

// OpenKey opens the active card key of an issuer.
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
