package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
	"github.com/cardproof/cardproof/verify"
)

// previewFlags are what a specimen may differ in from the configuration.
type previewFlags struct {
	design, course, name, format, sheet string
	out                                 outFile
}

func newPreview(a *app) *cobra.Command {
	f := previewFlags{out: outFile{flag: "--out", mode: 0o644, force: new(bool), isOwn: says("Card "+specimenNumber.String(), specimenTitle)}}
	cmd := &cobra.Command{
		Use:   "preview [--design DESIGN] [--course COURSE] [--name NAME]",
		Short: "Draw a specimen of a card",
		Long: `Preview draws a card with the centre's own design, name and pictures, to be looked at before any is issued. SPECIMEN stands across it, and its
code holds no token, so that no verifier takes it for a card. It needs no key, and nothing is recorded. Without --format it has the pages that issue
would draw. A file that is there already is replaced if it is a specimen.`,
		Example: `  cardproof preview
  cardproof preview --design laurel --format certificate --name "María de los Ángeles Ruiz" --out specimen.pdf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.preview(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.design, "design", "", "another `design` than the configured one: its name, or a file")
	flags.StringVar(&f.course, "course", "", "the `course`, by its code or title (default: the first of the catalogue)")
	flags.StringVar(&f.name, "name", "Alexandra Specimen", "the holder's `name`")
	flags.StringVar(&f.format, "format", "", "`what` to draw: wallet, back, certificate, sheet (default: the configured pages)")
	flags.StringVar(&f.sheet, "sheet", "", "the `stock` of --format sheet (default: a4)")
	flags.StringVar(&f.out.path, "out", "specimen.pdf", "the `file` to write")
	flags.BoolVar(f.out.force, "force", false, "replace a file that is no specimen")
	return cmd
}

// specimenNumber is on every specimen, and no card has it: numbers are random. specimenTitle is what a sheet of them is called.
const (
	specimenNumber = card.Number("000000000000")
	specimenTitle  = "Specimen"
)

// specimenPath stands where a card's URL has its token. It is no token and can't become one: the hyphenated words are in no digits, and
// the digits behind them, which only make the code as dense as a usual card's, name no characters.
var specimenPath = "/c/" + verify.SpecimenMark + strings.Repeat("99", 430)

func (a *app) preview(_ context.Context, f previewFlags) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if err := a.refuseOwn(c, f.out.flag, f.out.path); err != nil { // also for the design that is configured
		return err
	}
	if f.design != "" {
		c.Design.Name = f.design
	}
	pages, err := previewPages(c, f)
	if err != nil {
		return err
	}
	if err := f.out.check(a, c); err != nil {
		return err
	}
	drawn := pages
	if f.format == design.Back {
		drawn = []string{design.Wallet, design.Back} // no card is a back alone; only the wanted page is drawn
	}
	drawer, err := a.drawerOf(c, drawn)
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
		file, err = specimenSheet(drawer, content, cmp.Or(f.sheet, "a4"))
	} else {
		file, err = drawer.Specimen(content, pages...)
	}
	if err != nil {
		return err
	}
	if err := f.out.write(a, c, file); err != nil {
		return err
	}
	a.warnCoarse(drawer)
	if a.json {
		return a.printJSON(map[string]any{"file": f.out.path, "design": c.Design.Name, "pages": pages, "course": content.Record.Course})
	}
	fmt.Fprintf(a.stdout, "%s: a specimen of %s in the design %s\n", f.out.path, content.Record.Course, c.Design.Name)
	return nil
}

// previewPages are the pages that the person asked for.
func previewPages(c *config.Config, f previewFlags) ([]string, error) {
	if f.sheet != "" && f.format != "sheet" {
		return nil, fail(exitUsage, errors.New("--sheet goes with --format sheet alone"), "Add --format sheet, or leave --sheet out.")
	}
	switch f.format {
	case "":
		return c.Design.Pages, nil
	case "sheet":
		return []string{design.Wallet, design.Back}, nil
	case design.Wallet, design.Back, design.Certificate:
		return []string{f.format}, nil
	}
	return nil, fail(exitUsage, fmt.Errorf("--format %s is none", f.format), "There are wallet, back, certificate and sheet.")
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
	return pdf.Content{
		Record: card.Record{
			Card:          card.Card{Issuer: c.Issuer.URL, Number: specimenNumber, IssuedAt: now, Name: f.name, Course: one.Code},
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
	s, err := drawer.NewSheets(pdf.SheetOptions{Stock: sheet, Backs: pdf.LongEdge, Title: specimenTitle, At: content.Record.IssuedAt, Specimen: true})
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
