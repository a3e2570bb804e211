package register

import (
	"context"
	"database/sql"
)

// WorkLock says that one run alone sends mails, or issues, whatever machine it is on. Of a register in a file it is always held: there, a
// lock beside the file does. It is for one goroutine at a time. Close it.
type WorkLock struct {
	where string // of a database
	key   int    // which of the locks it is
	pool  *sql.DB
	conn  *sql.Conn
}

// The first keys of the locks in a database. The migrations have one more of these, for a writer's transaction.
const (
	mailing = 1129345639
	issuing = 1129345640
)

// WorkLock makes the lock of the run that sends mails, which nobody holds yet.
func (db *DB) WorkLock() *WorkLock {
	if !db.server {
		return &WorkLock{}
	}
	return &WorkLock{where: db.where, key: mailing}
}

// IssueLock makes the lock of the run that issues from the register at a path or URL, or changes its keys; nobody holds it yet. Without it
// two offices could finish the same planned cards at the same moment, each with a file of its own.
func IssueLock(where string) *WorkLock {
	if !IsServer(where) {
		return &WorkLock{}
	}
	return &WorkLock{where: where, key: issuing}
}

// The lock is the session's: when its connection ends, the database gives it to the next. The second key tells centres apart.
const holdWork = "SELECT pg_try_advisory_lock($1::integer, quote_ident(current_schema())::regnamespace::oid::integer)"

// Hold takes the lock, or makes sure that it is held still; false where another run holds it. Where the database does not answer, that is an
// error, and the lock has to be taken to be lost.
func (l *WorkLock) Hold(ctx context.Context) (held bool, err error) {
	const doing = "take the lock of the register"
	if l.where == "" {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if l.conn != nil {
		var one int
		if err := l.conn.QueryRowContext(ctx, "SELECT 1").Scan(&one); err == nil {
			return true, nil
		}
		l.drop()
	}
	if l.pool == nil {
		if l.pool, err = OpenServerPool(l.where, 1); err != nil {
			return false, err
		}
	}
	if l.conn, err = l.pool.Conn(ctx); err != nil {
		l.conn = nil
		return false, wrap(doing, err)
	}
	if err = l.conn.QueryRowContext(ctx, holdWork, l.key).Scan(&held); err != nil || !held {
		l.drop()
	}
	return held && err == nil, wrap(doing, err)
}

// drop ends the session, and with it whatever it held.
func (l *WorkLock) drop() {
	closeForGood(l.conn)
	l.conn = nil
}

// Close gives the lock back.
func (l *WorkLock) Close() error {
	if l.conn != nil {
		l.drop()
	}
	if l.pool == nil {
		return nil
	}
	return wrap("give the lock of the register back", l.pool.Close())
}
