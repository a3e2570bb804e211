package verify

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify/statuslist"
)

func TestAgreeingDays(t *testing.T) {
	day := func(y int, m time.Month, d int) card.Date { return card.Date{Year: y, Month: m, Day: d} }
	for name, zone := range map[string]string{"the west": "Pacific/Pago_Pago", "Greenwich": "UTC", "the east": "Pacific/Kiritimati", "gaps": "America/Santiago"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, last := range []card.Date{day(2028, 11, 30), day(2028, 2, 29), day(2019, 9, 7), card.NoExpiry} {
			issued := day(2016, 11, 21)
			signed := card.Card{IssuedAt: issued.End(loc).Add(-time.Second), ExpiresAt: last.End(loc)}
			for _, tc := range []struct {
				issued, last card.Date
				agree        bool
			}{
				{issued, last, true}, {card.Date{}, card.Date{}, true}, {issued, last.AddMonths(-1), false}, {issued, day(2099, 12, 31), false},
				{issued.AddMonths(1), last, false}, {day(1999, 1, 1), last, false},
			} {
				err := agreeingDays(card.Record{IssuedOn: tc.issued, ExpiresOn: tc.last}, signed)
				if (err == nil) != tc.agree || err != nil && !errors.Is(err, ErrAltered) {
					t.Errorf("%s, until %s: a row of %s until %s: got %v, want agreement %v", name, last, tc.issued, tc.last, err, tc.agree)
				}
			}
		}
	}
}

// tokenOf is the token that a register keeps of each card.
type tokenOf string

func (t tokenOf) FindToken(context.Context, card.Number) (string, error) {
	if t == "down" {
		return "", errDown
	}
	return string(t), nil
}

// A number is answered by the token that the register keeps, and not by the rest of its row.
func TestNumberIsJudgedByItsToken(t *testing.T) {
	for name, tc := range map[string]struct {
		alter  func(*world)
		tokens TokenFinder
		want   Code
		err    error
	}{
		"sound":                   {func(*world) {}, nil, Valid, nil},
		"another name in the row": {func(w *world) { w.rec.Name = "Dr Evil" }, nil, Valid, nil},
		"another end in the row":  {func(w *world) { w.rec.ExpiresAt = testExpires.AddDate(70, 0, 0); w.now = testExpires }, nil, Expired, nil},
		"another day in the row":  {func(w *world) { w.rec.ExpiresOn = card.Date{Year: 2099, Month: 12, Day: 31} }, nil, Unavailable, ErrAltered},
		"another digest":          {func(w *world) { w.rec.Digest[0]++ }, nil, Unavailable, ErrAltered},
		"no token":                {func(*world) {}, tokenOf(""), Unavailable, ErrAltered},
		"planned":                 {func(w *world) { w.rec.State = card.Planned }, tokenOf(""), NotYetValid, nil},
		"given up":                {func(w *world) { w.rec.State = card.Revoked }, tokenOf(""), Revoked, nil},
		"what is no token":        {func(*world) {}, tokenOf("x.y.z"), Unavailable, ErrAltered},
		"the register is down":    {func(*world) {}, tokenOf("down"), Unavailable, errDown},
	} {
		w := newWorld(t)
		c := w.checker()
		c.Tokens = tokenOf(w.token(t))
		if tc.tokens != nil {
			c.Tokens = tc.tokens
		}
		tc.alter(w)
		v, err := c.CheckNumber(t.Context(), w.card.Number.String())
		if v.Code != tc.want || !errors.Is(err, tc.err) || v.Card != nil && v.Card.Name != w.card.Name {
			t.Errorf("%s: got %s, %v, card %+v, want %s, %v", name, v.Code, err, v.Card, tc.want, tc.err)
		}
	}
}

// listSays is a status list that has one status at every place.
type listSays struct {
	status statuslist.Status
	signed time.Time
}

func (l listSays) FindStatus(card.StatusRef) (statuslist.Status, time.Time, bool) {
	return l.status, l.signed, !l.signed.IsZero()
}

// A card that a signed list has as withdrawn is not valid, whatever the register says.
func TestListAgainstTheRegister(t *testing.T) {
	now := testIssued.Add(30 * time.Minute)
	for name, tc := range map[string]struct {
		says  listSays
		state card.State
		want  Code
		older bool
	}{
		"no list":                        {listSays{}, card.Issued, Valid, false},
		"in force in both":               {listSays{statuslist.Valid, now}, card.Issued, Valid, false},
		"revoked in the list":            {listSays{statuslist.Revoked, now}, card.Issued, StatusUnknown, true},
		"superseded in the list":         {listSays{statuslist.Superseded, now}, card.Issued, StatusUnknown, true},
		"suspended in the list":          {listSays{statuslist.Suspended, now}, card.Issued, StatusUnknown, true},
		"suspended, and reinstated":      {listSays{statuslist.Suspended, testIssued.Add(longChange)}, card.Issued, Valid, false},
		"revoked in both":                {listSays{statuslist.Revoked, now}, card.Revoked, Revoked, false},
		"revoked, suspended in the list": {listSays{statuslist.Suspended, now}, card.Revoked, Revoked, false},
	} {
		w := newWorld(t)
		w.card.Status = &card.StatusRef{Index: 5, URI: testIssuer + "/s/1"}
		digest, err := token.Digest(w.card, w.key.Alg, w.key.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.rec.Card, w.rec.Digest, w.rec.State, w.rec.ChangedAt = w.card, digest, tc.state, testIssued
		c := w.checker()
		c.Lists = tc.says
		byToken, errToken := c.CheckToken(t.Context(), w.token(t))
		byNumber, errNumber := c.CheckNumber(t.Context(), w.card.Number.String())
		for _, got := range []struct {
			Verdict
			err error
		}{{byToken, errToken}, {byNumber, errNumber}} {
			if got.Code != tc.want || errors.Is(got.err, ErrOlder) != tc.older || got.Card == nil || got.StatusAsOf.IsZero() != tc.older {
				t.Errorf("%s: got %s as of %s, %v, want %s", name, got.Code, got.StatusAsOf, got.err, tc.want)
			}
		}
	}
}
