package post_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/post"
)

func newWriter(t testing.TB, change func(*post.Brand)) *post.Writer {
	t.Helper()
	b := post.Brand{Issuer: "Harbour Centre", From: "Harbour Centre <cards@example.org>", ReplyTo: "office@example.org", Check: "https://cards.example.org"}
	if change != nil {
		change(&b)
	}
	w, err := post.NewWriter(b)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func letter(t testing.TB) post.Letter {
	return post.Letter{
		Event: "issued:7F3K9QWX2MTD", Kind: post.Issued, Language: "en", To: address(t, "ada@example.org"), Name: "Ada Lovelace", Course: "Basic Life Support",
		Number: "7F3K9QWX2MTD", Through: card.Date{Year: 2028, Month: 11, Day: 30}, Links: []post.Link{{URL: "https://cards.example.org/my/SECRET"}},
		PDF: []byte("%PDF-1.7"), Date: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	}
}

// part is a leaf of a mail.
type part struct {
	kind string
	name string
	id   string
	text string
}

func leaves(t testing.TB, header interface{ Get(string) string }, body io.Reader) (all []part) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return all
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, leaves(t, p.Header, p)...)
		}
	}
	switch header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	_, disposition, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	return []part{{kind, disposition["filename"], header.Get("Content-Id"), string(text)}}
}

func parse(t testing.TB, raw []byte) (*mail.Message, []part) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m, leaves(t, m.Header, m.Body)
}

func write(t testing.TB, w *post.Writer, l post.Letter) []byte {
	t.Helper()
	raw, err := w.Write(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n") || len(line) > 998 {
			t.Fatalf("a line that SMTP does not carry: %q", line)
		}
	}
	return raw
}

func TestWrite(t *testing.T) {
	w := newWriter(t, nil)
	m, parts := parse(t, write(t, w, letter(t)))
	for header, want := range map[string]string{
		"From": `"Harbour Centre" <cards@example.org>`, "To": `"Ada Lovelace" <ada@example.org>`, "Reply-To": "<office@example.org>", "Subject": "Your Basic Life Support card",
		"Auto-Submitted": "auto-generated", "Date": "Sat, 21 Nov 2026 12:00:00 +0000", "Message-Id": "<" + w.MessageID("issued:7F3K9QWX2MTD", 0) + ">", "List-Unsubscribe": "",
	} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	if len(parts) != 3 || parts[0].kind != "text/plain" || parts[1].kind != "text/html" || parts[2].kind != "application/pdf" || parts[2].name != "7F3K9QWX2MTD.pdf" || parts[2].text != "%PDF-1.7" {
		t.Fatalf("got parts %+v", parts)
	}
	for _, p := range parts[:2] {
		for _, want := range []string{"Ada Lovelace", "Basic Life Support", "Harbour Centre", "7F3K-9QWX-2MTD", "30 November 2028", "https://cards.example.org/my/SECRET", "https://cards.example.org"} {
			if !strings.Contains(p.text, want) {
				t.Errorf("%s has no %q", p.kind, want)
			}
		}
	}
	again := letter(t)
	again.Date = again.Date.Add(time.Hour)
	if m2, _ := parse(t, write(t, w, again)); m2.Header.Get("Message-Id") != m.Header.Get("Message-Id") {
		t.Error("the same event has another Message-ID an hour later")
	}
	again.Copy = 1
	if m2, _ := parse(t, write(t, w, again)); m2.Header.Get("Message-Id") == m.Header.Get("Message-Id") {
		t.Error("a copy that a person asked for has the Message-ID of the first")
	}
}

