package post

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	netmail "net/mail"
	"strconv"
	"strings"
	texttemplate "text/template"

	"github.com/wneessen/go-mail"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// Brand is what all mails of a centre have in common.
type Brand struct {
	Issuer  string // the name of the centre
	From    string // as in RFC 5322: Centre <cards@example.org>
	ReplyTo string // may be empty
	Check   string // the address of the pages where cards are checked
	Primary string // #rrggbb; empty for a blue
	Logo    []byte // PNG or JPEG; may be empty
}

// Writer makes mails. It is safe for concurrent use.
type Writer struct {
	brand     Brand
	from      netmail.Address
	sender    Address
	languages *phrase.Catalogue
	texts     map[string]*texts
	html      *template.Template
	text      *texttemplate.Template
}

// defaultPrimary is the colour of a centre that names none.
const defaultPrimary = "#1d4e89"

// NewWriter makes a writer, and refuses a brand that no mail can carry.
func NewWriter(b Brand) (*Writer, error) {
	from, err := netmail.ParseAddress(b.From)
	if err != nil {
		return nil, fmt.Errorf("the sender of mails: %w", errNoAddress)
	}
	w := &Writer{brand: b, texts: map[string]*texts{}}
	if w.sender, err = ParseAddress(strings.Trim((&netmail.Address{Address: from.Address}).String(), "<>")); err != nil {
		return nil, fmt.Errorf("the sender of mails: %w", err)
	}
	w.from = netmail.Address{Name: cleanLine(from.Name, 60), Address: w.sender.String()}
	if w.brand.Primary == "" {
		w.brand.Primary = defaultPrimary
	}
	if w.languages, err = phrase.Load(assets.Pages()); err != nil {
		return nil, err
	}
	files := assets.Mail()
	for _, l := range w.languages.Languages {
		if w.texts[l.Code], err = readTexts(files, l.Code); err != nil {
			return nil, err
		}
	}
	if w.html, err = template.ParseFS(files, "mail.html"); err != nil {
		return nil, err
	}
	w.text, err = texttemplate.ParseFS(files, "mail.txt")
	return w, err
}

// Sender is the address that mails come from.
func (w *Writer) Sender() Address { return w.sender }

// Write makes the mail of a letter, as SMTP carries it: lines that end in CRLF, without the dot.
func (w *Writer) Write(l Letter) ([]byte, error) {
	if l.To == (Address{}) || l.Event == "" || l.Date.IsZero() {
		return nil, errors.New("a letter has an address, an event and a date")
	}
	p := w.page(l)
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(&w.from)
	m.ToMailAddress(&netmail.Address{Name: cleanLine(l.Name, 80), Address: l.To.String()})
	if w.brand.ReplyTo != "" {
		if err := m.ReplyTo(w.brand.ReplyTo); err != nil {
			return nil, err
		}
	}
	m.Subject(p.Subject)
	m.SetDateWithValue(l.Date)
	m.SetMessageIDWithValue(w.MessageID(l.Event, l.Copy))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's out-of-office answers it
	m.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same, for servers that do not know it
	m.SetGenHeader("Content-Language", p.Code)
	if strings.HasPrefix(l.Stop, "https://") { // RFC 8058 knows no other; a trial on this machine has the link in the text alone
		if err := m.SetListUnsubscribeOneClick(l.Stop); err != nil { // RFC 8058
			return nil, err
		}
	}
	if err := w.fill(m, p, l); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (w *Writer) fill(m *mail.Msg, p *page, l Letter) error {
	var text, html bytes.Buffer
	if err := w.text.Execute(&text, p); err != nil {
		return err
	}
	if err := w.html.Execute(&html, p); err != nil {
		return err
	}
	m.SetBodyString(mail.TypeTextPlain, text.String())
	m.AddAlternativeString(mail.TypeTextHTML, html.String())
	if p.Logo {
		kind := mail.ContentType("image/png")
		if bytes.HasPrefix(w.brand.Logo, []byte("\xff\xd8")) {
			kind = "image/jpeg"
		}
		// go-mail makes the name the Content-ID, in its angle brackets.
		if err := m.EmbedReader("logo", bytes.NewReader(w.brand.Logo), mail.WithFileContentType(kind)); err != nil {
			return err
		}
	}
	if len(l.PDF) == 0 {
		return nil
	}
	return m.AttachReader(l.Number.Compact()+".pdf", bytes.NewReader(l.PDF), mail.WithFileContentType("application/pdf"))
}

// MessageID is the same for an event whenever its mail is made, so that a mail server which gets it twice after all can tell. A copy that
// a person asks for is another mail.
func (w *Writer) MessageID(event string, copy int64) string {
	sum := sha256.Sum256([]byte(event + "\x00" + strconv.FormatInt(copy, 10)))
	return hex.EncodeToString(sum[:16]) + "@" + w.sender.domain
}
