package work_test

import (
	"context"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

var servers struct {
	mu     sync.Mutex
	shared *pgtest.Server
}

func TestMain(m *testing.M) {
	code := m.Run()
	if servers.shared != nil && servers.shared.Stop() != nil {
		code = 1
	}
	os.Exit(code)
}

// onBoth runs a test with the register and the queue in files, and with both in PostgreSQL.
func onBoth(t *testing.T, run func(t *testing.T, database string)) {
	t.Run("files", func(t *testing.T) { run(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) {
		servers.mu.Lock()
		defer servers.mu.Unlock()
		if servers.shared == nil {
			s, err := pgtest.Start()
			if err != nil {
				t.Fatal(err)
			}
			servers.shared = s
		}
		run(t, servers.shared.New(t, ""))
	})
}

// Two machines that share a database: one works, the other waits, and takes over when the first has ended.
func TestTwoMachines(t *testing.T) {
	t.Parallel()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	f := newOffice(t, s.New(t, ""), "--delay", "0.01")
	f.issue("b", 700, addresses(120)...)
	f.queue("b")
	var all sync.WaitGroup
	stop := make([]context.CancelFunc, 2)
	for i := range stop {
		o := f.o
		o.Folder = t.TempDir() // with a lock of its own
		w, err := work.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		var ctx context.Context
		ctx, stop[i] = context.WithCancel(t.Context())
		all.Go(func() {
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			w.Close()
		})
	}
	wait(t, func() bool { return len(f.server.Mails()) >= 40 })
	stop[0]()
	wait(t, func() bool { return len(f.server.Mails()) >= 120 })
	stop[1]()
	all.Wait()
	checkOnce(t, f, 120)
}

// A database that goes away while mails are sent, and comes back, stops no run and sends nothing twice.
func TestDatabaseRestartsWhileMailsAreSent(t *testing.T) {
	t.Parallel()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	f := newOffice(t, s.New(t, ""), "--delay", "0.02")
	f.issue("b", 700, addresses(100)...)
	f.queue("b")
	w, err := work.Open(t.Context(), f.o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	wait(t, func() bool { return len(f.server.Mails()) >= 20 })
	if err := s.Halt(true); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	open := []register.MailState{register.MailQueued, register.MailSending}
	wait(t, func() bool { return len(f.mails(register.MailFilter{States: open})) == 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the run ended with %v", err)
	}
	// The one mail whose outcome could not be written down may be with the server or not: that is on record, and nobody sends it again.
	unknown := len(f.mails(register.MailFilter{States: []register.MailState{register.MailUnknown}}))
	if got := len(f.server.Mails()); unknown > 1 || got < 100-unknown || got > 100 {
		t.Errorf("the server has %d mails, and %d are unknown, want 100 and at most one", got, unknown)
	}
	checkOnce(t, f, 0)
}

// checkOnce wants no address to have two mails, and so many mails in all; 0 for any count.
func checkOnce(t *testing.T, f *office, want int) {
	t.Helper()
	to := map[string]int{}
	for _, m := range f.server.Mails() {
		if to[m.To]++; to[m.To] > 1 {
			t.Errorf("%s has %d mails", m.To, to[m.To])
		}
	}
	if want > 0 && len(to) != want {
		t.Errorf("%d addresses have a mail, want %d", len(to), want)
	}
}

func wait(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within three minutes")
		}
	}
}

// A role that neither owns the tables nor may take anything out of the register's sends mails, with the grants of docs/postgresql.md.
func TestWriterOfTheDocumentSendsMails(t *testing.T) {
	t.Parallel()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	owners := s.New(t, "")
	newOffice(t, owners)
	q, err := work.OpenQueue(t.Context(), owners)
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
	text, err := os.ReadFile("../../docs/postgresql.md")
	if err != nil {
		t.Fatal(err)
	}
	grants := regexp.MustCompile(`(?m)^GRANT .*;$`).FindAllString(string(text), -1)
	if len(grants) < 5 {
		t.Fatalf("the document has %d grants: the test proves nothing", len(grants))
	}
	statements := append([]string{"CREATE ROLE cardproof LOGIN", "CREATE ROLE cardproof_reader LOGIN"}, grants...)
	if err := s.Exec(t.Context(), pgtest.Database(owners), statements...); err != nil {
		t.Fatal(err)
	}
	f := newOffice(t, s.URL(pgtest.Database(owners), "cardproof"))
	f.issue("b", 700, addresses(3)...)
	f.queue("b")
	f.once()
	checkOnce(t, f, 3)
}
