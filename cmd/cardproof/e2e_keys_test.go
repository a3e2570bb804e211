//go:build e2e

package main

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/verify"
)

// The key is rotated, and the program killed at random moments. After each there is one active key of cards, it issues, and every card that
// was issued before is still valid.
func TestKillWhileTheKeyIsRotated(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster := c.roster(3)
	c.must("issue", roster, "--out", "out")
	start := time.Now()
	c.must("keys", "rotate")
	duration := time.Since(start)
	killed := 0
	for killed < 20 {
		if killAfter(t, c.command("keys", "rotate"), rand.N(duration)) {
			killed++
		}
		var list struct {
			Keys []struct{ State, Signs string }
		}
		if err := json.Unmarshal(c.must("keys", "list", "--json"), &list); err != nil {
			t.Fatal(err)
		}
		active := 0
		for _, k := range list.Keys {
			if k.State == "active" && k.Signs == "card+jwt" {
				active++
			}
		}
		if active != 1 {
			t.Fatalf("after %d kills: got %d active keys of cards, want 1", killed, active)
		}
		c.must("keys", "check")
	}
	c.must("keys", "rotate")
	c.must("issue", roster, "--out", "out")
	checkIssued(t, c, "out", 3)
}

// A server that runs knows the next key with its first card, and a revocation within a second, without a restart.
func TestServerFollowsTheKeys(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster := c.roster(2)
	c.must("issue", roster, "--out", "first")
	origin := c.serve()
	verdict := func(l cardLine) verify.Code {
		t.Helper()
		v, _, _ := ask(t, origin+l.url[strings.Index(l.url, "/c/"):])
		return v.Code
	}
	old := c.cards("first")[0]
	if got := verdict(old); got != verify.Valid {
		t.Fatalf("before: got %s, want valid", got)
	}
	first := c.keyID()
	time.Sleep(1100 * time.Millisecond)
	c.must("keys", "rotate")
	for _, l := range c.cards("first") {
		c.must("replace", l.number, "--reason", "a test", "--out", "second")
	}
	files, err := filepath.Glob(c.path("second/*.pdf"))
	if err != nil || len(files) != 2 {
		t.Fatalf("got the files %v, %v, want two", files, err)
	}
	number := strings.TrimSuffix(filepath.Base(files[0]), ".pdf")
	if v, _, _ := ask(t, origin+"/n/"+number); v.Code != verify.Valid {
		t.Errorf("a card of the next key, at once: got %s, want valid", v.Code)
	}
	if got := verdict(old); got != verify.Superseded {
		t.Errorf("a card of the key before: got %s, want superseded", got)
	}
	c.must("keys", "revoke", "--since", "2020-01-01", "--yes", "--", first)
	time.Sleep(1100 * time.Millisecond)
	if got := verdict(old); got != verify.KeyRevoked {
		t.Errorf("revoked: got %s, want key_revoked", got)
	}
	if v, _, _ := ask(t, origin+"/n/"+number); v.Code != verify.Valid {
		t.Errorf("a card of the next key: got %s, want valid", v.Code)
	}
}
