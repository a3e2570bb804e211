package verify_test

import (
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// slip is the card number with its last symbol wrong.
func (m *maker) slip() string {
	n := m.card.Number.Compact()
	last := "0"
	if n[len(n)-1] == '0' {
		last = "1"
	}
	return n[:len(n)-1] + last
}

func (m *maker) numbers() {
	n := m.card.Number
	ask := func(typed string) vector {
		v := m.about(m.good, m.card)
		v.Token, v.Number = "", typed
		return v
	}
	m.add("number-valid", "A card in force, by its number.", ask(n.String()), verify.Valid)
	m.add("number-as-typed", "In lower case, with o, i and spaces: these stand for 0, 1 and nothing.",
		ask(strings.NewReplacer("-", "  ", "0", "o", "1", "i").Replace(strings.ToLower(n.String()))), verify.Valid)
	for name, tc := range map[string]struct {
		state card.State
		code  verify.Code
	}{
		"revoked": {card.Revoked, verify.Revoked}, "suspended": {card.Suspended, verify.Suspended}, "superseded": {card.Superseded, verify.Superseded},
		"planned": {card.Planned, verify.NotYetValid}, "state-unheard-of": {"frozen", verify.StatusUnknown},
	} {
		v := ask(n.String())
		state(tc.state)(&v)
		m.add("number-"+name, "A card whose state is "+string(tc.state)+", by its number.", v, tc.code)
	}
	v := ask(n.String())
	v.Clock = expiresAt
	m.add("number-expired", "An expired card, by its number.", v, verify.Expired)
	v = ask(n.String())
	k := m.key
	revokedSince(issuedAt.Add(-time.Hour))(&k)
	v.Keys = m.keySet(k)
	m.add("number-key-revoked", "A card whose key was lost before the register held it, by its number.", v, verify.KeyRevoked)
	v = ask(n.String())
	v.Keys = m.keySet(m.strange())
	m.add("number-unknown-key", "A card of a key that the key set does not have, by its number.", v, verify.UnknownIssuer)
	v = ask(n.String())
	k.State, k.RevokedSince, k.Purpose = keys.Active, time.Time{}, keys.StatusLists
	v.Keys = m.keySet(k)
	m.add("number-key-of-status-lists", "A card whose recorded key is one of status lists, by its number.", v, verify.UnknownIssuer)
	v = ask(n.String())
	k.Purpose, k.Issuer = keys.Cards, "https://other.example"
	v.Keys = m.keySet(k)
	m.add("number-key-of-another-issuer", "A card whose recorded key is of another issuer, by its number.", v, verify.InvalidClaims)
	m.add("number-not-found", "A right number that no card has.", ask(m.number("second").String()), verify.NotFound)
	v = ask(n.String())
	v.Register.Down = true
	m.add("number-register-down", "A number, and the register can't be asked.", v, verify.Unavailable)
	m.add("number-wrong-symbol", "The last symbol is wrong.", ask(m.slip()), verify.Malformed)
	m.add("number-swapped", "Two neighbours are swapped.", ask(n.Compact()[1:2]+n.Compact()[:1]+n.Compact()[2:]), verify.Malformed)
	m.add("number-short", "A symbol is missing.", ask(n.Compact()[:11]), verify.Malformed)
	m.add("number-long", "A symbol too many.", ask(n.Compact()+"0"), verify.Malformed)
	m.add("number-full-width", "The first symbol is the full-width letter.", ask("Ｎ"+n.Compact()[1:]), verify.Malformed)
	m.add("number-line-feed", "A line feed behind the number.", ask(n.Compact()+"\n"), verify.Malformed)
	m.add("number-sql", "A number that would end a careless query.", ask("' OR 1=1 --"), verify.Malformed)
	m.add("number-with-u", "U is no symbol of a number.", ask("U"+n.Compact()[1:]), verify.Malformed)
}

// needs ask whether a card meets a requirement. What the register froze with the card is the answer's one source.
func (m *maker) needs() {
	lay := m.card
	lay.Course = "CPR-AED"
	bls := []string{"BLS", "CPR"}
	for name, tc := range map[string]struct {
		description string
		card        card.Card
		meets       []string
		need        string
		tweak       func(*vector)
		code        verify.Code
		want        needAnswer
	}{
		"need-met":          {"The card answers the requirement.", m.card, bls, "BLS", nil, verify.Valid, needAnswer{"BLS", true}},
		"need-met-lower":    {"It answers that of a lower course, too.", m.card, bls, "CPR", nil, verify.Valid, needAnswer{"CPR", true}},
		"need-met-as-typed": {"In lower case, with spaces around it.", m.card, bls, " cpr\t", nil, verify.Valid, needAnswer{"CPR", true}},
		"need-not-met":      {"The card is valid, and does not answer the requirement.", m.card, bls, "PALS", nil, verify.Valid, needAnswer{"PALS", false}},
		"need-not-met-lay":  {"A lay rescuer's card is CPR, and no BLS.", lay, []string{"CPR-AED", "CPR"}, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-part-of-code": {"A part of a code is no code.", lay, []string{"CPR-AED"}, "CPR", nil, verify.Valid, needAnswer{"CPR", false}},
		"need-not-frozen":   {"What counts is the register's list; the course's code is no answer by itself.", m.card, []string{"CPR"}, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-no-list":      {"The register has no list for the card: that is no yes.", m.card, nil, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-revoked":      {"A revoked card meets nothing.", m.card, bls, "BLS", state(card.Revoked), verify.Revoked, needAnswer{"BLS", false}},
		"need-suspended":    {"A suspended card meets nothing.", m.card, bls, "BLS", state(card.Suspended), verify.Suspended, needAnswer{"BLS", false}},
		"need-expired":      {"An expired card meets nothing.", m.card, bls, "BLS", func(v *vector) { v.Clock = expiresAt }, verify.Expired, needAnswer{"BLS", false}},
		"need-unregistered": {"What nobody vouches for meets nothing.", m.card, bls, "BLS", func(v *vector) { v.Register.Cards = []entry{} }, verify.Unregistered, needAnswer{"BLS", false}},
		"need-register-down": {"The register can't be asked, so what the card meets can't be learned.", m.card, bls, "BLS",
			func(v *vector) { v.Register.Down = true }, verify.StatusUnknown, needAnswer{"BLS", false}},
		"need-number": {"By the number: the register answers.", m.card, bls, "CPR",
			func(v *vector) { v.Token, v.Number = "", m.card.Number.String() }, verify.Valid, needAnswer{"CPR", true}},
	} {
		v := m.about(m.sign(tc.card), tc.card)
		v.Need, v.Register.Cards[0].Meets = tc.need, tc.meets
		if tc.tweak != nil {
			tc.tweak(&v)
		}
		m.add(name, tc.description, v, tc.code)
		v = m.made[name]
		v.Expected.Meets = &tc.want
		m.made[name] = v
	}
}
