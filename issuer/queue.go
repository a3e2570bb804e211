package issuer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf"
)

// Enlisted is a plan on record whose cards others make, by Make, on whatever machine.
type Enlisted struct {
	Batch   string   // as Result.Batch
	Batches []string // all that have cards to be made, or that the plan has begun
	plan    *Plan
}

// Enlist records the cards of a plan and makes none. Where d has refused rows, it writes them into its folder, which it tries out in any case.
func (i *Issuer) Enlist(ctx context.Context, p *Plan, d Delivery) (*Enlisted, error) {
	if err := i.mayIssue(); err != nil {
		return nil, err
	}
	if p.used.Swap(true) {
		return nil, ErrPlanUsed
	}
	var out *folder
	if d.Dir != "" {
		var err error
		if out, err = openFolder(d.Dir); err != nil {
			return nil, err
		}
	}
	batch, err := i.record(ctx, p)
	if err != nil {
		return nil, err
	}
	e := &Enlisted{Batch: batch, plan: p}
	for _, l := range p.lines {
		if (l.isNew() || l.isUnfinished()) && !slices.Contains(e.Batches, l.entry.Batch) {
			e.Batches = append(e.Batches, l.entry.Batch)
		}
	}
	if out == nil {
		return e, nil
	}
	return e, d.writeLists(out, nil)
}

// Gather delivers what was made of a plan by then, as Issue does: the folder is the same as after a run that made all of it. Of a held plan it
// makes sure that the files are in the archive. A card that is not made yet is left out, and so is its line in the list.
//
// Hours may lie between Enlist and Gather, so every card is looked up anew, also those that were issued before: what was withdrawn meanwhile is
// not handed out. The caller brings Keys up to date first, and sees to it that nobody else issues, erases or changes keys until the end.
func (i *Issuer) Gather(ctx context.Context, e *Enlisted, d Delivery) (*Result, error) {
	run, err := i.standing(ctx, e.plan)
	if err != nil {
		return nil, err
	}
	var out *folder
	if !e.plan.held || d.Problems != nil && d.Dir != "" {
		if out, err = openFolder(d.Dir); err != nil {
			return nil, err
		}
	}
	run.out, run.progress = out, d.Progress
	err = run.all(ctx)
	result := run.result(e.Batch)
	result.Batches = e.Batches
	if out == nil {
		return result, err
	}
	if listErr := d.writeLists(out, result.Lines); err == nil {
		err = listErr
	}
	result.Kept = out.kept
	return result, err
}

// standing is a run that delivers the cards of a plan as they stand now. Those that nobody can get any more are lost to it.
func (i *Issuer) standing(ctx context.Context, plan *Plan) (*production, error) {
	now, err := i.entriesOf(ctx, plan)
	if err != nil {
		return nil, err
	}
	p := &Plan{roster: plan.roster, held: plan.held, refused: plan.refused}
	run := &production{Issuer: i, plan: p}
	for _, l := range plan.lines {
		toMake := l.isNew() || l.isUnfinished()
		found, ok := now[l.entry.Number]
		switch {
		case !ok, toMake && isWithdrawn(found): // given up by somebody, and nobody's card
			run.lost = append(run.lost, &RowError{l.row, &card.MoveError{Number: l.entry.Number, From: card.Revoked, To: card.Issued}})
			continue
		case found.State == card.Planned && found.Token == "":
			continue
		case found.State == card.Planned && !i.believes(found): // to be planned anew with another key
			run.lost = append(run.lost, &RowError{l.row, fmt.Errorf("%w: %s", ErrKeyNotActive, found.KeyID)})
			continue
		case toMake && found.State != card.Planned:
			run.issued++
		}
		l.entry = &found
		p.lines = append(p.lines, l)
	}
	return run, nil
}

// entriesOf are the cards of a plan as they stand now.
func (i *Issuer) entriesOf(ctx context.Context, p *Plan) (map[card.Number]card.Entry, error) {
	numbers := make([]card.Number, len(p.lines))
	for n, l := range p.lines {
		numbers[n] = l.entry.Number
	}
	entries, err := i.Register.FindEntries(ctx, numbers)
	if err != nil {
		return nil, err
	}
	found := make(map[card.Number]card.Entry, len(entries))
	for _, one := range entries {
		found[one.Number] = one
	}
	return found, nil
}

// CardsError says that cards can't be made, for what is wrong with these cards: another machine would fare no better.
type CardsError struct {
	Faults map[card.Number]error
}

