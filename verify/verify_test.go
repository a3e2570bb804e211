package verify

import (
	"context"
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

const testIssuer = "https://cards.example.org"

var (
	testIssued  = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)
	testExpires = time.Date(2028, time.December, 1, 0, 0, 0, 0, time.UTC)
	errDown     = errors.New("down")
)

// world is a key, a card and a register of one card; each test spoils one thing.
type world struct {
	private ed25519.PrivateKey
	key     keys.Key
	card    card.Card
	rec     card.Record
	missing bool
	err     error
	now     time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("v", ed25519.SeedSize)))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	c := card.Card{Issuer: testIssuer, Number: "000000000000", IssuedAt: testIssued, ExpiresAt: testExpires, Name: "Li", Course: "BLS"}
	digest, err := token.Digest(c, token.EdDSA, id)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		private: private, card: c, now: testIssued.Add(time.Hour),
		key: keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: testIssuer, Purpose: keys.Cards, State: keys.Active, NotBefore: testIssued.Add(-time.Hour)},
		rec: card.Record{Card: c, KeyID: id, Digest: digest, State: card.Issued, RecordedAt: testIssued},
	}
}

func (w *world) Find(id string) (keys.Key, bool) { return w.key, id == w.key.ID }

func (w *world) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	if w.err != nil || w.missing || n != w.rec.Number {
		return card.Record{}, false, w.err
	}
	return w.rec, true, nil
}

func (w *world) checker() *Checker {
	return &Checker{Keys: w, Register: w, Now: func() time.Time { return w.now }, Location: time.UTC}
}

