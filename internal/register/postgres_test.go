package register

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/pgtest"
)

// ownServer is a server that the test may stop, with the URL of an empty register.
func ownServer(t *testing.T) (*pgtest.Server, string) {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s, s.New(t, "")
}

// What is asked is answered right or not at all, however the server goes away, and again by itself when it is back.
func TestReaderOutlivesTheServer(t *testing.T) {
	t.Parallel()
	s, where := ownServer(t)
	db := openDB(t, where)
	in, out := learner(1), learner(2)
	issue(t, db, "b1", in, out)
	change(t, db, out.Number, card.Revoked)
	r := openReader(t, where)
	secret := newLink(t, db, keyOf(in))
	questions := map[string]func(context.Context) error{
		"FindRecord": func(ctx context.Context) error { _, _, err := r.FindRecord(ctx, in.Number); return err },
		"CardsByLink": func(ctx context.Context) error {
			_, ok, err := r.CardsByLink(ctx, secret, later)
			if err == nil && !ok {
				t.Error("a link in force leads nowhere")
			}
			return err
		},
		"StatusLists": func(ctx context.Context) error { _, _, err := r.StatusLists(ctx, ""); return err },
		"RevokedKeys": func(ctx context.Context) error { _, err := r.RevokedKeys(ctx); return err },
		"Ping":        r.Ping,
		"FindEntry":   func(ctx context.Context) error { _, _, err := db.FindEntry(ctx, in.Number); return err },
		"Change": func(ctx context.Context) error {
			_, err := db.Change(ctx, card.Change{Number: out.Number, To: card.Revoked, Actor: "office", Reason: "x", At: later})
			if move := (*card.MoveError)(nil); errors.As(err, &move) {
				return nil
			}
			return err
		},
	}
	all := func(want error) {
		t.Helper()
		for name, ask := range questions {
			if err := ask(t.Context()); !errors.Is(err, want) || (want == nil) != (err == nil) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		}
	}
	all(nil)
	for name, crash := range map[string]bool{"a crash": true, "a shutdown": false} {
		if err := s.Halt(crash); err != nil {
			t.Fatal(name, err)
		}
		all(ErrUnreachable)
		if err := s.Run(); err != nil {
			t.Fatal(name, err)
		}
		all(nil) // the pools saw their connections break while the server was away
		for n, want := range map[card.Number]card.State{in.Number: card.Issued, out.Number: card.Revoked} {
			if rec, ok, err := r.FindRecord(t.Context(), n); err != nil || !ok || rec.State != want {
				t.Errorf("after %s: got %s, %v, %v, want %s", name, rec.State, ok, err, want)
			}
		}
	}
	// A server that sends its clients away between two questions, as a failover does, is not even noticed.
	const away = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cardproof'"
	if err := s.Exec(t.Context(), "postgres", away); err != nil {
		t.Fatal(err)
	}
	if rec, ok, err := r.FindRecord(t.Context(), in.Number); err != nil || !ok || rec.State != card.Issued {
		t.Errorf("after the connections were cut: got %s, %v, %v", rec.State, ok, err)
	}
}

// A copy that follows the database answers as it does; one that is left behind answers nothing, until it follows again or takes over.
func TestCopyLeftBehindAnswersNothing(t *testing.T) {
	t.Parallel()
	s, where := ownServer(t)
	db := openDB(t, where)
	e := learner(1)
	issue(t, db, "b1", e)
	follower, err := s.Copy()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { follower.Stop() })
	name := pgtest.Database(where)
	from := follower.URL(name, pgtest.Owner)
	r := openReader(t, from)
	r.file.fresh.limit = 2 * time.Second
	state := func() (card.State, error) {
		rec, _, err := r.FindRecord(t.Context(), e.Number)
		return rec.State, err
	}
	within(t, func() bool { got, err := state(); return err == nil && got == card.Issued })
	if _, err := Open(t.Context(), from); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a copy opened for writing: got %v, want ErrUnreachable", err)
	}
	change(t, db, e.Number, card.Suspended)
	within(t, func() bool { got, err := state(); return err == nil && got == card.Suspended })

	if err := follower.Exec(t.Context(), name, "SELECT pg_wal_replay_pause()"); err != nil {
		t.Fatal(err)
	}
	change(t, db, e.Number, card.Revoked)
	within(t, func() bool { _, err := state(); return errors.Is(err, ErrBehind) })
	if err := r.Ping(t.Context()); !errors.Is(err, ErrBehind) {
		t.Errorf("Ping: got %v, want ErrBehind", err)
	}
	if err := follower.Exec(t.Context(), name, "SELECT pg_wal_replay_resume()"); err != nil {
		t.Fatal(err)
	}
	within(t, func() bool { got, err := state(); return err == nil && got == card.Revoked })

	if err := s.Halt(true); err != nil {
		t.Fatal(err)
	}
	within(t, func() bool { _, err := state(); return errors.Is(err, ErrBehind) })
	if err := follower.Exec(t.Context(), name, "SELECT pg_promote()"); err != nil {
		t.Fatal(err)
	}
	within(t, func() bool { got, err := state(); return err == nil && got == card.Revoked })
	if err := s.Run(); err != nil { // for its end
		t.Fatal(err)
	}
}

