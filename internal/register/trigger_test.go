package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// TestBatchTriggers tries to forge what a batch and a catalogue are past this package. Each statement has to fail for its own
// reason, and not for another one that a later change may take away.
func TestBatchTriggers(t *testing.T) { onBoth(t, testBatchTriggers) }

func testBatchTriggers(t *testing.T, db *DB) {
	out, held, planned := learner(1), learner(2), learner(3)
	issue(t, db, "out", out)
	planHeld(t, db, "held", held)
	prove(t, db, held)
	in := intention("planned", planned)
	planned.Qualification.Title = "another"
	in.Catalogue = []card.CatalogueEntry{{Course: "BLS", Qualification: courses}, {Course: "ALS", Qualification: courses}}
	if err := db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	is := func(e card.Entry) string { return " WHERE number = '" + string(e.Number) + "'" }
	copied := strings.Join(append(append([]string{}, fixedColumns...), signedColumns...), ", ")
	token := "token = 'x', sha256 = '" + strings.Repeat("0", 64) + "'"
	for _, c := range []struct{ statement, want string }{
		{"UPDATE cards SET state = 'issued'" + is(held), "waits for its release"},
		{"UPDATE cards SET state = 'revoked'" + is(held), "given up has no token"},
		{"UPDATE cards SET token = ''" + is(held), "CHECK"},
		{"UPDATE cards SET sha256 = ''" + is(held), "CHECK"},
		{"UPDATE cards SET token = 'x'" + is(planned), "CHECK"},
		{"UPDATE cards SET digest = zeroblob(32)" + is(held), "planned anew has no file"},
		{"UPDATE cards SET catalogue = 2" + is(held), "planned anew has no file"},
		{"UPDATE cards SET instructor = 'x'" + is(held), "planned anew has no file"},
		{"UPDATE cards SET digest = zeroblob(32), " + token + is(planned), "planned anew has no file"},
		{"UPDATE cards SET catalogue = 2" + is(out), "keeps its content"},
		{"UPDATE cards SET catalogue = 99" + is(planned), "FOREIGN KEY"},
		{"UPDATE cards SET renews = '" + string(out.Number) + "'" + is(planned), "keeps its number and its holder"},
		{"UPDATE cards SET evidence = 'x'" + is(planned), "keeps its number and its holder"},
		{"UPDATE cards SET evidence = 'x'" + is(out), "keeps its number and its holder"},
		{"INSERT OR REPLACE INTO cards (" + copied + ") SELECT " + strings.NewReplacer(" state,", " 'planned',", "token, sha256", "'', ''").Replace(copied) +
			" FROM cards" + is(out), "a card has this number"},
		{"INSERT OR REPLACE INTO batches SELECT id, roster, 'x', created_at, held, released_at FROM batches", "a batch has this name"},
		{"INSERT INTO batches VALUES ('new', '', 'x', 1, 1, 1)", "a batch "},
		{"INSERT INTO batches VALUES ('HELD', '', 'x', 1, 0, NULL)", "a batch has this name"},
		{"UPDATE batches SET held = 0 WHERE id = 'held'", "released once"},
		{"UPDATE batches SET held = 1 WHERE id = 'out'", "released once"},
		{"UPDATE batches SET id = 'x' WHERE id = 'held'", "released once"},
		{"UPDATE batches SET actor = 'x', released_at = 1 WHERE id = 'held'", "released once"},
		{"UPDATE batches SET released_at = 1 WHERE id = 'out'", "CHECK"},
		{"DELETE FROM batches WHERE id = 'held'", "batches are never deleted"},
		{"INSERT OR REPLACE INTO events SELECT seq, at, number, 'x', action, reason, detail, salt, words FROM events", "events are never changed"},
		{"DELETE FROM catalogue", "never deleted"},
		{"UPDATE catalogue SET title = 'x'", "never changed"}, {"UPDATE catalogue SET level = 'x'", "never changed"},
		{"UPDATE catalogue SET trained = 'x'", "never changed"}, {"UPDATE catalogue SET meets = '[]'", "never changed"},
		{"UPDATE catalogue SET entry = '{}'", "never changed"}, {"UPDATE catalogue SET course = 'x'", "never changed"},
		{"UPDATE catalogue SET id = id + 10", "never changed"}, {"UPDATE catalogue SET current = 2", "CHECK"},
		{"INSERT OR REPLACE INTO catalogue (id, course, title, level, trained, meets, entry) VALUES (1, 'BLS', 'x', '', '', '[]', '')", "has this entry"},
		{"INSERT OR REPLACE INTO catalogue (course, title, level, trained, meets, entry) SELECT course, title, level, trained, meets, entry FROM catalogue", "has this entry"},
		{"INSERT INTO catalogue (course, title, level, trained, meets, entry, current) VALUES ('EKG', '', '', '', '[]', '', 1)", "has this entry"},
		{"INSERT INTO catalogue (course, title, level, trained, meets, entry) VALUES ('EKG', '', '', '', 'x', '')", "CHECK"},
		{"INSERT INTO catalogue (course, title, level, trained, meets, entry) VALUES ('EKG', '', '', '', '{}', '')", "CHECK"},
		{"INSERT INTO catalogue (course, title, level, trained, meets, entry) VALUES ('BLS', 'second', '', '', '[]', ''); UPDATE catalogue SET current = 1 WHERE title = 'second'", "UNIQUE"},
	} {
		before := dump(t, db)
		if err := forge(db, c.statement); !refusedFor(err, c.want) {
			t.Errorf("%s: got %v, want %q", c.statement, err, c.want)
		}
		if after := dump(t, db); c.want != "UNIQUE" && !reflect.DeepEqual(after, before) {
			t.Fatalf("%s: it changed the register", c.statement)
		}
	}
	for _, s := range []string{ // what the program itself does
		"UPDATE cards SET digest = zeroblob(32), token = '', sha256 = ''" + is(held),
		"UPDATE cards SET " + token + is(held),
		"UPDATE batches SET released_at = 1 WHERE id = 'held'",
		"UPDATE cards SET state = 'issued'" + is(held),
		"UPDATE catalogue SET current = 0",
	} {
		if err := forge(db, s); err != nil {
			t.Errorf("%s: got %v", s, err)
		}
	}
	if _, err := db.write.Exec("UPDATE batches SET released_at = NULL WHERE id = 'held'"); err == nil {
		t.Error("a release that is taken back: got nil, want a refusal")
	}
}

