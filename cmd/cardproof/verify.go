package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/intake"
)

func newVerify(a *app) *cobra.Command {
	var asked []string
	cmd := &cobra.Command{
		Use:   "verify [--need CODE]... INPUT...",
		Short: "Check cards: numbers, links, tokens; PDFs, photographs, folders, ZIP files",
		Long: `Verify checks each input against the keys and the register of this centre. An input is a card number, the link or the token of a
QR, a PDF file, a photograph or scan (PNG, JPEG, WebP), a ZIP file, or a folder. Every card that is found in a file is checked, and so is a PDF itself:
whether it is unchanged since it was issued, or else whether its text is what was signed. Of a photograph or a scan only the QR counts.

Of many cards each gets a line, with a summary behind them. The exit code is 0 only if all cards are valid, every file has one, no file was changed,
no text is another or could not be compared, and no page is a picture in which no QR can be read.

With --need BLS it also answers whether each card meets BLS, and why: a card meets what its course met on the day of issue, whatever the
catalogue says today. --need may be repeated, and each is answered. The exit code is 0 only if all cards are valid and meet all that is
needed, and 3 otherwise.`,
		Example: `  cardproof verify N0XK-J8NR-241J
  cardproof verify received/ more.zip photograph.jpg
  cardproof verify --need BLS received/*.pdf
  cardproof verify --need BLS --need PALS N0XK-J8NR-241J`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("verify needs a card number, a link, a token, a file or a folder")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			needs := make([]string, len(asked))
			for i, text := range asked {
				var ok bool
				if needs[i], ok = verify.ParseNeed(text); !ok {
					return fail(exitUsage, fmt.Errorf("--need %q is not the code of a requirement", printable(text)),
						"Give one code of 1 to 16 letters, digits or hyphens, such as BLS, CPR or CPR-AED; for more than one repeat --need.")
				}
			}
			return a.verify(cmd.Context(), needs, args)
		},
	}
	cmd.Flags().StringArrayVar(&asked, "need", nil, "the `CODE` of a requirement that the cards have to meet, such as BLS; may be repeated")
	return cmd
}

// answered is all that is to be said of one card, or of an input without one.
type answered struct {
	intake.PublicResult
	needs   []verify.PublicNeed
	problem error // why the input gave no card, or not all
	good    bool
}

// jobs is what the arguments of verify ask about, in their order.
type jobs struct {
	batch *intake.Batch
	all   []job
}

// job is an item of the batch, or a text.
type job struct {
	item *intake.Item
	text string
}

func (a *app) verify(ctx context.Context, needs, args []string) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	reader, err := register.OpenReader(ctx, readPath(c), register.ReaderOptions{})
	if err != nil {
		return err
	}
	defer reader.Close() // it only read
	set, err := loadKeys(ctx, c, reader)
	if err != nil {
		return err
	}
	known, err := reader.Requirements(ctx)
	if err != nil {
		return err
	}
	trust, err := a.sealTrust(c)
	if err != nil {
		return err
	}
	checker := &verify.Checker{Keys: set, Register: reader, Tokens: reader, Now: a.now, Location: c.Issuer.Location}
	checker.Latest = a.warnClock(ctx, reader)
	desk := &intake.Desk{Checker: newDoubting(checker, a.stderr), Trust: trust, Centre: c.Issuer.Name, Origins: []string{c.Issuer.URL, c.Issuer.VerifyURL}, Now: a.now, Limits: intake.Office}
	work := readJobs(args)
	defer work.batch.Close() // it only read
	found, err := a.checkAll(ctx, desk, work.all)
	if err != nil {
		return err
	}
	var results []answered
	allGood := true
	for _, f := range found {
		r := answered{PublicResult: f.Public(f.Verdict.Public(func(string) string { return c.Issuer.Name })), problem: f.Problem, good: f.IsGood()}
		for _, need := range needs {
			r.needs = append(r.needs, *f.Verdict.MeetsAmong(need, known).Public())
		}
		r.good = r.good && !slices.ContainsFunc(r.needs, isNo)
		allGood = allGood && r.good
		results = append(results, r)
	}
	if err := a.printVerified(results, work); err != nil {
		return err
	}
	if !allGood {
		return errRefused
	}
	return nil
}