func (w *world) token(t testing.TB) string {
	t.Helper()
	raw, err := token.Sign(w.card, token.SigningKey{ID: w.key.ID, Alg: w.key.Alg, Key: w.private})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCheckToken(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil   func(*world)
		want    Code
		reasons []Code
		hasCard bool
		wantErr bool
	}{
		"sound":                            {func(w *world) {}, Valid, nil, true, false},
		"the last second":                  {func(w *world) { w.now = testExpires.Add(-time.Second) }, Valid, nil, true, false},
		"the second after":                 {func(w *world) { w.now = testExpires }, Expired, nil, true, false},
		"clock 60 s behind":                {func(w *world) { w.now = testIssued.Add(-ClockSkew) }, Valid, nil, true, false},
		"clock 61 s behind":                {func(w *world) { w.now = testIssued.Add(-ClockSkew - time.Second) }, NotYetValid, nil, true, false},
		"planned":                          {func(w *world) { w.rec.State = card.Planned }, NotYetValid, nil, true, false},
		"suspended":                        {func(w *world) { w.rec.State = card.Suspended }, Suspended, nil, true, false},
		"superseded":                       {func(w *world) { w.rec.State = card.Superseded }, Superseded, nil, true, false},
		"revoked":                          {func(w *world) { w.rec.State = card.Revoked }, Revoked, nil, true, false},
		"revoked and expired":              {func(w *world) { w.rec.State, w.now = card.Revoked, testExpires }, Revoked, []Code{Expired}, true, false},
		"a state of a later version":       {func(w *world) { w.rec.State = "lost" }, StatusUnknown, nil, true, false},
		"not in the register":              {func(w *world) { w.missing = true }, Unregistered, nil, false, false},
		"other content under its number":   {func(w *world) { w.card.Name = "Lu" }, Unregistered, nil, false, false},
		"unknown key":                      {func(w *world) { w.key.ID = "BBBBBBBBBBB" }, UnknownIssuer, nil, false, false},
		"another's key":                    {func(w *world) { w.key.Issuer = "https://other.example.org" }, InvalidClaims, nil, false, false},
		"key not in use yet":               {func(w *world) { w.key.NotBefore = testIssued.Add(time.Second) }, KeyRevoked, nil, false, false},
		"key retired before":               {func(w *world) { w.key.State, w.key.RetiredAt = keys.Retired, testIssued.Add(-time.Second) }, KeyRevoked, nil, false, false},
		"key retired after":                {func(w *world) { w.key.State, w.key.RetiredAt = keys.Retired, testIssued.Add(time.Second) }, Valid, nil, true, false},
		"key revoked since before":         {func(w *world) { w.key.State, w.key.RevokedSince = keys.Revoked, testIssued }, KeyRevoked, nil, false, false},
		"key revoked since after":          {func(w *world) { w.key.State, w.key.RevokedSince = keys.Revoked, testIssued.Add(time.Second) }, Valid, nil, true, false},
		"key revoked, not in the register": {func(w *world) { w.key.State, w.key.RevokedSince, w.missing = keys.Revoked, testExpires, true }, KeyRevoked, []Code{Unregistered}, false, false},
		"key revoked, card revoked, expired": {func(w *world) {
			w.key.State, w.key.RevokedSince, w.rec.State, w.now = keys.Revoked, testIssued, card.Revoked, testExpires
		}, KeyRevoked, []Code{Revoked, Expired}, false, false},
		"key revoked, another's key": {func(w *world) {
			w.key.State, w.key.RevokedSince, w.key.Issuer = keys.Revoked, testIssued, "https://other.example.org"
		}, KeyRevoked, []Code{InvalidClaims}, false, false},
		"not in the register, expired": {func(w *world) { w.missing, w.now = true, testExpires }, Unregistered, []Code{Expired}, false, false},
		"key revoked, recorded after that": {func(w *world) {
			w.key.State, w.key.RevokedSince, w.rec.RecordedAt = keys.Revoked, testExpires, testExpires
		}, KeyRevoked, nil, false, false},
		"register down":                     {func(w *world) { w.err = errDown }, StatusUnknown, nil, true, true},
		"register down, expired":            {func(w *world) { w.err, w.now = errDown, testExpires }, Expired, []Code{StatusUnknown}, true, true},
		"register down, another's key":      {func(w *world) { w.err, w.key.Issuer = errDown, "https://other.example.org" }, InvalidClaims, nil, false, false},
		"register down, key revoked":        {func(w *world) { w.err, w.key.State, w.key.RevokedSince = errDown, keys.Revoked, testExpires }, StatusUnknown, nil, false, true},
		"register down, key not in use yet": {func(w *world) { w.err, w.key.NotBefore = errDown, testExpires }, KeyRevoked, []Code{StatusUnknown}, false, true},
		"register down, not yet in the day": {func(w *world) { w.err, w.now = errDown, testIssued.Add(-time.Hour) }, NotYetValid, []Code{StatusUnknown}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.key.ID
			tc.spoil(w)
			raw, err := token.Sign(w.card, token.SigningKey{ID: id, Alg: w.key.Alg, Key: w.private})
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{raw, token.Digits(raw)} {
				v, err := w.checker().CheckToken(t.Context(), text)
				if v.Code != tc.want || (err != nil) != tc.wantErr || (v.Card != nil) != tc.hasCard {
					t.Errorf("got %s, card %v, error %v; want %s, card %v, error %v", v.Code, v.Card != nil, err, tc.want, tc.hasCard, tc.wantErr)
				}
				if len(v.Reasons)+len(tc.reasons) > 0 && !reflect.DeepEqual(v.Reasons, tc.reasons) {
					t.Errorf("got the reasons %v, want %v", v.Reasons, tc.reasons)
				}
				if v.IsValid() != (tc.want == Valid) {
					t.Errorf("IsValid = %v for %s", v.IsValid(), v.Code)
				}
				if asked := !tc.wantErr && v.Code != UnknownIssuer && w.key.Issuer == w.card.Issuer; asked == v.StatusAsOf.IsZero() {
					t.Errorf("status_as_of = %v, and the register answered: %v", v.StatusAsOf, asked)
				}
			}
		})
	}
}

