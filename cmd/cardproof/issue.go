package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

type issueOptions struct {
	rosterFlags
	roster   string
	out      string
	goodRows bool
	hold     bool
	mail     bool
	queue    bool
	noWait   bool
}

func newIssue(a *app) *cobra.Command {
	var o issueOptions
	cmd := &cobra.Command{
		Use:   "issue ROSTER {--out DIR | --hold}",
		Short: "Issue the cards of a roster into a folder",
		Long: `Issue checks the whole roster first and refuses it if any row has a problem. Then it records, signs, draws and proves each card,
and writes into DIR one PDF for each, named by its number, and cards.csv, the list of them.

The same roster again issues nothing twice: it finishes what an earlier run left, and delivers the issued files again.

With --good-rows the rows without a problem are issued, and the others go into DIR as problems.csv (and problems.xlsx where the roster
is a workbook), to be mended there and issued by themselves.

With --hold the cards are made and proved, and wait: nothing is in force and no card is written out until somebody has looked at
the batch ("show --batch") and says "release", or "discard". Together with --good-rows it needs --out, for problems.csv alone.

With --queue the cards are recorded here, and made by every machine that runs "cardproof work" with the keys. This needs a register in a
PostgreSQL database and an archive that the machines share. The command waits for them and then delivers; Ctrl-C, or --no-wait, leaves the batch to them, and the
same command again delivers it. "queue" shows how far they are.

With --mail each learner is sent the card; "mail status" says what became of each mail.`,
		Example: `  cardproof issue roster.xlsx --out cards
  cardproof issue roster.csv --out cards --good-rows --map "Exam %=score"
  cardproof issue roster.csv --hold
  cardproof issue roster.csv --queue --out cards`,
		Args: oneArgument("the file of a roster, such as roster.csv or roster.xlsx"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.roster = args[0]
			if o.out == "" && !o.hold {
				return fail(exitUsage, errors.New("issue needs --out DIR"), "Name a folder for the cards, such as --out cards; or let them wait with --hold.")
			}
			if o.out == "" && o.goodRows {
				return fail(exitUsage, errors.New("issue --hold --good-rows needs --out DIR"), "Name a folder for "+issuer.ProblemsName+", such as --out cards; the cards themselves come with `cardproof release`.")
			}
			if o.mail && o.hold {
				return fail(exitUsage, errors.New("issue --mail and --hold do not go together"), "A held batch is mailed after its release: `cardproof mail send --batch BATCH`.")
			}
			if o.noWait && (!o.queue || o.mail) {
				return fail(exitUsage, errors.New("issue --no-wait goes with --queue, and not with --mail"),
					"The mails are queued when the cards are issued: run the same command with --mail and without --no-wait, or `cardproof mail send --batch BATCH` later.")
			}
			return a.withIssuer(cmd, func(ctx context.Context, c *centre) error { return a.issue(ctx, c, o) })
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "the `folder` for the cards; it is made if need be")
	cmd.Flags().BoolVar(&o.goodRows, "good-rows", false, "issue the rows without a problem, and write the others to problems.csv in --out")
	cmd.Flags().BoolVar(&o.hold, "hold", false, "make and prove the cards, and let them wait for \"release\"; writes no card to --out")
	cmd.Flags().BoolVar(&o.mail, "mail", false, "send each learner the card by mail")
	cmd.Flags().BoolVar(&o.queue, "queue", false, "have the machines that run \"cardproof work\" make the cards")
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "with --queue: do not wait for the cards")
	o.add(cmd)
	return cmd
}

func (a *app) issue(ctx context.Context, c *centre, o issueOptions) error {
	start := a.now()
	if err := a.checkIssue(c.config, o); err != nil {
		return err
	}
	r, err := o.read(o.roster, c.config)
	if err != nil {
		return err
	}
	prepare := c.Prepare
	if o.hold {
		prepare = c.PrepareHeld
	}
	plan, err := prepare(ctx, r)
	if err != nil {
		return err
	}
	if err := a.printRead(r, plan.Problems()); err != nil {
		return err
	}
	if plan.Refused() > 0 && !o.goodRows {
		return a.refuseBatch(plan, r, o)
	}
	a.warnDense(plan)
	a.warnLocal(c)
	a.warnCoarse(c.Drawer)
	d := issuer.Delivery{Dir: o.out}
	if err := addRefused(&d, r, plan); err != nil {
		return err
	}
	var result *issuer.Result
	if o.queue {
		result, err = a.runQueued(ctx, c, plan, d, !o.noWait)
	} else {
		result, err = a.run(ctx, c, plan, d)
	}
	if errors.Is(err, errLeft) {
		return a.printLeft(plan, result, r, o)
	}
	if result == nil {
		return err
	}
	s := summaryOf(plan, result)
	s.Out, s.Seconds, s.ReadAs = o.out, a.now().Sub(start).Seconds(), readAs(r)
	if err != nil {
		return errors.Join(err, a.printBroken(s))
	}
	if err := a.finishIssue(ctx, c, s, result, o); err != nil || plan.Refused() == 0 {
		return err
	}
	a.sayRefused(r, o)
	return errRefused
}

// finishIssue tells what a run did that came to a good end, and has it mailed.
func (a *app) finishIssue(ctx context.Context, c *centre, s summary, result *issuer.Result, o issueOptions) error {
	show := a.printIssued
	if o.hold {
		show = a.printHeld
	}
	if err := show(s); err != nil {
		return err
	}
	if o.mail {
		if err := a.mailIssued(ctx, c, result); err != nil {
			return err
		}
	}
	return a.sayMisaddressed(ctx, c, result.Lines)
}

