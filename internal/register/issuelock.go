package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrLockLost says that the session ended which kept others away, so that what was begun was broken off.
var ErrLockLost = errors.New("the connection to the register's database was lost that kept other runs away")

// ErrLockHeld says that others held the lock of issuing until the time to wait for it was over.
var ErrLockHeld = errors.New("other runs are at work")

// Holding says whom an IssueLock keeps away.
type Holding int

const (
	// Making is held by many at once, on as many machines: the workers of a queue, who make cards that were planned.
	Making Holding = iota
	// Issuing is held by one at a time, beside any number of workers: what plans cards, and moves batches.
	Issuing
	// Alone is held by one, while nobody issues or makes: what changes keys, erases, or copies.
	Alone
)

// IssueLock keeps runs apart on all machines that write one register in a database. Of a register in a file it keeps nobody away: there, a
// lock beside the file does. It is for one goroutine. Close it.
type IssueLock struct {
	pool    *sql.DB
	conn    *sql.Conn
	unwatch func() // ends the watch of While, and waits for its end; nil where nothing was watched
}

// The locks are the session's, as that of the work is: when its connection ends, the database gives them to the next. Who waits to be alone comes
// before those who come to make cards later. The second key tells centres apart.
const (
	makeKeys = "(1129345640, quote_ident(current_schema())::regnamespace::oid::integer)"
	planKeys = "(1129345641, quote_ident(current_schema())::regnamespace::oid::integer)"
)

// issueLocks are what each has to hold, in this order, and who has what is not free.
var issueLocks = map[Holding][]struct {
	function, keys string
	behind         Holding
}{
	Making:  {{"advisory_lock_shared", makeKeys, Alone}},
	Issuing: {{"advisory_lock", planKeys, Issuing}, {"advisory_lock_shared", makeKeys, Alone}},
	Alone:   {{"advisory_lock", makeKeys, Making}},
}

// sessionEvery is how often the session of a lock is asked whether it is still there. A server that hears no more of the machine
// needs longer to give its lock to another: 20 to 25 s (postgres.go).
const sessionEvery = 5 * time.Second

// sessionSilence is how long the answer may take: a cable that is back by then breaks nothing off. Both together are less than the time after
// which the server takes a silent client to be gone, and gives its lock to another (postgres.go).
const sessionSilence = 14 * time.Second

// LockIssuing waits until it has the lock, for as long as ctx lets it; the error is ErrLockHeld, and ctx's, where others still hold it then. Before it
// waits, it tells whom for: a Holding that excludes this one.
func (db *DB) LockIssuing(ctx context.Context, how Holding, waiting func(behind Holding)) (*IssueLock, error) {
	const doing = "take the lock of issuing"
	l := &IssueLock{}
	if !db.server {
		return l, nil
	}
	var err error
	if l.pool, err = OpenServerPool(db.where, 1); err != nil {
		return nil, err
	}
	behindOthers := false
	if err = l.take(ctx, how, func(behind Holding) { behindOthers = true; waiting(behind) }); err != nil {
		switch {
		case ctx.Err() == nil:
		case behindOthers:
			err = fmt.Errorf("%w: %w", ErrLockHeld, ctx.Err())
		default: // whatever the driver makes of it
			err = ctx.Err()
		}
		return nil, wrap(doing, errors.Join(err, l.Close()))
	}
	return l, nil
}

func (l *IssueLock) take(ctx context.Context, how Holding, waiting func(Holding)) (err error) {
	bounded, cancel := context.WithTimeout(ctx, connectTimeout+lookupTimeout)
	defer cancel()
	if l.conn, err = l.pool.Conn(bounded); err != nil {
		return err
	}
	for _, lock := range issueLocks[how] {
		bounded, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		var held bool
		if err := l.conn.QueryRowContext(bounded, "SELECT pg_try_"+lock.function+lock.keys).Scan(&held); err != nil {
			return err
		}
		if held {
			continue
		}
		waiting(lock.behind)
		// Others may issue for hours. The limits of a statement are for those that work.
		if _, err := l.conn.ExecContext(bounded, "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)"); err != nil {
			return err
		}
		if _, err = l.conn.ExecContext(ctx, "SELECT pg_"+lock.function+lock.keys); err != nil {
			return err
		}
	}
	return nil
}

// heldKey is where a context of While has the one that Held answers.
type heldKey struct{}

// Held is a context that ends where the lock of While is lost, and not where ctx does, which While has made: what a run that was interrupted
// may still record, it may record for as long. Outside While, and of a register in a file, nothing ends it.
func Held(ctx context.Context) context.Context {
	if held, ok := ctx.Value(heldKey{}).(context.Context); ok {
		return held
	}
	return context.WithoutCancel(ctx)
}

// While runs do with a context that ends where the lock is lost: another run may have it then. The error is ErrLockLost in that case, and
// otherwise that of do, which may close the lock when it needs it no more. The lock is watched until do ends, also after ctx has ended.
func (l *IssueLock) While(ctx context.Context, do func(context.Context) error) error {
	if l.conn == nil {
		return do(ctx)
	}
	held, lose := context.WithCancelCause(context.WithoutCancel(ctx))
	working, stop := context.WithCancelCause(context.WithValue(ctx, heldKey{}, held))
	watching, end := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() {
		if err := l.watch(watching); err != nil && watching.Err() == nil {
			lost := errors.Join(ErrLockLost, err)
			stop(lost)
			lose(lost)
		}
	})
	l.unwatch = func() {
		end()
		watch.Wait()
	}
	err := do(working)
	l.unwatch()
	stop(nil)
	lose(nil)
	if cause := context.Cause(held); errors.Is(cause, ErrLockLost) && err != nil {
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
	ask, cancel := context.WithTimeout(ctx, sessionSilence)
	defer cancel()
	return session.Ping(ask)
}

// Close gives the lock back, by ending its session.
func (l *IssueLock) Close() error {
	if l.unwatch != nil {
		l.unwatch()
	}
	if l.conn != nil {
		closeForGood(l.conn)
		l.conn = nil
	}
	if l.pool == nil {
		return nil
	}
	return wrap("give the lock of issuing back", l.pool.Close())
}
