package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
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
	// NoManifest leaves cards.csv out, where a single card goes to a folder that may hold a whole class.
	NoManifest bool
	Problems   []byte // of problems.csv: the refused rows; nil for none
}

func (d Delivery) writeLists(out *folder, lines []ManifestLine) error {
	if d.Problems != nil {
		if err := out.writeProblems(d.Problems); err != nil {
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
	Batch         string // the batch of this run, or where it issued nothing new, of the first card
	Issued        int
	AlreadyIssued int
	Lines         []ManifestLine // the cards that are in the output folder, in the order of the roster
	Kept          []string       // names under which lists of an earlier run were kept
}

// Issue records, signs, draws, proves, archives and delivers the cards of a plan. Where it breaks off, by an error or because
// ctx ends, what is finished stays finished, the Result says what that is, and the same roster again does the rest.
func (i *Issuer) Issue(ctx context.Context, p *Plan, d Delivery) (*Result, error) {
	return i.issue(ctx, p, d, "")
}

// issue is Issue with the reason that a replacement needs.
func (i *Issuer) issue(ctx context.Context, p *Plan, d Delivery, reason string) (*Result, error) {
	if i.Key == nil || i.Recorder == nil {
		return nil, ErrNoKey
	}
	if p.used.Swap(true) {
		return nil, ErrPlanUsed
	}
	if k, ok := i.Keys.Find(i.Key.signing.ID); !ok || !k.InUse(i.now()) {
		return nil, fmt.Errorf("%w: key %s is in use since %s", ErrClock, k.ID, k.NotBefore.Format(time.RFC3339))
	}
	out, err := openFolder(d.Dir)
	if err != nil {
		return nil, err
	}
	batch, err := i.record(ctx, p, reason)
	if err != nil {
		return nil, err
	}
	run := &production{Issuer: i, out: out, progress: d.Progress, plan: p}
	err = run.all(ctx)
	result := run.result(batch)
	if listErr := d.writeLists(out, result.Lines); err == nil {
		err = listErr // after another failure it would only be told twice
	}
	result.Kept = out.kept
	return result, err
}

// record writes the plan's cards into the register, before anything is signed. It returns the batch.
func (i *Issuer) record(ctx context.Context, p *Plan, reason string) (string, error) {
	now := i.now()
	batch, err := newBatch(now)
	if err != nil {
		return "", err
	}
	var fresh, stale []*card.Entry
	for n := range p.lines {
		switch l := &p.lines[n]; {
		case l.isNew():
			fresh = append(fresh, &l.entry)
		case l.before == card.Planned && !i.signsFor(l.entry):
			stale = append(stale, &l.entry)
		}
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
	for _, e := range fresh {
		e.State, e.Batch, e.RecordedAt, e.ChangedAt = card.Planned, batch, now, now
	}
	return batch, i.Recorder.Plan(ctx, card.Intention{
		Batch: batch, Roster: p.roster, Actor: i.Actor, Reason: reason, At: now, Entries: values(fresh),
	})
}

// signsFor says whether the key of today may sign an entry as it was planned. It may not where the key was changed between
// two runs, or the clock.
func (i *Issuer) signsFor(e card.Entry) bool {
	k, ok := i.Keys.Find(i.Key.signing.ID)
	return ok && e.KeyID == k.ID && k.InUse(e.IssuedAt)
}

// giveUp withdraws the unfinished cards that others of the plan take the place of. Nobody ever had them.
func (i *Issuer) giveUp(ctx context.Context, p *Plan, now time.Time) error {
	for _, l := range p.lines {
		if l.givesUp == "" {
			continue
		}
		_, err := i.Recorder.Change(ctx, card.Change{Number: l.givesUp, To: card.Revoked, Actor: i.Actor, At: now,
			Reason: "given up before it was issued: it was corrected"})
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