// verifiedJSON is the answer for programs.
type verifiedJSON struct {
	Results []intake.PublicResult `json:"results"`
	Passed  []string              `json:"passed,omitempty"` // files that no card was looked for in
}

func isNo(n verify.PublicNeed) bool { return !n.Answer }

func (a *app) printVerified(results []answered, work jobs) error {
	if a.json {
		return a.printJSON(verifiedJSON{eachNeed(results), work.batch.Passed})
	}
	if work.isPile(results) {
		return a.printPile(results, work.batch.Passed)
	}
	for _, r := range results {
		rows := append(r.headline(a.stdout), []string{"  input", r.where()})
		if c := r.Card; c != nil {
			rows = append(rows, []string{"  holder", c.Name}, []string{"  course", strings.TrimSuffix(c.Course.Code+", "+c.Course.Title, ", ")},
				[]string{"  number", c.Number}, []string{"  issued", c.Issued}, validity("  ", c.Expires))
			if c.ReplacedBy != "" {
				rows = append(rows, []string{"  replaced by", c.ReplacedBy})
			}
			if next := c.Replacement; next != nil {
				rows = append(rows, []string{"  to use now", next.Number + ", which is " + upper(next.Code)})
				if !next.Valid {
					rows[len(rows)-1] = []string{"  newest", next.Number + ", which is " + upper(next.Code) + ": do not accept it either"}
				}
			}
		}
		if r.File != nil {
			rows = append(rows, fileRows(*r.File, r.Valid && !r.File.Reliable)...)
		}
		if err := a.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// eachNeed is the results for programs: one for each requirement that a card was asked for, or one for the card.
func eachNeed(results []answered) []intake.PublicResult {
	all := []intake.PublicResult{}
	for _, r := range results {
		if len(r.needs) == 0 {
			all = append(all, r.PublicResult)
		}
		for _, n := range r.needs {
			one := r.PublicResult
			one.Meets = &n
			all = append(all, one)
		}
	}
	return all
}

func upper(c verify.Code) string { return strings.ToUpper(strings.ReplaceAll(string(c), "_", " ")) }

// headline prints the answer in a line, and returns the rows that belong to it. A valid card that is not what it is needed for
// does not begin with VALID: people look at the first word.
func (r answered) headline(w io.Writer) [][]string {
	word := upper(r.Code)
	var met, unmet, open []string
	for _, n := range r.needs {
		switch {
		case n.Answer:
			met = append(met, n.Need)
		case n.Code == verify.NeedNotMet:
			unmet = append(unmet, n.Need)
		default:
			open = append(open, n.Need)
		}
	}
	if r.Valid {
		switch {
		case r.File != nil && !r.File.Reliable:
			fmt.Fprintf(w, "FILE %s  %s\n", fileWord(*r.File), r.File.Message)
			return [][]string{{"  card", r.Message}}
		case r.LeadsTo != "":
			fmt.Fprintf(w, "%s  %s\n", elsewhere, r.leadsElsewhere())
			return [][]string{{"  card", r.Message}}
		case len(unmet) > 0:
			word = "NOT " + strings.Join(unmet, ", NOT ")
		case len(open) > 0:
			word = "NO ANSWER " + strings.Join(open, ", ")
		case len(met) > 0:
			word += ", MEETS " + strings.Join(met, ", ")
		}
	}
	if r.Valid && len(r.needs) == 1 {
		fmt.Fprintf(w, "%s  %s\n", word, r.needs[0].Because)
		return [][]string{{"  card", r.Message}}
	}
	if r.problem != nil && intake.KindOf(r.problem) == intake.Incomplete {
		word = "NOT CHECKED" // it need not be malformed
	}
	fmt.Fprintf(w, "%s  %s\n", word, r.Message)
	var rows [][]string
	if r.LeadsTo != "" {
		rows = append(rows, []string{"  link", "leads to " + printable(r.LeadsTo) + ", which is not ours"})
	}
	for _, n := range r.needs {
		rows = append(rows, []string{"  " + n.Need, n.Because})
	}
	return rows
}

// printable keeps a token from filling the screen, and a stranger's text from commanding the terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > 60 {
		s = string([]rune(s)[:57]) + "..."
	}
	return s
}
