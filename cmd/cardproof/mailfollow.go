package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
)

// followed is what became of the mails of cards that took the place of others.
type followed struct {
	queued int      // by themselves, because the mail of the card before was still owed
	owed   int      // the card before was mailed, and this one was not
	batch  []string // of those
}

// mailReplaced sees to it that no learner is forgotten whose card was replaced. Where the mail of the old card still waits or has no address, the
// new card's is queued: that of the old one stops by itself. Where it went out or ended otherwise, a person decides.
func (a *app) mailReplaced(ctx context.Context, c *centre, lines ...card.Number) (f followed, err error) {
	if !c.config.Mail.On() {
		return f, nil
	}
	var queue []card.Entry
	for _, number := range lines {
		e, ok, err := c.ledger.FindEntry(ctx, number)
		if err != nil || !ok {
			return f, err
		}
		before, ok, err := mailBefore(ctx, c.ledger, e)
		switch {
		case err != nil:
			return f, err
		case !ok || e.State != card.Issued:
		case slices.Contains([]register.MailState{register.MailQueued, register.MailSending, register.MailNoAddress}, before.State):
			e.Learner.Language = cmp.Or(e.Learner.Language, before.Language) // that of "mail send --language"
			queue = append(queue, e)
		default:
			if f.owed++; !slices.Contains(f.batch, e.Batch) {
				f.batch = append(f.batch, e.Batch)
			}
		}
	}
	if len(queue) == 0 {
		return f, nil
	}
	s, err := a.queueCards(ctx, c.config, func(*register.DB) ([]card.Entry, error) { return queue, nil })
	f.queued = s.Queued
	return f, err
}

// mailBefore is the mail of the nearest card before e that has one: e itself has none yet.
func mailBefore(ctx context.Context, ledger *register.Ledger, e card.Entry) (m register.Mail, ok bool, err error) {
	for e.Replaces != "" {
		mails, err := issueMails(ctx, ledger, e.Replaces)
		if err != nil {
			return m, false, err
		}
		if len(mails) > 0 {
			return mails[len(mails)-1], true, nil
		}
		if e, ok, err = ledger.FindEntry(ctx, e.Replaces); err != nil || !ok {
			return m, false, err
		}
	}
	return m, false, nil
}

// issueMails are the mails with a card itself, without its reminders. There is one at the most.
func issueMails(ctx context.Context, ledger *register.Ledger, number card.Number) ([]register.Mail, error) {
	mails, err := ledger.Mails(ctx, register.MailFilter{Number: number})
	return slices.DeleteFunc(mails, func(m register.Mail) bool { return m.Kind != register.MailIssued && m.Kind != register.MailReplaced }), err
}

func (a *app) sayFollowed(f followed) {
	if f.queued > 0 {
		fmt.Fprintf(a.stdout, "%s queued in place of the old one's\n", plural(f.queued, "mail with the new card is", "mails with new cards are"))
	}
	if f.owed == 0 {
		return
	}
	fmt.Fprintf(a.stdout, "%s mailed yet, as the old one was. To send it:\n", plural(f.owed, "new card is not", "new cards are not"))
	for _, batch := range f.batch {
		fmt.Fprintf(a.stdout, "  %s\n", a.command("mail", "send", "--batch", batch))
	}
}

