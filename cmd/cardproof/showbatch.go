package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
)

// shownCard is one card of show --batch.
type shownCard struct {
	Number       string     `json:"number"`
	State        card.State `json:"state"`
	Name         string     `json:"name"`
	Course       string     `json:"course"`
	Completed    string     `json:"completed"`
	Expires      string     `json:"expires"`
	Instructor   string     `json:"instructor"`
	InstructorID string     `json:"instructor_id"`
	Class        string     `json:"class"`
	Evidence     string     `json:"evidence"` // how the prerequisites were met
	Renews       string     `json:"renews"`
	ReplacedBy   string     `json:"replaced_by"`
	// ReplacementState is where the card stands that ReplacedBy names: one that was replaced may be withdrawn all the same.
	ReplacementState card.State `json:"replacement_state"`
}

func (a *app) showBatch(ctx context.Context, id string) error {
	return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
		b, ok, err := ledger.FindBatch(ctx, id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: %s", card.ErrNoBatch, printable(id))
		}
		entries, err := ledger.BatchEntries(ctx, b.ID)
		if err != nil {
			return err
		}
		others, err := ledger.Siblings(ctx, b.ID)
		if err != nil {
			return err
		}
		s := struct {
			shownBatch
			List   []shownCard    `json:"list"`
			Others []shownSibling `json:"others"` // other batches of the same class
		}{describeBatch(b), []shownCard{}, describeSiblings(others)}
		last, err := ledger.LastReplacements(ctx, b.ID)
		if err != nil {
			return err
		}
		given, err := replacedGivenUp(ctx, ledger, b.ID, last)
		if err != nil {
			return err
		}
		for _, e := range append(entries, given...) {
			s.List = append(s.List, describeInBatch(e, last[e.Number]))
		}
		if a.json {
			return a.printJSON(s)
		}
		if err := a.printBatch(s.shownBatch, s.List); err != nil {
			return err
		}
		a.printSiblings(others, func(s card.Sibling) string { return a.command("show --batch", s.Batch) })
		return nil
	})
}

// replacedGivenUp are the cards that were taken out of a batch and issued anew: they are none of its cards, but what stands for them is.
func replacedGivenUp(ctx context.Context, ledger *register.Ledger, batch string, last map[card.Number]card.Standing) ([]card.Entry, error) {
	numbers, err := ledger.BatchGivenUp(ctx, batch)
	if err != nil {
		return nil, err
	}
	var given []card.Entry
	for _, n := range numbers {
		if _, ok := last[n]; !ok {
			continue
		}
		e, _, err := ledger.FindEntry(ctx, n)
		if err != nil {
			return nil, err
		}
		given = append(given, e)
	}
	return given, nil
}

// describeInBatch is a card of a batch; last is where the card stands that took its place in the end, if one did.
func describeInBatch(e card.Entry, last card.Standing) shownCard {
	return shownCard{
		Number: e.Number.String(), State: e.State, Name: e.Name, Course: e.Course, Completed: e.Completed.String(), Expires: e.ExpiresOn.String(),
		Instructor: e.Instructor, InstructorID: e.InstructorID, Class: e.Class, Evidence: e.Evidence, Renews: e.Renews.String(),
		ReplacedBy: last.Number.String(), ReplacementState: last.State,
	}
}

func (a *app) printBatch(b shownBatch, list []shownCard) error {
	about := [][]string{{"batch", b.ID}, {"state", string(b.State)}, {"cards", countCards(b)}, {"begun", b.At + " by " + b.Actor}}
	if b.Roster != "" {
		about = append(about, []string{"roster", printable(b.Roster)})
	}
	if b.GivenUp > 0 {
		about = append(about, []string{"given up", fmt.Sprint(b.GivenUp)})
	}
	rows, same := takeSame(batchRows(list), 3)
	if err := a.table(append(about, same...)); err != nil {
		return err
	}
	if len(list) > 0 {
		fmt.Fprintln(a.stdout)
		if err := a.fittedTable(rows, 1, len(rows[0])-1); err != nil {
			return err
		}
		if err := a.printRelations(list); err != nil {
			return err
		}
	}
	switch b.State {
	case card.BatchHeld:
		a.say("\nCompare the cards with the class list. Then put them in force, or give them up:\n  %s\n  %s\n",
			a.command("release", b.ID, "--out cards"), a.command("discard", b.ID, `--reason "..."`))
	case card.BatchUnfinished:
		a.say("\nA run broke off. Run the same command again to finish it; or give it up:\n  %s\n", a.giveUpCommand(b, list))
	}
	return nil
}

// giveUpCommand gives up what is unfinished of a batch: all of it, or where cards of it are out, those that are not.
func (a *app) giveUpCommand(b shownBatch, list []shownCard) string {
	var planned []string
	for _, c := range list {
		if c.State == card.Planned {
			planned = append(planned, c.Number)
		}
	}
	if len(planned) == len(list) {
		return a.command("discard", b.ID, `--reason "..."`)
	}
	return a.command("revoke", planned[0], `--reason "..."`)
}

// batchRows is what somebody compares who has to say whether the cards may go out, below its heading.
func batchRows(list []shownCard) [][]string {
	rows := [][]string{{"NUMBER", "NAME", "STATE", "COURSE", "COMPLETED", "VALID THROUGH", "INSTRUCTOR", "CLASS"}}
	for _, c := range list {
		until := c.Expires
		if until == card.NoExpiry.String() {
			until = "no expiry"
		}
		rows = append(rows, []string{c.Number, c.Name, inWords(c.State), c.Course, c.Completed, until, strings.Trim(c.Instructor+" "+c.InstructorID, " "), c.Class})
	}
	return rows
}

// printRelations prints what only some of the cards have.
func (a *app) printRelations(list []shownCard) error {
	for _, more := range []struct {
		heading string
		of      func(shownCard) string
	}{
		{"prerequisites", func(c shownCard) string { return c.Evidence }},
		{"replaced by", shownCard.replacement},
		{"renews", func(c shownCard) string { return c.Renews }},
	} {
		var rows [][]string
		for _, c := range list {
			if text := more.of(c); text != "" {
				rows = append(rows, []string{"  " + c.Number, text})
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(a.stdout, "\n%s\n", more.heading)
		if err := a.table(rows); err != nil {
			return err
		}
	}
	return nil
}

// takeSame takes the columns from the given one on in which all cards say the same out of a table: what holds for the whole class
// is easier to compare when it is said once.
func takeSame(rows [][]string, from int) (rest, same [][]string) {
	if len(rows) < 2 {
		return rows, nil
	}
	rest = make([][]string, len(rows))
	for i := range rows[0] {
		heading, first := rows[0][i], rows[1][i]
		if i >= from && !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[i] != first }) {
			if first != "" {
				same = append(same, []string{strings.ToLower(heading), first})
			}
			continue
		}
		for n := range rows {
			rest[n] = append(rest[n], rows[n][i])
		}
	}
	return rest, same
}

// replacement names the card that stands for this one, and its state.
func (c shownCard) replacement() string {
	if c.ReplacedBy == "" {
		return ""
	}
	return c.ReplacedBy + ", " + inWords(c.ReplacementState)
}
