//go:build e2e && linux

package register

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/nettest"
	"github.com/cardproof/cardproof/internal/pgtest"
)

// on runs do on a host, and with it what do opens: the library dials on the goroutine that asks for a connection.
func on(t *testing.T, h *nettest.Host, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocks: the thread ends with the goroutine
		err := h.Enter()
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestWriterBehindACutCable cuts the cable of a writer in the middle of its transaction, in silence. Its next statement ends as unreachable,
// though nobody gave it a time; and the database lets the next writer in before that one has waited too long.
func TestWriterBehindACutCable(t *testing.T) {
	t.Parallel()
	hosts := nettest.New(t, "db", "worker", "other")
	home, worker, other := hosts[0], hosts[1], hosts[2]
	s, err := pgtest.StartAt(pgtest.Place{Enter: home.Enter, Address: home.Address, Clients: nettest.Network})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	where := s.NetworkURL(pgtest.Database(s.New(t, "")), pgtest.Owner)
	var first, second *DB
	on(t, worker, func() (err error) { first, err = Create(t.Context(), where); return err })
	on(t, other, func() (err error) { second, err = Open(t.Context(), where); return err })
	t.Cleanup(func() {
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
	})
	tx, err := first.write.BeginTx(t.Context(), nil) // it has the lock of the writers
	if err != nil {
		t.Fatal(err)
	}
	nettest.Cut(t, home, worker)
	cut := time.Now()
	ended := make(chan error, 1)
	go func() {
		_, err := tx.ExecContext(context.Background(), "SELECT 1")
		t.Logf("the statement ended after %s: %v", time.Since(cut), err)
		ended <- wrap("ask", err)
	}()
	planned := learner(1)
	if err := second.Plan(t.Context(), intention("b1", planned)); err != nil {
		t.Errorf("the next writer, after %s: %v", time.Since(cut), err)
	}
	t.Logf("the next writer wrote after %s", time.Since(cut))
	select {
	case err := <-ended:
		if !errors.Is(err, ErrUnreachable) {
			t.Errorf("a statement into the cut cable: got %v, want ErrUnreachable", err)
		}
	case <-time.After(time.Until(cut.Add(40 * time.Second))):
		t.Fatal("a statement into the cut cable has no end")
	}
	if err := tx.Rollback(); err == nil {
		t.Error("the transaction was rolled back, through a cut cable")
	}
	nettest.Mend(t, home, worker)
	on(t, worker, func() error { return first.Plan(t.Context(), intention("b2", learner(2))) })
	checkStands(t, second, "when the cable is back", "planned", planned)
}
