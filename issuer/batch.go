package issuer

import (
	"context"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/card"
)

// Release puts the cards of a held batch in force, all or none, and delivers them where d names a folder. Before that it sees
// to it that every finished file is in the archive as it was proved, and judges prerequisites and classes again. The same call again
// delivers the batch once more.
//
// The error is card.ErrNoBatch, card.ErrNotHeld, card.ErrUnproved, card.ErrDiscarded, a *StaleError, a *FilesLostError where
// files are missing before the release, a *KeyLostError where the key that signed cards was revoked meanwhile, an *UndeliveredError where they are after it, or what the register or the folder said.
func (i *Issuer) Release(ctx context.Context, batch string, d Delivery) (*Result, error) {
	if i.Recorder == nil {
		return nil, ErrNoKey
	}
	b, err := i.findBatch(ctx, batch)
	if err != nil {
		return nil, err
	}
	var out *folder
	if d.Dir != "" {
		if out, err = openFolder(d.Dir); err != nil {
			return nil, err
		}
	}
	if err := i.checkKeys(ctx, b.ID); err != nil {
		return nil, err
	}
	if err := i.checkFiles(ctx, b.ID); err != nil {
		return nil, err
	}
	if err := i.recheck(ctx, b.ID); err != nil {
		return nil, err
	}
	if err := i.removeGivenUp(ctx, b.ID); err != nil {
		return nil, err
	}
	released, err := i.Recorder.Release(ctx, b.ID, i.Actor, i.now())
	if lapsed := (*card.LapsedError)(nil); errors.As(err, &lapsed) {
		if stale := i.recheck(ctx, b.ID); stale != nil { // it was withdrawn between the two: say so as if before
			return nil, stale
		}
	}
	if err != nil {
		return nil, err
	}
	result := &Result{Batch: b.ID, Issued: len(released), GivenUp: b.GivenUp}
	if out == nil {
		return result, nil
	}
	return result, i.deliverBatch(ctx, result, out, d)
}

func (i *Issuer) findBatch(ctx context.Context, id string) (card.Batch, error) {
	b, ok, err := i.Register.FindBatch(ctx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", card.ErrNoBatch, id)
	}
	return b, err
}

// FilesLostError says that files of a batch that waits are missing or altered. Nothing of it was released.
type FilesLostError struct {
	Batch string
	Lost  *UndeliveredError
}

func (e *FilesLostError) Error() string {
	return fmt.Sprintf("nothing of batch %s was released: %v", e.Batch, e.Lost)
}

// Unwrap answers the files.
func (e *FilesLostError) Unwrap() error { return e.Lost }

// checkFiles sees to it that no card is released whose file is lost.
func (i *Issuer) checkFiles(ctx context.Context, batch string) error {
	entries, err := i.Register.BatchEntries(ctx, batch)
	if err != nil {
		return err
	}
	var lost []*RowError
	for _, e := range entries {
		if e.State != card.Planned || e.Token == "" { // the register refuses the second kind itself
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := i.Archive.Get(ctx, e.Number, e.SHA256); isDown(err) {
			return err
		} else if err != nil {
			lost = append(lost, &RowError{0, fmt.Errorf("card %s: %w", e.Number, err)})
		}
	}
	if len(lost) > 0 {
		return &FilesLostError{batch, &UndeliveredError{lost}}
	}
	return nil
}

// KeyLostError says that cards of a batch that waits were signed by a key that no longer speaks for them. Nothing of it was released.
type KeyLostError struct {
	Batch string
	KeyID string
	Cards int
}

func (e *KeyLostError) Error() string {
	return fmt.Sprintf("nothing of batch %s was released: key %s, which signed %d of its cards, was revoked", e.Batch, e.KeyID, e.Cards)
}

// checkKeys sees to it that no card is released that would read as one of a revoked key.
func (i *Issuer) checkKeys(ctx context.Context, batch string) error {
	entries, err := i.Register.BatchEntries(ctx, batch)
	if err != nil {
		return err
	}
	lost := KeyLostError{Batch: batch}
	for _, e := range entries {
		if e.State == card.Planned && e.Token != "" && !i.believes(e) {
			lost.KeyID = e.KeyID
			lost.Cards++
		}
	}
	if lost.Cards > 0 {
		return &lost
	}
	return nil
}

// deliverBatch puts the files of a batch that is out into a folder.
func (i *Issuer) deliverBatch(ctx context.Context, result *Result, out *folder, d Delivery) error {
	entries, err := i.Register.BatchEntries(ctx, result.Batch)
	if err != nil {
		return err
	}
	p := &Plan{}
	for n := range entries {
		if e := &entries[n]; e.State != card.Planned && e.Token != "" {
			p.lines = append(p.lines, line{entry: e, before: e.State})
		}
	}
	run := &production{Issuer: i, out: out, progress: d.Progress, plan: p}
	err = run.all(ctx)
	made := run.result(result.Batch)
	result.Lines, result.AlreadyIssued = made.Lines, made.AlreadyIssued-result.Issued
	if listErr := d.writeLists(out, result.Lines); err == nil {
		err = listErr
	}
	result.Kept = out.kept
	return err
}

// Discard gives up a batch of which nothing is out: its cards read as withdrawn, and the learners can be issued anew. It
// returns how many cards it gave up. The same call again is no error. The error is card.ErrNoBatch, card.ErrReleased, or what the
// register or the archive said.
func (i *Issuer) Discard(ctx context.Context, batch, reason string) (int, error) {
	if i.Recorder == nil {
		return 0, ErrNoKey
	}
	b, err := i.findBatch(ctx, batch)
	if err != nil {
		return 0, err
	}
	gone, err := i.Recorder.Discard(ctx, b.ID, i.Actor, i.now(), reason)
	if err != nil {
		return 0, err
	}
	return len(gone), i.removeGivenUp(ctx, b.ID)
}

// removeGivenUp takes the files of the cards that were given up out of the archive, also of those that a run that broke off has left:
// nobody shall get them.
func (i *Issuer) removeGivenUp(ctx context.Context, batch string) error {
	numbers, err := i.Register.BatchGivenUp(ctx, batch)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if _, err := i.Archive.Remove(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
