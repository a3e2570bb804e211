package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// load reads the configuration, with --data above it.
func (a *app) load() (*config.Config, error) {
	c, err := config.Load(a.configPath, a.env)
	if err != nil {
		return nil, err
	}
	if a.dataDir != "" {
		if c.Data, err = filepath.Abs(a.dataDir); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// registerPath is where the register is: a file, or the URL of a database, which has no password in it.
func registerPath(c *config.Config) string {
	if c.Register != "" {
		return c.Register
	}
	return filepath.Join(c.Data, "register.db")
}

// readPath is where the public pages read the register.
func readPath(c *config.Config) string {
	if c.ReadFrom != "" {
		return c.ReadFrom
	}
	return registerPath(c)
}

// isRegister says whether there is a register, whatever may be wrong with it.
func isRegister(ctx context.Context, c *config.Config) (bool, error) {
	if c.Register == "" {
		_, err := os.Stat(registerPath(c))
		return !errors.Is(err, fs.ErrNotExist), nil
	}
	ledger, err := register.OpenReadOnly(ctx, c.Register)
	if err == nil {
		return true, ledger.Close()
	}
	switch {
	case errors.Is(err, register.ErrMissing):
		return false, nil
	case errors.Is(err, register.ErrOlder), errors.Is(err, register.ErrNewer), errors.Is(err, register.ErrForeign):
		return true, nil // who opens it says so
	}
	return false, err
}

func keySetPath(c *config.Config) string { return filepath.Join(c.Keys, keys.FileName) }

// centre is the issuing side, open: configuration, register, keys and drawer.
type centre struct {
	*issuer.Issuer
	config *config.Config
	ledger *register.Ledger
	closer io.Closer    // the register
	db     *register.DB // likewise; nil where it is only read
	lock   *issuingLock
}

// openCentre opens the issuing side for checks: it reads the register, writes nothing, and has no private key.
func (a *app) openCentre(ctx context.Context) (*centre, error) {
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	ledger, err := register.OpenReadOnly(ctx, registerPath(c))
	if err != nil {
		return nil, err
	}
	return a.centreOf(ctx, c, ledger, ledger)
}

// centreOf puts a centre together. It closes the register where it fails.
func (a *app) centreOf(ctx context.Context, c *config.Config, found *register.Ledger, closer io.Closer) (*centre, error) {
	set, err := loadKeys(ctx, c, found)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	drawer, err := a.newDrawer(c)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	files, err := a.openArchiveOf(c, found)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return &centre{config: c, ledger: found, closer: closer, Issuer: issuer.New(issuer.Options{
		URL: c.Issuer.URL, VerifyURL: c.Issuer.VerifyURL, Location: c.Issuer.Location, Catalogue: c.Catalogue,
		StatusList: c.Card.StatusList, Keys: set, Register: found, Archive: files,
		Drawer: drawer, Actor: actor(), Now: a.now, Held: register.Held,
	})}, nil
}

// openIssuer opens the issuing side with its private key. Another run on any machine is waited for, so that it can't be issuing the
// same roster meanwhile, nor change keys, erase or copy.
func (a *app) openIssuer(ctx context.Context) (*centre, error) {
	return a.openWriter(ctx, a.unlock)
}

// openRegister opens the issuing side for moving batches, which needs no private key.
func (a *app) openRegister(ctx context.Context) (*centre, error) {
	return a.openWriter(ctx, func(ctx context.Context, c *centre, db *register.DB) error {
		return a.waitForOthers(ctx, c, db, register.Issuing)
	})
}

// openAlone opens the issuing side while nobody issues, on any machine. It needs no private key.
func (a *app) openAlone(ctx context.Context) (*centre, error) {
	return a.openWriter(ctx, func(ctx context.Context, c *centre, db *register.DB) error {
		return a.waitForOthers(ctx, c, db, register.Alone)
	})
}

func (a *app) openWriter(ctx context.Context, ready func(context.Context, *centre, *register.DB) error) (*centre, error) {
	conf, err := a.load()
	if err != nil {
		return nil, err
	}
	db, err := register.Open(ctx, registerPath(conf))
	if err != nil {
		return nil, err
	}
	c, err := a.centreOf(ctx, conf, db.Ledger, db)
	if err != nil {
		return nil, err
	}
	c.Recorder, c.db = db, db
	if err = ready(ctx, c, db); err == nil {
		err = db.RecordKeys(ctx, keysInUse(c.Keys, a.now())) // those that are not on record yet
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (a *app) unlock(ctx context.Context, c *centre, db *register.DB) (err error) {
	if err := refuseOldSet(ctx, c.Keys, c.ledger); err != nil {
		return err
	}
	if err := checkArchive(ctx, c.Archive); err != nil {
		return err
	}
	pass := a.passphraseOnce(ctx)
	if c.Key, err = issuer.OpenKey(c.config.Keys, c.Keys, c.config.Issuer.URL, pass); err != nil {
		return err
	}
	if c.Sealer, err = a.openSealer(ctx, c.config, pass); err != nil {
		return err
	}
	if err := a.refuseClock(ctx, c.ledger); err != nil {
		return err
	}
	before, _ := c.Keys.Active(c.config.Issuer.URL, keys.Cards)
	if err = a.waitForOthers(ctx, c, db, register.Issuing); err != nil {
		return err
	}
	if now, ok := c.Keys.Active(c.config.Issuer.URL, keys.Cards); ok && now.ID == before.ID {
		return nil
	}
	// While this run waited, the key was rotated or revoked. That asks no second time: the passphrase stays the same.
	c.Key, err = issuer.OpenKey(c.config.Keys, c.Keys, c.config.Issuer.URL, pass)
	return err
}

// waitForOthers waits until nobody does what this run excludes. The other may have changed the keys.
func (a *app) waitForOthers(ctx context.Context, c *centre, db *register.DB, how register.Holding) (err error) {
	if c.lock, err = a.lockIssuing(ctx, c.config, db, how); err != nil {
		return err
	}
	if c.Keys, err = loadKeys(ctx, c.config, c.ledger); err != nil {
		return err
	}
	return refuseOldSet(ctx, c.Keys, c.ledger)
}

// Close closes the register and lets the next run in.
func (c *centre) Close() error {
	err := c.closer.Close()
	if c.lock != nil {
		err = errors.Join(err, c.lock.Unlock())
	}
	return err
}

// whileLocked runs what the lock of the centre covers, and breaks it off where the lock is lost.
func (c *centre) whileLocked(ctx context.Context, do func(context.Context) error) error {
	if c.lock == nil {
		return do(ctx)
	}
	return c.lock.While(ctx, do)
}

// actor is the person at the machine, as the register's events name them.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("user %d", os.Getuid())
}

// say tells a person something that is no result.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format, args...)
	}
}

func host(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin
	}
	return u.Host
}

