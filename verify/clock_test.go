package verify

import (
	"context"
	"testing"
	"time"
)

// A clock that was set back brings no card back into force; it makes none red that is in force, and a register whose time is absurd is not believed.
func TestClockIsSetBack(t *testing.T) {
	w := newWorld(t)
	c := w.card
	for name, tc := range map[string]struct {
		now, latest time.Time
		want        Code
	}{
		"the register has seen nothing":     {c.ExpiresAt.Add(-time.Hour), time.Time{}, Valid},
		"the clock is right":                {c.ExpiresAt.Add(-time.Hour), c.ExpiresAt.Add(-2 * time.Hour), Valid},
		"set back within its time":          {c.ExpiresAt.Add(-3 * time.Hour), c.ExpiresAt.Add(-time.Second), Valid},
		"set back from its end":             {c.ExpiresAt.Add(-time.Hour), c.ExpiresAt, StatusUnknown},
		"set back from long after its end":  {c.ExpiresAt.Add(-24 * time.Hour), c.ExpiresAt.AddDate(1, 0, 0), StatusUnknown},
		"a few seconds":                     {c.ExpiresAt.Add(-time.Second), c.ExpiresAt.Add(ClockSkew - time.Second), Valid},
		"an event of another century":       {c.ExpiresAt.Add(-time.Hour), c.ExpiresAt.AddDate(70, 0, 0), Valid},
		"over by this machine's clock, too": {c.ExpiresAt.Add(time.Hour), c.ExpiresAt.Add(24 * time.Hour), Expired},
	} {
		w.now = tc.now
		checker := w.checker()
		checker.Latest = func(context.Context) time.Time { return tc.latest }
		v, err := checker.CheckToken(t.Context(), w.token(t))
		if v.Code != tc.want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", name, v.Code, err, tc.want)
		}
	}
}
