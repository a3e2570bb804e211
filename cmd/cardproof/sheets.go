package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
)

// printFlags are what is printed, and how.
type printFlags struct {
	batch, sheet, out, backs string
	pages                    []string
	start, split             int
	force                    bool
}

// splitAt is how many cards a printed file holds where nothing else is said: it takes about 200 MB of memory while it is made.
const splitAt = 5000

func newPrint(a *app) *cobra.Command {
	var f printFlags
	cmd := &cobra.Command{
		Use:   "print --batch BATCH {--sheet STOCK | --pages PAGES}",
		Short: "Lay the cards of a batch out for the printer",
		Long: `Print writes one PDF with the cards of a batch. It draws what the register has, with the same codes: what is printed is no new card, and the sealed
files stay the ones to be sent. Cards that were withdrawn or replaced are left out. A file that is there already is replaced if it is a print of the same batch.

With --sheet the wallet cards lie many on a sheet of label stock or plain paper. Print it at 100 %, never "fit to page", and hold a first print on plain
paper against the stock.

With --pages each card has pages of its own: certificate on the configured paper, wallet and back in the size of a card, for a card printer.

A batch of more than ` + fmt.Sprint(splitAt) + ` cards becomes several files, as cards-1.pdf, cards-2.pdf; --split says after how many.

Stocks: ` + strings.Join(stock.Names(), ", ") + ` (its maker has not confirmed the margins of c32016); or a grid in mm, such as
"paper=210x297,columns=2,rows=5,left=15,top=13.5,pitch=95x54,place=85x54".`,
		Example: `  cardproof print --batch 20261121-7F3K9QWX --sheet avery-5371 --backs long-edge
  cardproof print --batch 20261121-7F3K9QWX --sheet a4 --start 3 --out cards.pdf
  cardproof print --batch 20261121-7F3K9QWX --pages certificate --out certificates.pdf
  cardproof print --batch 20261121-7F3K9QWX --pages wallet,back`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.print(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.batch, "batch", "", "the `batch`")
	flags.StringVar(&f.sheet, "sheet", "", "the `stock`, or a grid")
	flags.StringSliceVar(&f.pages, "pages", nil, "the `pages` of each card, in order: certificate, wallet, back")
	flags.StringVar(&f.out, "out", "", "the `file` to write (default: BATCH.pdf)")
	flags.BoolVar(&f.force, "force", false, "replace a file that is no print of this batch")
	flags.StringVar(&f.backs, "backs", string(pdf.NoBacks), "draw the backs for paper that is turned over its `edge`: long-edge, short-edge, none")
	flags.IntVar(&f.start, "start", 1, "the first `place` of the first sheet that is still free")
	flags.IntVar(&f.split, "split", splitAt, "how many `cards` a file holds at the most")
	return cmd
}

// check refuses flags that do not go together. The stock is that of --sheet.
func (f printFlags) check() (sheet stock.Sheet, err error) {
	switch {
	case f.batch == "" || (f.sheet == "") == (len(f.pages) == 0):
		return sheet, fail(exitUsage, errors.New("print needs --batch, and either --sheet or --pages"), "`cardproof batches` lists the batches. "+sheetHint,
			"--pages certificate gives each card a sheet of paper of its own.")
	case f.split < 1:
		return sheet, fail(exitUsage, fmt.Errorf("--split %d leaves no card in a file", f.split), "Give a number of cards, such as 500.")
	case f.sheet == "" && (f.start != 1 || f.backs != string(pdf.NoBacks)):
		return sheet, fail(exitUsage, errors.New("--start and --backs are for sheets"), "With --pages wallet,back each card's back stands behind its front.")
	case f.sheet == "":
		return sheet, f.checkPages()
	}
	if sheet, err = stock.Find(f.sheet); err != nil {
		return sheet, fail(exitUsage, fmt.Errorf("--sheet: %w", err), sheetHint)
	}
	if !slices.Contains([]pdf.Backs{pdf.NoBacks, pdf.LongEdge, pdf.ShortEdge}, pdf.Backs(f.backs)) {
		return sheet, fail(exitUsage, fmt.Errorf("--backs %s is no way of turning paper", f.backs), "There are long-edge, short-edge and none.")
	}
	if f.start < 1 || f.start > sheet.Places() {
		return sheet, fail(exitUsage, fmt.Errorf("--start %d is no place of this stock", f.start), fmt.Sprintf("It has places 1 to %d, counted along the rows.", sheet.Places()))
	}
	return sheet, nil
}

func (f printFlags) checkPages() error {
	all := []string{design.Certificate, design.Wallet, design.Back}
	for n, page := range f.pages {
		if !slices.Contains(all, page) || slices.Contains(f.pages[:n], page) {
			return fail(exitUsage, fmt.Errorf("--pages %s: %q is no page, or is there twice", strings.Join(f.pages, ","), page), "There are certificate, wallet and back.")
		}
	}
	if slices.Equal(f.pages, []string{design.Back}) {
		return fail(exitUsage, errors.New("--pages back has no code"), "Print the backs with their fronts: --pages wallet,back.")
	}
	return nil
}

// press is what puts cards into a file.
type press interface {
	Add(pdf.Content) error
	Finish() ([]byte, error)
}

// printing is one run of print.
type printing struct {
	*app
	config  *config.Config
	flags   printFlags
	drawer  *pdf.Drawer
	options pdf.SheetOptions
	press   press
	inPress int
	perFile int // cards
	files   []string
	several bool
	cards   int
	left    int
	scale   float64
}

func (a *app) print(ctx context.Context, f printFlags) error {
	sheet, err := f.check()
	if err != nil {
		return err
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	p := &printing{app: a, config: c, flags: f, scale: 1, perFile: f.split,
		options: pdf.SheetOptions{Stock: sheet, Backs: pdf.Backs(f.backs), Start: f.start, Title: "Batch " + f.batch}}
	pages := f.pages
	if f.sheet != "" {
		pages = []string{design.Wallet}
		p.perFile = max(1, f.split/sheet.Places()) * sheet.Places() // no file but the last ends with a sheet that has room
	}
	if p.drawer, err = a.drawerOf(c, pages); err != nil {
		return err
	}
	if p.flags.out == "" {
		p.flags.out = f.batch + ".pdf"
	}
	if err := p.target(p.flags.out).check(a, c); err != nil {
		return err
	}
	ledger, set, err := openOwnLedger(ctx, c)
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	return ledger.WithCards(ctx, register.Selection{Batches: []string{f.batch}}, func(cards *register.Cards) error {
		return p.run(ctx, cards, judge{keys: set})
	})
}

func (p *printing) run(ctx context.Context, all *register.Cards, of judge) error {
	err := all.Each(ctx, func(e card.Entry) error {
		if of.state(e) != card.Issued {
			p.left++
			return ctx.Err()
		}
		p.cards++
		if e.IssuedAt.After(p.options.At) {
			p.options.At = e.IssuedAt
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if p.cards == 0 {
		return fail(exitFailed, fmt.Errorf("no card of batch %s is in force", p.flags.batch), fmt.Sprintf("`cardproof show --batch %s` shows where its cards stand.", p.flags.batch))
	}
	p.several = p.cards > p.room(0)
	step, end := p.bar("drawing", p.cards)
	defer end()
	err = all.Each(ctx, func(e card.Entry) error {
		if of.state(e) != card.Issued {
			return nil
		}
		if step != nil {
			step(1)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return p.add(e)
	})
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		return err
	}
	return p.sayPrinted()
}

// room is how many cards the n-th file takes, counted from 0. On sheets, some places of the first one may be used up.
func (p *printing) room(n int) int {
	if n == 0 && p.flags.sheet != "" {
		return p.perFile - (p.flags.start - 1)
	}
	return p.perFile
}

// add draws a card, and begins the next file where the one at hand is full.
func (p *printing) add(e card.Entry) error {
	if p.press != nil && p.inPress == p.room(len(p.files)) {
		if err := p.finish(); err != nil {
			return err
		}
		p.options.Start = 1
	}
	if p.press == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	p.inPress++
	err := p.press.Add(pdf.Content{Record: e.Record, Catalogue: e.Catalogue, URL: token.URL(p.config.Issuer.VerifyURL, e.Token)})
	if errors.Is(err, pdf.ErrTooDense) {
		return fail(exitFailed, fmt.Errorf("card %s: %w", e.Number, err), "Its place on this stock is too small for its code. Choose a stock with places of 85.6 × 54 mm or more.")
	}
	if err != nil {
		return fmt.Errorf("card %s: %w", e.Number, err)
	}
	return nil
}

func (p *printing) begin() error {
	if p.flags.sheet == "" {
		p.press = p.drawer.NewBook(p.options.Title, p.options.At)
		return nil
	}
	sheets, err := p.drawer.NewSheets(p.options)
	if err != nil {
		return fail(exitUsage, err, "Choose another stock.")
	}
	p.press, p.scale = sheets, sheets.Scale()
	return nil
}

// finish writes the file at hand.
func (p *printing) finish() error {
	file, err := p.press.Finish()
	if err != nil {
		return err
	}
	path := p.flags.out
	if p.several {
		ext := filepath.Ext(path)
		path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), len(p.files)+1, ext)
	}
	p.press, p.inPress, p.files = nil, 0, append(p.files, path)
	return p.target(path).write(p.app, p.config, file)
}

// target is one of the files that are written. An earlier print of the same batch is replaced.
func (p *printing) target(path string) outFile {
	return outFile{flag: "--out", path: path, mode: 0o600, force: &p.flags.force, isOwn: says(p.options.Title)}
}

func (p *printing) sayPrinted() error {
	if p.json {
		return p.printJSON(map[string]any{"file": p.files[0], "files": p.files, "cards": p.cards, "left_out": p.left, "scale": p.scale})
	}
	fmt.Fprintf(p.stdout, "%s: %s\n", strings.Join(p.files, ", "), plural(p.cards, "card", "cards"))
	if p.left > 0 {
		fmt.Fprintf(p.stdout, "%s not in force: left out\n", plural(p.left, "card is", "cards are"))
	}
	if p.scale < 1 {
		p.say("The places are smaller than a card, so the cards have %.0f %% of their size.\n", 100*p.scale)
	}
	p.say("Print it at 100 %%, without fitting it to the page.\n")
	return nil
}
