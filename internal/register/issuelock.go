package register

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrLockLost says that the session ended which kept others away, so that what was begun was broken off.
var ErrLockLost = errors.New("the connection to the register's database was lost that kept other runs away")

// Holding says whom an IssueLock keeps away.
type Holding int

const (
	// Issuing is held by many at once, on as many machines: what makes cards, and moves batches.
	Issuing Holding = iota
	// Alone is held by one, while nobody issues: what changes keys, erases, or copies.
	Alone
)

// IssueLock keeps runs apart on all machines that write one register in a database. Of a register in a file it keeps nobody away: there, a
// lock beside the file does. Close it.
type IssueLock struct {
	pool *sql.DB
	conn *sql.Conn
}

// The lock is the session's, as that of the work is: when its connection ends, the database gives it to the next. Who waits to be alone comes
// before those who come to issue later. The second key tells centres apart.
const issueKeys = "(1129345640, quote_ident(current_schema())::regnamespace::oid::integer)"

var issueLocks = map[Holding]struct{ try, wait string }{
	Issuing: {"SELECT pg_try_advisory_lock_shared" + issueKeys, "SELECT pg_advisory_lock_shared" + issueKeys},
	Alone:   {"SELECT pg_try_advisory_lock" + issueKeys, "SELECT pg_advisory_lock" + issueKeys},
}

// sessionEvery is how often the session of a lock is asked whether it is still there. A server that is not reached any more needs longer (a
// minute, by keepalives) to give its lock to another.
const sessionEvery = 5 * time.Second

// LockIssuing waits until it has the lock, for as long as ctx lets it. waiting is called once where that is not at once.
func (db *DB) LockIssuing(ctx context.Context, how Holding, waiting func()) (*IssueLock, error) {
	const doing = "take the lock of issuing"
	l := &IssueLock{}
	if !db.server {
		return l, nil
	}
	var err error
	if l.pool, err = OpenServerPool(db.where, 1); err != nil {
		return nil, err
	}
	if err = l.take(ctx, issueLocks[how].try, issueLocks[how].wait, waiting); err != nil {
		if ctx.Err() != nil { // whatever the driver makes of it
			err = ctx.Err()
		}
		return nil, wrap(doing, errors.Join(err, l.Close()))
	}
	return l, nil
}

func (l *IssueLock) take(ctx context.Context, try, wait string, waiting func()) (err error) {
	bounded, cancel := context.WithTimeout(ctx, connectTimeout+lookupTimeout)
	defer cancel()
	if l.conn, err = l.pool.Conn(bounded); err != nil {
		return err
	}
	var held bool
	if err := l.conn.QueryRowContext(bounded, try).Scan(&held); err != nil || held {
		return err
	}
	waiting()
	// Others may issue for hours. The limits of a statement are for those that work.
	if _, err := l.conn.ExecContext(bounded, "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)"); err != nil {
		return err
	}
	_, err = l.conn.ExecContext(ctx, wait)
	return err
}

// While runs do with a context that ends where the lock is lost: another run may have it then. The error is ErrLockLost in that case, and
// otherwise that of do.
func (l *IssueLock) While(ctx context.Context, do func(context.Context) error) error {
	if l.conn == nil {
		return do(ctx)
	}
	working, stop := context.WithCancelCause(ctx)
	watching, end := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		if err := l.watch(watching); err != nil && watching.Err() == nil {
			stop(errors.Join(ErrLockLost, err))
		}
	})
	err := do(working)
	end()
	watch.Wait()
	stop(nil)
	if cause := context.Cause(working); errors.Is(cause, ErrLockLost) && err != nil {
		return wrap("keep other runs away", cause)
	}
	return err
}

// watch answers when the session has ended: at once where the server says so, and else when it does not answer any more.
func (l *IssueLock) watch(ctx context.Context) error {
	return l.conn.Raw(func(driver any) error {
		session := driver.(*stdlib.Conn).Conn()
		for {
			if err := isThere(ctx, session); err != nil {
				return err
			}
		}
	})
}

func isThere(ctx context.Context, session *pgx.Conn) error {
	listen, cancel := context.WithTimeout(ctx, sessionEvery)
	defer cancel()
	_, err := session.WaitForNotification(listen)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !pgconn.Timeout(err) {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return session.Ping(ask)
}

// Close gives the lock back, by ending its session.
func (l *IssueLock) Close() error {
	if l.conn != nil {
		closeForGood(l.conn)
		l.conn = nil
	}
	if l.pool == nil {
		return nil
	}
	return wrap("give the lock of issuing back", l.pool.Close())
}
