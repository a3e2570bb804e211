package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

type initOptions struct {
	name     string
	url      string
	timeZone string
	custody  custodyFlags

	newRegister bool   // although there are keys
	register    string // the URL of its database; empty for a file
	// For demo.
	verifyURL string
	listen    string
}

func newInit(a *app) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Set up a new training centre in the current folder",
		Long: `Init writes config.yaml, keys/ (the keys of cards, of status lists, and of sealed files) and data/ (the register) into the current folder. What is there
already is kept as it is; nothing is ever overwritten. After it, issue and serve work at once.

` + custodyHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := a.setUp(cmd.Context(), o)
			if err != nil {
				return err
			}
			for _, line := range made {
				fmt.Fprintln(a.stdout, line)
			}
			return a.sayNext()
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "the training centre's name, as printed on the cards")
	f.StringVar(&o.url, "url", "", "the issuer's `address`, such as https://cards.example.org; cards name it for ever")
	f.StringVar(&o.timeZone, "time-zone", "", "the centre's time `zone`, such as Europe/Berlin")
	f.StringVar(&o.register, "register", "", "the `URL` of a PostgreSQL database for the register, such as postgres://cardproof@db.example.org/cardproof; without it, a file in data/")
	o.custody.add(cmd)
	f.BoolVar(&o.newRegister, "new-register", false, "make an empty register although there are keys: only where no card was ever issued with them")
	return cmd
}

// sayNext tells what to do in a new centre.
func (a *app) sayNext() error {
	c, err := a.load()
	if err != nil {
		return err
	}
	a.say("\nNext: look through %s, which explains itself; then take the list that you have, or begin one:\n  cardproof roster template %[2]s\n  cardproof check %[2]s.csv\n  cardproof issue %[2]s.csv --out cards\n  cardproof serve\n", a.configPath, c.Catalogue.Codes()[0])
	if c.Register == "" {
		a.say("Keep backups of %s and %s, apart from each other.\n", c.Keys, c.Data)
	} else {
		a.say("Keep backups of %s, and by `cardproof backup` of the register and the finished files, apart from each other.\n"+
			"For every day, give `register` in %s a role that may do less than the owner of the tables: docs/postgresql.md.\n", c.Keys, a.configPath)
	}
	if strings.HasPrefix(c.Issuer.URL, "http://") {
		a.say("\nThe key belongs to %s, which is for trying things out: it is signed into every card. For real cards, begin in an empty folder with `cardproof init --url https://...`.\n", c.Issuer.URL)
	}
	return nil
}

// setUp makes what is missing of configuration, key and register, and says of each whether it was made or kept.
func (a *app) setUp(ctx context.Context, o initOptions) ([]string, error) {
	var made []string
	note := func(did bool, path string) {
		word := "kept "
		if did {
			word = "wrote"
		}
		made = append(made, word+" "+path)
	}
	custody, err := a.custodyAtOnce(ctx, o.custody) // before anything is written: without a passphrase, nothing is made
	if err != nil {
		return nil, err
	}
	wrote, err := a.writeConfig(o)
	if err != nil {
		return nil, err
	}
	note(wrote, a.configPath)
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	wrote, err = setUpRegister(ctx, c, o.newRegister)
	if err != nil {
		return nil, err
	}
	note(wrote, registerPath(c))
	err = a.withOwnRegister(ctx, c, o.newRegister, func(recordKeys func() error) error {
		for _, purpose := range []keys.Purpose{keys.Cards, keys.StatusLists} {
			k, wrote, err := a.setUpKey(ctx, c, purpose, custody)
			if err == nil {
				err = recordKeys()
			}
			if err != nil {
				return err
			}
			note(wrote, issuer.KeyPath(c.Keys, k))
		}
		wrote, err := a.setUpDocumentKey(ctx, c, custody)
		if err != nil {
			return err
		}
		note(wrote, documentKey(c).CertificatePath())
		return nil
	})
	return made, err
}

