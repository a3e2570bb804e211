package learner

import (
	"context"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
)

// The page has every card of the learner in its state, those in force first, the newest of them on top, and nobody else's.
func TestOwnPage(t *testing.T) {
	c := newCentre(t)
	bls, fa := c.issue(ana, "BLS", 20), c.issue(ana, "FA", 3)
	expired := c.issue(ana, "EKG", 800)
	revoked, suspended, old := c.issue(ana, "PALS", 1), c.issue(ana, "BBP", 2), c.issue(ana, "ALS1", 5)
	corrected := ana
	corrected.name = "Ana Maria O’Neill"
	newer := c.issueInPlaceOf(old.Number, corrected, "ALS1", 4)
	c.move(revoked.Number, card.Revoked)
	c.move(suspended.Number, card.Suspended)
	other := c.issue(person{"L-2", ana.email, "Ben O’Neill"}, "BLS", 1)
	secret := c.link(ana)

	got := c.get("/my/" + secret)
	if got.code != http.StatusOK {
		t.Fatalf("got %d %s", got.code, got.body)
	}
	last := 0
	for _, m := range []made{fa, newer, bls, revoked, suspended, old, expired} {
		at := strings.Index(got.body, `id="c`+string(m.Number)+`"`)
		if at <= last {
			t.Errorf("card %s of %s days is not behind the one before", m.Number, m.Course)
		}
		last = at
	}
	if strings.Contains(got.body, other.Number.String()) || strings.Contains(got.body, "Ben") {
		t.Error("the page shows somebody else's card")
	}
	for _, word := range []string{"REVOKED", "SUSPENDED", "REPLACED", "EXPIRED", "Ana Maria O’Neill", "Northside Resuscitation Training issued these cards to", "<h1>Your cards</h1>"} {
		if !strings.Contains(got.body, word) {
			t.Errorf("the page lacks %q", word)
		}
	}
	if n := strings.Count(got.body, ">VALID<"); n != 3 {
		t.Errorf("got %d valid cards, want 3", n)
	}
	for _, offer := range []struct {
		of    made
		what  string
		given bool
	}{
		{bls, ".pdf", true}, {expired, ".pdf", true}, {revoked, ".pdf", false}, {suspended, ".pdf", false}, {old, ".pdf", false},
		{bls, "/show", true}, {expired, "/show", false}, {old, "/show", false},
	} {
		link := `href="/my/` + secret + "/" + offer.of.Number.String() + offer.what + `"`
		if strings.Contains(got.body, link) != offer.given {
			t.Errorf("%s of the card of %s is offered: %v, want %v", offer.what, offer.of.Course, !offer.given, offer.given)
		}
	}
	if !strings.Contains(got.body, `href="/c/`+token.Digits(bls.Token)+`"`) || strings.Contains(got.body, token.Digits(revoked.Token)) {
		t.Error("the check of a valid card is not offered, or that of a revoked one is")
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Set-Cookie": ""} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if strings.Contains(got.body, "<script") || !strings.Contains(got.body, `content="noindex"`) {
		t.Error("the page has a script, or lets itself be listed")
	}
}

// LinkedIn learns what the card says, and neither token nor secret.
func TestLinkedIn(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 20)
	secret := c.link(ana)
	body := c.get("/my/" + secret).body
	at := strings.Index(body, "https://www.linkedin.com/")
	if at < 0 {
		t.Fatal("no link to LinkedIn")
	}
	link, rest, _ := strings.Cut(body[at:], `"`)
	u, err := url.Parse(html.UnescapeString(link))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"startTask": {"CERTIFICATION_NAME"}, "name": {"Course BLS"}, "organizationName": {"Northside Resuscitation Training"}, "issueYear": {"2026"}, "issueMonth": {"11"},
		"expirationYear": {"2028"}, "expirationMonth": {"10"}, "certId": {m.Number.String()}, "certUrl": {origin + "/n/" + m.Number.String()},
	}
	if got := u.Query(); got.Encode() != want.Encode() || u.Path != "/profile/add" {
		t.Errorf("got %v, want %v", got, want)
	}
	if strings.Contains(link, secret) || strings.Contains(link, token.Digits(m.Token)) || !strings.Contains(rest[:80], `rel="noopener noreferrer"`) {
		t.Errorf("the link tells too much: %s %s", link, rest[:80])
	}
}

