package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

// The ways in which a plan can't be issued.
var (
	ErrPlanUsed = errors.New("this plan was issued already; prepare the roster again")
	ErrNoKey    = errors.New("the issuer was opened for checks only, without its private key")
)

// Delivery says where the finished files of a batch go.
type Delivery struct {
	Dir      string         // the output folder; it is made if need be
	Progress func(done int) // called once for each card that is in Dir, from one goroutine; may be nil
	// NoManifest leaves cards.csv as it is. Replace brings it up to date by itself.
	NoManifest bool
	// The refused rows, as problems.csv and problems.xlsx; nil for none.
	Problems, ProblemsWorkbook []byte
}

func (d Delivery) writeLists(out *folder, lines []ManifestLine) error {
	if err := errors.Join(out.sync(), out.sweep(lines)); err != nil {
		return err
	}
	for _, list := range []struct {
		name string
		data []byte
	}{{ProblemsName, d.Problems}, {ProblemsWorkbookName, d.ProblemsWorkbook}} {
		if list.data == nil {
			continue
		}
		if err := out.writeProblems(list.name, list.data); err != nil {
			return err
		}
	}
	if d.NoManifest || len(lines) == 0 {
		return nil
	}
	return out.writeManifest(lines)
}

// Result is what came of a batch.
type Result struct {
	Batch string // the batch of this run, or where it recorded nothing new, the first of Batches, or else that of the first card
	// Batches are all that this run recorded or finished cards of, its own first; a held batch that was begun in two runs is two.
	Batches       []string
	Issued        int
	Held          int // made and proved, waiting for the release of their batch
	AlreadyIssued int
	GivenUp       int // of Release: the cards of the batch that were given up before
	// Lines are the cards of the roster in its order. One that is not in force is not in the output folder, and its File is empty.
	Lines []ManifestLine
	// Relisted says that a cards.csv of the folder was brought up to date with a replacement.
	Relisted bool
	Kept     []string // names under which lists of an earlier run were kept
}

// Issue records, signs, draws, proves, archives and delivers the cards of a plan. Where it breaks off, by an error or because
// ctx ends, what is finished stays finished, the Result says what that is, and the same roster again does the rest.
//
// The cards of a held plan are not delivered: Release does that.
func (i *Issuer) Issue(ctx context.Context, p *Plan, d Delivery) (*Result, error) {
	if err := i.mayIssue(); err != nil {
		return nil, err
	}
	if p.used.Swap(true) {
		return nil, ErrPlanUsed
	}
	var out *folder
	if !p.held || d.Problems != nil && d.Dir != "" {
		var err error
		if out, err = openFolder(d.Dir); err != nil {
			return nil, err
		}
	}
	batch, err := i.record(ctx, p)
	if err != nil {
		return nil, err
	}
	run := &production{Issuer: i, out: out, progress: d.Progress, plan: p}
	err = run.all(ctx)
	result := run.result(batch)
	if out == nil {
		return result, err
	}
	if listErr := d.writeLists(out, result.Lines); err == nil {
		err = listErr // after another failure it would only be told twice
	}
	result.Kept = out.kept
	return result, err
}

