package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

type replaceOptions struct {
	rosterFlags
	issuer.Correction
	file string
	out  string
}

func newReplace(a *app) *cobra.Command {
	var o replaceOptions
	cmd := &cobra.Command{
		Use:   "replace {NUMBER [--name NAME] [--instructor NAME] | --file FILE}",
		Short: "Issue corrected cards and supersede the old ones",
		Long: `Replace issues a new card for the same completion, with a new number and the corrections that are given, and marks the old one as
superseded in the same moment. Course and dates stay as they are.

With --file it does so for every row of a CSV or XLSX file with the columns number, name and, if need be, instructor. An empty cell
leaves what the card says; a row that changes nothing replaces nothing, so that the list of a whole class may be given. If any row has a
problem, nothing is replaced.`,
		Example: `  cardproof replace N0XK-J8NR-241J --name "Zoë Byrne" --out corrected
  cardproof replace --file corrections.csv --reason "names as in the passport" --out corrected`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) > 0) == (o.file != "") {
				return fail(exitUsage, errors.New("replace needs a card number or --file, and not both"), "Give the number as it is printed, or a file of corrections. Nothing was changed.")
			}
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			if o.Anew && !cmd.Flags().Changed("reason") {
				return fail(exitUsage, errors.New("--anew needs --reason"), "Say why the card is issued anew. Nothing was changed.")
			}
			if o.file == "" && o.Name == "" && o.Instructor == "" && !cmd.Flags().Changed("reason") {
				return fail(exitUsage, errors.New("nothing to correct was given"), "Give --name or --instructor; or with --reason alone, say why the same card is issued under a new number. Nothing was changed.")
			}
			o.Namesake = cmd.Flags().Changed("reason")
			if o.Reason, err = checkReason(o.Reason); err != nil {
				return err
			}
			return a.withIssuer(cmd, func(ctx context.Context, ce *centre) error {
				if err := ce.refuseInside(o.out); err != nil {
					return err
				}
				if o.file != "" {
					return a.replaceAll(ctx, ce, o)
				}
				return a.replace(ctx, ce, numbers[0], o.Correction, o.out)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "the holder's corrected name")
	f.StringVar(&o.Instructor, "instructor", "", "the instructor's corrected name")
	f.BoolVar(&o.Anew, "anew", false, "issue a revoked card anew; it stays revoked, and --reason says why")
	f.StringVar(&o.Reason, "reason", "corrected card", "why, in a few words; it stays in the history of both cards")
	f.StringVar(&o.file, "file", "", "a `file` of corrections")
	f.StringVar(&o.out, "out", ".", "the `folder` for the new cards")
	o.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("file", "name")
	cmd.MarkFlagsMutuallyExclusive("file", "instructor")
	cmd.MarkFlagsMutuallyExclusive("file", "anew")
	return cmd
}

// replaceAll replaces the cards of a file of corrections, all or none.
func (a *app) replaceAll(ctx context.Context, ce *centre, o replaceOptions) error {
	start := a.now()
	f, err := roster.ReadCorrections(o.file, o.options(ce.config))
	if err != nil {
		return err
	}
	plan, err := ce.PrepareCorrections(ctx, f, o.Reason)
	if err != nil {
		return err
	}
	if !a.json {
		if err := a.printProblems(slices.DeleteFunc(plan.Problems(), isUnchanged)); err != nil {
			return err
		}
	}
	if plan.Refused() > 0 {
		s := summaryOf(plan, nil)
		s.Out = o.out
		return a.refuse(s, "replaced", o.file, "Mend the rows and run the command again.")
	}
	if plan.Empty() {
		if a.json {
			return a.printJSON(summaryOf(plan, nil))
		}
		fmt.Fprintln(a.stdout, "nothing to replace: the cards say all this already")
		return nil
	}
	result, err := a.run(ctx, ce, plan, issuer.Delivery{Dir: o.out})
	if result == nil {
		return err
	}
	s := summaryOf(plan, result)
	s.Out, s.Seconds = o.out, a.now().Sub(start).Seconds()
	if err != nil {
		return errors.Join(err, a.printBroken(s))
	}
	if s.Replaced, err = ce.replacedBy(ctx, result.Lines); err != nil {
		return err
	}
	return a.printReplaced(s)
}

// isUnchanged is the notice of a row that says what its card says already: a list of the whole class has many, and they are counted.
func isUnchanged(p roster.Problem) bool { return p.Code == "unchanged" }

