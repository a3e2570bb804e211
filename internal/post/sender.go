package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Server is the mail server that takes the centre's mails.
type Server struct {
	Host     string
	Port     int
	TLS      TLS
	Roots    *x509.CertPool // nil for those of the system
	User     string         // empty where the server asks for none
	Password string
	Timeout  time.Duration // for each step
	Answer   time.Duration // for the answer to a whole mail; RFC 5321, 4.5.3.2.6 asks for ten minutes
}

// TLS is how the connection is encrypted.
type TLS string

// The ways of encryption. With the first two there is no connection where it fails.
const (
	StartTLS TLS = "starttls"
	Implicit TLS = "implicit"
	NoTLS    TLS = "none"
)

// Outcome is what became of an attempt to send a mail.
type Outcome int

// The outcomes.
const (
	Later    Outcome = iota // the server has no mail; another attempt may do
	Accepted                // the server has taken it
	Refused                 // the server has no mail, and never takes this one
	Unknown                 // all of it was sent, and no answer came: the server may have it or not
)

// Result is an outcome with what the server said, or what went wrong, on one clean line.
type Result struct {
	Outcome Outcome
	Words   string
	Down    bool // no server could be reached, or it takes nothing from this centre: other mails fare no better just now
}

// Mail is one mail to be sent. The functions are called in their order, each at most once.
type Mail struct {
	From, To Address
	// Build makes the mail. It is called when the server has accepted the address.
	Build func() ([]byte, error)
	// Dot is called when all of the mail but its end is with the server, which therefore has no mail yet. Unless it returns nil, the
	// end is not sent.
	Dot func() error
}

// mailsPerConnection is after how many mails the connection is made anew: many servers hang up after a hundred.
const mailsPerConnection = 100

// Sender sends mails over one connection, which it keeps for the next. It is for one goroutine at a time. Close it.
type Sender struct {
	server Server
	dialer *mail.Client
	conn   *smtp.Client // nil for none
	sent   int          // over conn
}

// NewSender makes a sender; it connects with the first mail.
func NewSender(s Server) (*Sender, error) {
	config := &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(s.Timeout), mail.WithTLSConfig(config), mail.WithoutSMTPUTF8()}
	switch s.TLS {
	case Implicit:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case NoTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("%q is no way of encryption", s.TLS)
	}
	if s.User != "" {
		options = append(options, mail.WithUsername(s.User), mail.WithPassword(s.Password), mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover))
		if s.TLS == NoTLS {
			options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc))
		}
	}
	dialer, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, err
	}
	return &Sender{server: s, dialer: dialer}, nil
}

// Check connects, greets, encrypts and logs in as for a mail, and sends none. The error says in a line what went wrong.
func (s *Sender) Check(ctx context.Context) error {
	err := s.ready(ctx)
	s.Close()
	if err != nil {
		err = errors.New(connecting(err))
	}
	return err
}

// Send sends one mail. Before it returns, the outcome is certain, but for Unknown.
func (s *Sender) Send(ctx context.Context, m Mail) Result {
	if err := s.ready(ctx); err != nil {
		return Result{Later, "no connection to the mail server: " + connecting(err), true}
	}
	if m.To.needsUTF8() {
		if ok, _ := s.conn.Extension("SMTPUTF8"); !ok {
			return Result{Refused, "the mail server takes no address with such letters before the @ (SMTPUTF8)", false}
		}
	}
	s.conn.SkipSMTPUTF8(!m.To.needsUTF8()) // asked for without need, it keeps a mail from servers further on that lack it
	if err := s.step(func() error { return s.conn.Mail(m.From.path()) }); err != nil {
		// It is the centre that is not welcome, and not this learner: somebody can put that right.
		s.after(err)
		return Result{Later, "the mail server does not take the sender: " + words(err), true}
	}
	if err := s.step(func() error { return s.conn.Rcpt(m.To.path()) }); err != nil {
		return s.answer(err)
	}
	text, err := m.Build()
	if err != nil {
		s.after(s.step(s.conn.Reset))
		return Result{Later, "the mail could not be made: " + words(err), false}
	}
	return s.data(text, m.Dot)
}

