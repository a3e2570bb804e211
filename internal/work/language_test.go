package work_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

func (f *office) speak(n card.Number, language string) {
	f.t.Helper()
	err := f.o.Register.Amend(f.t.Context(), []card.Amendment{{Number: n, Language: language, Actor: "office", Reason: "asked for it", At: f.o.Now()}})
	if err != nil {
		f.t.Fatal(err)
	}
}

// A reminder is in the learner's own language, then in that of the mail with the card, then in the centre's; and the link leads to a page in
// the learner's, where they have one.
func TestReminderInTheLearnersLanguage(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	f.o.Language = "fr"
	numbers := f.issue("b", 25, "ok-own@example.org", "ok-none@example.org", "ok-mailed@example.org")
	f.speak(numbers[0], "pl")
	_, err := f.o.Register.QueueMails(t.Context(), []register.NewMail{{
		Event: "issued:" + numbers[2].Compact(), Kind: register.MailIssued, Number: numbers[2], Address: "ok-mailed@example.org", Language: "es",
	}}, "office", f.o.Now())
	if err != nil {
		t.Fatal(err)
	}
	f.once()
	want := map[string]struct {
		mails    int
		language string
		link     bool
	}{"ok-own@example.org": {1, "pl", true}, "ok-none@example.org": {1, "fr", false}, "ok-mailed@example.org": {2, "es", false}}
	got := map[string]int{}
	for _, m := range f.server.Mails() {
		got[m.To]++
		if language := m.Message(t).Header.Get("Content-Language"); language != want[m.To].language {
			t.Errorf("%s: got %s, want %s", m.To, language, want[m.To].language)
		}
		if hasLink := strings.Contains(unfolded(m.Data), "?lang=3D"+want[m.To].language); hasLink != want[m.To].link {
			t.Errorf("%s: the link names the language: %v, want %v", m.To, hasLink, want[m.To].link)
		}
	}
	for to, w := range want {
		if got[to] != w.mails {
			t.Errorf("%s: got %d mails, want %d", to, got[to], w.mails)
		}
	}
}

// unfolded is a mail without the line breaks of quoted-printable.
func unfolded(data []byte) string { return string(bytes.ReplaceAll(data, []byte("=\r\n"), nil)) }

// Whoever asks for links gets them in their own language, and only without one in that of the page where they asked.
func TestLinksInTheLearnersLanguage(t *testing.T) {
	t.Parallel()
	f := newOffice(t, "")
	numbers := f.issue("b", 700, "ok-own@example.org", "ok-none@example.org")
	f.speak(numbers[0], "ar")
	for _, to := range []string{"ok-own@example.org", "ok-none@example.org"} {
		f.links.byEmail[to] = []card.LearnerKey{{Name: "Ada", Email: to}}
	}
	q, err := work.OpenQueue(t.Context(), filepath.Join(f.o.Folder, work.QueueName))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"ok-own@example.org", "ok-none@example.org"} {
		if err := q.LinksWanted(t.Context(), to, "de"); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()
	f.once()
	want := map[string]string{"ok-own@example.org": "ar", "ok-none@example.org": "de"}
	mails := f.server.Mails()
	for _, m := range mails {
		if got := m.Message(t).Header.Get("Content-Language"); got != want[m.To] || !strings.Contains(unfolded(m.Data), "?lang=3D"+want[m.To]) {
			t.Errorf("%s: got %s, want %s, in the link too", m.To, got, want[m.To])
		}
	}
	if len(mails) != 2 {
		t.Errorf("got %d mails, want 2", len(mails))
	}
}
