package register

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cardproof/cardproof/card"
)

// openServer opens the register in a database for reading, of whatever version. A lost connection is made anew by the next call: nothing
// is kept of the one before.
func openServer(ctx context.Context, where string, a access) (*opened, error) {
	lookups := max(8, 4*runtime.NumCPU()) // most of a look-up is the way to the server
	pool, err := openServerPool(where, a, lookups+spareConnections)
	if err != nil {
		return nil, err
	}
	if _, err := serverVersion(ctx, pool); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &opened{server: true, fresh: freshness{limit: freshFor, turn: make(chan struct{}, 1)}, read: pool, places: make(chan struct{}, lookups)}, nil
}

// createOnServer makes the tables of a register in a database, or opens the register that is there.
func createOnServer(ctx context.Context, where string) (*DB, error) {
	db, err := Open(ctx, where)
	if !errors.Is(err, ErrMissing) || errors.Is(err, errNoSchema) {
		return db, err
	}
	if err := migrateServer(ctx, where); err != nil {
		return nil, wrap("create the register", err)
	}
	return Open(ctx, where)
}

// plainRecord asks for a card with its course. PostgreSQL hands columns over cheaply; what a look-up costs is the way there, once. Nothing is
// remembered of the catalogue: a database that was restored under the server may have another course under the same id.
const plainRecord = "SELECT " + publicColumns + ", " + qualificationColumns + ", q.course FROM cards c JOIN catalogue q ON q.id = c.catalogue WHERE c.number = ?"

func (o *opened) findOnServer(ctx context.Context, number card.Number) (card.Record, error) {
	bounded, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	record, err := o.scanPlain(bounded, number)
	if kindOf(err) == ErrUnreachable { // the connection was to a server that has gone since; there may be another one
		record, err = o.scanPlain(bounded, number)
	}
	return record, inTime(ctx, err)
}

func (o *opened) scanPlain(ctx context.Context, number card.Number) (card.Record, error) {
	var row recordRow
	var says frozenRow
	var course string
	if err := o.record.QueryRowContext(ctx, string(number)).Scan(append(append(row.dest(), says.qualificationDest()...), &course)...); err != nil {
		return card.Record{}, err
	}
	if course != row.r.Course { // as in findPacked
		return card.Record{}, unreadable(number, "catalogue")
	}
	of, err := says.frozen()
	if err != nil {
		return card.Record{}, err
	}
	return row.record(of.qualification)
}

// inTime says of a question that took too long whose fault that was: the caller's, whose own time is over, or the database's.
func inTime(callers context.Context, err error) error {
	if err != nil && callers.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: it gave no answer within %s", ErrUnreachable, lookupTimeout)
	}
	return err
}

// mayWrite is ErrAccess where the role may only read: better now than after the first card.
func mayWrite(ctx context.Context, pool *sql.DB) error {
	var may bool
	err := pool.QueryRowContext(ctx, "SELECT bool_and(has_table_privilege(t, 'INSERT')) FROM unnest(ARRAY['batches', 'cards', 'events', 'chain']) t").Scan(&may)
	if err == nil && !may {
		err = fmt.Errorf("%w: the database's role may only read", ErrAccess)
	}
	return err
}

// migrate brings the register to the version of this program.
func (db *DB) migrate(ctx context.Context) error {
	if db.server {
		return migrateServer(ctx, db.where)
	}
	return migrate(ctx, db.write)
}

// serverKindOf is the kind of a failure of PostgreSQL, or of the way to it; nil where it is another's.
func serverKindOf(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(e.Code, "28"), e.Code == "42501", e.Code == "25006": // authorization, privileges, a transaction that only reads
			return ErrAccess
		case e.Code == "55P03", e.Code == "57014": // a lock, or a statement, took too long
			return ErrBusy
		case e.Code == "53100":
			return ErrFull
		case strings.HasPrefix(e.Code, "XX00"):
			return ErrCorrupt
		case e.Code == "3D000": // no such database
			return ErrMissing
		case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "53"): // the connection, a shutdown, no room
			return ErrUnreachable
		}
		return nil
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return ErrUnreachable
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) { // of a connection that has ended before

		return ErrUnreachable
	}
	return nil
}

// How fresh a copy has to be that follows the register's database, and how often it is asked.
const (
	freshFor   = time.Minute
	askedEvery = time.Second
)

// isFresh is true of a database that takes writes, and of a copy that has all that it was sent and still is being sent it, or whose last
// change is young. PostgreSQL ends the receiver of a copy whose source is silent (wal_receiver_timeout, a minute).
const isFresh = `SELECT NOT pg_is_in_recovery() OR (EXISTS (SELECT 1 FROM pg_stat_wal_receiver)
	AND (pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() OR now() - pg_last_xact_replay_timestamp() < make_interval(secs => ?)))`

// freshness notes when a database was found to be no old copy.
type freshness struct {
	limit  time.Duration // freshFor
	turn   chan struct{} // has one place, for the call that asks
	mu     sync.Mutex    // guards what follows
	asked  time.Time
	failed error // what came of that, where it took long: nobody waits for the same once more, but for the one who asks next
	was    time.Time
}

// current is ErrBehind where the database is a copy that has not followed the register for freshFor: it would show revoked cards valid. While
// the database is known not to answer, one call at a time finds out whether it does again, and the others are told at once.
func (o *opened) current(ctx context.Context) error {
	if !o.server {
		return nil
	}
	f := &o.fresh
	if asks, err := f.answer(); !asks {
		return err
	}
	select {
	case f.turn <- struct{}{}:
	default:
		if err := f.failure(); err != nil {
			return err
		}
		select {
		case f.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if asks, err := f.answer(); !asks { // the call before has asked
		<-f.turn
		return err
	}
	asked := make(chan error, 1)
	go func() { // a caller in a hurry leaves, and the answer is for the others
		defer func() { <-f.turn }()
		asked <- o.askWhetherFresh(context.WithoutCancel(ctx))
	}()
	select {
	case err := <-asked:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := f.answer()
	return err
}

// answer is what is known, and whether it is time to ask again.
func (f *freshness) answer() (asks bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.failed != nil:
		err = f.failed
	case f.asked.Sub(f.was) > f.limit:
		err = fmt.Errorf("%w: it has not followed the register for more than %s", ErrBehind, f.limit)
	}
	return time.Since(f.asked) >= askedEvery, err
}

// failure is why the database does not answer, as far as that is known.
func (f *freshness) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// note keeps what came of a question.
func (f *freshness) note(is bool, failed error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.failed = time.Now(), failed
	if is {
		f.was = f.asked
	}
}

func (o *opened) askWhetherFresh(ctx context.Context) error {
	started := time.Now()
	bounded, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	var is bool
	err := o.read.QueryRowContext(bounded, isFresh, int64(o.fresh.limit.Seconds())).Scan(&is)
	if err == nil {
		o.fresh.note(is, nil)
		return nil
	}
	err = inTime(ctx, err)
	if time.Since(started) >= askedEvery {
		o.fresh.note(false, err)
	}
	return err
}
