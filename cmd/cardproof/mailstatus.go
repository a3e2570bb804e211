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
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

// mailStates says each state in words.
var mailStates = map[register.MailState]string{
	register.MailQueued:    "queued",
	register.MailSending:   "being sent",
	register.MailAccepted:  "accepted by the mail server",
	register.MailRefused:   "refused",
	register.MailGivenUp:   "given up",
	register.MailNoAddress: "no address",
	register.MailUnknown:   "unknown whether the mail server has it",
	register.MailStopped:   "not sent, no longer wanted",
}

func newMailStatus(a *app) *cobra.Command {
	var batch string
	var all bool
	cmd := &cobra.Command{
		Use:   "status [--batch BATCH] [--all]",
		Short: "Say where every mail stands, and why",
		Long: `Status counts the mails by what became of them, and lists those that the mail server has not taken, with what it said; with --all every one.
It counts the cards in force that have no mail, too. A batch has with its cards those that took their place. The states:

  queued      waits for its turn, or for the next attempt
  sending     is being sent now
  accepted    the mail server has taken it
  refused     the mail server never will; correct the address by "replace", then "mail resend"
  given_up    tried for as long as mail.give_up_after says
  no_address  the roster had none
  unknown     all of it was sent, and no answer came: it may be delivered or not. It is not sent again by itself
  stopped     its card was withdrawn, replaced, renewed or expired by then, the learner wants no reminders, or no card has the address any more`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.mailStatus(cmd.Context(), batch, all) },
	}
	cmd.Flags().StringVar(&batch, "batch", "", "the mails of this `batch` alone")
	cmd.Flags().BoolVar(&all, "all", false, "list every mail, also those that wait or were accepted")
	return cmd
}

// shownMail is a mail as mail status prints it as JSON.
type shownMail struct {
	Number   string             `json:"number,omitempty"`
	Event    string             `json:"event"`
	Kind     string             `json:"kind"`
	Address  string             `json:"address"`
	Language string             `json:"language"`
	State    register.MailState `json:"state"`
	Attempts int64              `json:"attempts"`
	Words    string             `json:"words"`
	Queued   string             `json:"queued_at"`
	Changed  string             `json:"changed_at"`
}

func showMail(m register.Mail) shownMail {
	s := shownMail{
		Event: m.Event, Kind: m.Kind, Address: m.Address, Language: m.Language, State: m.State, Attempts: m.Attempts, Words: m.Words,
		Queued: m.QueuedAt.Format(time.RFC3339), Changed: m.ChangedAt.Format(time.RFC3339),
	}
	if m.Number != "" {
		s.Number = m.Number.String()
	}
	return s
}

func (a *app) mailStatus(ctx context.Context, batch string, all bool) error {
	return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
		mails, err := ledger.Mails(ctx, register.MailFilter{Batch: batch})
		if err != nil {
			return err
		}
		none, err := a.unmailed(ctx, ledger, batch)
		if err != nil {
			return err
		}
		counts := map[register.MailState]int{}
		for _, m := range mails {
			counts[m.State]++
		}
		if a.json {
			shown := make([]shownMail, len(mails))
			for i, m := range mails {
				shown[i] = showMail(m)
			}
			return a.printJSON(map[string]any{"counts": counts, "mails": shown, "cards_without_mail": countUnmailed(none)})
		}
		for _, s := range register.MailStates() {
			if counts[s] > 0 {
				a.printCount(mailStates[s], counts[s])
			}
		}
		if len(mails) == 0 {
			fmt.Fprintln(a.stdout, "There are no mails.")
		}
		a.printUnmailed(none)
		return a.listMails(ctx, ledger, mails, all)
	})
}

// unmailed are the cards in force that have no mail, of a batch with what took their place, or of all.
func (a *app) unmailed(ctx context.Context, ledger *register.Ledger, batch string) ([]register.Unmailed, error) {
	if batch == "" {
		return ledger.Unmailed(ctx, a.now())
	}
	cards, err := ledger.CardsToMail(ctx, batch)
	if err != nil || len(cards) == 0 {
		return nil, err
	}
	return []register.Unmailed{{Batch: batch, Cards: len(cards)}}, nil
}

func countUnmailed(all []register.Unmailed) (n int) {
	for _, u := range all {
		n += u.Cards
	}
	return n
}

// mostUnmailed is of how many batches the command that mails their cards is printed: a centre that begins to send mails has many.
const mostUnmailed = 5

