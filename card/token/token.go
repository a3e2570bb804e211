// Package token is the card on the wire: a compact JWS (RFC 7515) in one canonical spelling, and its digits for the QR.
//
// Sign and Open are inverse to each other: what Open accepts encodes again to the same bytes, so two texts never give
// one card. A strict parser stands in front of golang-jwt, which signs and checks signatures and does nothing else here
// (docs/decisions/0004). No other package imports it.
package token

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cardproof/cardproof/card"
)

// MaxLength is the greatest length of a token in characters.
const MaxLength = 2048

// Type is the header's typ. Each kind of token has keys of its own, and its typ keeps it from passing for another.
const Type = "card+jwt"

// The algorithms of card keys. A key has one for ever, and a token's header has to name just that one.
const (
	EdDSA   = "EdDSA"   // RFC 8037 with Ed25519 keys: what Cardproof's own keys use
	Ed25519 = "Ed25519" // the same by its name of RFC 9864
	ES256   = "ES256"   // RFC 7518, for keys that an HSM or KMS holds
)

// PublicKey checks the signatures of one key ID.
type PublicKey struct {
	Alg string
	Key crypto.PublicKey // ed25519.PublicKey or *ecdsa.PublicKey on P-256
}

// SigningKey makes the signatures of one key ID.
type SigningKey struct {
	ID  string
	Alg string
	Key crypto.Signer // an Ed25519 key, or one on P-256, in memory or in a device
}

// Opened is the content of a token whose signature is right.
type Opened struct {
	Card   card.Card
	KeyID  string
	Digest [sha256.Size]byte // see Digest
}

var base64url = base64.RawURLEncoding.Strict()

// Sign writes c as a token. Ed25519 is deterministic: the same card and key give the same token.
// The error is a *card.InvalidError, or that of the key.
func Sign(c card.Card, key SigningKey) (string, error) {
	input, err := signingInput(c, key.Alg, key.ID)
	if err != nil {
		return "", err
	}
	raw, err := signInput(input, key)
	if err != nil {
		return "", err
	}
	if len(raw) > MaxLength {
		return "", fmt.Errorf("the token would have %d characters, more than %d", len(raw), MaxLength)
	}
	return raw, nil
}

// Digest is the SHA-256 of the header and payload that Sign signs for c: what the register holds against a leaked key.
// It leaves the signature out, so it is known before the key is used. The error is a *card.InvalidError.
func Digest(c card.Card, alg, keyID string) ([sha256.Size]byte, error) {
	input, err := signingInput(c, alg, keyID)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256([]byte(input)), nil
}

// Length is how many characters the token of c will have.
func Length(c card.Card, alg, keyID string) int {
	text := base64url.EncodedLen
	return text(len(encodeHeader(alg, keyID))) + 1 + text(len(encodeClaims(c))) + 1 + text(signatureLength)
}

func signingInput(c card.Card, alg, keyID string) (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(base64url.EncodeToString(encodeHeader(alg, keyID)))
	b.WriteByte('.')
	b.WriteString(base64url.EncodeToString(encodeClaims(c)))
	return b.String(), nil
}

func methodOf(alg string) (jwt.SigningMethod, error) {
	switch alg {
	case EdDSA, Ed25519:
		return jwt.SigningMethodEdDSA, nil
	case ES256:
		return jwt.SigningMethodES256, nil
	}
	return nil, fmt.Errorf("%q is no algorithm of card keys", alg)
}
