package keys

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// strangeKinds are the tests of Wycheproof's JWK file that are valid there, and whose keys can't be card keys. Each has its reason.
var strangeKinds = map[int]string{
	2:  "a symmetric key: a verifier could forge with it",
	5:  "RSA: its signatures have no place in a card",
	13: "a symmetric key", 14: "a symmetric key", 15: "a symmetric key",
}

// TestWycheproofJWK puts the keys of Wycheproof's JWK file through the loading of the key set, with the kid that they have with us. Not one
// of them is a sound key of Ed25519 or P-256, so not one may load.
func TestWycheproofJWK(t *testing.T) {
	data, err := fs.ReadFile(wycheproof.TestVectors, "json_web_key_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		NumberOfTests int `json:"numberOfTests"`
		TestGroups    []struct {
			Comment         string
			Public, Private struct {
				Keys []map[string]any `json:"keys"`
			}
			Tests []struct {
				ID     int    `json:"tcId"`
				Result string `json:"result"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	tried, controls := 0, 0
	for _, g := range suite.TestGroups {
		all := g.Public.Keys
		if len(all) == 0 {
			all = g.Private.Keys // symmetric keys have no public half
		}
		if _, err := loadJWKs(t, all); err == nil {
			t.Errorf("the keys of %s loaded", g.Comment)
		}
		for _, tc := range g.Tests {
			if _, listed := strangeKinds[tc.ID]; listed != (tc.Result == "valid") {
				t.Errorf("%d (%s) is %s; listed as a key of another kind: %v", tc.ID, g.Comment, tc.Result, listed)
			}
			tried++
		}
		// The same key without its one fault loads, so it is the fault that is refused.
		if good, ok := map[string]map[string]any{"invalid_use": {"use": "sig"}, "wrong_curve": {"crv": "P-256"}, "wrong_kty": {"kty": "EC"},
			"wrong_algorithm": {"alg": "ES256"}, "invalid_algorithm": {"alg": "ES256"}}[g.Comment]; ok {
			for name, value := range good {
				all[0][name] = value
			}
			if _, err := loadJWKs(t, all); err != nil {
				t.Errorf("%s without its fault: %v", g.Comment, err)
			}
			controls++
		}
	}
	if tried == 0 || tried != suite.NumberOfTests || controls != 5 {
		t.Errorf("tried %d keys of %d and %d without their fault, want all, and 5", tried, suite.NumberOfTests, controls)
	}
}

// loadJWKs parses a set of a stranger's keys, under the kid and with the life that ours have, and all else as it is.
func loadJWKs(t *testing.T, all []map[string]any) (*Set, error) {
	t.Helper()
	for _, j := range all {
		text := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, j["crv"], j["kty"], j["x"], j["y"])
		sum := sha256.Sum256([]byte(text))
		for name, value := range map[string]any{"kid": base64url.EncodeToString(sum[:8]), "iss": "https://cards.example.org", "signs": Cards,
			"state": Active, "not_before": "2026-11-01T00:00:00Z"} {
			j[name] = value
		}
	}
	file, err := json.Marshal(map[string]any{"keys": all})
	if err != nil {
		t.Fatal(err)
	}
	return parse(file)
}
