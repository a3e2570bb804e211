package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

func newLinks(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "links",
		Short: "The private links by which learners see and download their cards",
		Long: `A link leads to the page of one learner: all their cards, the files to download, and the QR code to show. Whoever has it needs no account,
so it is a secret. The register keeps only its SHA-256: a link can't be shown again, but another one made.

A learner is named by the number of any of their cards, or by their e-mail address.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.linksCommand("list", "List the links of a learner, without the secrets", a.listLinks),
		a.linksCommand("make", "Make a link for a learner, and print it", a.makeLink),
		a.linksCommand("revoke", "End all links of a learner", a.revokeLinks),
	)
	return cmd
}

func (a *app) linksCommand(name, short string, do func(context.Context, whose) error) *cobra.Command {
	return &cobra.Command{
		Use:     name + " {NUMBER | E-MAIL}",
		Short:   short,
		Example: fmt.Sprintf("  cardproof links %[1]s N0XK-J8NR-241J\n  cardproof links %[1]s ana@example.org", name),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("links " + name + " takes the number of a card, or an e-mail address")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := readWhose(args[0])
			if err != nil {
				return err
			}
			return do(cmd.Context(), w)
		},
	}
}

// whose says how a learner was named: by the number of a card, or by an e-mail address.
type whose struct {
	number card.Number
	email  string
}

func readWhose(arg string) (whose, error) {
	if strings.Contains(arg, "@") {
		m, err := mail.ParseAddress(arg)
		if err != nil || m.Address != arg {
			return whose{}, fail(exitUsage, fmt.Errorf("%q is no e-mail address", arg), "Write it such as ana@example.org, or give the number of a card.")
		}
		return whose{email: arg}, nil
	}
	number, err := card.ParseNumber(arg)
	if err != nil {
		return whose{}, fail(exitUsage, fmt.Errorf("%q is %w", arg, err), "Compare it with the card, or give the learner's e-mail address.")
	}
	return whose{number: number}, nil
}

// learners are those that w names. Of a card there is one; of an address there may be several, or none.
func (w whose) learners(ctx context.Context, ledger *register.Ledger) ([]card.LearnerKey, error) {
	if w.email != "" {
		return ledger.LearnersByEmail(ctx, w.email)
	}
	keys, err := ledger.LearnerOfCard(ctx, w.number)
	return keys[:min(1, len(keys))], err
}

// all are the keys under which the links of w may stand: also earlier names of a learner, and an address that no card has any more.
func (w whose) all(ctx context.Context, ledger *register.Ledger) ([]card.LearnerKey, error) {
	if w.email == "" {
		return ledger.LearnerOfCard(ctx, w.number)
	}
	keys, err := ledger.LearnersByEmail(ctx, w.email)
	return append(keys, card.LearnerKey{Email: w.email}), err
}

// listedLink is one link of what links list prints as JSON.
type listedLink struct {
	LearnerID string `json:"learner_id"`
	Email     string `json:"email"`
	Name      string `json:"name"` // of the learner, or as the register folds it: learners may share an address
	CreatedAt string `json:"created_at"`
	CreatedBy string `json:"created_by"`
	RevokedAt string `json:"revoked_at"` // empty while it is in force
	RevokedBy string `json:"revoked_by"`
}

func (a *app) listLinks(ctx context.Context, w whose) error {
	return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
		keys, err := w.all(ctx, ledger)
		if err != nil {
			return err
		}
		links, err := ledger.Links(ctx, keys)
		if err != nil {
			return err
		}
		list := []listedLink{}
		rows := [][]string{{"MADE AT", "BY", "FOR", "NAME", "REVOKED AT", "BY"}}
		for _, l := range links {
			one := listedLink{l.LearnerID, l.Email, l.Name, stamp(l.CreatedAt), l.CreatedBy, stamp(l.RevokedAt), l.RevokedBy}
			list = append(list, one)
			who := strings.Trim(printable(l.LearnerID)+" "+printable(l.Email), " ")
			rows = append(rows, []string{one.CreatedAt, printable(l.CreatedBy), who, printable(l.Name), one.RevokedAt, printable(l.RevokedBy)})
		}
		if a.json {
			return a.printJSON(map[string][]listedLink{"links": list})
		}
		if len(list) == 0 {
			a.say("There is no link for this learner. `cardproof links make` makes one.\n")
			return nil
		}
		return a.table(rows)
	})
}

func (a *app) makeLink(ctx context.Context, w whose) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	return a.withWriter(ctx, func(ctx context.Context, db *register.DB) error {
		keys, err := w.learners(ctx, db.Ledger)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return fail(exitFailed, errors.New("no card that is out has this e-mail address"),
				"Give the number of a card of the learner. `cardproof replace NUMBER --email ADDRESS` corrects an address.")
		}
		if len(keys) > 1 {
			return fail(exitFailed, fmt.Errorf("%d learners have this e-mail address", len(keys)),
				"Each has a link of their own: give the number of a card of the one who is meant.")
		}
		secret, err := db.NewLink(ctx, keys[0], actor(), a.now().UTC())
		if errors.Is(err, register.ErrNoLearner) {
			return fail(exitFailed, errors.New("the register has neither a learner ID nor an e-mail address of this learner"),
				"A link needs one of them, to tell the learner from namesakes. `cardproof replace NUMBER --email ADDRESS` adds an address.")
		}
		if err != nil {
			return err
		}
		language, err := db.LanguageOf(ctx, keys[0].Email)
		if err != nil {
			return err
		}
		link := work.LinkURL(c.Issuer.VerifyURL, secret, language)
		if a.json {
			return a.printJSON(map[string]string{"link": link})
		}
		fmt.Fprintln(a.stdout, link)
		a.say("Give it to nobody but this learner: whoever has it sees their cards. It is not kept, and can't be shown again.\n")
		return nil
	})
}

func (a *app) revokeLinks(ctx context.Context, w whose) error {
	return a.withWriter(ctx, func(ctx context.Context, db *register.DB) error {
		keys, err := w.all(ctx, db.Ledger)
		if err != nil {
			return err
		}
		n, err := db.RevokeLinks(ctx, keys, actor(), a.now().UTC())
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(map[string]int{"revoked": n})
		}
		fmt.Fprintf(a.stdout, "revoked %s\n", plural(n, "link", "links"))
		return nil
	})
}
