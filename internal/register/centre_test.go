package register

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// ofKey accepts the register of a centre with this key.
func ofKey(id string) Accept { return OfKeys(func(keyID string) bool { return keyID == id }) }

func TestWhoseRegisterItIs(t *testing.T) { onEach(t, whoseRegisterItIs) }

func whoseRegisterItIs(t *testing.T, open func(testing.TB) *DB) {
	for name, c := range map[string]struct {
		recorded []string
		card     bool // of the key abcdefghijk
		centre   string
		want     error
	}{
		"names none":                      {nil, false, "abcdefghijk", ErrForeign},
		"names the key":                   {[]string{"abcdefghijk"}, false, "abcdefghijk", nil},
		"names a stranger":                {[]string{"stranger"}, false, "abcdefghijk", ErrForeign},
		"names both":                      {[]string{"stranger", "abcdefghijk"}, false, "abcdefghijk", nil},
		"a card names it":                 {nil, true, "abcdefghijk", nil},
		"a card names a stranger":         {nil, true, "other", ErrForeign},
		"a card names it, and no event":   {[]string{"stranger"}, true, "abcdefghijk", nil},
		"an event names it, and no card":  {[]string{"other"}, true, "other", nil},
		"neither event nor card names it": {[]string{"stranger"}, true, "other", ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			for _, id := range c.recorded {
				if err := db.RecordKeys(t.Context(), []KeyEvent{keyEvent(id, KeyInUse, noon)}); err != nil {
					t.Fatal(err)
				}
			}
			if c.card {
				issue(t, db, "b1", learner(1))
			}
			if err := db.Accepted(t.Context(), ofKey(c.centre)); !errors.Is(err, c.want) {
				t.Errorf("Ledger: got %v, want %v", err, c.want)
			}
			r, err := OpenReader(t.Context(), db.where, ReaderOptions{Accept: ofKey(c.centre)})
			if !errors.Is(err, c.want) {
				t.Errorf("OpenReader: got %v, want %v", err, c.want)
			}
			if err == nil {
				r.Close()
			}
		})
	}
}

// A Reader answers nothing from another centre's register that was put in the place of its own, and goes on when that is back.
func TestReaderRefusesAStranger(t *testing.T) {
	t.Parallel()
	own, other := newDB(t), newDB(t)
	e := learner(1)
	issue(t, own, "b1", e)
	if err := other.RecordKeys(t.Context(), []KeyEvent{keyEvent("stranger", KeyInUse, noon)}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(own.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(t.Context(), own.path, ReaderOptions{Accept: ofKey(e.KeyID)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	away := filepath.Join(t.TempDir(), "away.db")
	moveAll(t, own.path, away)
	moveAll(t, other.path, own.path)
	for name, ask := range map[string]func(context.Context) error{
		"FindRecord":  func(ctx context.Context) error { _, _, err := r.FindRecord(ctx, e.Number); return err },
		"StatusLists": func(ctx context.Context) error { _, _, err := r.StatusLists(ctx, ""); return err },
		"StatusesIn": func(ctx context.Context) error {
			return r.StatusesIn(ctx, 1, func(int64, card.State) error { return nil })
		},
		"RevokedKeys": func(ctx context.Context) error { _, err := r.RevokedKeys(ctx); return err },
		"Ping":        r.Ping,
	} {
		if err := ask(t.Context()); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: got %v, want ErrForeign", name, err)
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(own.path + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	moveAll(t, away, own.path)
	if rec, ok, err := r.FindRecord(t.Context(), e.Number); err != nil || !ok || rec.State != card.Issued {
		t.Errorf("back again: got %s, %v, %v", rec.State, ok, err)
	}
	if has, err := r.HasSigned(t.Context(), e.KeyID); err != nil || !has {
		t.Errorf("HasSigned: got %v, %v", has, err)
	}
	if has, err := r.HasSigned(t.Context(), "stranger"); err != nil || has {
		t.Errorf("HasSigned of a stranger: got %v, %v", has, err)
	}
}
