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

func newReplace(a *app) *cobra.Command {
	var c issuer.Correction
	var out string
	cmd := &cobra.Command{
		Use:   "replace NUMBER [--name NAME] [--instructor NAME]",
		Short: "Issue a corrected card and supersede the old one",
		Long: `Replace issues a new card for the same completion, with a new number and the corrections that are given, and marks the old one as
superseded in the same moment. Course and dates stay as they are.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			if c.Reason, err = checkReason(c.Reason); err != nil {
				return err
			}
			return a.withIssuer(cmd, func(ctx context.Context, ce *centre) error { return a.replace(ctx, ce, numbers[0], c, out) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Name, "name", "", "the holder's corrected name")
	f.StringVar(&c.Instructor, "instructor", "", "the instructor's corrected name")
	f.StringVar(&c.Reason, "reason", "corrected card", "why, in a few words; it stays in the history of both cards")
	f.StringVar(&out, "out", ".", "the `folder` for the new card")
	return cmd
}

func (a *app) replace(ctx context.Context, ce *centre, old card.Number, c issuer.Correction, out string) error {
	if err := ce.refuseInside(out); err != nil {
		return err
	}
	result, err := ce.Replace(ctx, old, c, issuer.Delivery{Dir: out, NoManifest: true})
	var correction *issuer.CorrectionError
	var move *card.MoveError
	switch {
	case errors.As(err, &correction):
		return fail(exitFailed, err, "Give another --"+correction.Problem.Column+". Nothing was changed.")
	case errors.Is(err, issuer.ErrExpired):
		return fail(exitFailed, err, "Issue the card of the new completion from its roster. Nothing was changed.")
	case errors.As(err, &move) && move.From == card.Superseded:
		return a.alreadyReplaced(ctx, ce, old)
	case err != nil:
		return err
	}
	l := result.Lines[0]
	path := filepath.Join(out, l.File)
	if a.json {
		return a.printJSON(map[string]string{"replaced": old.String(), "number": l.Number.String(), "file": path, "verify_url": l.VerifyURL})
	}
	fmt.Fprintf(a.stdout, "card %s is superseded by %s\nThe new card is %s\n", old, l.Number, path)
	return nil
}

// alreadyReplaced names the card that has to be corrected now.
func (a *app) alreadyReplaced(ctx context.Context, ce *centre, old card.Number) error {
	e, _, err := ce.Register.FindReplacement(ctx, old)
	if err != nil {
		return err
	}
	return fail(exitFailed, fmt.Errorf("card %s was already replaced by %s", old, e.Number),
		fmt.Sprintf("Correct that one with `cardproof replace %s`, or see it with `cardproof show %s`.", e.Number, e.Number))
}
