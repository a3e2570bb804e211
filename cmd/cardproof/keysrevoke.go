package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

type revokeOptions struct {
	since  string
	reason string
	dryRun bool
	yes    bool
	force  bool
}

func newKeysRevoke(a *app) *cobra.Command {
	var o revokeOptions
	cmd := &cobra.Command{
		Use:   "revoke KID --since TIME",
		Short: "Take back the trust in a key that leaked, since a time",
		Long: `Keys revoke says since when a key can't be trusted. Cards that the register held before that time stay valid, and nobody has to be issued
anew. Everything else of that key reads KEY REVOKED for ever: what a thief has signed, whatever date stands in it, and also the genuine
cards that were recorded since.

TIME is a time with its zone (2026-11-21T09:00:00Z), a day (its beginning in the time zone of the centre), or now. Better too early than
too late. First it says how many cards stay and how many fall, and asks; --dry-run says that alone.

The time may be moved to an earlier one later on. To a later one only with --force and --reason: what was called forged once would read
as genuine.`,
		Example: `  cardproof keys revoke kPrK_qmxVWa --since 2026-11-20 --dry-run
  cardproof keys revoke kPrK_qmxVWa --since 2026-11-21T09:00:00+01:00 --reason "the laptop was stolen"`,
		Args: oneKey,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.reason != "" || cmd.Flags().Changed("reason") {
				var err error
				if o.reason, err = checkReason(o.reason); err != nil {
					return err
				}
			}
			if o.since == "" {
				return fail(exitUsage, errors.New("keys revoke needs --since TIME"), "Say since when the key can't be trusted: a time such as 2026-11-21T09:00:00Z, a day, or now. Nothing was changed.")
			}
			if o.force && o.reason == "" {
				return fail(exitUsage, errors.New("--force needs --reason TEXT"), "Say why the time was wrong; it stays on record. Nothing was changed.")
			}
			return a.revokeKey(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.since, "since", "", "since when the key can't be trusted: a `time` such as 2026-11-21T09:00:00Z, a day, or now")
	f.StringVar(&o.reason, "reason", "", "why, in a few words; it stays on record")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say which cards would stay valid")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.BoolVar(&o.force, "force", false, "move the time of a revoked key to a later one")
	return cmd
}

// revocation is what keys revoke does, and prints as JSON.
type revocation struct {
	ID    string             `json:"kid"`
	Since string             `json:"revoked_since"`
	Stay  map[card.State]int `json:"stay"` // cards that the register held before
	Fall  map[card.State]int `json:"fall"`
	Done  bool               `json:"done"`

	key   keys.Key
	since time.Time
}

func (a *app) revokeKey(ctx context.Context, id string, o revokeOptions) error {
	var want revocation
	err := a.withKeys(ctx, func(r *keyring) error {
		since, err := parseSince(o.since, a.now(), r.config.Issuer.Location)
		if err != nil {
			return err
		}
		want, err = r.judge(ctx, id, since, o.force)
		return err
	})
	if err != nil {
		return err
	}
	if o.dryRun {
		if a.json {
			return a.printJSON(want)
		}
		printRevocation(a.stdout, want)
		a.say("Nothing was changed: this was a dry run.\n")
		return nil
	}
	printRevocation(a.stderr, want)
	if !o.yes {
		if err := a.confirm(ctx, "Revoke the key? Type yes: "); err != nil {
			return err
		}
	}
	return a.changeKeys(ctx, o.reason, func(r *keyring, db *register.DB) error {
		// Once more, now that nobody issues: cards may have come in, and another may have revoked the key.
		done, err := r.judge(ctx, id, want.since, o.force)
		if err != nil {
			return err
		}
		// The register comes first: what it has on record counts everywhere, even if this run is killed before the set is written.
		err = db.RecordKeys(ctx, []register.KeyEvent{{
			At: a.now().UTC(), KeyID: done.ID, Actor: actor(), Action: register.KeyRevoked, Since: done.since, Reason: o.reason,
		}})
		if err != nil {
			return err
		}
		if err := issuer.RevokeKey(ctx, r.config.Keys, done.ID, done.since); err != nil {
			return err
		}
		done.Done = true
		return a.printRevoked(r, done)
	})
}

// judge says what a revocation would do, and refuses one that would give trust back.
func (r *keyring) judge(ctx context.Context, id string, since time.Time, force bool) (revocation, error) {
	k, err := r.find(id)
	if err != nil {
		return revocation{}, err
	}
	if k.State == keys.Revoked && since.After(k.RevokedSince) && !force {
		return revocation{}, fail(exitKey, fmt.Errorf("key %s is revoked since %s already, which is earlier", k.ID, stamp(k.RevokedSince)),
			"A later time would call cards genuine that read as revoked today. If the earlier one was a mistake, add --force and --reason TEXT. Nothing was changed.")
	}
	before, later, err := r.ledger.CountRecorded(ctx, k.ID, since)
	if err != nil {
		return revocation{}, err
	}
	return revocation{ID: k.ID, Since: stamp(since), Stay: before, Fall: later, key: k, since: since}, nil
}

// parseSince reads a time, a day in the zone of the centre, or now, down to the second.
func parseSince(text string, now time.Time, zone *time.Location) (time.Time, error) {
	const advice = "Give a time with its zone such as 2026-11-21T09:00:00Z, a day such as 2026-11-21, or now. Nothing was changed."
	text = strings.TrimSpace(text)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, text, zone)
	}
	switch {
	case strings.EqualFold(text, "now"):
		t = now
	case err != nil:
		return time.Time{}, fail(exitUsage, fmt.Errorf("--since %q is no time", printable(text)), advice)
	case t.After(now):
		return time.Time{}, fail(exitUsage, fmt.Errorf("--since %s lies ahead", stamp(t)), "A key is revoked since a time that has come; until then it would be trusted. Nothing was changed.")
	case t.Unix() <= 0:
		return time.Time{}, fail(exitUsage, fmt.Errorf("--since %s is before all keys", stamp(t)), advice)
	}
	return t.UTC().Truncate(time.Second), nil
}

