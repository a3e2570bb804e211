package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
)

func newMail(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mail",
		Short: "Send the cards to their learners by mail, and see what became of each",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, errors.New("mail needs a command"))
		},
	}
	cmd.AddCommand(newMailSend(a), newMailStatus(a), newMailResend(a), newMailPreview(a), newMailTest(a), newMailStop(a), newMailStart(a))
	return cmd
}

func newMailSend(a *app) *cobra.Command {
	var batch, language string
	cmd := &cobra.Command{
		Use:   "send --batch BATCH [--language CODE]",
		Short: "Queue a mail for every card of a batch that has none yet",
		Long: `Send queues a mail for every card of a batch that is in force and has no mail yet: the same command again sends nobody a second one. A card
that took the place of one of the batch is of it, too. The
mails go out by "cardproof serve" or "cardproof work". A card without an address is listed by "mail status".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if batch == "" {
				return fail(exitUsage, errors.New("mail send needs --batch BATCH"), "`cardproof batches` lists them.")
			}
			c, err := a.load()
			if err != nil {
				return err
			}
			if err := takeLanguage(c, language); err != nil {
				return err
			}
			return a.mailBatch(cmd.Context(), c, batch)
		},
	}
	cmd.Flags().StringVar(&batch, "batch", "", "every card of this `batch`")
	addLanguage(cmd, &language)
	return cmd
}

func addLanguage(cmd *cobra.Command, language *string) {
	cmd.Flags().StringVar(language, "language", "", "the `code` of the language of learners whose roster names none: "+strings.Join(config.MailLanguages, ", ")+" (default: mail.language)")
}

// takeLanguage puts the language of a flag into the place of the configured one.
func takeLanguage(c *config.Config, language string) error {
	if language == "" {
		return nil
	}
	if !slices.Contains(config.MailLanguages, language) {
		return fail(exitUsage, fmt.Errorf("there are no mails in the language %q", language), "Give one of "+strings.Join(config.MailLanguages, ", ")+".")
	}
	c.Mail.Language = language
	return nil
}

// queuedMails is what mail send and mail resend print as JSON.
type queuedMails struct {
	Queued    int `json:"queued"`
	NoAddress int `json:"no_address"`
}

// mailIssued queues the mails of what a run has issued. With --json the run has printed its one object; the mails are in mail status.
func (a *app) mailIssued(ctx context.Context, c *centre, r *issuer.Result) error {
	batches := r.Batches
	if len(batches) == 0 && r.Batch != "" {
		batches = []string{r.Batch}
	}
	s, err := a.queueBatches(ctx, c.config, batches)
	if err != nil || a.json {
		return err
	}
	return a.printQueued(s, "")
}

// mailBatch queues the mails of a batch, and says how many.
func (a *app) mailBatch(ctx context.Context, c *config.Config, batch string) error {
	if err := needMail(c); err != nil {
		return err
	}
	why := ""
	s, err := a.queueCards(ctx, c, func(db *register.DB) ([]card.Entry, error) {
		cards, err := db.CardsToMail(ctx, batch)
		if err == nil && len(cards) == 0 {
			why, err = a.whyNoneQueued(ctx, db, batch)
		}
		return cards, err
	})
	if err != nil {
		return err
	}
	return a.printQueued(s, why)
}

func (a *app) queueBatches(ctx context.Context, c *config.Config, batches []string) (s queuedMails, err error) {
	return a.queueCards(ctx, c, func(db *register.DB) (cards []card.Entry, err error) {
		for _, batch := range batches {
			some, err := db.CardsToMail(ctx, batch)
			if err != nil {
				return nil, err
			}
			cards = append(cards, some...)
		}
		return cards, nil
	})
}

// queueCards queues the mails with the cards that are chosen.
func (a *app) queueCards(ctx context.Context, c *config.Config, choose func(*register.DB) ([]card.Entry, error)) (s queuedMails, err error) {
	err = a.withQueue(ctx, c, func(db *register.DB, q *work.Queue) error {
		cards, err := choose(db)
		if err != nil {
			return err
		}
		mails := make([]register.NewMail, len(cards))
		for i := range cards {
			event, kind := register.IssueEvent(&cards[i])
			mails[i] = register.NewMail{Event: event, Kind: kind, Number: cards[i].Number, Address: cards[i].Learner.Email,
				Language: cmp.Or(cards[i].Learner.Language, c.Mail.Language)}
			if mails[i].Address == "" {
				s.NoAddress++
			}
		}
		queued, err := db.QueueMails(ctx, mails, actor(), a.now())
		if err != nil {
			return err
		}
		s.Queued = len(queued)
		return q.Deliver(ctx, queued)
	})
	return s, err
}

// printQueued says how many mails were queued, and why there are none.
func (a *app) printQueued(s queuedMails, why string) error {
	if a.json {
		return a.printJSON(s)
	}
	a.printCount("queued to be mailed", s.Queued)
	if s.NoAddress > 0 {
		a.printCount("without an address", s.NoAddress)
	}
	switch {
	case s.Queued > 0:
		a.say("They go out while `cardproof serve` runs; or send them now:\n  %s\n", a.command("work", "--once"))
	case s.NoAddress == 0 && why != "":
		fmt.Fprintln(a.stdout, why)
	}
	return nil
}

// withQueue opens the register and the queue of jobs. What is queued is in the register before it has a job.
func (a *app) withQueue(ctx context.Context, c *config.Config, do func(*register.DB, *work.Queue) error) error {
	db, err := openOwnRegister(ctx, c)
	if err != nil {
		return err
	}
	q, err := work.OpenQueue(ctx, cmp.Or(c.Register, filepath.Join(c.Data, work.QueueName)))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(do(db, q), q.Close(), db.Close())
}

func newMailPreview(a *app) *cobra.Command {
	var batch, out, language string
	cmd := &cobra.Command{
		Use:   "preview {NUMBER... | --batch BATCH} --out DIR [--language CODE]",
		Short: "Write the mails of cards as .eml files, and send nothing",
		Long: `Preview writes each mail as it would be sent, but with a link that leads nowhere, as <number>.eml into DIR. A mail program opens such a
file by a double click.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			if (len(numbers) > 0) == (batch != "") || out == "" {
				return fail(exitUsage, errors.New("mail preview needs --out DIR, and card numbers or --batch"), "For example: cardproof mail preview --batch BATCH --out mails")
			}
			return a.withCentre(cmd, func(ctx context.Context, c *centre) error {
				if err := takeLanguage(c.config, language); err != nil {
					return err
				}
				return a.previewMails(ctx, c, numbers, batch, out)
			})
		},
	}
	cmd.Flags().StringVar(&batch, "batch", "", "every card of this `batch` that is in force and has no mail yet")
	cmd.Flags().StringVar(&out, "out", "", "the `folder` for the mails; it is made if need be")
	addLanguage(cmd, &language)
	return cmd
}

