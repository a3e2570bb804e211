package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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
	group         string // what the vectors to come have in common
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
	for _, g := range []struct {
		name string
		make func()
	}{
		{"genuine", m.genuine}, {"register", m.states}, {"time", m.times}, {"key", m.keyLife}, {"algorithm", m.algorithms}, {"signature", m.signatures},
		{"encoding", m.texts}, {"header", m.headers}, {"claims", m.claims}, {"claims", m.values}, {"number", m.numbers}, {"need", m.needs},
	} {
		m.group = g.name
		g.make()
	}
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
	v.Group, v.Description, v.Expected = m.group, description, answer{Code: code, Reasons: append([]verify.Code{}, reasons...)}
	if slices.Contains(vouched, code) {
		v.Expected.Card = v.Register.card()
	}
	if v.Number == "" {
		v.Expected.Signature = signatureAlone(code, reasons)
	}
	m.made[name] = v
}

// signatureAlone is what remains of a verdict where neither the key's life, nor the clock, nor the register is looked at.
func signatureAlone(code verify.Code, reasons []verify.Code) verify.Code {
	for _, c := range append([]verify.Code{code}, reasons...) {
		switch c {
		case verify.Malformed, verify.WrongType, verify.UnknownIssuer, verify.BadSignature, verify.InvalidClaims:
			return c
		}
	}
	return genuine
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
		"register-down-early": {"The register can't be asked, and the card is of the future.", func(v *vector) { v.Register.Down = true; v.Clock = issuedAt.Add(-time.Hour) },
			verify.NotYetValid, []verify.Code{verify.StatusUnknown}},
		"state-empty":              {"No state at all is no reason to say valid.", state(""), verify.StatusUnknown, nil},
		"state-capitals":           {"A state in another case is another state.", state("ISSUED"), verify.StatusUnknown, nil},
		"state-valid":              {"The register has no state of this name.", state("valid"), verify.StatusUnknown, nil},
		"state-unheard-of-expired": {"An unknown state, and past its last day.", func(v *vector) { state("frozen")(v); v.Clock = expiresAt }, verify.Expired, []verify.Code{verify.StatusUnknown}},
		"planned-expired":          {"Recorded, never released, and past its last day.", func(v *vector) { state(card.Planned)(v); v.Clock = expiresAt }, verify.Expired, []verify.Code{verify.NotYetValid}},
		"revoked-early":            {"Revoked before it begins.", func(v *vector) { state(card.Revoked)(v); v.Clock = issuedAt.Add(-time.Hour) }, verify.Revoked, []verify.Code{verify.NotYetValid}},
		"unregistered-expired":     {"Rightly signed, not in the register, and over.", func(v *vector) { v.Register.Cards = []entry{}; v.Clock = expiresAt }, verify.Unregistered, []verify.Code{verify.Expired}},
		"unregistered-revoked":     {"Other content under the number of a revoked card.", func(v *vector) { v.Register.Cards[0].Digest = strings.Repeat("5a", 32); state(card.Revoked)(v) }, verify.Unregistered, nil},
		"valid-name-corrected":     {"The register's copy of the name is another: what is signed counts, by its digest.", func(v *vector) { v.Register.Cards[0].Name = "Zoë" }, verify.Valid, nil},
		"unregistered-number":      {"Rightly signed, but the register has no such number: what a stolen key would make.", func(v *vector) { v.Register.Cards = []entry{} }, verify.Unregistered, nil},
		"unregistered-content":     {"Rightly signed, but the register holds other content under the number.", func(v *vector) { v.Register.Cards[0].Digest = strings.Repeat("5a", 32) }, verify.Unregistered, nil},
	} {
		v := m.about(m.good, m.card)
		tc.tweak(&v)
		m.add(name, tc.description, v, tc.code, tc.reasons...)
	}
}

func state(s card.State) func(*vector) {
	return func(v *vector) { v.Register.Cards[0].State = s }
}
