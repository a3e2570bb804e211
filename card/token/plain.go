package token

import (
	"bytes"
	"strconv"
)

// plain reads the JSON that Sign writes, member by member in the one order, without the work of taking any other. It reads no escapes and
// judges nothing: whoever uses it compares what it read, encoded again, with what was there.
type plain struct {
	rest   []byte
	failed bool
}

// skip goes over a text that has to come next.
func (p *plain) skip(text string) {
	rest, ok := bytes.CutPrefix(p.rest, []byte(text))
	p.rest, p.failed = rest, p.failed || !ok
}

// next says whether the text comes next, and goes over it where it does.
func (p *plain) next(text string) (ok bool) {
	p.rest, ok = bytes.CutPrefix(p.rest, []byte(text))
	return ok
}

// text is the string behind a member's name.
func (p *plain) text(name string) string {
	p.skip(name)
	p.skip(`"`)
	end := bytes.IndexAny(p.rest, `"\`)
	if p.failed || end < 0 || p.rest[end] == '\\' {
		p.failed = true
		return ""
	}
	s := string(p.rest[:end])
	p.rest = p.rest[end+1:]
	return s
}

// integer is the number behind a member's name.
func (p *plain) integer(name string) int64 {
	p.skip(name)
	end := 0
	for end < len(p.rest) && '0' <= p.rest[end] && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(p.rest[:end]), 10, 64)
	p.rest, p.failed = p.rest[end:], p.failed || err != nil
	return n
}

// end says whether the object ends here, everything was there, and nothing comes after it.
func (p *plain) end() bool {
	p.skip("}")
	return !p.failed && len(p.rest) == 0
}

// plainHeader is the header in data, and false where it is written in another way than Sign's.
func plainHeader(data []byte) (header, bool) {
	p := plain{rest: data}
	h := header{Alg: p.text(`{"alg":`), Kid: p.text(`,"kid":`), Typ: p.text(`,"typ":`)}
	if !p.end() {
		return header{}, false
	}
	return h, true
}

// plainClaims are the claims in data, and false where they are written in another way than Sign's, or with an escape.
func plainClaims(data []byte) (claims, bool) {
	p := plain{rest: data}
	c := claims{Iss: p.text(`{"iss":`), Jti: p.text(`,"jti":`), Iat: p.integer(`,"iat":`), Exp: p.integer(`,"exp":`), Name: p.text(`,"name":`), Crs: p.text(`,"crs":`)}
	if p.next(`,"status":{"status_list":`) {
		c.Status = &status{statusList{Idx: p.integer(`{"idx":`), URI: p.text(`,"uri":`)}}
		p.skip("}}")
	}
	if p.next(`,"nbf":`) {
		nbf := p.integer("")
		c.Nbf = &nbf
	}
	if !p.end() {
		return claims{}, false
	}
	return c, true
}
