package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// forceServer does the same as the administrator of a database can.
func forceServer(t testing.TB, db *DB, statements []string) {
	t.Helper()
	for _, one := range tables {
		if _, err := db.write.Exec("ALTER TABLE " + one.name + " DISABLE TRIGGER ALL"); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range statements {
		if _, err := db.write.Exec(serverForms.Replace(s)); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// What is taken back leaves no gap in the history: a gap would look like a row that somebody took out.
func TestNoGapAfterARollback(t *testing.T) { onBoth(t, testNoGapAfterARollback) }

func testNoGapAfterARollback(t *testing.T, db *DB) {
	e := learner(1)
	issue(t, db, "b1", e)
	key := KeyEvent{At: noon, KeyID: "abcdefghijk", Actor: "office", Action: KeyInUse, Since: noon}
	broken := errors.New("broken off")
	for range 3 {
		err := db.inTx(t.Context(), "break off", func(tx *sql.Tx) error {
			events := newEvents(tx, "office", later)
			events.queue(e.Number, "amended", "r", "")
			events.queue(e.Number, "amended", "r", "")
			err := events.flush(t.Context())
			if err == nil {
				_, err = tx.ExecContext(t.Context(), "INSERT INTO key_events (at, key_id, actor, action, since, reason) VALUES (1, 'k', 'office', 'retired', 1, '')")
			}
			return errors.Join(err, broken)
		})
		if !errors.Is(err, broken) || strings.Contains(err.Error(), "SQLSTATE") {
			t.Fatal(err)
		}
	}
	change(t, db, e.Number, card.Suspended)
	if err := db.RecordKeys(t.Context(), []KeyEvent{key}); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, db, "after transactions that were taken back")
	for _, log := range []string{cardLog, keyLog, "chain"} {
		var rows, last int64
		if err := db.read.QueryRow("SELECT count(*), max(seq) FROM "+log).Scan(&rows, &last); err != nil || rows != last || rows == 0 {
			t.Errorf("%s: got %d rows up to %d, %v", log, rows, last, err)
		}
	}
}

// TestAuditOnAServerFindsWhatWasAltered changes every column that the chain covers, in PostgreSQL, each in a transaction that is taken back.
func TestAuditOnAServerFindsWhatWasAltered(t *testing.T) {
	t.Parallel()
	db, _ := busyRegister(t, newServerDB)
	checkWhole(t, db, "before")
	force(t, db)
	for _, name := range []string{"events", "key_events", "chain", "cards", "batches", "catalogue"} {
		looseConstraints(t, db, name)
		kinds := map[string]string{}
		err := forEach(t.Context(), db.read, func(rows *sql.Rows) error {
			var column, kind string
			err := rows.Scan(&column, &kind)
			kinds[column] = kind
			return err
		}, "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = CAST(? AS text)::regclass AND attnum > 0 AND NOT attisdropped", name)
		if err != nil || len(kinds) < 5 {
			t.Fatal(kinds, err)
		}
		for column, kind := range kinds {
			if name == "catalogue" && column == "current" || name == "batches" && column == "rowid" {
				continue // what may change, and what only SQLite hides
			}
			found := auditAltered(t, db, name, column, kind)
			if found.IsWhole() {
				t.Errorf("%s.%s: the audit found nothing", name, column)
			}
		}
	}
	checkWhole(t, db, "all taken back")
}

// looseConstraints takes the checks and keys of a table away, which would be in the way of a forger.
func looseConstraints(t *testing.T, db *DB, table string) {
	t.Helper()
	var drop []string
	err := forEach(t.Context(), db.read, func(rows *sql.Rows) error {
		var one string
		err := rows.Scan(&one)
		drop = append(drop, one)
		return err
	}, "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = CAST(? AS text)::regclass AND contype IN ('c', 'f')", table)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range drop {
		if _, err := db.write.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// auditAltered is what an audit finds where the cells of one column have another value, as small a change as there is.
func auditAltered(t *testing.T, db *DB, table, column, kind string) (found Audit) {
	t.Helper()
	value := map[string]string{"bigint": "coalesce(%[1]s, 0) + 1000", "text": "coalesce(%[1]s, '') || 'x'",
		"bytea": "CASE WHEN %[1]s IS NULL THEN decode('00', 'hex') ELSE set_byte(%[1]s, 0, get_byte(%[1]s, 0) # 1) END"}[kind]
	if table == "catalogue" && column == "meets" {
		value = "'[]' || left(%[1]s, 0)" // it stays JSON
	}
	tx, err := db.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if column == "seq" || column == "id" && kind == "bigint" || column == "rowid" {
		if table != "chain" {
			if _, err := tx.Exec("ALTER TABLE " + table + " ALTER " + column + " DROP IDENTITY"); err != nil {
				t.Fatal(err)
			}
		}
	}
	where := "ctid = (SELECT max(ctid) FROM " + table + ")"
	if column == "released_at" {
		where = "held = 1"
	}
	if column == "replaces" || column == "replaced_by" {
		where = column + " IS NOT NULL"
	}
	if _, err := tx.Exec("UPDATE " + table + " SET " + column + " = " + fmt.Sprintf(value, column) + " WHERE " + where); err != nil {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	if found, err = auditIn(context.Background(), tx, nil); err != nil {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	return found
}

func TestSweep(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if err := db.sweep(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A walk along the whole register may take longer than the limit of a statement's time, which stays in force for all others.
func TestAuditTakesItsTime(t *testing.T) {
	t.Parallel()
	made, _ := busyRegister(t, newServerDB)
	db := openDB(t, made.where+"&statement_timeout=1500")
	lock, err := made.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback() // where the test did not come to it
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLE cards, chain IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	long := make(chan error, 2)
	go func() {
		_, err := db.Audit(t.Context(), nil)
		long <- err
	}()
	go func() { long <- db.EachFile(t.Context(), func(CardFile) error { return nil }) }()
	if _, err := db.ErasedCards(t.Context()); !errors.Is(err, ErrBusy) { // it has waited for the whole limit
		t.Errorf("another statement: got %v, want ErrBusy", err)
	}
	if _, err := db.ErasedCards(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("another statement: got %v, want ErrBusy", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-long; err != nil {
			t.Error(err)
		}
	}
}
