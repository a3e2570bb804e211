package work_test

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/link"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

func TestManyMails(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) { checkMany(t, database, 120) })
}

// checkMany sends so many mails, and then finds that each came once, also when the same is asked for again.
func checkMany(t *testing.T, database string, many int) {
	t.Helper()
	f := newOffice(t, database)
	f.issue("b", 700, addresses(many)...)
	f.queue("b")
	start := time.Now()
	f.once()
	t.Logf("%d mails took %v", many, time.Since(start))
	got := f.server.Mails()
	to, ids := map[string]int{}, map[string]int{}
	for _, m := range got {
		to[m.To]++
		ids[m.Message(t).Header.Get("Message-ID")]++
	}
	if len(got) != many || len(to) != many || len(ids) != many {
		t.Errorf("got %d mails to %d addresses with %d Message-IDs, want %d of each", len(got), len(to), len(ids), many)
	}
	if accepted := f.mails(register.MailFilter{States: []register.MailState{register.MailAccepted}}); len(accepted) != many {
		t.Errorf("%d mails are accepted, want %d", len(accepted), many)
	}
	f.queue("b")
	f.once()
	if got := len(f.server.Mails()); got != many {
		t.Errorf("after the same once more the server has %d mails, want %d", got, many)
	}
}

func TestEveryEnd(t *testing.T) { onBoth(t, testEveryEnd) }

func testEveryEnd(t *testing.T, database string) {
	f := newOffice(t, database)
	numbers := f.issue("b", 700, "ok-1@example.org", "refuse-1@example.org", "grey-1@example.org", "nodata-1@example.org", "cutdot-1@example.org",
		"lostdot-1@example.org", "", "busy-1@example.org", "bad address@example.org", "ok-2@example.org", "ok-3@example.org")
	f.queue("b")
	for i, to := range map[int]card.State{9: card.Revoked, 10: card.Suspended} {
		if _, err := f.o.Register.Change(t.Context(), card.Change{Number: numbers[i], To: to, Actor: "office", Reason: "a test", At: f.o.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	f.once()
	f.once() // River would come back later
	f.shift = 47 * time.Hour
	f.once()
	f.shift = 49 * time.Hour
	f.once()
	for i, want := range []struct {
		state register.MailState
		words string
	}{
		{register.MailAccepted, "2.0.0 OK queued"}, {register.MailRefused, "550 5.1.1 no such person here"}, {register.MailAccepted, "2.0.0 OK queued"},
		{register.MailRefused, "554 5.6.0 not this mail"}, {register.MailUnknown, "before the server's answer"}, {register.MailUnknown, "before the server's answer"},
		{register.MailNoAddress, ""}, {register.MailGivenUp, "451 4.7.1"}, {register.MailRefused, "this is no e-mail address"},
		{register.MailStopped, "revoked"}, {register.MailStopped, "suspended"},
	} {
		if got := f.stateOf(numbers[i]); got.State != want.state || !strings.Contains(got.Words, want.words) {
			t.Errorf("mail %d: got %s with %q, want %s with %q", i, got.State, got.Words, want.state, want.words)
		}
	}
	to := map[string]int{}
	for _, m := range f.server.Mails() {
		to[m.To]++
	}
	if len(to) != 3 || to["ok-1@example.org"] != 1 || to["grey-1@example.org"] != 1 || to["cutdot-1@example.org"] != 1 {
		t.Errorf("the server has %v, want one to each of the three that it took", to)
	}
}

func TestServerDown(t *testing.T) { onBoth(t, testServerDown) }

func testServerDown(t *testing.T, database string) {
	f := newOffice(t, database)
	f.issue("b", 700, addresses(5)...)
	f.queue("b")
	port := f.o.Server.Port
	f.o.Server.Port = 1 // nobody listens there
	f.once()
	if waiting := f.mails(register.MailFilter{States: []register.MailState{register.MailQueued}}); len(waiting) != 5 {
		t.Errorf("%d mails wait, want all 5", len(waiting))
	}
	f.o.Server.Port = port
	f.once()
	if got := len(f.server.Mails()); got != 5 {
		t.Errorf("then the server has %d mails, want 5", got)
	}
}

// A run that ends in the middle leaves each mail sent or waiting, and the next sends the rest.
func TestStopInTheMiddle(t *testing.T) { onBoth(t, testStopInTheMiddle) }

func testStopInTheMiddle(t *testing.T, database string) {
	f := newOffice(t, database, "--delay", "0.02")
	f.issue("b", 700, addresses(60)...)
	f.queue("b")
	for range 3 {
		w, err := work.Open(t.Context(), f.o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		start := time.Now()
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v to stop", took)
		}
		cancel()
		w.Close()
		for _, m := range f.mails(register.MailFilter{}) {
			if m.State != register.MailAccepted && m.State != register.MailQueued {
				t.Errorf("after a stop a mail is %s (%s)", m.State, m.Words)
			}
		}
	}
	f.once()
	if got := len(f.server.Mails()); got != 60 {
		t.Errorf("the server has %d mails, want 60", got)
	}
}

// Two runs at once: the second waits until the first has ended.
func TestTwoRuns(t *testing.T) { onBoth(t, testTwoRuns) }

func testTwoRuns(t *testing.T, database string) {
	f := newOffice(t, database)
	f.issue("b", 700, addresses(100)...)
	f.queue("b")
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		w, err := work.Open(t.Context(), f.o)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			w.Close()
		})
	}
	for deadline := time.Now().Add(30 * time.Second); len(f.server.Mails()) < 100 && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	all.Wait()
	if got := len(f.server.Mails()); got != 100 {
		t.Errorf("the server has %d mails, want 100", got)
	}
}

