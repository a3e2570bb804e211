//go:build e2e

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const withoutUs = "../../docs/verify-without-us/"

// others are the programs of docs/verify-without-us, which share no code with us: one in Go with its standard library, one in Python
// with cryptography, and one in JavaScript with what Node has.
var others = sync.OnceValues(func() (map[string][]string, error) {
	dir, err := os.MkdirTemp("", "cardproof-others-")
	if err != nil {
		return nil, err
	}
	inGo := filepath.Join(dir, "check")
	if out, err := exec.Command("go", "build", "-o", inGo, withoutUs+"check.go").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return map[string][]string{
		"Go":         {inGo},
		"Python":     {"/usr/bin/python3", withoutUs + "check.py"}, // Debian's own, for which Debian's packages are
		"JavaScript": {"node", withoutUs + "check.mjs"},
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
	t.Parallel()
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

// notInGo is the one vector that the program in Go judges otherwise: the standard library knows no normalisation of Unicode.
const notInGo = "claim-name-not-nfc"

// The conformance kit finds no difference between the programs and the contract, by what can be known from the keys alone: no
// difference but the one that docs/verify-without-us/README.md tells. The kit starts a program for each vector, so it asks about those that
// can't be given as an argument, and about the names; TestOthersAgreeWithTheVectors asks about all others at once.
func TestOthersAgreeWithTheKit(t *testing.T) {
	t.Parallel()
	programs, err := others()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{"Go": {notInGo}}
	counted := regexp.MustCompile(`(?m)^(\d+) vectors at the level signature, (\d+) answered otherwise$`)
	different := regexp.MustCompile(`(?m)^(\S+): .*\n  got `)
	for name, program := range programs {
		var differences []string
		for only, atLeast := range map[string]int{"text-": 40, "claim-name": 10} {
			args := slices.Concat([]string{"--level", "signature", "--only", only, withoutUs + "kit.py"}, program)
			out, err := exec.Command("../../scripts/conformance", args...).CombinedOutput()
			m := counted.FindSubmatch(out)
			if m == nil {
				t.Fatalf("%s: %v: %s", name, err, out)
			}
			found := different.FindAllSubmatch(out, -1)
			for _, d := range found {
				differences = append(differences, string(d[1]))
			}
			if asked, _ := strconv.Atoi(string(m[1])); asked < atLeast || string(m[2]) != fmt.Sprint(len(found)) {
				t.Errorf("%s: the kit tells of %d differences, want %s, and at least %d vectors: %s", name, len(found), m[2], atLeast, out)
			}
		}
		if !slices.Equal(differences, told[name]) {
			t.Errorf("%s: got differences in %q, want %q", name, differences, told[name])
		}
	}
}

// A program that can't know says so by exit code 2, and never by silence or a verdict.
func TestOthersSayWhenNothingWasChecked(t *testing.T) {
	t.Parallel()
	programs, err := others()
	if err != nil {
		t.Fatal(err)
	}
	v := readVector(t, "../../testdata/vectors/valid-token.json")
	old := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(old, []byte(strings.ReplaceAll(string(v.Keys), `"signs"`, `"of"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	good := v.files(t, card.Issued)
	for name, program := range programs {
		for _, tc := range []struct {
			name, in, out, says string
			args                []string
			exit                int
		}{
			{"lines", v.Token + "\r\n\n" + v.Token, "valid malformed valid", "", append(good, "-"), 1},
			{"one line without an end", v.Token, "valid", "", append(good, "-"), 0},
			{"an address with a question", "", "valid", "", append(good, vectorIssuer+"/c/"+token.Digits(v.Token)+"?need=BLS"), 0},
			{"a slash behind the issuer", "", "valid", "", append(good, "--issuer", vectorIssuer+"/", v.Token), 0},
			{"no line", "", "", "no card on the standard input", append(good, "-"), 2},
			{"a key set that does not say what a key signs", "", "", `"signs"`, append(good, "--keys", old, v.Token), 2},
			{"no keys", "", "", "keys", append(good, "--keys", old+"x", v.Token), 2},
			{"no card", "", "", "-issuer", good, 2},
			{"no time", "", "", "-at", append(good, "--at", "noon", v.Token), 2},
		} {
			cmd := exec.Command(program[0], slices.Concat(program[1:], tc.args)...)
			var errs strings.Builder
			cmd.Stdin, cmd.Stderr = strings.NewReader(tc.in), &errs
			out, err := cmd.Output()
			if err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			got := strings.Join(regexp.MustCompile(`(?m)^\w+`).FindAllString(string(out), -1), " ")
			if exit := cmd.ProcessState.ExitCode(); exit != tc.exit || got != tc.out || !strings.Contains(errs.String(), tc.says) || (tc.says == "") != (errs.Len() == 0) {
				t.Errorf("%s, %s: got exit code %d, %q, %q; want %d, %q, %q", name, tc.name, exit, out, errs.String(), tc.exit, tc.out, tc.says)
			}
		}
	}
}

// vectorFile is what these tests need of a vector (testdata/README.md).
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

func readVector(t *testing.T, path string) (v vectorFile) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err := errors.Join(err, json.Unmarshal(data, &v)); err != nil {
		t.Fatal(err)
	}
	return v
}

// leftOut are the vectors with a clock and a register that the programs can't answer, and why.
var leftOut = map[string]string{
	"key-not-yet-used":     "the published keys do not say since when they were in use",
	"key-retired-before":   "nor until when",
	"need-unregistered":    "only the register knows what it does not hold",
	"unregistered-content": "as above",
	"unregistered-expired": "as above",
	"unregistered-number":  "as above",
	"unregistered-revoked": "as above",
	"valid-digits":         "the same card is there as valid-token; the kit asks about its digits",
}

// With a clock and with lists the programs give the verdicts of the conformance vectors, as far as these can be known without the
// register.
func TestOthersAgreeWithTheVectors(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../testdata/vectors/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d vectors, %v", len(paths), err)
	}
	type group struct{ args, cards, want []string }
	groups := map[string]*group{}
	asked := 0
	for _, path := range paths {
		v := readVector(t, path)
		if v.Token == "" || strings.Contains(v.Token, "\x00") { // what can't be an argument is for the kit
			continue
		}
		want, ok := v.knownToOthers()
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if _, told := leftOut[name]; told == ok {
			t.Errorf("%s: can be answered: %v; leftOut and docs/verify-without-us/README.md say otherwise", name, ok)
		}
		if !ok {
			continue
		}
		asked++
		if name == notInGo {
			askOthers(t, v.files(t, ""), []string{v.Token}, []string{want}, "Go")
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
	if asked < 400 {
		t.Errorf("got %d vectors that others can judge, want 400 or more", asked)
	}
	for _, g := range groups {
		askOthers(t, g.args, g.cards, g.want)
	}
}

const vectorIssuer = "https://cards.example.org"

// knownToOthers is the code that a program without the register has to give, and false where it can't know.
func (v vectorFile) knownToOthers() (code string, ok bool) {
	code = v.Expected.Code
	if slices.Contains(bySignature, code) {
		return code, true
	}
	if strings.Contains(string(v.Keys), `"revoked"`) {
		return "unknown_issuer", true // what is not published any more is not known, whatever the register holds
	}
	parts := strings.Split(v.Token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || len(parts) == 1 {
		return "", false
	}
	if len(v.Register.Cards) > 0 && v.Register.Cards[0].State == card.Planned {
		return "suspended", true
	}
	if code == "valid" && !strings.Contains(string(payload), `"status"`) {
		return "status_unknown", true
	}
	return code, slices.Contains([]string{"valid", "expired", "not_yet_valid", "revoked", "suspended", "superseded", "status_unknown"}, code)
}

// files writes the keys of a vector, as an issuer exports them, and lists in which every card is in one state: none for a register that is down.
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
	origin := set.All()[0].Issuer
	id, err := keys.IDOf(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Add(keys.Key{
		ID: id, Alg: token.EdDSA, Public: public, Issuer: origin, Purpose: keys.StatusLists, State: keys.Active, NotBefore: v.Clock,
	}); err != nil {
		t.Fatal(err)
	}
	exported, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write("keys.json", exported)
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
				URI: statuslist.URI(origin, n), IssuedAt: v.Clock, ExpiresAt: v.Clock.Add(time.Hour), TTL: time.Minute,
				Bits: statuslist.Bits, Packed: packed,
			}, token.SigningKey{ID: id, Alg: token.EdDSA, Key: private})
			if err != nil {
				t.Fatal(err)
			}
			write(fmt.Sprint(n, ".jwt"), []byte(raw))
		}
	}
	return []string{"--issuer", origin, "--keys", filepath.Join(dir, "keys.json"), "--lists", dir, "--at", v.Clock.Format(time.RFC3339)}
}
