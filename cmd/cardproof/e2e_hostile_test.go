//go:build e2e

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// canary is a name that stands in every forged token, and may stand in no answer.
const canary = "Canaria Forged"

var b64 = base64.RawURLEncoding

// Whatever is done to a token or a number, the running server gives the verdict of the contract, as a page and as JSON, and
// shows nothing of a token that nobody vouches for.
func TestForgeriesAtTheServer(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.roster(2), "--out", "out")
	origin := c.serve()
	l := c.cards("out")[0]
	raw, err := token.FromPath(l.url[strings.LastIndexByte(l.url, '/')+1:])
	if err != nil {
		t.Fatal(err)
	}
	private, public := c.stolenKey()
	parts := strings.Split(raw, ".")
	forge := func(header string, sign func(input string) []byte) string {
		payload, err := b64.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		named := bytes.Replace(payload, []byte(l.name), []byte(canary), 1)
		if bytes.Equal(named, payload) {
			t.Fatal("the token does not hold the name")
		}
		input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString(named)
		return input + "." + b64.EncodeToString(sign(input))
	}
	header := func(alg string) string {
		kid := c.keyID()
		return fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"card+jwt"}`, alg, kid)
	}
	mac := func(secret []byte) func(string) []byte {
		return func(input string) []byte {
			m := hmac.New(sha256.New, secret)
			m.Write([]byte(input))
			return m.Sum(nil)
		}
	}
	by := func(key ed25519.PrivateKey) func(string) []byte {
		return func(input string) []byte { return ed25519.Sign(key, []byte(input)) }
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path   string
		want   verify.Code
		status int
	}{
		"as issued":                         {"/c/" + raw, verify.Valid, 200},
		"as issued, in digits":              {"/c/" + token.Digits(raw), verify.Valid, 200},
		"one byte of the payload changed":   {"/c/" + parts[0] + "." + flip(parts[1], 20) + "." + parts[2], verify.BadSignature, 200},
		"one byte of the signature changed": {"/c/" + parts[0] + "." + parts[1] + "." + flip(parts[2], 20), verify.BadSignature, 200},
		"signed by another key":             {"/c/" + forge(header("EdDSA"), by(other)), verify.BadSignature, 200},
		"another key and its kid":           {"/c/" + forge(`{"alg":"EdDSA","kid":"AAAAAAAAAAA","typ":"card+jwt"}`, by(other)), verify.UnknownIssuer, 200},
		"alg none":                          {"/c/" + forge(header("none"), func(string) []byte { return nil }), verify.BadSignature, 200},
		"alg None, with a signature":        {"/c/" + forge(header("None"), by(private)), verify.BadSignature, 200},
		"HS256 with the raw public key":     {"/c/" + forge(header("HS256"), mac(public)), verify.BadSignature, 200},
		"HS256 with the DER public key":     {"/c/" + forge(header("HS256"), mac(der)), verify.BadSignature, 200},
		"HS256 with the PEM public key": {"/c/" + forge(header("HS256"),
			mac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))), verify.BadSignature, 200},
		"header with jwk":                        {"/c/" + forge(`{"alg":"EdDSA","jwk":{},"kid":"`+c.keyID()+`","typ":"card+jwt"}`, by(private)), verify.Malformed, 400},
		"a stranger's JWT":                       {"/c/" + forge(`{"alg":"EdDSA","typ":"JWT"}`, by(private)), verify.WrongType, 200},
		"the stolen key, a number of a card":     {"/c/" + forge(header("EdDSA"), by(private)), verify.Unregistered, 200},
		"the stolen key, a number of nobody":     {"/c/" + c.signUnregistered(private), verify.Unregistered, 200},
		"not a token":                            {"/c/" + strings.Repeat("Canaria", 10), verify.Malformed, 400},
		"odd digits":                             {"/c/" + token.Digits(raw)[1:], verify.Malformed, 400},
		"a pair over 77":                         {"/c/99" + token.Digits(raw)[2:], verify.Malformed, 400},
		"the number":                             {"/n/" + l.number, verify.Valid, 200},
		"the number in lower case, no hyphens":   {"/n/" + strings.ToLower(strings.ReplaceAll(l.number, "-", "")), verify.Valid, 200},
		"the number with one wrong symbol":       {"/n/" + wrongSymbol(l.number), verify.Malformed, 400},
		"the number with two neighbours swapped": {"/n/" + swapped(l.number), verify.Malformed, 400},
		"a number of nobody":                     {"/n/0000-0000-0012", verify.NotFound, 404},
	} {
		t.Run(name, func(t *testing.T) {
			v, status, all := ask(t, origin+tc.path)
			if v.Code != tc.want || status != tc.status || v.Valid != (tc.want == verify.Valid) {
				t.Errorf("got %s, valid %v, HTTP %d, want %s, HTTP %d", v.Code, v.Valid, status, tc.want, tc.status)
			}
			page := getPage(t, origin+tc.path, tc.status)
			if tc.want != verify.Valid {
				if v.Card != nil {
					t.Errorf("the verdict %s comes with a card", v.Code)
				}
				checkNothingOf(t, all+page, canary, l.name, "Canaria")
			}
		})
	}
}

func checkNothingOf(t *testing.T, answer string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(answer, s) {
			t.Errorf("the answer holds %q of the token", s)
		}
	}
}

func getPage(t *testing.T, url string, wantStatus int) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, body := answer(t, req)
	if resp.StatusCode != wantStatus {
		t.Errorf("the page came with HTTP %d, want %d", resp.StatusCode, wantStatus)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Set-Cookie": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("Content-Security-Policy: %q", csp)
	}
	return fmt.Sprint(resp.Header) + string(body)
}

// stolenKey reads the private key as a thief would.
func (c *centreDir) stolenKey() (ed25519.PrivateKey, ed25519.PublicKey) {
	c.t.Helper()
	data, err := os.ReadFile(c.path("keys/" + c.keyID() + ".pem"))
	if err != nil {
		c.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	private := key.(ed25519.PrivateKey)
	return private, private.Public().(ed25519.PublicKey)
}

func (c *centreDir) keyID() string {
	c.t.Helper()
	var list struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(c.must("keys", "list", "--json"), &list); err != nil {
		c.t.Fatal(err)
	}
	return list.Keys[0].Kid
}

// signUnregistered signs a faultless card with the issuer's own key that the register has never seen.
func (c *centreDir) signUnregistered(private ed25519.PrivateKey) string {
	c.t.Helper()
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := os.Stat(c.path("keys/jwks.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	issued := resp.ModTime().UTC().Truncate(1e9)
	raw, err := token.Sign(card.Card{
		Issuer: "http://localhost:8080", Number: number, IssuedAt: issued, ExpiresAt: issued.AddDate(2, 0, 0), Name: canary, Course: "BLS",
	}, token.SigningKey{ID: c.keyID(), Alg: token.EdDSA, Key: private})
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

func flip(s string, at int) string {
	other := byte('A')
	if s[at] == 'A' {
		other = 'B'
	}
	return s[:at] + string(other) + s[at+1:]
}

func wrongSymbol(number string) string { return flip(number, 5) }

// swapped is the number with its first two neighbours swapped that differ.
func swapped(number string) string {
	b := []byte(number)
	for i := range len(b) - 1 {
		if b[i] != b[i+1] && b[i] != '-' && b[i+1] != '-' {
			b[i], b[i+1] = b[i+1], b[i]
			return string(b)
		}
	}
	return "0000"
}
