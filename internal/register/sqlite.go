package register

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// applicationID marks our files among all SQLite files; the first migration writes it.
const applicationID = 0x43507266

// versionTable is where goose notes the migrations.
const versionTable = "migrations"

//go:embed migrations/*.sql
var migrations embed.FS

// access is what a pool of connections may do.
type access int

const (
	readAccess   access = iota
	copyAccess          // reading, also from a database that follows the register's
	writeAccess         // of a register that is there
	createAccess        // of a file that nobody else knows yet
)

// openPool prepares a pool of connections to the file; the first use opens it.
func openPool(path string, a access, connections int) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	base, err := sqlite.NewConnector(dataSource(abs, a))
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector{Connector: base, keepWAL: a != createAccess})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections) // an idle connection keeps its prepared statements and its cache
	return pool, nil
}

func dataSource(abs string, a access) string {
	q := url.Values{}
	q.Set("_foreign_keys", "on")
	q.Set("_dqs", "false") // "x" is a name and never a text
	if a == readAccess {
		q.Set("mode", "ro")
		q.Set("_query_only", "on")
		q.Set("_busy_timeout", "5000") // readers wait for nobody but a recovery after a crash
		q.Add("_pragma", "cache_size(-16000)")
	} else {
		q.Set("mode", "rw")
		q.Set("_txlock", "immediate")
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "FULL")   // a card that is reported issued survives a power cut
		q.Set("_busy_timeout", "30000") // milliseconds: longer than planning 100,000 cards holds the lock
		q.Add("_pragma", "cache_size(-64000)")
		q.Add("_pragma", "secure_delete(ON)")  // what is erased is overwritten, and not left on a free page
		q.Add("_pragma", "temp_store(MEMORY)") // what a trigger may have to take back is no business of the disk
		// With a limit set, closing empties the -wal file that it leaves in place.
		q.Add("_pragma", "journal_size_limit(67108864)")
	}
	p := filepath.ToSlash(abs)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // file:///C:/register.db
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: q.Encode()}).String()
}

// connector opens connections that leave the -wal and -shm files in place when they close.
type connector struct {
	driver.Connector
	keepWAL bool
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil || !c.keepWAL {
		return conn, err
	}
	control, ok := conn.(sqlite.FileControl)
	if !ok {
		conn.Close()
		return nil, errors.New("the SQLite driver has no file control")
	}
	if _, err := control.FileControlPersistWAL("main", 1); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func newProvider(pool *sql.DB) (*goose.Provider, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, pool, sub, goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(chainMigration()), goose.WithSlog(slog.New(slog.DiscardHandler)))
}

// programVersion is the version that this program works with: that of the last migration.
func programVersion() (int64, error) {
	last, err := lastVersion(migrations, "migrations/*.sql")
	return max(last, chainVersion), err
}

func lastVersion(of fs.FS, pattern string) (int64, error) {
	names, err := fs.Glob(of, pattern) // in the order of their names, which begin with the version
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("the program has no migrations"), err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// programServerVersion is the same of PostgreSQL, whose migrations are counted on their own.
func programServerVersion() (int64, error) {
	return lastVersion(serverMigrations, "migrations/postgres/*.sql")
}

// checkVersion is a *VersionError where the register does not have the version of this program.
func (o *opened) checkVersion(ctx context.Context) error {
	ofRegister, ofProgram := currentVersion, programVersion
	if o.server {
		ofRegister, ofProgram = serverVersion, programServerVersion
	}
	has, err := ofRegister(ctx, o.read)
	if err != nil {
		return err
	}
	want, err := ofProgram()
	if err == nil && has != want {
		err = &VersionError{Register: has, Program: want}
	}
	return err
}

// currentVersion is the version that the file has. It also makes sure that the file is a register.
func currentVersion(ctx context.Context, pool *sql.DB) (version int64, err error) {
	var id int64
	if err := pool.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if id != applicationID {
		return 0, fmt.Errorf("%w: another program made it", ErrForeign)
	}
	err = pool.QueryRowContext(ctx, "SELECT max(version_id) FROM "+versionTable).Scan(&version)
	return version, err
}

// migrate brings the file to the version of this program.
func migrate(ctx context.Context, pool *sql.DB) error {
	p, err := newProvider(pool)
	if err != nil {
		return err
	}
	for last := int64(-1); ; {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
		// Another program may have made the same step in between; ours was then refused as a whole. As long as somebody gets on, it
		// is tried again.
		current, target, versionErr := p.GetVersions(ctx)
		switch {
		case versionErr == nil && current == target:
			return nil
		case versionErr != nil || current == last:
			return fmt.Errorf("migrate: %w", err)
		}
		last = current
	}
}
