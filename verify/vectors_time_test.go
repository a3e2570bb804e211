package verify_test

import (
	"fmt"
	"time"
	_ "time/tzdata" // the zones of the vectors, on machines that have none

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// times asks about one card at the seconds where its answer changes.
func (m *maker) times() {
	for name, tc := range map[string]struct {
		description string
		clock       time.Time
		code        verify.Code
	}{
		"valid-iat-60s-ahead":    {"iat may be 60 seconds ahead.", issuedAt.Add(-verify.ClockSkew), verify.Valid},
		"not-yet-valid-iat":      {"iat is 61 seconds ahead.", issuedAt.Add(-verify.ClockSkew - time.Second), verify.NotYetValid},
		"valid-last-second":      {"The last second before exp.", expiresAt.Add(-time.Second), verify.Valid},
		"expired-first-second":   {"The second of exp: it has no leeway.", expiresAt, verify.Expired},
		"expired-second-after":   {"The second after exp.", expiresAt.Add(time.Second), verify.Expired},
		"expired-sixty-seconds":  {"The 60 seconds of leeway of iat are none for exp.", expiresAt.Add(59 * time.Second), verify.Expired},
		"expired-century":        {"A hundred years later.", expiresAt.AddDate(100, 0, 0), verify.Expired},
		"not-yet-valid-1970":     {"A verifier whose clock was reset.", time.Unix(0, 0).UTC(), verify.NotYetValid},
		"expired-beyond-32-bits": {"A second that does not fit 32 bits with a sign.", time.Unix(1<<31, 0).UTC(), verify.Expired},
	} {
		v := m.about(m.good, m.card)
		v.Clock = tc.clock
		m.add(name, tc.description, v, tc.code)
	}
	c := m.card
	for name, tc := range map[string]struct {
		description string
		begins      time.Time
		code        verify.Code
	}{
		"valid-nbf":           {"A card with nbf, the last of its claims; the clock has reached it.", issuedAt.Add(time.Hour), verify.Valid},
		"valid-nbf-60s-ahead": {"nbf may be 60 seconds ahead.", issuedAt.Add(time.Hour + verify.ClockSkew), verify.Valid},
		"not-yet-valid-nbf":   {"nbf is 61 seconds ahead.", issuedAt.Add(time.Hour + verify.ClockSkew + time.Second), verify.NotYetValid},
	} {
		c.NotBefore = tc.begins
		m.add(name, tc.description, m.about(m.sign(c), c), tc.code)
	}
	c.NotBefore, c.ExpiresAt = expiresAt.AddDate(1, 0, 0), expiresAt
	v := m.about(m.sign(c), c)
	v.Clock = expiresAt
	m.add("expired-before-nbf", "A card that is over before it begins is expired, and also begins later.", v, verify.Expired, verify.NotYetValid)
	c = m.card
	c.ExpiresAt = time.Unix(card.MaxNumericDate, 0).UTC()
	m.add("valid-exp-greatest", "exp is 2^53, the greatest that a card may have.", m.about(m.sign(c), c), verify.Valid)
	m.zones()
}

// zones are cards whose last valid day is not 24 hours from midnight to midnight in UTC. The days lie behind us, so that no law
// changes them any more.
func (m *maker) zones() {
	for _, tc := range []struct {
		name, zone, what string
		last             card.Date
		exp              string
	}{
		{"leap-day", "UTC", "the leap day", card.Date{Year: 2024, Month: 2, Day: 29}, "2024-03-01T00:00:00Z"},
		{"leap-day-eve", "UTC", "28 February of a leap year", card.Date{Year: 2024, Month: 2, Day: 28}, "2024-02-29T00:00:00Z"},
		{"lisbon-spring", "Europe/Lisbon", "a day of 23 hours", card.Date{Year: 2024, Month: 3, Day: 31}, "2024-03-31T23:00:00Z"},
		{"lisbon-autumn", "Europe/Lisbon", "a day of 25 hours", card.Date{Year: 2024, Month: 10, Day: 27}, "2024-10-28T00:00:00Z"},
		{"santiago", "America/Santiago", "a day after which the clocks skip midnight", card.Date{Year: 2024, Month: 9, Day: 7}, "2024-09-08T04:00:00Z"},
		{"havana", "America/Havana", "a day after which midnight comes twice", card.Date{Year: 2024, Month: 11, Day: 2}, "2024-11-03T04:00:00Z"},
		{"kiritimati", "Pacific/Kiritimati", "a day that ends 14 hours before that of UTC", card.Date{Year: 2024, Month: 12, Day: 31}, "2024-12-31T10:00:00Z"},
	} {
		loc, err := time.LoadLocation(tc.zone)
		m.must(err)
		c := m.card
		c.IssuedAt, c.ExpiresAt = time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC), tc.last.End(loc)
		if got := c.ExpiresAt.UTC().Format(time.RFC3339); got != tc.exp {
			m.t.Fatalf("%s ends at %s, want %s", tc.name, got, tc.exp)
		}
		k := m.key
		k.NotBefore = c.IssuedAt
		for _, at := range []struct {
			name, what string
			clock      time.Time
			down       bool
			code       verify.Code
			reasons    []verify.Code
		}{
			{"last-second", "its last second", c.ExpiresAt.Add(-time.Second), false, verify.Valid, nil},
			{"over", "the second after it", c.ExpiresAt, false, verify.Expired, nil},
			{"over-register-down", "the second after it, while the register can't be asked", c.ExpiresAt, true, verify.Expired, []verify.Code{verify.StatusUnknown}},
		} {
			v := m.about(m.sign(c), c)
			v.Clock, v.Zone, v.Keys, v.Register.Down = at.clock, tc.zone, m.keySet(k), at.down
			v.Register.Cards[0].ExpiresOn = tc.last.String()
			name := "zone-" + tc.name + "-" + at.name
			m.add(name, fmt.Sprintf("The last valid day is %s; the clock shows %s.", tc.what, at.what), v, at.code, at.reasons...)
			v = m.made[name]
			v.Expected.Expires = tc.last.String()
			m.made[name] = v
		}
	}
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
		"key-first-second":          {"The card was issued in the second in which its key came into use.", func(k *keys.Key) { k.NotBefore = issuedAt }, issuedAt, verify.Valid},
		"key-not-yet-used":          {"The card says that it was issued before its key came into use.", func(k *keys.Key) { k.NotBefore = issuedAt.Add(time.Second) }, issuedAt, verify.KeyRevoked},
		"key-revoked-card-before":   {"The key is revoked, but the register held the card before the leak.", revokedSince(issuedAt.Add(day)), issuedAt, verify.Valid},
		"key-revoked-second-before": {"The register held the card one second before the leak.", revokedSince(issuedAt.Add(time.Second)), issuedAt, verify.Valid},
		"key-revoked-card-after":    {"The register first held the card when the key was lost already.", revokedSince(issuedAt), issuedAt, verify.KeyRevoked},
		"key-revoked-card-predated": {"The date in the card is before the leak, but the register first held it after.", revokedSince(issuedAt.Add(day)), issuedAt.Add(2 * day), verify.KeyRevoked},
		"key-revoked-never-held":    {"The register can't say when it first held the card of a revoked key.", revokedSince(issuedAt.Add(day)), time.Time{}, verify.KeyRevoked},
		"key-revoked-and-retired":   {"A key that was retired before the card, and is revoked now.", func(k *keys.Key) { revokedSince(issuedAt.Add(day))(k); k.RetiredAt = issuedAt.Add(-time.Second) }, issuedAt, verify.KeyRevoked},
		"key-of-status-lists":       {"A card signed with the key of the status lists, which lies beside a server.", func(k *keys.Key) { k.Purpose = keys.StatusLists }, issuedAt, verify.UnknownIssuer},
		"key-of-another-issuer":     {"A card signed with a known key of another issuer.", func(k *keys.Key) { k.Issuer = "https://other.example" }, issuedAt, verify.InvalidClaims},
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
	v.Keys, v.Clock, v.Register.Cards[0].State = m.keySet(k), expiresAt, card.Revoked
	v.Register.Cards[0].RecordedAt = issuedAt.Add(2 * day)
	m.add("key-revoked-card-revoked-expired", "Key revoked, card revoked, card expired: the key comes first.", v, verify.KeyRevoked, verify.Revoked, verify.Expired)
	m.add("key-revoked-another-issuer", "The key is revoked, and of another issuer.", m.withKey(func(k *keys.Key) { revokedSince(issuedAt)(k); k.Issuer = "https://other.example" }),
		verify.KeyRevoked, verify.InvalidClaims)
	m.unvouched("key-revoked-register-down", "The key is revoked, and the register can't be asked whether it held the card before: no card is shown.",
		func(v *vector) { v.Keys, v.Register.Down = m.keySet(k), true }, verify.StatusUnknown)
	m.keySets()
}

