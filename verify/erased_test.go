package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/keys"
)

// TestErased asks about a card whose details were erased: it never counts, and nobody is named, whatever state it had and however it is asked about.
func TestErased(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*world)
		want  Code
	}{
		"revoked":      {func(w *world) { w.rec.State = card.Revoked }, Revoked},
		"superseded":   {func(w *world) { w.rec.State, w.rec.ReplacedBy = card.Superseded, "000000000018" }, Revoked},
		"still issued": {func(w *world) { w.rec.State = card.Issued }, Revoked}, // it can't be, and must not count all the same
		"long expired": {func(w *world) { w.rec.State, w.now = card.Revoked, testExpires.AddDate(9, 0, 0) }, Revoked},
		"key revoked": {func(w *world) {
			w.rec.State, w.key.State, w.key.RevokedSince = card.Revoked, keys.Revoked, testIssued.Add(-time.Minute)
		}, KeyRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tc.spoil(w)
			w.rec.Name, w.rec.Digest = card.ErasedName, [32]byte{}
			byToken, err := w.checker().CheckToken(t.Context(), w.token(t))
			if err != nil {
				t.Fatal(err)
			}
			byNumber, err := w.checker().CheckNumber(t.Context(), string(w.rec.Number))
			if err != nil {
				t.Fatal(err)
			}
			c := w.checker()
			c.Tokens = tokenOf(card.ErasedName) // as the register keeps it: there is nothing left that could have been altered
			proved, err := c.CheckNumber(t.Context(), string(w.rec.Number))
			if err != nil {
				t.Fatal(err)
			}
			for how, v := range map[string]Verdict{"token": byToken, "number": byNumber, "number, of which tokens are kept": proved} {
				if v.Code != tc.want || v.IsValid() || v.Card != nil || v.Replacement != nil || v.Erased != (tc.want == Revoked) {
					t.Errorf("by %s: got %+v, want %s and no card", how, v, tc.want)
				}
				if v.Erased != strings.Contains(v.Message(), "were erased") {
					t.Errorf("by %s: says %q", how, v.Message())
				}
			}
		})
	}
}