// data sends the mail itself.
func (s *Sender) data(text []byte, dot func() error) Result {
	var w *smtp.DataCloser
	err := s.step(func() error {
		opened, err := s.conn.Data()
		w, _ = opened.(*smtp.DataCloser)
		if err == nil && w == nil {
			err = errors.New("the connection can't tell the answer to a mail")
		}
		return err
	})
	if err != nil {
		return s.answer(err)
	}
	if err := s.write(w, text); err != nil {
		s.drop()
		return Result{Later, "the connection broke before the whole mail was sent: " + words(err), false}
	}
	if err := dot(); err != nil {
		s.drop() // without its dot the server throws away what it has
		return Result{Later, "the register could not be written: " + words(err), false}
	}
	if err := s.conn.UpdateDeadline(s.server.Answer); err != nil {
		s.drop()
		return Result{Later, words(err), false} // nothing more was sent
	}
	if err := w.Close(); err != nil {
		if _, ok := errors.AsType[*textproto.Error](err); ok {
			return s.answer(err)
		}
		s.drop()
		return Result{Unknown, "the mail was sent, and the connection broke before the server's answer: " + words(err), false}
	}
	s.sent++
	return Result{Accepted, cleanLine(w.ServerResponse(), mostWords), false}
}

// write sends all of a mail but its dot, and looks whether the server is still there: what is found out now is certain, and later it
// is not.
func (s *Sender) write(w *smtp.DataCloser, text []byte) error {
	const block = 32 << 10
	for len(text) > 0 {
		part := text[:min(len(text), block)]
		if err := s.step(func() error { _, err := w.Write(part); return err }); err != nil {
			return err
		}
		text = text[len(part):]
	}
	if err := s.step(s.conn.Text.W.Flush); err != nil {
		return err
	}
	if err := s.conn.UpdateDeadline(2 * time.Millisecond); err != nil {
		return err
	}
	_, err := s.conn.Text.R.Peek(1)
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && timeout.Timeout() {
		return nil // it says nothing yet, as it should
	}
	if err != nil {
		return err
	}
	_, line, err := s.conn.Text.ReadResponse(250)
	if err == nil {
		err = fmt.Errorf("the server answered too early: %s", line)
	}
	return err
}

// ready makes sure that there is a connection which answers.
func (s *Sender) ready(ctx context.Context) error {
	if s.conn != nil && s.sent < mailsPerConnection && s.step(s.conn.Reset) == nil {
		return nil
	}
	s.Close()
	conn, err := s.dialer.DialToSMTPClientWithContext(ctx)
	s.conn, s.sent = conn, 0
	return err
}

// step runs one step with its own time.
func (s *Sender) step(do func() error) error {
	if err := s.conn.UpdateDeadline(s.server.Timeout); err != nil {
		return err
	}
	return do()
}

// answer is the result of a step that the server did not take, before it had a mail or in its answer to it.
func (s *Sender) answer(err error) Result {
	s.after(err)
	if e, ok := errors.AsType[*textproto.Error](err); ok && e.Code >= 500 {
		return Result{Refused, words(err), false}
	}
	return Result{Later, words(err), false}
}

// after gives the connection up unless the server only said no.
func (s *Sender) after(err error) {
	if e, ok := errors.AsType[*textproto.Error](err); err != nil && (!ok || e.Code == 421) {
		s.drop()
	}
}

// drop closes the connection without a word.
func (s *Sender) drop() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn = nil
}

// Close ends the connection.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.step(s.conn.Quit) // what was accepted stays accepted
	}
	s.drop()
}

// mostWords is how much of what a server says is kept, in runes.
const mostWords = 300

// connecting are the words of a connection that did not come about. What go-mail says of a missing STARTTLS names a setting of its own.
func connecting(err error) string {
	if strings.Contains(err.Error(), "does not support STARTTLS") {
		return "it offers no encryption on this port (STARTTLS). Write the port that its keeper names, often 587, or 465 with tls: implicit"
	}
	return words(err)
}

// words are what a server said, or what went wrong.
func words(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*textproto.Error](err); ok { // whose own text is quoted as Go writes it
		text = strings.Replace(text, e.Error(), fmt.Sprintf("%d %s", e.Code, e.Msg), 1)
	}
	return cleanLine(text, mostWords)
}
