package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

const testKeyID = "AAAAAAAAAAA"

// testKey is made from a fixed seed, so that fuzzing repeats.
var testKey = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))

func testSigner() SigningKey { return SigningKey{testKeyID, EdDSA, testKey} }

func findTestKey(id string) (PublicKey, bool) {
	if id != testKeyID {
		return PublicKey{}, false
	}
	return PublicKey{EdDSA, testKey.Public()}, true
}

func testCard() card.Card {
	return card.Card{
		Issuer: "https://cards.example.org", Number: "000000000000", IssuedAt: time.Unix(1_795_219_200, 0).UTC(),
		ExpiresAt: time.Unix(1_858_291_200, 0).UTC(), Name: `R&D <Łukasz> "Żółć"`, Course: "BLS",
		Status: &card.StatusRef{Index: 5, URI: "https://cards.example.org/s/0"},
	}
}

// forge signs any header and payload with the test key.
func forge(header, payload string) string {
	input := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(payload))
	return input + "." + base64url.EncodeToString(ed25519.Sign(testKey, []byte(input)))
}

const goodHeader = `{"alg":"EdDSA","kid":"AAAAAAAAAAA","typ":"card+jwt"}`

func TestSignWritesTheContract(t *testing.T) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	want := forge(goodHeader, `{"iss":"https://cards.example.org","jti":"000000000000","iat":1795219200,"exp":1858291200,`+
		`"name":"R&D <Łukasz> \"Żółć\"","crs":"BLS","status":{"status_list":{"idx":5,"uri":"https://cards.example.org/s/0"}}}`)
	if raw != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	opened, err := Open(raw, findTestKey)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Sign(opened.Card, testSigner())
	if err != nil || again != raw {
		t.Errorf("opened and signed again: %v\n%s\nwant %s", err, again, raw)
	}
	digest, err := Digest(opened.Card, EdDSA, testKeyID)
	if err != nil || digest != opened.Digest {
		t.Errorf("Digest before signing = %x, %v, want %x", digest, err, opened.Digest)
	}
}

func TestSignRefusesWhatIsNoCard(t *testing.T) {
	c := testCard()
	c.Name = "Zoe\u0308"
	var invalid *card.InvalidError
	if _, err := Sign(c, testSigner()); !errors.As(err, &invalid) {
		t.Errorf("got %v, want an *card.InvalidError", err)
	}
}

