package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newKeysRetire(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "retire KID",
		Short: "End the signing of a key; its cards stay valid",
		Long: `Keys retire ends the signing of a key: what it signed until now stays valid. Where it is the only active key, nothing can be issued after
it until "cardproof keys rotate" has made the next one; so that needs --yes. "cardproof keys rotate" does both at once.

The private half stays where it is. Once nobody needs it any more it may be destroyed: cards are checked with the public half alone.`,
		Example: "  cardproof keys retire kPrK_qmxVWa",
		Args:    oneKey,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.retireKey(cmd.Context(), args[0], yes) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "retire the key even if no other is active")
	return cmd
}

func (a *app) retireKey(ctx context.Context, id string, yes bool) error {
	return a.changeKeys(ctx, "", func(r *keyring, _ *register.DB) error {
		k, err := r.find(id)
		if err != nil {
			return err
		}
		if k.State == keys.Active {
			now := a.now()
			if err := r.checkClock(ctx, k, now); err != nil {
				return err
			}
			if r.isLast(k) && !yes {
				return fail(exitKey, fmt.Errorf("key %s is the only active key of %s that signs %s", k.ID, k.Issuer, signs(k.Purpose)),
					fmt.Sprintf("`%s` makes the next one and retires this one.", a.rotateCommand(k.Purpose)),
					fmt.Sprintf("Without a next one, nothing can be signed: if that is meant, `%s`. Nothing was changed.", a.command("keys retire --yes", k.ID)))
			}
			if err := issuer.RetireKey(ctx, r.config.Keys, k.ID, now); err != nil {
				return err
			}
		}
		return a.printRetired(r, k)
	})
}

// isLast says whether no other key signs what this one does.
func (r *keyring) isLast(k keys.Key) bool {
	for _, other := range r.set.All() {
		if other.ID != k.ID && other.State == keys.Active && other.Issuer == k.Issuer && other.Purpose == k.Purpose {
			return false
		}
	}
	return true
}

func (a *app) rotateCommand(p keys.Purpose) string {
	if p == keys.StatusLists {
		return a.command("keys rotate --purpose status")
	}
	return a.command("keys rotate")
}

func (a *app) printRetired(r *keyring, before keys.Key) error {
	set, err := keys.Load(keySetPath(r.config))
	if err != nil {
		return err
	}
	k, _ := set.Find(before.ID)
	switch {
	case before.State == keys.Revoked:
		return fmt.Errorf("%w: %s is revoked since %s", keys.ErrNotActive, before.ID, stamp(before.RevokedSince))
	case a.json:
		return a.printJSON(map[string]any{"retired": k.ID, "retired_at": stamp(k.RetiredAt), "before": before.State == keys.Retired})
	case before.State == keys.Retired:
		fmt.Fprintf(a.stdout, "key %s was retired already, at %s\n", k.ID, stamp(k.RetiredAt))
		return nil
	}
	fmt.Fprintf(a.stdout, "retired key %s: it signs no more, and what it signed stays valid\n", k.ID)
	if r.isLast(k) {
		a.say("No key is left that signs %s. To make one:\n  %s\n", signs(k.Purpose), a.rotateCommand(k.Purpose))
	}
	a.sayPublish(r)
	return nil
}
