package register

import (
	"context"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/internal/pgtest"
)

// database is the PostgreSQL server of this package's tests, with an empty register as a template. The first test that needs it starts it.
var database = sync.OnceValues(func() (*pgtest.Server, error) {
	s, err := pgtest.Start()
	if err != nil {
		return nil, err
	}
	databaseRuns = s
	if err := s.Exec(context.Background(), "postgres", "CREATE DATABASE register"); err != nil {
		return nil, err
	}
	db, err := Create(context.Background(), s.URL("register", pgtest.Owner))
	if err != nil {
		return nil, err
	}
	return s, db.Close()
})

var databaseRuns *pgtest.Server

// runTests runs the tests, and then stops the server.
func runTests(m *testing.M) int {
	code := m.Run()
	if databaseRuns != nil {
		if err := databaseRuns.Stop(); err != nil {
			println("stop the database:", err.Error())
			return 1
		}
	}
	return code
}

func newServerDB(t testing.TB) *DB {
	t.Helper()
	return openDB(t, newServer(t))
}

// newServer is the URL of an empty register on PostgreSQL.
func newServer(t testing.TB) string {
	t.Helper()
	s, err := database()
	if err != nil {
		t.Fatal(err)
	}
	return s.New(t, "register")
}

func openDB(t testing.TB, where string) *DB {
	t.Helper()
	db, err := Create(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	testRegister(t, func(t *testing.T) *DB { return newServerDB(t) })
}

// onBoth runs a test on an empty register in a file, and on one in PostgreSQL.
func onBoth(t *testing.T, run func(t *testing.T, db *DB)) {
	onEach(t, func(t *testing.T, open func(testing.TB) *DB) { run(t, open(t)) })
}

// onEach does the same with a test that needs several.
func onEach(t *testing.T, run func(t *testing.T, open func(testing.TB) *DB)) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *DB{"SQLite": newDB, "PostgreSQL": newServerDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open)
		})
	}
}
