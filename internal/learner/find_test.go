package learner

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// The answer is the same for an address that is known and for one that is not, and only the wish is passed on.
func TestFind(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	if got := c.get("/find?lang=de"); got.code != http.StatusOK || !strings.Contains(got.body, `name="lang" value="de"`) || !strings.Contains(got.body, `type="email"`) {
		t.Errorf("the form: got %d", got.code)
	}
	var answers []answer
	for _, email := range []string{ana.email, "nobody@example.org", "Jörg+x@bücher.example", ` "  ana@example.net`} {
		answers = append(answers, c.post("/find", "lang=de&email="+url.QueryEscape(email)))
	}
	for i, got := range answers[:3] {
		if got.code != http.StatusSeeOther || got.body != "" || got.header.Get("Location") != "/find/sent?lang=de" {
			t.Errorf("address %d: got %d %v", i, got.code, got.header)
		}
	}
	if answers[3].code != http.StatusBadRequest {
		t.Errorf("no address: got %d", answers[3].code)
	}
	want := []string{ana.email + " de", "nobody@example.org de", "Jörg+x@bücher.example de"}
	if !slices.Equal(c.requests.all, want) {
		t.Errorf("got the wishes %q, want %q", c.requests.all, want)
	}
	if got := c.get("/find/sent?lang=fr"); got.code != http.StatusOK || !strings.Contains(got.body, "les liens sont en route") {
		t.Errorf("the page behind the form: got %d", got.code)
	}
	for _, bad := range []string{"", "ana", "ana@", "Ana <ana@example.org>", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", strings.Repeat("a", 251) + "@b.c"} {
		c.pass(20 * time.Second)
		got := c.post("/find", "email="+url.QueryEscape(bad))
		if got.code != http.StatusBadRequest || !strings.Contains(got.body, "aria-invalid") {
			t.Errorf("%q: got %d", bad, got.code)
		}
	}
	if len(c.requests.all) != 3 {
		t.Errorf("what is no address was passed on: %q", c.requests.all)
	}
	if got := c.post("/find", "email="+strings.Repeat("a", maxFindForm)); got.code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: got %d", got.code)
	}
	if got := c.post("/find", "email=a@b.example", "Sec-Fetch-Site", "cross-site"); got.code != http.StatusForbidden || len(c.requests.all) != 3 {
		t.Errorf("another site's form: got %d, %q", got.code, c.requests.all)
	}
}

// One address gets few mails, whoever asks, and the answer does not tell; one client may not ask for ever.
func TestFindLimits(t *testing.T) {
	c := newCentre(t)
	for range askBurst {
		if got := c.post("/find", "email=Ana@example.org"); got.code != http.StatusSeeOther {
			t.Fatalf("got %d", got.code)
		}
	}
	if len(c.requests.all) != addressBurst {
		t.Errorf("got %d wishes, want %d", len(c.requests.all), addressBurst)
	}
	if got := c.post("/find", "email=ben@example.org"); got.code != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("got %d", got.code)
	}
	c.pass(time.Hour)
	if got := c.post("/find", "email=ana@EXAMPLE.org"); got.code != http.StatusSeeOther || len(c.requests.all) != addressBurst+1 {
		t.Errorf("an hour later: got %d, %q", got.code, c.requests.all)
	}
}

func TestFindFails(t *testing.T) {
	c := newCentre(t)
	c.requests.fail = errors.New("the queue is full")
	if got := c.post("/find", "email=ana@example.org"); got.code != http.StatusServiceUnavailable || !strings.Contains(c.logged(), "the queue is full") {
		t.Errorf("got %d:\n%s", got.code, c.logged())
	}
}

// Without anybody to take the wish there is no form, and no page says that there is one.
func TestNoFind(t *testing.T) {
	c := newCentre(t)
	with := c.get("/my/x").body
	c.requests = nil
	c.serve()
	if got := c.get("/find/sent"); got.code != http.StatusNotFound {
		t.Errorf("/find/sent: got %d", got.code)
	}
	for _, got := range []answer{c.get("/find"), c.post("/find", "email=a@b.example")} {
		if got.code != http.StatusNotFound || strings.Contains(got.body, `type="email"`) || !strings.Contains(got.body, "ask Northside Resuscitation Training for a new one") {
			t.Errorf("/find: got %d %s", got.code, got.body)
		}
	}
	if without := c.get("/my/x").body; strings.Contains(without, "/find") || !strings.Contains(with, "/find") {
		t.Error("the page of a link that leads nowhere names the form where there is none, or does not where there is")
	}
}

// The links of reminders lead to a page that says where reminders are stopped. It is no success: a mail program would tell the learner that
// they have ended. What was sent is not in the log.
func TestStopsElsewhere(t *testing.T) {
	c := newCentre(t)
	for _, lang := range []string{"en", "de", "fr", "es", "pl", "ar"} {
		for _, got := range []answer{c.get("/unsubscribe/geheim", "Accept-Language", lang), c.post("/unsubscribe/geheim", "List-Unsubscribe=One-Click", "Accept-Language", lang)} {
			if got.code != http.StatusNotFound || got.header.Get("Content-Language") != lang || !strings.Contains(got.body, "Northside Resuscitation Training") || strings.Contains(got.body, "/find") {
				t.Errorf("%s: got %d in %s", lang, got.code, got.header.Get("Content-Language"))
			}
		}
	}
	if strings.Contains(c.logged(), "geheim") || !strings.Contains(c.logged(), "/unsubscribe/{secret}") {
		t.Errorf("the log has the secret, or no route:\n%s", c.logged())
	}
}