func TestOpenRefusals(t *testing.T) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(raw, ".")
	payload, err := base64url.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	good := string(payload)
	claim := func(old, new string) string {
		changed := strings.Replace(good, old, new, 1)
		if changed == good {
			t.Fatalf("%q is not in the payload", old)
		}
		return forge(goodHeader, changed)
	}
	hs := func(secret []byte) string {
		input := base64url.EncodeToString([]byte(`{"alg":"HS256","kid":"AAAAAAAAAAA","typ":"card+jwt"}`)) + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + base64url.EncodeToString(mac.Sum(nil))
	}
	der, err := x509.MarshalPKIXPublicKey(testKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	reached := map[Refusal]bool{SignatureHighS: true, NotDigits: true} // by TestES256HasOneSpelling and TestDigits
	lastSymbol := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", raw[len(raw)-1])
	for name, tc := range map[string]struct {
		raw     string
		class   Class
		refusal Refusal
	}{
		"empty":                 {"", Malformed, AlphabetWrong},
		"too long":              {strings.Repeat("A", MaxLength+1), Malformed, TooLong},
		"line feed":             {raw[:40] + "\n" + raw[40:], Malformed, AlphabetWrong},
		"CR in the signature":   {raw[:len(raw)-5] + "\r" + raw[len(raw)-5:], Malformed, AlphabetWrong},
		"padding":               {raw + "==", Malformed, AlphabetWrong},
		"two parts":             {parts[0] + "." + parts[1], Malformed, NotThreeParts},
		"four parts":            {raw + ".", Malformed, NotThreeParts},
		"trailing bits":         {raw[:len(raw)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[lastSymbol+1]), Malformed, NotCanonicalBase64},
		"header no JSON":        {forge(`hello`, good), Malformed, NotJSON},
		"header no object":      {forge(`["alg"]`, good), Malformed, NotJSON},
		"header with crit":      {forge(`{"alg":"EdDSA","crit":["b64"],"kid":"AAAAAAAAAAA","typ":"card+jwt"}`, good), Malformed, MemberType},
		"header with jku":       {forge(`{"alg":"EdDSA","jku":"https://evil.example","kid":"AAAAAAAAAAA","typ":"card+jwt"}`, good), Malformed, MemberUnknown},
		"header twice alg":      {forge(`{"alg":"EdDSA","alg":"EdDSA","kid":"AAAAAAAAAAA","typ":"card+jwt"}`, good), Malformed, MemberTwice},
		"header out of order":   {forge(`{"kid":"AAAAAAAAAAA","alg":"EdDSA","typ":"card+jwt"}`, good), Malformed, NotCanonicalJSON},
		"header not UTF-8":      {forge("{\"alg\":\"EdDSA\",\"kid\":\"AAAAAAAAAA\xff\",\"typ\":\"card+jwt\"}", good), Malformed, NotUTF8},
		"stranger's JWT":        {forge(`{"alg":"EdDSA","typ":"JWT"}`, good), WrongType, TypeWrong},
		"status list":           {forge(`{"alg":"EdDSA","kid":"AAAAAAAAAAA","typ":"statuslist+jwt"}`, good), WrongType, TypeWrong},
		"typ in capitals":       {forge(`{"alg":"EdDSA","kid":"AAAAAAAAAAA","typ":"CARD+JWT"}`, good), WrongType, TypeWrong},
		"unknown key":           {forge(`{"alg":"EdDSA","kid":"BBBBBBBBBBB","typ":"card+jwt"}`, good), UnknownKey, KeyUnknown},
		"alg none":              {base64url.EncodeToString([]byte(`{"alg":"none","kid":"AAAAAAAAAAA","typ":"card+jwt"}`)) + "." + parts[1] + ".", BadSignature, AlgorithmNotKeys},
		"HS256, raw key":        {hs(testKey.Public().(ed25519.PublicKey)), BadSignature, AlgorithmNotKeys},
		"HS256, DER key":        {hs(der), BadSignature, AlgorithmNotKeys},
		"HS256, PEM key":        {hs(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), BadSignature, AlgorithmNotKeys},
		"Ed25519 for EdDSA":     {forge(`{"alg":"Ed25519","kid":"AAAAAAAAAAA","typ":"card+jwt"}`, good), BadSignature, AlgorithmNotKeys},
		"no signature":          {parts[0] + "." + parts[1] + ".", BadSignature, SignatureLength},
		"zero signature":        {parts[0] + "." + parts[1] + "." + base64url.EncodeToString(make([]byte, 64)), BadSignature, SignatureWrong},
		"payload changed":       {parts[0] + "." + base64url.EncodeToString([]byte(strings.Replace(good, "BLS", "ALS", 1))) + "." + parts[2], BadSignature, SignatureWrong},
		"exp as string":         {claim(`"exp":1858291200`, `"exp":"1858291200"`), InvalidClaims, MemberType},
		"exp as float":          {claim(`"exp":1858291200`, `"exp":1858291200.0`), InvalidClaims, NotAnInteger},
		"exp with exponent":     {claim(`"exp":1858291200`, `"exp":1858291200e0`), InvalidClaims, NotAnInteger},
		"exp 1e300":             {claim(`"exp":1858291200`, `"exp":1e300`), InvalidClaims, NotAnInteger},
		"exp 2^53+1":            {claim(`"exp":1858291200`, `"exp":9007199254740993`), InvalidClaims, NotAnInteger},
		"exp negative":          {claim(`"exp":1858291200`, `"exp":-1`), InvalidClaims, NotAnInteger},
		"exp null":              {claim(`"exp":1858291200`, `"exp":null`), InvalidClaims, MemberType},
		"EXP":                   {claim(`"exp":`, `"EXP":`), InvalidClaims, MemberMissing},
		"exp twice":             {claim(`"exp":1858291200`, `"exp":1858291200,"exp":1858291200`), InvalidClaims, MemberTwice},
		"no exp":                {claim(`"exp":1858291200,`, ``), InvalidClaims, MemberMissing},
		"another claim":         {claim(`"crs":"BLS"`, `"crs":"BLS","admin":true`), InvalidClaims, MemberUnknown},
		"space":                 {claim(`"crs":"BLS"`, `"crs": "BLS"`), InvalidClaims, NotCanonicalJSON},
		"escape":                {claim(`"crs":"BLS"`, `"crs":"\u0042LS"`), InvalidClaims, NotCanonicalJSON},
		"out of order":          {forge(goodHeader, `{"jti":"000000000000",`+strings.Replace(good, `"jti":"000000000000",`, "", 1)[1:]), InvalidClaims, NotCanonicalJSON},
		"something behind":      {forge(goodHeader, good+"{}"), InvalidClaims, NotJSON},
		"payload an array":      {forge(goodHeader, "[]"), InvalidClaims, NotJSON},
		"deep":                  {claim(`"idx":5`, `"idx":{"a":{"b":1}}`), InvalidClaims, TooDeep},
		"name not NFC":          {claim("Łukasz", "Zoe\u0308"), InvalidClaims, ClaimRule},
		"half a surrogate pair": {claim("Łukasz", `\ud800`), InvalidClaims, ClaimRule},
		"status null":           {claim(`{"status_list":{"idx":5,"uri":"https://cards.example.org/s/0"}}`, `null`), InvalidClaims, MemberType},
		"status empty":          {claim(`{"idx":5,"uri":"https://cards.example.org/s/0"}`, `{}`), InvalidClaims, MemberMissing},
	} {
		reached[tc.refusal] = true
		t.Run(name, func(t *testing.T) {
			opened, err := Open(tc.raw, findTestKey)
			var refused *Error
			if !errors.As(err, &refused) || refused.Class != tc.class || refused.Refusal != tc.refusal {
				t.Fatalf("got %v, want %s (%s)", err, tc.class, tc.refusal)
			}
			if opened != (Opened{}) {
				t.Errorf("a refused token opened as %+v", opened)
			}
		})
	}
	for _, r := range []Refusal{TooLong, AlphabetWrong, NotThreeParts, NotCanonicalBase64, NotUTF8, NotJSON, TooDeep, MemberTwice, MemberMissing, MemberUnknown,
		MemberType, NotAnInteger, NotCanonicalJSON, TypeWrong, KeyUnknown, AlgorithmNotKeys, SignatureLength, SignatureWrong, SignatureHighS, ClaimRule, NotDigits} {
		if !reached[r] {
			t.Errorf("no token is refused as %s", r)
		}
	}
}

