package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// strange is a key that signed none of the cards.
func (m *maker) strange() keys.Key { return m.keyOf(stranger().Public(), token.EdDSA) }

func stranger() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed("stranger")) }

// forgeWith signs any header and payload with any Ed25519 key.
func forgeWith(key ed25519.PrivateKey, header, payload string) string {
	input := signingInput(header, payload)
	return input + "." + text64.EncodeToString(ed25519.Sign(key, []byte(input)))
}

func signingInput(header, payload string) string {
	return text64.EncodeToString([]byte(header)) + "." + text64.EncodeToString([]byte(payload))
}

func (m *maker) encodeHeader(alg string) string {
	return text64.EncodeToString([]byte(m.replace(m.header, "EdDSA", alg)))
}

// algorithms name another algorithm than the key's record does.
func (m *maker) algorithms() {
	bad := func(name, description, raw string) { m.bad(name, description, raw, verify.BadSignature) }
	parts := strings.Split(m.good, ".")
	for name, alg := range map[string]string{"": "none", "-capitals": "NONE", "-first-capital": "None", "-mixed": "nOnE"} {
		bad("alg-none"+name, "alg "+alg+" and no signature.", m.encodeHeader(alg)+"."+parts[1]+".")
	}
	bad("alg-none-signature-kept", "alg none, and the genuine signature is still there.", m.encodeHeader("none")+"."+parts[1]+"."+parts[2])
	bad("alg-none-rightly-signed", "alg none over the whole, rightly signed.", m.forge(m.replace(m.header, "EdDSA", "none"), m.claim))
	bad("alg-empty", "An empty alg.", m.forge(m.replace(m.header, "EdDSA", ""), m.claim))
	bad("alg-lower", "alg in lower case.", m.forge(m.replace(m.header, "EdDSA", "eddsa"), m.claim))
	bad("alg-ed448", "alg of the other Edwards curve.", m.forge(m.replace(m.header, "EdDSA", "Ed448"), m.claim))
	for name, value := range map[string]string{"null": "null", "number": "0", "list": `["EdDSA"]`, "true": "true"} {
		m.bad("alg-"+name, "alg is no string.", m.forge(m.replace(m.header, `"EdDSA"`, value), m.claim), verify.Malformed)
	}
	m.bad("alg-missing", "alg is missing.", m.forge(m.replace(m.header, `"alg":"EdDSA",`, ""), m.claim), verify.Malformed)
	m.macs(bad)
	m.rsa(bad)
	m.names(bad)
}

// macs take what is public for a shared secret.
func (m *maker) macs(bad func(name, description, raw string)) {
	public := m.key.Public.(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	m.must(err)
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	sign := func(alg string, h func() hash.Hash, secret []byte) string {
		input := m.encodeHeader(alg) + "." + strings.Split(m.good, ".")[1]
		mac := hmac.New(h, secret)
		mac.Write([]byte(input))
		return input + "." + text64.EncodeToString(mac.Sum(nil))
	}
	for alg, h := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
		for name, secret := range map[string][]byte{"raw": public, "der": der, "pem": block} {
			bad("alg-"+strings.ToLower(alg)+"-"+name, alg+" with the public key as the secret ("+name+").", sign(alg, h, secret))
		}
	}
	x := text64.EncodeToString(public)
	for name, tc := range map[string]struct {
		description string
		secret      []byte
	}{
		"pem-trimmed": {"PEM without the line end behind it", []byte(strings.TrimSpace(string(block)))},
		"jwk":         {"as a JWK", fmt.Appendf(nil, `{"kty":"OKP","crv":"Ed25519","x":"%s"}`, x)},
		"base64":      {"as base64url", []byte(x)},
		"hex":         {"in hex", fmt.Appendf(nil, "%x", []byte(public))},
		"kid":         {"its kid", []byte(m.key.ID)},
		"empty":       {"an empty secret in its place", nil},
	} {
		bad("alg-hs256-"+name, "HS256 with the public key as the secret ("+tc.description+").", sign("HS256", sha256.New, tc.secret))
	}
}

