package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// A server signs its lists with the key that is active now, without being started anew; and with none where none is.
func TestListsFollowTheirKey(t *testing.T) {
	t.Chdir(t.TempDir())
	var out transcript
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: time.Now}
	if got := run(t.Context(), []string{"init"}, a); got != exitDone {
		t.Fatalf("init: exit code %d\n%s", got, out.String())
	}
	c, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	key := &listKey{centre: c}
	if err := key.open(); err != nil {
		t.Fatal(err)
	}
	before := key.opened.ID()
	rotation, err := issuer.RotateKey(t.Context(), c.Keys, c.Issuer.URL, keys.StatusLists, nil, time.Now().Add(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	l, err := statuslist.New(statuslist.Bits, statuslist.Size)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	claims := statuslist.Claims{URI: c.Issuer.URL + "/s/1", IssuedAt: now, ExpiresAt: now.Add(time.Hour), TTL: time.Minute, Bits: statuslist.Bits, Packed: packed}
	raw, err := key.sign(claims)
	if err != nil || key.opened.ID() != rotation.Made.ID || rotation.Made.ID == before {
		t.Fatalf("after the rotation: got key %s, %v, want %s", key.opened.ID(), err, rotation.Made.ID)
	}
	if strings.Count(raw, ".") != 2 {
		t.Errorf("got %q, want a token", raw)
	}
	if err := issuer.RetireKey(t.Context(), c.Keys, rotation.Made.ID, time.Now().Add(4*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := key.sign(claims); !errors.Is(err, issuer.ErrNoActiveKey) {
		t.Errorf("after its end: got %v, want ErrNoActiveKey", err)
	}
}

// A register that is exchanged under a running signer is not signed from, unless it is this centre's.
func TestListsOfAStrangersRegister(t *testing.T) {
	t.Chdir(t.TempDir())
	var out transcript
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: time.Now}
	must := func(args ...string) {
		t.Helper()
		if got := run(t.Context(), args, &app{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: time.Now}); got != exitDone {
			t.Fatalf("%s: exit code %d\n%s", args[0], got, out.String())
		}
	}
	must("init")
	a.configPath = "config.yaml"
	c, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := a.openLists(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Renew(t.Context()); err != nil || len(l.All()) != 1 {
		t.Fatalf("got %d lists, %v, want one", len(l.All()), err)
	}
	before, _ := l.StatusList(1)
	// As a fresh init of another folder makes it.
	if err := os.Rename("data", "away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("keys", "kept"); err != nil {
		t.Fatal(err)
	}
	must("init")
	if err := errors.Join(os.RemoveAll("keys"), os.Rename("kept", "keys")); err != nil {
		t.Fatal(err)
	}
	if err := l.Renew(t.Context()); !errors.Is(err, register.ErrForeign) {
		t.Errorf("a stranger's register: got %v, want ErrForeign", err)
	}
	if now, err := l.StatusList(1); err != nil || now.ETag != before.ETag {
		t.Errorf("the list in hand: got another, %v", err)
	}
	if err := errors.Join(os.RemoveAll("data"), os.Rename("away", "data")); err != nil {
		t.Fatal(err)
	}
	if err := l.Renew(t.Context()); err != nil {
		t.Errorf("the own one again: %v", err)
	}
}
