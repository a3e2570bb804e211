package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

func newKeysList(a *app) *cobra.Command {
	var asCSV bool
	cmd := &cobra.Command{
		Use:   "list [KID]",
		Short: "List the keys and how many cards hang on each, or the cards of one key",
		Long: `Keys list shows each key: what it signs, where it is in its life, where its private half lies, and how many cards hang on it. Of a revoked key it says how many cards
stay valid, because the register held them before, and how many read as signed by a revoked key.

With the ID of a key it tells what became of it, and lists the numbers of its cards in the order in which they were planned. Names are
not among it.`,
		Example: "  cardproof keys list\n  cardproof keys list --csv kPrK_qmxVWa > cards-of-the-key.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("keys list takes the ID of one key, or none")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && asCSV {
				return fail(exitUsage, errors.New("--csv goes with the ID of a key"), "Give the ID, or --json for all keys.")
			}
			return a.withKeys(cmd.Context(), func(r *keyring) error {
				if len(args) == 1 {
					return a.listKeyCards(cmd.Context(), r, args[0], asCSV)
				}
				return a.listKeys(cmd.Context(), r)
			})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print the cards of a key as CSV")
	return cmd
}

// listedKey is one key of what keys list prints as JSON.
type listedKey struct {
	ID           string             `json:"kid"`
	Alg          string             `json:"alg"`
	Issuer       string             `json:"issuer"`
	Purpose      keys.Purpose       `json:"signs"`
	State        keys.State         `json:"state"`
	NotBefore    string             `json:"not_before"`
	RetiredAt    string             `json:"retired_at,omitempty"`
	RevokedSince string             `json:"revoked_since,omitempty"`
	PrivateKey   string             `json:"private_key"` // a file, or a key in a token; empty where it is not here
	Cards        map[card.State]int `json:"cards"`
	Stay         *int               `json:"stay,omitempty"` // of a revoked key: how many cards it still speaks for
	Fall         *int               `json:"fall,omitempty"` // and how many it does not
}

func (a *app) listKeys(ctx context.Context, r *keyring) error {
	list, err := r.listed(ctx)
	if err != nil {
		return err
	}
	document, err := a.document(r.config)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(struct {
			Keys     []listedKey     `json:"keys"`
			Document *listedDocument `json:"document"`
		}{list, document})
	}
	rows := [][]string{{"KEY", "SIGNS", "STATE", "IN USE SINCE", "RETIRED AT", "REVOKED SINCE", "ISSUER", "PRIVATE KEY", "CARDS"}}
	for i, k := range r.set.All() {
		l := list[i]
		rows = append(rows, []string{l.ID, signs(k.Purpose), string(l.State), l.NotBefore, l.RetiredAt, l.RevokedSince, l.Issuer, l.privateKey(), l.says()})
	}
	if err := a.table(rows); err != nil {
		return err
	}
	return a.printDocument(r.config, document)
}

// listed are the keys of the set, with what hangs on each.
func (r *keyring) listed(ctx context.Context) ([]listedKey, error) {
	uses, err := r.ledger.KeyUses(ctx)
	if err != nil {
		return nil, err
	}
	list := []listedKey{}
	for _, k := range r.set.All() {
		l := listedKey{
			ID: k.ID, Alg: k.Alg, Issuer: k.Issuer, Purpose: k.Purpose, State: k.State,
			NotBefore: stamp(k.NotBefore), RetiredAt: stamp(k.RetiredAt), RevokedSince: stamp(k.RevokedSince),
			PrivateKey: issuer.WhereKey(r.config.Keys, k), Cards: uses[k.ID].Cards,
		}
		if l.Cards == nil {
			l.Cards = map[card.State]int{}
		}
		if k.State == keys.Revoked {
			before, since, err := r.ledger.CountRecorded(ctx, k.ID, k.RevokedSince)
			if err != nil {
				return nil, err
			}
			stay, fall := total(before), total(since)
			l.Stay, l.Fall = &stay, &fall
		}
		list = append(list, l)
	}
	return list, nil
}

// says is what hangs on the key, for a person.
func (l listedKey) says() string {
	if l.Purpose != keys.Cards {
		return "-"
	}
	text := cardsByState(l.Cards)
	if l.Stay != nil {
		text += fmt.Sprintf(": %d stay, %d fall", *l.Stay, *l.Fall)
	}
	return text
}

// privateKey is where the private half lies, for a person who knows the key folder.
func (l listedKey) privateKey() string {
	if strings.HasPrefix(l.PrivateKey, "pkcs11:") || l.PrivateKey == "" {
		return orNone(l.PrivateKey)
	}
	return filepath.Base(l.PrivateKey)
}

func total(cards map[card.State]int) int {
	sum := 0
	for _, n := range cards {
		sum += n
	}
	return sum
}

// keyCard is one card of a key as keys list prints it.
type keyCard struct {
	Number     string     `json:"number"`
	State      card.State `json:"state"`
	Batch      string     `json:"batch"`
	RecordedAt string     `json:"recorded_at"`
	Key        string     `json:"key"` // stays, or falls: whether the key still speaks for the card
}

func newKeyCard(k keys.Key, c register.KeyCard) keyCard {
	out := keyCard{c.Number.String(), c.State, c.Batch, stamp(c.RecordedAt), "stays"}
	if !k.Believes(c.RecordedAt) {
		out.Key = "falls"
	}
	return out
}

func (c keyCard) row() []string {
	return []string{c.Number, string(c.State), c.Batch, c.RecordedAt, c.Key}
}

func (a *app) listKeyCards(ctx context.Context, r *keyring, id string, asCSV bool) error {
	k, err := r.find(id)
	if err != nil {
		return err
	}
	found, err := r.ledger.KeyCards(ctx, k.ID)
	if err != nil {
		return err
	}
	cards := []keyCard{}
	for _, c := range found {
		cards = append(cards, newKeyCard(k, c))
	}
	history, err := r.ledger.KeyHistory(ctx, k.ID)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"kid": k.ID, "state": k.State, "history": listedHistory(history), "cards": cards})
	}
	rows := [][]string{{"NUMBER", "STATE", "BATCH", "RECORDED AT", "KEY"}}
	if asCSV {
		rows = [][]string{{"number", "state", "batch", "recorded_at", "key"}}
	}
	for _, c := range cards {
		rows = append(rows, c.row())
	}
	if asCSV {
		return csv.NewWriter(a.stdout).WriteAll(rows)
	}
	for _, e := range listedHistory(history) {
		fmt.Fprintln(a.stdout, strings.TrimSpace(fmt.Sprintf("%s  %s since %s, by %s  %s", e.At, e.Action, e.Since, printable(e.Actor), printable(e.Reason))))
	}
	fmt.Fprintln(a.stdout)
	return a.table(rows)
}

// keyHappened is one event of a key as keys list prints it.
type keyHappened struct {
	At     string             `json:"at"`
	Action register.KeyAction `json:"action"`
	Since  string             `json:"since"`
	Actor  string             `json:"actor"`
	Reason string             `json:"reason"`
}

func listedHistory(events []register.KeyEvent) []keyHappened {
	list := []keyHappened{}
	for _, e := range events {
		list = append(list, keyHappened{stamp(e.At), e.Action, stamp(e.Since), e.Actor, e.Reason})
	}
	return list
}