// A link in another form, as mail programs and people make of one, is the same link; the language stays with the page.
func TestFormsOfTheLink(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	secret := c.link(ana)
	for _, form := range []string{secret, strings.ToUpper(secret), secret + ".", secret + "/", strings.ReplaceAll(secret, "0", "o"), secret[:13] + "-" + secret[13:], "%3C" + secret + "%3E"} {
		if got := c.get("/my/" + form); got.code != http.StatusOK {
			t.Errorf("%s: got %d", form, got.code)
		}
	}
	for _, lang := range []string{"en", "de", "fr", "es", "pl", "ar"} {
		got := c.get("/my/" + secret + "?lang=" + lang)
		if got.header.Get("Content-Language") != lang || strings.Count(got.body, "?lang="+lang+`"`) < 4 {
			t.Errorf("%s: got %s, and %d links that carry it", lang, got.header.Get("Content-Language"), strings.Count(got.body, "?lang="+lang))
		}
	}
}

// Nobody learns from an answer whether there ever was a link: unknown, malformed, revoked and too old are one.
func TestNoLinkIsOneAnswer(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	revoked, old := c.link(ana), ""
	if _, err := c.db.RevokeLinks(t.Context(), []card.LearnerKey{ana.key()}, "office", noon); err != nil {
		t.Fatal(err)
	}
	c.reader.LinkLifetime = time.Hour
	old = c.link(ana)
	c.pass(time.Hour)
	fresh := c.link(ana)
	if c.get("/my/"+old).code != http.StatusNotFound || c.get("/my/"+fresh).code != http.StatusNotFound {
		t.Fatal("a link of an hour leads somewhere") // both were made at noon
	}
	want := c.get("/my/00000000000000000000000000")
	delete(want.header, "X-Request-Id")
	delete(want.header, "Date")
	if len(want.header) == 0 || len(want.body) == 0 {
		t.Fatalf("got %+v, want a page with headers", want)
	}
	for _, path := range []string{
		"/my/" + revoked, "/my/" + old, "/my/x", "/my/%00", "/my/" + strings.Repeat("a", 9000), "/my/" + revoked + "/card.pdf", "/my/x/" + m.Number.String() + ".pdf",
		"/my/x/anything", "/my/" + old + "/" + m.Number.String() + "/show", "/my/x/card/show",
	} {
		got := c.get(path)
		delete(got.header, "X-Request-Id")
		delete(got.header, "Date")
		if got.code != http.StatusNotFound || got.body != want.body || !maps.EqualFunc(got.header, want.header, slices.Equal) {
			t.Errorf("%.40s: got %d %v, want the page of an unknown link, byte for byte", path, got.code, got.header)
		}
	}
}

// Nor does anybody learn it from the time that an answer takes: of many, taken by turns, the quick ones are of one order. What else the machine
// does makes some slower, and none quicker.
func TestNoLinkIsOneTime(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	revoked := c.link(ana)
	if _, err := c.db.RevokeLinks(t.Context(), []card.LearnerKey{ana.key()}, "office", noon); err != nil {
		t.Fatal(err)
	}
	old := c.link(ana)
	c.reader.LinkLifetime = time.Hour
	c.pass(time.Hour)
	links := map[string]string{"unknown": strings.Repeat("0", 26), "revoked": revoked, "too old": old, "malformed": "not%20a%20link"}
	took := map[string][]time.Duration{}
	for range 60 {
		for name, secret := range links {
			c.pass(time.Minute) // so that nobody is told to wait
			r := httptest.NewRequest("GET", "/my/"+secret, nil)
			w := httptest.NewRecorder()
			start := time.Now()
			c.handler.ServeHTTP(w, r)
			took[name] = append(took[name], time.Since(start))
			if w.Code != http.StatusNotFound {
				t.Fatalf("%s: got %d", name, w.Code)
			}
		}
	}
	var quick []time.Duration
	for name, all := range took {
		slices.Sort(all)
		quick = append(quick, all[len(all)/10])
		t.Logf("%s: %v", name, all[len(all)/10])
	}
	if shortest, longest := slices.Min(quick), slices.Max(quick); longest > 2*shortest {
		t.Errorf("the answers take from %v to %v, want no more than twice as long", shortest, longest)
	}
}

// Of a link's own pages there are those of its own cards and no others.
func TestOtherCardsOfALink(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	other := c.issue(person{"L-2", "ben@example.org", "Ben"}, "BLS", 1)
	secret := c.link(ana)
	for _, file := range []string{other.Number.String() + ".pdf", other.Number.String() + "/show", "x.pdf", ".pdf", "card", "card/show", string(other.Number)} {
		if got := c.get("/my/" + secret + "/" + file); got.code != http.StatusNotFound || strings.Contains(got.body, "Ben") {
			t.Errorf("%s: got %d", file, got.code)
		}
	}
}

