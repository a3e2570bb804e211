package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/keys"
)

// answerFactor is how much longer than for a step the server may take for a whole mail: with the usual minute, the ten of RFC 5321, 4.5.3.2.6.
const answerFactor = 10

type workOptions struct {
	once bool
	only string
}

// What a machine may be told to do alone.
const (
	onlyMail  = "mail"
	onlyIssue = "issue"
)

func newWork(a *app) *cobra.Command {
	var o workOptions
	cmd := &cobra.Command{
		Use:   "work [--once] [--only mail|issue]",
		Short: "Send the mails that wait, remind learners of cards that end, and make the cards of the queue",
		Long: `Work does what takes its time: it sends the mails that "issue --mail" and "mail send" have queued, tries again what the mail server takes
only later, and reminds learners before their cards end. "serve" does the same beside its pages, so this command is for a centre that
serves elsewhere, or with "serve --no-work". One run sends mails at a time, and a second one waits for its end.

Where the register is a PostgreSQL database, it also makes the cards of "issue --queue", if it can open the keys of this machine: any number of
machines do so at once. Without the keys it sends mails only. "queue" shows what each machine does. Ctrl-C ends it after the cards at hand.

With --once it ends when every mail that can be sent now was tried, and makes no cards; without, it goes on until Ctrl-C.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.work(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.once, "once", false, "end when every mail that can be sent now was tried")
	cmd.Flags().StringVar(&o.only, "only", "", "do one `kind` of work alone: mail, or issue")
	return cmd
}

func (a *app) work(ctx context.Context, o workOptions) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	if err := checkWork(c, o); err != nil {
		return err
	}
	log := serve.NewLog(a.stderr, slog.LevelInfo)
	var m *maker
	if c.Register != "" && o.only != onlyMail && !o.once {
		m, err = a.openMaker(ctx, c)
		if err != nil && (o.only == onlyIssue || !isOfKeys(err) || !c.Mail.On()) {
			return err
		}
		if err != nil {
			a.say("this machine makes no cards: %v\n", err)
		} else {
			defer func() { err = errors.Join(err, m.Close()) }()
		}
	}
	if o.only == onlyIssue || !c.Mail.On() {
		a.say("making the cards of the queue (Ctrl-C stops)\n")
		return m.run(ctx, log)
	}
	w, err := a.openWorker(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if o.once {
		return w.RunOnce(ctx)
	}
	if m == nil {
		a.say("sending mails by %s (Ctrl-C stops)\n", c.Mail.Host)
		return w.Run(ctx)
	}
	a.say("sending mails by %s, and making the cards of the queue (Ctrl-C stops)\n", c.Mail.Host)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return w.Run(ctx) })
	both.Go(func() error { return m.run(ctx, log) })
	return both.Wait()
}

// checkWork refuses work that this centre does not have.
func checkWork(c *config.Config, o workOptions) error {
	switch {
	case o.only != "" && o.only != onlyMail && o.only != onlyIssue:
		return fail(exitUsage, fmt.Errorf("--only %q is no kind of work", printable(o.only)), "Give mail or issue.")
	case o.only == onlyIssue && o.once:
		return fail(exitUsage, errors.New("--once goes with mails alone"), "Leave --once out: the cards of the queue are made until Ctrl-C.")
	case o.only == onlyIssue:
		return needDatabase(c.Register)
	case o.only == onlyMail || o.once || c.Register == "":
		return needMail(c)
	}
	return nil
}

// isOfKeys says whether an error is that this machine has not the private keys, or can't open them.
func isOfKeys(err error) bool { return explainKey(err) != nil || explainToken(err) != nil }

// needMail refuses a centre without a mail server.
func needMail(c *config.Config) error {
	if c.Mail.On() {
		return nil
	}
	return fail(exitUsage, errors.New("this centre sends no mails: mail.host is empty"),
		"Name your mail server in config.yaml, under mail; docs/mail.md shows how. `cardproof mail test ADDRESS` tries it.")
}

// worker is the work in the background with the register that it writes.
type worker struct {
	*work.Worker
	db  *register.DB
	log *slog.Logger
}

// Close closes queue and register.
func (w *worker) Close() error { return errors.Join(w.Worker.Close(), w.db.Close()) }

func (a *app) openWorker(ctx context.Context, c *config.Config, log *slog.Logger) (*worker, error) {
	writer, err := newWriter(c)
	if err != nil {
		return nil, err
	}
	server, err := mailServer(c)
	if err != nil {
		return nil, err
	}
	files, err := a.openArchive(c)
	if err != nil {
		return nil, err
	}
	db, err := openOwnRegister(ctx, c)
	if err != nil {
		return nil, err
	}
	w, err := work.Open(ctx, work.Options{
		Folder: c.Data, Database: c.Register, Register: db, Archive: files, Links: db, Writer: writer, Server: server,
		URL: c.Issuer.VerifyURL, Language: c.Mail.Language, Attach: c.Mail.Attach, PerMinute: c.Mail.PerMinute, GiveUpAfter: c.Mail.GiveUpAfter,
		Reminders: c.Mail.Reminders, Actor: actor(), Log: log, Now: a.now,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &worker{w, db, log}, nil
}

// beside runs the work beside a server until the returned function is called, which waits for its end. Pages are worth more than
// mails: where the work fails, the server goes on.
func (w *worker) beside(ctx context.Context) (wait func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil && ctx.Err() == nil {
			w.log.Error("mails wait: the work in the background stopped", "error", err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// stopsOf answers the links by which learners stop their reminders.
func (a *app) stopsOf(c *config.Config, w *worker) (httpd.Handler, error) {
	writer, err := newWriter(c)
	if err != nil {
		return nil, err
	}
	return work.StopHandler(w.db, writer, a.now)
}

// newWriter makes mails in the brand of the centre. A logo that is no PNG and no JPEG stays out: mail programs show no other.
func newWriter(c *config.Config) (*post.Writer, error) {
	b := post.Brand{Issuer: c.Issuer.Name, From: c.Mail.From, ReplyTo: c.Mail.ReplyTo, Check: c.Issuer.VerifyURL, Primary: c.Brand.Primary}
	if logo := strings.ToLower(filepath.Ext(c.Brand.Logo)); logo == ".png" || logo == ".jpg" || logo == ".jpeg" {
		var err error
		if b.Logo, err = os.ReadFile(c.Brand.Logo); err != nil {
			return nil, err
		}
	}
	return post.NewWriter(b)
}

// mailServer is the server of the configuration, with its password.
func mailServer(c *config.Config) (post.Server, error) {
	m := c.Mail
	s := post.Server{Host: m.Host, Port: m.Port, TLS: post.TLS(m.TLS), User: m.User, Timeout: m.Timeout, Answer: answerFactor * m.Timeout}
	if m.Roots != "" {
		roots, err := keys.LoadCertificates(m.Roots)
		if err != nil {
			return s, err
		}
		s.Roots = x509.NewCertPool()
		for _, r := range roots {
			s.Roots.AddCert(r)
		}
	}
	if m.PasswordFile == "" {
		return s, nil
	}
	info, err := os.Stat(m.PasswordFile)
	if err != nil {
		return s, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return s, fail(exitUsage, fmt.Errorf("everybody on this machine can read %s", m.PasswordFile), "Take the right away: chmod 600 "+asArgument(m.PasswordFile)+". If others have read it, change the password.")
	}
	password, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return s, err
	}
	s.Password = string(bytes.TrimRight(password, "\r\n"))
	return s, nil
}
