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

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/seal"
)

func newVerify(a *app) *cobra.Command {
	var asked []string
	cmd := &cobra.Command{
		Use:   "verify [--need CODE]... INPUT...",
		Short: "Check cards: tokens, links, card numbers, PDF files",
		Long: `Verify checks each input against the keys and the register of this centre. An input is a card number, the link or the token of a
QR, or a PDF file; every card that is found in a file is checked, and so is the file: whether it is unchanged since it was issued, or else whether
its text is what was signed. The exit code is 0 only if all cards are valid, no file was changed, and no text is another or could not be compared.

With --need BLS it also answers whether each card meets BLS, and why: a card meets what its course met on the day of issue, whatever the
catalogue says today. --need may be repeated, and each is answered. The exit code is 0 only if all cards are valid and meet all that is
needed, and 3 otherwise.`,
		Example: `  cardproof verify N0XK-J8NR-241J
  cardproof verify --need BLS received/*.pdf
  cardproof verify --need BLS --need PALS N0XK-J8NR-241J`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("verify needs a card number, a link, a token or a PDF file")
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

// verified is a verdict and what it is about. Asked for several requirements, a card is there once for each.
type verified struct {
	verify.Public
	Input string        `json:"input"`
	File  *verifiedFile `json:"file,omitempty"` // not there where the input was no file
}

// answered is all that is to be said of one card.
type answered struct {
	verified
	needs []verify.PublicNeed
}

func (a *app) verify(ctx context.Context, needs, args []string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	reader, err := register.OpenReader(ctx, registerPath(c))
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
	checker := &verify.Checker{Keys: set, Register: reader, Now: a.now, Location: c.Issuer.Location}
	trust, err := a.sealTrust(c)
	if err != nil {
		return err
	}
	var results []answered
	allGood := true
	for _, arg := range args {
		verdicts, err := a.verifyOne(ctx, checker, trust, c.Issuer.Name, arg)
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			r := answered{verified: verified{Public: v.Public(func(string) string { return c.Issuer.Name }), Input: arg}}
			if v.unreadable != "" {
				r.Message = v.unreadable
			}
			for _, need := range needs {
				r.needs = append(r.needs, *v.MeetsAmong(need, known).Public())
			}
			if v.file != nil {
				r.File = describeFile(*v.file)
				allGood = allGood && v.file.MayBeRelied()
			}
			allGood = allGood && r.Valid && !slices.ContainsFunc(r.needs, isNo)
			results = append(results, r)
		}
	}
	if err := a.printVerified(results); err != nil {
		return err
	}
	if !allGood {
		return errRefused
	}
	return nil
}

func isNo(n verify.PublicNeed) bool { return !n.Answer }

// judged is a verdict on an input, or on a part of one.
type judged struct {
	verify.Verdict
	unreadable string         // why the input can't be read; empty where it can
	file       *document.File // that the card was found in; nil for text
}

// verifyOne is the verdict on every card of an input. An input that can't be read is malformed, and no reason not to go on
// with the others; an error means that the register could not be asked.
func (a *app) verifyOne(ctx context.Context, c *verify.Checker, trust seal.Trust, centre, arg string) ([]judged, error) {
	inputs, file, unreadable := readInputs(arg, trust, a.now())
	if unreadable != "" {
		return []judged{{Verdict: verify.Verdict{Code: verify.Malformed, CheckedAt: a.now().UTC()}, unreadable: unreadable}}, nil
	}
	var all []judged
	for _, in := range inputs {
		v, err := check(ctx, c, in)
		if err != nil {
			return nil, err
		}
		all = append(all, judged{Verdict: v, file: file})
	}
	if file != nil {
		signed := make([]*card.Record, len(all))
		for i, v := range all {
			signed[i] = v.Card
		}
		file.Compare(signed, centre)
	}
	return all, nil
}

func check(ctx context.Context, c *verify.Checker, in verify.Input) (verify.Verdict, error) {
	if in.Token != "" {
		return c.CheckToken(ctx, in.Token)
	}
	return c.CheckNumber(ctx, in.Number)
}

func (a *app) printVerified(results []answered) error {
	if a.json {
		return a.printJSON(map[string][]verified{"results": eachNeed(results)})
	}
	for _, r := range results {
		rows := append(r.headline(a.stdout), []string{"  input", printable(r.Input)})
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
			rows = append(rows, r.File.rows(r.Valid && !r.File.reliable)...)
		}
		if err := a.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// eachNeed is the results for programs: one for each requirement that a card was asked for, or one for the card.
func eachNeed(results []answered) []verified {
	all := []verified{}
	for _, r := range results {
		if len(r.needs) == 0 {
			all = append(all, r.verified)
		}
		for _, n := range r.needs {
			one := r.verified
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
		case r.File != nil && !r.File.reliable:
			fmt.Fprintf(w, "FILE %s  %s\n", r.File.word(), r.File.Message)
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
	fmt.Fprintf(w, "%s  %s\n", word, r.Message)
	var rows [][]string
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
