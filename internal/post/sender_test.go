package post_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/post/posttest"
)

func newSender(t *testing.T, s *posttest.Server, change func(*post.Server)) *post.Sender {
	t.Helper()
	o := post.Server{Host: s.Host, Port: s.Port, TLS: post.NoTLS, Timeout: 5 * time.Second, Answer: 5 * time.Second}
	if s.Root != "" {
		pem, err := os.ReadFile(s.Root)
		if err != nil {
			t.Fatal(err)
		}
		o.Roots = x509.NewCertPool()
		o.Roots.AppendCertsFromPEM(pem)
	}
	if change != nil {
		change(&o)
	}
	sender, err := post.NewSender(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	return sender
}

func address(t testing.TB, text string) post.Address {
	t.Helper()
	a, err := post.ParseAddress(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return a
}

// send sends a small mail and tells whether its dot was near.
func send(t *testing.T, s *post.Sender, to string) (r post.Result, dot bool) {
	t.Helper()
	r = s.Send(context.Background(), post.Mail{
		From: address(t, "cards@example.org"), To: address(t, to),
		Build: func() ([]byte, error) {
			return []byte("Subject: x\r\n\r\n.dot\r\n" + strings.Repeat("x", 70) + "\r\n"), nil
		},
		Dot: func() error { dot = true; return nil },
	})
	return r, dot
}

func TestOutcomes(t *testing.T) {
	server := posttest.Start(t, "--slow", "3")
	sender := newSender(t, server, func(o *post.Server) { o.Answer = time.Second })
	for _, c := range []struct {
		to    string
		want  post.Outcome
		dot   bool // whether all but the dot was sent
		taken bool // whether the server has it
		words string
	}{
		{"ok@example.org", post.Accepted, true, true, "2.0.0 OK queued"},
		{"refuse-1@example.org", post.Refused, false, false, "550 5.1.1 no such person here"},
		{"ok-2@example.org", post.Accepted, true, true, "2.0.0 OK queued"},
		{"grey-1@example.org", post.Later, false, false, "451 4.7.1 greylisted, come back later"},
		{"grey-1@example.org", post.Accepted, true, true, "2.0.0 OK queued"},
		{"nodata-1@example.org", post.Refused, true, false, "554 5.6.0 not this mail"},
		{"cutdata-1@example.org", post.Later, false, false, "the connection broke before the whole mail was sent"},
		{"cutdata-1@example.org", post.Accepted, true, true, "2.0.0 OK queued"},
		{"early-1@example.org", post.Later, false, false, "421 4.3.0 closing"},
		{"cutdot-1@example.org", post.Unknown, true, true, "before the server's answer"},
		{"lostdot-1@example.org", post.Unknown, true, false, "before the server's answer"},
		{"slow-1@example.org", post.Unknown, true, false, "before the server's answer"},
		{"ok-3@example.org", post.Accepted, true, true, "2.0.0 OK queued"},
	} {
		before := len(server.Mails())
		got, dot := send(t, sender, c.to)
		if got.Outcome != c.want || !strings.Contains(got.Words, c.words) || dot != c.dot {
			// A server that speaks or hangs up within a mail may do so a moment after the last look at it: then the dot is out, and what it says
			// is the answer to that.
			early, cut := strings.HasPrefix(c.to, "early-"), strings.HasPrefix(c.to, "cutdata-")
			if said := early && got.Outcome == c.want && strings.Contains(got.Words, c.words); !said && (!early && !cut || got.Outcome != post.Unknown) {
				t.Errorf("%s: got outcome %d, dot %v, %q; want %d, %v, %q", c.to, got.Outcome, dot, got.Words, c.want, c.dot, c.words)
			}
		}
		if taken := len(server.Mails()) > before; taken != c.taken {
			t.Errorf("%s: taken is %v, want %v", c.to, taken, c.taken)
		}
	}
	if got := server.Mails()[0].Data; !bytes.Contains(got, []byte("\r\n.dot\r\n")) {
		t.Errorf("a line that begins with a dot came as %q", got)
	}
}

// A dot that may not be sent leaves the server without the mail, and the next mail goes out as ever.
func TestNoDotNoMail(t *testing.T) {
	server := posttest.Start(t)
	sender := newSender(t, server, nil)
	m := post.Mail{
		From: address(t, "cards@example.org"), To: address(t, "ok@example.org"),
		Build: func() ([]byte, error) { return []byte("Subject: x\r\n\r\nx\r\n"), nil },
		Dot:   func() error { return errors.New("the disk is full") },
	}
	if got := sender.Send(t.Context(), m); got.Outcome != post.Later || !strings.Contains(got.Words, "the disk is full") {
		t.Errorf("got %+v, want that it may be sent later", got)
	}
	m.Build = func() ([]byte, error) { return nil, errors.New("no file") }
	if got := sender.Send(t.Context(), m); got.Outcome != post.Later || !strings.Contains(got.Words, "no file") {
		t.Errorf("got %+v, want that it may be sent later", got)
	}
	if got, _ := send(t, sender, "ok@example.org"); got.Outcome != post.Accepted {
		t.Errorf("got %+v, want that the next mail is taken", got)
	}
	if got := len(server.Mails()); got != 1 {
		t.Errorf("the server has %d mails, want 1", got)
	}
}

func TestEncryption(t *testing.T) {
	plain := posttest.Start(t)
	start := posttest.Start(t, "--tls", "starttls", "--password", "geheim")
	implicit := posttest.Start(t, "--tls", "implicit")
	for _, c := range []struct {
		name   string
		server *posttest.Server
		change func(*post.Server)
		want   post.Outcome
		words  string
	}{
		{"STARTTLS with a password", start, func(o *post.Server) { o.TLS, o.User, o.Password = post.StartTLS, "centre", "geheim" }, post.Accepted, ""},
		{"a wrong password", start, func(o *post.Server) { o.TLS, o.User, o.Password = post.StartTLS, "centre", "falsch" }, post.Later, "535"},
		{"an unknown authority", start, func(o *post.Server) { o.TLS, o.User, o.Password, o.Roots = post.StartTLS, "centre", "geheim", nil }, post.Later, "certificate"},
		{"a server without STARTTLS", plain, func(o *post.Server) { o.TLS = post.StartTLS }, post.Later, "465 with tls: implicit"},
		{"a server that wants TLS", start, func(o *post.Server) { o.TLS = post.NoTLS }, post.Later, "530"},
		{"implicit TLS", implicit, func(o *post.Server) { o.TLS = post.Implicit }, post.Accepted, ""},
		{"no server", plain, func(o *post.Server) { o.Port = freePort(t) }, post.Later, "refused"},
	} {
		sender := newSender(t, c.server, c.change)
		got, _ := send(t, sender, "ok@example.org")
		if got.Outcome != c.want || !strings.Contains(got.Words, c.words) || got.Down != (c.want == post.Later) {
			t.Errorf("%s: got %+v, want outcome %d with %q", c.name, got, c.want, c.words)
		}
		if strings.Contains(got.Words, "geheim") || strings.Contains(got.Words, "falsch") {
			t.Errorf("%s: the password stands in %q", c.name, got.Words)
		}
		// What is found out before a mail, Check says too, in the same words.
		switch err := sender.Check(t.Context()); {
		case err == nil && c.want != post.Accepted && c.words != "530": // that server says no only to a mail
			t.Errorf("%s: nothing is wrong by the check", c.name)
		case err != nil && (c.want == post.Accepted || !strings.HasSuffix(got.Words, err.Error())):
			t.Errorf("%s: by the check %q, with a mail %q", c.name, err, got.Words)
		}
	}
	if got := len(plain.Mails()); got != 0 {
		t.Errorf("%d mails went out without encryption", got)
	}
	for _, m := range append(start.Mails(), implicit.Mails()...) {
		if !m.TLS && m.To != "" && len(start.Mails()) == 0 {
			t.Errorf("a mail went out without encryption")
		}
	}
}

func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// Addresses reach the server as they were meant, or are refused with the reason.
func TestAddressesOnTheWire(t *testing.T) {
	server, old := posttest.Start(t), posttest.Start(t, "--no-utf8")
	for _, c := range []struct{ text, want string }{
		{"ada+cards@example.org", "ada+cards@example.org"},
		{`"ada lovelace"@example.org`, `"ada lovelace"@example.org`},
		{`"a\"b"@example.org`, `"a\"b"@example.org`},
		{"ada@müller.example", "ada@xn--mller-kva.example"},
		{"ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"},
		{"o'hara@example.org", "o'hara@example.org"},
		{"jürgen@example.org", "jürgen@example.org"},
	} {
		got, _ := send(t, newSender(t, server, nil), c.text)
		all := server.Mails()
		if got.Outcome != post.Accepted || len(all) == 0 || all[len(all)-1].To != c.want {
			t.Errorf("%s: got %+v, want it at %s", c.text, got, c.want)
		}
	}
	if got, _ := send(t, newSender(t, old, nil), "jürgen@example.org"); got.Outcome != post.Refused || !strings.Contains(got.Words, "SMTPUTF8") {
		t.Errorf("without SMTPUTF8 got %+v, want a refusal that says so", got)
	}
	if got, _ := send(t, newSender(t, old, nil), "ada@müller.example"); got.Outcome != post.Accepted {
		t.Errorf("without SMTPUTF8 got %+v, want that a domain of another script still works", got)
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, text := range []string{
		"", "ada", "@example.org", "ada@", "ada@example.org, bob@example.org", "Ada <ada@example.org>", "ada@example.org\r\nBcc: all@example.org",
		"ada\x00@example.org", "ada@exa mple.org", "ada(comment)@example.org", "ada@[127.0.0.1]", "\u202eada@example.org", "ada@example..org",
		strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b.", 130) + "org", "\xff@example.org", "ada\u2028@example.org",
	} {
		if a, err := post.ParseAddress(text); err == nil {
			t.Errorf("%q: got %s, want a refusal", text, a)
		}
	}
}

// A hundred mails and more go over few connections, in the order in which they are sent.
func TestOneConnection(t *testing.T) {
	server := posttest.Start(t)
	sender := newSender(t, server, nil)
	for i := range 205 {
		if got, _ := send(t, sender, fmt.Sprintf("ok-%d@example.org", i)); got.Outcome != post.Accepted {
			t.Fatalf("mail %d: got %+v", i, got)
		}
	}
	for i, m := range server.Mails() {
		if want := fmt.Sprintf("ok-%d@example.org", i); m.To != want {
			t.Fatalf("mail %d: got it at %s, want %s", i, m.To, want)
		}
	}
}
