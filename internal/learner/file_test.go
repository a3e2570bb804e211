package learner

import (
	"html"
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/bundle"
)

// The file is the archived one, byte for byte, whole or in part.
func TestDownload(t *testing.T) {
	c := newCentre(t)
	older, m := c.issue(ana, "FA", 9), c.issue(ana, "BLS", 1)
	base := "/my/" + c.link(ana) + "/"
	file := string(m.file)
	for _, name := range []string{m.Number.String() + ".pdf", string(m.Number) + ".pdf", strings.ToLower(m.Number.String()) + ".pdf", "card.pdf"} {
		got := c.get(base + name)
		if got.code != http.StatusOK || got.body != file {
			t.Errorf("%s: got %d, %d bytes, want the archived %d", name, got.code, len(got.body), len(file))
		}
		for header, want := range map[string]string{
			"Content-Type": "application/pdf", "Cache-Control": "private, no-store", "ETag": `"` + m.SHA256 + `"`, "Accept-Ranges": "bytes",
			"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		} {
			if got := got.header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		if kind, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition")); err != nil || kind != "attachment" || params["filename"] != m.Number.String()+" Ana O’Neill.pdf" {
			t.Errorf("%s: got %q %v %v", name, kind, params, err)
		}
	}
	if got := c.get(base + older.Number.String() + ".pdf"); got.body != string(older.file) {
		t.Error("another card has the same file")
	}
	head := c.do("HEAD", base+"card.pdf", "")
	if head.code != http.StatusOK || head.body != "" || head.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: got %d %v", head.code, head.header)
	}
	for _, tc := range []struct {
		header, value string
		code          int
		body          string
	}{
		{"Range", "bytes=0-9", http.StatusPartialContent, file[:10]},
		{"Range", "bytes=1000-", http.StatusPartialContent, file[1000:]},
		{"Range", "bytes=-7", http.StatusPartialContent, file[len(file)-7:]},
		{"Range", "bytes=99999999-", http.StatusRequestedRangeNotSatisfiable, ""},
		{"If-None-Match", `"` + m.SHA256 + `"`, http.StatusNotModified, ""},
		{"If-Match", `"other"`, http.StatusPreconditionFailed, ""},
	} {
		got := c.get(base+"card.pdf", tc.header, tc.value)
		if got.code != tc.code || tc.body != "" && got.body != tc.body {
			t.Errorf("%s: %s: got %d and %d bytes, want %d", tc.header, tc.value, got.code, len(got.body), tc.code)
		}
	}
	if got := c.get(base+"card.pdf", "Range", "bytes=5-", "If-Range", `"other"`); got.code != http.StatusOK || got.body != file {
		t.Errorf("a range of another file: got %d", got.code)
	}
}

// What is not in force is not handed out, and the page says why; an expired card is.
func TestWithheld(t *testing.T) {
	c := newCentre(t)
	expired, m := c.issue(ana, "FA", 900), c.issue(ana, "BLS", 1)
	base := "/my/" + c.link(ana) + "/"
	if got := c.get(base + expired.Number.String() + ".pdf"); got.code != http.StatusOK || got.body != string(expired.file) {
		t.Errorf("the expired card: got %d", got.code)
	}
	for _, to := range []card.State{card.Suspended, card.Revoked} {
		c.move(m.Number, to)
		word := strings.ToUpper(string(to))
		for _, page := range []string{".pdf", "/show"} {
			got := c.get(base + m.Number.String() + page)
			if got.code != http.StatusForbidden || !strings.Contains(got.body, word) || !strings.Contains(got.body, "Back to your cards") || strings.Contains(got.body, "%PDF") {
				t.Errorf("%s, %s: got %d", to, page, got.code)
			}
		}
		if got := c.get(base); !strings.Contains(got.body, "If you have a question about it, ask ") || !strings.Contains(got.body, "issued these cards to") {
			t.Errorf("%s: the page does not say whom to ask, or speaks of one card", to)
		}
		if got := c.get(base + "card.pdf"); got.code != http.StatusNotFound {
			t.Errorf("%s: card.pdf is %d", to, got.code)
		}
	}
	bo := person{"L-2", "bo@example.org", "Bo Lind"}
	c.issue(bo, "FA", 30)
	if got := c.get("/my/" + c.link(bo)); !strings.Contains(got.body, "issued this card to") || !strings.Contains(got.body, "<h1>Your card</h1>") || strings.Contains(got.body, "If you have a question about it") {
		t.Error("the page of one card in force speaks of several, or of a question")
	}
	if got := c.get(base + expired.Number.String() + "/show"); got.code != http.StatusForbidden {
		t.Errorf("an expired card to show at the door: got %d", got.code)
	}
}

