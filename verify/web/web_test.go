package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

const (
	goodNumber = "7F3K-9QWX-2MTZ"
	slipNumber = "7F3K-9QWX-2MTD"
	goodToken  = "eyJhbGciOiJ4In0.eyJpc3MiOiJ4In0.c2lnbmF0dXJl" // the form of a token; only the Checker knows more
)

var testTime = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// allCodes is every code of the contract. TestLooksAreComplete holds it against the table.
var allCodes = []verify.Code{
	verify.Malformed, verify.WrongType, verify.UnknownIssuer, verify.BadSignature, verify.KeyRevoked, verify.InvalidClaims,
	verify.Unregistered, verify.NotFound, verify.Revoked, verify.Suspended, verify.Superseded, verify.Expired,
	verify.NotYetValid, verify.StatusUnknown, verify.Valid, verify.RateLimited, verify.Unavailable,
}

var _ Checker = (*verify.Checker)(nil)

type fakeChecker struct {
	token, number func(ctx context.Context, s string) (verify.Verdict, error)
}

func (f fakeChecker) CheckToken(ctx context.Context, raw string) (verify.Verdict, error) {
	return f.token(ctx, raw)
}

func (f fakeChecker) CheckNumber(ctx context.Context, typed string) (verify.Verdict, error) {
	return f.number(ctx, typed)
}

// answer is a Checker that always says v.
func answer(v verify.Verdict, err error) fakeChecker {
	say := func(context.Context, string) (verify.Verdict, error) { return v, err }
	return fakeChecker{say, say}
}

func testRecord() *card.Record {
	return &card.Record{
		Card: card.Card{
			Issuer: "https://cards.example.org", Number: "7F3K9QWX2MTZ", Name: "Ana O’Neill-Lindqvist", Course: "BLS",
			IssuedAt: testTime, ExpiresAt: time.Date(2028, 12, 1, 0, 0, 0, 0, time.UTC),
		},
		Qualification: card.Qualification{Title: "Basic Life Support", Level: "Healthcare provider", Meets: []string{"BLS", "CPR"}},
		IssuedOn:      card.Date{Year: 2026, Month: 11, Day: 21},
		ExpiresOn:     card.Date{Year: 2028, Month: 11, Day: 30},
		Instructor:    "Jonas Weber",
		State:         card.Issued,
	}
}

// testVerdict is a verdict of that code as the Checker gives it.
func testVerdict(code verify.Code) verify.Verdict {
	v := verify.Verdict{Code: code, CheckedAt: testTime}
	if !looks[code].unvouched {
		v.Card, v.StatusAsOf = testRecord(), testTime
	}
	if code == verify.Superseded {
		v.Card.ReplacedBy = "7F3K9QWX2MTZ"
		v.Reasons = []verify.Code{verify.Expired}
	}
	return v
}

// english has the words of the pages that most tests read.
func english(t *testing.T) *phrase.Language { return languages(t)[0] }

func languages(t *testing.T) []*phrase.Language {
	t.Helper()
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return texts.Languages
}

func testOptions(c Checker) Options {
	return Options{
		Checker: c,
		JWKS:    func() ([]byte, error) { return []byte(`{"keys":[]}`), nil },
		Ready:   func(context.Context) error { return nil },
		Issuer:  Issuer{"Northside Resuscitation Training", "https://cards.example.org"},
		Roots:   []byte("-----BEGIN CERTIFICATE-----\n"),
		Contact: "mailto:cards@example.org",
		Now:     func() time.Time { return testTime },
	}
}