// TestCostOfRefusals holds the work on a forged token against that on a good one, in allocations: they are the same on every machine.
// Each is as long as a token may be and makes the parser work as hard as the format of the attack allows.
func TestCostOfRefusals(t *testing.T) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	good := testing.AllocsPerRun(100, func() { _, _ = Open(raw, findTestKey) })
	if good > 60 {
		t.Errorf("a good token costs %v allocations, want at most 60", good)
	}
	parts := strings.Split(raw, ".")
	for name, forged := range map[string]string{
		"signature changed": parts[0] + "." + parts[1] + "." + base64url.EncodeToString(make([]byte, 64)),
		"unknown key":       forge(strings.Replace(goodHeader, testKeyID, "BBBBBBBBBBB", 1), "{}"),
		"dots alone":        strings.Repeat(".", MaxLength),
		"too long":          strings.Repeat("A", 1<<20),
		"claims unsigned":   parts[0] + "." + base64url.EncodeToString([]byte(strings.Repeat(`{"a":`, 200))) + "." + parts[2],
	} {
		if got := testing.AllocsPerRun(100, func() { _, _ = Open(forged, findTestKey) }); got > good {
			t.Errorf("%s costs %v allocations, more than the %v of a good token", name, got, good)
		}
	}
}

func TestEveryByteOfATokenCounts(t *testing.T) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) {
		for _, c := range []byte{'A', 'x', '7', '-', '.', '='} {
			if raw[i] == c {
				continue
			}
			changed := raw[:i] + string(c) + raw[i+1:]
			if _, err := Open(changed, findTestKey); err == nil {
				t.Fatalf("character %d changed from %c to %c, and it opened", i, raw[i], c)
			}
		}
	}
}

