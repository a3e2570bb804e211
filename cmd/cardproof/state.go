package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

func newRevoke(a *app) *cobra.Command {
	return newChange(a, "revoke", "Withdraw cards for good", card.Revoked,
		`Revoking is final: a revoked card never comes into force again. Where it is not certain, suspend: a suspended card reads as withdrawn
just so, and "reinstate" puts it in force again. For a card that was revoked by mistake, "replace NUMBER --anew" issues another in its place.
Of several cards all are changed, or none.`)
}

func newSuspend(a *app) *cobra.Command {
	return newChange(a, "suspend", "Withdraw cards for now", card.Suspended,
		`A suspended card reads SUSPENDED until "reinstate" puts it in force again, or "revoke" withdraws it for good.`)
}

func newReinstate(a *app) *cobra.Command {
	return newChange(a, "reinstate", "Put suspended cards in force again", card.Issued,
		`Only a suspended card comes back; a revoked card is withdrawn for good.`)
}

func newChange(a *app, name, short string, to card.State, warning string) *cobra.Command {
	var reason, batch string
	cmd := &cobra.Command{
		Use:   name + " {NUMBER... | --batch BATCH} --reason TEXT",
		Short: short,
		Long: short + `.

` + warning + `

With --batch all cards of a batch are changed at once, or none; a card of it that was replaced meanwhile stands for its replacement. It says
before how many cards there are, and in what state. "cardproof batches" lists the batches, "cardproof show --batch" the cards of one.`,
		Example: fmt.Sprintf("  cardproof %[1]s N0XK-J8NR-241J --reason \"...\"\n  cardproof %[1]s --batch 20261121-7F3K9QWX --reason \"...\"", name),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) > 0) == (batch != "") {
				return fail(exitUsage, errors.New(name+" needs card numbers or --batch, and not both"), "Give the numbers as they are printed, or a batch of `cardproof batches`. Nothing was changed.")
			}
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("reason") {
				return fail(exitUsage, errors.New(name+" needs --reason TEXT"), `Say why in a few words, such as --reason "issued in error"; it stays in the card's history. Nothing was changed.`)
			}
			if reason, err = checkReason(reason); err != nil {
				return err
			}
			return a.withWriter(cmd.Context(), func(ctx context.Context, db *register.DB) error {
				if batch != "" {
					return a.changeBatch(ctx, db, batch, to, reason)
				}
				return a.changeAll(ctx, db, numbers, to, reason)
			})
		},
	}
	cmd.Flags().StringVar(&batch, "batch", "", "every card of this `batch`")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words; it stays in the card's history")
	return cmd
}

// parseNumbers reads all numbers before anything is changed, so that a slip in the third does not leave the work half done.
func parseNumbers(args []string) ([]card.Number, error) {
	numbers := make([]card.Number, len(args))
	for i, arg := range args {
		n, err := card.ParseNumber(arg)
		if err != nil {
			return nil, fail(exitUsage, fmt.Errorf("%q is %w", arg, err), "Compare it with the card. Nothing was changed.")
		}
		numbers[i] = n
	}
	return numbers, nil
}

// maxReason bounds a reason in characters: it is kept for ever.
const maxReason = 500

// checkReason returns a reason in one line.
func checkReason(reason string) (string, error) {
	reason = strings.Join(strings.Fields(strings.ToValidUTF8(reason, "")), " ")
	switch {
	case reason == "":
		return "", fail(exitUsage, errors.New("--reason is empty"), "Say why in a few words; it stays in the card's history. Nothing was changed.")
	case utf8.RuneCountInString(reason) > maxReason:
		return "", fail(exitUsage, fmt.Errorf("--reason has more than %d characters", maxReason), "Say it in fewer words. Nothing was changed.")
	}
	return reason, nil
}

// changed is one line of what revoke, suspend and reinstate print as JSON.
type changed struct {
	Number string     `json:"number"`
	State  card.State `json:"state"`
	Before bool       `json:"before"`                // it was in this state already
	Fallen bool       `json:"key_revoked,omitempty"` // it reads KEY REVOKED, whatever its state
}

func (a *app) withWriter(ctx context.Context, do func(context.Context, *register.DB) error) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	db, err := openOwnRegister(ctx, c)
	if err != nil {
		return err
	}
	a.warnClock(ctx, db) // a card is withdrawn all the same
	return errors.Join(do(ctx, db), db.Close())
}

func (a *app) changeBatch(ctx context.Context, db *register.DB, batch string, to card.State, reason string) error {
	if b, ok, err := db.FindBatch(ctx, batch); err == nil && ok { // where it is not, the change says so
		a.say("batch %s, before: %s\n", batchOf(b.ID, b.Roster), cardsByState(b.Cards))
	}
	done, err := db.ChangeBatch(ctx, card.BatchChange{Batch: batch, To: to, Actor: actor(), Reason: reason, At: a.now().UTC()})
	if err != nil {
		return err
	}
	others, err := db.Siblings(ctx, batch)
	if err != nil {
		return err
	}
	mails := 0
	if to == card.Issued {
		if mails, err = a.mailReinstated(ctx, db, done.Changed); err != nil {
			return err
		}
	}
	if a.json {
		numbers := []string{}
		for _, n := range done.Changed {
			numbers = append(numbers, n.String())
		}
		return a.printJSON(map[string]any{"batch": batch, "state": to, "changed": numbers, "already": done.Already, "left": done.Left, "others": describeSiblings(others), "mails_queued": mails})
	}
	a.printCount("now "+inWords(to), len(done.Changed))
	a.printCount(inWords(to)+" before", done.Already)
	if done.Left > 0 {
		a.printCount("left as they are: withdrawn for good, or not issued", done.Left)
	}
	a.sayReinstated(mails)
	name := map[card.State]string{card.Revoked: "revoke", card.Suspended: "suspend", card.Issued: "reinstate"}[to]
	a.printSiblings(others, func(s card.Sibling) string {
		if !canChange(s.Cards, to) {
			return ""
		}
		return a.command(name, "--batch", s.Batch, "--reason", asArgument(reason))
	})
	return nil
}

