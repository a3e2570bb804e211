package main

import (
	"errors"
	"strings"
	"testing"
	"time"

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
