package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cardproof/cardproof/card"
)

// SaveTo writes the register as it stands at this moment into a new file at path, whole and without what was deleted from it, whoever
// writes meanwhile. It is not synced yet. The file may not be there.
func (l *Ledger) SaveTo(ctx context.Context, path string) error {
	const doing = "save the register"
	if l.server {
		return l.saveServer(ctx, path)
	}
	if err := l.check(); err != nil {
		return wrap(doing, err)
	}
	// A connection that only reads can't write the copy either.
	pool, err := openPool(l.path, writeAccess, 1)
	if err != nil {
		return wrap(doing, err)
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", path)
	if closeErr := pool.Close(); err == nil {
		err = closeErr
	}
	return wrap(doing, err)
}

// saveServer makes the file that SaveTo makes, of a database. It copies into a file beside it, and so needs twice the room.
func (l *Ledger) saveServer(ctx context.Context, path string) (err error) {
	const doing = "save the register"
	if _, err := os.Lstat(path); err == nil {
		return wrap(doing, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist})
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".save-*")
	if err != nil {
		return wrap(doing, err)
	}
	defer os.RemoveAll(dir)
	file, err := Create(ctx, filepath.Join(dir, "register.db"))
	if err != nil {
		return wrap(doing, err)
	}
	defer file.Close() // it goes away
	err = l.snapshot(ctx, doing, func(tx *sql.Tx) error {
		_, err := copyAll(ctx, tx, true, file)
		return err
	})
	if err != nil {
		return err
	}
	return file.SaveTo(ctx, path)
}

// ErrNoFile says that a register is in a database, and has no file that could be looked at.
var ErrNoFile = errors.New("the register is in a database, and has no file")

// Integrity answers what SQLite finds wrong with the file itself: damaged pages and indexes, rows that break a rule of their table,
// and rows that point at others which are not there. Nothing means that it is sound. The error of a register in a database is ErrNoFile.
func (l *Ledger) Integrity(ctx context.Context) (found []string, err error) {
	if l.server {
		return nil, wrap("check the register's file", ErrNoFile)
	}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
		return nil
	}, "PRAGMA integrity_check(20)")
	if err != nil {
		return nil, wrap("check the register's file", err)
	}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var table, parent string
		var rowid sql.NullInt64
		var key int64
		err := rows.Scan(&table, &rowid, &parent, &key)
		found = append(found, fmt.Sprintf("row %d of %s points at a row of %s that is not there", rowid.Int64, table, parent))
		return err
	}, "PRAGMA foreign_key_check")
	return found, wrap("check the register's file", err)
}

// CardFile is the finished file of a card.
type CardFile struct {
	Number card.Number
	State  card.State
	SHA256 string // in hex
}

// EachFile goes through the finished files that the register names, in the order in which their cards were planned. Those of planned cards are
// among them: they may be made anew at any time. Those of erased cards are not, for there are none.
func (l *Ledger) EachFile(ctx context.Context, each func(CardFile) error) error {
	var stopped error // what each said is not the register's fault
	err := l.longSnapshot(ctx, "list the files of cards", func(tx *sql.Tx) error {
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			var f CardFile
			if err := rows.Scan(&f.Number, &f.State, &f.SHA256); err != nil {
				return err
			}
			stopped = each(f)
			return stopped
		}, "SELECT number, state, sha256 FROM cards WHERE token <> '' AND name <> ? ORDER BY seq", card.ErasedName)
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// NewestFiles answers the last n of the files of EachFile, the newest first. By these an archive is known: what lies under a mount point, or was copied
// before, has older ones at the most.
func (l *Ledger) NewestFiles(ctx context.Context, n int) (files []CardFile, err error) {
	err = l.longSnapshot(ctx, "look up the newest files of cards", func(tx *sql.Tx) error {
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			var f CardFile
			err := rows.Scan(&f.Number, &f.State, &f.SHA256)
			files = append(files, f)
			return err
		}, "SELECT number, state, sha256 FROM cards WHERE token <> '' AND name <> ? ORDER BY seq DESC LIMIT ?", card.ErasedName, n)
	})
	return files, err
}

// KeptFile is what the register says of a card's file.
type KeptFile struct {
	State  card.State
	SHA256 string // in hex; empty where it names no file
	Erased bool   // the details were erased, and no file may be there
}

// FilesOf answers what the register says of the files of some cards. A number that it does not know is not in the answer. More than a thousand
// are refused.
func (l *Ledger) FilesOf(ctx context.Context, numbers []card.Number) (map[card.Number]KeptFile, error) {
	const doing = "look up the files of cards"
	in, args, err := inNumbers(numbers)
	if err != nil || len(numbers) == 0 {
		return nil, wrap(doing, err)
	}
	found := make(map[card.Number]KeptFile, len(numbers))
	err = l.each(ctx, func(rows *sql.Rows) error {
		var n card.Number
		var f KeptFile
		if err := rows.Scan(&n, &f.State, &f.SHA256, &f.Erased); err != nil {
			return err
		}
		if f.Erased {
			f.SHA256 = ""
		}
		found[n] = f
		return nil
	}, "SELECT number, state, sha256, CASE name WHEN ? THEN 1 ELSE 0 END FROM cards WHERE number"+in, append([]any{card.ErasedName}, args...)...)
	return found, wrap(doing, err)
}

// longSnapshot is a snapshot whose statements may take as long as they do: they go through all of the register, and rows wait for the one
// who takes them. What has died is found out by the connection.
func (l *Ledger) longSnapshot(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	return l.snapshot(ctx, doing, func(tx *sql.Tx) error {
		if err := takeTime(ctx, tx, l.server); err != nil {
			return err
		}
		return fn(tx)
	})
}

// takeTime lifts the limit of time from the statements of a transaction, where it is one on a server.
func takeTime(ctx context.Context, tx *sql.Tx, server bool) error {
	if !server {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0")
	return err
}
