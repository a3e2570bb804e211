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

// cardOf reads the claims out of a payload. It refuses unknown, missing and mistyped members; the caller refuses what is
// left of other spellings by encoding the card again.
func cardOf(payload []byte) (card.Card, Refusal) {
	o, refusal := readObject(payload)
	if refusal != "" {
		return card.Card{}, refusal
	}
	m := members{o: o}
	c := card.Card{
		Issuer:    m.text("iss"),
		Number:    card.Number(m.text("jti")),
		IssuedAt:  m.time("iat"),
		ExpiresAt: m.time("exp"),
		Name:      m.text("name"),
		Course:    m.text("crs"),
	}
	if _, ok := o["nbf"]; ok {
		c.NotBefore = m.time("nbf")
	}
	if inner := m.object("status"); inner != nil {
		list := members{o: inner}
		entry := members{o: list.object("status_list")}
		c.Status = &card.StatusRef{Index: entry.integer("idx"), URI: entry.text("uri")}
		m.absorb(list, entry)
	}
	return c, m.refusal()
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

func (m *members) time(name string) time.Time { return time.Unix(m.integer(name), 0).UTC() }

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
