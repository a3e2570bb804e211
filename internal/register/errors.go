package register

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The ways in which a register fails its user. What the driver or the system said stays wrapped behind them.
var (
	// ErrMissing says that there is no register at the path.
	ErrMissing = errors.New("there is no register")
	// ErrNewer says that a newer version of the program wrote the register. It comes as a *VersionError.
	ErrNewer = errors.New("a newer version of cardproof wrote the register")
	// ErrOlder says that the register has to be migrated: any command of cardproof that opens it for writing does so. It
	// comes as a *VersionError.
	ErrOlder = errors.New("an older version of cardproof wrote the register")
	// ErrExchanged says that another file took the register's place while it was open.
	ErrExchanged = errors.New("the file was exchanged while open: start again")
	// ErrCorrupt says that the file is damaged or no database.
	ErrCorrupt = errors.New("the register is damaged")
	// ErrForeign says that the file or the tables are another program's, or the register of another centre.
	ErrForeign = errors.New("it is not the register of this centre")
	// ErrServer says that a server is too old, or its database of another encoding.
	ErrServer = errors.New("the database's server can't hold a register")
	// ErrAccess says that this user may not read or write the register or its folder.
	ErrAccess = errors.New("the register can't be read or written by this user")
	// ErrBusy says that another program held the register for too long.
	ErrBusy = errors.New("another program holds the register")
	// ErrUnreachable says that the database of the register does not answer.
	ErrUnreachable = errors.New("the database of the register can't be reached")
	// ErrBehind says that the database is a copy that has not followed the register for too long.
	ErrBehind = errors.New("this copy of the register is behind")
	// ErrDisk says that the system could not read or write the file.
	ErrDisk = errors.New("the disk of the register fails")
	// ErrFull says that the disk is full.
	ErrFull = errors.New("the disk of the register is full")
)

// VersionError says which version a register has and which one this program works with. It is ErrNewer or ErrOlder.
type VersionError struct {
	Register int64
	Program  int64
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%v: it has version %d, this program works with %d", e.kind(), e.Register, e.Program)
}

// Unwrap answers ErrNewer or ErrOlder.
func (e *VersionError) Unwrap() error { return e.kind() }

func (e *VersionError) kind() error {
	if e.Register > e.Program {
		return ErrNewer
	}
	return ErrOlder
}

// wrap says what was being done, and of which kind the failure is.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	if kind == nil || errors.Is(err, kind) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, kind, err)
}

// DatabaseKind is the kind of what a database said, such as ErrFull, wherever in an error that stands: the background work's own tables are
// in the register too. It is nil where no database said anything, or nothing of these kinds.
func DatabaseKind(err error) error {
	if _, ok := errors.AsType[*sqlite.Error](err); ok {
		return kindOf(err)
	}
	if _, ok := errors.AsType[*pgconn.PgError](err); ok {
		return kindOf(err)
	}
	return nil
}

func kindOf(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return ErrCorrupt
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH:
			return ErrAccess
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return ErrBusy
		case sqlite3.SQLITE_FULL:
			return ErrFull
		case sqlite3.SQLITE_IOERR:
			if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // the -shm file is short, and has no room to grow
				return ErrFull
			}
			return ErrDisk
		}
		return nil
	}
	if kind := serverKindOf(err); kind != nil {
		return kind
	}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrAccess
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	}
	return nil
}

// connectError is a failure to connect, in words of its own.
type connectError struct {
	error
	text string
}

func (e *connectError) Error() string { return e.text }
func (e *connectError) Unwrap() error { return e.error }

// sayOnce has the failure of a connection say each cause once, after the addresses that it is of, and all of it on one line. The library says it
// anew for each address of a host, and for each way to speak to it.
func sayOnce(err error) error {
	failed, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err
	}
	tries, ok := failed.Unwrap().(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var causes []string
	places := map[string][]string{} // by cause
	for _, try := range tries.Unwrap() {
		place, cause := "", try.Error()
		if inner := errors.Unwrap(try); inner != nil && strings.HasSuffix(cause, ": "+inner.Error()) {
			place, cause = strings.TrimSuffix(cause, ": "+inner.Error()), inner.Error()
		}
		if dial, ok := errors.AsType[*net.OpError](try); ok { // it has the address once more
			cause = strings.Replace(cause, dial.Error(), dial.Err.Error(), 1)
		}
		if places[cause] == nil {
			causes = append(causes, cause)
		}
		if !slices.Contains(places[cause], place) {
			places[cause] = append(places[cause], place)
		}
	}
	for i, cause := range causes {
		causes[i] = strings.TrimPrefix(strings.Join(places[cause], ", ")+": "+cause, ": ")
	}
	return &connectError{err, fmt.Sprintf("failed to connect to `user=%s database=%s`: %s", failed.Config.User, failed.Config.Database, strings.Join(causes, "; "))}
}

// isTaken says whether a row was refused because another one has its place: by a unique column, or by the trigger that
// keeps one card for each learner, course and day.
func isTaken(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505" || e.Code == "23000" // the triggers raise the second
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return true
	}
	return false
}
