package issuer

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/cardproof/cardproof/card/token"
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
	// ErrNoActiveKey says that the key set has no key with which this issuer may sign.
	ErrNoActiveKey = errors.New("there is no active key of this issuer")
)

// Passphrase gives the passphrase of an encrypted key.
type Passphrase = signer.Passphrase

// Key is an opened card key. Only OpenKey makes one, so its private half can't leave the issuer.
type Key struct{ signing token.SigningKey }

// CreateKey makes the card key of an issuer in dir and puts its public half into the key set there, which it makes if need
// be. It refuses, with ErrKeyExists, where the issuer has an active key. pass is nil for a key that is not encrypted.
func CreateKey(dir, issuerURL string, pass Passphrase, now time.Time) (keys.Key, error) {
	path := filepath.Join(dir, keys.FileName)
	set, err := keys.Load(path)
	if errors.Is(err, keys.ErrMissing) {
		set, err = keys.NewSet()
	}
	if err != nil {
		return keys.Key{}, err
	}
	if k, ok := set.Active(issuerURL); ok {
		return keys.Key{}, fmt.Errorf("%w: %s", ErrKeyExists, signer.Path(dir, k.ID))
	}
	// The private half comes first: a public key on record whose private half was lost would be worse than an orphaned file.
	k, err := signer.Create(dir, issuerURL, pass, now)
	if err != nil {
		return keys.Key{}, err
	}
	if err := set.Add(k); err != nil {
		return keys.Key{}, err
	}
	return k, set.Save(path)
}

// OpenKey opens the active key of an issuer.
func OpenKey(dir string, set *keys.Set, issuerURL string, pass Passphrase) (*Key, error) {
	k, ok := set.Active(issuerURL)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoActiveKey, issuerURL)
	}
	signing, err := signer.Open(dir, k, pass)
	if err != nil {
		return nil, err
	}
	return &Key{signing}, nil
}
