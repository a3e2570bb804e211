package web

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// canary is what hostile tokens hold in each of their members. A course code can hold it too.
const canary = "CANARY7Q4Z"

// traces are the forms in which the canary could come back: as text, in base64 from each of its three places, in hex, and the digits
// of all of them.
func traces() []string {
	all := []string{canary, strings.ToLower(canary), hex.EncodeToString([]byte(canary))}
	for before := range 3 {
		text := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", before) + canary))
		all = append(all, text[(8*before+5)/6:len(text)-1]) // without what its neighbours share
	}
	for _, s := range all {
		all = append(all, token.Digits(s))
	}
	return all
}

type canaryCage struct {
	private ed25519.PrivateKey
	key     keys.Key
	card    card.Card
	handler http.Handler
	log     bytes.Buffer
}

// newCanaryCage is the real server over the real checker, with a register that holds one card by the canary's name.
func newCanaryCage(t *testing.T) *canaryCage {
	t.Helper()
	cage := &canaryCage{private: ed25519.NewKeyFromSeed([]byte(strings.Repeat("c", ed25519.SeedSize)))}
	id, err := keys.IDOf(cage.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	cage.key = keys.Key{ID: id, Alg: token.EdDSA, Public: cage.private.Public(), Issuer: "https://cards.example.org", Purpose: keys.Cards,
		State: keys.Active, NotBefore: testTime.Add(-time.Hour)}
	set, err := keys.NewSet(cage.key)
	if err != nil {
		t.Fatal(err)
	}
	cage.card = testRecord().Card
	cage.card.Name = canary
	digest, err := token.Digest(cage.card, token.EdDSA, id)
	if err != nil {
		t.Fatal(err)
	}
	rec := *testRecord()
	rec.Card, rec.KeyID, rec.Digest, rec.RecordedAt = cage.card, id, digest, testTime
	o := testOptions(&verify.Checker{Keys: set, Register: oneRecord(rec), Now: func() time.Time { return testTime }, Location: time.UTC})
	o.JWKS = set.JWKS
	o.Log = slog.New(slog.NewJSONHandler(&cage.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cage.handler = testSite(t, o)
	return cage
}

type oneRecord card.Record

func (r oneRecord) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	return card.Record(r), n == r.Number, nil
}

// forge signs any header and payload; a forger without the key leaves the signature wrong.
func (c *canaryCage) forge(header, payload string, rightly bool) string {
	text := base64.RawURLEncoding.EncodeToString
	input := text([]byte(header)) + "." + text([]byte(payload))
	sig := ed25519.Sign(c.private, []byte(input))
	if !rightly {
		sig[0] ^= 1
	}
	return input + "." + text(sig)
}

// hostile are tokens that nobody vouches for, with the canary in each member of header and claims, by the verdict on each. All are longer
// than what a page shows again of a mistyped number.
func (c *canaryCage) hostile(t *testing.T) map[string]verify.Code {
	t.Helper()
	header := fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"card+jwt"}`, c.key.ID)
	raw, err := token.Sign(c.card, token.SigningKey{ID: c.key.ID, Alg: token.EdDSA, Key: c.private})
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	payload := string(data)
	with := func(text, old, new string) string {
		if strings.Count(text, old) != 1 {
			t.Fatalf("%q is not once in %s", old, text)
		}
		return strings.Replace(text, old, new, 1)
	}
	all := map[string]verify.Code{
		c.forge(header, payload, false):                                           verify.BadSignature,
		c.forge(with(header, "EdDSA", canary), payload, true):                     verify.BadSignature,
		c.forge(with(header, c.key.ID, canary), payload, true):                    verify.UnknownIssuer,
		c.forge(with(header, "card+jwt", canary), payload, true):                  verify.WrongType,
		c.forge(with(header, `"kid"`, `"`+canary+`":1,"kid"`), payload, true):     verify.Malformed,
		c.forge(with(header, "{", `{"crit":["`+canary+`"],`), payload, true):      verify.Malformed,
		c.forge(with(header, "{", `{"jku":"//`+canary+`"},`), payload, true):      verify.Malformed,
		c.forge(header+canary, payload, true):                                     verify.Malformed,
		canary + "." + canary + "." + canary + canary:                             verify.Malformed,
		strings.Repeat(canary, 300):                                               verify.Malformed,
		token.Digits(canary+canary) + "9":                                         verify.Malformed,
		c.forge(header, canary, true):                                             verify.InvalidClaims,
		c.forge(header, with(payload, "cards.example", canary), true):             verify.InvalidClaims,
		c.forge(header, with(payload, string(c.card.Number), canary), true):       verify.InvalidClaims,
		c.forge(header, with(payload, `"crs"`, `"`+canary+`":1,"crs"`), true):     verify.InvalidClaims,
		c.forge(header, with(payload, `"iat":`, `"iat":"`+canary+`","x":`), true): verify.InvalidClaims,
	}
	stolen := c.card // what a stolen key makes: a card by all rules, with the number of another or of none
	stolen.Course = canary
	for _, number := range []card.Number{c.card.Number, "000000000000"} {
		stolen.Number = number
		raw, err := token.Sign(stolen, token.SigningKey{ID: c.key.ID, Alg: token.EdDSA, Key: c.private})
		if err != nil {
			t.Fatal(err)
		}
		all[raw] = verify.Unregistered
	}
	early := c.card
	early.IssuedAt = c.key.NotBefore.Add(-time.Second)
	raw, err = token.Sign(early, token.SigningKey{ID: c.key.ID, Alg: token.EdDSA, Key: c.private})
	if err != nil {
		t.Fatal(err)
	}
	all[raw] = verify.KeyRevoked
	return all
}

// TestNothingOfAnUnvouchedTokenComesBack asks about each hostile token on every route that takes one, as a page and as JSON, and looks
// through all that the server says and writes.
func TestNothingOfAnUnvouchedTokenComesBack(t *testing.T) {
	cage := newCanaryCage(t)
	asked := 0
	for raw, code := range cage.hostile(t) {
		texts := []string{raw}
		if token.InAlphabet(raw) && len(raw) <= token.MaxLength {
			texts = append(texts, token.Digits(raw))
		}
		for _, text := range texts {
			for _, w := range cage.ask(text) {
				asked++
				if w.Code == http.StatusSeeOther {
					w.Header().Del("Location") // the address of the answer, to the one who sent it
				}
				cage.look(t, w, code)
			}
			if v := cage.verdict(t, text); v.Code != code {
				t.Errorf("%.60s…: got %s, want %s", text, v.Code, code)
			}
		}
	}
	if asked < 200 {
		t.Errorf("asked %d questions, want at least 200", asked)
	}
	for _, trace := range traces() {
		if strings.Contains(cage.log.String(), trace) {
			t.Errorf("the log has %q:\n%s", trace, lineWith(cage.log.String(), trace))
		}
	}
	if !strings.Contains(cage.log.String(), `"outcome":"bad_signature"`) {
		t.Error("the log has no outcome bad_signature, so it was not looked at")
	}
}

// TestTheCanaryIsSeenWhereItBelongs is the control: a genuine card shows it, the log has it not even then.
func TestTheCanaryIsSeenWhereItBelongs(t *testing.T) {
	cage := newCanaryCage(t)
	raw, err := token.Sign(cage.card, token.SigningKey{ID: cage.key.ID, Alg: token.EdDSA, Key: cage.private})
	if err != nil {
		t.Fatal(err)
	}
	for _, headers := range [][]string{nil, {"Accept", "application/json"}} {
		if w := do(cage.handler, "GET", "/c/"+raw, "", headers...); !strings.Contains(w.Body.String(), canary) {
			t.Errorf("the answer %d about a genuine card does not have its holder's name:\n%s", w.Code, w.Body)
		}
	}
	for _, trace := range traces() {
		if strings.Contains(cage.log.String(), trace) {
			t.Errorf("the log has %q:\n%s", trace, lineWith(cage.log.String(), trace))
		}
	}
	found := 0
	for _, trace := range traces() {
		if strings.Contains(raw, trace) || strings.Contains(token.Digits(raw), trace) {
			found++
		}
	}
	if found == 0 {
		t.Error("no trace of the canary is in a token that holds it, so none would be found anywhere")
	}
}

// ask puts one text to every route.
func (c *canaryCage) ask(text string) []*httptest.ResponseRecorder {
	quoted, _ := json.Marshal(text)
	form := "q=" + strings.NewReplacer("+", "%2B", "&", "%26").Replace(text)
	var all []*httptest.ResponseRecorder
	for _, accept := range []string{"text/html", "application/json"} {
		hostile := []string{"Accept", accept, "User-Agent", canary, "Referer", "https://example.org/" + text, "X-Request-Id", canary}
		get := func(path string) {
			all = append(all, do(c.handler, "GET", path, "", hostile...))
		}
		post := func(path, kind, body string) {
			all = append(all, do(c.handler, "POST", path, body, append([]string{"Content-Type", kind}, hostile...)...))
		}
		get("/c/" + text)
		get("/c/" + text + "?need=BLS")
		get("/n/" + text)
		get("/" + text)
		get("/s/" + text)
		post("/check", "application/x-www-form-urlencoded", form)
		post("/api/v1/verify", "application/json", `{"token":`+string(quoted)+`}`)
		post("/api/v1/verify", "application/json", `{"number":`+string(quoted)+`}`)
		post("/api/v1/verify", "application/json", `{"items":[{"token":`+string(quoted)+`},{"number":`+string(quoted)+`}]}`)
		post("/api/v1/verify", "application/json", `{`+string(quoted)+`:1}`)
		post("/api/v1/verify", "application/json", text)
		post("/api/v1/verify", text, "{}")
	}
	return all
}

// look fails where an answer has a trace of the canary, or is green.
func (c *canaryCage) look(t *testing.T, w *httptest.ResponseRecorder, code verify.Code) {
	t.Helper()
	var headers bytes.Buffer
	if err := w.Header().Write(&headers); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	for _, trace := range traces() {
		for part, said := range map[string]string{"body": body, "header": headers.String()} {
			if strings.Contains(said, trace) {
				t.Errorf("a token that is %s, answer %d: its %s has %q:\n%s", code, w.Code, part, trace, lineWith(said, trace))
			}
		}
	}
	if strings.Contains(body, `"valid":true`) || strings.Contains(body, "<h1>VALID</h1>") {
		t.Errorf("a token that is %s is shown as valid:\n%s", code, body)
	}
}

func (c *canaryCage) verdict(t *testing.T, text string) verify.Public {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"token": text})
	var v verify.Public
	w := do(c.handler, "POST", "/api/v1/verify", string(body), "Content-Type", "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if i := strings.Index(line, part); i >= 0 {
			return line[max(0, i-80):min(len(line), i+len(part)+80)]
		}
	}
	return ""
}