// mayIssue says whether there is a key that signs today.
func (i *Issuer) mayIssue() error {
	if i.Key == nil || i.Recorder == nil {
		return ErrNoKey
	}
	k, ok := i.Keys.Find(i.Key.signing.ID)
	if ok && k.State != keys.Active {
		return fmt.Errorf("%w: %s", ErrKeyNotActive, k.ID)
	}
	if !ok || !k.InUse(i.now()) {
		return fmt.Errorf("%w: key %s is in use since %s", ErrClock, k.ID, k.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// record writes the plan's cards into the register, before anything is signed. It returns the batch.
func (i *Issuer) record(ctx context.Context, p *Plan) (string, error) {
	now := i.now()
	batch, err := newBatch(now)
	if err != nil {
		return "", err
	}
	var fresh, stale []*card.Entry
	catalogue := i.frozen()
	for n := range p.lines {
		switch l := &p.lines[n]; {
		case l.isNew():
			if err := i.makeEntry(l, catalogue); err != nil {
				return "", err
			}
			fresh = append(fresh, l.entry)
		case l.isUnfinished() && !i.canFinish(*l.entry):
			l.entry.Token, l.entry.SHA256 = "", ""
			stale = append(stale, l.entry)
		}
	}
	if err := i.amend(ctx, p, now); err != nil {
		return "", err
	}
	if err := i.giveUp(ctx, p, now); err != nil {
		return "", err
	}
	if err := i.complete(ctx, append(fresh, stale...), now); err != nil {
		return "", err
	}
	if len(stale) > 0 {
		if err := i.Recorder.Replan(ctx, i.Actor, now, values(stale)); err != nil {
			return "", err
		}
	}
	if len(fresh) == 0 {
		return p.earlierBatch(), nil
	}
	if err := i.nameRenewed(ctx, fresh); err != nil {
		return "", err
	}
	entries, err := i.Catalogue.Entries()
	if err != nil {
		return "", err
	}
	for _, e := range fresh {
		e.State, e.Batch, e.Held, e.RecordedAt, e.ChangedAt = card.Planned, batch, p.held, now, now
	}
	return batch, i.Recorder.Plan(ctx, card.Intention{
		Batch: batch, Roster: p.roster, Actor: i.Actor, Reason: p.reason, At: now, Held: p.held, Entries: values(fresh), Catalogue: entries,
	})
}

// makeEntry makes the card of a line that has none yet.
func (i *Issuer) makeEntry(l *line, catalogue *frozen) error {
	if l.entry != nil {
		return nil
	}
	e, err := i.entryOf(*l, catalogue)
	l.entry, l.completion = &e, nil
	return err
}

// nameRenewed notes in each card the one of the same learner and course that it renews: the last of an earlier completion that
// was not withdrawn for good.
func (i *Issuer) nameRenewed(ctx context.Context, fresh []*card.Entry) error {
	var learners []card.LearnerKey
	var of []*card.Entry
	for _, e := range fresh {
		if e.Replaces == "" {
			learners = append(learners, card.LearnerKey{ID: e.Learner.ID, Email: e.Learner.Email, Name: e.Name})
			of = append(of, e)
		}
	}
	found, err := i.Register.FindCards(ctx, learners)
	if err != nil {
		return err
	}
	for n, e := range of {
		var last card.Entry
		for _, old := range found[n] {
			inForce := old.State == card.Issued || old.State == card.Suspended
			if inForce && old.Course == e.Course && old.Completed.Before(e.Completed) && last.Completed.Before(old.Completed) {
				last = old
			}
		}
		e.Renews = last.Number
	}
	return nil
}

// canFinish says whether a card can be finished as it was planned. One that is signed and proved can, though its key was retired
// meanwhile, unless that was revoked. Any other is planned anew where the key was changed between two runs, or the clock.
func (i *Issuer) canFinish(e card.Entry) bool {
	if e.Token != "" {
		return i.believes(e)
	}
	k, ok := i.Keys.Find(i.Key.signing.ID)
	return ok && e.KeyID == k.ID && k.InUse(e.IssuedAt)
}

// believes says whether the key that a card was planned for still speaks for it.
func (i *Issuer) believes(e card.Entry) bool {
	k, ok := i.Keys.Find(e.KeyID)
	return ok && k.InUse(e.IssuedAt) && k.Believes(e.RecordedAt)
}

// giveUp withdraws the unfinished cards that others of the plan take the place of. Nobody ever had them.
func (i *Issuer) giveUp(ctx context.Context, p *Plan, now time.Time) error {
	for _, l := range p.lines {
		if l.givesUp == "" {
			continue
		}
		_, err := i.Recorder.Change(ctx, card.Change{Number: l.givesUp, To: card.Revoked, Actor: i.Actor, At: now,
			Reason: "given up before it was issued: it was corrected", Detail: "planned anew"})
		var move *card.MoveError
		if errors.As(err, &move) && move.From == move.To {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// amend gives the register the e-mail addresses that it takes from the roster.
func (i *Issuer) amend(ctx context.Context, p *Plan, now time.Time) error {
	for n := range p.amended {
		a := &p.amended[n]
		a.Actor, a.At, a.Reason = i.Actor, now, asInRoster+p.roster
	}
	return i.Recorder.Amend(ctx, p.amended)
}

// complete gives entries what is known only when they are recorded: time, place in a status list, and the digest of the token
// that will be signed.
func (i *Issuer) complete(ctx context.Context, entries []*card.Entry, now time.Time) error {
	var slots []card.StatusSlot
	if i.StatusList && len(entries) > 0 {
		var err error
		if slots, err = i.Recorder.ReserveStatus(ctx, len(entries)); err != nil {
			return err
		}
	}
	for n, e := range entries {
		e.IssuedAt, e.IssuedOn, e.Issuer = now, card.DateOf(now.In(i.Location)), i.URL
		e.KeyID = i.Key.signing.ID
		e.Status = nil
		if slots != nil {
			e.Status = slots[n].Ref(i.URL)
		}
		var err error
		if e.Digest, err = token.Digest(e.Card, i.Key.signing.Alg, e.KeyID); err != nil {
			return fmt.Errorf("card %s: %w", e.Number, err)
		}
	}
	return nil
}

func (p *Plan) earlierBatch() string {
	for _, l := range p.lines {
		if l.isUnfinished() {
			return l.entry.Batch
		}
	}
	if len(p.lines) == 0 {
		return ""
	}
	return p.lines[0].entry.Batch
}

func values(entries []*card.Entry) []card.Entry {
	out := make([]card.Entry, len(entries))
	for n, e := range entries {
		out[n] = *e
	}
	return out
}

// newBatch is a batch's name: the day, so that a person finds it, and 40 random bits, so that no two are the same.
func newBatch(now time.Time) (string, error) {
	n, err := card.NewNumber(rand.Reader)
	if err != nil {
		return "", err
	}
	return now.Format("20060102") + "-" + n.Compact()[:8], nil
}