// keySets have more keys than one, or another than the card's.
func (m *maker) keySets() {
	v := m.about(m.good, m.card)
	v.Keys = m.keySet(m.strange(), m.key)
	m.add("valid-second-key", "The key set has two keys, and the card is of the second.", v, verify.Valid)
	v = m.about(m.good, m.card)
	v.Keys = m.keySet(m.strange())
	m.add("unknown-issuer", "The key set has no key of this kid.", v, verify.UnknownIssuer)

	mine, theirs := m.key, m.strange()
	theirs.Issuer = "https://other.example"
	header := m.replace(m.header, mine.ID, theirs.ID)
	v = m.about(forgeWith(stranger(), header, m.claim), m.card)
	v.Keys, v.Register.Cards[0].KeyID = m.keySet(mine, theirs), theirs.ID
	m.add("key-cross-issuer", "Two issuers are known; one signs a card in the name of the other, with its own key.", v, verify.InvalidClaims)

	list := m.strange()
	list.Purpose = keys.StatusLists
	payload := fmt.Sprintf(`{"sub":"%s/s/1","iat":%d,"exp":%d,"ttl":43200,"status_list":{"bits":2,"lst":"eNpjYGBgAAAABAAB"}}`, vectorIssuer, issuedAt.Unix(), expiresAt.Unix())
	header = fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"statuslist+jwt"}`, list.ID)
	v = m.about(forgeWith(stranger(), header, payload), m.card)
	v.Keys = m.keySet(m.key, list)
	m.add("key-status-list-as-card", "A rightly signed status list, shown as a card.", v, verify.WrongType)
	v = m.about(forgeWith(stranger(), m.replace(header, "statuslist+jwt", token.Type), m.claim), m.card)
	v.Keys, v.Register.Cards[0].KeyID = m.keySet(m.key, list), list.ID
	m.add("key-status-list-signs-card", "A card in all its parts, signed with the key of the status lists under that key's kid.", v, verify.UnknownIssuer)
}

// withKey is the question about the good card, with its key changed.
func (m *maker) withKey(tweak func(*keys.Key)) vector {
	k := m.key
	tweak(&k)
	v := m.about(m.good, m.card)
	v.Keys = m.keySet(k)
	return v
}

// unvouched adds a question about the good card whose answer may show no card, although its code often comes with one.
func (m *maker) unvouched(name, description string, tweak func(*vector), code verify.Code, reasons ...verify.Code) {
	v := m.about(m.good, m.card)
	tweak(&v)
	m.add(name, description, v, code, reasons...)
	v = m.made[name]
	v.Expected.Card = ""
	m.made[name] = v
}

func revokedSince(at time.Time) func(*keys.Key) {
	return func(k *keys.Key) { k.State, k.RevokedSince = keys.Revoked, at }
}
