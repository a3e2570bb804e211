package serve

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/keys"
)

// counted counts how often the register was asked for the revoked keys, which is once for each look.
type counted struct {
	keyRecord
	looks atomic.Int64
}

func (c *counted) RevokedKeys(ctx context.Context) (map[string]time.Time, error) {
	c.looks.Add(1)
	return c.keyRecord.RevokedKeys(ctx)
}

// Another centre's key set over ours, or one that has lost a key, is not taken over; and when it is gone, ours is the last good one.
func TestKeySetKeepsTheKeysThatTheRegisterNames(t *testing.T) {
	first, _ := testKey(t, "a")
	second, _ := testKey(t, "b")
	stranger, _ := testKey(t, "c")
	h := newHouse(t, first, second)
	h.record(t, first.ID)
	h.record(t, second.ID)
	k := h.keySet(t)
	for name, all := range map[string][]keys.Key{"another centre's": {stranger}, "without the second": {first}, "the second exchanged": {first, stranger}} {
		h.write(t, all...)
		k.later()
		if err := k.Ready(t.Context()); !errors.Is(err, ErrKeysLost) {
			t.Errorf("%s: ready says %v, want ErrKeysLost", name, err)
		}
		if err := os.Remove(h.jwks); err != nil {
			t.Fatal(err)
		}
		k.later()
		for _, own := range []keys.Key{first, second} {
			if _, ok := k.Find(own.ID); !ok {
				t.Errorf("%s, and gone: key %s is lost", name, own.ID)
			}
		}
		if _, ok := k.Find(stranger.ID); ok || k.Ready(t.Context()) == nil {
			t.Errorf("%s, and gone: the stranger's key is found %v, want not, and not ready", name, ok)
		}
		h.write(t, first, second)
		k.later()
		if err := k.Ready(t.Context()); err != nil {
			t.Errorf("%s, and mended: got %v, want ready", name, err)
		}
	}
	h.write(t, first, second, stranger)
	k.later()
	if _, ok := k.Find(stranger.ID); !ok || k.Ready(t.Context()) != nil {
		t.Error("a set with one more key is not taken over")
	}
}

// A named pipe in the file's place keeps nobody waiting.
func TestKeySetWithAPipe(t *testing.T) {
	first, _ := testKey(t, "a")
	h := newHouse(t, first)
	k := h.keySet(t)
	if err := errors.Join(os.Remove(h.jwks), syscall.Mkfifo(h.jwks, 0o644)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.later()
		if _, ok := k.Find(first.ID); !ok || k.Ready(context.Background()) == nil {
			t.Errorf("found %v, ready %v, want the key, and not ready", ok, k.Ready(context.Background()))
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the look at a named pipe has no end")
	}
}

// A file that does not answer is waited for once, and then the last good set goes on at once, until the file answers.
func TestKeySetOnAMountThatHangs(t *testing.T) {
	first, _ := testKey(t, "a")
	second, _ := testKey(t, "b")
	h := newHouse(t, first)
	k := h.keySet(t)
	hanging := make(chan fileLook, 1)
	k.pending = hanging // of a look that was begun and has not come back
	began := time.Now()
	for range 50 {
		k.later()
		if _, ok := k.Find(first.ID); !ok || !errors.Is(k.Ready(t.Context()), errSlowFile) {
			t.Fatalf("found %v, ready says %v, want the key, and errSlowFile", ok, k.Ready(t.Context()))
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("50 questions took %s", took)
	}
	h.revoke(t, first.ID, testTime)
	k.later()
	if got, _ := k.Find(first.ID); got.State != keys.Revoked {
		t.Errorf("got a key that is %s, want revoked as the register has it", got.State)
	}
	h.write(t, first, second)
	hanging <- lookAtFile(h.jwks, fileLook{})
	k.later()
	if _, ok := k.Find(second.ID); !ok || k.Ready(t.Context()) != nil {
		t.Errorf("the file answers again: found %v, ready says %v", ok, k.Ready(t.Context()))
	}
}
