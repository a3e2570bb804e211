package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
)

// Open reads a token and checks that it is one of ours, in this order, and stops at the first refusal: length, alphabet,
// three parts of canonical base64url, header (strict JSON, exact members), typ, key known, algorithm that of the key,
// signature, claims (strict JSON, exact members and types, the card's own rules, canonical bytes).
// It takes no clock and no register: package verify judges times and state.
//
// find gives the public key of a key ID. The error is an *Error; nothing of the token is in it, and Opened is empty with it.
func Open(raw string, find func(keyID string) (PublicKey, bool)) (Opened, error) {
	s, err := openSigned(raw, Type, MaxLength, find)
	if err != nil {
		return Opened{}, err
	}
	c, refusal := cardOf(s.payload)
	if refusal != "" {
		return Opened{}, &Error{InvalidClaims, refusal}
	}
	return Opened{Card: c, KeyID: s.keyID, Digest: sha256.Sum256([]byte(s.input))}, nil
}

// split cuts a token of at most max characters into the bytes of its three parts.
func split(raw string, max int) ([3][]byte, Refusal) {
	var parts [3][]byte
	if len(raw) > max {
		return parts, TooLong
	}
	if !InAlphabet(raw) {
		return parts, AlphabetWrong
	}
	texts := strings.SplitN(raw, ".", len(parts)+1) // a token of dots alone must not cost more than another
	if len(texts) != len(parts) || texts[0] == "" || texts[1] == "" {
		return parts, NotThreeParts
	}
	for i, text := range texts {
		// The alphabet was checked, so CR and LF, which Go's decoder would skip, can't be here; Strict refuses trailing bits.
		data, err := base64url.DecodeString(text)
		if err != nil {
			return parts, NotCanonicalBase64
		}
		parts[i] = data
	}
	return parts, ""
}

// InAlphabet says whether s is of the characters of a token alone. It says nothing else of it.
func InAlphabet(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return s != ""
}

// openHeader reads the protected header of a token of the kind that is wanted. As with the claims, it accepts nothing but the bytes that
// Sign would write.
func openHeader(data []byte, want string) (header, error) {
	h, ok := plainHeader(data)
	if !ok {
		ok = json.Unmarshal(data, &h) == nil
	}
	if ok && h.Typ == want && bytes.Equal(encode(h), data) {
		return h, nil
	}
	return header{}, whyNoHeader(data, want)
}

// whyNoHeader is what is wrong with a header. A stranger's JWT, with another typ or none, is told apart from a broken token; a
// header of ours with any further member (crit, b64, zip, jwk, jku, x5u, x5c) is refused whole.
func whyNoHeader(data []byte, want string) *Error {
	o, refusal := readObject(data)
	if refusal != "" {
		return &Error{Malformed, refusal}
	}
	m := members{o: o}
	typ, _ := o["typ"].(string)
	if typ != want && len(o) <= 3 && onlyKnown(o) {
		return &Error{WrongType, TypeWrong}
	}
	m.text("alg")
	m.text("kid")
	m.text("typ")
	if refusal := m.refusal(); refusal != "" {
		return &Error{Malformed, refusal}
	}
	return &Error{Malformed, NotCanonicalJSON}
}

func onlyKnown(o map[string]any) bool {
	for name := range o {
		if name != "alg" && name != "kid" && name != "typ" {
			return false
		}
	}
	return true
}