func TestES256HasOneSpelling(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	find := func(string) (PublicKey, bool) { return PublicKey{ES256, &key.PublicKey}, true }
	for range 20 {
		raw, err := Sign(testCard(), SigningKey{testKeyID, ES256, key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(raw, find); err != nil {
			t.Fatal(err)
		}
		cut := strings.LastIndexByte(raw, '.') + 1
		sig, err := base64url.DecodeString(raw[cut:])
		if err != nil {
			t.Fatal(err)
		}
		s := new(big.Int).Sub(p256Order, new(big.Int).SetBytes(sig[32:]))
		twin := raw[:cut] + base64url.EncodeToString(append(sig[:32:32], s.FillBytes(make([]byte, 32))...))
		var refused *Error
		if _, err := Open(twin, find); !errors.As(err, &refused) || refused.Refusal != SignatureHighS {
			t.Fatalf("the twin of a signature: got %v, want %s", err, SignatureHighS)
		}
	}
}

func TestNotBeforeStandsLast(t *testing.T) {
	c := testCard()
	c.NotBefore = c.IssuedAt.Add(time.Hour)
	raw, err := Sign(c, testSigner())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(raw, findTestKey)
	if err != nil || !opened.Card.NotBefore.Equal(c.NotBefore) {
		t.Fatalf("got %+v, %v", opened, err)
	}
	payload, _ := base64url.DecodeString(strings.Split(raw, ".")[1])
	if want := fmt.Sprintf(`,"nbf":%d}`, c.NotBefore.Unix()); !strings.HasSuffix(string(payload), want) {
		t.Errorf("payload %s does not end with %s", payload, want)
	}
}

func FuzzOpen(f *testing.F) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		f.Fatal(err)
	}
	plain := testCard()
	plain.Status = nil
	short, err := Sign(plain, testSigner())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{raw, short, Digits(raw), "a.b.c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		opened, err := Open(s, findTestKey)
		checkRoundTrip(t, s, opened, err)
	})
}

// FuzzOpenSigned signs whatever the fuzzer thinks of, so that the claims are reached.
func FuzzOpenSigned(f *testing.F) {
	f.Add(goodHeader, string(encodeClaims(testCard())))
	f.Add(goodHeader, `{"iss":"x"}`)
	f.Fuzz(func(t *testing.T, header, payload string) {
		s := forge(header, payload)
		opened, err := Open(s, findTestKey)
		checkRoundTrip(t, s, opened, err)
	})
}

func checkRoundTrip(t *testing.T, s string, opened Opened, err error) {
	t.Helper()
	if err != nil {
		var refused *Error
		if !errors.As(err, &refused) || refused.Class == "" || refused.Refusal == "" {
			t.Fatalf("an error of no kind: %v", err)
		}
		return
	}
	again, err := Sign(opened.Card, testSigner())
	if err != nil || again != s {
		t.Fatalf("accepted %q, which encodes again as %q, %v", s, again, err)
	}
}

func TestDigits(t *testing.T) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := FromDigits(Digits(raw)); err != nil || got != raw {
		t.Errorf("FromDigits(Digits) = %q, %v", got, err)
	}
	if got := Digits("-.z"); got != "000177" {
		t.Errorf("Digits = %q, want 000177", got)
	}
	for _, bad := range []string{"", "1", "78", "99", "0002", "00 1", "１２", strings.Repeat("00", MaxLength+1)} {
		var refused *Error
		if _, err := FromDigits(bad); !errors.As(err, &refused) || refused.Class != Malformed {
			t.Errorf("FromDigits(%q) = %v, want malformed", bad, err)
		}
	}
	if got, want := URL("https://Cards.example.org/", "-"), "https://cards.example.org/c/00"; got != want {
		t.Errorf("URL = %q, want %q", got, want)
	}
}

func FuzzFromDigits(f *testing.F) {
	f.Add("000177")
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := FromDigits(s)
		if err == nil && Digits(raw) != s {
			t.Fatalf("%q gave %q, which gives %q", s, raw, Digits(raw))
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	raw, err := Sign(testCard(), testSigner())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(raw, findTestKey); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuse is what a stranger without a key can make a verifier do; none may cost more than BenchmarkOpen.
func BenchmarkRefuse(b *testing.B) {
	good, err := Sign(testCard(), testSigner())
	if err != nil {
		b.Fatal(err)
	}
	var members strings.Builder
	for i := range 140 {
		fmt.Fprintf(&members, `"%x":1,`, 4096+i)
	}
	for name, raw := range map[string]string{
		"members":   forge("{"+members.String()+`"typ":"card+jwt"}`, "{}"),
		"depth":     forge(strings.Repeat(`{"a":`, 200)+"1"+strings.Repeat("}", 200), "{}"),
		"escapes":   forge(`{"alg":"`+strings.Repeat(`\u00e9`, 220)+`"}`, "{}"),
		"signature": good[:strings.LastIndexByte(good, '.')+1] + base64url.EncodeToString(make([]byte, 64)),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Open(raw, findTestKey); err == nil {
					b.Fatal("it opened")
				}
			}
		})
	}
}
