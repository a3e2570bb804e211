// Package register is the ledger of all cards: what was signed for whom, and where every card stands today.
//
// It is one SQLite file, or the tables of a PostgreSQL database; the statements are the same (docs/decisions/0030-postgresql.md).
// DB is the issuer's side, the only one that writes, and Ledger the part of it that reads. Reader is the public server's side: it
// has no writing methods, reads by connections that can't write, and sees nothing that is private to a learner. Cards, events and links
// are never deleted, and what was signed is never changed, but for an erasure (docs/decisions/0031-erasure.md): triggers in the database
// itself see to it, whatever program writes. What a course was is kept in the catalogue, a row for each that differs, and a card points at the one that stood when it was planned.
//
// The file holds names and e-mail addresses, so Create makes it readable by its owner alone; SQLite gives its -wal and
// -shm files the same mode. To let a server under another OS user read it, give the three files to a group that both
// users share (chgrp, chmod 0640) and the folder to the same group (chmod 2750): Open keeps an existing file's mode. The -wal
// and -shm files stay in place when the last program closes the register, since a reader that may not write could
// not open it otherwise (sqlite.org/wal.html, "Read-Only Databases").
package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cardproof/cardproof/internal/durable"
)

// DB is the register as the issuer holds it. It is safe for concurrent use, also by several processes: one writes at a time,
// the others wait. Nothing is written into a file that is no longer the one at the path. Close it.
type DB struct {
	*Ledger         // reads go past the writer, and see what is committed
	write   *sql.DB // one connection: there is one writer
	where   string  // its path or URL
}

// Create makes a register at a path, or in the database of a URL, or opens the one that is there. A new register appears whole or not at all. The error is one of
// Open's (but ErrMissing), or ErrAccess or ErrFull where the folder can't take it.
func Create(ctx context.Context, path string) (*DB, error) {
	if IsServer(path) {
		return createOnServer(ctx, path)
	}
	// In this order: whoever finds cards in a -wal file and after that no register has found the rest of a lost one.
	wal, walErr := os.Stat(path + "-wal")
	_, err := os.Stat(path)
	if err == nil {
		return Open(ctx, path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, wrap("create the register", err)
	}
	if walErr == nil && wal.Size() > 0 {
		return nil, fmt.Errorf("create the register: %w: the file is gone, but %s-wal holds cards of it", ErrCorrupt, filepath.Base(path))
	}
	if err := createFile(ctx, path); err != nil {
		return nil, wrap("create the register", err)
	}
	return Open(ctx, path)
}

// Open opens a register that is there, at a path or the URL of a database, and migrates it where an older version wrote it. The error is
// ErrMissing, ErrNewer, ErrCorrupt, ErrForeign, ErrServer, ErrAccess, ErrBusy, ErrURL, ErrUnreachable, or what the system said.
func Open(ctx context.Context, path string) (*DB, error) {
	file, err := openFile(ctx, path, readAccess)
	if err != nil {
		return nil, wrap("open the register", err)
	}
	db := &DB{Ledger: &Ledger{file}, where: path}
	if db.server {
		db.write, err = openServerPool(path, writeAccess, 1)
	} else {
		db.write, err = openPool(path, writeAccess, 1)
	}
	if err != nil {
		return nil, wrap("open the register", errors.Join(err, file.Close()))
	}
	if err = db.prepareWriter(ctx); err == nil {
		err = db.prepare(ctx)
	}
	if err != nil { // unlike Close, this leaves the file as it is: it may be one of a newer version
		return nil, wrap("open the register", errors.Join(err, file.Close(), db.write.Close()))
	}
	return db, nil
}

func (db *DB) prepareWriter(ctx context.Context) error {
	err := db.checkVersion(ctx)
	if errors.Is(err, ErrOlder) {
		err = db.migrate(ctx)
	}
	if err != nil {
		return err
	}
	// SQLite opens a file that it may not write for reading, and says so at the first write: better now than after the
	// first card.
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := tx.Rollback(); err != nil {
		return err
	}
	if db.server {
		return mayWrite(ctx, db.write)
	}
	// That has made the -wal and -shm files of a register without them, such as a restored copy.
	now, err := lookAt(db.path, db.real)
	if err == nil && !os.SameFile(now[0], db.files[0]) {
		err = ErrExchanged
	}
	db.files = now
	return err
}

// Close closes the register. The writer goes last and folds the -wal file into the register, as far as readers let it: where a
// server holds the register open, SQLite would leave that to a server that may not write.
func (db *DB) Close() error {
	err := db.Ledger.Close()
	if db.server {
		return errors.Join(err, db.write.Close())
	}
	// If it can't be done now, the next program does it: an export that reads for minutes is not waited for.
	_, _ = db.write.Exec("PRAGMA busy_timeout(100)")
	_, _ = db.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, db.write.Close())
}

// inTx runs fn in one transaction that nobody else's writing can come between: all of it is on disk when inTx returns
// nil, and nothing of it otherwise. In a file that was deleted or exchanged meanwhile the cards would be lost.
func (db *DB) inTx(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return wrap(doing, db.late(err))
	}
	defer tx.Rollback() // after Commit it does nothing
	ends, err := endsOfLogs(ctx, tx)
	if err == nil {
		err = fn(tx)
	}
	if err == nil {
		err = chainAfter(ctx, tx, ends)
	}
	if err != nil {
		return wrap(doing, db.late(errors.Join(err, ctx.Err())))
	}
	if err := db.check(); err != nil {
		return wrap(doing, err)
	}
	return wrap(doing, db.late(tx.Commit()))
}

// late says of a time that ran out what it means where a network lies between: whoever writes has given the database long enough.
func (db *DB) late(err error) error {
	if db.server && errors.Is(err, context.DeadlineExceeded) && kindOf(err) == nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return err
}

// createFile builds a register under another name and links it into place, so that a crash leaves no half register and two
// programs that create it at once end up with the same one.
func createFile(ctx context.Context, path string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	defer os.Remove(temp)
	// The umask may have taken the owner's own rights.
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	pool, err := openPool(temp, createAccess, 1)
	if err != nil {
		return err
	}
	// Closing the last connection moves the -wal file into the register and syncs it.
	if err := errors.Join(migrate(ctx, pool), pool.Close()); err != nil {
		return err
	}
	if err := publish(temp, path); err != nil {
		return err
	}
	return durable.SyncFolder(dir)
}

// publish gives a finished file its name, unless another program was faster.
func publish(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// The file system knows no links (FAT): what is left is a rename, with a moment in which two programs could meet.
	if _, statErr := os.Lstat(path); statErr == nil {
		return nil
	}
	return os.Rename(temp, path)
}
