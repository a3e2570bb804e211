package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/cardproof/cardproof/card"
)

// Reader is the register as the public server sees it: what the world may know of a card, and no way to write. It is safe
// for concurrent use. A change by the issuer shows in the next call, also where the issuer has put another file in the
// register's place, such as a restored backup. Close it.
type Reader struct {
	path string

	mu   sync.RWMutex // held for reading while a pool is used, and for writing while it is exchanged
	open *handle
}

// handle is one opening of the register's files.
type handle struct {
	files  [3]os.FileInfo // the register, its -wal and its -shm, as they were when it was opened
	read   *sql.DB
	record *sql.Stmt
}

// OpenReader opens a register read-only. The error is ErrMissing, ErrNewer, ErrOlder, ErrCorrupt, ErrForeign, ErrAccess, or
// what the system said.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	h, err := openCurrent(ctx, path)
	if err != nil {
		return nil, wrap("open the register", err)
	}
	return &Reader{path: path, open: h}, nil
}

// openCurrent opens a register of just this program's version.
func openCurrent(ctx context.Context, path string) (*handle, error) {
	h, version, err := openHandle(ctx, path)
	if err != nil {
		return nil, err
	}
	if err = checkVersion(version, h.read); err == nil {
		err = h.prepare(ctx, path)
	}
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// checkVersion is nil for the version of this program, and a *VersionError for another.
func checkVersion(version int64, pool *sql.DB) error {
	target, err := targetVersion(pool)
	if err == nil && version != target {
		err = &VersionError{Register: version, Program: target}
	}
	return err
}

// openHandle opens the file for reading and answers its version, which the caller has to judge.
func openHandle(ctx context.Context, path string) (_ *handle, version int64, err error) {
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
	return &handle{files: [3]os.FileInfo{info}, read: pool}, version, nil
}

// prepare makes the handle ready for look-ups. The -wal and -shm files are there by now.
func (h *handle) prepare(ctx context.Context, path string) (err error) {
	if h.record, err = h.read.PrepareContext(ctx, "SELECT "+recordColumns+" FROM cards WHERE number = ?"); err != nil {
		return err
	}
	now, err := statFiles(path)
	if err == nil && !os.SameFile(now[0], h.files[0]) {
		err = errors.New("the file was exchanged while it was opened")
	}
	h.files = now
	return err
}

// isCurrent says whether the files at the path are still those that the handle has open. An open file goes on answering after
// it was moved, deleted or exchanged, but from the past: a card that was revoked since would read as valid.
func (h *handle) isCurrent(path string) bool {
	now, err := statFiles(path)
	if err != nil {
		return false
	}
	for i, f := range h.files {
		if (f == nil) != (now[i] == nil) || f != nil && !os.SameFile(f, now[i]) {
			return false
		}
	}
	return true
}

// statFiles looks at the register and, where they are, its -wal and its -shm. SQLite puts these beside the file that a
// symbolic link leads to.
func statFiles(path string) (files [3]os.FileInfo, err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for i, suffix := range []string{"", "-wal", "-shm"} {
		files[i], err = os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) && i > 0 {
			files[i], err = nil, nil
		}
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

func (h *handle) close() error {
	var err error
	if h.record != nil {
		err = h.record.Close()
	}
	return errors.Join(err, h.read.Close())
}

// Close closes the register.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open.close()
}

// use runs fn with the register as it lies at the path now; where another file lies there, that one is opened first. What
// can't be opened is not asked: the error says why, and the next call tries again.
func (r *Reader) use(ctx context.Context, fn func(*handle) error) error {
	for range 2 {
		r.mu.RLock()
		if h := r.open; h.isCurrent(r.path) {
			defer r.mu.RUnlock()
			return fn(h)
		}
		r.mu.RUnlock()
		if err := r.reopen(ctx); err != nil {
			return fmt.Errorf("the register was exchanged while open: %w", err)
		}
	}
	return errors.New("the register is being exchanged all the time")
}

func (r *Reader) reopen(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open.isCurrent(r.path) {
		return nil // another call has opened it meanwhile
	}
	h, err := openCurrent(ctx, r.path)
	if err != nil {
		return err
	}
	old := r.open
	r.open = h
	_ = old.close() // it was only read, and nothing depends on it any more
	return nil
}

// FindRecord answers a card as the world may know it, and false where the register has no card of the number. Planned cards
// are among the answers.
func (r *Reader) FindRecord(ctx context.Context, number card.Number) (record card.Record, found bool, err error) {
	err = r.use(ctx, func(h *handle) error {
		record, found, err = h.findRecord(ctx, number)
		return err
	})
	return record, found, wrap("look up a card", err)
}

func (h *handle) findRecord(ctx context.Context, number card.Number) (card.Record, bool, error) {
	var row recordRow
	err := h.record.QueryRowContext(ctx, string(number)).Scan(row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Record{}, false, nil
	}
	if err != nil {
		return card.Record{}, false, err
	}
	record, err := row.record()
	return record, err == nil, err
}

// Ping asks the register, and finds one that was migrated by a newer version while open.
func (r *Reader) Ping(ctx context.Context) error {
	return wrap("ask the register", r.use(ctx, func(h *handle) error {
		version, err := currentVersion(ctx, h.read)
		if err != nil {
			return err
		}
		return checkVersion(version, h.read)
	}))
}