// Every kind of mail in every language is whole: no place is left open, and text and HTML say the same.
func TestEveryMail(t *testing.T) {
	w := newWriter(t, nil)
	for _, language := range []string{"en", "de", "fr", "es", "pl", "ar"} {
		for _, kind := range []post.Kind{post.Issued, post.Replaced, post.Reminder, post.Links, post.Test} {
			l := letter(t)
			l.Kind, l.Language = kind, language
			switch kind {
			case post.Reminder:
				l.PDF, l.Stop = nil, "https://cards.example.org/unsubscribe/SECRET"
			case post.Links:
				l.Name, l.Number, l.PDF, l.Through = "", "", nil, card.Date{}
				l.Links = []post.Link{{Name: "Ada", URL: "https://cards.example.org/my/A"}, {Name: "Bob", URL: "https://cards.example.org/my/B"}}
			}
			m, parts := parse(t, write(t, w, l))
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject == "" || strings.ContainsAny(subject, "{}") {
				t.Errorf("%s %s: got subject %q, %v", language, kind, subject, err)
			}
			dir := "ltr"
			if language == "ar" {
				dir = "rtl"
			}
			for _, p := range parts[:2] {
				if strings.Contains(p.text, "<no value>") || strings.Contains(p.text, "ZgotmplZ") || p.kind == "text/plain" && strings.ContainsAny(p.text, "{}") {
					t.Errorf("%s %s: a place is left open in %s", language, kind, p.kind)
				}
				for _, link := range l.Links {
					if !strings.Contains(p.text, link.URL) {
						t.Errorf("%s %s: %s has no %s", language, kind, p.kind, link.URL)
					}
				}
			}
			if !strings.Contains(parts[1].text, `lang="`+language+`" dir="`+dir+`"`) {
				t.Errorf("%s %s: the HTML does not say its language and direction", language, kind)
			}
			if kind == post.Reminder && (m.Header.Get("List-Unsubscribe") != "<https://cards.example.org/unsubscribe/SECRET>" || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click") {
				t.Errorf("%s: the reminder has List-Unsubscribe %q", language, m.Header.Get("List-Unsubscribe"))
			}
		}
	}
}

func TestWordingOfMails(t *testing.T) {
	w := newWriter(t, nil)
	text := func(language string, links int) (plain, html string) {
		l := letter(t)
		l.Language, l.Links = language, nil
		for range links {
			l.Links = append(l.Links, post.Link{URL: "https://cards.example.org/my/SECRET"})
		}
		_, parts := parse(t, write(t, w, l))
		return parts[0].text, parts[1].text
	}
	if got, _ := text("fr", 1); !strings.Contains(got, "Numéro de carte\u00a0: 7F3K-9QWX-2MTD") {
		t.Errorf("French has a space before the colon; got\n%s", got)
	}
	plain, html := text("ar", 1)
	for _, behind := range []string{"\u2069", "\u2068"} {
		if strings.Contains(plain, "https://cards.example.org"+behind) || strings.Contains(html, "https://cards.example.org"+behind) {
			t.Errorf("Arabic has %q behind an address", behind)
		}
	}
	if !strings.Contains(plain, "https://cards.example.org\r\n") {
		t.Errorf("the address of the check is missing:\n%q", plain)
	}
	if !strings.Contains(html, `style="white-space:nowrap">7F3K-9QWX-2MTD`) {
		t.Error("the number may break")
	}
	for links, want := range map[int]string{1: "Wer diesen Link hat", 2: "Wer einen dieser Links hat"} {
		if got, _ := text("de", links); !strings.Contains(got, want) {
			t.Errorf("with %d links: no %q in\n%s", links, want, got)
		}
	}
}

// No name, course or address writes a header, an element or a line of its own.
func TestHostileNames(t *testing.T) {
	w := newWriter(t, nil)
	plain, plainParts := parse(t, write(t, w, letter(t)))
	for _, name := range []string{
		"Ada\r\nBcc: all@example.org", "Ada\nX: y\r\n\r\n<h1>body", `Ada "the" Countess`, `Ada \" <evil@example.org>`, "<script>alert(1)</script>", "Ada <b>", "=?utf-8?q?Bcc?=",
		"\u202eevil\u202c", "نور الهدى", "Zoë Ångström", "אדה", strings.Repeat("Ada ", 50), strings.Repeat("é", 200), "a\u2028b\x00c\x7f", "\xff\xfe", "{issuer} {name}", "{{.Stop}}", ".\r\n.\r\n", "",
		"O'Hara & Söhne", "名前", "Ada; q=1, bob@example.org",
	} {
		l := letter(t)
		l.Name, l.Course, l.Links[0].Name = name, name, name
		m, parts := parse(t, write(t, w, l))
		if len(m.Header) != len(plain.Header) || len(parts) != len(plainParts) {
			t.Errorf("%q: got headers %v and %d parts, want those of any mail", name, m.Header, len(parts))
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "ada@example.org" || utf8.RuneCountInString(to[0].Name) > 80 || strings.ContainsFunc(to[0].Name, bad) {
			t.Errorf("%q: got To %v, %v", name, to, err)
		}
		if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || strings.ContainsFunc(subject, bad) {
			t.Errorf("%q: got subject %q, %v", name, subject, err)
		}
		if got, want := strings.Count(parts[0].text, "\n"), strings.Count(plainParts[0].text, "\n"); name != "" && got > want+1 || strings.Contains(parts[0].text, "\nBcc:") {
			t.Errorf("%q: the text has %d lines, want %d and that of the link's name", name, got, want)
		}
		if got, want := elements(t, parts[1].text), elements(t, plainParts[1].text); name != "" && got > want+2 {
			t.Errorf("%q: the HTML has %d elements, want %d and the link's name", name, got, want)
		}
	}
}

func bad(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func elements(t testing.TB, text string) (n int) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			n++
			if node.Data == "script" {
				t.Error("the HTML has a script")
			}
		}
	}
	return n
}