// withOwnRegister runs what makes keys, while nobody else does; recordKeys enters them into the register, which tells by them whose it
// is. A register of other keys is refused, and so is one that names none beside keys that are there, unless adopt says so.
func (a *app) withOwnRegister(ctx context.Context, c *config.Config, adopt bool, do func(recordKeys func() error) error) (err error) {
	db, err := register.Open(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return a.whileIssuing(ctx, c, db, register.Alone, func(ctx context.Context) error {
		if err := refuseForeign(ctx, c, db, adopt); err != nil {
			return err
		}
		return do(func() error {
			set, err := keys.Load(keySetPath(c))
			if err != nil {
				return err
			}
			return db.RecordKeys(ctx, keysInUse(set, a.now()))
		})
	})
}

func refuseForeign(ctx context.Context, c *config.Config, db *register.DB, adopt bool) error {
	set, err := keys.Load(keySetPath(c))
	isNew := errors.Is(err, keys.ErrMissing)
	if isNew {
		set, err = keys.NewSet()
	}
	if err != nil {
		return err
	}
	namesNone := false
	err = db.Accepted(ctx, func(ctx context.Context, ids []string) error {
		namesNone = len(ids) == 0
		return ofSet(set)(ctx, ids)
	})
	switch {
	case err == nil, namesNone && (isNew || adopt):
		return nil
	case namesNone:
		return fail(exitRegister, err, "If a card was ever issued with these keys, restore the register from a backup: with an empty register every issued card reads as forged.",
			"If none was, run `cardproof init --new-register`.")
	case isNew:
		return fail(exitRegister, err, "The register is that of a centre whose jwks.json is not here: restore it from a backup, or begin a new centre in an empty folder. Nothing was changed.")
	}
	return err
}

// setUpRegister makes the register where there is none. It comes before the key, so that keys without a register mean that
// a register was lost, and an empty one in its place would show every issued card as forged.
func setUpRegister(ctx context.Context, c *config.Config, again bool) (wrote bool, err error) {
	there, err := isRegister(ctx, c)
	if err != nil {
		return false, err
	}
	missing := !there
	if _, err := os.Stat(keySetPath(c)); missing && err == nil && !again {
		return false, fail(exitRegister, fmt.Errorf("there are keys, but no register at %s", registerPath(c)),
			"If a card was ever issued with these keys, restore the register from a backup: with an empty register every issued card reads as forged.",
			"If none was, run `cardproof init --new-register`.")
	}
	if err := durable.MakeFolder(c.Data, 0o750); err != nil {
		return false, err
	}
	db, err := register.Create(ctx, registerPath(c))
	if err != nil {
		return false, err
	}
	return missing, db.Close()
}

// setUpKey makes the key of one purpose where the issuer has none.
func (a *app) setUpKey(ctx context.Context, c *config.Config, purpose keys.Purpose, custody *issuer.Custody) (k keys.Key, wrote bool, err error) {
	set, err := keys.Load(keySetPath(c))
	if err != nil && !errors.Is(err, keys.ErrMissing) {
		return keys.Key{}, false, err
	}
	if set != nil {
		if k, ok := set.Active(c.Issuer.URL, purpose); ok {
			return k, false, nil
		}
	}
	k, err = a.createKey(ctx, c, purpose, custody)
	return k, true, err
}

// writeConfig writes the configuration of a new centre where there is none: the shipped file with the centre's own values.
func (a *app) writeConfig(o initOptions) (bool, error) {
	if _, err := os.Stat(a.configPath); err == nil {
		if o.name != "" || o.url != "" || o.timeZone != "" || o.register != "" {
			return false, fail(exitUsage, fmt.Errorf("%s is there already, and is not overwritten", a.configPath),
				"Change the values in it, or run `cardproof init` without --name, --url, --time-zone and --register.")
		}
		return false, nil
	}
	text := string(assets.Config())
	for _, value := range []struct{ key, shipped, own string }{
		{"  name", "Example Training Centre", o.name}, {"  url", "http://localhost:8080", o.url}, {"  time_zone", "UTC", o.timeZone},
		{"  verify_url", `""`, o.verifyURL}, {"  listen", "127.0.0.1:8080", o.listen}, {"register", `""`, o.register},
	} {
		if value.own == "" {
			continue
		}
		line := "\n" + value.key + ": "
		if strings.Count(text, line+value.shipped) != 1 {
			return false, fmt.Errorf("the shipped configuration has no line %s", strings.TrimSpace(line))
		}
		text = strings.Replace(text, line+value.shipped, line+fmt.Sprintf("%q", value.own), 1)
	}
	// The text is tried before it is written, so that a wrong --url leaves nothing behind.
	if err := a.tryConfig(text); err != nil {
		return false, err
	}
	return true, durable.WriteFile(a.configPath, []byte(text), 0o600)
}

func (a *app) tryConfig(text string) error {
	f, err := os.CreateTemp("", "cardproof-*.yaml")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // a file in the system's folder for such
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err = config.Load(f.Name(), a.env)
	var bad *config.Error
	if errors.As(err, &bad) {
		bad.File = a.configPath
	}
	return err
}
