package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

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
	results := []verified{}
	allValid := true
	for _, arg := range args {
		inputs, err := readInputs(arg)
		if err != nil {
			return err
		}
		for _, in := range inputs {
			v, err := check(ctx, checker, in)
			if err != nil {
				return err
			}
			allValid = allValid && v.IsValid()
			results = append(results, verified{v.Public(func(string) string { return c.Issuer.Name }), arg})
		}
	}
	if err := a.printVerified(results); err != nil {
		return err
	}
	if !allValid {
		return errRefused
	}
	return nil
}

func check(ctx context.Context, c *verify.Checker, in verify.Input) (verify.Verdict, error) {
	if in.Token != "" {
		return c.CheckToken(ctx, in.Token)
	}
	return c.CheckNumber(ctx, in.Number)
}

// readInputs is what one argument asks about: the cards in a file, or the text itself.
func readInputs(arg string) ([]verify.Input, error) {
	f, err := os.Open(arg)
	if err != nil {
		if looksLikeFile(arg) && !errors.Is(err, fs.ErrNotExist) || strings.HasSuffix(strings.ToLower(arg), ".pdf") {
			return nil, fail(exitFailed, err, "Look at the name and the permissions of the file.")
		}
		return []verify.Input{verify.ReadInput(arg)}, nil
	}
	defer f.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, scan.MaxFile+1))
	if err != nil {
		return nil, fail(exitFailed, err, "Name a PDF file.")
	}
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return nil, fail(exitFailed, fmt.Errorf("%s is no PDF file", arg), "Give the PDF itself, or the number that is printed on the card.")
	}
	texts, err := scan.PDF(data)
	if err != nil {
		return nil, fail(exitFailed, fmt.Errorf("%s: %w", arg, err), "Give the file as it was issued, or the number that is printed on the card.")
	}
	var inputs []verify.Input
	for _, text := range texts {
		inputs = append(inputs, verify.ReadInput(text))
	}
	return inputs, nil
}

// looksLikeFile says whether an argument that can't be opened was meant to be a file.
func looksLikeFile(arg string) bool { return !strings.Contains(arg, "://") && len(arg) < 256 }

func (a *app) printVerified(results []verified) error {
	if a.json {
		return a.printJSON(map[string][]verified{"results": results})
	}
	for _, r := range results {
		fmt.Fprintf(a.stdout, "%s  %s\n", strings.ToUpper(strings.ReplaceAll(string(r.Code), "_", " ")), r.Message)
		rows := [][]string{{"  input", shorten(r.Input)}}
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

// shorten keeps a token from filling the screen.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
