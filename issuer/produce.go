package issuer

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/issuer/seal"
)

// groupSize is how many finished cards are recorded as issued in one transaction of the register.
const groupSize = 64

// closingTime is how long a run that breaks off may still take to record what is finished, and a group at most.
const closingTime = 30 * time.Second

// production makes the files of a plan and hands them out.
type production struct {
	*Issuer
	plan     *Plan
	out      *folder
	progress func(int)
	issued   int
	proved   int
	done     []bool // by line: its file is in the output folder
	lost     []*RowError
}

// product is a card whose file is proved.
type product struct {
	line  int
	done  card.Finished
	file  []byte
	fresh bool  // the archive does not have the file yet
	lost  error // why the card can't be delivered; the others of the batch go on
}

// all makes every card of the plan. Workers on all cores sign, draw, seal and prove; one goroutine archives what they made, in groups, so
// that no core waits for the disk; this one records and delivers the groups.
func (p *production) all(ctx context.Context) error {
	p.done = make([]bool, len(p.plan.lines))
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	closing, end := p.closing(ctx)
	defer end()
	products, groups := make(chan product, groupSize/2), make(chan []product)
	made, archived := make(chan error, 1), make(chan error, 1)
	go func() {
		made <- p.makeAll(work, products)
		close(products)
	}()
	go func() {
		archived <- p.archive(closing, products, groups, stop)
		close(groups)
	}()
	collectErr := p.collect(closing, groups, stop)
	for _, err := range []error{collectErr, <-archived, <-made} { // the workers' error may only say that they were stopped
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	if err := cmp.Or(ctx.Err(), closing.Err()); err != nil {
		return err
	}
	if len(p.lost) > 0 {
		return &UndeliveredError{p.lost}
	}
	return nil
}

// makeAll makes the products, in about the order of the lines.
func (p *production) makeAll(ctx context.Context, products chan<- product) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n := range p.plan.lines {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			made, err := p.make(ctx, n)
			if err == nil {
				products <- made
			}
			return err
		})
	}
	return group.Wait()
}

// archive puts products into the archive, group by group, and hands each group on when its files are there for good. After an error it
// stops the workers and goes on receiving, so that none of them is left waiting.
func (p *production) archive(ctx context.Context, products <-chan product, groups chan<- []product, stop context.CancelCauseFunc) error {
	var failure error
	var group []product
	flush := func() {
		if failure == nil && len(group) > 0 {
			if failure = p.keep(ctx, group); failure != nil {
				stop(failure)
			} else {
				groups <- group
			}
		}
		group = nil
	}
	for made := range products {
		if group = append(group, made); len(group) == groupSize {
			flush()
		}
	}
	flush()
	return failure
}

// keep puts the files of a group into the archive.
func (p *production) keep(ctx context.Context, group []product) error {
	files := make(map[card.Number][]byte, len(group))
	for _, made := range group {
		if made.fresh {
			files[made.done.Number] = made.file
		}
	}
	if len(files) == 0 {
		return nil
	}
	sums, err := p.Archive.Put(ctx, files)
	if err != nil {
		return err
	}
	for i := range group {
		if made := &group[i]; made.fresh {
			made.done.SHA256 = sums[made.done.Number]
		}
	}
	return nil
}

// closing is a context in which finished cards are archived and recorded, even after Ctrl-C: else they would have to be made again. Where others
// are no longer kept away, it ends at once: what is archived then and not recorded stays planned, and the next run makes it.
func (p *production) closing(ctx context.Context) (closing context.Context, end context.CancelFunc) {
	held := context.WithoutCancel(ctx)
	if p.Held != nil {
		held = p.Held(ctx)
	}
	return outlast(ctx, held, closingTime)
}

// outlast is a context that ends some time after another one did, or with held, or with end.
func outlast(ctx, held context.Context, by time.Duration) (later context.Context, end context.CancelFunc) {
	later, cancel := context.WithCancel(held)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(by):
			cancel()
		case <-later.Done():
		}
	})
	return later, func() { stop(); cancel() }
}

