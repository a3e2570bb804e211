package work_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

func (f *office) move(n card.Number, address string) {
	f.t.Helper()
	err := f.o.Register.Amend(f.t.Context(), []card.Amendment{{Number: n, Email: address, Actor: "office", Reason: "was misspelt", At: f.o.Now()}})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *office) recipients() (to []string) {
	f.t.Helper()
	for _, m := range f.server.Mails() {
		to = append(to, m.To)
	}
	slices.Sort(to)
	return to
}

// A corrected address reaches the mails that nobody has got yet: the card's own, its reminder, and one that is being sent.
func TestCorrectedAddress(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	numbers := f.issue("b", 700, "ok-stranger1@example.org", "ok-stranger2@example.org")
	f.queue("b")
	f.move(numbers[0], "ok-right1@example.org")
	f.links.during = func() { f.move(numbers[1], "ok-right2@example.org") } // the first mail moves the second before its turn
	f.once()
	if got, want := f.recipients(), []string{"ok-right1@example.org", "ok-right2@example.org"}; !slices.Equal(got, want) {
		t.Errorf("got mails to %v, want %v", got, want)
	}

	f = newOffice(t, "")
	n := f.issue("b", 700, "ok-stranger@example.org")[0]
	f.queue("b")
	f.links.during = func() { f.move(n, "ok-right@example.org") } // while its own mail is with the server, but for the dot
	f.once()
	if got := f.recipients(); !slices.Equal(got, []string{"ok-right@example.org"}) {
		t.Errorf("corrected while it was sent: got mails to %v, want the right one alone", got)
	}
	if m := f.stateOf(n); m.State != register.MailAccepted || m.Address != "ok-right@example.org" || m.Turn != 2 {
		t.Errorf("got %+v", m)
	}
	if len(f.links.secrets) != 2 || !slices.Equal(f.links.ended, f.links.secrets[:1]) {
		t.Errorf("of %d links %d were ended, want the first of two", len(f.links.secrets), len(f.links.ended))
	}
}

// The wish for no reminders is that of the address which the card has now.
func TestReminderOfCorrectedAddress(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	numbers := f.issue("b", 25, "busy-old1@example.org", "busy-old2@example.org")
	f.once() // both are queued, and wait
	f.move(numbers[0], "ok-new1@example.org")
	f.move(numbers[1], "ok-new2@example.org")
	if err := f.o.Register.StopReminders(t.Context(), "ok-new2@example.org", "the learner", f.o.Now()); err != nil {
		t.Fatal(err)
	}
	f.once()
	if got := f.recipients(); !slices.Equal(got, []string{"ok-new1@example.org"}) {
		t.Errorf("got reminders to %v, want one to the first address that is new", got)
	}
	if m := f.stateOf(numbers[1]); m.State != register.MailStopped || !strings.Contains(m.Words, "no reminders") {
		t.Errorf("got %s (%s), want it stopped by the wish of the new address", m.State, m.Words)
	}
}

// A mail that an older version left behind under the address before goes to the one of now.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	n := f.issue("b", 700, "ok-right@example.org")[0]
	if _, err := f.o.Register.QueueMails(t.Context(), []register.NewMail{{Event: "issued:" + n.Compact(), Kind: register.MailIssued, Number: n,
		Address: "ok-stranger@example.org", Language: "en"}}, "office", f.o.Now()); err != nil {
		t.Fatal(err)
	}
	if ok, err := f.o.Register.BeginMail(t.Context(), 1, 1, "worker", f.o.Now()); ok || err != nil {
		t.Errorf("BeginMail of a mail to another address than the card's: got %v, %v; want false", ok, err)
	}
	f.once()
	if got := f.recipients(); !slices.Equal(got, []string{"ok-right@example.org"}) {
		t.Errorf("got mails to %v", got)
	}
}

// A worker that was off for days gives no mail up after its first attempt.
func TestGiveUpCountsFromTheFirstAttempt(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	n := f.issue("b", 700, "busy-1@example.org")[0]
	f.queue("b")
	for _, c := range []struct {
		hours time.Duration
		want  register.MailState
	}{{72, register.MailQueued}, {119, register.MailQueued}, {121, register.MailGivenUp}} {
		f.shift = c.hours * time.Hour
		f.once()
		if got := f.stateOf(n); got.State != c.want {
			t.Errorf("%d hours after it was queued, %d attempts: got %s, want %s", c.hours, got.Attempts, got.State, c.want)
		}
	}
}

func TestLinksOfNobody(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	f.links.byEmail["moved@example.org"] = []card.LearnerKey{{Name: "Ada", Email: "moved@example.org"}}
	q, err := work.OpenQueue(t.Context(), filepath.Join(f.o.Folder, work.QueueName))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.LinksWanted(t.Context(), "moved@example.org", "de"); err != nil {
		t.Fatal(err)
	}
	q.Close()
	port := f.o.Server.Port
	f.o.Server.Port = 1
	f.once()
	delete(f.links.byEmail, "moved@example.org")
	f.o.Server.Port = port
	f.once()
	mails := f.mails(register.MailFilter{})
	if got := f.recipients(); len(got) != 0 || len(mails) != 1 || mails[0].State != register.MailStopped {
		t.Errorf("got mails to %v, and %+v; want none, and it stopped", got, mails)
	}
}
