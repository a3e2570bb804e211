package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/cardproof/cardproof/keys"
)

// suite is what is read of a file of Wycheproof's vectors (https://github.com/C2SP/wycheproof).
type suite struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		PublicKey struct {
			PK           string `json:"pk"`
			Uncompressed string `json:"uncompressed"`
		} `json:"publicKey"`
		Public json.RawMessage `json:"public"`
		Tests  []struct {
			ID      int             `json:"tcId"`
			Comment string          `json:"comment"`
			Msg     string          `json:"msg"`
			Sig     string          `json:"sig"`
			JWS     json.RawMessage `json:"jws"`
			Result  string          `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

// readSuite fails where a file is missing, is no such file, or has another count of tests than it says.
func readSuite(t *testing.T, name string) suite {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, g := range s.TestGroups {
		count += len(g.Tests)
	}
	if count == 0 || count != s.NumberOfTests {
		t.Fatalf("%s has %d tests, want %d", name, count, s.NumberOfTests)
	}
	return s
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWycheproofEd25519(t *testing.T) {
	tried := 0
	for _, g := range readSuite(t, "ed25519_test.json").TestGroups {
		key := PublicKey{EdDSA, ed25519.PublicKey(unhex(t, g.PublicKey.PK))}
		for _, tc := range g.Tests {
			got := checkSignature(string(unhex(t, tc.Msg)), unhex(t, tc.Sig), key)
			if (got == "") != (tc.Result == "valid") {
				t.Errorf("%d (%s): got %q, want %s", tc.ID, tc.Comment, got, tc.Result)
			}
			tried++
		}
	}
	if tried < 100 {
		t.Errorf("tried %d signatures, want at least 100", tried)
	}
}

// The one exception: of the two right signatures (r, s) and (r, n-s) we refuse the one with the higher s, and by that rule alone.
func TestWycheproofES256(t *testing.T) {
	accepted, high := 0, 0
	for _, g := range readSuite(t, "ecdsa_secp256r1_sha256_p1363_test.json").TestGroups {
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), unhex(t, g.PublicKey.Uncompressed))
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range g.Tests {
			sig := unhex(t, tc.Sig)
			got := checkSignature(string(unhex(t, tc.Msg)), sig, PublicKey{ES256, public})
			want := tc.Result == "valid"
			if want && len(sig) == signatureLength && isHighS(sig) {
				high++
				if got != SignatureHighS {
					t.Errorf("%d (%s): the higher s: got %q, want %q", tc.ID, tc.Comment, got, SignatureHighS)
				}
				continue
			}
			if (got == "") != want {
				t.Errorf("%d (%s): got %q, want %s", tc.ID, tc.Comment, got, tc.Result)
			}
			if want {
				accepted++
			}
		}
	}
	if accepted < 30 || high < 30 {
		t.Errorf("accepted %d and refused %d for the higher s, want at least 30 of each", accepted, high)
	}
}

// jwsExceptions are JWS that Wycheproof calls valid and we refuse, each with its reason.
var jwsExceptions = map[int]struct {
	refusal Refusal
	reason  string
}{
	18: {SignatureHighS, "of the two signatures that fit, we take the one with the lower s; 378 is that one, of the same text"},
}

// TestWycheproofJWS puts the JWS of Wycheproof through the parts of Open, up to and with the signature: the text, the header's JSON, the
// algorithm of the key, the signature. Open itself would refuse each of them for its typ; here typ and kid are left aside, and any
// member beside alg and these is refused, as Open does. Keys come from the key set's file. Those of other kinds than ours must not
// load, and then no token of theirs can be ours.
func TestWycheproofJWS(t *testing.T) {
	accepted, refused, excepted, foreign := 0, 0, 0, 0
	for _, g := range readSuite(t, "json_web_signature_test.json").TestGroups {
		key, err := loadJWK(t, g.Public)
		if err != nil {
			foreign++
			continue
		}
		for _, tc := range g.Tests {
			var raw string
			if json.Unmarshal(tc.JWS, &raw) != nil {
				raw = string(tc.JWS) // a JSON serialisation
			}
			got := openJWS(raw, key)
			if e, ok := jwsExceptions[tc.ID]; ok {
				excepted++
				if tc.Result != "valid" || got != e.refusal {
					t.Errorf("%d (%s) is %s, got %q, want the exception %q: %s", tc.ID, tc.Comment, tc.Result, got, e.refusal, e.reason)
				}
				continue
			}
			if (got == "") != (tc.Result == "valid") {
				t.Errorf("%d (%s): got %q, want %s", tc.ID, tc.Comment, got, tc.Result)
			}
			if got == "" {
				accepted++
			} else {
				refused++
			}
		}
	}
	if accepted == 0 || refused < 30 || excepted != len(jwsExceptions) || foreign == 0 {
		t.Errorf("accepted %d, refused %d, %d exceptions, and %d groups of keys did not load; want some of each", accepted, refused, excepted, foreign)
	}
}

// openJWS is Open without typ, kid and claims.
func openJWS(raw string, key PublicKey) Refusal {
	parts, refusal := split(raw, MaxLength)
	if refusal != "" {
		return refusal
	}
	o, refusal := readObject(parts[0])
	if refusal != "" {
		return refusal
	}
	if !onlyKnown(o) {
		return MemberUnknown
	}
	if o["alg"] != key.Alg {
		return AlgorithmNotKeys
	}
	return checkSignature(raw[:strings.LastIndexByte(raw, '.')], parts[2], key)
}

// loadJWK loads a stranger's JWK as our servers load a key: out of the set's file, under the kid that it has with us, and with all
// other members as they are.
func loadJWK(t *testing.T, data json.RawMessage) (PublicKey, error) {
	t.Helper()
	var j map[string]any
	if err := json.Unmarshal(data, &j); err != nil {
		return PublicKey{}, fmt.Errorf("no public key: %w", err)
	}
	text := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q}`, j["crv"], j["kty"], j["x"])
	if j["y"] != nil {
		text = fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, j["crv"], j["kty"], j["x"], j["y"])
	}
	sum := sha256.Sum256([]byte(text))
	id := base64url.EncodeToString(sum[:8])
	for name, value := range map[string]any{"kid": id, "iss": "https://cards.example.org", "signs": Type, "state": "active", "not_before": "2026-11-01T00:00:00Z"} {
		j[name] = value
	}
	file, err := json.Marshal(map[string]any{"keys": []any{j}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), keys.FileName)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := keys.Load(path)
	if err != nil {
		return PublicKey{}, err
	}
	k, ok := set.Find(id)
	if !ok {
		t.Fatalf("the key set loaded without its key %s", id)
	}
	return PublicKey{k.Alg, k.Public}, nil
}
