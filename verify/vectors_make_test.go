package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

const vectorIssuer = "https://cards.example.org"

var (
	issuedAt  = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)
	expiresAt = time.Date(2028, time.December, 1, 0, 0, 0, 0, time.UTC)
	inUse     = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	text64    = base64.RawURLEncoding
)

// maker makes vectors. Its keys come from texts that everybody can read here: they must never stand in a real key set.
type maker struct {
	t             *testing.T
	card          card.Card
	key           keys.Key
	private       ed25519.PrivateKey
	good          string // the token of card
	header, claim string // of good, as JSON
	made          map[string]vector
}

func seed(text string) []byte {
	sum := sha256.Sum256([]byte("cardproof test vectors: " + text))
	return sum[:]
}

func makeVectors(t *testing.T) map[string]vector {
	t.Helper()
	m := &maker{t: t, made: map[string]vector{}, private: ed25519.NewKeyFromSeed(seed("card key"))}
	m.key = m.keyOf(m.private.Public(), token.EdDSA)
	m.card = card.Card{Issuer: vectorIssuer, Number: m.number("first"), IssuedAt: issuedAt, ExpiresAt: expiresAt, Name: "Łukasz Wróbel", Course: "BLS",
		Status: &card.StatusRef{Index: 5, URI: vectorIssuer + "/s/1"}}
	m.good = m.sign(m.card)
	parts := strings.Split(m.good, ".")
	m.header, m.claim = m.decode(parts[0]), m.decode(parts[1])
	m.genuine()
	m.states()
	m.keyLife()
	m.signatures()
	m.texts()
	m.headers()
	m.claims()
	m.numbers()
	m.needs()
	return m.made
}

func (m *maker) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *maker) keyOf(public crypto.PublicKey, alg string) keys.Key {
	id, err := keys.IDOf(public)
	m.must(err)
	return keys.Key{ID: id, Alg: alg, Public: public, Issuer: vectorIssuer, Purpose: keys.Cards, State: keys.Active, NotBefore: inUse}
}

func (m *maker) number(text string) card.Number {
	n, err := card.NewNumber(bytes.NewReader(seed(text)))
	m.must(err)
	return n
}

func (m *maker) sign(c card.Card) string {
	raw, err := token.Sign(c, token.SigningKey{ID: m.key.ID, Alg: m.key.Alg, Key: m.private})
	m.must(err)
	return raw
}

func (m *maker) decode(part string) string {
	data, err := text64.DecodeString(part)
	m.must(err)
	return string(data)
}

// forge signs any header and payload with the card key.
func (m *maker) forge(header, payload string) string {
	input := text64.EncodeToString([]byte(header)) + "." + text64.EncodeToString([]byte(payload))
	return input + "." + text64.EncodeToString(ed25519.Sign(m.private, []byte(input)))
}