// Who guesses is told to wait after a few, whatever the link; others are not.
func TestGuessing(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	secret := c.link(ana)
	for i := range missBurst {
		if got := c.get(fmt.Sprintf("/my/guess%d", i)); got.code != http.StatusNotFound {
			t.Fatalf("guess %d: got %d", i, got.code)
		}
	}
	for _, path := range []string{"/my/another", "/my/" + secret, "/my/" + secret + "/card.pdf"} {
		if got := c.get(path); got.code != http.StatusTooManyRequests || got.header.Get("Retry-After") != "5" {
			t.Errorf("%s: got %d, Retry-After %q", path, got.code, got.header.Get("Retry-After"))
		}
	}
	c.pass(5 * time.Second)
	if got := c.get("/my/" + secret); got.code != http.StatusOK {
		t.Errorf("after the pause: got %d", got.code)
	}
	for range 2 * missBurst { // a learner may look as often as they like
		if got := c.get("/my/" + secret); got.code != http.StatusOK {
			t.Fatalf("got %d", got.code)
		}
	}
}

// A learner without a card that is out has a page, which says so.
func TestNoCardYet(t *testing.T) {
	c := newCentre(t)
	secret := c.link(ana)
	if got := c.get("/my/" + secret); got.code != http.StatusOK || !strings.Contains(got.body, "no card here yet") {
		t.Errorf("got %d %s", got.code, got.body)
	}
	if got := c.get("/my/" + secret + "/card.pdf"); got.code != http.StatusNotFound || !strings.Contains(got.body, "None of your cards is valid today") {
		t.Errorf("got %d %s", got.code, got.body)
	}
}

// A register that is gone is no reason to say that a link is.
func TestRegisterGone(t *testing.T) {
	c := newCentre(t)
	c.issue(ana, "BLS", 1)
	secret := c.link(ana)
	if err := c.reader.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/card.pdf"} {
		if got := c.get("/my/" + secret + path); got.code != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%q: got %d", path, got.code)
		}
	}
}

// Neither secret nor address nor name is in the log, whatever comes of a request, and the route is the pattern.
func TestNothingPrivateInTheLog(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	broken := c.issue(ana, "FA", 2)
	c.damage(broken)
	secret := c.link(ana)
	c.requests.fail = fmt.Errorf("no mail for %s", strings.ToUpper("Canary@Example.org"))
	for _, path := range []string{"", "/", "?lang=de", "/card.pdf", "/" + m.Number.String() + ".pdf", "/" + broken.Number.String() + ".pdf", "/" + m.Number.String() + "/show", "/none", "//x", "/a/b/c"} {
		c.get("/my/" + secret + path)
	}
	c.do("POST", "/my/"+secret, "")
	c.post("/find", "email=canary@example.org")
	c.post("/find", "email=canary@")
	log := strings.ToLower(c.logged())
	for _, bad := range []string{secret, "canary", ana.email, "neill", strings.ToLower(m.Token), token.Digits(m.Token)[:40]} {
		if strings.Contains(log, bad) {
			t.Errorf("the log has %q:\n%s", bad, log)
		}
	}
	if !strings.Contains(log, "get /my/{secret}/{file}") || !strings.Contains(log, `"level":"error"`) || strings.Count(log, "\n") < 12 {
		t.Errorf("the log lacks a line:\n%s", log)
	}
}

// Many learners at once, while links are made and revoked and cards change their state.
func TestManyAtOnce(t *testing.T) {
	c := newCentre(t)
	var secrets []string
	var cards []made
	for i := range 4 {
		p := person{fmt.Sprintf("M-%d", i), "m@example.org", fmt.Sprintf("Learner %d", i)}
		cards = append(cards, c.issue(p, "BLS", i))
		secrets = append(secrets, c.link(p))
	}
	var wg sync.WaitGroup
	for i, secret := range secrets {
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if got := c.get("/my/" + secret + "/card.pdf"); i > 0 && got.body != string(cards[i].file) {
						t.Errorf("learner %d got %d and another file", i, got.code)
					}
					c.get("/my/" + secret)
				}
			})
		}
	}
	wg.Go(func() {
		for range 5 {
			for _, to := range []card.State{card.Suspended, card.Issued} {
				if _, err := c.db.Change(context.Background(), card.Change{Number: cards[0].Number, To: to, Actor: "office", Reason: "a test", At: noon}); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.db.NewLink(context.Background(), ana.key(), "office", noon); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}
