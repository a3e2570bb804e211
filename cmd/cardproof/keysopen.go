package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// keyRecord is what the register has on record of the keys.
type keyRecord interface {
	Accepted(ctx context.Context, accept register.Accept) error
	RevokedKeys(ctx context.Context) (map[string]time.Time, error)
}

// ofSet accepts the register of the centre that has these keys.
func ofSet(set *keys.Set) register.Accept {
	return register.OfKeys(func(id string) bool {
		_, ok := set.Find(id)
		return ok
	})
}

// loadKeys reads the key set. A key that was revoked on record is revoked in it, also where the file is an older copy. The error is
// register.ErrForeign where the register is that of other keys.
func loadKeys(ctx context.Context, c *config.Config, r keyRecord) (*keys.Set, error) {
	set, _, err := compareKeys(ctx, c, r)
	return set, err
}

// compareKeys is loadKeys, with the IDs of the keys that the file still trusts.
func compareKeys(ctx context.Context, c *config.Config, r keyRecord) (set *keys.Set, behind []string, err error) {
	if set, err = keys.Load(keySetPath(c)); err != nil {
		return nil, nil, err
	}
	if err := r.Accepted(ctx, ofSet(set)); err != nil {
		return nil, nil, err
	}
	since, err := r.RevokedKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	set, behind = set.WithRevoked(since)
	return set, behind, nil
}