func (m *maker) replace(text, old, new string) string {
	m.t.Helper()
	if strings.Count(text, old) != 1 {
		m.t.Fatalf("%q stands in %s %d times, want once", old, text, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

func (m *maker) keySet(all ...keys.Key) json.RawMessage {
	set, err := keys.NewSet(all...)
	m.must(err)
	data, err := set.Encode()
	m.must(err)
	return data
}

// about is a question about a token, at a time when c is in force and registered with just this token. A verifier that
// forgets the one rule that a bad vector breaks would find the card valid.
func (m *maker) about(raw string, c card.Card) vector {
	digest := sha256.Sum256([]byte(raw[:max(0, strings.LastIndexByte(raw, '.'))]))
	e := entry{Number: c.Number, Digest: hex.EncodeToString(digest[:]), KeyID: m.key.ID, State: card.Issued, RecordedAt: c.IssuedAt,
		Issuer: c.Issuer, IssuedAt: c.IssuedAt.Unix(), ExpiresAt: c.ExpiresAt.Unix(), Name: c.Name, Course: c.Course}
	if !c.NotBefore.IsZero() {
		e.NotBefore = c.NotBefore.Unix()
	}
	return vector{Token: raw, Clock: issuedAt.Add(time.Hour), Keys: m.keySet(m.key), Register: ledger{Cards: []entry{e}}}
}

// vouched are the verdicts that come with a card.
var vouched = []verify.Code{verify.Valid, verify.Expired, verify.NotYetValid, verify.Revoked, verify.Suspended, verify.Superseded, verify.StatusUnknown}

func (m *maker) add(name, description string, v vector, code verify.Code, reasons ...verify.Code) {
	m.t.Helper()
	if _, twice := m.made[name]; twice {
		m.t.Fatalf("two vectors are called %s", name)
	}
	v.Description, v.Expected = description, answer{Code: code, Reasons: append([]verify.Code{}, reasons...)}
	if slices.Contains(vouched, code) {
		v.Expected.Card = v.Register.card()
	}
	m.made[name] = v
}

// card is the number of the ledger's card; where the register is down, the signature vouches for it alone.
func (l ledger) card() string { return l.Cards[0].Number.Compact() }

// bad adds a token that is refused, whatever the register holds.
func (m *maker) bad(name, description, raw string, code verify.Code) {
	m.t.Helper()
	m.add(name, description, m.about(raw, m.card), code)
}

func (m *maker) genuine() {
	m.add("valid-token", "A card in force, given as its token.", m.about(m.good, m.card), verify.Valid)
	v := m.about(m.good, m.card)
	v.Token = token.Digits(m.good)
	m.add("valid-digits", "The same card, given as digits.", v, verify.Valid)
	c := m.card
	c.Status = nil
	m.add("valid-no-status", "A card without a place in a status list.", m.about(m.sign(c), c), verify.Valid)
	c.Name = `Zoë "R&D" <O'Neil>`
	m.add("valid-name-escapes", "Of the name only the quotation marks are escaped; &, < and > stand as they are.", m.about(m.sign(c), c), verify.Valid)
	c = m.card
	c.NotBefore = issuedAt.Add(time.Hour)
	m.add("valid-nbf", "A card with nbf, the last of its claims; the clock has reached it.", m.about(m.sign(c), c), verify.Valid)
	c.NotBefore = issuedAt.Add(time.Hour + verify.ClockSkew)
	m.add("valid-nbf-60s-ahead", "nbf may be 60 seconds ahead.", m.about(m.sign(c), c), verify.Valid)
	c.NotBefore = c.NotBefore.Add(time.Second)
	m.add("not-yet-valid-nbf", "nbf is 61 seconds ahead.", m.about(m.sign(c), c), verify.NotYetValid)

	v = m.about(m.good, m.card)
	v.Clock = issuedAt.Add(-verify.ClockSkew)
	m.add("valid-iat-60s-ahead", "iat may be 60 seconds ahead.", v, verify.Valid)
	v.Clock = v.Clock.Add(-time.Second)
	m.add("not-yet-valid-iat", "iat is 61 seconds ahead.", v, verify.NotYetValid)
	v.Clock = expiresAt.Add(-time.Second)
	m.add("valid-last-second", "The last second before exp.", v, verify.Valid)
	v.Clock = expiresAt
	m.add("expired-first-second", "The second of exp: it has no leeway.", v, verify.Expired)
}

func (m *maker) states() {
	for name, tc := range map[string]struct {
		description string
		tweak       func(*vector)
		code        verify.Code
		reasons     []verify.Code
	}{
		"revoked":            {"The register says revoked.", state(card.Revoked), verify.Revoked, nil},
		"suspended":          {"The register says suspended.", state(card.Suspended), verify.Suspended, nil},
		"superseded":         {"The register says superseded.", state(card.Superseded), verify.Superseded, nil},
		"planned":            {"The card is recorded but not released.", state(card.Planned), verify.NotYetValid, nil},
		"state-unheard-of":   {"A state of a later version is no reason to say valid.", state("frozen"), verify.StatusUnknown, nil},
		"revoked-expired":    {"Revoked, and past its last day: revoked is the verdict, expired a reason.", func(v *vector) { state(card.Revoked)(v); v.Clock = expiresAt }, verify.Revoked, []verify.Code{verify.Expired}},
		"suspended-expired":  {"Suspended, and past its last day.", func(v *vector) { state(card.Suspended)(v); v.Clock = expiresAt }, verify.Suspended, []verify.Code{verify.Expired}},
		"superseded-expired": {"Superseded, and past its last day.", func(v *vector) { state(card.Superseded)(v); v.Clock = expiresAt }, verify.Superseded, []verify.Code{verify.Expired}},
		"register-down":      {"Rightly signed, but the register can't be asked.", func(v *vector) { v.Register.Down = true }, verify.StatusUnknown, nil},
		"register-down-expired": {"The register can't be asked, and the card is over anyway.", func(v *vector) { v.Register.Down = true; v.Clock = expiresAt },
			verify.Expired, []verify.Code{verify.StatusUnknown}},
		"unregistered-number":  {"Rightly signed, but the register has no such number: what a stolen key would make.", func(v *vector) { v.Register.Cards = []entry{} }, verify.Unregistered, nil},
		"unregistered-content": {"Rightly signed, but the register holds other content under the number.", func(v *vector) { v.Register.Cards[0].Digest = strings.Repeat("5a", 32) }, verify.Unregistered, nil},
	} {
		v := m.about(m.good, m.card)
		tc.tweak(&v)
		m.add(name, tc.description, v, tc.code, tc.reasons...)
	}
}

func state(s card.State) func(*vector) {
	return func(v *vector) { v.Register.Cards[0].State = s }
}

func (m *maker) keyLife() {
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		description string
		tweak       func(*keys.Key)
		recorded    time.Time
		code        verify.Code
	}{
		"key-retired-later":         {"A key that was retired after it signed the card goes on verifying it.", func(k *keys.Key) { k.State, k.RetiredAt = keys.Retired, issuedAt }, issuedAt, verify.Valid},
		"key-retired-before":        {"The card says that it was issued after its key was retired.", func(k *keys.Key) { k.State, k.RetiredAt = keys.Retired, issuedAt.Add(-time.Second) }, issuedAt, verify.KeyRevoked},
		"key-not-yet-used":          {"The card says that it was issued before its key came into use.", func(k *keys.Key) { k.NotBefore = issuedAt.Add(time.Second) }, issuedAt, verify.KeyRevoked},
		"key-revoked-card-before":   {"The key is revoked, but the register held the card before the leak.", revokedSince(issuedAt.Add(day)), issuedAt, verify.Valid},
		"key-revoked-card-after":    {"The register first held the card when the key was lost already.", revokedSince(issuedAt), issuedAt, verify.KeyRevoked},
		"key-revoked-card-predated": {"The date in the card is before the leak, but the register first held it after.", revokedSince(issuedAt.Add(day)), issuedAt.Add(2 * day), verify.KeyRevoked},
	} {
		k := m.key
		tc.tweak(&k)
		v := m.about(m.good, m.card)
		v.Keys, v.Register.Cards[0].RecordedAt = m.keySet(k), tc.recorded
		m.add(name, tc.description, v, tc.code)
	}
	k := m.key
	revokedSince(issuedAt.Add(day))(&k)
	v := m.about(m.good, m.card)
	v.Keys, v.Register.Cards = m.keySet(k), []entry{}
	m.add("key-revoked-unregistered", "The key is revoked, and the register has no such card.", v, verify.KeyRevoked, verify.Unregistered)
	v = m.about(m.good, m.card)
	v.Keys = m.keySet(m.strange())
	m.add("unknown-issuer", "The key set has no key of this kid.", v, verify.UnknownIssuer)
}

// strange is a key that signed none of the cards.
func (m *maker) strange() keys.Key { return m.keyOf(stranger().Public(), token.EdDSA) }

func stranger() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed("stranger")) }

