package token

import (
	"fmt"
	"strings"
)

// signed is a token whose signature is right, its payload not yet judged.
type signed struct {
	payload []byte
	keyID   string
	input   string // header.payload, as it was signed
}

// openSigned is what every kind of token has in common: length, alphabet, canonical parts, header, typ, key, algorithm, signature.
func openSigned(raw, typ string, max int, find func(keyID string) (PublicKey, bool)) (signed, error) {
	parts, refusal := split(raw, max)
	if refusal != "" {
		return signed{}, &Error{Malformed, refusal}
	}
	h, err := openHeader(parts[0], typ)
	if err != nil {
		return signed{}, err
	}
	key, ok := find(h.Kid)
	if !ok {
		return signed{}, &Error{UnknownKey, KeyUnknown}
	}
	if h.Alg != key.Alg {
		return signed{}, &Error{BadSignature, AlgorithmNotKeys}
	}
	input := raw[:strings.LastIndexByte(raw, '.')]
	if refusal := checkSignature(input, parts[2], key); refusal != "" {
		return signed{}, &Error{BadSignature, refusal}
	}
	return signed{parts[1], h.Kid, input}, nil
}

// OpenPayload reads a token of another kind than a card's, as strictly as Open does, up to and with its signature: the payload is
// the caller's to judge. typ is what the header has to name, and max the greatest length in characters. The error is an *Error.
func OpenPayload(raw, typ string, max int, find func(keyID string) (PublicKey, bool)) (payload []byte, keyID string, err error) {
	s, err := openSigned(raw, typ, max, find)
	return s.payload, s.keyID, err
}

// SignPayload writes a payload as a token of another kind than a card's. A card is signed by Sign alone, which looks at what it
// signs, so Type is refused.
func SignPayload(typ string, payload []byte, key SigningKey) (string, error) {
	if typ == Type {
		return "", fmt.Errorf("%s is for cards", typ)
	}
	return signInput(base64url.EncodeToString(encode(header{key.Alg, key.ID, typ}))+"."+base64url.EncodeToString(payload), key)
}

func signInput(input string, key SigningKey) (string, error) {
	method, err := methodOf(key.Alg)
	if err != nil {
		return "", err
	}
	var sig []byte
	if key.Alg == ES256 {
		sig, err = signES256(input, key.Key)
	} else {
		sig, err = method.Sign(input, key.Key)
	}
	if err != nil {
		return "", fmt.Errorf("sign with key %s: %w", key.ID, err)
	}
	return input + "." + base64url.EncodeToString(sig), nil
}
