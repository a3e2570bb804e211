package status

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// A register in which a revoked card is in force again is an older copy: nothing is signed from it, no other list either.
func TestOlderRegisterSignsNothing(t *testing.T) {
	c := newCentre(t)
	r := &fixedRegister{states: map[int64]card.State{1: card.Revoked, 2: card.Issued}, mark: "2 b"}
	c.o.Register = r
	c.renew()
	for _, older := range []card.State{card.Issued, card.Suspended, card.Planned} {
		r.states[1], r.mark = older, "1 a"
		c.now = c.now.Add(10 * time.Minute)
		for range 2 {
			if err := c.Renew(t.Context()); !errors.Is(err, ErrOldRegister) || !strings.Contains(err.Error(), "restore the newest") {
				t.Errorf("%s: got %v, want ErrOldRegister", older, err)
			}
		}
		c.want(7, statuslist.Revoked)
		for n, list := range c.All() {
			if !list.IssuedAt.Before(c.now) {
				t.Errorf("%s: list %d was signed", older, n)
			}
		}
	}
	r.states[1], r.mark = card.Revoked, "2 c"
	c.renew()
	if got := c.open().IssuedAt; !got.Equal(c.now) {
		t.Errorf("after the cards were revoked again: got a list of %s, want one of %s", got, c.now)
	}
}

// A publisher that begins anew is reminded of what the one before has signed.
func TestRecall(t *testing.T) {
	c := newCentre(t)
	r := &fixedRegister{states: map[int64]card.State{1: card.Revoked}, mark: "1 a"}
	c.o.Register = r
	c.renew()
	again := New(c.o)
	again.Recall(1, c.open().Claims)
	r.states[1] = card.Issued
	if err := again.Renew(t.Context()); !errors.Is(err, ErrOldRegister) || len(again.All()) != 0 {
		t.Errorf("got %v and %d lists, want ErrOldRegister and none", err, len(again.All()))
	}
	r.states[1] = card.Revoked
	if err := again.Renew(t.Context()); err != nil || len(again.All()) != 1 {
		t.Errorf("got %v and %d lists, want one", err, len(again.All()))
	}
}

// The list of a revoked key is handed out no more, and that of the next key at once.
func TestKeyOfTheLists(t *testing.T) {
	c := newCentre(t)
	var log bytes.Buffer
	c.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	c.issue("a", 1)
	c.renew()
	first := c.open().KeyID
	if err := c.set.Revoke(first, c.now); err != nil {
		t.Fatal(err)
	}
	if err := c.Renew(t.Context()); !errors.Is(err, ErrNoKey) {
		t.Errorf("revoked: got %v, want ErrNoKey", err)
	}
	if _, err := c.StatusList(1); !errors.Is(err, statuslist.ErrNoneNow) || !errors.Is(err, ErrKeyRevoked) {
		t.Errorf("revoked: got %v, want ErrNoneNow", err)
	}
	if len(c.All()) != 0 || strings.Count(log.String(), "level=ERROR") != 1 {
		t.Errorf("revoked: got %d lists and this log: %s", len(c.All()), log.String())
	}
	sign := c.addKey()
	c.o.Sign = sign.SignList
	c.now = c.now.Add(time.Second)
	c.renew()
	if got := c.open(); got.KeyID == first || !got.IssuedAt.Equal(c.now) {
		t.Errorf("the next key: got a list of %s by %s", got.IssuedAt, got.KeyID)
	}
	second := c.open().KeyID
	if err := c.set.Retire(second, c.now); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Second)
	c.o.Sign = c.addKey().SignList
	c.renew()
	if got := c.open(); got.KeyID == second || !got.IssuedAt.Equal(c.now) {
		t.Errorf("rotated: got a list of %s by %s, long before its ttl is over", got.IssuedAt, got.KeyID)
	}
}

// addKey puts another key of status lists into the set.
func (c *centre) addKey() *issuer.StatusKey {
	c.t.Helper()
	dir := c.t.TempDir()
	k, err := issuer.CreateKey(c.t.Context(), dir, testIssuer, keys.StatusLists, nil, c.now)
	if err == nil {
		err = c.set.Add(k)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	key, err := issuer.OpenStatusKey(dir, c.set, testIssuer, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return key
}
