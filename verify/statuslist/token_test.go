package statuslist

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

const testIssuer = "https://cards.example.org"

var testNow = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// testKey is a key of a fixed seed, so that fuzzing repeats.
func testKey(t testing.TB, seed string, p keys.Purpose) (keys.Key, token.SigningKey) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(seed, ed25519.SeedSize)))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	k := keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: testIssuer, Purpose: p, State: keys.Active, NotBefore: testNow.Add(-time.Hour)}
	return k, token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}
}

func testSet(t testing.TB, all ...keys.Key) *keys.Set {
	t.Helper()
	set, err := keys.NewSet(all...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func testClaims(t testing.TB) Claims {
	t.Helper()
	l, err := New(Bits, Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Set(5, Revoked), l.Set(Size-1, Superseded)); err != nil {
		t.Fatal(err)
	}
	packed, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return Claims{
		URI: URI(testIssuer, 1), IssuedAt: testNow, ExpiresAt: testNow.Add(24 * time.Hour), TTL: 5 * time.Minute, Bits: Bits, Packed: packed,
	}
}

func want(set *keys.Set) Expected {
	return Expected{URI: URI(testIssuer, 1), Issuer: testIssuer, Keys: set, Now: testNow}
}

func TestSignAndOpen(t *testing.T) {
	k, signing := testKey(t, "s", keys.StatusLists)
	c := testClaims(t)
	raw, err := Sign(c, signing)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(raw, want(testSet(t, k)))
	if err != nil {
		t.Fatal(err)
	}
	if opened.Claims != c || opened.KeyID != k.ID || opened.Len() != Size {
		t.Errorf("got %+v", opened.Claims)
	}
	for i, want := range map[int64]Status{0: Valid, 5: Revoked, Size - 1: Superseded} {
		if got, err := opened.At(i); err != nil || got != want {
			t.Errorf("place %d: got %d, %v, want %d", i, got, err, want)
		}
	}
	header, _, _ := strings.Cut(raw, ".")
	got, err := base64url.DecodeString(header)
	if want := `{"alg":"EdDSA","kid":"` + k.ID + `","typ":"statuslist+jwt"}`; err != nil || string(got) != want {
		t.Errorf("header: got %s, want %s", got, want)
	}
}

// forge signs any header and payload.
func forge(signing token.SigningKey, header, payload string) string {
	input := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(payload))
	return input + "." + base64url.EncodeToString(ed25519.Sign(signing.Key.(ed25519.PrivateKey), []byte(input)))
}

func TestOpenRefusesTheEnvelope(t *testing.T) {
	k, signing := testKey(t, "s", keys.StatusLists)
	cards, cardKey := testKey(t, "c", keys.Cards)
	revoked, revokedKey := testKey(t, "r", keys.StatusLists)
	revoked.State, revoked.RevokedSince = keys.Revoked, testNow.Add(time.Hour)
	other, otherKey := testKey(t, "o", keys.StatusLists)
	other.Issuer = "https://other.example.org"
	_, strange := testKey(t, "x", keys.StatusLists)
	set := testSet(t, k, cards, revoked, other)
	c := testClaims(t)
	data, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	sign := func(key token.SigningKey) string {
		raw, err := Sign(c, key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good := sign(signing)
	header := func(alg, typ string) string { return `{"alg":"` + alg + `","kid":"` + k.ID + `","typ":"` + typ + `"}` }
	for name, tc := range map[string]struct {
		raw   string
		class token.Class
	}{
		"empty":                    {"", token.Malformed},
		"line feed behind":         {good + "\n", token.Malformed},
		"too long":                 {strings.Repeat("A", maxToken+1), token.Malformed},
		"a card's typ":             {forge(signing, header("EdDSA", "card+jwt"), string(data)), token.WrongType},
		"no typ":                   {forge(signing, `{"alg":"EdDSA","kid":"`+k.ID+`"}`, string(data)), token.WrongType},
		"with jku":                 {forge(signing, `{"alg":"EdDSA","jku":"https://x.example","kid":"`+k.ID+`","typ":"statuslist+jwt"}`, string(data)), token.Malformed},
		"alg none":                 {base64url.EncodeToString([]byte(header("none", Type))) + "." + base64url.EncodeToString(data) + ".", token.BadSignature},
		"alg of another name":      {forge(signing, header("Ed25519", Type), string(data)), token.BadSignature},
		"a changed state":          {strings.Replace(good, good[100:104], "AAAA", 1), token.BadSignature},
		"signed by the card key":   {sign(cardKey), token.UnknownKey},
		"signed by a revoked key":  {sign(revokedKey), token.UnknownKey},
		"another issuer's key":     {sign(otherKey), token.UnknownKey},
		"a stranger's key":         {sign(strange), token.UnknownKey},
		"another's key, our kid":   {forge(strange, header("EdDSA", Type), string(data)), token.BadSignature},
		"the signature of another": {good[:strings.LastIndexByte(good, '.')] + strings.Repeat("A", 86), token.Malformed},
	} {
		opened, err := Open(tc.raw, want(set))
		var refused *token.Error
		if !errors.As(err, &refused) || refused.Class != tc.class || opened.Len() != 0 {
			t.Errorf("%s: got %v, want %s", name, err, tc.class)
		}
	}
}

func TestOpenRefusesTheClaims(t *testing.T) {
	k, signing := testKey(t, "s", keys.StatusLists)
	set := testSet(t, k)
	data, err := testClaims(t).encode()
	if err != nil {
		t.Fatal(err)
	}
	header := `{"alg":"EdDSA","kid":"` + k.ID + `","typ":"statuslist+jwt"}`
	claim := func(old, new string) string {
		changed := strings.Replace(string(data), old, new, 1)
		if changed == string(data) {
			t.Fatalf("%q is not in the claims", old)
		}
		return forge(signing, header, changed)
	}
	good := forge(signing, header, string(data))
	at := func(now, after time.Time) Expected {
		e := want(set)
		e.Now, e.After = now, after
		return e
	}
	second := want(set)
	second.URI = URI(testIssuer, 2)
	for name, tc := range map[string]struct {
		raw      string
		expected Expected
		want     error
	}{
		"no JSON":             {forge(signing, header, "hello"), want(set), ErrClaims},
		"an array":            {forge(signing, header, "[]"), want(set), ErrClaims},
		"empty":               {forge(signing, header, "{}"), want(set), ErrClaims},
		"a member more":       {claim(`"ttl"`, `"admin":true,"ttl"`), want(set), ErrClaims},
		"exp twice":           {claim(`"ttl"`, `"exp":9999999999,"ttl"`), want(set), ErrClaims},
		"EXP":                 {claim(`"exp"`, `"EXP"`), want(set), ErrClaims},
		"exp as string":       {claim(`"exp":1795334400`, `"exp":"1795334400"`), want(set), ErrClaims},
		"exp with exponent":   {claim(`"exp":1795334400`, `"exp":1795334400e0`), want(set), ErrClaims},
		"exp far away":        {claim(`"exp":1795334400`, `"exp":9223372036854775807`), want(set), ErrClaims},
		"exp before iat":      {claim(`"exp":1795334400`, `"exp":1795248000`), want(set), ErrClaims},
		"ttl 0":               {claim(`"ttl":300`, `"ttl":0`), want(set), ErrClaims},
		"ttl that overflows":  {claim(`"ttl":300`, `"ttl":9223372036854775807`), want(set), ErrClaims},
		"a space":             {claim(`"ttl":300`, `"ttl": 300`), want(set), ErrClaims},
		"something behind":    {forge(signing, header, string(data)+"{}"), want(set), ErrClaims},
		"not UTF-8":           {claim("cards.example", "cards.\xffexample"), want(set), ErrClaims},
		"three bits":          {claim(`"bits":2`, `"bits":3`), want(set), ErrBits},
		"another list":        {good, second, ErrURI},
		"another's list":      {claim(testIssuer, "https://other.example"), Expected{"https://other.example/s/1", testIssuer, set, testNow, time.Time{}}, ErrURI},
		"the last second":     {good, at(testNow.Add(24*time.Hour-time.Second), time.Time{}), nil},
		"exp":                 {good, at(testNow.Add(24*time.Hour), time.Time{}), ErrExpired},
		"60 seconds ahead":    {good, at(testNow.Add(-time.Minute), time.Time{}), nil},
		"61 seconds ahead":    {good, at(testNow.Add(-61*time.Second), time.Time{}), ErrFuture},
		"older than in hand":  {good, at(testNow.Add(time.Hour), testNow.Add(time.Second)), ErrOlder},
		"as old as in hand":   {good, at(testNow.Add(time.Hour), testNow), nil},
		"before its key":      {claim(`"iat":1795248000`, `"iat":1795240000`), want(set), ErrClaims},
		"a list that is none": {claim(`"lst":"`, `"lst":"A`), want(set), ErrPacking},
	} {
		opened, err := Open(tc.raw, tc.expected)
		if !errors.Is(err, tc.want) || (tc.want != nil) != (opened.Len() == 0) {
			t.Errorf("%s: got %v with %d places, want %v", name, err, opened.Len(), tc.want)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	_, signing := testKey(t, "s", keys.StatusLists)
	for name, change := range map[string]func(*Claims){
		"no address":     func(c *Claims) { c.URI = "" },
		"no time":        func(c *Claims) { c.IssuedAt = time.Time{} },
		"exp before iat": func(c *Claims) { c.ExpiresAt = c.IssuedAt },
		"no ttl":         func(c *Claims) { c.TTL = 0 },
	} {
		c := testClaims(t)
		change(&c)
		if raw, err := Sign(c, signing); !errors.Is(err, ErrClaims) || raw != "" {
			t.Errorf("%s: got %v, want %v", name, err, ErrClaims)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "999999999": 999999999, "0": 0, "01": 0, "-1": 0, "1x": 0, "": 0, "9999999999": 0, "+1": 0, "１": 0, "1\n": 0,
	} {
		if got, ok := Number(text); got != want || ok != (want > 0) {
			t.Errorf("%q: got %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestPublish(t *testing.T) {
	_, signing := testKey(t, "s", keys.StatusLists)
	c := testClaims(t)
	raw, err := Sign(c, signing)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Publish(raw, c)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(p.Gzip))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || string(plain) != raw || string(p.Raw) != raw || len(p.Gzip) >= len(raw) {
		t.Errorf("gzip of %d bytes has %d and gives %d back, %v", len(raw), len(p.Gzip), len(plain), err)
	}
	if len(p.ETag) != 24 || !p.IssuedAt.Equal(c.IssuedAt) || !p.ExpiresAt.Equal(c.ExpiresAt) || p.TTL != c.TTL {
		t.Errorf("got %+v", p)
	}
}

// FuzzOpen signs whatever the fuzzer thinks of, so that the claims and the packed list are reached: what opens is written again in the
// same bytes.
func FuzzOpen(f *testing.F) {
	k, signing := testKey(f, "s", keys.StatusLists)
	set := testSet(f, k)
	data, err := testClaims(f).encode()
	if err != nil {
		f.Fatal(err)
	}
	header := `{"alg":"EdDSA","kid":"` + k.ID + `","typ":"statuslist+jwt"}`
	f.Add(header, string(data))
	f.Add(header, `{"sub":"https://cards.example.org/s/1","iat":1795248000,"exp":1795334400,"ttl":300,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`)
	f.Add(`{"alg":"none"}`, `{}`)
	f.Fuzz(func(t *testing.T, header, payload string) {
		opened, err := Open(forge(signing, header, payload), want(set))
		if err != nil {
			if opened.Len() != 0 || opened.URI != "" {
				t.Errorf("a refused list opened as %+v", opened.Claims)
			}
			return
		}
		again, err := opened.encode()
		if err != nil || string(again) != payload || opened.URI != URI(testIssuer, 1) {
			t.Errorf("it opened, and encodes again to %s, %v", again, err)
		}
		if _, err := base64.RawURLEncoding.DecodeString(opened.Packed); err != nil {
			t.Errorf("it opened with a list that is no base64url: %v", err)
		}
	})
}

// BenchmarkSign is what a list costs when its ttl is over: signed, and made ready to be handed out. One card in ten is withdrawn.
func BenchmarkSign(b *testing.B) {
	k, signing := testKey(b, "s", keys.StatusLists)
	l, err := New(Bits, Size)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range Size / 10 {
		if err := l.Set(random.Int64N(Size), Revoked); err != nil {
			b.Fatal(err)
		}
	}
	c := testClaims(b)
	if c.Packed, err = l.Encode(); err != nil {
		b.Fatal(err)
	}
	raw := ""
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			if raw, err = Sign(c, signing); err != nil {
				b.Fatal(err)
			}
			if _, err := Publish(raw, c); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(raw)), "B/list")
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(raw, want(testSet(b, k))); err != nil {
				b.Fatal(err)
			}
		}
	})
}