// batchOf names a batch and, where it has one, the file of its roster.
func batchOf(id, roster string) string {
	if roster == "" {
		return id
	}
	return id + ", " + printable(roster)
}

// canChange says whether a change of a batch would change any of its cards.
func canChange(cards map[card.State]int, to card.State) bool {
	switch to {
	case card.Revoked:
		return cards[card.Issued]+cards[card.Suspended]+cards[card.Planned] > 0
	case card.Suspended:
		return cards[card.Issued] > 0
	}
	return cards[card.Suspended] > 0
}

// cardsByState is how many cards there are, and how many of them in each state.
func cardsByState(cards map[card.State]int) string {
	total, parts := 0, []string(nil)
	for _, s := range []card.State{card.Planned, card.Issued, card.Suspended, card.Revoked, card.Superseded} {
		if n := cards[s]; n > 0 {
			total += n
			parts = append(parts, fmt.Sprintf("%d %s", n, inWords(s)))
		}
	}
	if total == 0 {
		return "no cards"
	}
	return plural(total, "card", "cards") + " (" + strings.Join(parts, ", ") + ")"
}

func (a *app) changeAll(ctx context.Context, db *register.DB, numbers []card.Number, to card.State, reason string) error {
	moved, err := db.ChangeAll(ctx, numbers, card.Change{To: to, Actor: actor(), Reason: reason, At: a.now().UTC()})
	var move *card.MoveError
	switch {
	case errors.Is(err, card.ErrNotFound): // it stops the others too: the person meant another one
		return fail(exitFailed, err, "Compare the number with the card, and see that --config or --data names the right register. Nothing was changed.")
	case errors.As(err, &move):
		return notMoved(ctx, db, move)
	case err != nil:
		return err
	}
	done := []changed{}
	for n, number := range numbers {
		if !slices.Contains(numbers[:n], number) {
			done = append(done, changed{Number: number.String(), State: to, Before: !slices.Contains(moved, number)})
		}
	}
	mails := 0
	if to == card.Issued {
		if err := markFallen(ctx, db, done); err != nil {
			return err
		}
		if mails, err = a.mailReinstated(ctx, db, moved); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(map[string]any{"changed": done, "mails_queued": mails})
	}
	for _, d := range done {
		word, but := "is now", ""
		if d.Before {
			word = "was already"
		}
		if d.Fallen {
			but = ", but its key was revoked: it reads KEY REVOKED; its holder gets a new one by `cardproof replace " + d.Number + " --reason TEXT`"
		}
		fmt.Fprintf(a.stdout, "card %s %s %s%s\n", d.Number, word, inWords(d.State), but)
	}
	a.sayReinstated(mails)
	return nil
}

// markFallen marks the cards that fell with their key. To put such a card in force again helps nobody.
func markFallen(ctx context.Context, db *register.DB, done []changed) error {
	revoked, err := db.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	for i, d := range done {
		number, err := card.ParseNumber(d.Number)
		if err != nil {
			return err
		}
		record, _, err := db.FindRecord(ctx, number)
		if err != nil {
			return err
		}
		since, ok := revoked[record.KeyID]
		done[i].Fallen = ok && !keys.Key{State: keys.Revoked, RevokedSince: since}.Believes(record.RecordedAt)
	}
	return nil
}

// notMoved says why a card can't be changed, and which one stands for it.
func notMoved(ctx context.Context, db *register.DB, move *card.MoveError) error {
	hints := []string{"Nothing was changed, no other card either."}
	next, ok, err := db.FindReplacement(ctx, move.Number)
	if err != nil {
		return err
	}
	if ok && next.State != card.Planned {
		hints = append(hints, fmt.Sprintf("Card %s was issued in its place: give that number instead.", next.Number))
	}
	if move.From == card.Revoked && !ok {
		hints = append(hints, "Revoking is final: a revoked card never comes into force again.")
		r, err := db.FindRevocation(ctx, move.Number)
		if err != nil {
			return err
		}
		if r.WasOut {
			hints = append(hints, fmt.Sprintf("If that was a mistake, issue another in its place with `cardproof replace %s --anew --reason TEXT`.", move.Number))
		}
	}
	return fail(exitFailed, move, append(hints, fmt.Sprintf("See its history with `cardproof show %s`.", move.Number))...)
}

// inWords is a state for a person.
func inWords(s card.State) string {
	if s == card.Issued {
		return "in force"
	}
	return string(s)
}
