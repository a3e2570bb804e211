package token

import (
	"crypto/elliptic"
	"math/big"
)

// signatureLength is that of Ed25519 (RFC 8032) and of ES256 (RFC 7518, section 3.4) alike.
const signatureLength = 64

func checkSignature(input string, sig []byte, key PublicKey) Refusal {
	method, err := methodOf(key.Alg)
	if err != nil {
		return AlgorithmNotKeys
	}
	if len(sig) != signatureLength {
		return SignatureLength
	}
	if err := method.Verify(input, sig, key.Key); err != nil {
		return SignatureWrong
	}
	if key.Alg == ES256 && isHighS(sig) {
		return SignatureHighS
	}
	return ""
}

var (
	p256Order     = elliptic.P256().Params().N
	p256HalfOrder = new(big.Int).Rsh(p256Order, 1)
)

// isHighS says whether an ES256 signature is the second of the two that fit: (r, n-s) is right wherever (r, s) is. We take
// only the lower s, or else anybody could make a second token for a card without the key. Ed25519 has one spelling only.
func isHighS(sig []byte) bool {
	return new(big.Int).SetBytes(sig[32:]).Cmp(p256HalfOrder) > 0
}

func lowS(sig []byte) []byte {
	if !isHighS(sig) {
		return sig
	}
	s := new(big.Int).Sub(p256Order, new(big.Int).SetBytes(sig[32:]))
	out := append([]byte(nil), sig[:32]...)
	return append(out, s.FillBytes(make([]byte, 32))...)
}
