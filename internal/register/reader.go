package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/cardproof/cardproof/card"
)

// Reader is the register as the public server sees it: what the world may know of a card, and no way to write. It is safe
// for concurrent use. A change by the issuer shows in the next call. Close it.
type Reader struct {
	path   string
	file   os.FileInfo // of the register when it was opened
	read   *sql.DB
	record *sql.Stmt
}

// OpenReader opens a register read-only. The error is ErrMissing, ErrNewer, ErrOlder, ErrCorrupt, ErrForeign, ErrAccess, or
// what the system said.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	r, version, err := openReader(ctx, path)
	if err != nil {
		return nil, wrap("open the register", err)
	}
	target, err := targetVersion(r.read)
	if err == nil && version != target {
		err = &VersionError{Register: version, Program: target}
	}
	if err == nil {
		err = r.prepare(ctx)
	}
	if err != nil {
		r.Close()
		return nil, wrap("open the register", err)
	}
	return r, nil
}

// openReader opens the file for reading and answers its version, which the caller has to judge.
func openReader(ctx context.Context, path string) (_ *Reader, version int64, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%w: %s", ErrMissing, path)
	}
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: %s is no file", ErrForeign, path)
	}
	if info.Size() == 0 {
		// SQLite would take an empty file for a new database, and every card would be unknown.
		return nil, 0, fmt.Errorf("%w: %s is empty", ErrCorrupt, path)
	}
	pool, err := openPool(path, readAccess, max(4, 2*runtime.NumCPU()))
	if err != nil {
		return nil, 0, err
	}
	if version, err = currentVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, 0, err
	}
	return &Reader{path: path, file: info, read: pool}, version, nil
}

func (r *Reader) prepare(ctx context.Context) (err error) {
	r.record, err = r.read.PrepareContext(ctx, "SELECT "+recordColumns+" FROM cards WHERE number = ?")
	return err
}

// Close closes the register.
func (r *Reader) Close() error {
	var err error
	if r.record != nil {
		err = r.record.Close()
	}
	return errors.Join(err, r.read.Close())
}

// FindRecord answers a card as the world may know it, and false where the register has no card of the number. Planned cards
// are among the answers.
func (r *Reader) FindRecord(ctx context.Context, number card.Number) (card.Record, bool, error) {
	var row recordRow
	err := r.record.QueryRowContext(ctx, string(number)).Scan(row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Record{}, false, nil
	}
	if err != nil {
		return card.Record{}, false, wrap("look up a card", err)
	}
	record, err := row.record()
	if err != nil {
		return card.Record{}, false, wrap("look up a card", err)
	}
	return record, true, nil
}

// Ping asks the register. Beside a register that does not answer it finds one that was deleted, exchanged (by a restored copy,
// say) or migrated since it was opened: the open file would go on answering, but from the past.
func (r *Reader) Ping(ctx context.Context) error {
	info, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: it was deleted while open", ErrMissing)
	}
	if err != nil {
		return wrap("ask the register", err)
	}
	if !os.SameFile(info, r.file) {
		return errors.New("ask the register: the file was exchanged while open: start again")
	}
	version, err := currentVersion(ctx, r.read)
	if err != nil {
		return wrap("ask the register", err)
	}
	target, err := targetVersion(r.read)
	if err == nil && version != target {
		err = &VersionError{Register: version, Program: target}
	}
	return wrap("ask the register", err)
}
