package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNotEmpty says that a register that others are to be copied into holds something.
var ErrNotEmpty = errors.New("the register to copy into is not empty")

// ErrCopyDiffers says that a copy is not what it was made of; it was taken back.
var ErrCopyDiffers = errors.New("the copy differs from the register")

// Copied is how many rows of a table were copied.
type Copied struct {
	Table string
	Rows  int64
}

// table is a table of the register, its columns that tell the order of its rows, and the one that the database counts up, if one does.
type table struct{ name, order, counts string }

// tables are all, each behind those that it refers to.
var tables = []table{
	{"batches", "rowid", "rowid"}, {"catalogue", "id", "id"}, {"status_slots", "list, idx", ""}, {"cards", "seq", "seq"}, {"events", "seq", "seq"},
	{"key_events", "seq", "seq"}, {"chain", "seq", ""}, {"links", "seq", "seq"}, {"mails", "id", "id"}, {"mail_events", "seq", "seq"}, {"mail_stops", "address", ""},
	{"mail_stop_links", "hash", ""},
}

// Copy copies all that a register holds into an empty one, on whatever database: all of it or nothing, with the same numbers, times and
// places. Both can't be written meanwhile. What was copied is read back and compared before it counts. The rules of the target that
// look at single changes rest meanwhile, which only the owner of its tables can order. The error is ErrNotEmpty, ErrCopyDiffers, or a register failed.
func Copy(ctx context.Context, from, to *DB) (copied []Copied, err error) {
	const doing = "copy the register"
	err = from.inTx(ctx, doing, func(source *sql.Tx) error {
		copied, err = copyAll(ctx, source, from.server, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return copied, nil
}

// copyAll copies what a transaction sees, which is one on a server or on a file.
func copyAll(ctx context.Context, source *sql.Tx, server bool, to *DB) (copied []Copied, err error) {
	conn, err := to.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // after Commit it does nothing
	// Whole tables go over by one statement, and each side waits for the other.
	if err := errors.Join(takeTime(ctx, source, server), takeTime(ctx, tx, to.server)); err != nil {
		return nil, err
	}
	c := copier{source: source, conn: conn, target: tx, server: to.server}
	if copied, err = c.all(ctx); err != nil {
		return nil, err
	}
	if err := to.check(); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	if to.server { // else look-ups of many go through the whole table, until the server counts its rows by itself
		_, _ = conn.ExecContext(ctx, "ANALYZE "+tableNames()) // it only makes questions faster
	}
	return copied, nil
}

func tableNames() string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	return strings.Join(names, ", ")
}

type copier struct {
	source, target *sql.Tx
	conn           *sql.Conn // that target is of
	server         bool      // the target is PostgreSQL
}

func (c *copier) all(ctx context.Context) (copied []Copied, err error) {
	for _, t := range tables {
		var some bool
		if err := c.target.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+t.name+")").Scan(&some); err != nil {
			return nil, err
		}
		if some {
			return nil, fmt.Errorf("%w: it has %s", ErrNotEmpty, strings.ReplaceAll(t.name, "_", " "))
		}
	}
	restore, err := c.restRules(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if err := c.copy(ctx, t); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	for _, statement := range restore {
		if _, err := c.target.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	for _, t := range tables {
		n, err := c.compare(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
		copied = append(copied, Copied{t.name, n})
	}
	return copied, nil
}

// restRules takes the triggers of the target out, and answers what puts them back. Foreign keys and checks stay.
func (c *copier) restRules(ctx context.Context) (restore []string, err error) {
	var rest []string
	if c.server {
		for _, t := range tables {
			rest = append(rest, "ALTER TABLE "+t.name+" DISABLE TRIGGER USER")
			restore = append(restore, "ALTER TABLE "+t.name+" ENABLE TRIGGER USER")
		}
	} else {
		rest = append(rest, "PRAGMA defer_foreign_keys = ON") // until the end of the transaction
		err = forEach(ctx, c.target, func(rows *sql.Rows) error {
			var name, text string
			err := rows.Scan(&name, &text)
			rest = append(rest, "DROP TRIGGER "+name)
			restore = append(restore, text)
			return err
		}, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
		if err != nil {
			return nil, err
		}
	}
	for _, statement := range rest {
		if _, err := c.target.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return restore, nil
}

// columns are those of a table in the given register, by their names. Both registers have to have the same.
func columns(ctx context.Context, q querier, t table) (names []string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+t.name+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if names, err = rows.Columns(); err != nil {
		return nil, err
	}
	if t.counts != "" && !slices.Contains(names, t.counts) {
		names = append(names, t.counts) // SQLite's rowid
	}
	slices.Sort(names)
	return names, rows.Err()
}

// eachValues hands the values of every row to fn, in the table's order.
func eachValues(ctx context.Context, q querier, t table, names []string, fn func([]any) error) error {
	return forEach(ctx, q, func(rows *sql.Rows) error {
		values, dest := anyValues(len(names))
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		return fn(values)
	}, "SELECT "+strings.Join(names, ", ")+" FROM "+t.name+" ORDER BY "+t.order)
}

func (c *copier) copy(ctx context.Context, t table) error {
	names, err := columns(ctx, c.source, t)
	if err != nil {
		return err
	}
	others, err := columns(ctx, c.target, t)
	if err != nil {
		return err
	}
	if !slices.Equal(names, others) {
		return fmt.Errorf("%w: its columns are other ones", ErrCopyDiffers)
	}
	if !c.server {
		return c.insert(ctx, t, names)
	}
	if err := c.stream(ctx, t, names); err != nil || t.counts == "" {
		return err
	}
	_, err = c.target.ExecContext(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', '%s'), max(%[2]s)) FROM %[1]s", t.name, t.counts))
	return err
}

// insert copies into SQLite.
func (c *copier) insert(ctx context.Context, t table, names []string) error {
	into, err := c.target.PrepareContext(ctx, "INSERT INTO "+t.name+" ("+strings.Join(names, ", ")+") VALUES ("+placeholders(len(names))+")")
	if err != nil {
		return err
	}
	return eachValues(ctx, c.source, t, names, func(values []any) error {
		_, err := into.ExecContext(ctx, values...)
		return err
	})
}

// stream copies into PostgreSQL, by one statement for each table: cards refer to later ones.
func (c *copier) stream(ctx context.Context, t table, names []string) error {
	rows, err := c.source.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+t.name+" ORDER BY "+t.order)
	if err != nil {
		return err
	}
	defer rows.Close()
	return c.conn.Raw(func(conn any) error {
		_, err := conn.(*serverConn).Conn.Conn().CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromFunc(func() ([]any, error) {
			if !rows.Next() {
				return nil, rows.Err()
			}
			values, dest := anyValues(len(names))
			return values, rows.Scan(dest...)
		}))
		return err
	})
}

// compare reads a table of both registers, and answers how many rows it has.
func (c *copier) compare(ctx context.Context, t table) (int64, error) {
	names, err := columns(ctx, c.source, t)
	if err != nil {
		return 0, err
	}
	rows, sum, err := contentSum(ctx, c.source, t, names)
	if err != nil {
		return 0, err
	}
	otherRows, otherSum, err := contentSum(ctx, c.target, t, names)
	if err == nil && (rows != otherRows || sum != otherSum) {
		err = fmt.Errorf("%w: %d and %d rows", ErrCopyDiffers, rows, otherRows)
	}
	return rows, err
}

// contentSum is a digest of all that a table holds, the same for the same on both databases.
func contentSum(ctx context.Context, q querier, t table, names []string) (rows int64, sum [32]byte, err error) {
	h := sha256.New()
	err = eachValues(ctx, q, t, names, func(values []any) error {
		rows++
		for _, v := range values {
			if err := writeValue(h, v); err != nil {
				return err
			}
		}
		return nil
	})
	copy(sum[:], h.Sum(nil))
	return rows, sum, err
}

// writeValue writes a value so that no two rows write the same: its kind, its length, and itself.
func writeValue(h hash.Hash, v any) error {
	kind, content := byte('n'), []byte(nil)
	switch v := v.(type) {
	case nil:
	case int64:
		kind, content = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
	case string:
		kind, content = 't', []byte(v)
	case []byte:
		kind, content = 'b', v
	default:
		return fmt.Errorf("a column of type %T", v)
	}
	h.Write(binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(content)))) // a hash never fails
	h.Write(content)
	return nil
}
