package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

func TestLooksAreComplete(t *testing.T) {
	got, want := slices.Sorted(maps.Keys(looks)), slices.Sorted(slices.Values(allCodes))
	if !slices.Equal(got, want) {
		t.Fatalf("got looks for %v, want %v", got, want)
	}
	// A card is shown only where signature, key and register stand behind it, or the register can't be asked.
	shown := []verify.Code{verify.Valid, verify.Expired, verify.NotYetValid, verify.Revoked, verify.Suspended, verify.Superseded, verify.StatusUnknown}
	for code, l := range looks {
		if l.unvouched == slices.Contains(shown, code) {
			t.Errorf("%s: a card is kept back: %v, want %v", code, l.unvouched, !l.unvouched)
		}
		if l.status == 0 || code.Message() == "" {
			t.Errorf("%s: something is missing: %+v", code, l)
		}
		if (l.tone == green) != (code == verify.Valid) {
			t.Errorf("%s is %s: green is for valid alone", code, l.tone)
		}
	}
}

// The contract's table, section 3.
func TestVerdictsOfTheContract(t *testing.T) {
	for code, want := range map[verify.Code]struct {
		tone   tone
		status int
	}{
		verify.Valid: {green, 200}, verify.Expired: {red, 200}, verify.NotYetValid: {amber, 200}, verify.Revoked: {red, 200},
		verify.Suspended: {amber, 200}, verify.Superseded: {amber, 200}, verify.StatusUnknown: {amber, 200},
		verify.Unregistered: {red, 200}, verify.UnknownIssuer: {red, 200}, verify.KeyRevoked: {red, 200},
		verify.BadSignature: {red, 200}, verify.WrongType: {red, 200}, verify.InvalidClaims: {red, 200},
		verify.Malformed: {grey, 400}, verify.NotFound: {grey, 404}, verify.RateLimited: {grey, 429}, verify.Unavailable: {grey, 503},
	} {
		h := testSite(t, testOptions(answer(testVerdict(code), nil)))
		for _, target := range []string{"/c/" + goodToken, "/n/" + goodNumber} {
			w := do(h, "GET", target, "")
			body := w.Body.String()
			if w.Code != want.status || !strings.Contains(body, fmt.Sprintf(`<section class="verdict %s" role="status">`, want.tone)) {
				t.Errorf("%s: got %d, want %d in %s", code, w.Code, want.status, want.tone)
			}
			if got := strings.Contains(body, "<dl>"); got == looks[code].unvouched {
				t.Errorf("%s %s: a card is shown: %v", code, target, got)
			}
			if got := strings.Contains(body, "VALID ·"); got && code != verify.Valid && code != verify.NotYetValid {
				t.Errorf("%s: the title says VALID", code)
			}
			w = do(h, "GET", target, "", "Accept", "application/json")
			var got verify.Public
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != want.status || got.Code != code || got.Valid != (code == verify.Valid) || (got.Card == nil) != looks[code].unvouched {
				t.Errorf("%s as JSON: got %d %s", code, w.Code, w.Body)
			}
		}
	}
}

func TestJSONIsThatOfTheContract(t *testing.T) {
	v := testVerdict(verify.Valid)
	v.Card.Name = "Ana Neill"
	h := testSite(t, testOptions(answer(v, nil)))
	w := do(h, "GET", "/n/"+goodNumber, "", "Accept", "application/json")
	want := `{"valid":true,"code":"valid","reasons":[],"message":"` + verify.Valid.Message() + `",` +
		`"checked_at":"2026-11-21T08:00:00Z","status_as_of":"2026-11-21T08:00:00Z",` +
		`"card":{"number":"7F3K-9QWX-2MTZ","name":"Ana Neill","course":{"code":"BLS","title":"Basic Life Support",` +
		`"level":"Healthcare provider","meets":["BLS","CPR"]},"issued":"2026-11-21","expires":"2028-11-30",` +
		`"issuer":{"name":"Northside Resuscitation Training","url":"https://cards.example.org"},"instructor":"Jonas Weber","replaced_by":"","instructor_id":""}}` + "\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	bare := testVerdict(verify.StatusUnknown)
	bare.Card.Qualification.Meets, bare.StatusAsOf, bare.Reasons = nil, time.Time{}, nil
	got := do(testSite(t, testOptions(answer(bare, nil))), "GET", "/n/"+goodNumber, "", "Accept", "application/json").Body.String()
	if !strings.Contains(got, `"reasons":[]`) || !strings.Contains(got, `"meets":[]`) || strings.Contains(got, "status_as_of") {
		t.Errorf("got %s", got)
	}
}

