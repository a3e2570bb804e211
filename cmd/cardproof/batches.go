package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
)

func newBatches(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "batches",
		Short: "List the batches, the newest first",
		Long: `Batches lists what was issued together. A batch is

  unfinished  a run broke off: run the same command again
  held        every card is finished and waits: release or discard it
  issued      every card is out
  suspended   every card is withdrawn, some of them only for now
  revoked     every card is withdrawn for good
  discarded   every card was given up before anybody had it`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.batches(cmd.Context()) },
	}
}

// shownBatch is what batches and show --batch print as JSON.
type shownBatch struct {
	ID      string             `json:"batch"`
	State   card.BatchState    `json:"state"`
	At      string             `json:"at"`
	Actor   string             `json:"actor"`
	Roster  string             `json:"roster"`
	Cards   map[card.State]int `json:"cards"`
	Proved  int                `json:"proved"` // of the planned cards, those that have their finished file
	GivenUp int                `json:"given_up"`
	Courses []string           `json:"courses"`
	Days    []string           `json:"days"` // of completion, in order
}

func describeBatch(b card.Batch) shownBatch {
	cards := b.Cards
	if cards == nil {
		cards = map[card.State]int{}
	}
	days := []string{}
	for _, d := range b.Days {
		days = append(days, d.String())
	}
	return shownBatch{b.ID, b.State(), b.At.UTC().Format(time.RFC3339), b.Actor, b.Roster, cards, b.Proved, b.GivenUp, append([]string{}, b.Courses...), days}
}

// withLedger reads the register of the configured centre.
func (a *app) withLedger(ctx context.Context, do func(*register.Ledger, string) error) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	ledger, _, err := openOwnLedger(ctx, c)
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	return do(ledger, c.Issuer.VerifyURL)
}

func (a *app) batches(ctx context.Context) error {
	return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
		list, err := ledger.Batches(ctx)
		if err != nil {
			return err
		}
		shown := make([]shownBatch, len(list))
		for i, b := range list {
			shown[i] = describeBatch(b)
		}
		if a.json {
			return a.printJSON(map[string][]shownBatch{"batches": shown})
		}
		if len(shown) == 0 {
			fmt.Fprintln(a.stdout, "no batch yet")
			return nil
		}
		rows := [][]string{{"BATCH", "STATE", "CARDS", "BEGUN (UTC)", "BY", "ROSTER", "COURSE", "COMPLETED"}}
		for _, b := range shown {
			rows = append(rows, []string{b.ID, string(b.State), countCards(b), b.At[:16], b.Actor, printable(b.Roster), someOf(b.Courses), spanOf(b.Days)})
		}
		return a.fittedTable(rows, 2, 4, 5)
	})
}

// someOf are the first of many words.
func someOf(words []string) string {
	const most = 3
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}

// spanOf is the one day of a batch, or its first and last.
func spanOf(days []string) string {
	if len(days) < 2 {
		return strings.Join(days, "")
	}
	return days[0] + " to " + days[len(days)-1]
}

// countCards is how many cards a batch has, and how many of them are not in force.
func countCards(b shownBatch) string {
	total, text := 0, ""
	for _, n := range b.Cards {
		total += n
	}
	for _, s := range []card.State{card.Suspended, card.Revoked, card.Superseded} {
		if n := b.Cards[s]; n > 0 && n < total {
			text += fmt.Sprintf(", %d %s", n, inWords(s))
		}
	}
	if n := b.Cards[card.Planned]; n > 0 && b.State == card.BatchUnfinished {
		text += fmt.Sprintf(", %d not finished", n-b.Proved)
	}
	return fmt.Sprintf("%d%s", total, text)
}
