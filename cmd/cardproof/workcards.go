package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// maker makes the cards of the queue on this machine. Its key set is looked at before each part of a batch: another machine may have revoked a key.
type maker struct {
	app   *app
	pass  issuer.Passphrase
	setup string

	mu     sync.Mutex
	centre *centre // with the keys of the last look
	db     *register.DB
}

// openMaker opens the issuing side for the queue. The error is what keeps this machine from ever making cards: it has no private key, or can't open it.
func (a *app) openMaker(ctx context.Context, conf *config.Config) (*maker, error) {
	db, err := register.Open(ctx, registerPath(conf))
	if err != nil {
		return nil, err
	}
	c, err := a.centreOf(ctx, conf, db.Ledger, db)
	if err != nil {
		return nil, err
	}
	c.Recorder = db
	m := &maker{app: a, pass: a.passphraseOnce(ctx), centre: c, db: db}
	if c.Key, err = issuer.OpenKey(conf.Keys, c.Keys, conf.Issuer.URL, m.pass); err == nil {
		c.Sealer, err = a.openSealer(ctx, conf, m.pass)
	}
	if err == nil {
		m.setup, err = setupOf(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return m, nil
}

// Close closes the register.
func (m *maker) Close() error { return m.centre.Close() }

// ready says in which lane this machine makes cards now.
func (m *maker) ready(ctx context.Context) (work.Lane, error) {
	i, err := m.issuer(ctx)
	if err != nil {
		return work.Lane{}, err
	}
	if err := checkArchive(ctx, i.Archive); err != nil {
		return work.Lane{}, err
	}
	k, ok := i.Keys.Active(m.centre.config.Issuer.URL, keys.Cards)
	if !ok {
		return work.Lane{}, issuer.ErrNoActiveKey
	}
	if !k.InUse(m.app.now().UTC()) {
		return work.Lane{}, fmt.Errorf("%w: key %s is in use since %s", issuer.ErrClock, k.ID, stamp(k.NotBefore))
	}
	return work.Lane{Key: k.ID, Setup: m.setup}, nil
}

// issuer is the issuing side with the keys as they are on record now.
func (m *maker) issuer(ctx context.Context) (*issuer.Issuer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.centre
	set, err := loadKeys(ctx, c.config, c.ledger)
	if err != nil {
		return nil, err
	}
	if err := refuseOldSet(ctx, set, c.ledger); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(set.All(), c.Keys.All()) {
		return c.Issuer, nil
	}
	o := c.Options
	o.Keys = set
	if o.Key, err = issuer.OpenKey(c.config.Keys, set, c.config.Issuer.URL, m.pass); err != nil {
		return nil, err
	}
	c.Issuer = issuer.New(o)
	return c.Issuer, nil
}

// make makes cards, while nobody changes keys, erases or copies on any machine.
func (m *maker) make(ctx context.Context, numbers []card.Number) (left map[string][]card.Number, err error) {
	lock, err := m.db.LockIssuing(ctx, register.Making, func(register.Holding) {}) // where it is kept waiting, the Maker tells
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // also after a panic: the worker lives on, and others would wait for ever
	err = lock.While(ctx, func(ctx context.Context) error {
		i, err := m.issuer(ctx) // the keys may have been changed while this waited
		if err == nil {
			err = checkFolder(ctx, i.Archive)
		}
		if err != nil {
			return err
		}
		left, err = i.Make(ctx, numbers)
		return err
	})
	return left, err
}

// checkFolder sees to it that an archive in a folder is that of the register, and still the one of the start, before anything is signed or removed. A bucket tells by itself what it is.
func checkFolder(ctx context.Context, files issuer.Archive) error {
	if folder, ok := files.(*archive.Folder); ok {
		return folder.Check(ctx)
	}
	return nil
}

// run makes cards until ctx ends.
func (m *maker) run(ctx context.Context, log *slog.Logger) error {
	w, err := work.OpenMaker(ctx, work.MakerOptions{
		Database: m.centre.config.Register, Ready: m.ready, Make: m.make, Log: log, Now: m.app.now,
		Unmade: func(ctx context.Context, batch string) (map[card.Number]bool, error) {
			return unmadeOf(ctx, m.centre, batch)
		},
		IsFault: func(err error) bool { _, is := errors.AsType[*issuer.CardsError](err); return is },
	})
	if err != nil {
		return err
	}
	return errors.Join(w.Run(ctx), w.Close())
}

// sampleAt is when the card was issued that is drawn to compare setups.
var sampleAt = time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)

// setupOf is a short name for all that two machines need alike to make the same cards: the card that they draw, the addresses in it, whom to believe about the
// seal, and the archive into which the files go.
func setupOf(ctx context.Context, c *centre) (string, error) {
	fixed := &app{now: func() time.Time { return sampleAt }}
	content, err := fixed.specimen(c.config, previewFlags{name: "Alexandra Specimen"})
	if err != nil {
		return "", err
	}
	drawn, err := c.Drawer.Specimen(content)
	if err != nil {
		return "", err
	}
	var roots []byte // none on a machine without the keys, which makes no cards
	if path := rootsToPublish(c.config); path != "" {
		if roots, err = os.ReadFile(path); err != nil {
			return "", err
		}
	}
	place, err := archiveMark(ctx, c)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, part := range [][]byte{drawn, []byte(c.URL), []byte(c.VerifyURL), []byte(c.Location.String()), roots, place} {
		one := sha256.Sum256(part)
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// archiveMark is what two machines with the same archive have in common. In a folder it is a file, made by whoever comes first; from then on it has
// to be this one.
func archiveMark(ctx context.Context, c *centre) ([]byte, error) {
	folder, ok := c.Archive.(*archive.Folder)
	if !ok {
		return []byte(c.config.S3.Endpoint + "\n" + archivePlace(c.config)), nil
	}
	mark, err := folder.Share(ctx)
	return []byte(mark), err
}