// isDown says whether an error of the archive is about its bucket, and not about the file that was asked for.
func isDown(err error) bool {
	return errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrRefused) || errors.Is(err, context.Canceled)
}

// collect records groups of products and then delivers them; only what is recorded as issued ever leaves. After an error it stops the
// workers and goes on receiving, so that nobody is left waiting.
func (p *production) collect(ctx context.Context, groups <-chan []product, stop context.CancelCauseFunc) error {
	var failure error
	for group := range groups {
		if failure == nil {
			if failure = p.settle(ctx, group); failure != nil {
				stop(failure)
			}
		}
	}
	return failure
}

// settle records a group of products, and delivers them unless they are to be held.
func (p *production) settle(ctx context.Context, group []product) error {
	ctx, cancel := context.WithTimeout(ctx, closingTime)
	defer cancel()
	record, count := p.Recorder.MarkIssued, &p.issued
	if p.plan.held {
		record, count = p.Recorder.MarkProved, &p.proved
	}
	came, err := p.mark(ctx, group, record)
	if err != nil {
		return err
	}
	*count += came.recorded
	for _, made := range group {
		l := &p.plan.lines[made.line]
		if made.lost == nil {
			made.lost = came.withdrawn[l.entry.Number]
		}
		if came.others[l.entry.Number] {
			if err := p.takeOver(ctx, l, &made); err != nil {
				return err
			}
		}
		if made.lost != nil {
			p.lost = append(p.lost, &RowError{l.row, made.lost})
			continue
		}
		if !p.plan.held {
			if err := p.deliver(l, made); err != nil {
				return err
			}
		}
		if p.progress != nil {
			p.progress(1)
		}
	}
	return nil
}

// deliver puts the file of a card that is out into the output folder.
func (p *production) deliver(l *line, made product) error {
	if l.entry.State == card.Planned {
		l.entry.State, l.entry.Token, l.entry.SHA256 = card.Issued, made.done.Token, made.done.SHA256
	}
	if p.out != nil && p.inForce(*l.entry) { // a worker of the queue delivers nothing
		if err := p.out.put(l.entry.Number, made.file); err != nil {
			return err
		}
	}
	p.done[made.line] = true
	return nil
}

// inForce says whether a card is issued, and its key still speaks for it.
func (p *production) inForce(e card.Entry) bool { return e.State == card.Issued && p.believes(e) }

// takeOver has a card go on with the file of another run, which was faster: that file is the one on record.
func (p *production) takeOver(ctx context.Context, l *line, made *product) error {
	e, ok, err := p.Register.FindEntry(ctx, l.entry.Number)
	if err != nil || !ok {
		return errors.Join(err, ctx.Err())
	}
	l.entry, made.file = &e, nil
	if p.out == nil || !p.inForce(e) {
		return nil
	}
	made.file, made.lost = p.Archive.Get(ctx, e.Number, e.SHA256)
	if isDown(made.lost) {
		return made.lost
	}
	return nil
}

// marking is what came of recording a group.
type marking struct {
	recorded  int
	withdrawn map[card.Number]error // why each is not in force
	others    map[card.Number]bool  // that another run has put in force meanwhile
}

// mark records the finished cards of a group. A card that somebody withdrew while it was being made, or of which a prerequisite was
// withdrawn, is no reason to hold the others back; nor is one that another run was faster with.
func (p *production) mark(ctx context.Context, group []product, record func(context.Context, string, time.Time, []card.Finished) error) (marking, error) {
	var finished []card.Finished
	for _, made := range group {
		if made.lost == nil && p.plan.lines[made.line].entry.State == card.Planned {
			finished = append(finished, made.done)
		}
	}
	m := marking{withdrawn: map[card.Number]error{}, others: map[card.Number]bool{}}
	for len(finished) > 0 {
		err := record(ctx, p.Actor, p.now(), finished)
		if err == nil {
			m.recorded = len(finished)
			return m, nil
		}
		lost, others, ok := lostNumber(err)
		n := slices.IndexFunc(finished, func(f card.Finished) bool { return f.Number == lost })
		if !ok || n < 0 { // n < 0: it is about the card that one of these replaces
			return m, err
		}
		if others {
			m.others[lost] = true
		} else {
			m.withdrawn[lost] = err
		}
		finished = slices.Delete(finished, n, n+1)
	}
	return m, nil
}