// firstRenewal is how long the server waits for the status lists before it answers.
const firstRenewal = 2 * time.Second

// openSite opens the public server, with the key of the status lists if cards carry a place in one. w takes the wishes of learners
// for their links, and stops their reminders; nil where no mails are sent. Close it when it has served.
func (a *app) openSite(ctx context.Context, c *config.Config, logFrom slog.Level, w *worker) (*serve.Site, error) {
	if err := a.checkSealFiles(c); err != nil {
		return nil, err
	}
	log := serve.NewLog(a.stderr, logFrom)
	files, err := serve.OpenFiles(ctx, archivePlace(c), c.S3, false, a.env, log)
	if err != nil {
		return nil, err
	}
	o := serve.Options{
		Register: readPath(c), JWKS: keySetPath(c), Roots: rootsToPublish(c), Issuer: public.Issuer(c.Issuer.Issuer), Server: c.Server,
		Files: files, Learner: c.Learner,
		Version: version, Log: log, Now: a.now, TrustClock: serve.TrustsClock(a.env),
	}
	if w != nil {
		stops, err := a.stopsOf(c, w)
		if err != nil {
			return nil, err
		}
		o.Requests, o.Stops = w, stops
	}
	if c.Card.StatusList {
		lists, err := a.openLists(ctx, c, o.Log)
		if err != nil {
			return nil, err
		}
		// A small centre has its lists before the first request; a large one answers for cards meanwhile. Run says what failed.
		first, cancel := context.WithTimeout(ctx, firstRenewal)
		_ = lists.Renew(first)
		cancel()
		o.Lists = serve.Lists{Source: lists.Publisher, Close: lists.Close, Renew: func(ctx context.Context) { lists.Run(ctx, nil) }}
	}
	site, err := serve.Open(ctx, o)
	if err != nil && o.Lists.Close != nil {
		err = errors.Join(err, o.Lists.Close())
	}
	return site, err
}

// isTerminal says whether w is a terminal, and how many columns it has.
func isTerminal(w any) (columns int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	return columns, err == nil
}

// withCentre runs a command that does not sign.
func (a *app) withCentre(cmd *cobra.Command, do func(context.Context, *centre) error) error {
	return a.with(cmd, a.openCentre, do)
}

// withIssuer runs a command that signs.
func (a *app) withIssuer(cmd *cobra.Command, do func(context.Context, *centre) error) error {
	return a.with(cmd, a.openIssuer, do)
}

// withRegister runs a command that moves batches.
func (a *app) withRegister(cmd *cobra.Command, do func(context.Context, *centre) error) error {
	return a.with(cmd, a.openRegister, do)
}

// withRegisterAlone runs a command during which nobody may issue.
func (a *app) withRegisterAlone(cmd *cobra.Command, do func(context.Context, *centre) error) error {
	return a.with(cmd, a.openAlone, do)
}

func (a *app) with(cmd *cobra.Command, open func(context.Context) (*centre, error), do func(context.Context, *centre) error) error {
	c, err := open(cmd.Context())
	if err != nil {
		return err
	}
	err = c.whileLocked(cmd.Context(), func(ctx context.Context) error { return do(ctx, c) })
	if closeErr := c.Close(); err == nil {
		err = closeErr
	}
	return err
}
