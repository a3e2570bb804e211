package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

type issueOptions struct {
	roster   string
	out      string
	goodRows bool
}

func newIssue(a *app) *cobra.Command {
	var o issueOptions
	cmd := &cobra.Command{
		Use:   "issue ROSTER --out DIR",
		Short: "Issue the cards of a roster into a folder",
		Long: `Issue checks the whole roster first and refuses it if any row has a problem. Then it records, signs, draws and proves each card,
and writes into DIR one PDF for each, named by its number, and cards.csv, the list of them.

The same roster again issues nothing twice: it finishes what an earlier run left, and delivers the issued files again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.roster = args[0]
			return a.withIssuer(cmd, func(ctx context.Context, c *centre) error { return a.issue(ctx, c, o) })
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "the `folder` for the cards; it is made if need be")
	cmd.Flags().BoolVar(&o.goodRows, "good-rows", false, "issue the rows without a problem, and write the others to problems.csv")
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic(err) // the flag is defined two lines above
	}
	return cmd
}

func (a *app) issue(ctx context.Context, c *centre, o issueOptions) error {
	start := a.now()
	if err := c.refuseInside(o.out); err != nil {
		return err
	}
	r, err := roster.ReadFile(o.roster)
	if err != nil {
		return err
	}
	plan, err := c.Prepare(ctx, r)
	if err != nil {
		return err
	}
	if plan.Refused() > 0 && !o.goodRows {
		return a.refuse(plan, o)
	}
	a.warnDense(plan)
	a.warnLocal(c)
	problems, err := refusedRows(r, plan)
	if err != nil {
		return err
	}
	result, err := c.Issue(ctx, plan, issuer.Delivery{Dir: o.out, Problems: problems, Progress: a.progress(plan)})
	if result == nil {
		return err
	}
	s := summaryOf(plan, result)
	s.Out, s.Seconds = o.out, a.now().Sub(start).Seconds()
	if err != nil {
		return errors.Join(err, a.printBroken(s))
	}
	if err := a.printIssued(s); err != nil {
		return err
	}
	if plan.Refused() > 0 {
		return errRefused
	}
	return nil
}

// refuse tells why a batch is not issued.
func (a *app) refuse(plan *issuer.Plan, o issueOptions) error {
	s := summaryOf(plan, nil)
	s.Out = o.out
	if a.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else {
		a.printProblems(s.Problems)
	}
	return fail(exitRefused, fmt.Errorf("nothing was issued: %s of %s refused", plural(plan.Refused(), "row", "rows"), filepath.Base(o.roster)+isAre(plan.Refused())),
		"Mend the rows and run the command again.", "Or add --good-rows to issue the others and get the refused rows as "+issuer.ProblemsName+".")
}

// printBroken tells what a run did that came to no good end. What is missing in the folder, the next run brings.
func (a *app) printBroken(s summary) error {
	if a.json {
		return a.printJSON(s)
	}
	a.printCount("issued before that", s.Issued)
	return nil
}

func (a *app) printIssued(s summary) error {
	if a.json {
		return a.printJSON(s)
	}
	a.printProblems(onlyErrors(s.Problems))
	a.printCount("issued", s.Issued)
	a.printCount("already issued", s.AlreadyIssued)
	if s.Withdrawn > 0 {
		a.printCount("of these withdrawn since: do not hand them out (column state of "+issuer.ManifestName+")", s.Withdrawn)
	}
	a.printCount("refused", s.Refused)
	for _, kept := range s.Kept {
		fmt.Fprintf(a.stdout, "A file of an earlier run was kept as %s\n", kept)
	}
	if s.Issued+s.AlreadyIssued > 0 {
		fmt.Fprintf(a.stdout, "The cards and their list are in %s, %s\n", s.Out, filepath.Join(s.Out, issuer.ManifestName))
	}
	if s.Refused > 0 {
		fmt.Fprintf(a.stdout, "The refused rows are in %s: mend them there, and issue that file.\n", filepath.Join(s.Out, issuer.ProblemsName))
	}
	return nil
}

// refusedRows is the content of problems.csv, or nil where no row is refused.
func refusedRows(r *roster.Roster, plan *issuer.Plan) ([]byte, error) {
	if plan.Refused() == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	err := roster.WriteProblems(&b, r, plan.Problems())
	return b.Bytes(), err
}

// progress is a bar on a terminal, and nothing elsewhere.
func (a *app) progress(plan *issuer.Plan) func(int) {
	if _, ok := isTerminal(a.stderr); !ok || a.quiet {
		return nil
	}
	total := plan.New() + plan.Unfinished() + plan.AlreadyIssued()
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription("issuing"), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("cards"), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	return func(n int) { _ = bar.Add(n) } // a bar that can't be drawn is no reason to stop
}
