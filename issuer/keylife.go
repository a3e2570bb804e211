package issuer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
)

// Rotation is what RotateKey did.
type Rotation struct {
	Made    keys.Key
	Retired []keys.Key // those that were active before; more than one, or none, where somebody edited the set
}

// RotateKey makes the next key of an issuer for one purpose, and retires those that were active: from now on they verify, and sign no
// more. Both are one change of the set's file. Where a run is killed before it, a private half lies there that nothing names, and
// nothing else has happened.
//
// Custody is nil for a file that is not encrypted. Where the key before is encrypted, and the next one lies in a file too, its passphrase has to
// open that one: a centre has one passphrase.
// The error is ErrNoActiveKey where the set never had a key of this issuer and purpose, ErrClock where the key before is of a
// later time than now, or one of the ways in which a private key can't be used.
func RotateKey(ctx context.Context, dir, issuerURL string, purpose keys.Purpose, c *Custody, now time.Time) (r Rotation, err error) {
	if c, err = c.Asked(); err != nil {
		return Rotation{}, err
	}
	err = changeSet(ctx, dir, func(set *keys.Set) error {
		known := false
		for _, k := range set.All() {
			if k.Issuer != issuerURL || k.Purpose != purpose {
				continue
			}
			known = true
			if k.State != keys.Active {
				continue
			}
			if err := checkSuccessor(dir, k, c, now); err != nil {
				return err
			}
			if err := set.Retire(k.ID, now); err != nil {
				return err
			}
			k, _ = set.Find(k.ID)
			r.Retired = append(r.Retired, k)
		}
		if !known {
			return fmt.Errorf("%w: %s", ErrNoActiveKey, issuerURL)
		}
		r.Made, err = addKey(set, dir, issuerURL, purpose, c, now)
		return err
	})
	if err != nil {
		return Rotation{}, err
	}
	return r, nil
}

// checkSuccessor says whether a key may be followed by one of the custody at the time.
func checkSuccessor(dir string, old keys.Key, c *Custody, now time.Time) error {
	if now.Before(old.NotBefore) {
		return fmt.Errorf("%w: key %s is in use since %s", ErrClock, old.ID, old.NotBefore.Format(time.RFC3339))
	}
	if c.InToken() {
		return nil // it has no passphrase
	}
	encrypted, err := signer.IsEncrypted(dir, old)
	if errors.Is(err, ErrKeyMissing) {
		return nil // a key that was lost has to be followed by another all the more
	}
	if err != nil || !encrypted {
		return err
	}
	_, err = signer.Open(dir, old, c.Secret())
	return err
}

// KeyPath is where the private half of a key in dir lies.
func KeyPath(dir string, k keys.Key) string { return signer.Path(dir, k) }

// WhereKey says where the private half of a key in dir lies: the path of its file, or the URI of the key in its token; empty where neither is
// there.
func WhereKey(dir string, k keys.Key) string { return signer.Where(dir, k) }

// RetireKey ends the signing of a key: what it signed until now stays good. The error is one of keys.Set.Retire.
func RetireKey(ctx context.Context, dir, keyID string, now time.Time) error {
	return changeSet(ctx, dir, func(set *keys.Set) error { return set.Retire(keyID, now) })
}

// RevokeKey takes back the trust in a key since a time; keys.Key.Believes says what is left of it. Its private half stays where it is,
// and is never opened again. The error is one of keys.Set.Revoke.
func RevokeKey(ctx context.Context, dir, keyID string, since time.Time) error {
	return changeSet(ctx, dir, func(set *keys.Set) error { return set.Revoke(keyID, since) })
}
