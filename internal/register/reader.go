package register

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cardproof/cardproof/card"
)

// Reader is the register as the public server sees it: what the world may know of a card, and no way to write. It is safe
// for concurrent use. A change by the issuer shows in the next call.
//
// A Reader answers only from the file that is at its path. Where that was exchanged (by a restored copy, say), the next call
// opens the new one; where it can't be opened, the call fails, and the one after it tries again. So it is with a database that can't be
// reached; of one that only follows another, it answers nothing while that is too far behind (ErrBehind). Close it.
type Reader struct {
	// LinkLifetime is how long a link to a learner's page leads there after it was made; 0 is for ever. Set it before the first use.
	LinkLifetime time.Duration

	path   string
	accept Accept
	turn   chan struct{} // has one place, for the call that opens the file anew
	mu     sync.RWMutex  // held for reading by every call that asks the file
	file   *opened       // nil where the one at the path could not be opened
	closed bool
}

var errClosed = errors.New("the register is closed")

// ReaderOptions say how a Reader takes a file.
type ReaderOptions struct {
	// Accept is asked about each file before anything is answered from it; nil takes every register.
	Accept Accept
}

// OpenReader opens a register, at a path or the URL of a database, read-only. The error is ErrMissing, ErrNewer, ErrOlder, ErrCorrupt, ErrForeign, ErrServer, ErrAccess,
// what Accept said, or what the system said.
func OpenReader(ctx context.Context, path string, o ReaderOptions) (*Reader, error) {
	r := &Reader{path: path, accept: o.Accept, turn: make(chan struct{}, 1)}
	var err error
	if r.file, err = r.open(ctx); err != nil {
		return nil, wrap("open the register", err)
	}
	return r, nil
}

// open opens the file at the path, if it is a register that the Reader may answer from.
func (r *Reader) open(ctx context.Context) (*opened, error) {
	file, err := openCurrent(ctx, r.path, copyAccess)
	if err != nil || r.accept == nil {
		return file, err
	}
	if err := file.accepted(ctx, r.accept); err != nil {
		file.Close() // it was only read
		return nil, err
	}
	return file, nil
}

// Close closes the register.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return r.drop()
}

// FindRecord answers a card as the world may know it, and false where the register has no card of the number. Planned cards
// are among the answers.
func (r *Reader) FindRecord(ctx context.Context, number card.Number) (rec card.Record, ok bool, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		rec, ok, err = file.findRecord(ctx, number)
		return err
	})
	return rec, ok, wrap("look up a card", err)
}

// FindToken answers the token of a card, and no text for one that was never signed. There has to be a card of that number.
func (r *Reader) FindToken(ctx context.Context, number card.Number) (raw string, err error) {
	err = r.ask(ctx, func(file *opened) error {
		bounded, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		err := file.read.QueryRowContext(bounded, "SELECT token FROM cards WHERE number = ?", string(number)).Scan(&raw)
		return inTime(ctx, err)
	})
	return raw, wrap("look up a token", err)
}

// Requirements answers what a card may be asked for, by the catalogue as the last batch found it: every code that a course
// of it meets, each once and in order, with the title of the course that has this code.
func (r *Reader) Requirements(ctx context.Context) (all []card.Requirement, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		all, err = file.requirements(ctx)
		return err
	})
	return all, wrap("list the requirements", err)
}

// Ping says whether the register at the path would answer, and has the version of this program.
func (r *Reader) Ping(ctx context.Context) error {
	return wrap("ask the register", r.ask(ctx, func(file *opened) error { return file.checkVersion(ctx) }))
}

// ask puts a question to the file at the path.
func (r *Reader) ask(ctx context.Context, question func(*opened) error) error {
	if asked, err := r.askOpen(ctx, question); asked {
		return err
	}
	if err := r.refresh(ctx); err != nil {
		return err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	switch {
	case r.closed:
		return errClosed
	case r.file == nil: // another call has found it gone since
		return ErrExchanged
	}
	if err := r.file.current(ctx); err != nil {
		return err
	}
	return question(r.file)
}

// askOpen puts the question to the open file, if that is still the one at the path.
func (r *Reader) askOpen(ctx context.Context, question func(*opened) error) (asked bool, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.file == nil || !r.file.untouched() {
		return false, nil
	}
	if err := r.file.current(ctx); err != nil {
		return true, err
	}
	return true, question(r.file)
}

// refresh opens the file at the path, unless another call was faster. While one call opens a file that keeps it waiting, the
// others wait no longer than their contexts let them.
func (r *Reader) refresh(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if asked, _ := r.askOpen(ctx, func(*opened) error { return nil }); asked {
		return nil
	}
	file, err := r.open(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		if file != nil {
			file.Close() // it was only read
		}
		return errClosed
	}
	r.drop() // it was only read
	r.file = file
	return err
}

func (r *Reader) drop() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
