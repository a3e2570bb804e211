package register

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/cardproof/cardproof/card"
)

// lookBack is how many events are looked at, from the end of the ledger.
const lookBack = 50_000

// latestOf looks at the end of the ledger, and at every batch: there are few of them, and each tells when it was planned and released. A clock
// that was set back gives new events earlier times than those before them have, and a single change of a great batch may put more than that
// end on top of them. It hides later events then, but never a later batch.
const latestOf = `SELECT at, seq, number, batch, action FROM (
	SELECT at, seq, number, '' AS batch, action FROM (SELECT at, seq, number, action FROM events ORDER BY seq DESC LIMIT ?) newest
	UNION ALL SELECT created_at, 0, '', id, 'planned' FROM batches
	UNION ALL SELECT released_at, 0, '', id, 'released' FROM batches WHERE released_at IS NOT NULL
	) known WHERE at < ? ORDER BY at DESC, seq DESC LIMIT 1`

// Latest is the latest time that a register has on record, and what it is of.
type Latest struct {
	At     time.Time   // zero where nothing was done yet
	Number card.Number // of the card; empty for a batch
	Batch  string      // that was planned or released then; empty for a card
	Action string      // as in the history of a card, or "released"
}

// LastEvent is the latest time that the register has on record, of those before a time unless that is zero; zero where there is none. A clock
// that says less was set back, or one was ahead before.
func (l *Ledger) LastEvent(ctx context.Context, before time.Time) (time.Time, error) {
	latest, err := l.Latest(ctx, before)
	return latest.At, err
}

// Latest answers as LastEvent does, and says what was done then.
func (l *Ledger) Latest(ctx context.Context, before time.Time) (latest Latest, err error) {
	if err = l.check(); err == nil {
		latest, err = l.latest(ctx, lookBack, before)
	}
	return latest, wrap("look up the last event", err)
}

// LastEvent answers as Ledger.LastEvent does.
func (r *Reader) LastEvent(ctx context.Context, before time.Time) (at time.Time, err error) {
	err = r.ask(ctx, func(file *opened) error {
		latest, err := file.latest(ctx, lookBack, before)
		at = latest.At
		return err
	})
	return at, wrap("look up the last event", err)
}

func (o *opened) latest(ctx context.Context, events int, before time.Time) (l Latest, err error) {
	var at, seq int64
	bound := int64(math.MaxInt64)
	if !before.IsZero() {
		bound = before.Unix()
	}
	err = o.read.QueryRowContext(ctx, latestOf, events, bound).Scan(&at, &seq, &l.Number, &l.Batch, &l.Action)
	if errors.Is(err, sql.ErrNoRows) {
		return Latest{}, nil
	}
	l.At = fromUnix(at)
	return l, err
}
