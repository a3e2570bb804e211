package main

import (
	"context"
	"fmt"
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
	return &cobra.Command{
		Use:   "verify INPUT...",
		Short: "Check cards: tokens, links, card numbers, PDF files",
		Long: `Verify checks each input against the keys and the register of this centre. An input is a card number, the link or the token of a
QR, or a PDF file; every card that is found in a file is checked. The exit code is 0 only if all of them are valid.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), args) },
	}
}

// verified is a verdict and what it is about.
type verified struct {
	verify.Public
	Input string `json:"input"`
}

func (a *app) verify(ctx context.Context, args []string) error {
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
	allValid := true
	for _, arg := range args {
		found, err := a.verifyOne(ctx, checker, c.Issuer.Name, arg)
		if err != nil {
			return err
		}
		for _, r := range found {
			allValid = allValid && r.Valid
		}
		results = append(results, found...)
	}
	if err := a.printVerified(results); err != nil {
		return err
	}
	if !allValid {
		return errRefused
	}
	return nil
}

// verifyOne is the verdict on every card of an input. An input that can't be read is malformed, and no reason not to go on
// with the others; an error means that the register could not be asked.
func (a *app) verifyOne(ctx context.Context, c *verify.Checker, issuerName, arg string) ([]verified, error) {
	nameOf := func(string) string { return issuerName }
	inputs, unreadable := readInputs(arg)
	if unreadable != "" {
		v := verify.Verdict{Code: verify.Malformed, CheckedAt: a.now().UTC()}.Public(nameOf)
		v.Message = unreadable
		return []verified{{v, arg}}, nil
	}
	var results []verified
	for _, in := range inputs {
		v, err := check(ctx, c, in)
		if err != nil {
			return nil, err
		}
		results = append(results, verified{v.Public(nameOf), arg})
	}
	return results, nil
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
		fmt.Fprintf(a.stdout, "%s  %s\n", strings.ToUpper(strings.ReplaceAll(string(r.Code), "_", " ")), r.Message)
		rows := [][]string{{"  input", printable(r.Input)}}
		if c := r.Card; c != nil {
			rows = append(rows, []string{"  holder", c.Name}, []string{"  course", strings.TrimSuffix(c.Course.Code+", "+c.Course.Title, ", ")},
				[]string{"  number", c.Number}, []string{"  issued", c.Issued}, []string{"  valid through", c.Expires})
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