func revokedSince(at time.Time) func(*keys.Key) {
	return func(k *keys.Key) { k.State, k.RevokedSince = keys.Revoked, at }
}

func (m *maker) signatures() {
	parts := strings.Split(m.good, ".")
	bad := func(name, description, raw string) { m.bad(name, description, raw, verify.BadSignature) }
	bad("alg-none", "alg none and no signature.", m.encodeHeader("none")+"."+parts[1]+".")
	der, err := x509.MarshalPKIXPublicKey(m.key.Public)
	m.must(err)
	for name, secret := range map[string][]byte{"raw": m.key.Public.(ed25519.PublicKey), "der": der, "pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})} {
		mac := hmac.New(sha256.New, secret)
		input := m.encodeHeader("HS256") + "." + parts[1]
		mac.Write([]byte(input))
		bad("alg-hs256-"+name, "HS256 with the public key as the secret ("+name+").", input+"."+text64.EncodeToString(mac.Sum(nil)))
	}
	bad("alg-ed25519-name", "Rightly signed, but the header has another name of the algorithm than the key's record.", m.forge(m.replace(m.header, "EdDSA", "Ed25519"), m.claim))
	bad("other-key", "Signed by a stranger's key under the kid of ours.", parts[0]+"."+parts[1]+"."+text64.EncodeToString(ed25519.Sign(stranger(), []byte(parts[0]+"."+parts[1]))))
	bad("payload-changed", "BLS was changed to ALS after signing.", parts[0]+"."+text64.EncodeToString([]byte(m.replace(m.claim, `"BLS"`, `"ALS"`)))+"."+parts[2])
	sig := []byte(m.decode(parts[2]))
	sig[0] ^= 1
	bad("signature-changed", "One bit of the signature was changed.", parts[0]+"."+parts[1]+"."+text64.EncodeToString(sig))
	bad("signature-zero", "A signature of 64 zero bytes.", parts[0]+"."+parts[1]+"."+text64.EncodeToString(make([]byte, 64)))
	bad("signature-short", "The signature lacks its last byte.", parts[0]+"."+parts[1]+"."+text64.EncodeToString(sig[:63]))
	bad("signature-missing", "The signature is empty.", parts[0]+"."+parts[1]+".")
	m.es256()
}

