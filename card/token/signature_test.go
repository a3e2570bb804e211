package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"io"
	"math/big"
	"testing"
)

// device is a key that is not in memory, as crypto.Signer shows it: change makes of its signature what it answers.
type device struct {
	key    *ecdsa.PrivateKey
	change func(r, s *big.Int) any
}

func (d device) Public() crypto.PublicKey { return d.key.Public() }

func (d device) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := d.key.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, err
	}
	return asn1.Marshal(d.change(pair.R, pair.S))
}

// A device answers either of the two signatures that fit, in ASN.1 and of any length; the token has the lower one, in 64 bytes.
func TestES256OfADevice(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	type pair struct{ R, S *big.Int }
	find := func(string) (PublicKey, bool) { return PublicKey{ES256, key.Public()}, true }
	for name, tc := range map[string]struct {
		change func(r, s *big.Int) any
		good   bool
	}{
		"as it comes": {func(r, s *big.Int) any { return pair{r, s} }, true},
		"the other":   {func(r, s *big.Int) any { return pair{r, new(big.Int).Sub(p256Order, s)} }, true},
		"zero":        {func(_, s *big.Int) any { return pair{new(big.Int), s} }, false},
		"negative":    {func(r, s *big.Int) any { return pair{r, new(big.Int).Neg(s)} }, false},
		"too large":   {func(r, s *big.Int) any { return pair{r, new(big.Int).Add(s, p256Order)} }, false},
		"of 33 bytes": {func(r, s *big.Int) any { return pair{new(big.Int).Lsh(r, 9), s} }, false},
		"no pair":     {func(r, _ *big.Int) any { return r }, false},
	} {
		for range 40 { // r and s begin with a zero byte once in 256 times, and either s is the lower one
			raw, err := Sign(testCard(), SigningKey{testKeyID, ES256, device{key, tc.change}})
			if (err == nil) != tc.good {
				t.Fatalf("%s: got %q, %v; want good: %v", name, raw, err, tc.good)
			}
			if !tc.good {
				continue
			}
			if _, err := Open(raw, find); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if _, err := Sign(testCard(), SigningKey{testKeyID, ES256, ed25519.NewKeyFromSeed(make([]byte, 32))}); err == nil {
		t.Error("an Ed25519 key signed by ES256")
	}
}
