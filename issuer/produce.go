package issuer

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/pdf"
)

// groupSize is how many finished cards are recorded as issued in one transaction of the register.
const groupSize = 64

// closingTime is how long a run that breaks off may still take to record what is finished.
const closingTime = 30 * time.Second

// production makes the files of a plan on all cores and hands them out.
type production struct {
	*Issuer
	plan     *Plan
	out      *folder
	progress func(int)
	issued   int
	done     []bool // by line: its file is in the output folder
}

// product is a card whose file is in the archive and proved.
type product struct {
	line int
	url  string
	done card.Finished
	file []byte
}

// all makes every card of the plan. Workers sign, draw, prove and archive; this goroutine alone records and delivers.
func (p *production) all(ctx context.Context) error {
	p.done = make([]bool, len(p.plan.lines))
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	group, work := errgroup.WithContext(work)
	group.SetLimit(runtime.GOMAXPROCS(0))
	products := make(chan product, groupSize)
	failed := make(chan error, 1)
	go func() {
		for n := range p.plan.lines {
			if work.Err() != nil {
				break
			}
			group.Go(func() error {
				made, err := p.make(work, n)
				if err == nil {
					products <- made
				}
				return err
			})
		}
		failed <- group.Wait()
		close(products)
	}()
	collectErr := p.collect(ctx, products, stop)
	workErr := <-failed
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), collectErr)
	}
	if collectErr != nil {
		return collectErr // the workers' error only says that they were stopped
	}
	return workErr
}

// collect records products in groups and then delivers them; only what is recorded as issued ever leaves. After an error it
// stops the workers and goes on receiving, so that none of them is left waiting.
func (p *production) collect(ctx context.Context, products <-chan product, stop context.CancelCauseFunc) error {
	var failure error
	group := make([]product, 0, groupSize)
	flush := func() {
		if failure == nil {
			if failure = p.release(ctx, group); failure != nil {
				stop(failure)
			}
		}
		group = group[:0]
	}
	for made := range products {
		if group = append(group, made); len(group) == groupSize {
			flush()
		}
	}
	flush()
	return failure
}

func (p *production) release(ctx context.Context, group []product) error {
	// What is finished is recorded even after Ctrl-C: else it would have to be made again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
	defer cancel()
	var finished []card.Finished
	for _, made := range group {
		if p.plan.lines[made.line].entry.State == card.Planned {
			finished = append(finished, made.done)
		}
	}
	if len(finished) > 0 {
		if err := p.Register.MarkIssued(ctx, p.Actor, p.now(), finished); err != nil {
			return err
		}
		p.issued += len(finished)
	}
	for _, made := range group {
		e := &p.plan.lines[made.line].entry
		if e.State == card.Planned {
			e.State, e.Token, e.SHA256 = card.Issued, made.done.Token, made.done.SHA256
		}
		if err := p.out.put(e.Number, made.file); err != nil {
			return err
		}
		p.done[made.line] = true
		if p.progress != nil {
			p.progress(1)
		}
	}
	return nil
}

// make is the whole way of one card up to the archive. A card that was issued before is taken from there and never drawn anew.
func (p *production) make(ctx context.Context, n int) (product, error) {
	if err := ctx.Err(); err != nil {
		return product{}, err
	}
	e := p.plan.lines[n].entry
	if e.State != card.Planned {
		file, err := p.Archive.Get(e.Number, e.SHA256)
		return product{line: n, file: file}, err
	}
	raw, err := token.Sign(e.Card, p.Key.signing)
	if err != nil {
		return product{}, err
	}
	url := token.URL(p.VerifyURL, raw)
	file, err := p.Drawer.Draw(pdf.Content{Record: e.Record, InstructorID: e.InstructorID, URL: url})
	if err != nil {
		return product{}, rowError(p.plan.lines[n].row, err)
	}
	if err := p.prove(ctx, e, url, file); err != nil {
		return product{}, rowError(p.plan.lines[n].row, err)
	}
	sum, err := p.Archive.Put(e.Number, file)
	if err != nil {
		return product{}, err
	}
	return product{line: n, url: url, file: file, done: card.Finished{Number: e.Number, Digest: e.Digest, Token: raw, SHA256: sum}}, nil
}

func (p *production) result(batch string) *Result {
	r := &Result{Batch: batch, Issued: p.issued, AlreadyIssued: p.plan.AlreadyIssued()}
	for n, l := range p.plan.lines {
		if p.done[n] {
			r.Lines = append(r.Lines, manifestLine(l, token.URL(p.VerifyURL, l.entry.Token)))
		}
	}
	return r
}