// rsa are signed by a forger's own RSA key.
func (m *maker) rsa(bad func(name, description, raw string)) {
	p, q := prime("RSA p"), prime("RSA q")
	one := big.NewInt(1)
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, Primes: []*big.Int{p, q}}
	key.D = new(big.Int).ModInverse(big.NewInt(65537), new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)))
	key.Precompute()
	sign := func(header, payload string) string {
		input := signingInput(header, payload)
		digest := sha256.Sum256([]byte(input))
		sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		m.must(err)
		return input + "." + text64.EncodeToString(sig)
	}
	header := m.replace(m.header, "EdDSA", "RS256")
	bad("alg-rs256", "RS256 by a forger's key, under the kid of ours.", sign(header, m.claim))
	bad("alg-ps256", "PS256 in the header, with a signature by a forger's RSA key.", sign(m.replace(m.header, "EdDSA", "PS256"), m.claim))
	jwk := fmt.Sprintf(`,"jwk":{"kty":"RSA","e":"AQAB","n":"%s"}`, text64.EncodeToString(key.N.Bytes()))
	m.bad("alg-rs256-own-key", "RS256 by a forger's key, which the header brings along.", sign(m.replace(header, `,"kid"`, jwk+`,"kid"`), m.claim), verify.Malformed)
	v := m.about(sign(m.replace(header, m.key.ID, m.p256Key(token.ES256).ID), m.claim), m.card)
	v.Keys = m.keySet(m.p256Key(token.ES256))
	m.add("alg-rs256-for-p256", "RS256 under the kid of a P-256 key.", v, verify.BadSignature)
}

// prime is the first prime from a fixed start: the same on every machine.
func prime(text string) *big.Int {
	var bits []byte
	for i := range uint32(4) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(seed(text), i))
		bits = append(bits, sum[:]...)
	}
	bits[0] |= 0xc0
	bits[len(bits)-1] |= 1
	n, two := new(big.Int).SetBytes(bits), big.NewInt(2)
	for !n.ProbablyPrime(20) {
		n.Add(n, two)
	}
	return n
}

// names are right signatures under the wrong name of their algorithm, and the names that each key has.
func (m *maker) names(bad func(name, description, raw string)) {
	bad("alg-ed25519-name", "Rightly signed, but the header has another name of the algorithm than the key's record.", m.forge(m.replace(m.header, "EdDSA", "Ed25519"), m.claim))
	bad("alg-es256-name", "Rightly signed with Ed25519, and called ES256.", m.forge(m.replace(m.header, "EdDSA", "ES256"), m.claim))
	bad("alg-es256-for-ed25519", "ES256 by a forger's P-256 key, under the kid of an Ed25519 key.", m.signES256(m.replace(m.header, "EdDSA", "ES256"), m.claim, nil))

	rfc9864 := m.key
	rfc9864.Alg = token.Ed25519
	for name, tc := range map[string]struct {
		description string
		key         keys.Key
		header      string
		p256        bool
		code        verify.Code
	}{
		"valid-ed25519":        {"A key whose algorithm is recorded by its name of RFC 9864.", rfc9864, m.replace(m.header, "EdDSA", "Ed25519"), false, verify.Valid},
		"alg-eddsa-name":       {"The key's record says Ed25519, and the header EdDSA.", rfc9864, m.header, false, verify.BadSignature},
		"alg-eddsa-for-p256":   {"EdDSA by a forger's key, under the kid of a P-256 key.", m.p256Key(token.ES256), m.header, false, verify.BadSignature},
		"alg-eddsa-name-p256":  {"Rightly signed with ES256, and called EdDSA.", m.p256Key(token.ES256), m.header, true, verify.BadSignature},
		"alg-es384-name":       {"Rightly signed with ES256, and called ES384.", m.p256Key(token.ES256), m.replace(m.header, "EdDSA", "ES384"), true, verify.BadSignature},
		"alg-es256k-name":      {"Rightly signed with ES256, and called ES256K.", m.p256Key(token.ES256), m.replace(m.header, "EdDSA", "ES256K"), true, verify.BadSignature},
		"alg-es256-name-lower": {"Rightly signed with ES256, and called es256.", m.p256Key(token.ES256), m.replace(m.header, "EdDSA", "es256"), true, verify.BadSignature},
	} {
		header := m.replace(tc.header, m.key.ID, tc.key.ID)
		raw := m.forge(header, m.claim)
		if tc.p256 {
			raw = m.signES256(header, m.claim, nil)
		}
		v := m.about(raw, m.card)
		v.Keys, v.Register.Cards[0].KeyID = m.keySet(tc.key), tc.key.ID
		m.add(name, tc.description, v, tc.code)
	}
}