func TestBrand(t *testing.T) {
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	w := newWriter(t, func(b *post.Brand) { b.Logo, b.Primary = logo.Bytes(), "#ffcc00" })
	_, parts := parse(t, write(t, w, letter(t)))
	found := false
	for _, p := range parts {
		found = found || p.kind == "image/png" && p.id == "<logo>" && p.text == logo.String()
	}
	if !found || !strings.Contains(parts[1].text, `src="cid:logo"`) {
		t.Errorf("the logo is not in the mail, or the HTML does not show it: %+v", parts[2:])
	}
	if !strings.Contains(parts[1].text, "background:#ffcc00;color:#111827") {
		t.Error("the button is not in the centre's colour with ink that reads on it")
	}
	for _, from := range []string{"", "nobody", "a@b.org, c@d.org", "Evil\r\nBcc: x@y.z <a@b.org>"} {
		if _, err := post.NewWriter(post.Brand{Issuer: "x", From: from}); err == nil {
			t.Errorf("the sender %q was taken", from)
		}
	}
}

func TestNoExpiry(t *testing.T) {
	w := newWriter(t, nil)
	l := letter(t)
	l.Through = card.NoExpiry
	_, parts := parse(t, write(t, w, l))
	if strings.Contains(parts[0].text, "9999") || !strings.Contains(parts[0].text, "does not expire") {
		t.Errorf("a card without end has the mail %s", parts[0].text)
	}
}

// A name that is written from right to left leaves the words and the dates around it in their order: it is isolated (UAX 9). In a header no
// mark of direction stands.
func TestRightToLeftNames(t *testing.T) {
	w := newWriter(t, nil)
	l := letter(t)
	l.Name = "نور الهدى"
	m, parts := parse(t, write(t, w, l))
	for _, p := range parts[:2] {
		if !strings.Contains(p.text, "\u2068"+l.Name+"\u2069") {
			t.Errorf("%s: the name is not isolated in %s", p.kind, p.text)
		}
	}
	if to, err := m.Header.AddressList("To"); err != nil || to[0].Name != l.Name {
		t.Errorf("got To %v, %v, want the name as it is", to, err)
	}
	l.Name, l.Language = "Zoë Byrne", "ar"
	if _, parts = parse(t, write(t, w, l)); !strings.Contains(parts[0].text, "\u2068Zoë Byrne\u2069") {
		t.Errorf("in Arabic the name is not isolated: %s", parts[0].text)
	}
}

// Addresses stand in the header as they are meant, each alone.
func TestAddressesInTheHeader(t *testing.T) {
	w := newWriter(t, nil)
	for text, want := range map[string]string{
		"ada+cards@example.org": "ada+cards@example.org", `"ada lovelace"@example.org`: "ada lovelace@example.org", `"a,b; c"@example.org`: "a,b; c@example.org",
		`"a\"b"@example.org`: `a"b@example.org`, `"x> Bcc: y@example.org"@example.org`: "x> Bcc: y@example.org@example.org", "ada@müller.example": "ada@xn--mller-kva.example",
	} {
		l := letter(t)
		to, err := post.ParseAddress(text)
		if err != nil { // refused at the door, with the reason
			if !strings.ContainsAny(text, "()<>") {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		l.To = to
		m, _ := parse(t, write(t, w, l))
		if got, err := m.Header.AddressList("To"); err != nil || len(got) != 1 || got[0].Address != want || m.Header.Get("Bcc") != "" {
			t.Errorf("%s: got To %v, %v, want %s", text, got, err, want)
		}
	}
}
