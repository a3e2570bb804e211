package verify

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// A clock that was set back brings no card back into force; it makes none red that is in force, and a register whose time is absurd is not
// believed. Where the register can't tell its time, no card is valid.
func TestClockIsSetBack(t *testing.T) {
	w := newWorld(t)
	end := w.card.ExpiresAt
	for name, tc := range map[string]struct {
		now, latest time.Time
		err         error
		state       card.State
		want        Code
	}{
		"the register has seen nothing":     {end.Add(-time.Hour), time.Time{}, nil, card.Issued, Valid},
		"the clock is right":                {end.Add(-time.Hour), end.Add(-2 * time.Hour), nil, card.Issued, Valid},
		"set back within its time":          {end.Add(-3 * time.Hour), end.Add(-time.Second), nil, card.Issued, Valid},
		"set back from its end":             {end.Add(-time.Hour), end, nil, card.Issued, StatusUnknown},
		"set back from long after its end":  {end.Add(-24 * time.Hour), end.AddDate(1, 0, 0), nil, card.Issued, StatusUnknown},
		"a few seconds":                     {end.Add(-time.Second), end.Add(ClockSkew - time.Second), nil, card.Issued, Valid},
		"an event of another century":       {end.Add(-time.Hour), end.AddDate(70, 0, 0), nil, card.Issued, Valid},
		"over by this machine's clock, too": {end.Add(time.Hour), end.Add(24 * time.Hour), nil, card.Issued, Expired},
		"withdrawn, and set back":           {end.Add(-time.Hour), end, nil, card.Revoked, Revoked},
		"the register can't tell":           {end.Add(-time.Hour), time.Time{}, errDown, card.Issued, StatusUnknown},
		"it can't, and the card is over":    {end.Add(time.Hour), time.Time{}, errDown, card.Issued, Expired},
		"it can't, and it is withdrawn":     {end.Add(-time.Hour), time.Time{}, errDown, card.Suspended, Suspended},
	} {
		w.now, w.rec.State = tc.now, tc.state
		checker := w.checker()
		checker.Latest = func(context.Context) (time.Time, error) { return tc.latest, tc.err }
		byToken, errToken := checker.CheckToken(t.Context(), w.token(t))
		byNumber, errNumber := checker.CheckNumber(t.Context(), w.card.Number.String())
		wantErr := tc.err
		if tc.want != StatusUnknown {
			wantErr = nil
		}
		for _, got := range []struct {
			Verdict
			err error
		}{{byToken, errToken}, {byNumber, errNumber}} {
			if got.Code != tc.want || len(got.Reasons) > 0 || got.Card == nil || !errors.Is(got.err, wantErr) {
				t.Errorf("%s: got %s, %v, %v, want %s", name, got.Code, got.Reasons, got.err, tc.want)
			}
			if unlearned := tc.want == StatusUnknown; unlearned != got.StatusAsOf.IsZero() {
				t.Errorf("%s: status_as_of is %v, and whether the card is in force was learned: %v", name, got.StatusAsOf, !unlearned)
			}
		}
	}
}
