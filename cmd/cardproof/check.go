package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
)

func newCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check ROSTER",
		Short: "Say every problem of a roster; write nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCentre(cmd, func(ctx context.Context, c *centre) error { return a.check(ctx, c, args[0]) })
		},
	}
}

func (a *app) check(ctx context.Context, c *centre, path string) error {
	start := a.now()
	r, err := roster.ReadFile(path)
	if err != nil {
		return err
	}
	if _, ok := c.Keys.Active(c.URL); !ok {
		return fmt.Errorf("%w: %s", issuer.ErrNoActiveKey, c.URL) // better now than when the roster is ready
	}
	plan, err := c.Prepare(ctx, r)
	if err != nil {
		return err
	}
	a.warnDense(plan)
	a.warnLocal(c)
	s := summaryOf(plan, nil)
	s.Seconds = a.now().Sub(start).Seconds()
	if a.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else {
		a.printProblems(s.Problems)
		fmt.Fprintf(a.stdout, "%s: %s\n", path, plural(len(r.Rows), "row", "rows"))
		a.printCount("ready to be issued", plan.New()+plan.Unfinished())
		a.printCount("already issued", plan.AlreadyIssued())
		a.printCount("refused", plan.Refused())
	}
	if plan.Refused() > 0 {
		return errRefused
	}
	return nil
}

// warnLocal tells that cards lead to this very machine.
func (a *app) warnLocal(c *centre) {
	if h := c.config.Issuer.VerifyURL; strings.HasPrefix(h, "http://localhost") || strings.HasPrefix(h, "http://127.") {
		a.say("warning: these cards lead to %s, which only this machine reaches; for real cards set up a centre with `cardproof init --url https://...`\n", h)
	}
}

// warnDense tells of QR codes that a worn card or a poor camera may make unreadable.
func (a *app) warnDense(p *issuer.Plan) {
	if n := p.Dense(); n > 0 {
		a.say("warning: %s a dense QR (modules below 0.38 mm), because the name or issuer.verify_url is long; print with care\n", plural(n, "card has", "cards have"))
	}
}

// summary is what check and issue print as JSON; card-format.md, section 6, fixes its members.
type summary struct {
	Batch         string           `json:"batch"`
	Issued        int              `json:"issued"`
	AlreadyIssued int              `json:"already_issued"`
	Refused       int              `json:"refused"`
	Problems      []roster.Problem `json:"problems"`
	Out           string           `json:"out"`
	Seconds       float64          `json:"seconds"`

	Withdrawn int      `json:"withdrawn"` // of the delivered cards, those that are not in force
	Kept      []string `json:"kept"`      // files of an earlier run that were in the way, by their new names
}

func summaryOf(p *issuer.Plan, r *issuer.Result) summary {
	s := summary{AlreadyIssued: p.AlreadyIssued(), Refused: p.Refused(), Problems: p.Problems(), Kept: []string{}}
	if s.Problems == nil {
		s.Problems = []roster.Problem{}
	}
	if r != nil {
		s.Batch, s.Issued = r.Batch, r.Issued
		s.Kept = append(s.Kept, r.Kept...)
		for _, l := range r.Lines {
			if l.State != card.Issued {
				s.Withdrawn++
			}
		}
	}
	return s
}