func TestReminders(t *testing.T) { onBoth(t, testReminders) }

func testReminders(t *testing.T, database string) {
	f := newOffice(t, database)
	numbers := f.issue("b", 25, "ok-1@example.org")
	f.issue("c", 200, "ok-2@example.org")
	f.once()
	f.once()
	got := f.server.Mails()
	if len(got) != 1 || f.stateOf(numbers[0]).Event != register.ReminderEvent(30, numbers[0]) {
		t.Fatalf("got %d mails, want the one reminder of 30 days", len(got))
	}
	header := got[0].Message(t).Header
	if header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(header.Get("List-Unsubscribe"), "<https://cards.example.org/unsubscribe/") {
		t.Errorf("got List-Unsubscribe %q and %q", header.Get("List-Unsubscribe"), header.Get("List-Unsubscribe-Post"))
	}
	if bytes.Contains(got[0].Data, []byte("application/pdf")) {
		t.Error("a reminder has the card attached")
	}
	stop := strings.Trim(header.Get("List-Unsubscribe"), "<>")
	stops, err := work.StopHandler(f.o.Register, f.o.Writer, f.o.Now)
	if err != nil {
		t.Fatal(err)
	}
	handler := http.NewServeMux()
	handler.Handle(link.Stop+"{secret}", stops.Or(func(w http.ResponseWriter, _ *http.Request, e *httpd.Error) { http.Error(w, e.Error(), e.Status) }))
	for _, c := range []struct {
		method, url string
		wants       bool
		code        int
		says        string
	}{
		{"GET", stop, true, http.StatusOK, "Stop the reminders?"},
		{"POST", stop[:len(stop)-1], true, http.StatusNotFound, "incomplete"},
		{"POST", stop, false, http.StatusOK, "You get no more reminders"},
		{"POST", stop, false, http.StatusOK, "You get no more reminders"},
	} {
		r := httptest.NewRequest(c.method, strings.TrimPrefix(c.url, f.o.URL), strings.NewReader("List-Unsubscribe=One-Click"))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if wants, err := f.o.Register.WantsReminders(t.Context(), "ok-1@example.org"); w.Code != c.code || err != nil || wants != c.wants || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: got %d, wants %v, %v; want %d, %v and %q:\n%s", c.method, c.url, w.Code, wants, err, c.code, c.wants, c.says, w.Body)
		}
	}
	f.shift = 20 * 24 * time.Hour // five days are left
	f.once()
	if got := len(f.server.Mails()); got != 1 {
		t.Errorf("after the learner stopped them, the server has %d mails, want 1", got)
	}
}

func TestLinks(t *testing.T) { onBoth(t, testLinks) }

func testLinks(t *testing.T, database string) {
	f := newOffice(t, database)
	f.links.byEmail["family@example.org"] = []card.LearnerKey{{Name: "Ada", Email: "family@example.org"}, {Name: "Bob", Email: "family@example.org"}}
	q, err := work.OpenQueue(t.Context(), cmp.Or(database, filepath.Join(f.o.Folder, work.QueueName)))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"family@example.org", " Family@example.org", "nobody@example.org"} {
		if err := q.LinksWanted(t.Context(), address, "de"); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()
	f.once()
	got := f.server.Mails()
	if len(got) != 1 || got[0].To != "family@example.org" {
		t.Fatalf("got %d mails, want one to the family, however often it was asked for", len(got))
	}
	for _, want := range append(slices.Clone(f.links.secrets), "Ada", "Bob") {
		if !bytes.Contains(bytes.ReplaceAll(got[0].Data, []byte("=\r\n"), nil), []byte(want)) {
			t.Errorf("the mail has no %s", want)
		}
	}
}

// What is private to a learner is in no log, and not in the file of the queue.
func TestNothingPrivate(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	f.issue("b", 25, "ok-private@example.org", "refuse-private@example.org", "busy-private@example.org", "cutdot-private@example.org")
	f.queue("b")
	f.once()
	f.o.Server.Port = 1
	f.once()
	queue, err := os.ReadFile(filepath.Join(f.o.Folder, work.QueueName))
	if err != nil {
		t.Fatal(err)
	}
	wal, _ := os.ReadFile(filepath.Join(f.o.Folder, work.QueueName+"-wal"))
	for _, secret := range append(slices.Clone(f.links.secrets), "private@example.org", "Learner") {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
		if bytes.Contains(queue, []byte(secret)) || bytes.Contains(wal, []byte(secret)) {
			t.Errorf("the queue has %s", secret)
		}
	}
	if len(f.links.secrets) == 0 || !strings.Contains(f.log.String(), "can't be reached") {
		t.Errorf("no link was made, or nothing was logged: %s", f.log)
	}
}
