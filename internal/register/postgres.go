package register

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/postgres/*.sql
var serverMigrations embed.FS

// serverMark is the comment of the table of cards, by which a register is told from another program's tables.
const serverMark = "CPrf: cards of Cardproof"

// serverVersionTable is where goose notes the migrations in a database, in which other programs may have tables too.
const serverVersionTable = "register_migrations"

// oldestServer is the oldest version of PostgreSQL that the register is tested with, as server_version_num gives it.
const oldestServer = 150000

// Limits of connections to a server. A network that has gone away without a word must not keep anybody waiting for long.
const (
	connectTimeout = 5 * time.Second
	silence        = 20 * time.Second // of the other side, when bytes or a probe wait for its word; a shorter one is sat out
	lookupTimeout  = 5 * time.Second  // of one card
	lockTimeout    = 30 * time.Second
	readTimeout    = 2 * time.Minute  // of one statement; lists of a whole register take a while
	writeTimeout   = 5 * time.Minute  // of one statement: the release of 100,000 cards is one
	idleTimeout    = 10 * time.Minute // of a transaction that waits for its program
	idleLifetime   = 5 * time.Minute  // of a connection that nobody uses
)

// IsServer says whether a register's place is a PostgreSQL database, as a URL, and no file.
func IsServer(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// ErrURL says that a URL of a database can't be used.
var ErrURL = errors.New("the URL of the register can't be used")

// serverConfig reads a URL. Its errors never repeat it.
func serverConfig(where string, a access) (*pgx.ConnConfig, error) {
	u, err := url.Parse(where)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no URL", ErrURL)
	}
	u.RawQuery = strings.ReplaceAll(u.RawQuery, "+", "%2B") // in these URLs a plus is a plus, and a space is %20
	query := u.Query()
	if _, has := u.User.Password(); has || query.Has("password") {
		return nil, fmt.Errorf("%w: it holds a password, which belongs into PGPASSFILE or PGPASSWORD", ErrURL)
	}
	if !query.Has("sslmode") && os.Getenv("PGSSLMODE") == "" && !isLocal(u) {
		// The library's own default falls back to plain text, in which whoever stands between could turn a revoked card valid.
		query.Set("sslmode", "verify-full")
	}
	query.Set("connect_timeout", fmt.Sprint(int(connectTimeout.Seconds())))
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err) // the library has taken the password out
	}
	c.DialFunc = dialer().DialContext
	limits := map[string]time.Duration{"statement_timeout": writeTimeout, "lock_timeout": lockTimeout}
	if a == readAccess || a == copyAccess {
		limits["statement_timeout"] = readTimeout
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	if !query.Has("target_session_attrs") { // of several hosts, the one that takes writes
		c.ValidateConnect = map[access]pgconn.ValidateConnectFunc{
			readAccess: pgconn.ValidateConnectTargetSessionAttrsPrimary, writeAccess: pgconn.ValidateConnectTargetSessionAttrsReadWrite,
		}[a]
	}
	c.RuntimeParams["jit"] = "off" // statements here are short
	if a == writeAccess {
		limits["idle_in_transaction_session_timeout"] = idleTimeout
		c.RuntimeParams["enable_seqscan"] = "off" // plans outlive the empty tables that they were made for, within one batch
	}
	for name, d := range limits {
		if !query.Has(name) {
			c.RuntimeParams[name] = fmt.Sprint(d.Milliseconds())
		}
	}
	// A machine that has lost its power or its cable while it wrote is found out by the server before lockTimeout is over, and the next one writes.
	for name, value := range map[string]string{"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
		"tcp_user_timeout": fmt.Sprint(silence.Milliseconds())} {
		c.RuntimeParams[name] = value
	}
	c.RuntimeParams["application_name"] = "cardproof"
	return c, nil
}

// dialer opens connections that end when the other side was silent for too long: else a statement whose answer is lost waits for as long as
// the system sends it again, which is a quarter of an hour.
func dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         connectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         endInSilence,
	}
}

// isLocal says whether all hosts of a URL are this machine, to which no network leads.
func isLocal(u *url.URL) bool {
	hosts := cmp.Or(u.Query().Get("host"), u.Hostname(), os.Getenv("PGHOST"))
	for host := range strings.SplitSeq(hosts, ",") {
		ip := net.ParseIP(host)
		if host != "" && !strings.HasPrefix(host, "/") && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// openServerPool prepares a pool of connections that take the statements of this package; the first use opens it.
func openServerPool(where string, a access, connections int) (*sql.DB, error) {
	c, err := serverConfig(where, a)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(serverConnector{plainConnector{stdlib.GetConnector(*c, stdlib.OptionAfterConnect(settle))}})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(idleLifetime)
	return pool, nil
}

// settle refuses servers that can't hold a register (ErrServer). A card that is reported issued survives a power cut, whatever the server's default is.
func settle(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding string
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`).Scan(&version, &encoding, nil)
	switch {
	case err != nil:
		return err
	case version < oldestServer:
		return fmt.Errorf("%w: PostgreSQL %d is too old, 15 is the oldest that will do", ErrServer, version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("%w: the database's encoding is %s and has to be UTF8", ErrServer, encoding)
	}
	return nil
}

// OpenServerPool prepares a plain pool of connections to the database of a URL, for what stands there beside the register.
func OpenServerPool(where string, connections int) (*sql.DB, error) {
	c, err := serverConfig(where, writeAccess)
	if err != nil {
		return nil, wrap("open the database", err)
	}
	pool := sql.OpenDB(plainConnector{stdlib.GetConnector(*c, stdlib.OptionAfterConnect(settle))})
	pool.SetMaxOpenConns(connections)
	pool.SetConnMaxIdleTime(idleLifetime)
	return pool, nil
}

// plainConnector opens connections as the library has them.
type plainConnector struct{ driver.Connector }

func (c plainConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return conn, sayOnce(err)
}

// serverConnector opens connections that behave to this package as those of SQLite do.
type serverConnector struct{ plainConnector }

func (c serverConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.plainConnector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &serverConn{conn.(*stdlib.Conn)}, nil
}

type serverConn struct{ *stdlib.Conn }

func (c *serverConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *serverConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.PrepareContext(ctx, forServer(query))
}

func (c *serverConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, forServer(query), args)
}

func (c *serverConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, forServer(query), args)
}

// CheckNamedValue makes of an argument what both databases store: truth is 0 or 1.
func (c *serverConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value); err != nil {
		return err
	}
	if truth, ok := v.Value.(bool); ok {
		v.Value = int64(0)
		if truth {
			v.Value = int64(1)
		}
	}
	return nil
}

// BeginTx begins a transaction that reads the register at one moment, or one that writes alone: it waits for the writer before, and all
// its statements see what that one wrote. So the rules about several cards hold as in SQLite.
func (c *serverConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly {
		o.Isolation = driver.IsolationLevel(sql.LevelRepeatableRead)
	}
	tx, err := c.Conn.BeginTx(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	if _, err := c.Conn.ExecContext(ctx, "SELECT register_lock()", nil); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// migrateServer brings the register to the version of this program. Whoever does the same at once waits.
func migrateServer(ctx context.Context, where string) error {
	c, err := serverConfig(where, writeAccess)
	if err != nil {
		return err
	}
	// The functions of the register keep the search_path of this session. A path with "$user" would lead every user elsewhere.
	pool := sql.OpenDB(plainConnector{stdlib.GetConnector(*c, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT set_config('search_path', quote_ident(current_schema()), false)")
		return errors.Join(err, settle(ctx, conn))
	}))})
	defer pool.Close()
	pool.SetMaxOpenConns(2) // the one that holds goose's lock, and the one that works
	sub, err := fs.Sub(serverMigrations, "migrations/postgres")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asked every second, for five minutes
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, pool, sub, goose.WithTableName(serverVersionTable), goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// errNoSchema is why there is no register, and why none can be made.
var errNoSchema = errors.New("the database has no schema of the search_path that this user may use; its owner makes one by CREATE SCHEMA")

// serverVersion is the version that the register in a database has, as currentVersion is that of a file.
func serverVersion(ctx context.Context, pool *sql.DB) (version int64, err error) {
	var schema, mark sql.NullString
	var cards bool
	err = pool.QueryRowContext(ctx, "SELECT current_schema(), to_regclass('cards') IS NOT NULL, obj_description(to_regclass('cards'), 'pg_class')").
		Scan(&schema, &cards, &mark)
	switch {
	case err != nil:
		return 0, err
	case !schema.Valid:
		return 0, fmt.Errorf("%w: %w", ErrMissing, errNoSchema)
	case !cards: // or another program is just making it
		return 0, fmt.Errorf("%w in schema %s of the database", ErrMissing, schema.String)
	case mark.String != serverMark:
		return 0, fmt.Errorf("%w: schema %s of the database has tables of another program", ErrForeign, schema.String)
	}
	err = pool.QueryRowContext(ctx, "SELECT max(version_id) FROM "+serverVersionTable).Scan(&version)
	return version, err
}
