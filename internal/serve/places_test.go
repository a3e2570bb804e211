package serve

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// listed is a centre whose cards have places in a status list, which lies in a folder beside.
type listed struct {
	*house
	card, list token.SigningKey
	lists      string
	issued     int
}

func newListed(t testing.TB) *listed {
	t.Helper()
	key, signing := testKey(t, "a")
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("l", ed25519.SeedSize)))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, key, keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: testURL, Purpose: keys.StatusLists, State: keys.Active, NotBefore: testTime})
	h.record(t, key.ID)
	l := &listed{house: h, card: signing, list: token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}, lists: filepath.Join(t.TempDir(), "s")}
	if err := os.Mkdir(l.lists, 0o755); err != nil {
		t.Fatal(err)
	}
	return l
}

// issue makes a card with a place of list 1.
func (l *listed) issue(t testing.TB) card.Card {
	t.Helper()
	slots, err := l.db.ReserveStatus(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	l.issued++
	c, raw := sign(t, l.card, slots[0])
	l.enter(t, l.card, "listed"+strings.Repeat("x", l.issued), c, raw)
	return c
}

func (l *listed) move(t testing.TB, c card.Card, to card.State, at time.Time) {
	t.Helper()
	if _, err := l.db.ChangeAll(t.Context(), []card.Number{c.Number}, card.Change{To: to, Actor: "office", Reason: "a test", At: at}); err != nil {
		t.Fatal(err)
	}
}

// publish signs list 1 as the register has it.
func (l *listed) publish(t testing.TB, iat time.Time) {
	t.Helper()
	list, err := statuslist.New(statuslist.Bits, statuslist.Size)
	if err != nil {
		t.Fatal(err)
	}
	err = l.reader(t).StatusesIn(t.Context(), 1, func(index int64, s card.State) error {
		status, _ := statuslist.Of(s)
		return list.Set(index, status)
	})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := statuslist.Sign(statuslist.Claims{
		URI: statuslist.URI(testURL, 1), IssuedAt: iat, ExpiresAt: iat.Add(24 * time.Hour), TTL: time.Hour, Bits: statuslist.Bits, Packed: packed,
	}, l.list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.lists, ListFile(1)), []byte(raw), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (l *listed) open(t testing.TB) *Site {
	t.Helper()
	site, err := Open(t.Context(), Options{
		Register: l.path(), JWKS: l.jwks, Issuer: public.Issuer{Name: "Riverside Training", URL: testURL, Location: time.UTC},
		Lists: Lists{Folder: l.lists}, Log: NewLog(l.log, 0), Now: func() time.Time { return testTime.Add(time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { site.Close() })
	return site
}

// restore puts a copy of before in the register's place, as docs/operate.md says.
func (l *listed) restore(t *testing.T, from string) {
	t.Helper()
	err := l.db.Close()
	for _, end := range []string{"-wal", "-shm"} {
		if gone := os.Remove(l.path() + end); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err := errors.Join(err, os.Rename(from, l.path())); err != nil {
		t.Fatal(err)
	}
	touch, err := sql.Open("sqlite", "file:"+l.path()) // a command of the issuer makes the -wal and -shm anew
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { touch.Close() })
	if _, err := touch.ExecContext(t.Context(), "PRAGMA journal_mode = wal; SELECT count(*) FROM cards"); err != nil {
		t.Fatal(err)
	}
}

// After an older register was put in place, no card that was withdrawn since reads as valid where a signed list shows it.
func TestOlderRegister(t *testing.T) {
	l := newListed(t)
	revoked, superseded, suspended, reinstated, sound := l.issue(t), l.issue(t), l.issue(t), l.issue(t), l.issue(t)
	old := filepath.Join(t.TempDir(), "old.db")
	db, err := sql.Open("sqlite", "file:"+l.path())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", old); err != nil {
		t.Fatal(err)
	}
	l.move(t, revoked, card.Revoked, testTime.Add(20*time.Minute))
	l.move(t, suspended, card.Suspended, testTime.Add(20*time.Minute))
	l.move(t, reinstated, card.Suspended, testTime.Add(20*time.Minute))
	if _, err := db.ExecContext(t.Context(), "UPDATE cards SET state = 'superseded', replaced_by = ? WHERE number = ?", string(sound.Number), string(superseded.Number)); err != nil {
		t.Fatal(err)
	}
	db.Close()
	l.publish(t, testTime.Add(30*time.Minute))
	l.move(t, reinstated, card.Issued, testTime.Add(40*time.Minute))
	site := l.open(t)
	for c, want := range map[*card.Card]string{&revoked: "revoked", &superseded: "superseded", &suspended: "suspended", &reinstated: "valid", &sound: "valid"} {
		if got := ask(t, site, "/n/"+c.Number.String()); got.Code != want || got.status != 200 {
			t.Errorf("before: got %s %d, want %s", got.Code, got.status, want)
		}
	}
	if got := ready(site); got != 200 {
		t.Errorf("before: readyz says %d, want 200", got)
	}
	l.restore(t, old)
	for c, want := range map[*card.Card]string{&revoked: "status_unknown", &superseded: "status_unknown", &suspended: "status_unknown", &reinstated: "status_unknown", &sound: "valid"} {
		raw, err := token.Sign(*c, l.card)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/n/" + c.Number.String(), "/c/" + raw} {
			if got := ask(t, site, path); got.Code != want || got.Card == nil {
				t.Errorf("after, %s: got %s with the card %v, want %s", path[:3], got.Code, got.Card, want)
			}
		}
	}
	time.Sleep(agreedAge) // so long a comparison holds
	if got := ready(site); got != 503 {
		t.Errorf("after: readyz says %d, want 503", got)
	}
	if l.log.count("the register is older than the status list in hand") == 0 {
		t.Error("after: the log has no reason")
	}
}

// BenchmarkFindStatus is what the lists in hand cost each check.
func BenchmarkFindStatus(b *testing.B) {
	l := newListed(b)
	c := l.issue(b)
	l.publish(b, testTime)
	set, err := keys.Load(l.jwks)
	if err != nil {
		b.Fatal(err)
	}
	p := newPlaces(newListFolder(l.lists, testURL, set, func() time.Time { return testTime }, nil), testURL, set)
	for b.Loop() {
		if _, _, ok := p.FindStatus(*c.Status); !ok {
			b.Fatal("the list is gone")
		}
	}
}