func (a *app) previewMails(ctx context.Context, c *centre, numbers []card.Number, batch, out string) error {
	if err := errors.Join(needMail(c.config), a.refuseOwn(c.config, "--out", out)); err != nil {
		return err
	}
	writer, err := newWriter(c.config)
	if err != nil {
		return err
	}
	var cards []card.Entry
	if batch != "" {
		if cards, err = c.ledger.CardsToMail(ctx, batch); err != nil {
			return err
		}
	}
	for _, n := range numbers {
		e, ok, err := c.ledger.FindEntry(ctx, n)
		if err == nil && !ok {
			err = card.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("card %s: %w", n, err)
		}
		cards = append(cards, e)
	}
	if err := durable.MakeFolder(out, 0o700); err != nil {
		return err
	}
	files, err := a.openArchive(c.config)
	if err != nil {
		return err
	}
	wrote := 0
	for i := range cards {
		text, err := a.previewMail(ctx, files, c.config, writer, &cards[i])
		if err != nil {
			fmt.Fprintf(a.stderr, "card %s has no mail: %v\n", cards[i].Number, err)
			continue
		}
		if err := durable.WriteFiles(map[string][]byte{filepath.Join(out, cards[i].Number.Compact()+".eml"): text}, 0o600); err != nil {
			return err
		}
		wrote++
	}
	if a.json {
		return a.printJSON(map[string]any{"mails": wrote, "out": out})
	}
	a.printCount(isMany(wrote, "mail", "mails")+" written to "+out+", none sent", wrote)
	if wrote < len(cards) {
		return errRefused
	}
	return nil
}

func (a *app) previewMail(ctx context.Context, files archive.Archive, c *config.Config, writer *post.Writer, e *card.Entry) ([]byte, error) {
	to, err := post.ParseAddress(e.Learner.Email)
	if err != nil {
		return nil, err
	}
	event, kind := register.IssueEvent(e)
	l := post.Letter{
		Event: "preview:" + event, Kind: post.Kind(kind), Language: cmp.Or(e.Learner.Language, c.Mail.Language), To: to, Name: e.Name, Course: e.Qualification.Title,
		Number: e.Number, Through: e.ExpiresOn, Links: []post.Link{{URL: work.LinkURL(c.Issuer.VerifyURL, "PREVIEW", e.Learner.Language)}}, Date: a.now(),
	}
	if c.Mail.Attach && e.SHA256 != "" {
		if l.PDF, err = files.Get(ctx, e.Number, e.SHA256); err != nil {
			return nil, err
		}
	}
	return writer.Write(l)
}

func newMailTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test ADDRESS",
		Short: "Send one mail to try the mail server, and say what it answers",
		Args:  oneArgument("the address that the mail goes to, such as your own"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.testMail(cmd.Context(), args[0]) },
	}
}

func (a *app) testMail(ctx context.Context, address string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if err := needMail(c); err != nil {
		return err
	}
	to, err := post.ParseAddress(address)
	if err != nil {
		return fail(exitUsage, fmt.Errorf("%q: %w", address, err), "Write it such as name@example.org.")
	}
	writer, err := newWriter(c)
	if err != nil {
		return err
	}
	server, err := mailServer(c)
	if err != nil {
		return err
	}
	sender, err := post.NewSender(server)
	if err != nil {
		return err
	}
	defer sender.Close()
	result := sender.Send(ctx, post.Mail{
		From: writer.Sender(), To: to, Dot: func() error { return ctx.Err() },
		Build: func() ([]byte, error) {
			return writer.Write(post.Letter{Event: "test:" + a.now().String(), Kind: post.Test, Language: c.Mail.Language, To: to, Date: a.now()})
		},
	})
	if result.Outcome != post.Accepted {
		return fail(exitFailed, fmt.Errorf("the mail server did not take the mail: %s", result.Words), "Look at mail.host, mail.port, mail.tls, mail.user and mail.from in config.yaml; docs/mail.md tells what each answer means.")
	}
	if a.json {
		return a.printJSON(map[string]string{"state": string(register.MailAccepted), "answer": result.Words})
	}
	fmt.Fprintf(a.stdout, "accepted by %s: %s\n", c.Mail.Host, result.Words)
	return nil
}
