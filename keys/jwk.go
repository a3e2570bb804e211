package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// jwk is a public key as RFC 7517 and, for Ed25519, RFC 8037 write it.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y,omitempty"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	Use string `json:"use"`
}

var base64url = base64.RawURLEncoding.Strict()

// IDOf is the key ID of a public key: the first 8 bytes of its RFC 7638 thumbprint, in base64url. The whole thumbprint would
// cost a larger QR symbol, and 64 bits tell the keys of one centre apart.
func IDOf(public crypto.PublicKey) (string, error) {
	j, err := jwkOf(public)
	if err != nil {
		return "", err
	}
	// RFC 7638, section 3.2: the required members only, in the order of their names, without white space.
	text := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q}`, j.Crv, j.Kty, j.X)
	if j.Y != "" {
		text = fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, j.Crv, j.Kty, j.X, j.Y)
	}
	sum := sha256.Sum256([]byte(text))
	return base64url.EncodeToString(sum[:8]), nil
}

func jwkOf(public crypto.PublicKey) (jwk, error) {
	switch k := public.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return jwk{Kty: "OKP", Crv: "Ed25519", X: base64url.EncodeToString(k), Use: "sig"}, nil
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			point, err := k.Bytes() // 4, x, y
			if err != nil {
				return jwk{}, fmt.Errorf("%w: %v", ErrInvalid, err)
			}
			return jwk{Kty: "EC", Crv: "P-256", X: base64url.EncodeToString(point[1:33]), Y: base64url.EncodeToString(point[33:]), Use: "sig"}, nil
		}
	}
	return jwk{}, fmt.Errorf("%w: a key is neither Ed25519 nor P-256", ErrInvalid)
}

func (j jwk) public() (crypto.PublicKey, error) {
	bad := fmt.Errorf("%w: key %q is no Ed25519 or P-256 public key", ErrInvalid, j.Kid)
	x, err := base64url.DecodeString(j.X)
	if err != nil || len(x) != 32 {
		return nil, bad
	}
	if j.Use != "sig" { // RFC 7517, section 4.2
		return nil, fmt.Errorf("%w: key %q is not for signatures; its use has to be sig", ErrInvalid, j.Kid)
	}
	switch {
	case j.Kty == "OKP" && j.Crv == "Ed25519" && j.Y == "":
		return ed25519.PublicKey(x), nil
	case j.Kty == "EC" && j.Crv == "P-256":
		y, err := base64url.DecodeString(j.Y)
		if err != nil || len(y) != 32 {
			return nil, bad
		}
		// ParseUncompressedPublicKey refuses points that are not on the curve.
		k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, bad
		}
		return k, nil
	}
	return nil, bad
}

func fits(alg string, public crypto.PublicKey) bool {
	switch public.(type) {
	case ed25519.PublicKey:
		return alg == "EdDSA" || alg == "Ed25519"
	case *ecdsa.PublicKey:
		return alg == "ES256"
	}
	return false
}

// published is a key as others see it. What it signs is a part of that: whoever took the key of the status lists for a card's would
// believe whoever has it, and it lies beside a server.
type published struct {
	jwk
	Issuer  string  `json:"iss"` // a centre that changed its address has keys of both
	Purpose Purpose `json:"signs"`
}

// JWKS is the published part of the set: the public keys that verify, active and retired, each with what it signs.
func (s *Set) JWKS() ([]byte, error) {
	out := struct {
		Keys []published `json:"keys"`
	}{Keys: []published{}}
	for _, k := range s.keys {
		if k.State == Revoked {
			continue
		}
		j, err := jwkOf(k.Public)
		if err != nil {
			return nil, err
		}
		j.Kid, j.Alg = k.ID, k.Alg
		out.Keys = append(out.Keys, published{j, k.Issuer, k.Purpose})
	}
	return json.MarshalIndent(out, "", "  ")
}