func (m *maker) encodeHeader(alg string) string {
	return text64.EncodeToString([]byte(m.replace(m.header, "EdDSA", alg)))
}

// es256 has the two signatures that fit one ES256 token. They are those of RFC 6979, so that every run makes the same.
func (m *maker) es256() {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed("P-256 key"))
	m.must(err)
	key := m.keyOf(private.Public(), token.ES256)
	input := text64.EncodeToString(fmt.Appendf(nil, `{"alg":"ES256","kid":"%s","typ":"card+jwt"}`, key.ID)) + "." + text64.EncodeToString([]byte(m.claim))
	digest := sha256.Sum256([]byte(input))
	der, err := private.Sign(nil, digest[:], crypto.SHA256)
	m.must(err)
	var rs struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &rs)
	m.must(err)
	order := elliptic.P256().Params().N
	low, high := rs.S, new(big.Int).Sub(order, rs.S)
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	for _, tc := range []struct {
		name, description string
		s                 *big.Int
		code              verify.Code
	}{
		{"valid-es256", "A key of P-256, with the lower of the two values of s.", low, verify.Valid},
		{"es256-high-s", "The same, with the higher value of s: a second text for one card.", high, verify.BadSignature},
	} {
		sig := append(rs.R.FillBytes(make([]byte, 32)), tc.s.FillBytes(make([]byte, 32))...)
		v := m.about(input+"."+text64.EncodeToString(sig), m.card)
		v.Keys, v.Register.Cards[0].KeyID = m.keySet(key), key.ID
		m.add(tc.name, tc.description, v, tc.code)
	}
}
