package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// printSheets draws the cards of a batch that are in force.
func (a *app) printSheets(ctx context.Context, batch string, out outFile, o pdf.SheetOptions) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	o.Title = "Batch " + batch
	if out.path == "" {
		out.path = batch + ".pdf"
	}
	out.isOwn = says(o.Title)
	if err := out.check(a, c); err != nil {
		return err
	}
	drawer, err := a.drawerOf(c, []string{design.Wallet})
	if err != nil {
		return err
	}
	entries, err := a.entriesOf(ctx, batch)
	if err != nil {
		return err
	}
	var cards []card.Entry
	for _, e := range entries {
		if e.State == card.Issued && e.Token != "" {
			cards = append(cards, e)
			if e.IssuedAt.After(o.At) {
				o.At = e.IssuedAt
			}
		}
	}
	if len(cards) == 0 {
		return fail(exitFailed, fmt.Errorf("no card of batch %s is in force", batch), fmt.Sprintf("`cardproof show --batch %s` shows where its cards stand.", batch))
	}
	sheets, err := drawer.NewSheets(o)
	if err != nil {
		return fail(exitUsage, err, "Choose another stock.")
	}
	for _, e := range cards {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := sheets.Add(pdf.Content{Record: e.Record, Catalogue: e.Catalogue, URL: token.URL(c.Issuer.VerifyURL, e.Token)})
		if errors.Is(err, pdf.ErrTooDense) {
			return fail(exitFailed, fmt.Errorf("card %s: %w", e.Number, err), "Its place on this stock is too small for its code. Choose a stock with places of 85.6 × 54 mm or more.")
		}
		if err != nil {
			return fmt.Errorf("card %s: %w", e.Number, err)
		}
	}
	file, err := sheets.Finish()
	if err != nil {
		return err
	}
	if err := out.write(a, c, file); err != nil {
		return err
	}
	return a.sayPrinted(out.path, len(cards), len(entries)-len(cards), sheets.Scale())
}

func (a *app) sayPrinted(out string, cards, left int, scale float64) error {
	if a.json {
		return a.printJSON(map[string]any{"file": out, "cards": cards, "left_out": left, "scale": scale})
	}
	fmt.Fprintf(a.stdout, "%s: %s\n", out, plural(cards, "card", "cards"))
	if left > 0 {
		fmt.Fprintf(a.stdout, "%s not in force: left out\n", plural(left, "card is", "cards are"))
	}
	if scale < 1 {
		a.say("The places are smaller than a card, so the cards have %.0f %% of their size.\n", 100*scale)
	}
	a.say("Print it at 100 %%, without fitting it to the page.\n")
	return nil
}

// entriesOf reads a batch.
func (a *app) entriesOf(ctx context.Context, batch string) (entries []card.Entry, err error) {
	err = a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
		if _, ok, err := ledger.FindBatch(ctx, batch); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("%w: %s", card.ErrNoBatch, batch)
		}
		entries, err = ledger.BatchEntries(ctx, batch)
		return err
	})
	return entries, err
}