func TestAccept(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for accept, json := range map[string]bool{
		"": false, "*/*": false, "text/html": false, "application/json": true, "application/json;q=0": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"text/html;q=0.5, application/json":                               true, "text/html, application/json;q=0.5": false, "application/json, */*": true,
	} {
		got := do(h, "GET", "/n/"+goodNumber, "", "Accept", accept).Header().Get("Content-Type")
		if (got == "application/json") != json {
			t.Errorf("Accept %q: got %q", accept, got)
		}
	}
}

func TestPageShowsEveryField(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	body := do(h, "GET", "/n/"+goodNumber, "").Body.String()
	for _, want := range []string{
		"<title>VALID · Card check · Northside Resuscitation Training</title>", "<h1>VALID</h1>", "register holds a card with this number",
		"Ana O’Neill-Lindqvist", "Basic Life Support (BLS)", "Healthcare provider", "<li><bdi>CPR</bdi></li>", "21 November 2026", "30 November 2028",
		"7F3K-9QWX-2MTZ", "Jonas Weber", "Compare with the card in front of you", "21 November 2026, 08:00:00 UTC", "scan its QR code to check the card itself",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	body = do(testSite(t, testOptions(answer(testVerdict(verify.Superseded), nil))), "GET", "/c/"+goodToken, "").Body.String()
	for _, want := range []string{`<a class="num" href="/n/7F3K-9QWX-2MTZ" dir="ltr">7F3K-9QWX-2MTZ</a>`, "Also: " + verify.Expired.Message()} {
		if !strings.Contains(body, want) {
			t.Errorf("the page of a replaced card lacks %q", want)
		}
	}
	if strings.Contains(body, "You typed a number") {
		t.Error("the page of a scan speaks of a typed number")
	}
}

// A name is shown as text, whatever it is made of.
func TestFieldsAreEscaped(t *testing.T) {
	v := testVerdict(verify.Valid)
	v.Card.Name, v.Card.Instructor = `<img src=x onerror=alert(1)>`, `"><script>1</script>`
	body := do(testSite(t, testOptions(answer(v, nil))), "GET", "/n/"+goodNumber, "").Body.String()
	if strings.Contains(body, "<img") || strings.Contains(body, "<script") {
		t.Errorf("got %s", body)
	}
}

// Another issuer's card never stands under our name.
func TestNameOfAnotherIssuer(t *testing.T) {
	v := testVerdict(verify.Valid)
	v.Card.Issuer = "https://other.example.org"
	got := do(testSite(t, testOptions(answer(v, nil))), "GET", "/n/"+goodNumber, "", "Accept", "application/json").Body.String()
	if want := `"issuer":{"name":"other.example.org","url":"https://other.example.org"}`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An error means that there is no answer: never a 200, never green, nothing of the inside.
func TestErrorsFailClosed(t *testing.T) {
	for name, c := range map[string]struct {
		give verify.Verdict
		err  error
		want verify.Code
	}{
		"register down, token":   {testVerdict(verify.StatusUnknown), errors.New("inside"), verify.StatusUnknown},
		"register down, expired": {testVerdict(verify.Expired), errors.New("inside"), verify.Expired},
		"register down, number":  {testVerdict(verify.Unavailable), errors.New("inside"), verify.Unavailable},
		"valid with an error":    {testVerdict(verify.Valid), errors.New("inside"), verify.Unavailable},
		"no verdict":             {verify.Verdict{}, errors.New("inside"), verify.Unavailable},
		"no verdict, no error":   {verify.Verdict{}, nil, verify.Unavailable},
		"unknown code":           {verify.Verdict{Code: "fine", Card: testRecord()}, nil, verify.Unavailable},
		"valid without a card":   {verify.Verdict{Code: verify.Valid}, nil, verify.Unavailable},
	} {
		h := testSite(t, testOptions(answer(c.give, c.err)))
		for _, target := range []string{"/c/" + goodToken, "/n/" + goodNumber} {
			w := do(h, "GET", target, "")
			if body := w.Body.String(); w.Code != 503 || strings.Contains(body, "verdict green") || strings.Contains(body, "inside") {
				t.Errorf("%s %s: got %d\n%s", name, target, w.Code, body)
			}
			w = do(h, "GET", target, "", "Accept", "application/json")
			if want := `{"valid":false,"code":"` + string(c.want) + `"`; w.Code != 503 || !strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s %s: got %d %s, want 503 %s", name, target, w.Code, w.Body, want)
			}
		}
	}
}

// The canary: whatever a Checker does, nothing of a token that nobody vouches for comes out, and nothing private is logged.
func TestNothingOfAnUnverifiedToken(t *testing.T) {
	const canary = "Canary Holder"
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	raw := part(`{"alg":"EdDSA","kid":"canarykid00"}`) + "." + part(`{"name":"`+canary+`","jti":"`+goodNumber+`"}`) + "." + part("canary signature")
	for _, code := range allCodes {
		if !looks[code].unvouched {
			continue
		}
		v := verify.Verdict{Code: code, CheckedAt: testTime, Card: testRecord()}
		v.Card.Name = canary
		var log bytes.Buffer
		o := testOptions(answer(v, nil))
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
		h := testSite(t, o)
		for _, form := range []string{raw, token.Digits(raw)} {
			api, err := json.Marshal(map[string]string{"token": form})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []*httptest.ResponseRecorder{
				do(h, "GET", "/c/"+form, ""),
				do(h, "GET", "/c//"+form, ""),
				do(h, "GET", "/c/x//"+form, ""),
				do(h, "GET", "/c/"+form, "", "Accept", "application/json"),
				do(h, "POST", "/api/v1/verify", string(api), "Content-Type", "application/json"),
				do(h, "POST", "/check", "q="+form+"x!", "Content-Type", "application/x-www-form-urlencoded"),
			} {
				checkNoCanary(t, code, fmt.Sprint(w.Header(), w.Body), canary, raw)
			}
		}
		checkNoCanary(t, code, log.String(), canary, raw)
		if !strings.Contains(log.String(), `"route":"GET /c/{input...}"`) || !strings.Contains(log.String(), `"outcome":"`+string(code)+`"`) {
			t.Errorf("%s: the access log lacks route or outcome:\n%s", code, &log)
		}
	}
}

func checkNoCanary(t *testing.T, code verify.Code, out, name, raw string) {
	t.Helper()
	parts := append(strings.Split(raw, "."), name, "canarykid00", "7F3K9QWX2MTZ", goodNumber, "192.0.2.1")
	for _, part := range parts {
		for _, s := range []string{part, token.Digits(part)} {
			if strings.Contains(out, s) {
				t.Errorf("%s: %q came out:\n%s", code, s, out)
			}
		}
	}
}

// The access log of a good card: the same short hash for both forms of a token, and nothing of the holder.
func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h := testSite(t, o)
	do(h, "GET", "/c/"+goodToken, "")
	do(h, "GET", "/c/"+token.Digits(goodToken), "")
	do(h, "GET", "/n/"+goodNumber, "")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want 3", len(lines))
	}
	hash := regexp.MustCompile(`"token":"[0-9a-f]{16}"`)
	if a, b := hash.FindString(lines[0]), hash.FindString(lines[1]); a == "" || a != b || hash.MatchString(lines[2]) {
		t.Errorf("got the hashes %q and %q, and for a number:\n%s", a, b, lines[2])
	}
	for _, bad := range []string{"7F3K", "Ana", "192.0.2.1", goodToken, "/n/7"} {
		if strings.Contains(log.String(), bad) {
			t.Errorf("the log has %q:\n%s", bad, &log)
		}
	}
}

