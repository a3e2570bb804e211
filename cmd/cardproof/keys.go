package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newKeys(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, rotate, retire, revoke, check and export the keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return usageError(cmd, errors.New("keys needs a command")) },
	}
	cmd.AddCommand(newKeysInit(a), newKeysList(a), newKeysRotate(a), newKeysRetire(a), newKeysRevoke(a), newKeysCheck(a), newKeysExport(a))
	return cmd
}

func newKeysInit(a *app) *cobra.Command {
	var f custodyFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the keys of the configured issuer that are not there yet",
		Long: `Keys init makes an Ed25519 key that signs cards: its private half as PKCS#8 in PEM, which only you can read, and its public half in
jwks.json. It makes another that signs the status lists, and a P-256 key that seals the files of cards, its certificate, and the root above it: publish document-roots.crt. A centre
that names a certificate of its own under seal in the configuration gets none; where that one is encrypted, ` + documentVariable + ` opens it.

With --encrypt the private halves are encrypted with a passphrase, from the environment (` + passphraseVariable + `) or typed;
openssl pkey opens them too. Where a key is encrypted already, the new ones get its passphrase, with --encrypt or without. What is there
is kept: no key is ever overwritten.

` + custodyHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			custody, err := f.custody(sync.OnceValues(func() ([]byte, error) { return a.newPassphrase(cmd.Context()) }))
			if err != nil {
				return err
			}
			if there, err := isRegister(cmd.Context(), c); err != nil {
				return err
			} else if !there {
				// `cardproof init` makes the register, and enters the keys into it.
				return a.initKeys(cmd.Context(), c, custody, func() error { return nil })
			}
			return a.withOwnRegister(cmd.Context(), c, false, func(recordKeys func() error) error {
				return a.initKeys(cmd.Context(), c, custody, recordKeys)
			})
		},
	}
	f.add(cmd)
	return cmd
}

// initKeys makes the keys that are missing, and calls recordKeys after each. Where none is, the error is that the card key is there already.
func (a *app) initKeys(ctx context.Context, c *config.Config, custody *issuer.Custody, recordKeys func() error) error {
	card, wroteCard, err := a.setUpKey(ctx, c, keys.Cards, custody)
	if err == nil {
		err = recordKeys()
	}
	if err != nil {
		return err
	}
	if wroteCard {
		fmt.Fprintf(a.stdout, "made key %s of %s in %s\n", card.ID, card.Issuer, c.Keys)
	}
	lists, wroteLists, err := a.setUpKey(ctx, c, keys.StatusLists, custody)
	if err == nil {
		err = recordKeys()
	}
	if err != nil {
		return err
	}
	if wroteLists {
		fmt.Fprintf(a.stdout, "made key %s of the status lists in %s\n", lists.ID, c.Keys)
	}
	wroteDocument, err := a.setUpDocumentKey(ctx, c, custody)
	if err != nil {
		return err
	}
	if wroteDocument {
		fmt.Fprintf(a.stdout, "made the document key in %s\n", c.Keys)
	}
	if !wroteCard && !wroteLists && !wroteDocument {
		return fmt.Errorf("%w: %s", issuer.ErrKeyExists, issuer.KeyPath(c.Keys, card))
	}
	return nil
}

func (a *app) createKey(ctx context.Context, c *config.Config, purpose keys.Purpose, custody *issuer.Custody) (keys.Key, error) {
	if err := durable.MakeFolder(c.Keys, 0o700); err != nil {
		return keys.Key{}, err
	}
	custody, err := a.custodyOfNew(ctx, c, custody)
	if err != nil {
		return keys.Key{}, err
	}
	return issuer.CreateKey(ctx, c.Keys, c.Issuer.URL, purpose, custody, a.now())
}

func newKeysExport(a *app) *cobra.Command {
	o := outFile{flag: "--out", mode: 0o644, force: new(bool), isOwn: isKeySet}
	cmd := &cobra.Command{
		Use:   "export [--out FILE]",
		Short: "Write the public key set, for cardproof-verify",
		Long: `Keys export writes the public keys with their states and times, and nothing secret. cardproof-verify reads this file; keep it in
a folder without private keys. A file that is there already is replaced if it holds a key set.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			set, err := keys.Load(keySetPath(c))
			if err != nil {
				return err
			}
			data, err := set.Encode()
			if err != nil {
				return err
			}
			if o.path == "" {
				_, err = a.stdout.Write(data)
				return err
			}
			return o.write(a, c, data)
		},
	}
	cmd.Flags().StringVar(&o.path, "out", "", "the `file` to write (default: standard output)")
	cmd.Flags().BoolVar(o.force, "force", false, "replace a file that is no key set")
	return cmd
}
