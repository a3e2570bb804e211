package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newKeys(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, check and export the keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return usageError(cmd, errors.New("keys needs a command")) },
	}
	cmd.AddCommand(newKeysInit(a), newKeysList(a), newKeysCheck(a), newKeysExport(a))
	return cmd
}

func newKeysInit(a *app) *cobra.Command {
	var encrypt bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the keys of the configured issuer that are not there yet",
		Long: `Keys init makes an Ed25519 key that signs cards: its private half as PKCS#8 in PEM, which only you can read, and its public half in
jwks.json. It makes another that signs the status lists, and a P-256 key that seals the files of cards, its certificate, and the root above it: publish document-roots.crt. A centre
that names a certificate of its own under seal in the configuration gets none.

With --encrypt the private halves are encrypted with a passphrase, from the environment (` + passphraseVariable + `) or typed;
openssl pkey opens them too. What is there is kept: no key is ever overwritten.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			var pass issuer.Passphrase
			if encrypt {
				pass = sync.OnceValues(func() ([]byte, error) { return a.newPassphrase(cmd.Context()) })
			}
			return a.initKeys(cmd.Context(), c, pass)
		},
	}
	cmd.Flags().BoolVar(&encrypt, "encrypt", false, "encrypt the private halves with a passphrase")
	return cmd
}

// initKeys makes the keys that are missing. Where none is, the error is that of the card key: it is there already.
func (a *app) initKeys(ctx context.Context, c *config.Config, pass issuer.Passphrase) error {
	k, cardErr := a.createKey(ctx, c, keys.Cards, pass)
	if cardErr != nil && !errors.Is(cardErr, issuer.ErrKeyExists) {
		return cardErr
	}
	if cardErr == nil {
		fmt.Fprintf(a.stdout, "made key %s of %s in %s\n", k.ID, k.Issuer, c.Keys)
	}
	k, wroteList, err := a.setUpKey(ctx, c, keys.StatusLists, pass)
	if err != nil {
		return err
	}
	if wroteList {
		fmt.Fprintf(a.stdout, "made key %s of the status lists in %s\n", k.ID, c.Keys)
		cardErr = nil
	}
	wrote, err := a.setUpDocumentKey(ctx, c, pass)
	if err != nil {
		return err
	}
	if wrote {
		fmt.Fprintf(a.stdout, "made the document key in %s\n", c.Keys)
		return nil
	}
	return cardErr
}

func (a *app) createKey(ctx context.Context, c *config.Config, purpose keys.Purpose, pass issuer.Passphrase) (keys.Key, error) {
	if err := durable.MakeFolder(c.Keys, 0o700); err != nil {
		return keys.Key{}, err
	}
	return issuer.CreateKey(ctx, c.Keys, c.Issuer.URL, purpose, pass, a.now())
}

func newKeysList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys, how many cards hang on each, and the document certificate",
		Args:  cobra.NoArgs,
		RunE:  a.listKeys,
	}
}

// listedKey is one line of what keys list prints as JSON.
type listedKey struct {
	ID        string             `json:"kid"`
	Alg       string             `json:"alg"`
	Issuer    string             `json:"issuer"`
	State     keys.State         `json:"state"`
	NotBefore string             `json:"not_before"`
	Cards     map[card.State]int `json:"cards"`
}

func (a *app) listKeys(cmd *cobra.Command, _ []string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	set, err := keys.Load(keySetPath(c))
	if err != nil {
		return err
	}
	ledger, err := register.OpenReadOnly(cmd.Context(), registerPath(c))
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	counts, err := ledger.CountByKey(cmd.Context())
	if err != nil {
		return err
	}
	list := []listedKey{}
	rows := [][]string{{"KEY", "ALGORITHM", "STATE", "IN USE SINCE", "ISSUER", "CARDS"}}
	for _, k := range set.All() {
		l := listedKey{k.ID, k.Alg, k.Issuer, k.State, k.NotBefore.Format(time.RFC3339), counts[k.ID]}
		if l.Cards == nil {
			l.Cards = map[card.State]int{}
		}
		total := 0
		for _, n := range l.Cards {
			total += n
		}
		list = append(list, l)
		rows = append(rows, []string{l.ID, l.Alg, string(l.State), l.NotBefore, l.Issuer, fmt.Sprint(total)})
	}
	document, err := a.document(c)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(struct {
			Keys     []listedKey     `json:"keys"`
			Document *listedDocument `json:"document"`
		}{list, document})
	}
	if err := a.table(rows); err != nil {
		return err
	}
	return a.printDocument(c, document)
}

func newKeysExport(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export [--out FILE]",
		Short: "Write the public key set, for cardproof-verify",
		Long: `Keys export writes the public keys with their states and times, and nothing secret. cardproof-verify reads this file; keep it in
a folder without private keys.`,
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
			if out == "" {
				_, err = a.stdout.Write(data)
				return err
			}
			return durable.WriteFile(out, data, 0o644)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the `file` to write (default: standard output)")
	return cmd
}