func printRevocation(w io.Writer, v revocation) {
	fmt.Fprintf(w, "key %s, which signs %s, is %s, in use since %s\n", v.ID, signs(v.key.Purpose), v.key.State, stamp(v.key.NotBefore))
	if v.key.Purpose != keys.Cards {
		return
	}
	fmt.Fprintf(w, "revoked since %s:\n  stay as they are: %s\n  read KEY REVOKED: %s\n", v.Since, cardsByState(v.Stay), cardsByState(v.Fall))
}

func (a *app) printRevoked(r *keyring, v revocation) error {
	if a.json {
		return a.printJSON(v)
	}
	fmt.Fprintf(a.stdout, "key %s is revoked since %s; cards that stay as they are: %d, that read KEY REVOKED: %d\n", v.ID, v.Since, total(v.Stay), total(v.Fall))
	if v.key.State == keys.Active && r.isLast(v.key) {
		a.say("No key is left that signs %s. To make one:\n  %s\n", signs(v.key.Purpose), a.rotateCommand(v.key.Purpose))
	}
	if total(v.Fall) > 0 {
		a.say("The cards that fall, for their holders to get new ones by `cardproof replace NUMBER --reason TEXT`:\n  %s\n", a.command("keys list --csv", v.ID))
	}
	a.say("Servers beside this register know it within a second. Export the key set again all the same:\n  %s\n", a.command("keys export --out FILE"))
	a.say("Programs of others find the key no longer at %s/.well-known/jwks.json, and refuse all its cards; tell those who keep a copy.\n", r.config.Issuer.URL)
	return nil
}

// errUnconfirmed says that a person did not agree, or could not be asked.
var errUnconfirmed = errors.New("not confirmed")

// confirm asks for a yes at the terminal. Ctrl-C ends the waiting.
func (a *app) confirm(ctx context.Context, question string) error {
	in, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return fail(exitUsage, errUnconfirmed, "Run it on a terminal, or add --yes. Nothing was changed.")
	}
	fmt.Fprint(a.stderr, question)
	typed := make(chan string, 1)
	go func() { // a read from a terminal can't be called off; it ends with the program
		line, _ := bufio.NewReader(in).ReadString('\n') // no line is no yes
		typed <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-typed:
		if !strings.EqualFold(answer, "yes") {
			return fail(exitFailed, errUnconfirmed, "Nothing was changed.")
		}
		return nil
	}
}
