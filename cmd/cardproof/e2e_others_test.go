//go:build e2e

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// others are the programs of docs/verify-without-us, which share no code with us: one in Go with its standard library, one in Python
// with PyJWT, and one in JavaScript with jose.
var others = sync.OnceValues(func() (map[string][]string, error) {
	dir, err := os.MkdirTemp("", "cardproof-others-")
	if err != nil {
		return nil, err
	}
	const pages = "../../docs/verify-without-us/"
	script, err := os.ReadFile(pages + "check.mjs")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "check.mjs"), script, 0o600); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"go", "build", "-o", filepath.Join(dir, "check"), pages + "check.go"},
		{"npm", "install", "--prefix", dir, "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "jose@6.2.17"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%v: %w: %s", args, err, out)
		}
	}
	return map[string][]string{
		"Go":         {filepath.Join(dir, "check")},
		"Python":     {"/usr/bin/python3", pages + "check.py"}, // Debian's own, for which Debian's packages are
		"JavaScript": {"node", filepath.Join(dir, "check.mjs")},
	}, nil
})

// askOthers asks each of the programs but the excepted ones about the cards, and holds the codes against the wanted ones.
func askOthers(t *testing.T, args, cards, want []string, except ...string) {
	t.Helper()
	programs, err := others()
	if err != nil {
		t.Fatal(err)
	}
	for name, program := range programs {
		if slices.Contains(except, name) {
			continue
		}
		cmd := exec.Command(program[0], slices.Concat(program[1:], args, []string{"--"}, cards)...)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != len(cards) || errs.Len() > 0 {
			t.Errorf("%s printed %d lines about %d cards: %q, %s", name, len(lines), len(cards), lines, errs.String())
			continue
		}
		good := true
		for i, line := range lines {
			code, says, _ := strings.Cut(line, ": ")
			good = good && code == "valid"
			if code != want[i] {
				t.Errorf("%s: card %d (%.40s...): got %q, want %s", name, i, cards[i], line, want[i])
			}
			if signed := !slices.Contains(bySignature, want[i]); signed != (says != "") {
				t.Errorf("%s: got %q; a refused card shows nothing, and another one something", name, line)
			}
		}
		var exit *exec.ExitError
		if failed := errors.As(err, &exit) && exit.ExitCode() == 1; failed == good || (err != nil && !failed) {
			t.Errorf("%s ended with %v, although all cards are valid: %v", name, err, good)
		}
	}
}

// bySignature are the codes of cards that are refused by what they are.
var bySignature = []string{"malformed", "wrong_type", "unknown_issuer", "bad_signature", "invalid_claims"}

