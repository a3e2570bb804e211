package register

import (
	"context"
	"database/sql"
	"time"
)

// newestEvent looks at the end of the ledger only: a clock that was set back gives new events earlier times than those before them have, and
// nobody writes so many before it is seen.
const newestEvent = "SELECT max(at) FROM (SELECT at FROM events ORDER BY seq DESC LIMIT 50000) newest"

// LastEvent is the latest time among the newest events of cards; zero where there is none. A clock that says less was set back, or that of
// an event was ahead.
func (l *Ledger) LastEvent(ctx context.Context) (at time.Time, err error) {
	if err = l.check(); err == nil {
		at, err = l.lastEvent(ctx)
	}
	return at, wrap("look up the last event", err)
}

// LastEvent answers as Ledger.LastEvent does.
func (r *Reader) LastEvent(ctx context.Context) (at time.Time, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		at, err = file.lastEvent(ctx)
		return err
	})
	return at, wrap("look up the last event", err)
}

func (o *opened) lastEvent(ctx context.Context) (at time.Time, err error) {
	var last sql.NullInt64
	if err = o.read.QueryRowContext(ctx, newestEvent).Scan(&last); err == nil && last.Valid {
		at = fromUnix(last.Int64)
	}
	return at, err
}
