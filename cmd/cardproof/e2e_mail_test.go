//go:build e2e

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/post/posttest"
)

// mailing gives a centre the mail server of the tests.
func (c *centreDir) mailing(s *posttest.Server) {
	c.t.Helper()
	raw, err := os.ReadFile(c.path("config.yaml"))
	if err != nil {
		c.t.Fatal(err)
	}
	text := string(raw)
	for _, change := range [][2]string{
		{"  host: \"\"\n", "  host: 127.0.0.1\n"}, {"  port: 587\n", fmt.Sprintf("  port: %d\n", s.Port)}, {"  tls: starttls\n", "  tls: none\n"},
		{"  from: \"\"\n", "  from: Centre <cards@example.org>\n"}, {"  per_minute: 60\n", "  per_minute: 6000\n"},
	} {
		if !strings.Contains(text, change[0]) {
			c.t.Fatalf("config.yaml has no line %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	c.write("config.yaml", text)
}

type mailStatusOutput struct {
	Counts map[string]int
	Mails  []struct{ Number, Address, State, Words string }
}

func (c *centreDir) mailStatus() (s mailStatusOutput) {
	c.t.Helper()
	if err := json.Unmarshal(c.must("mail", "status", "--json"), &s); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// The sender is killed at 30 random moments. In the end each learner has exactly one mail, or the register says that it can't know; and
// nobody has two.
func TestKillTheSender(t *testing.T) {
	t.Parallel()
	server := posttest.Start(t, "--delay", "0.02")
	c := newCentre(t)
	c.mailing(server)
	const learners, kills = 600, 30
	c.must("issue", c.roster(learners), "--out", "out", "--mail")
	killed := 0
	for range 4 * kills {
		if killed == kills || c.mailStatus().Counts["queued"] == 0 {
			break
		}
		if killAfter(t, c.command("work"), 200*time.Millisecond+rand.N(700*time.Millisecond)) {
			killed++
		}
	}
	before := len(server.Mails())
	c.must("work", "--once")
	status := c.mailStatus()
	got := map[string]int{}
	for _, m := range server.Mails() {
		got[m.To]++
	}
	lost := 0
	for _, m := range status.Mails {
		switch {
		case m.State == "accepted" && got[m.Address] == 1:
		case m.State == "unknown" && got[m.Address] <= 1:
			if got[m.Address] == 0 {
				lost++
			}
		default:
			t.Errorf("%s: the register says %s (%s), and the server has %d mails", m.Address, m.State, m.Words, got[m.Address])
		}
	}
	t.Logf("%d kills; %d mails had gone out by the last of them; unknown %d, of which the server lacks %d", killed, before, status.Counts["unknown"], lost)
	if killed < kills || len(status.Mails) != learners || before == learners {
		t.Errorf("%d kills, %d mails, %d of them before the last kill: the test proves nothing", killed, len(status.Mails), before)
	}
	if status.Counts["unknown"] > killed {
		t.Errorf("%d mails are unknown after %d kills: more than one at a time was on its way", status.Counts["unknown"], killed)
	}
}

// A centre that serves sends the mails beside its pages, with TLS and a password, and stops in peace; issue alone only queues.
func TestMailsBesideThePages(t *testing.T) {
	t.Parallel()
	server := posttest.Start(t, "--tls", "starttls", "--password", "geheim")
	c := newCentre(t)
	c.mailing(server)
	raw, err := os.ReadFile(c.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("  tls: none\n", "  tls: starttls\n", "  roots: \"\"\n  # The user", "  roots: "+server.Root+"\n  # The user",
		"  user: \"\"\n", "  user: centre\n", "  password_file: \"\"\n", "  password_file: password\n").Replace(string(raw))
	c.write("config.yaml", text)
	c.write("password", "geheim\n")
	c.must("issue", c.roster(5), "--out", "out", "--mail")
	if got := len(server.Mails()); got != 0 {
		t.Errorf("issue has sent %d mails by itself", got)
	}
	c.serve()
	for deadline := time.Now().Add(30 * time.Second); len(server.Mails()) < 5 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	for _, m := range server.Mails() {
		if !m.TLS || !strings.Contains(string(m.Data), "application/pdf") {
			t.Errorf("a mail came without TLS or without the card: TLS %v", m.TLS)
		}
	}
	if got := len(server.Mails()); got != 5 {
		t.Errorf("the server has %d mails, want 5", got)
	}
}