// serverForms are what forging statements say in PostgreSQL. There, who puts a row in another's place updates it.
var serverForms = strings.NewReplacer("zeroblob(32)", "decode(repeat('00', 32), 'hex')", "x'00'", "decode('00', 'hex')",
	"lower(hex(randomblob(32)))", "repeat('0', 64)", "INSERT INTO batches VALUES", "INSERT INTO batches (id, roster, actor, created_at, held, released_at) VALUES",
	"INSERT INTO links VALUES (9, ", "INSERT INTO links OVERRIDING SYSTEM VALUE VALUES (9, ", "INSERT INTO mails SELECT 9", "INSERT INTO mails OVERRIDING SYSTEM VALUE SELECT 9")

var errOfSQLite = errors.New("PostgreSQL knows no such statement")

// forge writes past this package, as a person with the database's own program would.
func forge(db *DB, statements string) error {
	for one := range strings.SplitSeq(statements, "; ") {
		if db.server {
			if strings.Contains(one, "OR REPLACE") {
				return errOfSQLite
			}
			one = serverForms.Replace(one)
		}
		if _, err := db.write.Exec(one); err != nil {
			return err
		}
	}
	return nil
}

// serverWordsFor are PostgreSQL's words for what SQLite says in capitals.
var serverWordsFor = map[string]string{"CHECK": "check constraint", "FOREIGN KEY": "foreign key", "UNIQUE": "unique constraint",
	"a batch has this name": "unique constraint", "has this entry": "begins as no current one"}

func refusedFor(err error, want string) bool {
	return err != nil && (err == errOfSQLite || strings.Contains(err.Error(), want) || serverWordsFor[want] != "" && strings.Contains(err.Error(), serverWordsFor[want]) ||
		strings.Contains(err.Error(), "428C9") || strings.Contains(err.Error(), "22P02")) // an identity, or no JSON
}

// dump is all that the register holds.
func dump(t testing.TB, db *DB) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	query := "SELECT rowid, * FROM %s ORDER BY rowid"
	if db.server {
		query = "SELECT * FROM %s ORDER BY 1"
	}
	for _, table := range []string{"batches", "cards", "events", "catalogue", "links"} {
		err := forEach(context.Background(), db.read, func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(sql.NullString)
			}
			if err := rows.Scan(values...); err != nil {
				return err
			}
			var line strings.Builder
			for i, v := range values {
				fmt.Fprintf(&line, "%s=%v ", columns[i], *v.(*sql.NullString))
			}
			all[table] = append(all[table], line.String())
			return nil
		}, fmt.Sprintf(query, table))
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