func (a *app) printUnmailed(all []register.Unmailed) {
	n := countUnmailed(all)
	if n == 0 {
		return
	}
	a.printCount(isMany(n, "card", "cards")+" in force without a mail. To send:", n)
	for _, u := range all[max(0, len(all)-mostUnmailed):] { // the newest
		fmt.Fprintf(a.stdout, "  %s\n", a.command("mail", "send", "--batch", asArgument(u.Batch)))
	}
	if more := len(all) - mostUnmailed; more > 0 {
		fmt.Fprintf(a.stdout, "  and %s before them; `cardproof batches` lists them\n", plural(more, "batch", "batches"))
	}
}

// listMails lists the mails that a person may have to do something about, or all.
func (a *app) listMails(ctx context.Context, ledger *register.Ledger, mails []register.Mail, all bool) error {
	var rows [][]string
	for _, m := range mails {
		if !all && (m.State == register.MailAccepted || m.State == register.MailQueued && m.Words == "") {
			continue
		}
		number, name := "-", "-"
		if m.Number != "" {
			e, _, err := ledger.FindEntry(ctx, m.Number)
			if err != nil {
				return err
			}
			number, name = m.Number.String(), printable(e.Name)
		}
		rows = append(rows, []string{number, name, string(m.State), m.Address, m.Words})
	}
	return a.table(rows)
}

func newMailResend(a *app) *cobra.Command {
	var batch, states string
	cmd := &cobra.Command{
		Use:   "resend {NUMBER... | --batch BATCH --state STATE,...}",
		Short: "Send the mails of cards once more",
		Long: `Resend queues the mail of a card once more, to the address that the learner has now, whatever became of it: also one that the mail server
has taken. With --batch it is those of the named states, such as unknown,given_up. A mail that is queued or being sent is left alone.`,
		Example: "  cardproof mail resend 7F3K-9QWX-2MTD\n  cardproof mail resend --batch 20261121-7F3K9QWX --state unknown,given_up",
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			if (len(numbers) > 0) == (batch != "") || (batch != "") != (states != "") {
				return fail(exitUsage, errors.New("mail resend needs card numbers, or --batch with --state"), "`cardproof mail status` shows where each mail stands. Nothing was queued.")
			}
			wanted, err := parseMailStates(states)
			if err != nil {
				return err
			}
			return a.resend(cmd.Context(), numbers, register.MailFilter{Batch: batch, States: wanted})
		},
	}
	cmd.Flags().StringVar(&batch, "batch", "", "the mails of this `batch`")
	cmd.Flags().StringVar(&states, "state", "", "of these `states`, with commas between them")
	return cmd
}

func parseMailStates(text string) (states []register.MailState, err error) {
	if text == "" {
		return nil, nil
	}
	for _, one := range strings.Split(text, ",") {
		s := register.MailState(strings.TrimSpace(one))
		if !slices.Contains(register.MailStates(), s) || s == register.MailQueued || s == register.MailSending {
			return nil, fail(exitUsage, fmt.Errorf("%q is no state from which a mail is sent again", s), "There are accepted, refused, given_up, no_address, unknown and stopped. Nothing was queued.")
		}
		states = append(states, s)
	}
	return states, nil
}

func (a *app) resend(ctx context.Context, numbers []card.Number, f register.MailFilter) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if err := needMail(c); err != nil {
		return err
	}
	var s queuedMails
	why := ""
	err = a.withQueue(ctx, c, func(db *register.DB, q *work.Queue) error {
		ids, err := mailsToResend(ctx, db, numbers, f)
		if err != nil {
			return err
		}
		queued, err := db.ResendMails(ctx, ids, actor(), a.now())
		if err != nil {
			return err
		}
		if s.Queued = len(queued); s.Queued == 0 {
			why, err = whyNoneAgain(ctx, db, ids)
			return err
		}
		return q.Deliver(ctx, queued)
	})
	if err != nil {
		return err
	}
	return a.printQueued(s, why)
}

func mailsToResend(ctx context.Context, db *register.DB, numbers []card.Number, f register.MailFilter) (ids []int64, err error) {
	filters := []register.MailFilter{f}
	if len(numbers) > 0 {
		filters = nil
	}
	for _, n := range numbers {
		filters = append(filters, register.MailFilter{Number: n})
	}
	for _, f := range filters {
		mails, err := db.Mails(ctx, f)
		if err != nil {
			return nil, err
		}
		found := false
		for _, m := range mails {
			if m.Kind == register.MailIssued || m.Kind == register.MailReplaced { // a reminder once more is no good
				ids, found = append(ids, m.ID), true
			}
		}
		if !found && f.Number != "" {
			return nil, fail(exitFailed, fmt.Errorf("card %s has no mail that could be sent again", f.Number), "`cardproof mail send --batch BATCH` sends the cards of a batch that have none yet. Nothing was queued.")
		}
	}
	return ids, nil
}
