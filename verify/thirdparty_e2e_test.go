//go:build e2e

package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const thirdParty = "testdata/thirdparty"

// strangersQuestion is what the programs of thirdParty read: the published keys, and tokens. They know nothing else of us.
type strangersQuestion struct {
	JWKS   json.RawMessage `json:"jwks"`
	Tokens []string        `json:"tokens"`
	Lists  []strangersList `json:"lists"`
	Issuer string          `json:"issuer"`
	Clock  time.Time       `json:"clock"`
}

// strangersList asks for the state at one place of a status list. Want is ours to know.
type strangersList struct {
	Token string `json:"token"`
	URI   string `json:"uri"`
	Index int64  `json:"index"`
	want  *int   // nil for a list that has to be refused
}

// strangersLists are status lists as our server publishes them, and some that it doesn't, signed by a key that goes into the set.
func strangersLists(t *testing.T, m *maker, set *keys.Set) []strangersList {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
	key := m.keyOf(private.Public(), token.EdDSA)
	key.Purpose = keys.StatusLists
	m.must(set.Add(key))
	list, err := statuslist.New(statuslist.Bits, statuslist.Size)
	m.must(err)
	m.must(list.Set(5, 1))
	m.must(list.Set(131071, 3))
	packed, err := list.Encode()
	m.must(err)
	claims := statuslist.Claims{URI: vectorIssuer + "/s/1", IssuedAt: issuedAt, ExpiresAt: issuedAt.Add(24 * time.Hour), TTL: 5 * time.Minute, Bits: statuslist.Bits, Packed: packed}
	sign := func(c statuslist.Claims) string {
		raw, err := statuslist.Sign(c, token.SigningKey{ID: key.ID, Alg: token.EdDSA, Key: private})
		m.must(err)
		return raw
	}
	good, over := sign(claims), claims
	over.IssuedAt, over.ExpiresAt = issuedAt.Add(-48*time.Hour), issuedAt.Add(-24*time.Hour)
	states := map[int64]int{0: 0, 5: 1, 131071: 3}
	var asked []strangersList
	for index, state := range states {
		asked = append(asked, strangersList{good, claims.URI, index, &state})
	}
	other := claims
	other.URI = vectorIssuer + "/s/2"
	return append(asked, strangersList{sign(over), claims.URI, 5, nil}, strangersList{sign(other), claims.URI, 5, nil},
		strangersList{good[:len(good)-4] + "AAAA", claims.URI, 5, nil})
}

// asStrangersSee is the question about tokens of every algorithm, with the keys as our server publishes them; the tokens that are right
// stand first, and good says how many they are.
func asStrangersSee(t *testing.T, algorithms ...string) (q strangersQuestion, good int) {
	t.Helper()
	made := makeVectors(t)
	m := &maker{t: t}
	ed := m.keyOf(made["valid-token"].publicKey(t), token.EdDSA)
	all := map[string]keys.Key{token.EdDSA: ed, token.ES256: m.p256Key(token.ES256)}
	tokens := map[string]string{token.EdDSA: made["valid-token"].Token, token.ES256: made["valid-es256"].Token}
	if len(algorithms) == 1 { // the same key can't be published under two names
		ed.Alg = token.Ed25519
		all, tokens = map[string]keys.Key{token.Ed25519: ed}, map[string]string{token.Ed25519: made["valid-ed25519"].Token}
	}
	set, err := keys.NewSet()
	m.must(err)
	for _, alg := range algorithms {
		m.must(set.Add(all[alg]))
		q.Tokens = append(q.Tokens, tokens[alg])
	}
	good = len(q.Tokens)
	for _, name := range []string{"payload-changed", "signature-zero", "signature-malleated", "signature-of-another", "alg-none", "alg-hs256-raw", "alg-hs256-pem",
		"es256-psychic", "es256-der", "other-key", "typ-status-list", "header-own-kid"} {
		if made[name].Expected.Code == verify.Valid || made[name].Token == "" {
			t.Fatalf("%s is no bad token", name)
		}
		q.Tokens = append(q.Tokens, made[name].Token)
	}
	q.Lists = strangersLists(t, m, set)
	q.JWKS, err = set.JWKS()
	m.must(err)
	q.Issuer, q.Clock = vectorIssuer, issuedAt.Add(time.Hour)
	return q, good
}

// publicKey is the vector's only key.
func (v vector) publicKey(t *testing.T) any {
	t.Helper()
	path := filepath.Join(t.TempDir(), keys.FileName)
	if err := os.WriteFile(path, v.Keys, 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := keys.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return set.All()[0].Public
}

func askStranger(t *testing.T, cmd *exec.Cmd, q strangersQuestion, good int) {
	t.Helper()
	in, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var answers struct {
		Cards []*struct {
			Number string `json:"jti"`
			Name   string `json:"name"`
			Course string `json:"crs"`
		} `json:"cards"`
		States []*int `json:"states"`
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers.Cards) != len(q.Tokens) || len(answers.States) != len(q.Lists) {
		t.Fatalf("got %d and %d answers, %v, want %d and %d: %s", len(answers.Cards), len(answers.States), err, len(q.Tokens), len(q.Lists), out)
	}
	for i, got := range answers.States {
		if want := q.Lists[i].want; (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("list %d, place %d: got %v, want %v (null is refused)", i, q.Lists[i].Index, got, want)
		}
	}
	for i, a := range answers.Cards {
		switch {
		case i >= good && a != nil:
			t.Errorf("a bad token was taken: %s", q.Tokens[i])
		case i < good && (a == nil || a.Number != "N0XKJ8NR241J" || a.Name != "Łukasz Wróbel" || a.Course != "BLS"):
			t.Errorf("a right token: got %+v: %s", a, q.Tokens[i])
		}
	}
}

// TestStrangersVerify has two libraries that share no code with ours check our tokens and status lists with nothing but the JWKS that we publish.
func TestStrangersVerify(t *testing.T) {
	t.Run("jose", func(t *testing.T) {
		folder := t.TempDir()
		for _, name := range []string{"package.json", "package-lock.json", "verify.mjs"} {
			data, err := os.ReadFile(filepath.Join(thirdParty, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.Command("npm", "ci", "--prefix", folder, "--prefer-offline", "--silent", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v: %s", err, out)
		}
		for _, algorithms := range [][]string{{token.EdDSA, token.ES256}, {token.Ed25519}} {
			q, good := asStrangersSee(t, algorithms...)
			askStranger(t, exec.Command("node", filepath.Join(folder, "verify.mjs")), q, good)
		}
	})
	t.Run("PyJWT", func(t *testing.T) {
		q, good := asStrangersSee(t, token.EdDSA, token.ES256)
		askStranger(t, exec.Command("/usr/bin/python3", filepath.Join(thirdParty, "verify.py")), q, good)
	})
}
