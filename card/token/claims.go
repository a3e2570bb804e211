package token

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/cardproof/cardproof/card"
)

// header and claims stand in the order in which the contract writes their members.
type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

type claims struct {
	Iss    string  `json:"iss"`
	Jti    string  `json:"jti"`
	Iat    int64   `json:"iat"`
	Exp    int64   `json:"exp"`
	Name   string  `json:"name"`
	Crs    string  `json:"crs"`
	Status *status `json:"status,omitempty"`
	Nbf    *int64  `json:"nbf,omitempty"`
}

type status struct {
	StatusList statusList `json:"status_list"`
}

type statusList struct {
	Idx int64  `json:"idx"`
	URI string `json:"uri"`
}

func encodeHeader(alg, keyID string) []byte { return encode(header{alg, keyID, Type}) }

func encodeClaims(c card.Card) []byte {
	out := claims{
		Iss: c.Issuer, Jti: c.Number.Compact(), Iat: c.IssuedAt.Unix(), Exp: c.ExpiresAt.Unix(), Name: c.Name, Crs: c.Course,
	}
	if c.Status != nil {
		out.Status = &status{statusList{c.Status.Index, c.Status.URI}}
	}
	if !c.NotBefore.IsZero() {
		nbf := c.NotBefore.Unix()
		out.Nbf = &nbf
	}
	return encode(out)
}

// encode is JSON without HTML's escapes, which json.Marshal (and so golang-jwt) would put into a name such as "R&D".
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // header and claims are strings and integers: they always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// cardOf reads the claims out of a payload. The one thing that accepts is the comparison at the end of quickly: the payload has
// to be, byte for byte, what Sign would write for a card by the rules. encoding/json alone takes much that is not; all of that is
// another text than the one it encodes to, and so is all that plainClaims takes too much. What is refused is read again, strictly and slowly, to say by which rule.
func cardOf(payload []byte) (card.Card, Refusal) {
	if c, ok := quickly(payload); ok {
		return c, ""
	}
	return card.Card{}, whyNoCard(payload)
}

func quickly(payload []byte) (card.Card, bool) {
	in, ok := plainClaims(payload)
	if !ok && json.Unmarshal(payload, &in) != nil { // a name may have a quotation mark
		return card.Card{}, false
	}
	c := in.card()
	if c.Validate() != nil || !bytes.Equal(encodeClaims(c), payload) {
		return card.Card{}, false
	}
	return c, true
}

func (in claims) card() card.Card {
	c := card.Card{
		Issuer: in.Iss, Number: card.Number(in.Jti), IssuedAt: unixTime(in.Iat), ExpiresAt: unixTime(in.Exp), Name: in.Name, Course: in.Crs,
	}
	if in.Nbf != nil {
		c.NotBefore = unixTime(*in.Nbf)
	}
	if in.Status != nil {
		c.Status = &card.StatusRef{Index: in.Status.StatusList.Idx, URI: in.Status.StatusList.URI}
	}
	return c
}

func unixTime(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// whyNoCard is the rule that a payload breaks: the first of JSON, the members and their types, the card's own rules, the spelling.
func whyNoCard(payload []byte) Refusal {
	o, refusal := readObject(payload)
	if refusal != "" {
		return refusal
	}
	m := members{o: o}
	in := claims{Iss: m.text("iss"), Jti: m.text("jti"), Iat: m.integer("iat"), Exp: m.integer("exp"), Name: m.text("name"), Crs: m.text("crs")}
	if _, ok := o["nbf"]; ok {
		nbf := m.integer("nbf")
		in.Nbf = &nbf
	}
	if inner := m.object("status"); inner != nil {
		list := members{o: inner}
		entry := members{o: list.object("status_list")}
		in.Status = &status{statusList{entry.integer("idx"), entry.text("uri")}}
		m.absorb(list, entry)
	}
	if refusal := m.refusal(); refusal != "" {
		return refusal
	}
	if in.card().Validate() != nil {
		return ClaimRule
	}
	return NotCanonicalJSON
}

// members takes the members of an object one by one and remembers the first thing that is wrong.
type members struct {
	o     map[string]any
	taken int
	first Refusal
}

func take[T any](m *members, name string) (T, bool) {
	v, ok := m.o[name]
	t, right := v.(T)
	switch {
	case !ok:
		m.fail(MemberMissing)
	case !right:
		m.taken++
		m.fail(MemberType)
	default:
		m.taken++
	}
	return t, right
}

func (m *members) text(name string) string {
	s, _ := take[string](m, name)
	return s
}

func (m *members) integer(name string) int64 {
	n, ok := take[json.Number](m, name)
	if !ok {
		return 0
	}
	// Int64 refuses fractions and exponents, and the range is JSON's own: RFC 8259, section 6.
	v, err := n.Int64()
	if err != nil || v < 0 || v > card.MaxNumericDate {
		m.fail(NotAnInteger)
		return 0
	}
	return v
}

// object is nil, and no failure, for a member that is not there: status is the one object, and it may be left out.
func (m *members) object(name string) map[string]any {
	if _, ok := m.o[name]; !ok {
		return nil
	}
	o, _ := take[map[string]any](m, name)
	return o
}

func (m *members) absorb(others ...members) {
	for _, o := range others {
		if r := o.refusal(); r != "" {
			m.fail(r)
		}
	}
}

func (m *members) refusal() Refusal {
	if m.first == "" && m.taken != len(m.o) {
		return MemberUnknown
	}
	return m.first
}

func (m *members) fail(r Refusal) {
	if m.first == "" {
		m.first = r
	}
}