func TestChecksHaveADeadline(t *testing.T) {
	o := testOptions(fakeChecker{number: func(ctx context.Context, _ string) (verify.Verdict, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the Checker is asked without a deadline")
		}
		return testVerdict(verify.Valid), nil
	}})
	do(testSite(t, o), "GET", "/n/"+goodNumber, "")
}

// Main text has 7:1 against its ground in both schemes (WCAG 2.2, success criterion 1.4.6).
func TestContrast(t *testing.T) {
	css, err := fs.ReadFile(assets.Pages(), "static/site.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, tones, _ := strings.Cut(rest, "\n}\n")
	tones, _, _ = strings.Cut(tones, "* {")
	for name, block := range map[string]string{"light": light, "dark": dark} {
		v := variables(block)
		for _, pair := range [][2]string{{"ink", "page"}, {"ink", "sheet"}, {"soft", "page"}, {"soft", "sheet"}, {"link", "sheet"}, {"link", "page"},
			{"ink", "chip"}, {"soft", "chip"}, {"link", "chip"}, {"brand-ink", "brand"}, {"ink", "field"}, {"bad", "sheet"}} {
			if got := contrast(t, v[pair[0]], v[pair[1]]); got < 7 {
				t.Errorf("%s: %s on %s has %.1f:1, want 7:1", name, pair[0], pair[1], got)
			}
		}
	}
	blocks := strings.Split(strings.TrimSpace(tones), "\n")
	if len(blocks) != 4 {
		t.Fatalf("got %d tones, want 4: %q", len(blocks), tones)
	}
	for _, block := range blocks {
		v := variables(block)
		if got := contrast(t, v["tone-ink"], v["tone"]); got < 7 {
			t.Errorf("%s has %.1f:1, want 7:1", block, got)
		}
	}
}

func variables(block string) map[string]string {
	v := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		v[m[1]] = m[2]
	}
	return v
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("no colour: %q", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
