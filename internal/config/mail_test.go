package config

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

func TestMail(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Mail)
		key    string // of the error; empty for none
	}{
		{"as it is", func(*Mail) {}, ""},
		{"off, whatever stands there", func(m *Mail) { m.Host, m.From, m.Port = "", "", 0 }, ""},
		{"no TLS on this machine", func(m *Mail) { m.Host, m.TLS = "127.0.0.1", "none" }, ""},
		{"no TLS on this machine, IPv6", func(m *Mail) { m.Host, m.TLS = "::1", "none" }, ""},
		{"no TLS elsewhere", func(m *Mail) { m.TLS = "none" }, "mail.tls"},
		{"no TLS in one's own network", func(m *Mail) { m.Host, m.TLS = "192.168.1.2", "none" }, "mail.tls"},
		{"TLS if possible", func(m *Mail) { m.TLS = "opportunistic" }, "mail.tls"},
		{"a URL", func(m *Mail) { m.Host = "smtp://x" }, "mail.host"},
		{"a host with its port", func(m *Mail) { m.Host = "smtp.example.org:25" }, "mail.host"},
		{"port 0", func(m *Mail) { m.Port = 0 }, "mail.port"},
		{"a user without a password", func(m *Mail) { m.User = "x" }, "mail.password_file"},
		{"a password without a user", func(m *Mail) { m.PasswordFile = "x" }, "mail.password_file"},
		{"no sender", func(m *Mail) { m.From = "" }, "mail.from"},
		{"two senders", func(m *Mail) { m.From = "a@b.org, c@d.org" }, "mail.from"},
		{"a header in the sender", func(m *Mail) { m.From = "X <a@b.org>\r\nBcc: c@d.org" }, "mail.from"},
		{"a name in reply_to", func(m *Mail) { m.ReplyTo = "X <a@b.org>" }, "mail.reply_to"},
		{"a language that is not there", func(m *Mail) { m.Language = "tlh" }, "mail.language"},
		{"no mails a minute", func(m *Mail) { m.PerMinute = 0 }, "mail.per_minute"},
		{"a short time", func(m *Mail) { m.Timeout = time.Millisecond }, "mail.timeout"},
		{"a week and more", func(m *Mail) { m.GiveUpAfter = 200 * time.Hour }, "mail.give_up_after"},
		{"no reminders", func(m *Mail) { m.Reminders = nil }, ""},
		{"reminders the wrong way round", func(m *Mail) { m.Reminders = []int{7, 30} }, "mail.reminders[1]"},
		{"the same reminder twice", func(m *Mail) { m.Reminders = []int{7, 7} }, "mail.reminders[1]"},
		{"a reminder on the last day", func(m *Mail) { m.Reminders = []int{0} }, "mail.reminders[0]"},
	} {
		m := defaultMail()
		m.Host, m.From = "smtp.example.org", "Centre <cards@example.org>"
		tc.change(&m)
		err := m.validate()
		var bad *public.Error
		if tc.key == "" && err != nil || tc.key != "" && (!errors.As(err, &bad) || bad.Key != tc.key || bad.Hint == "") {
			t.Errorf("%s: got %v, want an error of %q", tc.name, err, tc.key)
		}
	}
}

func TestSenderWithComma(t *testing.T) {
	m := defaultMail()
	m.Host, m.From = "smtp.example.org", "Harbour Training, Hamburg <cards@example.org>"
	var bad *public.Error
	if err := m.validate(); !errors.As(err, &bad) || !strings.Contains(bad.Hint, `'"Harbour Training, Hamburg" <cards@example.org>'`) {
		t.Errorf("got %v, want a hint with the name in quotation marks", err)
	}
	if m.From = `"Harbour Training, Hamburg" <cards@example.org>`; m.validate() != nil {
		t.Errorf("as the hint says: got %v", m.validate())
	}
}

func TestMailFromFile(t *testing.T) {
	shippedFile, err := Load(shipped, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(shippedFile.Mail, defaultMail()) {
		t.Errorf("got %+v of the shipped file, want the defaults %+v", shippedFile.Mail, defaultMail())
	}
	path := write(t, least+"mail: {host: smtp.example.org, from: a@b.org, user: u, password_file: secret/mail, reminders: [60]}\n")
	got, err := Load(path, []string{"CARDPROOF_MAIL_PER_MINUTE=30", "CARDPROOF_MAIL_ATTACH=false"})
	if err != nil {
		t.Fatal(err)
	}
	if m := got.Mail; m.PerMinute != 30 || m.Attach || m.PasswordFile != filepath.Join(filepath.Dir(path), "secret/mail") || !reflect.DeepEqual(m.Reminders, []int{60}) {
		t.Errorf("got %+v", m)
	}
	if _, err := Load(path, []string{"CARDPROOF_MAIL_PASSWORD=x"}); err == nil {
		t.Error("a password in the environment was passed over in silence")
	}
}