// signatures are not those of the text before them.
func (m *maker) signatures() {
	parts := strings.Split(m.good, ".")
	input := parts[0] + "." + parts[1]
	good := []byte(m.decode(parts[2]))
	c := m.card
	c.Number, c.Name = m.number("other card"), "Somebody Else"
	other := strings.Split(m.sign(c), ".")
	changed := func(i int) []byte {
		sig := slices.Clone(good)
		sig[i] ^= 1
		return sig
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	sPlusL := new(big.Int).Add(little(good[32:]), order)
	malleated := sPlusL.FillBytes(make([]byte, 32))
	slices.Reverse(malleated)
	context, err := m.private.Sign(nil, []byte(input), &ed25519.Options{Context: "card"})
	m.must(err)
	prehash := sha512.Sum512([]byte(input))
	hashed, err := m.private.Sign(nil, prehash[:], &ed25519.Options{Hash: crypto.SHA512})
	m.must(err)
	neutral := make([]byte, 64)
	neutral[0] = 1
	for name, tc := range map[string]struct {
		description string
		sig         []byte
	}{
		"other-key":              {"Signed by a stranger's key under the kid of ours.", ed25519.Sign(stranger(), []byte(input))},
		"signature-changed":      {"One bit of the signature was changed.", changed(0)},
		"signature-changed-last": {"One bit of the signature's last byte was changed.", changed(63)},
		"signature-zero":         {"A signature of 64 zero bytes.", make([]byte, 64)},
		"signature-ones":         {"A signature of 64 bytes of 255.", slices.Repeat([]byte{255}, 64)},
		"signature-neutral":      {"R is the curve's neutral point, and S is 0.", neutral},
		"signature-malleated":    {"The order of the group was added to S, which RFC 8032 refuses.", slices.Concat(good[:32], malleated)},
		"signature-short":        {"The signature lacks its last byte.", good[:63]},
		"signature-half":         {"The signature ends in its middle.", good[:32]},
		"signature-one-byte":     {"The signature is one byte.", good[:1]},
		"signature-long":         {"The signature has one byte more.", append(slices.Clone(good), 0)},
		"signature-twice":        {"The signature stands there twice.", slices.Concat(good, good)},
		"signature-missing":      {"The signature is empty.", nil},
		"signature-reversed":     {"The bytes of the signature are reversed.", reversed(good)},
		"signature-swapped":      {"The halves of the signature are swapped.", slices.Concat(good[32:], good[:32])},
		"signature-hex":          {"The signature in hex, as text.", fmt.Appendf(nil, "%x", good)},
		"signature-context":      {"A signature of Ed25519ctx (RFC 8032) by our key.", context},
		"signature-prehash":      {"A signature of Ed25519ph (RFC 8032) by our key.", hashed},
		"signature-of-json":      {"Our key signed the decoded header and payload, and not the text.", ed25519.Sign(m.private, []byte(m.header+"."+m.claim))},
		"signature-of-payload":   {"Our key signed the payload alone.", ed25519.Sign(m.private, []byte(parts[1]))},
		"signature-of-another":   {"The signature of another genuine card.", []byte(m.decode(other[2]))},
	} {
		m.bad(name, tc.description, input+"."+text64.EncodeToString(tc.sig), verify.BadSignature)
	}
	bad := func(name, description, raw string) { m.bad(name, description, raw, verify.BadSignature) }
	bad("payload-changed", "BLS was changed to ALS after signing.", parts[0]+"."+text64.EncodeToString([]byte(m.replace(m.claim, `"BLS"`, `"ALS"`)))+"."+parts[2])
	bad("payload-exp-changed", "A year was added to exp after signing.", parts[0]+"."+text64.EncodeToString([]byte(m.replace(m.claim, "1859241600", "1890777600")))+"."+parts[2])
	bad("payload-of-another", "The payload of another genuine card.", parts[0]+"."+other[1]+"."+parts[2])
	bad("payload-not-json", "The payload was changed into no JSON at all after signing.", parts[0]+"."+text64.EncodeToString([]byte("card"))+"."+parts[2])
	m.es256()
}

// little reads a number whose least byte stands first.
func little(b []byte) *big.Int { return new(big.Int).SetBytes(reversed(b)) }

func reversed(b []byte) []byte {
	out := slices.Clone(b)
	slices.Reverse(out)
	return out
}

func (m *maker) p256() *ecdsa.PrivateKey {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed("P-256 key"))
	m.must(err)
	return private
}

