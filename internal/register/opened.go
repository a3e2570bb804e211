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

	"github.com/cardproof/cardproof/card"
)

// opened is a register's file or database, open for reading.
type opened struct {
	server bool // it is a PostgreSQL database: there is no file that could be exchanged, and path and files are empty
	fresh  freshness
	path   string
	real   string // where a symbolic link at the path led to
	files  files  // that are open
	read   *sql.DB
	record *sql.Stmt
	link   *sql.Stmt
	own    *sql.Stmt
	says   qualifications
	places chan struct{} // one for each look-up that may run at once
}

// files are a register's file, its -wal and its -shm at one moment. The last two are nil where they are not there.
type files [3]os.FileInfo

// lookAt answers the files at a path, and refuses what SQLite would take for a new database. SQLite puts the -wal and the -shm
// beside the file that a symbolic link leads to; real is that file.
func lookAt(path, real string) (f files, err error) {
	for i, name := range [...]string{path, real + "-wal", real + "-shm"} {
		info, err := os.Stat(name)
		switch {
		case err == nil:
			f[i] = info
		case !errors.Is(err, fs.ErrNotExist):
			return f, err
		case i == 0:
			return f, fmt.Errorf("%w: %s", ErrMissing, path)
		}
	}
	switch {
	case !f[0].Mode().IsRegular():
		return f, fmt.Errorf("%w: %s is no file", ErrForeign, path)
	case f[0].Size() == 0:
		// SQLite would take an empty file for a new database, and every card would be unknown.
		return f, fmt.Errorf("%w: %s is empty", ErrCorrupt, path)
	}
	return f, nil
}

// same says whether both are the same files, whatever they hold. All three count: whoever puts a copy in place and keeps
// the register's inode still has to remove the others, and a -wal that is not the writers' hides what they write.
func (f files) same(g files) bool {
	for i := range f {
		if (f[i] != nil || g[i] != nil) && !os.SameFile(f[i], g[i]) {
			return false
		}
	}
	return true
}

// untouched says whether nothing was written into the register's file either: neither by a writer that moved the -wal into
// it, nor by a copy over it, of which open connections would see a part.
func (f files) untouched(g files) bool {
	return f.same(g) && f[0].Size() == g[0].Size() && f[0].ModTime().Equal(g[0].ModTime())
}

// spareConnections are for what is no look-up of one card: the requirements, and whether the register answers.
const spareConnections = 2

// openFile opens the register at a path or URL for reading, of whatever version.
func openFile(ctx context.Context, path string, a access) (*opened, error) {
	if IsServer(path) {
		return openServer(ctx, path, a)
	}
	for range 3 { // the first reader may make the -wal and -shm files, and the second look sees that
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			real = path // what is wrong with it, the look at it tells
		}
		before, err := lookAt(path, real)
		if err != nil {
			return nil, err
		}
		lookups := max(4, 2*runtime.NumCPU())
		pool, err := openPool(path, readAccess, lookups+spareConnections)
		if err != nil {
			return nil, err
		}
		o := &opened{path: path, real: real, files: before, read: pool, places: make(chan struct{}, lookups)}
		_, err = currentVersion(ctx, pool)
		if err == nil {
			err = o.check()
		}
		if err == nil {
			return o, nil
		}
		pool.Close()
		if !errors.Is(err, ErrExchanged) {
			return nil, err
		}
	}
	return nil, ErrExchanged
}

// openCurrent opens the register at a path or URL for reading, if it has the version of this program.
func openCurrent(ctx context.Context, path string, a access) (*opened, error) {
	o, err := openFile(ctx, path, a)
	if err != nil {
		return nil, err
	}
	if err = o.checkVersion(ctx); err == nil {
		err = o.prepare(ctx)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

func (o *opened) prepare(ctx context.Context) (err error) {
	record := packedRecord
	if o.server {
		record = plainRecord
	}
	for _, s := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&o.record, record},
		{&o.link, findLink},
		{&o.own, ownCards},
	} {
		if *s.to, err = o.read.PrepareContext(ctx, s.text); err != nil {
			return err
		}
	}
	return nil
}

// check is ErrMissing or ErrExchanged where the open files are no longer the ones at the path. They would go on answering,
// but from the past.
func (o *opened) check() error {
	if o.server {
		return nil
	}
	now, err := lookAt(o.path, o.real)
	if err == nil && !now.same(o.files) {
		err = ErrExchanged
	}
	return err
}

// untouched says whether the files at the path are the open ones, as they were then.
func (o *opened) untouched() bool {
	if o.server {
		return true
	}
	now, err := lookAt(o.path, o.real)
	return err == nil && now.untouched(o.files)
}

// Close closes the register.
func (o *opened) Close() error {
	var err error
	for _, s := range []*sql.Stmt{o.record, o.link, o.own} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return errors.Join(err, o.read.Close())
}

// enter waits for a place among the look-ups that may run at once, as long as ctx lasts.
func (o *opened) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case o.places <- struct{}{}:
		return func() { <-o.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// findRecord waits for its turn as long as ctx lasts. The look-up itself then runs to its end, which the busy timeout bounds: to
// be ready to break it off, the driver would start a goroutine for each, and that costs as much as the row.
func (o *opened) findRecord(ctx context.Context, number card.Number) (card.Record, bool, error) {
	leave, err := o.enter(ctx)
	if err != nil {
		return card.Record{}, false, err
	}
	defer leave()
	var record card.Record
	if o.server {
		if err := o.fresh.failure(); err != nil { // it was found not to answer while this call waited for its turn
			return card.Record{}, false, err
		}
		record, err = o.findOnServer(ctx, number)
	} else {
		record, err = o.findPacked(context.WithoutCancel(ctx), number)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return card.Record{}, false, nil
	}
	return record, err == nil, err
}
