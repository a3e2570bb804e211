package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
	"github.com/cardproof/cardproof/verify"
)

// previewFlags are what a specimen may differ in from the configuration.
type previewFlags struct{ design, course, name, out, format, sheet string }

func newPreview(a *app) *cobra.Command {
	var f previewFlags
	cmd := &cobra.Command{
		Use:   "preview [--design DESIGN] [--course COURSE] [--name NAME]",
		Short: "Draw a specimen of a card",
		Long: `Preview draws a card with the centre's own design, name and pictures, to be looked at before any is issued. SPECIMEN stands across it, and its
code holds no token, so that no verifier takes it for a card. It needs no key, and nothing is recorded.`,
		Example: `  cardproof preview
  cardproof preview --design laurel --format certificate --name "María de los Ángeles Ruiz" --out specimen.pdf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.preview(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.design, "design", "", "another `design` than the configured one: its name, or a file")
	flags.StringVar(&f.course, "course", "", "the `course`, by its code or title (default: the first of the catalogue)")
	flags.StringVar(&f.name, "name", "Alexandra Specimen", "the holder's `name`")
	flags.StringVar(&f.format, "format", "", "`what` to draw: wallet, certificate, sheet (default: the configured pages)")
	flags.StringVar(&f.sheet, "sheet", "a4", "the `stock` of --format sheet")
	flags.StringVar(&f.out, "out", "specimen.pdf", "the `file` to write")
	return cmd
}

// specimenPath stands where a card's URL has its token. It is no token and can't become one: the hyphenated words are in no digits, and
// the digits behind them, which only make the code as dense as a usual card's, name no characters.
var specimenPath = "/c/" + verify.SpecimenMark + strings.Repeat("99", 430)

func (a *app) preview(_ context.Context, f previewFlags) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if f.design != "" {
		c.Design.Name = f.design
	}
	pages, err := previewPages(c, f.format)
	if err != nil {
		return err
	}
	drawer, err := a.drawerOf(c, pages)
	if err != nil {
		return err
	}
	content, err := a.specimen(c, f)
	if err != nil {
		return err
	}
	for _, err := range []error{card.CheckName(content.Record.Name), drawer.CheckName(content.Record.Name)} {
		if err != nil {
			return fail(exitUsage, fmt.Errorf("--name %q: %w", f.name, err), "Give a name as it would stand on a card.")
		}
	}
	var file []byte
	if f.format == "sheet" {
		file, err = specimenSheet(drawer, content, f.sheet)
	} else {
		file, err = drawer.Specimen(content)
	}
	if err != nil {
		return err
	}
	if err := durable.WriteFile(f.out, file, 0o644); err != nil {
		return err
	}
	a.warnCoarse(drawer)
	if a.json {
		return a.printJSON(map[string]any{"file": f.out, "design": c.Design.Name, "pages": pages, "course": content.Record.Course})
	}
	fmt.Fprintf(a.stdout, "%s: a specimen of %s in the design %s\n", f.out, content.Record.Course, c.Design.Name)
	return nil
}

func previewPages(c *config.Config, format string) ([]string, error) {
	switch format {
	case "":
		return c.Design.Pages, nil
	case "wallet", "sheet":
		return []string{design.Wallet, design.Back}, nil
	case "certificate":
		return []string{design.Certificate}, nil
	}
	return nil, fail(exitUsage, fmt.Errorf("--format %s is none", format), "There are wallet, certificate and sheet.")
}

// specimen is what a card of the course would show today.
func (a *app) specimen(c *config.Config, f previewFlags) (pdf.Content, error) {
	courses := c.Catalogue.Courses()
	one := &courses[0]
	if f.course != "" {
		found, ok := c.Catalogue.Find(f.course)
		if !ok {
			return pdf.Content{}, fail(exitUsage, fmt.Errorf("--course %q is not in the catalogue", f.course), "There are "+strings.Join(c.Catalogue.Codes(), ", ")+".")
		}
		one = found
	}
	entry, err := one.Entry()
	if err != nil {
		return pdf.Content{}, err
	}
	now := a.now().UTC().Truncate(time.Second)
	today := card.DateOf(now.In(c.Issuer.Location))
	number, err := card.ParseNumber("0000-0000-0000") // no card has it: numbers are random
	if err != nil {
		return pdf.Content{}, err
	}
	return pdf.Content{
		Record: card.Record{
			Card:          card.Card{Issuer: c.Issuer.URL, Number: number, IssuedAt: now, Name: f.name, Course: one.Code},
			Qualification: one.Qualification(), Completed: today, IssuedOn: today, ExpiresOn: one.Expires(today),
			Instructor: "Robin Specimen", InstructorID: "I-0000",
		},
		Catalogue: entry, URL: c.Issuer.VerifyURL + specimenPath,
	}, nil
}

// specimenSheet fills one sheet with specimens, and its other side.
func specimenSheet(drawer *pdf.Drawer, content pdf.Content, name string) ([]byte, error) {
	sheet, err := stock.Find(name)
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("--sheet: %w", err), sheetHint)
	}
	s, err := drawer.NewSheets(pdf.SheetOptions{Stock: sheet, Backs: pdf.LongEdge, Title: "Specimen", At: content.Record.IssuedAt, Specimen: true})
	if err != nil {
		return nil, err
	}
	for range sheet.Places() {
		if err := s.Add(content); err != nil {
			return nil, err
		}
	}
	return s.Finish()
}

const sheetHint = `Name a stock, or a grid in mm such as "paper=210x297,columns=2,rows=5,left=15,top=13.5,pitch=95x54,place=85x54".`

// newPrint prints a batch on sheets.
func newPrint(a *app) *cobra.Command {
	var batch, sheet, out, backs string
	var start int
	cmd := &cobra.Command{
		Use:   "print --batch BATCH --sheet STOCK",
		Short: "Lay the wallet cards of a batch on sheets for the printer",
		Long: `Print writes one PDF with the cards of a batch, many on a sheet of label stock or plain paper. It draws what the register has, with the same codes: a
printed sheet is no new card, and the sealed files stay the ones to be sent. Print it at 100 %, never "fit to page", and hold a first print on plain paper
against the stock. Cards that were withdrawn or replaced are left out.

Stocks: ` + strings.Join(stock.Names(), ", ") + ` (its maker has not confirmed the margins of c32016); or a grid in mm, such as
"paper=210x297,columns=2,rows=5,left=15,top=13.5,pitch=95x54,place=85x54".`,
		Example: `  cardproof print --batch 20261121-7F3K9QWX --sheet avery-5371 --backs long-edge
  cardproof print --batch 20261121-7F3K9QWX --sheet a4 --start 3 --out cards.pdf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if batch == "" || sheet == "" {
				return fail(exitUsage, errors.New("print needs --batch and --sheet"), "`cardproof batches` lists the batches. "+sheetHint)
			}
			found, err := stock.Find(sheet)
			if err != nil {
				return fail(exitUsage, fmt.Errorf("--sheet: %w", err), sheetHint)
			}
			if !slices.Contains([]pdf.Backs{pdf.NoBacks, pdf.LongEdge, pdf.ShortEdge}, pdf.Backs(backs)) {
				return fail(exitUsage, fmt.Errorf("--backs %s is no way of turning paper", backs), "There are long-edge, short-edge and none.")
			}
			if start < 1 || start > found.Places() {
				return fail(exitUsage, fmt.Errorf("--start %d is no place of this stock", start), fmt.Sprintf("It has places 1 to %d, counted along the rows.", found.Places()))
			}
			return a.printSheets(cmd.Context(), batch, out, pdf.SheetOptions{Stock: found, Backs: pdf.Backs(backs), Start: start})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&batch, "batch", "", "the `batch`")
	flags.StringVar(&sheet, "sheet", "", "the `stock`, or a grid")
	flags.StringVar(&out, "out", "", "the `file` to write (default: BATCH.pdf)")
	flags.StringVar(&backs, "backs", string(pdf.NoBacks), "draw the backs for paper that is turned over its `edge`: long-edge, short-edge, none")
	flags.IntVar(&start, "start", 1, "the first `place` of the first sheet that is still free")
	return cmd
}
