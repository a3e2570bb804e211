package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

type replaceOptions struct {
	rosterFlags
	issuer.Correction
	file     string
	batch    string
	out      string
	reasoned bool // --reason was given
}

const replaceHelp = `Replace issues a new card for the same completion, with a new number and the corrections that are given, and marks the old one as
superseded in the same moment. Course and dates stay as they are.

E-mail address, learner ID and language stand on no card: with --email, --learner-id and --language alone no new card is made, and the
register is corrected.

With --file it does so for every row of a CSV or XLSX file with the columns number, name and, if need be, instructor. An empty cell
leaves what the card says; a row that changes nothing replaces nothing, so that the list of a whole class may be given. If any row has a
problem, nothing is replaced.

With --anew a card that was revoked by mistake is issued again under another number; the old one stays revoked for ever. With --file that holds
for every revoked card in it, and with --batch for every card that was revoked together with its batch.`

const replaceExample = `  cardproof replace N0XK-J8NR-241J --name "Zoë Byrne" --out corrected
  cardproof replace N0XK-J8NR-241J --email zoe@example.org
  cardproof replace --file corrections.csv --reason "names as in the passport" --out corrected
  cardproof replace --batch 20261121-7F3K9QWX --anew --reason "revoked in error" --out anew`

func newReplace(a *app) *cobra.Command {
	var o replaceOptions
	cmd := &cobra.Command{
		Use:   "replace {NUMBER [--name NAME] [--instructor NAME] [--email ADDRESS] [--learner-id ID] [--language CODE] | --file FILE | --batch BATCH --anew}",
		Short: "Issue corrected cards and supersede the old ones",
		Long:  replaceHelp, Example: replaceExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.reasoned = cmd.Flags().Changed("reason")
			if err := o.check(args); err != nil {
				return err
			}
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			o.Namesake = o.reasoned
			if o.Reason, err = checkReason(o.Reason); err != nil {
				return err
			}
			if o.isAmendment() {
				return a.withRegister(cmd, func(ctx context.Context, ce *centre) error {
					if err := refuseErased(ctx, ce.ledger, numbers[0]); err != nil {
						return err
					}
					return a.amend(ctx, ce, numbers[0], o.Correction)
				})
			}
			return a.withIssuer(cmd, func(ctx context.Context, ce *centre) error {
				if err := a.refuseOwn(ce.config, "--out", o.out); err != nil {
					return err
				}
				switch {
				case o.file != "":
					return a.replaceAll(ctx, ce, o)
				case o.batch != "":
					return a.replaceBatch(ctx, ce, o)
				}
				if err := refuseErased(ctx, ce.ledger, numbers[0]); err != nil {
					return err
				}
				return a.replace(ctx, ce, numbers[0], o.Correction, o.out)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "the holder's corrected name")
	f.StringVar(&o.Instructor, "instructor", "", "the instructor's corrected name")
	f.StringVar(&o.Email, "email", "", "the learner's corrected e-mail `address`; it is not on the card")
	f.StringVar(&o.LearnerID, "learner-id", "", "the centre's own `ID` of the learner; it is not on the card")
	f.StringVar(&o.Language, "language", "", "the `language` in which the learner gets mails; it is not on the card")
	f.BoolVar(&o.Anew, "anew", false, "issue a revoked card anew; it stays revoked, and --reason says why")
	f.StringVar(&o.Reason, "reason", "corrected card", "why, in a few words; it stays in the history of both cards")
	f.StringVar(&o.file, "file", "", "a `file` of corrections")
	f.StringVar(&o.batch, "batch", "", "with --anew, every card that was revoked together with this `batch`")
	f.StringVar(&o.out, "out", ".", "the `folder` for the new cards")
	o.add(cmd)
	return cmd
}

// check says in words what is missing, or does not go together.
func (o *replaceOptions) check(args []string) error {
	one := o.Name != "" || o.Instructor != "" || o.Email != "" || o.LearnerID != "" || o.Language != ""
	ways := len(args)
	for _, way := range []string{o.file, o.batch} {
		if way != "" {
			ways++
		}
	}
	const unchanged = " Nothing was changed."
	switch {
	case ways == 0:
		return fail(exitUsage, errors.New("replace needs a card number, --file or --batch"), "Give the number as it is printed, a file of corrections, or a batch of `cardproof batches`."+unchanged)
	case len(args) > 1:
		return fail(exitUsage, fmt.Errorf("replace takes one card at a time, and %d were given", len(args)), "Give several in a file, with --file; a name with spaces stands in quotation marks."+unchanged)
	case ways > 1:
		return fail(exitUsage, errors.New("a card number, --file and --batch do not go together"), "Give one of them."+unchanged)
	case one && o.file != "":
		return fail(exitUsage, errors.New("--file has the corrections itself, so that --name, --instructor, --email, --learner-id and --language do not go with it"), "Write names into the columns name and instructor of the file, and give e-mail addresses, learner IDs and languages card by card."+unchanged)
	case one && o.batch != "":
		return fail(exitUsage, errors.New("--batch issues the cards anew as they were, and corrects nothing"), "Correct names afterwards, with a card number or --file."+unchanged)
	case o.batch != "" && !o.Anew:
		return fail(exitUsage, errors.New("--batch needs --anew"), "With --anew --reason TEXT the revoked cards of the batch are issued anew. Cards in force are corrected by number, or with --file."+unchanged)
	case o.Anew && !o.reasoned:
		return fail(exitUsage, errors.New("--anew needs --reason"), "Say why the card is issued anew."+unchanged)
	case len(args) == 1 && !one && !o.reasoned:
		return fail(exitUsage, errors.New("nothing to correct was given"), "Give --name, --instructor, --email, --learner-id or --language; or with --reason alone, say why the same card is issued under a new number."+unchanged)
	}
	return nil
}

// isAmendment says whether only the register has to be corrected, and no card.
func (o *replaceOptions) isAmendment() bool {
	return !o.IsPrinted() && (o.Email != "" || o.LearnerID != "" || o.Language != "")
}

// amend corrects what the register has of a learner and no card shows.
func (a *app) amend(ctx context.Context, ce *centre, number card.Number, c issuer.Correction) error {
	changed, err := ce.Amend(ctx, number, c)
	var correction *issuer.CorrectionError
	var move *card.MoveError
	switch {
	case errors.As(err, &correction):
		return fail(exitFailed, err, "Nothing was changed.")
	case errors.Is(err, card.ErrTakenID):
		return fail(exitFailed, err, "Each learner has an ID of their own. If the other card is the same learner's, withdraw the one that should not be. Nothing was changed.")
	case errors.As(err, &move):
		return a.alreadyReplaced(ctx, ce, number)
	case err != nil:
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"amended": number.String(), "changed": changed})
	}
	if !changed {
		fmt.Fprintf(a.stdout, "the register has it so already for card %s\n", number)
		return nil
	}
	fmt.Fprintf(a.stdout, "the register is corrected; card %s stays as it is\n", number)
	if c.Email == "" && c.Language == "" {
		return nil
	}
	return a.sayAmended(ctx, ce, number)
}