func within(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within half a minute")
		}
	}
}

// The roles of docs/postgresql.md: one that reads, and one that writes but may not change the tables or take anything out.
func TestRoles(t *testing.T) {
	t.Parallel()
	s, where := ownServer(t)
	name := pgtest.Database(where)
	openDB(t, where).Close()
	err := s.Exec(t.Context(), name, "CREATE ROLE reader LOGIN", "CREATE ROLE writer LOGIN", "GRANT USAGE ON SCHEMA public TO reader, writer",
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader, writer", "GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO writer")
	if err != nil {
		t.Fatal(err)
	}
	db := openDB(t, s.URL(name, "writer"))
	e := learner(1)
	issue(t, db, "b1", e)
	for _, forbidden := range []string{"DELETE FROM mail_stops", "TRUNCATE mail_stops", "ALTER TABLE cards DISABLE TRIGGER USER", "DROP TRIGGER cards_stay ON cards"} {
		if _, err := db.write.Exec(forbidden); !errors.Is(wrap("", err), ErrAccess) {
			t.Errorf("%s: got %v, want ErrAccess", forbidden, err)
		}
	}
	if err := s.Exec(t.Context(), name, "GRANT DELETE ON mail_stops, mail_stop_links TO writer"); err != nil {
		t.Fatal(err)
	}
	gone := learner(2)
	issue(t, db, "b2", gone)
	if done, err := db.Erase(t.Context(), []card.Number{gone.Number}, "office", "asked for", later); err != nil || len(done.Cards) != 1 {
		t.Errorf("an erasure: got %+v, %v", done, err)
	}
	checkWhole(t, db, "what the writer wrote")
	if _, err := Copy(t.Context(), newDB(t), db); err == nil {
		t.Error("a copy by a role that does not own the tables: got nil, want an error")
	}
	if _, err := Open(t.Context(), s.URL(name, "reader")); !errors.Is(err, ErrAccess) {
		t.Errorf("writing as the reader: got %v, want ErrAccess", err)
	}
	r := openReader(t, s.URL(name, "reader"))
	if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.State != card.Issued {
		t.Errorf("reading as the reader: got %s, %v, %v", rec.State, ok, err)
	}
	if _, err := r.file.read.Exec("UPDATE cards SET email = 'x'"); !errors.Is(wrap("", err), ErrAccess) {
		t.Errorf("writing by the reader's pool: got %v, want ErrAccess", err)
	}
}

func TestOpenServerRefuses(t *testing.T) {
	t.Parallel()
	s, where := ownServer(t)
	for database, statements := range map[string][]string{
		"stranger": {"CREATE TABLE cards (id int)"},
		"latin":    nil,
	} {
		create := "CREATE DATABASE " + database
		if database == "latin" {
			create += " TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'"
		}
		if err := errors.Join(s.Exec(t.Context(), "postgres", create), s.Exec(t.Context(), database, statements...)); err != nil {
			t.Fatal(err)
		}
	}
	newer := s.New(t, "")
	db := openDB(t, newer)
	if _, err := db.write.Exec("INSERT INTO " + serverVersionTable + " (version_id, is_applied) VALUES (99, true)"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		where string
		want  error
	}{
		"an empty database":      {where, ErrMissing},
		"no such database":       {s.URL("nothing", pgtest.Owner), ErrMissing},
		"another program's":      {s.URL("stranger", pgtest.Owner), ErrForeign},
		"another encoding":       {s.URL("latin", pgtest.Owner), ErrServer},
		"a newer version":        {newer, ErrNewer},
		"no such role":           {s.URL("postgres", "nobody_at_all"), ErrAccess},
		"no server":              {"postgres:///x?host=/nonexistent&user=x", ErrUnreachable},
		"no schema":              {where + "&search_path=absent", ErrMissing},
		"a password":             {"postgres://u:s3cret@db.example.org/x", ErrURL},
		"a password as a member": {"postgres://db.example.org/x?password=s3cret", ErrURL},
		"no URL":                 {"postgres://[::1/s3cret", ErrURL},
		"a mistake":              {"postgres://db.example.org/x?sslmode=s3cret", ErrURL},
	} {
		for side, open := range map[string]func() error{
			"Open":         func() error { _, err := Open(t.Context(), c.where); return err },
			"OpenReadOnly": func() error { _, err := OpenReadOnly(t.Context(), c.where); return err },
			"OpenReader":   func() error { _, err := OpenReader(t.Context(), c.where, ReaderOptions{}); return err },
		} {
			if err := open(); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: got %v, want %v", name, side, err, c.want)
			} else if name != "a mistake" && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s, %s: the error tells the password: %v", name, side, err)
			}
		}
	}
	for _, where := range []string{s.URL("stranger", pgtest.Owner), newer} {
		if _, err := Create(t.Context(), where); err == nil {
			t.Errorf("Create: got nil, want a refusal")
		}
	}
}

