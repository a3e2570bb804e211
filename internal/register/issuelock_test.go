package register

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/pgtest"
)

// holding takes the lock of issuing, which has to be free.
func holding(t *testing.T, db *DB, how Holding) *IssueLock {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := db.LockIssuing(ctx, how, func(Holding) {
		t.Error("it waited")
		cancel() // what it waits for may be held until the end of the test
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// queueing begins to wait for the lock of issuing, which another has.
func queueing(t *testing.T, db *DB, how Holding) <-chan *IssueLock {
	t.Helper()
	before, waits, got := waitingLocks(t, db), make(chan struct{}), make(chan *IssueLock, 1)
	go func() {
		l, err := db.LockIssuing(t.Context(), how, func(Holding) { close(waits) })
		if err != nil {
			t.Error(err)
			l = &IssueLock{}
		}
		got <- l
	}()
	select {
	case <-waits:
	case <-got:
		t.Fatal("it did not wait")
	case <-time.After(time.Minute):
		t.Fatal("it neither waits nor has the lock")
	}
	for end := time.Now().Add(time.Minute); waitingLocks(t, db) == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not ask for the lock")
		}
	}
	return got
}

// waitingLocks is how many sessions wait for a lock in a database.
func waitingLocks(t *testing.T, db *DB) (n int) {
	t.Helper()
	const count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	if err := db.write.QueryRowContext(t.Context(), count).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each DB stands for a machine: the sessions are its own.
func TestIssueLock(t *testing.T) {
	t.Parallel()
	database := newServer(t)
	where := inSchema(t, database, "harbour")
	one, two, three := openDB(t, where), openDB(t, where), openDB(t, where)
	first, second := holding(t, one, Making), holding(t, two, Issuing) // together
	alone := queueing(t, three, Alone)
	third := queueing(t, one, Making) // behind who waits, who would wait for ever otherwise
	close := func(l *IssueLock) {
		t.Helper()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(first)
	select {
	case <-alone:
		t.Fatal("it is alone while another issues")
	case <-third:
		t.Fatal("it came before who waited longer")
	case <-time.After(200 * time.Millisecond):
	}
	close(second)
	l := <-alone
	select {
	case <-third:
		t.Fatal("it issues beside one that is to be alone")
	case <-time.After(200 * time.Millisecond):
	}
	close(l)
	close(<-third)
	holding(t, two, Alone)
	holding(t, openDB(t, inSchema(t, database, "riverside")), Alone) // another centre's: two is alone in its own still
}

// inSchema is the URL of an empty register in a new schema of a database. The locks of sessions are a database's, and all its schemas share them.
func inSchema(t *testing.T, where, schema string) string {
	t.Helper()
	s, err := database()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), pgtest.Database(where), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	return where + "&search_path=" + schema
}

func TestIssueLockOfAFile(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	holding(t, db, Alone)
	want := errors.New("its own")
	if got := holding(t, db, Issuing).While(t.Context(), func(context.Context) error { return want }); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What a lock covers may end before what runs does: a batch that is left to workers is waited for without it.
func TestIssueLockEndsWithin(t *testing.T) {
	t.Parallel()
	where := newServer(t)
	one, two := openDB(t, where), openDB(t, where)
	l := holding(t, one, Issuing)
	err := l.While(t.Context(), func(ctx context.Context) error {
		if err := l.Close(); err != nil {
			return err
		}
		holding(t, two, Alone)
		return ctx.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

// Who waits can be told to stop, and then leaves nothing behind that would keep others away.
func TestIssueLockGivesUp(t *testing.T) {
	t.Parallel()
	where := newServer(t)
	one, two := openDB(t, where), openDB(t, where)
	first := holding(t, one, Making)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := two.LockIssuing(ctx, Alone, func(Holding) { cancel() }); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrLockHeld) {
		t.Errorf("got %v, want it cancelled", err)
	}
	holding(t, two, Making)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
}

// Where the session of the lock has ended, what it covered is broken off at once: the next run may be at work already.
func TestLostIssueLock(t *testing.T) {
	t.Parallel()
	where := newServer(t)
	s, err := database()
	if err != nil {
		t.Fatal(err)
	}
	one, two := openDB(t, where), openDB(t, where)
	l := holding(t, one, Issuing)
	alone := queueing(t, two, Alone)
	var ended time.Time
	got := l.While(t.Context(), func(ctx context.Context) error {
		endOthers(t, s, where)
		ended = time.Now()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return errors.New("it went on without the lock")
		}
	})
	if !errors.Is(got, ErrLockLost) || errors.Is(got, context.Canceled) {
		t.Errorf("got %v, want %v", got, ErrLockLost)
	}
	if took := time.Since(ended); took > sessionEvery+sessionSilence {
		t.Errorf("it was told after %s", took)
	}
	(<-alone).Close()
}

// endOthers ends the sessions that hold a lock of issuing, and not those that wait for one.
func endOthers(t *testing.T, s *pgtest.Server, where string) {
	t.Helper()
	err := s.Exec(t.Context(), pgtest.Database(where), "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1129345640 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
	if err != nil {
		t.Fatal(err)
	}
}

// What is done in time is done, whatever becomes of the lock after it; and a session that nobody ends lasts.
func TestIssueLockLasts(t *testing.T) {
	t.Parallel()
	db := openDB(t, newServer(t))
	l := holding(t, db, Alone)
	err := l.While(t.Context(), func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(sessionEvery + time.Second): // asked once in between
			return nil
		}
	})
	if err != nil {
		t.Errorf("got %v", err)
	}
	if err := l.While(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("again: got %v", err)
	}
}

// Who was interrupted still records what is finished, for as long as it keeps others away and no longer.
func TestHeld(t *testing.T) {
	t.Parallel()
	where := newServer(t)
	s, err := database()
	if err != nil {
		t.Fatal(err)
	}
	l := holding(t, openDB(t, where), Issuing)
	ctx, interrupt := context.WithCancel(t.Context())
	got := l.While(ctx, func(ctx context.Context) error {
		held := Held(ctx)
		interrupt()
		<-ctx.Done()
		if held.Err() != nil {
			t.Errorf("interrupted: got %v, want it to last", context.Cause(held))
		}
		endOthers(t, s, where)
		select {
		case <-held.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return errors.New("it went on without the lock")
		}
	})
	if !errors.Is(got, ErrLockLost) {
		t.Errorf("got %v, want %v", got, ErrLockLost)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Held(ended).Err(); err != nil {
		t.Errorf("outside While: got %v", err)
	}
}