func (m *maker) p256Key(alg string) keys.Key { return m.keyOf(m.p256().Public(), alg) }

// signES256 signs with the lower s, unless encode writes r and s otherwise. The signature is that of RFC 6979, so that every run
// makes the same.
func (m *maker) signES256(header, payload string, encode func(r, s *big.Int) []byte) string {
	input := signingInput(header, payload)
	digest := sha256.Sum256([]byte(input))
	der, err := m.p256().Sign(nil, digest[:], crypto.SHA256)
	m.must(err)
	var rs struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &rs)
	m.must(err)
	if twin := new(big.Int).Sub(elliptic.P256().Params().N, rs.S); twin.Cmp(rs.S) < 0 {
		rs.S = twin
	}
	if encode == nil {
		encode = fixed
	}
	return input + "." + text64.EncodeToString(encode(rs.R, rs.S))
}

// fixed is the form of RFC 7518, section 3.4: 32 bytes each.
func fixed(r, s *big.Int) []byte {
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

// es256 are the signatures of one ES256 token: the right one, its twin, and such as a careless verifier takes.
func (m *maker) es256() {
	key := m.p256Key(token.ES256)
	order, zero, one := elliptic.P256().Params().N, new(big.Int), big.NewInt(1)
	header, err := json.Marshal(map[string]string{"alg": token.ES256, "kid": key.ID, "typ": token.Type}) // in the order of the alphabet, which is ours
	m.must(err)
	add := func(name, description string, code verify.Code, encode func(r, s *big.Int) []byte) {
		v := m.about(m.signES256(string(header), m.claim, encode), m.card)
		v.Keys, v.Register.Cards[0].KeyID = m.keySet(key), key.ID
		m.add(name, description, v, code)
	}
	add("valid-es256", "A key of P-256, with the lower of the two values of s.", verify.Valid, nil)
	for name, tc := range map[string]struct {
		description string
		encode      func(r, s *big.Int) []byte
	}{
		"high-s":  {"The same, with the higher value of s: a second text for one card.", func(r, s *big.Int) []byte { return fixed(r, new(big.Int).Sub(order, s)) }},
		"psychic": {"r and s are 0, which some verifiers took for any text (CVE-2022-21449).", func(_, _ *big.Int) []byte { return fixed(zero, zero) }},
		"order":   {"r and s are the order of the curve.", func(_, _ *big.Int) []byte { return fixed(order, order) }},
		"r-zero":  {"r is 0.", func(_, s *big.Int) []byte { return fixed(zero, s) }},
		"s-zero":  {"s is 0.", func(r, _ *big.Int) []byte { return fixed(r, zero) }},
		"one":     {"r and s are 1.", func(_, _ *big.Int) []byte { return fixed(one, one) }},
		"der":     {"The signature in DER, as X.509 writes it.", func(r, s *big.Int) []byte { return m.der(r, s) }},
		"swapped": {"r and s are swapped.", func(r, s *big.Int) []byte { return fixed(s, r) }},
		"short":   {"The signature lacks its last byte.", func(r, s *big.Int) []byte { return fixed(r, s)[:63] }},
		"long": {"A zero byte stands before r and before s.", func(r, s *big.Int) []byte {
			return append(r.FillBytes(make([]byte, 33)), s.FillBytes(make([]byte, 33))...)
		}},
		"missing": {"The signature is empty.", func(_, _ *big.Int) []byte { return nil }},
		"little-endian": {"r and s with their least byte first.", func(r, s *big.Int) []byte {
			sig := fixed(r, s)
			return slices.Concat(reversed(sig[:32]), reversed(sig[32:]))
		}},
	} {
		add("es256-"+name, tc.description, verify.BadSignature, tc.encode)
	}
}

func (m *maker) der(r, s *big.Int) []byte {
	out, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	m.must(err)
	return out
}
