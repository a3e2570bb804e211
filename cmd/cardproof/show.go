package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/register"
)

func newShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show NUMBER",
		Short: "Show a card and its history",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			return a.show(cmd.Context(), numbers[0])
		},
	}
}

// shown is what show prints as JSON.
type shown struct {
	Number       string       `json:"number"`
	State        card.State   `json:"state"`
	Name         string       `json:"name"`
	Email        string       `json:"email"`
	LearnerID    string       `json:"learner_id"`
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
	Replaces     string       `json:"replaces"`
	ReplacedBy   string       `json:"replaced_by"`
	VerifyURL    string       `json:"verify_url"`
	SHA256       string       `json:"sha256"`
	Events       []shownEvent `json:"events"`
}

type shownEvent struct {
	At     string `json:"at"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

func (a *app) show(ctx context.Context, n card.Number) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	ledger, err := register.OpenReadOnly(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
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
	s := describe(e, history, c.Issuer.VerifyURL)
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
	return a.table(rows)
}

func describe(e card.Entry, history []card.Event, verifyURL string) shown {
	s := shown{
		Number: e.Number.String(), State: e.State, Name: e.Name, Email: e.Learner.Email, LearnerID: e.Learner.ID,
		Course: e.Course, Title: e.Qualification.Title, Level: e.Qualification.Level, Meets: append([]string{}, e.Qualification.Meets...),
		Completed: e.Completed.String(), Issued: e.IssuedOn.String(), Expires: e.ExpiresOn.String(),
		Instructor: e.Instructor, InstructorID: e.InstructorID, Class: e.Class, Batch: e.Batch, Key: e.KeyID,
		Replaces: e.Replaces.String(), ReplacedBy: e.ReplacedBy.String(), SHA256: e.SHA256, Events: []shownEvent{},
	}
	if e.Token != "" {
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
	for _, r := range [][]string{
		{"number", s.Number}, {"state", inWords(s.State)}, {"name", s.Name}, {"e-mail", s.Email}, {"learner id", s.LearnerID},
		{"course", s.Course + ", " + s.Title}, {"level", s.Level}, {"qualifies for", strings.Join(s.Meets, ", ")},
		{"completed", s.Completed}, {"issued", s.Issued}, {"valid through", s.Expires}, {"instructor", s.Instructor},
		{"instructor id", s.InstructorID}, {"class", s.Class}, {"batch", s.Batch}, {"key", s.Key}, {"replaces", s.Replaces},
		{"replaced by", s.ReplacedBy}, {"file's SHA-256", s.SHA256}, {"link", s.VerifyURL},
	} {
		if r[1] != "" {
			rows = append(rows, r)
		}
	}
	return rows
}