func testSite(t *testing.T, o Options) http.Handler {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// do asks h. The headers are pairs of name and value.
func do(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRoutes(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for _, c := range []struct {
		method, target string
		status         int
		kind           string
		cache, has     string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "no-store", "Check a certification card"},
		{"HEAD", "/", 200, "text/html; charset=utf-8", "no-store", ""},
		{"GET", "/c/" + goodToken, 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"},
		{"GET", "/c/" + token.Digits(goodToken), 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"},
		{"GET", "/c/https://cards.example.org/c/" + token.Digits(goodToken), 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"},
		{"GET", "/c//" + goodToken + "/", 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"},
		{"GET", "/c/x//" + goodToken, 404, "text/html; charset=utf-8", "no-store", "This page does not exist"},
		{"GET", "//n/" + goodNumber, 404, "text/html; charset=utf-8", "no-store", "This page does not exist"},
		{"GET", "/n/a%2Fb", 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"}, // it reaches the Checker
		{"OPTIONS", "*", 405, "text/html; charset=utf-8", "no-store", "This page can’t be asked in this way"},
		{"GET", "/n/" + goodNumber, 200, "text/html; charset=utf-8", "no-store", "<h1>VALID</h1>"},
		{"GET", "/.well-known/jwks.json", 200, "application/jwk-set+json", "public, max-age=300", `{"keys":[]}`},
		{"GET", "/.well-known/document-roots.crt", 200, "application/x-pem-file", "public, max-age=300", "-----BEGIN CERTIFICATE-----"},
		{"GET", "/.well-known/security.txt", 200, "text/plain; charset=utf-8", "no-store", "Contact: mailto:cards@example.org\nExpires: 2027-05-20T00:00:00Z\n"},
		{"GET", "/robots.txt", 200, "text/plain; charset=utf-8", "no-store", "User-agent: *\n"},
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", "no-store", "ok\n"},
		{"GET", "/readyz", 200, "text/plain; charset=utf-8", "no-store", "ready\n"},
		{"GET", "/assets/old/site.css", 200, "text/css; charset=utf-8", "no-store", ":root"},
		{"GET", "/assets/old/other.css", 404, "text/html; charset=utf-8", "no-store", "This page does not exist"},
		{"GET", "/nothing", 404, "text/html; charset=utf-8", "no-store", "This page does not exist"},
		{"GET", "/n/", 404, "text/html; charset=utf-8", "no-store", "This page does not exist"},
		{"GET", "/api/v1/nothing", 404, "application/problem+json", "no-store", `"status":404`},
		{"POST", "/", 405, "text/html; charset=utf-8", "no-store", "This page can’t be asked in this way"},
		{"DELETE", "/n/" + goodNumber, 405, "text/html; charset=utf-8", "no-store", ""},
		{"GET", "/api/v1/verify", 405, "application/problem+json", "no-store", `"title":"Method Not Allowed"`},
	} {
		w := do(h, c.method, c.target, "")
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s %s: got %d %q %q, want %d %q %q", c.method, c.target, w.Code, w.Header().Get("Content-Type"),
				w.Header().Get("Cache-Control"), c.status, c.kind, c.cache)
		}
		if !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%s %s: the body lacks %q:\n%s", c.method, c.target, c.has, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: a 405 without Allow", c.method, c.target)
		}
	}
}

// Over a real connection: HEAD has no body, and what stands in the asset links is there.
func TestRealServer(t *testing.T) {
	srv := httptest.NewServer(testSite(t, testOptions(answer(testVerdict(verify.Valid), nil))))
	defer srv.Close()
	resp, err := http.Get(srv.URL + "/n/" + goodNumber)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	links := regexp.MustCompile(`/assets/[^"]+`).FindAllString(string(body), -1)
	if len(links) != 2 {
		t.Fatalf("got %d asset links, want the style and the icon", len(links))
	}
	for _, link := range links {
		resp, err := http.Get(srv.URL + link)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got, want := resp.Header.Get("Cache-Control"), "public, max-age=31536000, immutable"; resp.StatusCode != 200 || got != want {
			t.Errorf("%s: got %d %q, want 200 %q", link, resp.StatusCode, got, want)
		}
	}
	head, err := http.Head(srv.URL + "/n/" + goodNumber)
	if err != nil {
		t.Fatal(err)
	}
	head.Body.Close()
	if head.StatusCode != 200 || head.ContentLength != int64(len(body)) {
		t.Errorf("HEAD: got %d with length %d, want 200 with %d", head.StatusCode, head.ContentLength, len(body))
	}
}

func TestHeadersOfVerdicts(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for _, target := range []string{"/n/" + goodNumber, "/c/" + goodToken} {
		got := do(h, "GET", target, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"X-Robots-Tag":            "noindex",
			"Cache-Control":           "no-store",
			"Vary":                    "Accept, Accept-Language",
			"Content-Language":        "en",
			"Set-Cookie":              "",
		} {
			if got.Get(name) != want {
				t.Errorf("%s %s: got %q, want %q", target, name, got.Get(name), want)
			}
		}
	}
	if got := do(h, "GET", "/", "").Header().Get("X-Robots-Tag"); got != "" {
		t.Errorf("the home page: got X-Robots-Tag %q, want none", got)
	}
}

func TestForm(t *testing.T) {
	h := testSite(t, testOptions(answer(verify.Verdict{Code: verify.Malformed, CheckedAt: testTime}, nil)))
	digits := token.Digits(goodToken)
	for _, c := range []struct {
		q, location string
		status      int
		has         string
	}{
		{goodNumber, "/n/" + goodNumber, 303, ""},
		{" 7f3k 9qwx 2mtz ", "/n/7f3k%209qwx%202mtz", 303, ""},
		{slipNumber, "/n/" + slipNumber, 303, ""},
		{goodToken, "/c/" + goodToken, 303, ""},
		{digits, "/c/" + digits, 303, ""},
		{"https://cards.example.org/c/" + digits + "?utm=1#x", "/c/" + digits, 303, ""},
		{"cards.example.org/n/" + goodNumber, "/n/" + goodNumber, 303, ""},
		{"", "", 400, "Type the card number first"},
		{"   ", "", 400, "Type the card number first"},
		{`"<b>what</b>`, "", 400, `value="&#34;&lt;b&gt;what&lt;/b&gt;"`},
		{"hello.world", "", 400, "This is not a card number"},
		{"..", "", 400, "This is not a card number"},
		{strings.Repeat("x", 300), "", 400, "This is not a card"},
		{"//evil.example/c/", "", 400, "MISTYPED"},
	} {
		w := do(h, "POST", "/check", "q="+strings.NewReplacer("%", "%25", "+", "%2B", "&", "%26", "#", "%23", " ", "+", ";", "%3B").Replace(c.q),
			"Content-Type", "application/x-www-form-urlencoded")
		if w.Code != c.status || w.Header().Get("Location") != c.location || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%q: got %d %q, want %d %q with %q\n%s", c.q, w.Code, w.Header().Get("Location"), c.status, c.location, c.has, w.Body)
		}
	}
	w := do(h, "POST", "/check", "q="+strings.Repeat("x", 9<<10), "Content-Type", "application/x-www-form-urlencoded")
	if w.Code != 413 {
		t.Errorf("a form of 9 KiB: got %d, want 413", w.Code)
	}
}

func TestMistypedNumber(t *testing.T) {
	h := testSite(t, testOptions(answer(verify.Verdict{Code: verify.Malformed, CheckedAt: testTime}, nil)))
	for target, wants := range map[string][]string{
		"/n/" + slipNumber:              {"<h1 class=\"long\">MISTYPED</h1>", english(t).Number.Slip, `value="` + slipNumber + `"`},
		"/n/%22%3Cscript%3E":            {"<h1 class=\"long\">MISTYPED</h1>", "This is not a card number", `value="&#34;&lt;script&gt;"`},
		"/n/" + strings.Repeat("A", 50): {"<h1 class=\"long\">MISTYPED</h1>", `value=""`},
	} {
		w := do(h, "GET", target, "")
		if w.Code != 400 {
			t.Errorf("%s: got %d, want 400", target, w.Code)
		}
		for _, want := range wants {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s lacks %q", target, want)
			}
		}
	}
}

