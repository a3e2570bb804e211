package learner

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web"
)

const origin = "https://cards.example.org"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// centre is a training centre with a real register, a real archive, and the server over both.
type centre struct {
	t        testing.TB
	db       *register.DB
	reader   *register.Reader
	archive  *archive.Folder
	dir      string // of the archive
	drawer   *pdf.Drawer
	key      token.SigningKey
	set      *keys.Set
	requests *wishes // nil for none
	server   *httptest.Server
	handler  http.Handler

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

func (c *centre) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets time go by.
func (c *centre) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Write takes a line of the log.
func (c *centre) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(line)
}

func (c *centre) logged() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

// wishes notes what was asked for by the form.
type wishes struct {
	mu   sync.Mutex
	all  []string
	fail error
}

func (w *wishes) LinksWanted(_ context.Context, email, lang string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, email+" "+lang)
	return w.fail
}

// drawer is one for all tests: to prepare its typefaces takes a while.
var drawer = sync.OnceValues(func() (*pdf.Drawer, error) {
	return pdf.NewDrawer(pdf.Centre{Name: "Northside Resuscitation Training", CheckAt: "cards.example.org"})
})

func newCentre(t testing.TB) *centre {
	t.Helper()
	c := &centre{t: t, now: noon, requests: &wishes{}, dir: filepath.Join(t.TempDir(), "cards")}
	path := filepath.Join(t.TempDir(), "register.db")
	var err error
	if c.db, err = register.Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	if c.reader, err = register.OpenReader(t.Context(), path, register.ReaderOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.reader.Close() })
	c.archive = archive.NewFolder(c.dir)
	if c.drawer, err = drawer(); err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	c.key = token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}
	c.set, err = keys.NewSet(keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: origin, Purpose: keys.Cards, State: keys.Active, NotBefore: noon.AddDate(-9, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	c.serve()
	return c
}

// serve starts the site, with whatever the centre has by now.
func (c *centre) serve() {
	c.t.Helper()
	checker := &verify.Checker{Keys: c.set, Register: c.reader, Now: c.clock, Location: time.UTC}
	o := Options{Cards: c.reader, Checker: checker, Files: c.archive, Now: c.clock}
	if c.requests != nil {
		o.Requests = c.requests
	}
	var err error
	c.handler, err = web.New(web.Options{
		Checker: checker, JWKS: c.set.JWKS, Ready: c.reader.Ping, Issuer: web.Issuer{Name: "Northside Resuscitation Training", URL: origin},
		Log: slog.New(slog.NewJSONHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug})), Extend: Extend(o), Now: c.clock,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.server = httptest.NewServer(c.handler)
	c.t.Cleanup(c.server.Close)
}

// person is a learner.
type person struct{ id, email, name string }

var ana = person{"L-1", "ana@example.org", "Ana O’Neill"}

func (p person) key() card.LearnerKey { return card.LearnerKey{ID: p.id, Email: p.email, Name: p.name} }

// made is a card of a course that was finished so many days ago, with its file.
type made struct {
	card.Entry
	file []byte
}

// issue makes a card as the issuer does: planned, signed, drawn, archived, issued.
func (c *centre) issue(p person, course string, daysAgo int) made {
	c.t.Helper()
	return c.issueInPlaceOf("", p, course, daysAgo)
}

func (c *centre) issueInPlaceOf(old card.Number, p person, course string, daysAgo int) made {
	c.t.Helper()
	t, at := c.t, noon.AddDate(0, 0, -daysAgo)
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	e := card.Entry{
		Record: card.Record{
			Card:  card.Card{Issuer: origin, Number: number, IssuedAt: at, ExpiresAt: at.AddDate(2, 0, 0).Truncate(24 * time.Hour), Name: p.name, Course: course},
			KeyID: c.key.ID, Qualification: card.Qualification{Title: "Course " + course, Level: "healthcare provider", Meets: []string{course}},
			Completed: card.DateOf(at), IssuedOn: card.DateOf(at), Instructor: "Jonas Weber",
		},
		Learner: card.Learner{ID: p.id, Email: p.email}, Replaces: old,
	}
	e.ExpiresOn = card.LastDayBefore(e.ExpiresAt, time.UTC)
	if e.Digest, err = token.Digest(e.Card, c.key.Alg, c.key.ID); err != nil {
		t.Fatal(err)
	}
	in := card.Intention{Batch: "batch " + string(number), Actor: "office", Reason: "a test", At: at, Entries: []card.Entry{e}}
	if err := c.db.Plan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if e.Token, err = token.Sign(e.Card, c.key); err != nil {
		t.Fatal(err)
	}
	file, err := c.drawer.Draw(pdf.Content{Record: e.Record, URL: token.URL(origin, e.Token), Token: e.Token})
	if err != nil {
		t.Fatal(err)
	}
	sums, err := c.archive.Put(c.t.Context(), map[card.Number][]byte{number: file})
	if err != nil {
		t.Fatal(err)
	}
	e.SHA256 = sums[number]
	done := []card.Finished{{Number: number, Digest: e.Digest, Token: e.Token, SHA256: e.SHA256}}
	if err := c.db.MarkIssued(t.Context(), "office", at, done); err != nil {
		t.Fatal(err)
	}
	return made{e, file}
}

func (c *centre) move(n card.Number, to card.State) {
	c.t.Helper()
	if _, err := c.db.Change(c.t.Context(), card.Change{Number: n, To: to, Actor: "office", Reason: "a test", At: noon}); err != nil {
		c.t.Fatal(err)
	}
}

// link makes a link and answers its secret.
func (c *centre) link(p person) string {
	c.t.Helper()
	secret, err := c.db.NewLink(c.t.Context(), p.key(), "office", noon)
	if err != nil {
		c.t.Fatal(err)
	}
	return secret
}

// damage changes one byte of an archived file.
func (c *centre) damage(m made) {
	c.t.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(archive.Name(m.Number, archive.SHA256(m.file))))
	data := bytes.Clone(m.file)
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// answer is a response that was read to its end.
type answer struct {
	code   int
	body   string
	header http.Header
}

// do asks the real server. pairs are headers. Redirects are answers.
func (c *centre) do(method, path, body string, pairs ...string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		c.t.Fatal(err)
	}
	return answer{res.StatusCode, b.String(), res.Header}
}

func (c *centre) get(path string, pairs ...string) answer {
	c.t.Helper()
	return c.do("GET", path, "", pairs...)
}

func (c *centre) post(path, form string, pairs ...string) answer {
	c.t.Helper()
	return c.do("POST", path, form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, pairs...)...)
}