// checkIssue refuses what the batch could not come to an end with, before anything is read.
func (a *app) checkIssue(c *config.Config, o issueOptions) error {
	if o.out != "" {
		if err := a.refuseOwn(c, "--out", o.out); err != nil {
			return err
		}
	}
	if o.queue {
		if err := needDatabase(c.Register); err != nil {
			return err
		}
	}
	if o.mail {
		return needMail(c)
	}
	return nil
}

// refuseBatch tells why nothing of a roster was issued.
func (a *app) refuseBatch(plan *issuer.Plan, r *roster.Roster, o issueOptions) error {
	s := summaryOf(plan, nil)
	s.Out, s.ReadAs = o.out, readAs(r)
	if hints := waitHints(plan.Problems()); hints != nil {
		return a.refuse(s, "issued", o.roster, hints...)
	}
	return a.refuse(s, "issued", o.roster, "Mend the rows and run the command again.",
		"Or add --good-rows to issue the others and get the refused rows as "+issuer.ProblemsName+".")
}

// sayRefused tells where the refused rows are, and how they are issued when they are mended.
func (a *app) sayRefused(r *roster.Roster, o issueOptions) {
	text := filepath.Join(o.out, issuer.ProblemsName)
	best := text
	if r.IsWorkbook() {
		best = filepath.Join(o.out, issuer.ProblemsWorkbookName)
	}
	if !a.json {
		fmt.Fprintf(a.stdout, "The refused rows are in %s\n", strings.Join(slices.Compact([]string{best, text}), ", and as text in "))
	}
	a.sayMended(best, o.rosterFlags, o.outFlags())
}

// run issues a plan, with a bar for whoever watches.
func (a *app) run(ctx context.Context, c *centre, plan *issuer.Plan, d issuer.Delivery) (*issuer.Result, error) {
	var end func()
	d.Progress, end = a.progress(plan)
	defer end()
	return c.Issue(ctx, plan, d)
}

// outFlags are where the same command would bring the mended rows.
func (o issueOptions) outFlags() string {
	if o.hold {
		return "--hold"
	}
	return "--out " + asArgument(o.out)
}

// refuse tells why nothing of a file was issued or replaced. A person has seen the problems already.
func (a *app) refuse(s summary, done, file string, hints ...string) error {
	if a.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	}
	return fail(exitRefused, fmt.Errorf("nothing was %s: %s of %s refused", done, plural(s.Refused, "row", "rows"), filepath.Base(file)+isAre(s.Refused)), hints...)
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
	a.printCount("issued", s.Issued)
	a.printCount("already issued", s.AlreadyIssued)
	a.printWithdrawn(s)
	a.printCount("refused", s.Refused)
	if s.Issued+s.AlreadyIssued > 0 {
		fmt.Fprintf(a.stdout, "The cards and their list are in %s, %s\n", s.Out, filepath.Join(s.Out, issuer.ManifestName))
	}
	return nil
}

// printHeld tells what waits for its release.
func (a *app) printHeld(s summary) error {
	if a.json {
		return a.printJSON(s)
	}
	a.printCount("made and proved, waiting for release", s.Held)
	a.printCount("already issued", s.AlreadyIssued)
	a.printCount("refused", s.Refused)
	if s.Held > 0 {
		for _, batch := range s.Batches { // more than one where earlier runs had begun some of the cards
			fmt.Fprintf(a.stdout, "batch %s waits: nothing is in force, and no card was written out\n", batch)
			a.say("Look at it, then put it in force, or give it up:\n  %s\n  %s\n  %s\n", a.command("show --batch", batch),
				a.command("release", batch, "--out "+asArgument(cmp.Or(s.Out, "cards"))), a.command("discard", batch))
		}
	}
	return nil
}

// printWithdrawn tells of cards that nobody should get, and of files that were in the way.
func (a *app) printWithdrawn(s summary) {
	if s.Withdrawn > 0 {
		a.printCount("of these not in force any more, and not written out (see state in "+issuer.ManifestName+")", s.Withdrawn)
	}
	for _, kept := range s.Kept {
		fmt.Fprintf(a.stdout, "A file of an earlier run was kept as %s\n", kept)
	}
}

// addRefused adds the refused rows to what is delivered: as text, and where the roster was a workbook, as a workbook too.
func addRefused(d *issuer.Delivery, r *roster.Roster, plan *issuer.Plan) error {
	if plan.Refused() == 0 {
		return nil
	}
	var text, workbook bytes.Buffer
	if err := roster.WriteProblems(&text, r, plan.Problems()); err != nil {
		return err
	}
	d.Problems = text.Bytes()
	if !r.IsWorkbook() {
		return nil
	}
	if err := roster.WriteProblemsWorkbook(&workbook, r, plan.Problems()); err != nil {
		return err
	}
	d.ProblemsWorkbook = workbook.Bytes()
	return nil
}

// progress is a bar on a terminal, and nothing elsewhere. The bar is gone when end returns, whatever became of the run.
func (a *app) progress(plan *issuer.Plan) (step func(int), end func()) {
	return a.bar("issuing", plan.New()+plan.Unfinished()+plan.AlreadyIssued())
}

// bar counts on a terminal. The step is nil where nobody watches.
func (a *app) bar(doing string, total int) (step func(int), end func()) {
	if _, ok := isTerminal(a.stderr); !ok || a.quiet {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(doing), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	// A bar that can't be drawn is no reason to stop.
	return func(n int) { _ = bar.Add(n) }, func() { _ = bar.Clear() }
}