func (e *CardsError) Error() string {
	first := slices.Min(slices.Collect(maps.Keys(e.Faults)))
	text := fmt.Sprintf("card %s can't be made: %s", first, faultText(e.Faults[first]))
	if n := len(e.Faults) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more of its part)", n)
	}
	return text
}

// faultText says what is wrong with a card without a word of its holder.
func faultText(err error) string {
	var lapsed *card.LapsedError
	switch {
	case errors.Is(err, ErrUnproved):
		return ErrUnproved.Error()
	case errors.As(err, &lapsed):
		return "a card that it presupposes is " + string(lapsed.State)
	}
	return "it can't be drawn"
}

// clockTolerance is how far the clock of a machine that makes cards may be behind that of the one that planned them.
const clockTolerance = time.Minute

// Make makes those of the numbers that are still planned, as Issue does: it signs, draws, seals, proves and archives them, and records them as
// issued, or those of a held batch as proved. What another has made meanwhile, or somebody has given up, is passed over. It signs with no
// other key than each card was planned for: other says which cards wait for which other key.
//
// The error is a *CardsError for what is wrong with cards; all others are of this machine, or of what it can't reach: ErrKeyNotActive,
// ErrClock, ctx's, or what the archive, the register or the key's token said. What was finished before is on record in any case.
func (i *Issuer) Make(ctx context.Context, numbers []card.Number) (other map[string][]card.Number, err error) {
	if err := i.mayIssue(); err != nil {
		return nil, err
	}
	faults := map[card.Number]error{}
	const mostRounds = 3 // of a part that is planned anew while it is made
	for round := 0; ; {
		var run *production
		if run, other, err = i.rest(ctx, numbers, faults); err != nil {
			return nil, err
		}
		if len(run.plan.lines) == 0 {
			break
		}
		err = run.all(ctx)
		if errors.Is(err, card.ErrConflict) && round < mostRounds {
			round++
			continue
		}
		if err == nil || run.findFaults(err, faults) == 0 {
			break // a card that was given up meanwhile is lost to this run, and no fault
		}
	}
	if lost := (*UndeliveredError)(nil); err != nil && !errors.As(err, &lost) && !isFault(err) {
		return other, err
	}
	if len(faults) > 0 {
		return other, &CardsError{faults}
	}
	return other, nil
}

// rest is what is still to be made of the numbers with this key, without those that have a fault, and what waits for other keys.
func (i *Issuer) rest(ctx context.Context, numbers []card.Number, faults map[card.Number]error) (run *production, other map[string][]card.Number, err error) {
	entries, err := i.Register.FindEntries(ctx, numbers)
	if err != nil {
		return nil, nil, err
	}
	other = map[string][]card.Number{}
	p := &Plan{}
	for n := range entries {
		e := &entries[n]
		switch {
		case e.State != card.Planned || e.Token != "" || faults[e.Number] != nil:
			continue
		case e.KeyID != i.Key.signing.ID:
			other[e.KeyID] = append(other[e.KeyID], e.Number)
			continue
		case i.now().Before(e.IssuedAt.Add(-clockTolerance)):
			return nil, nil, fmt.Errorf("%w: a card was planned at %s", ErrClock, e.IssuedAt.Format(time.RFC3339))
		case !i.canFinish(*e):
			return nil, nil, fmt.Errorf("%w: %s", ErrKeyNotActive, e.KeyID)
		}
		p.held = e.Held
		p.lines = append(p.lines, line{row: len(p.lines) + 1, entry: e, before: card.Planned})
	}
	return &production{Issuer: i, plan: p}, other, nil
}

// findFaults adds the cards that a run could not make for what is wrong with them, and says how many there are.
func (p *production) findFaults(err error, faults map[card.Number]error) (found int) {
	rows := []*RowError{}
	if lost := (*UndeliveredError)(nil); errors.As(err, &lost) {
		rows = lost.Rows
	} else if row := (*RowError)(nil); errors.As(err, &row) {
		rows = append(rows, row)
	}
	for _, row := range rows {
		if isFault(row) && row.Row > 0 && row.Row <= len(p.plan.lines) {
			faults[p.plan.lines[row.Row-1].entry.Number] = row.Err
			found++
		}
	}
	return found
}

// isFault says whether an error is about a card, and not about the machine that was to make it.
func isFault(err error) bool {
	var undrawable *pdf.UndrawableError
	var lapsed *card.LapsedError
	return errors.Is(err, ErrUnproved) || errors.Is(err, pdf.ErrTooLong) || errors.As(err, &undrawable) || errors.As(err, &lapsed)
}