// mailReinstated queues the mails of cards that are in force again, which were stopped while they were not, and answers how many. Jobs for them
// are made by the next sweep.
func (a *app) mailReinstated(ctx context.Context, db *register.DB, numbers []card.Number) (int, error) {
	var ids []int64
	for _, n := range numbers {
		mails, err := issueMails(ctx, db.Ledger, n)
		if err != nil {
			return 0, err
		}
		for _, m := range mails {
			if m.State == register.MailStopped {
				ids = append(ids, m.ID)
			}
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	queued, err := db.ResendMails(ctx, ids, actor(), a.now())
	return len(queued), err
}

func (a *app) sayReinstated(mails int) {
	if mails > 0 {
		fmt.Fprintf(a.stdout, "%s queued again: stopped meanwhile, because the card was not in force\n", plural(mails, "mail is", "mails are"))
	}
}

// sayAmended tells where the mail of a card goes now that the register has another address.
func (a *app) sayAmended(ctx context.Context, c *centre, number card.Number) error {
	mails, err := issueMails(ctx, c.ledger, number)
	if err != nil {
		return err
	}
	for _, m := range mails {
		switch m.State {
		case register.MailQueued:
			fmt.Fprintln(a.stdout, "its mail, which still waits, goes to the address and in the language of now")
		case register.MailSending:
			fmt.Fprintf(a.stdout, "its mail is being sent at this moment; `%s` says to whom\n", a.command("show", number.String()))
		default:
			fmt.Fprintf(a.stdout, "its mail is %s. To send it as the register is now:\n  %s\n", mailStates[m.State], a.command("mail", "resend", number.String()))
		}
	}
	return nil
}

// sayMisaddressed names the cards of a roster that were mailed to an address which was corrected since, by this roster or before.
func (a *app) sayMisaddressed(ctx context.Context, c *centre, lines []issuer.ManifestLine) error {
	if a.json || !c.config.Mail.On() {
		return nil
	}
	astray, err := c.ledger.Misaddressed(ctx)
	if err != nil {
		return err
	}
	again := []string{"mail", "resend"}
	for _, n := range astray {
		if slices.ContainsFunc(lines, func(l issuer.ManifestLine) bool { return l.Number == n }) {
			again = append(again, n.String())
		}
	}
	if n := len(again) - 2; n > 0 {
		fmt.Fprintf(a.stdout, "%s mailed to an address that was corrected since. To send it to that of now:\n  %s\n", plural(n, "card was", "cards were"), a.command(again...))
	}
	return nil
}

// whyNoneQueued says why a batch has nothing to mail.
func (a *app) whyNoneQueued(ctx context.Context, db *register.DB, batch string) (string, error) {
	b, ok, err := db.FindBatch(ctx, batch)
	if err != nil || !ok {
		return "", err
	}
	stands := b.Stands
	if stands == nil {
		stands = b.Cards
	}
	switch {
	case stands[card.Issued] > 0:
		return "Every card in force has its mail already. To see what became of each:\n  " + a.command("mail", "status", "--batch", b.ID, "--all"), nil
	case stands[card.Planned] > 0:
		return "The batch waits for its release; mail it then:\n  " + a.command("release", b.ID), nil
	}
	return "No card of the batch is in force.", nil
}

// whyNoneAgain says why none of some mails is queued once more.
func whyNoneAgain(ctx context.Context, db *register.DB, ids []int64) (string, error) {
	if len(ids) == 0 {
		return "No mail of the batch is in such a state.", nil
	}
	waits := 0
	for _, id := range ids {
		m, _, err := db.FindMail(ctx, id)
		if err != nil {
			return "", err
		}
		if m.State == register.MailQueued || m.State == register.MailSending {
			waits++
		}
	}
	if waits > 0 {
		return "They wait already, or are being sent.", nil
	}
	return "The register has no address of them: `cardproof replace NUMBER --email ADDRESS` gives one.", nil
}

func newMailStop(a *app) *cobra.Command {
	return a.wishCommand("stop", "Send no more reminders to an address whose owner asked for that", "the address that wants no more reminders",
		func(ctx context.Context, db *register.DB, address string) error {
			if err := db.StopReminders(ctx, address, actor(), a.now()); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]bool{"stopped": true})
			}
			fmt.Fprintln(a.stdout, "no more reminders go to that address")
			return nil
		})
}

func newMailStart(a *app) *cobra.Command {
	return a.wishCommand("start", "Send reminders again to an address whose owner asked for that", "the address that wants reminders again",
		func(ctx context.Context, db *register.DB, address string) error {
			was, err := db.StartReminders(ctx, address, actor(), a.now())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]bool{"started": was})
			}
			if !was {
				fmt.Fprintln(a.stdout, "reminders to that address were not stopped")
				return nil
			}
			fmt.Fprintln(a.stdout, "reminders go to that address again")
			return nil
		})
}

// wishCommand is a command about the reminders of an address.
func (a *app) wishCommand(name, short, argument string, do func(context.Context, *register.DB, string) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " ADDRESS", Short: short, Args: oneArgument(argument),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := post.ParseAddress(args[0]); err != nil {
				return fail(exitUsage, fmt.Errorf("%q: %w", args[0], err), "Write it such as name@example.org. Nothing was changed.")
			}
			return a.withWriter(cmd.Context(), func(ctx context.Context, db *register.DB) error { return do(ctx, db, args[0]) })
		},
	}
}
