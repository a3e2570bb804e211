package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/register"
)

func newShow(a *app) *cobra.Command {
	var batch string
	cmd := &cobra.Command{
		Use:   "show {NUMBER | --batch BATCH}",
		Short: "Show a card and its history, or a batch and its cards",
		Long: `Show prints all that the register has of a card: what is printed on it, the learner, the prerequisites, the cards before and after it,
and its history. With --batch it prints a batch and its cards, to be compared with the class list before "release".`,
		Example: `  cardproof show N0XK-J8NR-241J
  cardproof show --batch 20261121-7F3K9QWX`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) > 0) == (batch != "") {
				return fail(exitUsage, errors.New("show needs a card number or --batch, and not both"), "Give the number as it is printed, or a batch of `cardproof batches`.")
			}
			if batch != "" {
				return a.showBatch(cmd.Context(), batch)
			}
			number, err := card.ParseNumber(args[0])
			if err != nil {
				return fail(exitUsage, fmt.Errorf("%q is %w", args[0], err), "Compare it with the card.")
			}
			return a.show(cmd.Context(), number)
		},
	}
	cmd.Flags().StringVar(&batch, "batch", "", "a `batch` instead of a card")
	return cmd
}

// shown is what show prints as JSON.
type shown struct {
	Number       string       `json:"number"`
	State        card.State   `json:"state"`
	Name         string       `json:"name"`
	Email        string       `json:"email"`
	LearnerID    string       `json:"learner_id"`
	Language     string       `json:"language"` // of the learner's mails; empty for that of the centre
	Course       string       `json:"course"`
	Title        string       `json:"title"`
	Level        string       `json:"level"`
	Meets        []string     `json:"meets"`
	Completed    string       `json:"completed"`
	Issued       string       `json:"issued"`
	Expires      string       `json:"expires"`
	Instructor   string       `json:"instructor"`
	InstructorID string       `json:"instructor_id"`
	Class        string       `json:"class"`
	Batch        string       `json:"batch"`
	Key          string       `json:"key"`
	Held         bool         `json:"held"`
	Evidence     string       `json:"evidence"` // how the prerequisites were met
	Renews       string       `json:"renews"`
	RenewedBy    string       `json:"renewed_by"`
	Replaces     string       `json:"replaces"`
	ReplacedBy   string       `json:"replaced_by"`
	IssuedAnewAs string       `json:"issued_anew_as"` // the card in place of this one, which stays revoked
	VerifyURL    string       `json:"verify_url"`
	SHA256       string       `json:"sha256"`
	KeyRevoked   bool         `json:"key_revoked"` // the card fell with the key that signed it, whatever its state is
	Events       []shownEvent `json:"events"`

	Mails []shownMailEvent `json:"mails"` // what happened to them, the oldest first
}

// shownMailEvent is what happened to a mail of the card.
type shownMailEvent struct {
	At    string             `json:"at"`
	Kind  string             `json:"kind"`
	Actor string             `json:"actor"`
	State register.MailState `json:"state"`
	Words string             `json:"words"`
}

