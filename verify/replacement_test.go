package verify

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// records is a register of some cards.
type records map[card.Number]card.Record

func (r records) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	rec, ok := r[n]
	if rec.State == "broken" {
		return card.Record{}, false, errors.New("the disk is gone")
	}
	return rec, ok, nil
}

func TestReplacement(t *testing.T) {
	const first, second, third = card.Number("000000000000"), card.Number("N0XKJ8NR241J"), card.Number("7F3K9QWX2MTZ")
	chain := func(states ...card.State) func(*world) records {
		return func(w *world) records {
			all, numbers := records{}, []card.Number{first, second, third, ""}
			for i, state := range states {
				rec := w.rec
				rec.Number, rec.State = numbers[i], state
				if state == card.Superseded {
					rec.ReplacedBy = numbers[i+1]
				}
				all[numbers[i]] = rec
			}
			return all
		}
	}
	for name, tc := range map[string]struct {
		register func(*world) records
		want     *Replacement
	}{
		"in force":         {chain(card.Superseded, card.Issued), &Replacement{second, Valid}},
		"revoked":          {chain(card.Superseded, card.Revoked), &Replacement{second, Revoked}},
		"suspended":        {chain(card.Superseded, card.Suspended), &Replacement{second, Suspended}},
		"replaced again":   {chain(card.Superseded, card.Superseded, card.Issued), &Replacement{third, Valid}},
		"the last revoked": {chain(card.Superseded, card.Superseded, card.Revoked), &Replacement{third, Revoked}},
		"not to be found":  {chain(card.Superseded), &Replacement{second, StatusUnknown}},
		"register fails":   {chain(card.Superseded, "broken"), &Replacement{second, StatusUnknown}},
		"of another key": {func(w *world) records {
			all := chain(card.Superseded, card.Issued)(w)
			rec := all[second]
			rec.KeyID = "BBBBBBBBBBB"
			all[second] = rec
			return all
		}, &Replacement{second, UnknownIssuer}},
		"a circle": {func(w *world) records {
			all := chain(card.Superseded, card.Superseded)(w)
			rec := all[second]
			rec.ReplacedBy = first
			all[second] = rec
			return all
		}, &Replacement{first, StatusUnknown}},
		"not replaced": {chain(card.Issued), nil},
		"withdrawn":    {chain(card.Revoked), nil},
	} {
		w := newWorld(t)
		c := w.checker()
		c.Register = tc.register(w)
		byToken, err := c.CheckToken(t.Context(), w.token(t))
		if err != nil {
			t.Fatal(err)
		}
		byNumber, err := c.CheckNumber(t.Context(), first.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []Verdict{byToken, byNumber} {
			got := v.Replacement
			if (got == nil) != (tc.want == nil) || got != nil && (got.Code != tc.want.Code || tc.want.Code != StatusUnknown && got.Number != tc.want.Number) {
				t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
			}
			if v.IsValid() != (tc.want == nil && v.Code == Valid) {
				t.Errorf("%s: got %s", name, v.Code)
			}
		}
	}
	// Past its day the newer card is expired, and said to be.
	w := newWorld(t)
	c := w.checker()
	c.Register = chain(card.Superseded, card.Issued)(w)
	c.Now = func() time.Time { return testExpires }
	if v, err := c.CheckToken(t.Context(), w.token(t)); err != nil || v.Code != Superseded || v.Replacement.Code != Expired {
		t.Errorf("expired: got %+v, %v", v, err)
	}
}
