package register

import (
	"context"

	"github.com/cardproof/cardproof/card"
)

// Ledger is the register as the issuer reads it: with what is private to the learners, and no way to write. It is safe for
// concurrent use, and it needs no writer to be there. Where the file at its path was deleted or exchanged, every call is
// ErrMissing or ErrExchanged. Close it.
type Ledger struct{ *opened }

// OpenReadOnly opens a register that is there for reading, and changes nothing in it: one that an older version wrote is
// refused and not migrated. The error is ErrMissing, ErrNewer, ErrOlder, ErrCorrupt, ErrForeign, ErrServer, ErrAccess, or
// what the system said.
func OpenReadOnly(ctx context.Context, path string) (*Ledger, error) {
	file, err := openCurrent(ctx, path, readAccess)
	if err != nil {
		return nil, wrap("open the register", err)
	}
	return &Ledger{file}, nil
}

// FindRecord answers a card as Reader.FindRecord does.
func (l *Ledger) FindRecord(ctx context.Context, number card.Number) (card.Record, bool, error) {
	if err := l.check(); err != nil {
		return card.Record{}, false, wrap("look up a card", err)
	}
	record, ok, err := l.findRecord(ctx, number)
	return record, ok, wrap("look up a card", err)
}

// Requirements answers what a card may be asked for, as Reader.Requirements does.
func (l *Ledger) Requirements(ctx context.Context) ([]card.Requirement, error) {
	if err := l.check(); err != nil {
		return nil, wrap("list the requirements", err)
	}
	all, err := l.requirements(ctx)
	return all, wrap("list the requirements", err)
}

// Ping says whether the register answers, has the version of this program, and is still the file at the path.
func (l *Ledger) Ping(ctx context.Context) error {
	err := l.check()
	if err == nil {
		err = l.checkVersion(ctx)
	}
	return wrap("ask the register", err)
}
