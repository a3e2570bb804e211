package register

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// TestAuditFindsWhatWasAltered changes every column that the chain covers, row by row. Each has to be named, where it is.
func TestAuditFindsWhatWasAltered(t *testing.T) {
	t.Parallel()
	made, _ := busyRegister(t, newDB)
	force(t, made) // without triggers; every copy is as well
	checkWhole(t, made, "before")
	saved := filepath.Join(t.TempDir(), "register.db")
	if err := made.SaveTo(t.Context(), saved); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	for table, skip := range map[string]string{
		"events": "", "key_events": "", "chain": "",
		"cards": "", "batches": "", "catalogue": "current",
	} {
		columns := columnsOf(t, table)
		for _, column := range columns {
			if column == skip {
				continue
			}
			t.Run(table+"."+column, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "register.db")
				if err := os.WriteFile(path, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				row := "(SELECT min(rowid) + 1 FROM " + table + ")"
				if table == "key_events" || table == "catalogue" {
					row = "1"
				}
				if column == "replaced_by" || column == "replaces" {
					row = "(SELECT rowid FROM cards WHERE " + column + " IS NOT NULL)"
				}
				alterCell(t, path, table, column, row)
				ledger, err := OpenReadOnly(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				defer ledger.Close()
				if found, err := ledger.Audit(t.Context(), nil); err != nil || found.IsWhole() {
					t.Errorf("got %+v, %v, want a fault", found, err)
				}
			})
		}
	}
}

// copyOf is a register of its own with all that another one holds.
func copyOf(t *testing.T, db *DB) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	if err := db.SaveTo(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	copied, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { copied.Close() })
	return copied
}

func columnsOf(t *testing.T, table string) (columns []string) {
	t.Helper()
	db := newDB(t)
	err := forEach(t.Context(), db.read, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		columns = append(columns, name)
		return err
	}, "SELECT name FROM pragma_table_info('"+table+"')")
	if err != nil || len(columns) < 3 {
		t.Fatalf("columns of %s: got %v, %v", table, columns, err)
	}
	return columns
}

// alterCell gives a cell another value of the same kind, as small a change as there is: one byte, or one bit of a number.
func alterCell(t *testing.T, path, table, column, row string) {
	t.Helper()
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var kind string
	if err := other.QueryRow("SELECT typeof(" + column + ") FROM " + table + " WHERE rowid = " + row).Scan(&kind); err != nil {
		t.Fatal(err)
	}
	value := map[string]string{
		"integer": column + " + 1", "null": "1",
		"text": "CASE " + column + " WHEN '' THEN 'x' ELSE substr(" + column + ", 1, length(" + column + ") - 1) || CASE substr(" + column + ", -1) WHEN '1' THEN '2' ELSE '1' END END",
		"blob": "substr(" + column + ", 1, length(" + column + ") - 1) || CASE substr(" + column + ", -1) WHEN x'01' THEN x'02' ELSE x'01' END",
	}[kind]
	if kind == "blob" {
		value = "CAST(" + value + " AS BLOB)"
	}
	if column == "seq" || column == "id" && kind == "integer" {
		value = column + " + 1000"
	}
	if column == "id" && kind == "text" {
		value = "'another'"
	}
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range []string{"PRAGMA ignore_check_constraints = 1", "UPDATE " + table + " SET " + column + " = " + value + " WHERE rowid = " + row} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			if strings.Contains(err.Error(), "cannot store") { // a column that holds nothing here, of another kind
				_, err = conn.ExecContext(t.Context(), "UPDATE "+table+" SET "+column+" = x'00000000000000000000000000000000' WHERE rowid = "+row)
			}
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
}

