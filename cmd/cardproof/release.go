package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer"
)

func newRelease(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "release BATCH [--out DIR]",
		Short: "Put the cards of a held batch in force",
		Long: `Release puts all cards of a batch in force that "issue --hold" has made, all or none, and writes them into DIR with cards.csv, the list
of them. Without --out it writes no file; the same command again, or "issue" with the same roster, delivers them later.

See a batch with "cardproof show --batch BATCH" before.`,
		Args: oneArgument("the name of a batch; `cardproof batches` lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRegister(cmd, func(ctx context.Context, c *centre) error { return a.release(ctx, c, args[0], out) })
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the `folder` for the cards; it is made if need be")
	return cmd
}

func (a *app) release(ctx context.Context, c *centre, batch, out string) error {
	if out != "" {
		if err := a.refuseOwn(c.config, "--out", out); err != nil {
			return err
		}
	}
	if err := a.refuseClock(ctx, c.ledger); err != nil {
		return err
	}
	result, err := c.Release(ctx, batch, issuer.Delivery{Dir: out})
	if result == nil {
		return err
	}
	s := summary{Batch: result.Batch, Issued: result.Issued, AlreadyIssued: result.AlreadyIssued, GivenUp: result.GivenUp, Out: out}
	s.take(result)
	if a.json {
		return errors.Join(err, a.printJSON(s))
	}
	a.printCount("put in force", s.Issued)
	if s.AlreadyIssued > 0 {
		a.printCount("put in force before", s.AlreadyIssued)
	}
	if s.GivenUp > 0 {
		a.printCount("given up before: withdrawn, or planned anew from another roster", s.GivenUp)
	}
	a.printWithdrawn(s)
	if len(result.Lines) > 0 {
		fmt.Fprintf(a.stdout, "The cards and their list are in %s, %s\n", out, filepath.Join(out, issuer.ManifestName))
	} else if err == nil && out == "" {
		a.say("No file was written. To get them:\n  %s\n", a.command("release", result.Batch, "--out cards"))
	}
	return err
}

func newDiscard(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "discard BATCH [--reason TEXT]",
		Short: "Give up a batch that was not released",
		Long: `Discard gives up the cards of a batch that "issue --hold" has made, or that a run left unfinished. Nobody ever had them; they read as withdrawn,
and the learners can be issued anew. Cards that are out are withdrawn with "revoke --batch".`,
		Args: oneArgument("the name of a batch; `cardproof batches` lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if reason, err = checkReason(reason); err != nil {
				return err
			}
			return a.withRegister(cmd, func(ctx context.Context, c *centre) error { return a.discard(ctx, c, args[0], reason) })
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "discarded before release", "why, in a few words; it stays in the cards' history")
	return cmd
}

func (a *app) discard(ctx context.Context, c *centre, batch, reason string) error {
	if err := checkFolder(ctx, c.Archive); err != nil { // else the files would stay
		return err
	}
	n, err := c.Discard(ctx, batch, reason)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"batch": batch, "discarded": n, "state": card.BatchDiscarded})
	}
	fmt.Fprintf(a.stdout, "%s of batch %s given up\n", plural(n, "card", "cards"), batch)
	return nil
}