// openOwnRegister opens the register to write, if it is that of the centre's keys: what is written into another one changes no card of
// this centre. The error is register.ErrForeign where it is not.
func openOwnRegister(ctx context.Context, c *config.Config) (*register.DB, error) {
	db, err := register.Open(ctx, registerPath(c))
	if err != nil {
		return nil, err
	}
	if _, err := loadKeys(ctx, c, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openOwnLedger is openOwnRegister for what only reads.
func openOwnLedger(ctx context.Context, c *config.Config) (*register.Ledger, *keys.Set, error) {
	ledger, err := register.OpenReadOnly(ctx, registerPath(c))
	if err != nil {
		return nil, nil, err
	}
	set, err := loadKeys(ctx, c, ledger)
	if err != nil {
		return nil, nil, errors.Join(err, ledger.Close())
	}
	return ledger, set, nil
}

// errOldSet says that the set's file is a copy from before a rotation.
var errOldSet = errors.New("the key set is older than the register")

// refuseOldSet refuses a set that has forgotten a key, or that one was retired: a card that is signed by it would be a stranger's, or of
// a key out of use, as soon as the newest set is back.
func refuseOldSet(ctx context.Context, set *keys.Set, ledger *register.Ledger) error {
	retired, err := ledger.RetiredKeys(ctx)
	if err != nil {
		return err
	}
	for id, isRetired := range retired {
		switch k, ok := set.Find(id); {
		case !ok:
			return fmt.Errorf("%w: key %s is not in it", errOldSet, id)
		case isRetired && k.State == keys.Active:
			return fmt.Errorf("%w: key %s is active in it, and was retired", errOldSet, id)
		}
	}
	return nil
}

// keyring is the key set of a centre, and what hangs on it.
type keyring struct {
	config *config.Config
	ledger *register.Ledger
	set    *keys.Set // with what the register has on record
}

// withKeys runs what reads the keys and the register.
func (a *app) withKeys(ctx context.Context, do func(*keyring) error) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if _, err := keys.Load(keySetPath(c)); err != nil { // a centre without keys is told so, whatever its register is
		return err
	}
	ledger, err := register.OpenReadOnly(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	set, behind, err := compareKeys(ctx, c, ledger)
	if err != nil {
		return err
	}
	for _, id := range behind {
		a.say("notice: key %s is revoked by the register's record, which counts; %s is an older copy. `cardproof keys revoke` or `keys rotate` mends it.\n", id, keySetPath(c))
	}
	return do(&keyring{c, ledger, set})
}

// changeKeys runs what changes a key, while nobody issues, and enters it into the register's history. What a run that was killed has
// left out there is entered too.
func (a *app) changeKeys(ctx context.Context, reason string, do func(*keyring, *register.DB) error) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	db, err := register.Open(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return a.whileIssuing(ctx, c, db, register.Alone, func(ctx context.Context) error { return a.changeLocked(ctx, c, db, reason, do) })
}

func (a *app) changeLocked(ctx context.Context, c *config.Config, db *register.DB, reason string, do func(*keyring, *register.DB) error) error {
	set, behind, err := compareKeys(ctx, c, db)
	if err != nil {
		return err
	}
	for _, id := range behind { // the file is an older copy, or a run was killed before it wrote the file
		k, _ := set.Find(id)
		if err := issuer.RevokeKey(ctx, c.Keys, id, k.RevokedSince); err != nil {
			return err
		}
	}
	if err := db.RecordKeys(ctx, keyEvents(set, a.now(), "")); err != nil {
		return err
	}
	if err := do(&keyring{c, db.Ledger, set}, db); err != nil {
		return err
	}
	if set, err = loadKeys(ctx, c, db); err != nil {
		return err
	}
	return db.RecordKeys(ctx, keyEvents(set, a.now(), reason))
}

// keyEvents are the history of the keys, as their set tells it.
func keyEvents(set *keys.Set, now time.Time, reason string) []register.KeyEvent {
	var events []register.KeyEvent
	for _, k := range set.All() {
		for _, e := range []struct {
			action register.KeyAction
			since  time.Time
		}{{register.KeyInUse, k.NotBefore}, {register.KeyRetired, k.RetiredAt}, {register.KeyRevoked, k.RevokedSince}} {
			if !e.since.IsZero() {
				events = append(events, register.KeyEvent{At: now.UTC(), KeyID: k.ID, Actor: actor(), Action: e.action, Since: e.since, Reason: reason})
			}
		}
	}
	return events
}

// keysInUse are the keys of a set for the register to know, which tells by them whose it is. That one was retired or revoked is not
// among it: the set may be an older copy.
func keysInUse(set *keys.Set, now time.Time) []register.KeyEvent {
	return slices.DeleteFunc(keyEvents(set, now, ""), func(e register.KeyEvent) bool { return e.Action != register.KeyInUse })
}

// find is a key of the set by the ID that a person gave.
func (r *keyring) find(id string) (keys.Key, error) {
	k, ok := r.set.Find(strings.TrimSpace(id))
	if !ok {
		return keys.Key{}, fmt.Errorf("%w: %q", keys.ErrUnknown, printable(id))
	}
	return k, nil
}

// checkClock refuses to end the signing of a key at a time before its last card: that card would read as signed by a key not in use.
func (r *keyring) checkClock(ctx context.Context, k keys.Key, now time.Time) error {
	uses, err := r.ledger.KeyUses(ctx)
	if err != nil {
		return err
	}
	if last := uses[k.ID].LastIssued; last.After(now) {
		return fail(exitKey, fmt.Errorf("by this machine's clock it is %s, but key %s has signed a card of %s", stamp(now), k.ID, stamp(last)),
			"Set the clock of this machine right, and run the command again. Nothing was changed.")
	}
	return nil
}

// stamp is a time as the key set writes it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// oneKey takes the ID of one key.
func oneKey(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return fmt.Errorf("%s needs the ID of one key; `cardproof keys list` shows them", cmd.Name())
}

// purposeNamed is a purpose by the name that a person gives it.
func purposeNamed(name string) (keys.Purpose, error) {
	switch name {
	case "cards":
		return keys.Cards, nil
	case "status":
		return keys.StatusLists, nil
	}
	return "", fail(exitUsage, fmt.Errorf("--purpose %q is none", printable(name)), "Give cards or status. Nothing was changed.")
}

// signs says in words what a key signs.
func signs(p keys.Purpose) string {
	if p == keys.StatusLists {
		return "status lists"
	}
	return "cards"
}