// A card that fell with its key is nobody's: the page says so, with nothing of what the card says, and its file stays.
func TestKeyRevoked(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	base := "/my/" + c.link(ana)
	if err := c.set.Revoke(c.key.ID, noon.AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	page := c.get(base)
	if page.code != http.StatusOK || !strings.Contains(page.body, "KEY WITHDRAWN") || strings.Contains(page.body, "Course BLS") || strings.Contains(page.body, ".pdf") || strings.Contains(page.body, "/c/") {
		t.Errorf("got %d %s", page.code, page.body)
	}
	if got := c.get(base + "/" + m.Number.String() + ".pdf"); got.code != http.StatusForbidden || strings.Contains(got.body, "%PDF") {
		t.Errorf("the file: got %d", got.code)
	}
}

// Names of every kind come through, as text on the page and as the name of the file.
func TestNames(t *testing.T) {
	c := newCentre(t)
	for i, name := range []string{`Ana "Bo" <b>O'Neill</b> & Co`, "محمد عبد الله الحسن", "שרה לוי", "Zoë 山田; filename=x", "Ана Каролина Васконселос де Албукерке Кавалканти"} {
		p := person{string(rune('A' + i)), "", name}
		m := c.issue(p, "BLS", 1)
		base := "/my/" + c.link(p)
		if got := c.get(base); got.code != http.StatusOK || !strings.Contains(got.body, html.EscapeString(name)) {
			t.Errorf("%s: got %d, and no such name", name, got.code)
		}
		got := c.get(base + "/card.pdf")
		_, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if err != nil || got.body != string(m.file) || params["filename"] != bundle.FileName(m.Number, name) {
			t.Errorf("%s: got %d %v %v", name, got.code, params, err)
		}
	}
}

// Not a byte of a damaged file leaves, and a person is told to act.
func TestDamagedFile(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	base := "/my/" + c.link(ana) + "/"
	c.damage(m)
	for _, page := range []string{"card.pdf", m.Number.String() + ".pdf", m.Number.String() + "/show"} {
		got := c.get(base+page, "Range", "bytes=0-9")
		if got.code != http.StatusServiceUnavailable || strings.Contains(got.body, "%PDF") || got.header.Get("ETag") != "" || got.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: got %d %v", page, got.code, got.header)
		}
	}
	if n := strings.Count(c.logged(), `"level":"ERROR"`); n != 3 || !strings.Contains(c.logged(), "altered") {
		t.Errorf("got %d errors in the log:\n%s", n, c.logged())
	}
}

func TestDisposition(t *testing.T) {
	const number = card.Number("7F3K9QWX2MTZ")
	for _, holder := range []string{"Ana O’Neill", `Ana "the; x" \ O'Neill/../etc`, "محمد عبد الله", "a\u202efdp.exe\u2066", "x\r\nSet-Cookie: y\x00", "\xff\xfe", "", "Dr. ", "山田  太郎",
		strings.Repeat("é", 200), strings.Repeat("𐐷", 200)} {
		// What a browser makes of the header is the name.
		kind, params, err := mime.ParseMediaType(disposition(number, holder))
		if want := bundle.FileName(number, holder); err != nil || kind != "attachment" || params["filename"] != want {
			t.Errorf("%q: the header says %v, %v, want %q", holder, params, err, want)
		}
		if header := disposition(number, holder); strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: the header has more than ASCII: %q", holder, header)
		}
	}
}