func TestAuditNamesTheFirst(t *testing.T) {
	t.Parallel()
	made, _ := busyRegister(t, newDB)
	for name, c := range map[string]struct {
		statements []string
		entry      int64
		table      string
		row        int64
		what       string
	}{
		"an event altered":                {[]string{"UPDATE events SET actor = 'x' WHERE seq = 5", "UPDATE events SET actor = 'x' WHERE seq = 9"}, 5, "events", 5, "was altered"},
		"a reason altered":                {[]string{"UPDATE events SET reason = 'x' WHERE seq = 5"}, 5, "events", 5, "was altered"},
		"an event taken out":              {[]string{"DELETE FROM events WHERE seq = 5"}, 5, "events", 5, "is missing"},
		"an event and its entry":          {[]string{"DELETE FROM events WHERE seq = 5", "DELETE FROM chain WHERE seq = 5"}, 5, "chain", 5, "is missing"},
		"an entry and the numbers closed": {[]string{"DELETE FROM chain WHERE seq = 5", "UPDATE chain SET seq = seq - 1 WHERE seq > 5"}, 5, "events", 5, "not in the chain"},
		"an event put in at the end": {[]string{"INSERT INTO events (at, number, actor, action, reason, detail, salt) SELECT at, number, actor, 'proved', '', '', salt FROM events WHERE seq = 1"},
			0, "events", 0, "in no chain"},
		"the end of the chain cut off": {[]string{"DELETE FROM chain WHERE seq > 10"}, 11, "events", 11, "in no chain"},
		"two events exchanged": {[]string{"UPDATE events SET seq = 5000 WHERE seq = 5", "UPDATE events SET seq = 5 WHERE seq = 6", "UPDATE events SET seq = 6 WHERE seq = 5000"},
			5, "events", 5, "was altered"},
		"words erased past the program": {[]string{"UPDATE events SET salt = NULL, words = zeroblob(32), reason = '(erased)' WHERE seq = 5"}, 5, "events", 5, "was altered"},
	} {
		t.Run(name, func(t *testing.T) {
			db := copyOf(t, made)
			before := checkWhole(t, db, "before").Head.Seq
			force(t, db, c.statements...)
			found := audit(t, db, nil)
			if c.entry == 0 {
				c.entry, c.row = before+1, before // one of the entries is of a key
			}
			if b := found.Broken; b == nil || b.Entry != c.entry || b.Table != c.table || b.Row != c.row || !strings.Contains(b.What, c.what) {
				t.Fatalf("got %+v, want entry %d, row %d of %s: %s", b, c.entry, c.row, c.table, c.what)
			}
			if found.Whole != c.entry-1 {
				t.Errorf("whole: got %d, want %d", found.Whole, c.entry-1)
			}
		})
	}
}

// TestAuditExpect notes a head, and has the register's end cut off, or all of it chained anew.
func TestAuditExpect(t *testing.T) { onEach(t, testAuditExpect) }

func testAuditExpect(t *testing.T, open func(testing.TB) *DB) {
	db, entries := busyRegister(t, open)
	noted := checkWhole(t, db, "before").Head
	last := []string{"DELETE FROM chain WHERE seq > " + fmt.Sprint(noted.Seq), "DELETE FROM events WHERE seq > (SELECT max(entry) FROM chain WHERE log = 'events')"}
	change(t, db, entries[3].Number, card.Revoked)
	head := checkWhole(t, db, "a card revoked").Head
	force(t, db, append(last, "UPDATE cards SET state = 'issued', changed_at = "+fmt.Sprint(later.Unix())+" WHERE number = '"+string(entries[3].Number)+"'")...)
	checkWhole(t, db, "the revocation taken back in full, and nobody has noted a head")
	found := audit(t, db, &head)
	if found.Broken == nil || found.Broken.Entry != head.Seq || !strings.Contains(found.Broken.What, "older register") {
		t.Errorf("with the head noted: got %+v", found.Broken)
	}
	noted.Hash[7] ^= 1
	if found := audit(t, db, &noted); found.Broken == nil || found.Broken.Entry != noted.Seq || !strings.Contains(found.Broken.What, "another hash") {
		t.Errorf("another head: got %+v", found.Broken)
	}
}