func TestRefusedTokensNeverReachTheRegister(t *testing.T) {
	w := newWorld(t)
	raw := w.token(t)
	asked := 0
	c := w.checker()
	c.Register = finder(func() { asked++ })
	for want, text := range map[Code]string{
		Malformed:    "hello",
		BadSignature: raw[:len(raw)-4] + "AAAA",
		WrongType:    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.e30.AAAA",
	} {
		if v, err := c.CheckToken(t.Context(), text); v.Code != want || err != nil || v.Card != nil {
			t.Errorf("got %+v, %v, want %s", v, err, want)
		}
	}
	if v, err := c.CheckToken(t.Context(), SpecimenMark+"9999"); v.Code != Malformed || err != nil || v.Message() != "This is a specimen, not a card." {
		t.Errorf("a specimen: got %+v, %v, %q", v, err, v.Message())
	}
	if asked != 0 {
		t.Errorf("the register was asked %d times", asked)
	}
}

type finder func()

func (f finder) FindRecord(context.Context, card.Number) (card.Record, bool, error) {
	f()
	return card.Record{}, false, nil
}

func TestCheckNumber(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*world)
		typed string
		want  Code
	}{
		"sound":         {func(w *world) {}, "oooo-0000 0000", Valid},
		"one wrong":     {func(w *world) {}, "1000-0000-0000", Malformed},
		"short":         {func(w *world) {}, "0000", Malformed},
		"nobody's":      {func(w *world) {}, "0000-0000-0012", NotFound},
		"revoked":       {func(w *world) { w.rec.State = card.Revoked }, "0000-0000-0000", Revoked},
		"expired":       {func(w *world) { w.now = testExpires }, "0000-0000-0000", Expired},
		"key revoked":   {func(w *world) { w.key.State, w.key.RevokedSince = keys.Revoked, testIssued }, "0000-0000-0000", KeyRevoked},
		"key missing":   {func(w *world) { w.key.ID = "BBBBBBBBBBB" }, "0000-0000-0000", UnknownIssuer},
		"another's key": {func(w *world) { w.key.Issuer = "https://other.example.org" }, "0000-0000-0000", InvalidClaims},
		"planned":       {func(w *world) { w.rec.State = card.Planned }, "0000-0000-0000", NotYetValid},
		"suspended":     {func(w *world) { w.rec.State = card.Suspended }, "0000-0000-0000", Suspended},
		"superseded":    {func(w *world) { w.rec.State = card.Superseded }, "0000-0000-0000", Superseded},
		"later version": {func(w *world) { w.rec.State = "lost" }, "0000-0000-0000", StatusUnknown},
		"register down": {func(w *world) { w.err = errDown }, "0000-0000-0000", Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tc.spoil(w)
			v, err := w.checker().CheckNumber(t.Context(), tc.typed)
			if v.Code != tc.want || (err != nil) != (tc.want == Unavailable) {
				t.Errorf("got %s, %v, want %s", v.Code, err, tc.want)
			}
		})
	}
}

func TestEveryCodeHasAMessageAndAPlace(t *testing.T) {
	for c := range messages {
		if alone := c == Valid || c == RateLimited || c == Unavailable; alone == slices.Contains(precedence, c) {
			t.Errorf("%s: has a place in the precedence: %v", c, !alone)
		}
	}
	for _, c := range precedence {
		if c.Message() == "" {
			t.Errorf("%s has no message", c)
		}
	}
}

func TestReadInput(t *testing.T) {
	for text, want := range map[string]Input{
		" 7F3K-9QWX-2MTD \n":                    {Number: "7F3K-9QWX-2MTD"},
		"7F3K 9QWX 2MTD":                        {Number: "7F3K 9QWX 2MTD"},
		"https://cards.example.org/c/0001?need": {Token: "0001"},
		"cards.example.org/c/a.b.c#top":         {Token: "a.b.c"},
		"http://localhost:8080/n/7F3K%209QWX/":  {Number: "7F3K 9QWX"},
		"a.b.c":                                 {Token: "a.b.c"},
		strings.Repeat("01", 40):                {Token: strings.Repeat("01", 40)},
		"":                                      {},
	} {
		if got := ReadInput(text); got != want {
			t.Errorf("ReadInput(%q) = %+v, want %+v", text, got, want)
		}
	}
}