func TestSpecimen(t *testing.T) {
	h := testSite(t, testOptions(answer(verify.Verdict{Code: verify.Malformed, Specimen: true, CheckedAt: testTime}, nil)))
	w := do(h, "GET", "/c/"+verify.SpecimenMark+"9999", "")
	if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, "<h1 class=\"long\">SPECIMEN</h1>") || !strings.Contains(body, "This is a specimen, not a card.") {
		t.Errorf("got %d %q", w.Code, body)
	}
	w = do(h, "GET", "/c/"+verify.SpecimenMark+"9999", "", "Accept", "application/json")
	if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, `"code":"malformed"`) || !strings.Contains(body, "This is a specimen, not a card.") {
		t.Errorf("got %d %q", w.Code, body)
	}
}

func TestNotReady(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.Ready = func(context.Context) error { return errors.New("inside") }
	o.JWKS = func() ([]byte, error) { return nil, errors.New("inside") }
	o.Contact, o.Roots = "", nil
	h := testSite(t, o)
	for target, want := range map[string]int{"/readyz": 503, "/.well-known/jwks.json": 503, "/.well-known/security.txt": 404, "/.well-known/document-roots.crt": 404, "/healthz": 200} {
		w := do(h, "GET", target, "")
		if w.Code != want || strings.Contains(w.Body.String(), "inside") {
			t.Errorf("%s: got %d %q, want %d", target, w.Code, w.Body, want)
		}
	}
}

func TestRateLimited(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.RateLimit = httpd.RateLimit{PerClient: 1, PerClientBurst: 2}
	h := testSite(t, o)
	target := "/n/" + goodNumber
	for range 2 {
		if w := do(h, "GET", target, ""); w.Code != 200 {
			t.Fatalf("within the burst: got %d", w.Code)
		}
	}
	w := do(h, "GET", target, "")
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), verify.RateLimited.Message()) {
		t.Errorf("got %d, Retry-After %q\n%s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	w = do(h, "GET", target, "", "Accept", "application/json")
	if want := `{"valid":false,"code":"rate_limited","reasons":[],`; w.Code != 429 || !strings.HasPrefix(w.Body.String(), want) {
		t.Errorf("got %d %s, want 429 %s", w.Code, w.Body, want)
	}
	if w := do(h, "GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("/healthz: got %d, want 200 for the monitor", w.Code)
	}
}

// A list counts as more than one request: else it is a way around the limit.
func TestRateLimitCountsLists(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.RateLimit = httpd.RateLimit{PerClient: 1, PerClientBurst: 10}
	h := testSite(t, o)
	list := `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"number":"1"},`, 400), ",") + `]}`
	if w := do(h, "POST", "/api/v1/verify", list, "Content-Type", "application/json"); w.Code != 200 {
		t.Fatalf("the first list: got %d", w.Code)
	}
	if w := do(h, "POST", "/api/v1/verify", list, "Content-Type", "application/json"); w.Code != 429 {
		t.Errorf("the second list: got %d, want 429", w.Code)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no checker":     func(o *Options) { o.Checker = nil },
		"no issuer":      func(o *Options) { o.Issuer = Issuer{} },
		"script contact": func(o *Options) { o.Contact = "javascript:alert(1)" },
		"bare mail":      func(o *Options) { o.Contact = "cards@example.org" },
		"no burst":       func(o *Options) { o.RateLimit.Global = 5 },
	} {
		o := testOptions(answer(verify.Verdict{}, nil))
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