// replaceBatch issues the cards of a batch anew that were revoked with it.
func (a *app) replaceBatch(ctx context.Context, ce *centre, o replaceOptions) error {
	start := a.now()
	plan, err := ce.PrepareAnew(ctx, o.batch, o.Reason)
	if err != nil {
		return err
	}
	if !a.json {
		for _, p := range plan.Problems() {
			fmt.Fprintf(a.stdout, "notice: %s (%s)\n", p.Text(), p.Code)
		}
	}
	return a.issueReplaced(ctx, ce, plan, o, start, "nothing to issue anew: no card of the batch was revoked together with it, or all were issued anew before")
}

// replaceAll replaces the cards of a file of corrections, all or none.
func (a *app) replaceAll(ctx context.Context, ce *centre, o replaceOptions) error {
	start := a.now()
	f, err := roster.ReadCorrections(o.file, o.options(ce.config))
	if err != nil {
		return err
	}
	plan, err := ce.PrepareCorrections(ctx, f, o.Reason, o.Anew)
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
	return a.issueReplaced(ctx, ce, plan, o, start, "nothing to replace: the cards say all this already")
}

// issueReplaced issues the cards of a plan that take the place of others; none says why there is nothing to do.
func (a *app) issueReplaced(ctx context.Context, ce *centre, plan *issuer.Plan, o replaceOptions, start time.Time, none string) error {
	if plan.Empty() {
		if a.json {
			return a.printJSON(summaryOf(plan, nil))
		}
		fmt.Fprintln(a.stdout, none)
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
	var numbers []card.Number
	for _, l := range result.Lines {
		numbers = append(numbers, l.Number)
	}
	f, mailErr := a.mailReplaced(ctx, ce, numbers...)
	s.MailsQueued, s.MailsOwed = f.queued, f.owed
	if err := a.printReplaced(s); err != nil || a.json {
		return errors.Join(err, mailErr)
	}
	a.sayFollowed(f)
	return mailErr
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
	var old []string
	for _, r := range s.Replaced {
		old = append(old, r.Old)
	}
	a.sayOldFiles(s.Out, old)
	return nil
}

// sayOldFiles names the files in a folder that are of cards which others took the place of.
func (a *app) sayOldFiles(dir string, old []string) {
	var files []string
	for _, text := range old {
		n, err := card.ParseNumber(text)
		if err != nil {
			continue // it took no card's place
		}
		path := filepath.Join(dir, issuer.FileName(n))
		if _, err := os.Stat(path); err == nil {
			files = append(files, path)
		}
	}
	if len(files) > 0 {
		fmt.Fprintf(a.stdout, "Do not hand out these any more:\n  %s\n", strings.Join(files, "\n  "))
	}
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
	result, err := ce.Replace(ctx, old, c, issuer.Delivery{Dir: out})
	var correction *issuer.CorrectionError
	var overtaken *issuer.OvertakenError
	var move *card.MoveError
	switch {
	case errors.As(err, &overtaken):
		return err
	case errors.As(err, &correction):
		return fail(exitFailed, err, "Give another --"+strings.ReplaceAll(correction.Problem.Column, "_", "-")+". Nothing was changed.")
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
	f, mailErr := a.mailReplaced(ctx, ce, l.Number)
	if a.json {
		return errors.Join(mailErr, a.printJSON(map[string]any{"replaced": old.String(), "number": l.Number.String(), "file": path, "verify_url": l.VerifyURL,
			"mails_queued": f.queued, "mails_owed": f.owed}))
	}
	became := "superseded by"
	if c.Anew {
		became = "issued anew as"
	}
	fmt.Fprintf(a.stdout, "card %s is %s %s\nThe new card is %s\n", old, became, l.Number, path)
	if result.Relisted {
		fmt.Fprintf(a.stdout, "%s has it too\n", filepath.Join(out, issuer.ManifestName))
	}
	a.sayOldFiles(out, []string{old.String()})
	a.sayFollowed(f)
	return mailErr
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
