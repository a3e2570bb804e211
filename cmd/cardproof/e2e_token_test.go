//go:build e2e && cgo

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/hsmtest"
)

// newTokenCentre is a centre whose keys are all in a token.
func newTokenCentre(t testing.TB, label string) (*centreDir, hsmtest.Token) {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	token := hsmtest.New(t, label)
	c := &centreDir{t: t, bin: bin, dir: t.TempDir(), env: token.Env()}
	c.must("init", "--pkcs11", token.URI())
	files, err := filepath.Glob(c.path("keys/*"))
	if err != nil {
		t.Fatal(err)
	}
	references := 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("PRIVATE KEY")) || bytes.Contains(data, []byte(hsmtest.PIN)) {
			t.Errorf("%s holds a private key or the PIN", path)
		}
		if filepath.Ext(path) == ".pkcs11" {
			references++
		}
	}
	if references != 4 {
		t.Errorf("got %d references in %v, want those of cards, lists, document key and root", references, files)
	}
	return c, token
}

// A batch of 500 is signed and sealed by keys in a token, by all workers at once. The cards are good for our verifier, for three programs of
// others, which read the published keys and a status list that a key in the token signed, and for poppler. Ed25519 first, then ES256.
func TestTokenSignsABatch(t *testing.T) {
	t.Parallel()
	c, token := newTokenCentre(t, "Batch")
	c.must("issue", c.roster(500), "--out", "out")
	cards := c.cards("out")
	if len(cards) != 500 || c.counts()["issued"] != 500 {
		t.Fatalf("got %d cards, and %v in the register, want 500", len(cards), c.counts())
	}
	var urls []string
	for _, l := range cards {
		urls = append(urls, l.url)
	}
	for part := range 5 {
		c.must(append([]string{"verify"}, urls[part*100:part*100+100]...)...)
	}
	for _, l := range cards[:3] {
		checkFile(t, l)
	}
	held := output(t, "env", "SOFTHSM2_CONF="+token.Conf, "pkcs11-tool", "--module", token.Module, "--token-label", token.Label, "--login", "--pin", hsmtest.PIN, "--list-objects", "--type", "privkey")
	if n := strings.Count(held, "sensitive, always sensitive, never extractable, local"); n != 4 || strings.Contains(held, "decrypt") {
		t.Errorf("pkcs11-tool shows %d keys that stay in the token, want 4 which sign alone: %s", n, held)
	}
	time.Sleep(1100 * time.Millisecond)
	for _, purpose := range []string{"cards", "status"} {
		c.must("keys", "rotate", "--purpose", purpose, "--pkcs11", token.URI(), "--alg", "ES256")
	}
	var list struct {
		Keys []struct {
			State, Alg string
			PrivateKey string `json:"private_key"`
		}
		Document struct {
			PrivateKey string `json:"private_key"`
		}
	}
	if err := json.Unmarshal(c.must("keys", "list", "--json"), &list); err != nil || len(list.Keys) != 4 {
		t.Fatalf("got %d keys, %v, want 4", len(list.Keys), err)
	}
	for _, k := range list.Keys {
		if (k.State == "active") != (k.Alg == "ES256") || !strings.HasPrefix(k.PrivateKey, "pkcs11:token=Batch;object=cardproof-") {
			t.Errorf("got %+v", k)
		}
	}
	if !strings.HasPrefix(list.Document.PrivateKey, "pkcs11:token=Batch;object=cardproof-document-") {
		t.Errorf("got %+v", list.Document)
	}
	c.must("replace", cards[0].number, "--reason", "a test", "--out", "next")
	c.must("revoke", cards[1].number, "--reason", "a test")
	origin := c.serve()
	files, err := filepath.Glob(c.path("next/*.pdf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %v, %v, want one card of the next key", files, err)
	}
	var verified struct {
		Results []struct{ Code, Input string }
	}
	if err := json.Unmarshal(c.must("verify", "--json", files[0]), &verified); err != nil || len(verified.Results) != 1 || verified.Results[0].Code != "valid" {
		t.Errorf("the card of the next key: got %+v, %v", verified, err)
	}
	raw := output(t, "pdfdetach", "-savefile", "card.jwt", "-o", "/dev/stdout", files[0])
	askOthers(t, []string{"--issuer", "http://localhost:8080", "--keys", origin + "/.well-known/jwks.json", "--lists", origin + "/s"},
		[]string{cards[0].url, cards[1].url, cards[2].url, strings.TrimSpace(raw)}, []string{"superseded", "revoked", "valid", "valid"})
}

// The program without cgo says that it can't, and opens keys in files as ever.
func TestPureGoBuildSaysSo(t *testing.T) {
	t.Parallel()
	c, token := newTokenCentre(t, "Pure")
	pure := filepath.Join(t.TempDir(), "cardproof")
	build := exec.Command("go", "build", "-o", pure, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.bin = pure
	for _, args := range [][]string{{"keys", "check"}, {"keys", "rotate", "--pkcs11", token.URI()}} {
		cmd := c.command(args...)
		out, _ := cmd.CombinedOutput() // the exit code says it
		if cmd.ProcessState.ExitCode() != exitKey || !strings.Contains(string(out), "error: this build of the program has no PKCS#11") || !strings.Contains(string(out), "hint: Build the program with cgo") {
			t.Errorf("%v ended with %d: %s", args, cmd.ProcessState.ExitCode(), out)
		}
	}
	c.must("keys", "list")
	files := &centreDir{t: t, bin: pure, dir: t.TempDir()}
	files.must("init")
	files.must("keys", "check")
}

// The token goes in the middle of a batch: the run ends with one clear error, and the same command makes the rest when it is back. No card
// is lost, and none is made twice.
func TestTokenIsLostInABatch(t *testing.T) {
	t.Parallel()
	c, token := newTokenCentre(t, "Lost")
	roster := c.roster(300)
	cmd := c.command("issue", roster, "--out", "out")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some cards are in the archive", func() bool {
		made, err := filepath.Glob(c.path("data/cards/*/*.pdf"))
		return err == nil && len(made) > 20
	})
	away := token.Dir + ".away"
	if err := os.Rename(token.Dir, away); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // how it ended is looked at below
	if cmd.ProcessState.ExitCode() != exitKey || strings.Count(stderr.String(), "error: ") != 1 || !strings.Contains(stderr.String(), "Nothing is lost: run the same command again") ||
		strings.Contains(stderr.String(), hsmtest.PIN) {
		t.Errorf("it ended with %d: %s", cmd.ProcessState.ExitCode(), stderr.String())
	}
	issued := c.counts()["issued"]
	if issued == 0 || issued == 300 {
		t.Errorf("%d were issued before, want some", issued)
	}
	if _, code := c.run("issue", roster, "--out", "out"); code != exitKey {
		t.Errorf("without the token it ended with %d, want %d", code, exitKey)
	}
	if err := os.Rename(away, token.Dir); err != nil {
		t.Fatal(err)
	}
	c.must("issue", roster, "--out", "out")
	if got := c.counts(); got["issued"] != 300 || len(got) != 1 {
		t.Errorf("the register holds %v, want 300 issued", got)
	}
	if got := len(c.cards("out")); got != 300 {
		t.Errorf("got %d cards, want 300", got)
	}
	checkFile(t, c.cards("out")[299])
}