// lostNumber is the card that can't be put in force, where that is no fault of the others: it was withdrawn, or one that it presupposes was;
// or another run has put it in force.
func lostNumber(err error) (number card.Number, others, ok bool) {
	var move *card.MoveError
	var lapsed *card.LapsedError
	switch {
	case errors.As(err, &lapsed):
		return lapsed.Number, false, true
	case errors.As(err, &move):
		return move.Number, move.From != card.Revoked, true
	}
	return "", false, false
}

// make is the whole way of one card up to the archive, which takes a new file of it next. A card that was issued before is taken from there and never drawn anew.
func (p *production) make(ctx context.Context, n int) (product, error) {
	if err := ctx.Err(); err != nil {
		return product{}, err
	}
	e := *p.plan.lines[n].entry
	if e.State != card.Planned {
		if p.plan.held || !p.inForce(e) { // a withdrawn card that lies in a folder is handed out some day
			return product{line: n}, nil
		}
		file, err := p.Archive.Get(ctx, e.Number, e.SHA256)
		if isDown(err) {
			return product{}, err
		}
		return product{line: n, file: file, lost: err}, nil
	}
	if e.Token != "" { // an earlier run has made and proved it
		if file, err := p.Archive.Get(ctx, e.Number, e.SHA256); isDown(err) {
			return product{}, err
		} else if err == nil {
			return product{line: n, file: file, done: card.Finished{Number: e.Number, Digest: e.Digest, Token: e.Token, SHA256: e.SHA256}}, nil
		}
	}
	raw := e.Token // of a card whose file was lost: the key that signed it may be retired
	if raw == "" {
		var err error
		if raw, err = token.Sign(e.Card, p.Key.signing); err != nil {
			return product{}, err
		}
	}
	url := token.URL(p.VerifyURL, raw)
	file, err := p.Drawer.Draw(content(e, url, raw))
	if err != nil {
		return product{}, rowError(p.plan.lines[n].row, err)
	}
	if file, err = seal.Sign(ctx, p.Sealer, file, p.now()); err != nil {
		return product{}, rowError(p.plan.lines[n].row, err)
	}
	if err := p.prove(ctx, e, url, file); err != nil {
		return product{}, rowError(p.plan.lines[n].row, err)
	}
	return product{line: n, file: file, fresh: true, done: card.Finished{Number: e.Number, Digest: e.Digest, Token: raw}}, nil
}

func (p *production) result(batch string) *Result {
	r := &Result{Batch: batch, Issued: p.issued, Held: p.proved, AlreadyIssued: p.plan.AlreadyIssued()}
	for n, l := range p.plan.lines {
		if p.done[n] {
			url := ""
			if l.entry.Token != "" { // one that was withdrawn before it was out has none
				url = token.URL(p.VerifyURL, l.entry.Token)
			}
			line := manifestLine(l.row, *l.entry, url)
			if l.entry.State == card.Issued && !p.believes(*l.entry) {
				line.State, line.File = keyRevoked, ""
			}
			r.Lines = append(r.Lines, line)
		}
		if (l.isNew() || l.isUnfinished()) && !slices.Contains(r.Batches, l.entry.Batch) {
			r.Batches = append(r.Batches, l.entry.Batch)
		}
	}
	if n := slices.Index(r.Batches, batch); n > 0 {
		r.Batches = slices.Insert(slices.Delete(r.Batches, n, n+1), 0, batch)
	}
	return r
}
