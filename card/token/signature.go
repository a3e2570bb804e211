package token

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
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

// signES256 is the signature of ES256 by any crypto.Signer on P-256, in its lower spelling: r and s of 32 bytes each (RFC 7518, section
// 3.4). golang-jwt takes keys in memory alone, and what an HSM or KMS has is none; it answers in ASN.1 (RFC 3279, section 2.2.3).
func signES256(input string, key crypto.Signer) ([]byte, error) {
	digest := sha256.Sum256([]byte(input))
	der, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &pair)
	if err != nil || len(rest) > 0 || !isScalar(pair.R) || !isScalar(pair.S) {
		return nil, errors.New("the key answers no ECDSA signature on P-256")
	}
	sig := make([]byte, signatureLength)
	pair.R.FillBytes(sig[:32])
	pair.S.FillBytes(sig[32:])
	return lowS(sig), nil
}

func isScalar(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(p256Order) < 0 }
