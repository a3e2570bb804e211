package config

import (
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

// Mail is how mails go out. Without a Host there are none.
type Mail struct {
	Host         string        `mapstructure:"host"`
	Port         int           `mapstructure:"port"`
	TLS          string        `mapstructure:"tls"` // starttls, implicit or none
	Roots        string        `mapstructure:"roots"`
	User         string        `mapstructure:"user"`
	PasswordFile string        `mapstructure:"password_file"`
	From         string        `mapstructure:"from"`     // as in RFC 5322: Centre <cards@example.org>
	ReplyTo      string        `mapstructure:"reply_to"` // an address; may be empty
	Language     string        `mapstructure:"language"`
	Attach       bool          `mapstructure:"attach"`
	PerMinute    int           `mapstructure:"per_minute"`
	Timeout      time.Duration `mapstructure:"timeout"`
	GiveUpAfter  time.Duration `mapstructure:"give_up_after"`
	Reminders    []int         `mapstructure:"reminders"` // days before the end, the most first
}

// On says whether mails go out at all.
func (m Mail) On() bool { return m.Host != "" }

// MailLanguages are the codes that mail.language may have.
var MailLanguages = []string{"en", "de", "fr", "es", "pl", "ar"}

func defaultMail() Mail {
	return Mail{Port: 587, TLS: "starttls", Language: "en", Attach: true, PerMinute: 60, Timeout: time.Minute, GiveUpAfter: 48 * time.Hour,
		Reminders: []int{90, 30, 7}}
}

func (m *Mail) validate() error {
	if !m.On() {
		return nil
	}
	ip, err := netip.ParseAddr(m.Host)
	loopback := m.Host == "localhost" || err == nil && ip.IsLoopback()
	switch {
	case strings.ContainsAny(m.Host, " /:@\r\n\t") && err != nil:
		return public.Invalid("mail.host", fmt.Sprintf("is %q, which is no name of a server", m.Host), "Write the name alone, such as smtp.example.org; the port is mail.port.")
	case m.Port < 1 || m.Port > 65535:
		return public.Invalid("mail.port", fmt.Sprintf("is %d", m.Port), "Write 587 for starttls, 465 for implicit, or what the server's keeper names.")
	case !slices.Contains([]string{"starttls", "implicit", "none"}, m.TLS):
		return public.Invalid("mail.tls", fmt.Sprintf("is %q", m.TLS), "Write starttls (usually port 587) or implicit (usually port 465).")
	case m.TLS == "none" && !loopback:
		return public.Invalid("mail.tls", "is none, but mail.host is not this machine", "Write starttls or implicit: without TLS, everybody on the way can read the mails, and the links in them.")
	case (m.User == "") != (m.PasswordFile == ""):
		return public.Invalid("mail.password_file", "and mail.user are only there together", "Name both, or leave both empty for a server that asks for neither.")
	case !slices.Contains(MailLanguages, m.Language):
		return public.Invalid("mail.language", fmt.Sprintf("is %q", m.Language), "Write one of "+strings.Join(MailLanguages, ", ")+".")
	case m.PerMinute < 1 || m.PerMinute > 6000:
		return public.Invalid("mail.per_minute", fmt.Sprintf("is %d", m.PerMinute), "Write 1 to 6000; ask the server's keeper how many mails a minute are welcome.")
	case m.Timeout < time.Second || m.Timeout > 5*time.Minute:
		return public.Invalid("mail.timeout", fmt.Sprintf("is %s", m.Timeout), "Write 1s to 5m, with the unit.")
	case m.GiveUpAfter < time.Minute || m.GiveUpAfter > 7*24*time.Hour:
		return public.Invalid("mail.give_up_after", fmt.Sprintf("is %s", m.GiveUpAfter), "Write 1m to 168h, with the unit, such as 48h.")
	}
	return m.validateSender()
}

func (m *Mail) validateSender() error {
	from, err := mail.ParseAddress(m.From)
	if err != nil || strings.ContainsAny(m.From, "\r\n") {
		remedy := "Write it such as Training Centre <cards@example.org>."
		if name, address, ok := strings.Cut(m.From, "<"); ok && strings.ContainsAny(name, ",;:.@()[]") && !strings.ContainsAny(name, "\"\\\r\n") {
			remedy = fmt.Sprintf(`A name with such marks stands in quotation marks, and the whole in others: '"%s" <%s'.`, strings.TrimSpace(name), address)
		}
		return public.Invalid("mail.from", fmt.Sprintf("is %q, which is no sender", m.From), remedy)
	}
	if err := public.CheckText("mail.from", from.Name, 60); err != nil {
		return err
	}
	if reply, err := mail.ParseAddress(m.ReplyTo); m.ReplyTo != "" && (err != nil || reply.Name != "" || strings.ContainsAny(m.ReplyTo, "\r\n")) {
		return public.Invalid("mail.reply_to", fmt.Sprintf("is %q, which is no address", m.ReplyTo), "Write it such as office@example.org, or leave it empty.")
	}
	for i, days := range m.Reminders {
		if days < 1 || days > 365 || i > 0 && days >= m.Reminders[i-1] {
			return public.Invalid(fmt.Sprintf("mail.reminders[%d]", i), fmt.Sprintf("is %d", days), "Write days from 365 to 1, the most first, such as [90, 30, 7]; [] sends no reminders.")
		}
	}
	return nil
}

// absolute makes the paths that are named count from the folder of the configuration.
func (m *Mail) absolute(file string) error {
	paths := map[string]*string{}
	for key, p := range map[string]*string{"mail.roots": &m.Roots, "mail.password_file": &m.PasswordFile} {
		if *p != "" {
			paths[key] = p
		}
	}
	return public.Absolute(file, paths)
}