// replaced is a card that was replaced, and the one that stands for it now.
type replaced struct {
	Old    string `json:"replaced"`
	Number string `json:"number"`
	Name   string `json:"name"`
	File   string `json:"file"`
}

// replacedBy says which card each of the new ones replaces.
func (c *centre) replacedBy(ctx context.Context, lines []issuer.ManifestLine) ([]replaced, error) {
	var all []replaced
	for _, l := range lines {
		e, _, err := c.Register.FindEntry(ctx, l.Number)
		if err != nil {
			return nil, err
		}
		all = append(all, replaced{e.Replaces.String(), l.Number.String(), l.Name, l.File})
	}
	return all, nil
}

func (a *app) printReplaced(s summary) error {
	if a.json {
		return a.printJSON(s)
	}
	rows := [][]string{{"OLD NUMBER", "", "NEW NUMBER", "NAME"}}
	for _, r := range s.Replaced {
		rows = append(rows, []string{r.Old, "→", r.Number, r.Name})
	}
	if err := a.fittedTable(rows, 3); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	a.printCount("replaced", s.Issued)
	a.printCount("replaced before, as this file says", s.AlreadyIssued)
	a.printCount("unchanged: the card says so already", countUnchanged(s.Problems))
	a.printWithdrawn(s)
	fmt.Fprintf(a.stdout, "The new cards and their list are in %s, %s\n", s.Out, filepath.Join(s.Out, issuer.ManifestName))
	return nil
}

func countUnchanged(problems []roster.Problem) int {
	n := 0
	for _, p := range problems {
		if isUnchanged(p) {
			n++
		}
	}
	return n
}

func (a *app) replace(ctx context.Context, ce *centre, old card.Number, c issuer.Correction, out string) error {
	result, err := ce.Replace(ctx, old, c, issuer.Delivery{Dir: out, NoManifest: true})
	var correction *issuer.CorrectionError
	var overtaken *issuer.OvertakenError
	var move *card.MoveError
	switch {
	case errors.As(err, &overtaken):
		return err
	case errors.As(err, &correction):
		return fail(exitFailed, err, "Give another --"+correction.Problem.Column+". Nothing was changed.")
	case errors.Is(err, issuer.ErrExpired):
		return fail(exitFailed, err, "Issue the card of the new completion from its roster. Nothing was changed.")
	case errors.As(err, &move) && move.From == card.Superseded:
		return a.alreadyReplaced(ctx, ce, old)
	case errors.As(err, &move) && move.From == card.Revoked:
		return a.revokedBefore(ctx, ce, move)
	case err != nil:
		return err
	}
	l := result.Lines[0]
	path := filepath.Join(out, l.File)
	if a.json {
		return a.printJSON(map[string]string{"replaced": old.String(), "number": l.Number.String(), "file": path, "verify_url": l.VerifyURL})
	}
	became := "superseded by"
	if c.Anew {
		became = "issued anew as"
	}
	fmt.Fprintf(a.stdout, "card %s is %s %s\nThe new card is %s\n", old, became, l.Number, path)
	return nil
}

// revokedBefore names the way to another card, where it is open.
func (a *app) revokedBefore(ctx context.Context, ce *centre, move *card.MoveError) error {
	hints := []string{"Revoking is final: a revoked card never comes into force again. Nothing was changed."}
	var anew *issuer.AnewError
	switch err := ce.CheckAnew(ctx, move.Number); {
	case err == nil:
		hints = append(hints, fmt.Sprintf("If that was a mistake, issue another in its place with `cardproof replace %s --anew --reason TEXT`.", move.Number))
	case errors.As(err, &anew):
		hints = append(hints, fmt.Sprintf("No other card can take its place: %s.", anew.Message))
	default:
		return err
	}
	return fail(exitFailed, move, append(hints, fmt.Sprintf("See its history with `cardproof show %s`.", move.Number))...)
}

// alreadyReplaced names the card that has to be corrected now.
func (a *app) alreadyReplaced(ctx context.Context, ce *centre, old card.Number) error {
	e, _, err := ce.Register.FindReplacement(ctx, old)
	if err != nil {
		return err
	}
	if e.State == card.Revoked {
		return fail(exitFailed, fmt.Errorf("card %s was already replaced by %s, which is revoked", old, e.Number),
			fmt.Sprintf("See it with `cardproof show %s`. Nothing was changed.", e.Number))
	}
	return fail(exitFailed, fmt.Errorf("card %s was already replaced by %s", old, e.Number),
		fmt.Sprintf("Correct that one with `cardproof replace %s`, or see it with `cardproof show %s`.", e.Number, e.Number))
}