// Programs of others learn of every change from the running server alone, and judge on with saved files when it is gone.
func TestOthersVerifyWithoutUs(t *testing.T) {
	c := newDemoCentre(t)
	cards := c.cards("demo/cards")
	origin := c.serve()
	args := []string{"--issuer", "http://localhost:8080", "--keys", origin + "/.well-known/jwks.json", "--lists", origin + "/s"}
	urls := []string{cards[0].url, cards[1].url, cards[2].url, cards[3].url}
	askOthers(t, args, urls, []string{"valid", "valid", "valid", "valid"})

	c.must("revoke", cards[0].number, "--reason", "a test")
	c.must("suspend", cards[1].number, "--reason", "a test")
	c.must("replace", cards[2].number, "--name", "Another Name", "--out", "new")
	eventually(t, "the list at the server is signed anew", func() bool {
		l := openList(t, c, output(t, "curl", "-sf", origin+"/s/1"))
		return count(t, l, statuslist.Revoked) == 1 && count(t, l, statuslist.Suspended) == 1 && count(t, l, statuslist.Superseded) == 1
	})
	askOthers(t, args, urls, []string{"revoked", "suspended", "superseded", "valid"})
	askOthers(t, args, []string{changeOneByte(t, urls[3])}, []string{"bad_signature"})

	// Saved files, as an offline gate has them.
	c.must("status", "publish", "--out", "lists")
	c.write("jwks.json", output(t, "curl", "-sf", origin+"/.well-known/jwks.json"))
	saved := []string{"--issuer", "http://localhost:8080", "--keys", c.path("jwks.json"), "--lists", c.path("lists")}
	askOthers(t, saved, urls, []string{"revoked", "suspended", "superseded", "valid"})
	tomorrow := time.Now().Add(25 * time.Hour).UTC().Format(time.RFC3339)
	unknown := []string{"status_unknown", "status_unknown", "status_unknown", "status_unknown"}
	askOthers(t, append(slices.Clone(saved), "--at", tomorrow), urls, unknown)
	askOthers(t, []string{"--issuer", "http://localhost:8080", "--keys", c.path("jwks.json"), "--lists", c.path("none")}, urls, unknown)

	// Without the register the server answers for no card, and hands on the list in hand while it counts.
	if err := os.Rename(c.path("demo/data/register.db"), c.path("demo/data/lost.db")); err != nil {
		t.Fatal(err)
	}
	if _, status, _ := ask(t, origin+strings.TrimPrefix(urls[3], "http://localhost:8080")); status != http.StatusServiceUnavailable {
		t.Errorf("a verdict without the register: got %d, want 503", status)
	}
	askOthers(t, args, urls, []string{"revoked", "suspended", "superseded", "valid"})

	// One who has the key of the status lists can't forge a card with it.
	askOthers(t, saved, []string{cardOfListKey(t, c)}, []string{"unknown_issuer"})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 100 {
		if holds() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("after 10 seconds it still does not hold that %s", what)
}

func (c *centreDir) keySet() *keys.Set {
	c.t.Helper()
	set, err := keys.Load(c.path("demo/keys/jwks.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	return set
}

func openList(t *testing.T, c *centreDir, raw string) statuslist.Opened {
	t.Helper()
	opened, err := statuslist.Open(raw, statuslist.Expected{
		URI: "http://localhost:8080/s/1", Issuer: "http://localhost:8080", Keys: c.keySet(), Now: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func count(t *testing.T, l statuslist.Opened, want statuslist.Status) (n int) {
	t.Helper()
	for i := range int64(l.Len()) {
		s, err := l.At(i)
		if err != nil {
			t.Fatal(err)
		}
		if s == want {
			n++
		}
	}
	return n
}

// changeOneByte is a card of another holder, with the signature of the first.
func changeOneByte(t *testing.T, url string) string {
	t.Helper()
	raw, err := token.FromDigits(url[strings.LastIndexByte(url, '/')+1:])
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(raw, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(payload), `"name":"`, `"name":"X`, 1)
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(forged)) + "." + parts[2]
}

// cardOfListKey is a card that is signed with the private key of the status lists.
func cardOfListKey(t *testing.T, c *centreDir) string {
	t.Helper()
	k, ok := c.keySet().Active("http://localhost:8080", keys.StatusLists)
	if !ok {
		t.Fatal("the centre has no key of status lists")
	}
	now := time.Now().UTC().Truncate(time.Second)
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := token.Sign(card.Card{
		Issuer: "http://localhost:8080", Number: number, IssuedAt: now, ExpiresAt: now.AddDate(2, 0, 0), Name: "Eve Forger", Course: "BLS",
		Status: card.StatusSlot{List: 1, Index: 0}.Ref("http://localhost:8080"),
	}, token.SigningKey{ID: k.ID, Alg: k.Alg, Key: c.privateKey(k.ID)})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (c *centreDir) privateKey(id string) ed25519.PrivateKey {
	c.t.Helper()
	data, err := os.ReadFile(c.path("demo/keys/" + id + ".pem"))
	if err != nil {
		c.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		c.t.Fatal("the key is no PEM")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return private.(ed25519.PrivateKey)
}

// vectorFile is what this test needs of a vector (testdata/README.md).
type vectorFile struct {
	Token    string          `json:"token"`
	Clock    time.Time       `json:"clock"`
	Keys     json.RawMessage `json:"keys"`
	Register struct {
		Down  bool
		Cards []struct{ State card.State }
	} `json:"register"`
	Expected struct{ Code string } `json:"expected"`
}

// The programs of others give the verdicts of the conformance vectors, as far as these can be known without the register. The one
// exception is told in docs/verify-without-us/README.md.
func TestOthersAgreeWithTheVectors(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/vectors/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d vectors, %v", len(paths), err)
	}
	type group struct{ args, cards, want []string }
	groups := map[string]*group{}
	asked := 0
	for _, path := range paths {
		var v vectorFile
		data, err := os.ReadFile(path)
		if err := errors.Join(err, json.Unmarshal(data, &v)); err != nil {
			t.Fatal(err)
		}
		want, ok := v.knownToOthers()
		if !ok {
			continue
		}
		asked++
		if filepath.Base(path) == "claim-name-not-nfc.json" {
			askOthers(t, v.files(t, ""), []string{v.Token}, []string{want}, "Go") // its library knows no normalisation
			continue
		}
		state := card.State("")
		if len(v.Register.Cards) > 0 && !v.Register.Down {
			state = v.Register.Cards[0].State
		}
		id := string(v.Keys) + v.Clock.String() + string(state)
		if groups[id] == nil {
			groups[id] = &group{args: v.files(t, state)}
		}
		groups[id].cards, groups[id].want = append(groups[id].cards, v.Token), append(groups[id].want, want)
	}
	t.Logf("%d of %d vectors in %d groups", asked, len(paths), len(groups))
	if asked < 80 {
		t.Errorf("got %d vectors that others can judge, want most of them", asked)
	}
	for _, g := range groups {
		askOthers(t, g.args, g.cards, g.want)
	}
}

const vectorIssuer = "https://cards.example.org"

// knownToOthers is the code that a program without the register has to give, and false where it can't know.
func (v vectorFile) knownToOthers() (code string, ok bool) {
	code = v.Expected.Code
	if v.Token == "" || len(v.Register.Cards) > 1 {
		return "", false
	}
	if slices.Contains(bySignature, code) {
		return code, true
	}
	if strings.Contains(string(v.Keys), `"revoked"`) {
		return "unknown_issuer", true // what is not published any more is not known, whatever the register holds
	}
	parts := strings.Split(v.Token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || len(parts) == 1 {
		return "", false // digits: the same card is there as a token
	}
	if len(v.Register.Cards) > 0 && v.Register.Cards[0].State == card.Planned {
		return "suspended", true
	}
	if code == "valid" && !strings.Contains(string(payload), `"status"`) {
		return "status_unknown", true
	}
	return code, slices.Contains([]string{"valid", "expired", "not_yet_valid", "revoked", "suspended", "superseded", "status_unknown"}, code)
}

// files writes the published keys of a vector, and lists in which every card is in one state: none for a register that is down.
func (v vectorFile) files(t *testing.T, state card.State) []string {
	t.Helper()
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("set.json", v.Keys)
	set, err := keys.Load(filepath.Join(dir, "set.json"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := keys.IDOf(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Add(keys.Key{
		ID: id, Alg: token.EdDSA, Public: public, Issuer: vectorIssuer, Purpose: keys.StatusLists, State: keys.Active, NotBefore: v.Clock,
	}); err != nil {
		t.Fatal(err)
	}
	jwks, err := set.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	write("jwks.json", jwks)
	if status, ok := statuslist.Of(state); ok {
		l, err := statuslist.New(statuslist.Bits, statuslist.Size)
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(l.Len()) {
			if err := l.Set(i, status); err != nil {
				t.Fatal(err)
			}
		}
		packed, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{0, 1, 2, 3} {
			raw, err := statuslist.Sign(statuslist.Claims{
				URI: statuslist.URI(vectorIssuer, n), IssuedAt: v.Clock, ExpiresAt: v.Clock.Add(time.Hour), TTL: time.Minute,
				Bits: statuslist.Bits, Packed: packed,
			}, token.SigningKey{ID: id, Alg: token.EdDSA, Key: private})
			if err != nil {
				t.Fatal(err)
			}
			write(fmt.Sprint(n, ".jwt"), []byte(raw))
		}
	}
	return []string{"--issuer", vectorIssuer, "--keys", filepath.Join(dir, "jwks.json"), "--lists", dir, "--at", v.Clock.Format(time.RFC3339)}
}