type shownEvent struct {
	At     string `json:"at"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

func (a *app) show(ctx context.Context, n card.Number) error {
	return a.withLedger(ctx, func(ledger *register.Ledger, verifyURL string) error {
		e, ok, err := ledger.FindEntry(ctx, n)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: %s", card.ErrNotFound, n)
		}
		history, err := ledger.History(ctx, n)
		if err != nil {
			return err
		}
		s := describe(e, history, verifyURL)
		revoked, err := ledger.RevokedKeys(ctx)
		if err != nil {
			return err
		}
		if since, ok := revoked[e.KeyID]; ok && !e.RecordedAt.Before(since) {
			s.KeyRevoked = true
		}
		renewal, ok, err := ledger.FindRenewal(ctx, n)
		if err != nil {
			return err
		}
		if ok {
			s.RenewedBy = renewal.String()
		}
		if e.State == card.Revoked {
			anew, ok, err := ledger.FindReplacement(ctx, n)
			if err != nil {
				return err
			}
			if ok && anew.State != card.Planned {
				s.IssuedAnewAs = anew.Number.String()
			}
		}
		if s.Mails, err = mailHistory(ctx, ledger, n); err != nil {
			return err
		}
		return a.printCard(s)
	})
}

func mailHistory(ctx context.Context, ledger *register.Ledger, n card.Number) ([]shownMailEvent, error) {
	events, err := ledger.MailHistory(ctx, n)
	shown := make([]shownMailEvent, len(events))
	for i, ev := range events {
		shown[i] = shownMailEvent{ev.At.UTC().Format(time.RFC3339), ev.Kind, ev.Actor, ev.State, ev.Words}
	}
	return shown, err
}

func (a *app) printCard(s shown) error {
	if a.json {
		return a.printJSON(s)
	}
	if err := a.table(s.rows()); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "\nhistory (UTC)")
	var rows [][]string
	for _, ev := range s.Events {
		rows = append(rows, []string{"  " + ev.At, ev.Action, "by " + ev.Actor, strings.Trim(ev.Reason+"; "+ev.Detail, "; ")})
	}
	if err := a.table(rows); err != nil || len(s.Mails) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout, "\nmails (UTC)")
	rows = nil
	for _, ev := range s.Mails {
		rows = append(rows, []string{"  " + ev.At, ev.Kind, string(ev.State), "by " + ev.Actor, printable(ev.Words)})
	}
	return a.table(rows)
}

func describe(e card.Entry, history []card.Event, verifyURL string) shown {
	s := shown{
		Number: e.Number.String(), State: e.State, Name: e.Name, Email: e.Learner.Email, LearnerID: e.Learner.ID, Language: e.Learner.Language,
		Course: e.Course, Title: e.Qualification.Title, Level: e.Qualification.Level, Meets: append([]string{}, e.Qualification.Meets...),
		Completed: e.Completed.String(), Issued: e.IssuedOn.String(), Expires: e.ExpiresOn.String(),
		Instructor: e.Instructor, InstructorID: e.InstructorID, Class: e.Class, Batch: e.Batch, Key: e.KeyID,
		Held: e.Held, Evidence: e.Evidence, Renews: e.Renews.String(), Replaces: e.Replaces.String(), ReplacedBy: e.ReplacedBy.String(), SHA256: e.SHA256, Events: []shownEvent{},
	}
	switch {
	case e.IsErased():
		s.SHA256 = ""
	case e.Token != "":
		s.VerifyURL = token.URL(verifyURL, e.Token)
	}
	for _, ev := range history {
		s.Events = append(s.Events, shownEvent{ev.At.UTC().Format(time.RFC3339), ev.Actor, ev.Action, ev.Reason, ev.Detail})
	}
	return s
}

// rows is the card for a person, without the fields that are empty.
func (s shown) rows() [][]string {
	var rows [][]string
	state := inWords(s.State)
	if s.KeyRevoked {
		state = "not in force: the key that signed it was revoked"
	}
	for _, r := range [][]string{
		{"number", s.Number}, {"state", state}, {"name", s.Name}, {"e-mail", s.Email}, {"learner id", s.LearnerID}, {"language", s.Language},
		{"course", s.Course + ", " + s.Title}, {"level", s.Level}, {"qualifies for", strings.Join(s.Meets, ", ")},
		{"completed", s.Completed}, {"issued", s.Issued}, validity("", s.Expires), {"instructor", s.Instructor},
		{"instructor id", s.InstructorID}, {"class", s.Class}, {"batch", s.Batch}, {"key", s.Key}, {"prerequisites", s.Evidence},
		{"renews", s.Renews}, {"renewed by", s.RenewedBy}, {"replaces", s.Replaces},
		{"replaced by", s.ReplacedBy}, {"issued anew as", s.IssuedAnewAs}, {"file's SHA-256", s.SHA256}, {"link", s.VerifyURL},
	} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// validity is the row of a card's last valid day. JSON keeps the day that stands for none; a person would take it for one.
func validity(indent, expires string) []string {
	if expires == card.NoExpiry.String() {
		label, text := card.NoExpiry.Validity()
		return []string{indent + strings.ToLower(label), strings.ToLower(text)}
	}
	return []string{indent + "valid through", expires}
}