// Over a network nobody may stand between: what is not said is strict.
func TestServerConfig(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	t.Setenv("PGHOST", "")
	for where, c := range map[string]struct{ encrypted, verified bool }{
		"postgres://u@db.example.org/x":                            {true, true},
		"postgres://u@192.0.2.7/x":                                 {true, true},
		"postgres://u@one.example.org,two.example.org/x":           {true, true},
		"postgres:///x?host=db.example.org&user=u":                 {true, true},
		"postgres://u@db.example.org/x?sslmode=disable":            {false, false}, // it was said
		"postgres:///x?host=/run/postgresql&user=u":                {false, false},
		"postgres:///x?host=/run/postgresql,db.example.org&user=u": {true, true},
	} {
		config, err := serverConfig(where, copyAccess)
		if err != nil {
			t.Errorf("%s: got %v", where, err)
			continue
		}
		tls := config.TLSConfig
		for _, f := range config.Fallbacks {
			if f.TLSConfig != nil {
				tls = f.TLSConfig
			} else if c.encrypted && !strings.HasPrefix(f.Host, "/") {
				t.Errorf("%s: it falls back to plain text", where)
			}
		}
		if (tls != nil) != c.encrypted || c.verified && (tls.InsecureSkipVerify || tls.ServerName == "") {
			t.Errorf("%s: got TLS %+v, want encrypted %v, verified %v", where, tls, c.encrypted, c.verified)
		}
		if config.RuntimeParams["default_transaction_read_only"] != "on" || config.RuntimeParams["statement_timeout"] == "" {
			t.Errorf("%s: a reader's session is %v", where, config.RuntimeParams)
		}
	}
}

// Texts are ordered by their bytes, whatever the database's own order: on both kinds of registers lists read the same.
func TestOrderIsThatOfBytes(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for _, id := range []string{"b", "A", "ä", "Z", "a"} {
			if err := db.RecordKeys(t.Context(), []KeyEvent{keyEvent(id, KeyInUse, noon)}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := openReader(t, db.where).KeyIDs(t.Context())
		if want := []string{"A", "Z", "a", "b", "ä"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}

// A database that takes the question and does not answer holds nobody for long, and what it did not say is not known.
func TestDatabaseThatHangs(t *testing.T) {
	t.Parallel()
	db := newServerDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	r := openReader(t, db.where)
	tx, err := db.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE cards IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, ok, err := r.FindRecord(t.Context(), e.Number); ok || !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, %v, want ErrUnreachable", ok, err)
	}
	if took := time.Since(start); took < lookupTimeout || took > 3*lookupTimeout {
		t.Errorf("it took %s, want about %s", took, lookupTimeout)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, ok, err := r.FindRecord(short, e.Number); ok || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreachable) {
		t.Errorf("a caller in a hurry: got %v, %v, want its own deadline", ok, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.State != card.Issued {
		t.Errorf("afterwards: got %s, %v, %v", rec.State, ok, err)
	}
}

// Two centres in one database, in a schema each, know nothing of each other, and neither waits for the other's writer.
func TestTwoCentresInOneDatabase(t *testing.T) {
	t.Parallel()
	s, where := ownServer(t)
	if err := s.Exec(t.Context(), pgtest.Database(where), "CREATE SCHEMA harbour", `CREATE SCHEMA "River side"`); err != nil {
		t.Fatal(err)
	}
	one, other := openDB(t, where+"&search_path=harbour"), openDB(t, where+"&search_path=%22River%20side%22")
	e := learner(1)
	issue(t, one, "b1", e)
	if _, ok, err := other.FindRecord(t.Context(), e.Number); ok || err != nil {
		t.Errorf("a card of the other centre: got %v, %v", ok, err)
	}
	tx, err := one.write.BeginTx(t.Context(), nil) // it writes
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	issue(t, other, "b1", learner(1))
	// A session that looks elsewhere first is held to the rules of the table that it writes into.
	stranger, err := OpenServerPool(where+"&search_path=%22River%20side%22,harbour", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	again, in := learner(1), intention("b1")
	signed, err := signedValues(&again, 1)
	if err != nil {
		t.Fatal(err)
	}
	into := strings.Replace(forServer(insertCards(1)), "INTO cards", "INTO harbour.cards", 1)
	if _, err := stranger.Exec(into, slices.Concat(fixedValues(&again, &in), signed)...); !isTaken(err) {
		t.Errorf("a second card of the learner: got %v, want a refusal", err)
	}
}

// What is asked of a connection that has ended before is not answered by the database, in the words of the driver too.
func TestConnectionThatHasEnded(t *testing.T) {
	t.Parallel()
	session, err := pgx.Connect(t.Context(), newServer(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Exec(t.Context(), "SELECT 1"); !errors.Is(wrap("ask", err), ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}
