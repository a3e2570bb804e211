package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
)

func newVerify(a *app) *cobra.Command {
	var need string
	cmd := &cobra.Command{
		Use:   "verify [--need CODE] INPUT...",
		Short: "Check cards: tokens, links, card numbers, PDF files",
		Long: `Verify checks each input against the keys and the register of this centre. An input is a card number, the link or the token of a
QR, or a PDF file; every card that is found in a file is checked. The exit code is 0 only if all of them are valid.

With --need BLS it also answers whether each card meets BLS, and why: a card meets what its course met on the day of issue, whatever the
catalogue says today. The exit code is then 0 only if all of them are valid and meet it, and 3 otherwise.`,
		Example: `  cardproof verify N0XK-J8NR-241J
  cardproof verify --need BLS received/*.pdf`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("need") {
				var ok bool
				if need, ok = verify.ParseNeed(need); !ok {
					return fail(exitUsage, errors.New("--need is not the code of a requirement"),
						"Give one code of 1 to 16 letters, digits or hyphens, such as BLS, CPR or CPR-AED.")
				}
			}
			return a.verify(cmd.Context(), need, args)
		},
	}
	cmd.Flags().StringVar(&need, "need", "", "the `CODE` of the requirement that the cards have to meet, such as BLS")
	return cmd
}

// verified is a verdict and what it is about.
type verified struct {
	verify.Public
	Input string `json:"input"`
}

func (a *app) verify(ctx context.Context, need string, args []string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	set, err := keys.Load(keySetPath(c))
	if err != nil {
		return err
	}
	reader, err := register.OpenReader(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer reader.Close() // it only read
	checker := &verify.Checker{Keys: set, Register: reader, Now: a.now, Location: c.Issuer.Location}
	var results []verified
	allGood := true
	for _, arg := range args {
		verdicts, err := a.verifyOne(ctx, checker, arg)
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			r := verified{v.Public(func(string) string { return c.Issuer.Name }), arg}
			if v.unreadable != "" {
				r.Message = v.unreadable
			}
			if need != "" {
				r.Meets = v.Meets(need).Public()
			}
			allGood = allGood && r.Valid && (r.Meets == nil || r.Meets.Answer)
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

// judged is a verdict on an input, or on a part of one.
type judged struct {
	verify.Verdict
	unreadable string // why the input can't be read; empty where it can
}

// verifyOne is the verdict on every card of an input. An input that can't be read is malformed, and no reason not to go on
// with the others; an error means that the register could not be asked.
func (a *app) verifyOne(ctx context.Context, c *verify.Checker, arg string) ([]judged, error) {
	inputs, unreadable := readInputs(arg)
	if unreadable != "" {
		return []judged{{verify.Verdict{Code: verify.Malformed, CheckedAt: a.now().UTC()}, unreadable}}, nil
	}
	var all []judged
	for _, in := range inputs {
		v, err := check(ctx, c, in)
		if err != nil {
			return nil, err
		}
		all = append(all, judged{Verdict: v})
	}
	return all, nil
}

func check(ctx context.Context, c *verify.Checker, in verify.Input) (verify.Verdict, error) {
	if in.Token != "" {
		return c.CheckToken(ctx, in.Token)
	}
	return c.CheckNumber(ctx, in.Number)
}

// readInputs is what one argument asks about: the cards in a file, or the text itself; or a sentence that says why it can't be read.
func readInputs(arg string) (inputs []verify.Input, unreadable string) {
	info, err := os.Stat(arg)
	switch {
	case err != nil && strings.HasSuffix(strings.ToLower(arg), ".pdf"):
		return nil, "This file can't be opened; look at its name and its permissions."
	case err != nil:
		return []verify.Input{verify.ReadInput(arg)}, ""
	case !info.Mode().IsRegular() || info.Size() > scan.MaxFile:
		return nil, "This is no PDF file of a card; give the file as it was issued, or the number that is printed on the card."
	}
	data, err := os.ReadFile(arg)
	if err != nil {
		return nil, "This file can't be opened; look at its permissions."
	}
	texts, err := scan.PDF(data)
	if err != nil {
		return nil, fmt.Sprintf("No card was found in this file (%v); give it as it was issued, or the number that is printed on the card.", err)
	}
	for _, text := range texts {
		inputs = append(inputs, verify.ReadInput(text))
	}
	return inputs, ""
}

func (a *app) printVerified(results []verified) error {
	if a.json {
		return a.printJSON(map[string][]verified{"results": results})
	}
	for _, r := range results {
		rows := r.headline(a.stdout)
		rows = append(rows, []string{"  input", printable(r.Input)})
		if c := r.Card; c != nil {
			rows = append(rows, []string{"  holder", c.Name}, []string{"  course", strings.TrimSuffix(c.Course.Code+", "+c.Course.Title, ", ")},
				[]string{"  number", c.Number}, []string{"  issued", c.Issued}, validity("  ", c.Expires))
			if c.ReplacedBy != "" {
				rows = append(rows, []string{"  replaced by", c.ReplacedBy})
			}
		}
		if err := a.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// headline prints the answer in a line, and returns the rows that belong to it. A valid card that is not what it is needed for
// does not begin with VALID: people look at the first word.
func (r verified) headline(w io.Writer) [][]string {
	word := strings.ToUpper(strings.ReplaceAll(string(r.Code), "_", " "))
	switch {
	case r.Meets == nil:
		fmt.Fprintf(w, "%s  %s\n", word, r.Message)
		return nil
	case r.Meets.Answer:
		fmt.Fprintf(w, "%s, MEETS %s  %s\n", word, r.Meets.Need, r.Meets.Because)
	case r.Valid:
		fmt.Fprintf(w, "NOT %s  %s\n", r.Meets.Need, r.Meets.Because)
	default:
		fmt.Fprintf(w, "%s  %s\n", word, r.Message)
		return [][]string{{"  " + r.Meets.Need, r.Meets.Because}}
	}
	return [][]string{{"  card", r.Message}}
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
