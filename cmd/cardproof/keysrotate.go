package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newKeysRotate(a *app) *cobra.Command {
	var purpose string
	var f custodyFlags
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Make the next key and retire the one before",
		Long: `Keys rotate makes a new key, which signs from now on, and retires the one before: that signs no more, and what it signed stays valid.
Both happen at once, between two runs of issue and never within one. Cards that were planned and are not out yet lose nothing: those
that are finished are released as they are, the others are planned anew by the same "cardproof issue" again.

Where a key that is there is encrypted, the new one is too, with the same passphrase, from the environment (` + passphraseVariable + `) or
typed. With --encrypt it is in any case. The private half of the old key stays where it is.

With --purpose status it rotates the key of the status lists.

` + custodyHelp,
		Example: "  cardproof keys rotate\n  cardproof keys rotate --encrypt\n  cardproof keys rotate --pkcs11 'pkcs11:token=Centre?module-path=/usr/lib/softhsm/libsofthsm2.so'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := purposeNamed(purpose)
			if err != nil {
				return err
			}
			return a.rotateKey(cmd.Context(), p, f)
		},
	}
	cmd.Flags().StringVar(&purpose, "purpose", "cards", "what the `key` signs: cards or status")
	f.add(cmd)
	return cmd
}

func (a *app) rotateKey(ctx context.Context, p keys.Purpose, f custodyFlags) error {
	custody, err := a.nextCustody(ctx, f)
	if err != nil {
		return err
	}
	return a.changeKeys(ctx, "rotated", func(r *keyring, _ *register.DB) error {
		if err := refuseOldSet(ctx, r.set, r.ledger); err != nil {
			return err
		}
		now := a.now()
		for _, k := range r.set.All() {
			if k.State != keys.Active || k.Purpose != p || k.Issuer != r.config.Issuer.URL {
				continue
			}
			if err := r.checkClock(ctx, k, now); err != nil {
				return err
			}
		}
		done, err := issuer.RotateKey(ctx, r.config.Keys, r.config.Issuer.URL, p, custody, now)
		if err != nil {
			return err
		}
		return a.printRotation(ctx, r, done)
	})
}

func (a *app) printRotation(ctx context.Context, r *keyring, done issuer.Rotation) error {
	uses, err := r.ledger.KeyUses(ctx)
	if err != nil {
		return err
	}
	retired, planned := []string{}, 0
	for _, k := range done.Retired {
		retired = append(retired, k.ID)
		planned += uses[k.ID].Cards[card.Planned]
	}
	if a.json {
		return a.printJSON(map[string]any{"made": done.Made.ID, "purpose": done.Made.Purpose, "not_before": stamp(done.Made.NotBefore), "retired": retired, "unfinished": planned})
	}
	fmt.Fprintf(a.stdout, "made key %s: it signs %s from now on\n", done.Made.ID, signs(done.Made.Purpose))
	for _, k := range done.Retired {
		fmt.Fprintf(a.stdout, "retired key %s: it signs no more, and what it signed stays valid\n", k.ID)
	}
	if planned > 0 {
		fmt.Fprintf(a.stdout, "%s of it not out yet: finish them with the same `cardproof issue` again, release a held batch as it is\n", plural(planned, "card is", "cards are"))
	}
	a.sayPublish(r)
	a.sayBackup(r, done.Made)
	return nil
}

// sayPublish tells who has to learn of a change of the keys.
func (a *app) sayPublish(r *keyring) {
	a.say("\nNext: `cardproof serve` sees the change within a second. For cardproof-verify, before anything more is issued:\n  %s\n", a.command("keys export --out FILE"))
	a.say("Programs of others read the keys at %s/.well-known/jwks.json; tell those who keep a copy.\n", r.config.Issuer.URL)
}
