//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/verify"
)

// shifted is the program with a clock that the environment moves: main alone is another, and the product has no such variable. A library that
// is loaded before does not help, since Go asks the kernel for the time itself.
var shifted = sync.OnceValues(func() (bin string, err error) {
	main, err := os.ReadFile("main.go")
	if err != nil {
		return "", err
	}
	const clock = "now: time.Now,"
	if bytes.Count(main, []byte(clock)) != 1 {
		return "", fmt.Errorf("main.go does not hand out the clock as %q", clock)
	}
	text := strings.Replace(string(main), clock, "now: moved,", 1) + `
func moved() time.Time {
	by, err := time.ParseDuration(os.Getenv("TEST_CLOCK"))
	if err != nil {
		panic(err)
	}
	return time.Now().Add(by)
}
`
	dir, err := os.MkdirTemp("", "cardproof-e2e-")
	if err != nil {
		return "", err
	}
	here, err := filepath.Abs("main.go")
	if err != nil {
		return "", err
	}
	there, list := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {here: there}})
	if err != nil {
		return "", err
	}
	for path, data := range map[string][]byte{there: []byte(text), list: overlay} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return "", err
		}
	}
	bin = filepath.Join(dir, "cardproof")
	if out, err := exec.Command("go", "build", "-overlay", list, "-o", bin, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

// newShiftedCentre is a folder for a centre with that program.
func newShiftedCentre(t *testing.T) *centreDir {
	t.Helper()
	bin, err := shifted()
	if err != nil {
		t.Fatal(err)
	}
	return &centreDir{t: t, bin: bin, dir: t.TempDir()}
}

// TestTheClockIsSetBack sets the clock back from after a card's last day to a day before it. The card does not come back: not to the command,
// and not to the server. Nothing is issued, what has to be withdrawn can be, and the chain stays whole.
func TestTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	c := newShiftedCentre(t)
	at := func(shift string) { c.env = []string{"TEST_CLOCK=" + shift} }
	at("0s")
	c.must("init")
	old := c.roster(3)
	c.must("issue", old, "--out", "old")
	at("26300h") // three years on: the cards are over after two
	newer := c.write("newer.csv", strings.ReplaceAll(string(c.read("roster.csv")), "2026-11-07", "2029-11-07"))
	c.must("issue", newer, "--out", "new")
	card, fresh := c.cards("old")[0], c.cards("new")[0]
	c.wants(exitRefused, []string{"EXPIRED"}, "verify", card.file)
	at("17000h") // a month before their last day
	const warning = "warning: by this machine's clock it is "
	c.wants(exitRefused, []string{warning, "UNKNOWN"}, "verify", card.file)
	c.wants(exitRefused, []string{warning, "UNKNOWN"}, "verify", card.number)
	origin := c.serve()
	for _, url := range []string{"/n/" + card.number, card.url[strings.Index(card.url, "/c/"):]} {
		if v, _, _ := ask(t, origin+url); v.Valid || v.Code != "status_unknown" {
			t.Errorf("a card that was over before the clock was set back: got %s", v.Code)
		}
	}
	refused := []string{"error: by this machine's clock it is ", "but the register has an event of ", "hint: Set the clock of this machine right", "Nothing was issued."}
	c.write("roster.csv", strings.ReplaceAll(string(c.read("roster.csv")), "L0000", "M0000"))
	c.wants(exitFailed, refused, "issue", "roster.csv", "--out", "back")
	c.wants(exitFailed, refused, "replace", fresh.number, "--name", "Ana Nová", "--reason", "a slip", "--out", "back")
	c.wants(exitFailed, []string{"problem  clock", " in the future: \""}, "doctor", "--offline")
	c.wants(exitDone, []string{warning, "is now revoked"}, "revoke", fresh.number, "--reason", "a mistake")
	c.wants(exitDone, []string{"are whole"}, "audit", "verify")
	at("26300h")
	c.wants(exitDone, []string{"are whole"}, "audit", "verify")
	c.wants(exitRefused, []string{"REVOKED"}, "verify", fresh.number)
	at("26000h") // and so that a clock that was ahead once does not end a centre
	c.env = append(c.env, serve.TrustVariable+"=yes")
	c.must("issue", newer, "--out", "again")
}

// TestTheClockWasAheadOnce suspends a card with a clock that is two years ahead, and reinstates it with the right one. Until a person says that
// the clock is right, genuine cards are in doubt; from then on they are not, for the command and for both servers.
func TestTheClockWasAheadOnce(t *testing.T) {
	t.Parallel()
	c := newShiftedCentre(t)
	at := func(shift string) { c.env = []string{"TEST_CLOCK=" + shift} }
	at("0s")
	c.must("init")
	c.must("issue", c.roster(2), "--out", "out")
	card, other := c.cards("out")[0], c.cards("out")[1]
	at("18000h") // 750 days
	c.must("suspend", other.number, "--reason", "a test")
	at("0s")
	c.wants(exitDone, []string{"warning: by this machine's clock", serve.TrustVariable + "=yes"}, "reinstate", other.number, "--reason", "a test")
	c.wants(exitRefused, []string{"warning: by this machine's clock", "`cardproof doctor` names it", serve.TrustVariable + "=yes", "UNKNOWN"}, "verify", card.number)
	named := []string{" in the future: \"suspended\" of card " + other.number, serve.TrustVariable}
	c.wants(exitFailed, append(named, "problem  clock"), "doctor", "--offline")
	alone := c.aside()
	both := func(valid bool, code verify.Code) {
		t.Helper()
		for _, origin := range []string{c.serve(), alone()} {
			for _, card := range []cardLine{card, other} {
				if v, _, _ := ask(t, origin+"/n/"+card.number); v.Valid != valid || v.Code != code {
					t.Errorf("%s: got %s, want %s", origin, v.Code, code)
				}
			}
		}
	}
	both(false, verify.StatusUnknown)
	c.env = append(c.env, serve.TrustVariable+"=no")
	both(false, verify.StatusUnknown)
	c.env = append(c.env, serve.TrustVariable+"=yes")
	both(true, verify.Valid)
	c.wants(exitDone, []string{"VALID"}, "verify", card.number, other.number)
	c.wants(exitDone, append(named, "warning  clock"), "doctor", "--offline")
}

// aside is what starts cardproof-verify on a copy of the register, away from the private keys.
func (c *centreDir) aside() (start func() (origin string)) {
	t := c.t
	t.Helper()
	bin, err := verifyProgram()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c.must("keys", "export", "--out", filepath.Join(dir, "keys.json"))
	config := "issuer: {name: Riverside, url: 'http://localhost:8080', time_zone: UTC}\nregister: " + filepath.Join(dir, "register.db") + "\njwks: " + filepath.Join(dir, "keys.json") + "\n"
	for name, data := range map[string][]byte{"register.db": c.read("data/register.db"), "verify.yaml": []byte(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		server := exec.Command(bin, "--config", filepath.Join(dir, "verify.yaml"), "--listen", "127.0.0.1:0")
		server.Env = append(os.Environ(), c.env...)
		_, origin := serving(t, server)
		return origin
	}
}
