package serve

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

const testURL = "https://cards.example.org"

var testTime = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

// log is a log that a test reads while a server writes it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// house is a key folder, a register and what serves them.
type house struct {
	db   *register.DB
	jwks string
	log  *log
}

func newHouse(t testing.TB, all ...keys.Key) *house {
	t.Helper()
	dir := t.TempDir()
	db, err := register.Create(t.Context(), filepath.Join(dir, "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{db: db, jwks: filepath.Join(dir, "jwks.json"), log: &log{}}
	h.write(t, all...)
	return h
}

func testKey(t testing.TB, seed string) (keys.Key, token.SigningKey) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(seed, ed25519.SeedSize)))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	k := keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: testURL, Purpose: keys.Cards, State: keys.Active, NotBefore: testTime}
	return k, token.SigningKey{ID: id, Alg: k.Alg, Key: private}
}

func (h *house) encode(t testing.TB, all ...keys.Key) []byte {
	t.Helper()
	set, err := keys.NewSet(all...)
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// write puts a new file in the place of the set's, as keys export does.
func (h *house) write(t testing.TB, all ...keys.Key) {
	t.Helper()
	if err := durable.WriteFile(h.jwks, h.encode(t, all...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// issue puts a card of a key into the register, and returns its token.
func (h *house) issue(t testing.TB, key token.SigningKey, batch string) string {
	t.Helper()
	c, raw := sign(t, key)
	h.enter(t, key, batch, c, raw)
	return raw
}

// enter puts a card into the register.
func (h *house) enter(t testing.TB, key token.SigningKey, batch string, c card.Card, raw string) {
	t.Helper()
	digest, err := token.Digest(c, key.Alg, key.ID)
	if err != nil {
		t.Fatal(err)
	}
	day := card.Date{Year: 2026, Month: 11, Day: 21}
	e := card.Entry{
		Record: card.Record{Card: c, KeyID: key.ID, Digest: digest, Qualification: card.Qualification{Title: "Basic Life Support", Meets: []string{"BLS"}},
			Completed: day, IssuedOn: day, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 20}, Instructor: "Ruth Adeyemi"},
		Learner: card.Learner{ID: batch}, Class: "x",
	}
	if err := h.db.Plan(t.Context(), card.Intention{Batch: batch, Actor: "office", At: testTime, Entries: []card.Entry{e}}); err != nil {
		t.Fatal(err)
	}
	done := card.Finished{Number: c.Number, Digest: digest, Token: raw, SHA256: strings.Repeat("0", 64)}
	if err := h.db.MarkIssued(t.Context(), "office", testTime, []card.Finished{done}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) revoke(t testing.TB, id string, since time.Time) {
	t.Helper()
	err := h.db.RecordKeys(t.Context(), []register.KeyEvent{{At: testTime, KeyID: id, Actor: "office", Action: register.KeyRevoked, Since: since}})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) keySet(t testing.TB) *KeySet {
	t.Helper()
	k, err := openKeySet(t.Context(), h.jwks, h.reader(t), NewLog(h.log, slog.LevelInfo))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (h *house) reader(t testing.TB) *register.Reader {
	t.Helper()
	r, err := register.OpenReader(t.Context(), h.path(), register.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// later lets the last look be so long ago that the next question looks again.
func (k *KeySet) later() { k.looked.Store(-int64(staleAge)) }

func TestKeySetFollowsItsFile(t *testing.T) {
	first, _ := testKey(t, "a")
	second, _ := testKey(t, "b")
	h := newHouse(t, first)
	k := h.keySet(t)
	if _, ok := k.Find(second.ID); ok {
		t.Fatal("a key was found that no file has")
	}
	retired := first
	retired.State, retired.RetiredAt = keys.Retired, testTime.Add(time.Hour)
	h.write(t, retired, second)
	k.later()
	if got, ok := k.Find(first.ID); !ok || got.State != keys.Retired {
		t.Errorf("the first key: got %s, %v, want retired", got.State, ok)
	}
	if jwks, err := k.JWKS(); err != nil || !bytes.Contains(jwks, []byte(second.ID)) {
		t.Errorf("what is published lacks the second key: %s, %v", jwks, err)
	}
	if n := h.log.count(`"level":"ERROR"`); n != 0 {
		t.Errorf("got %d errors in the log, want none", n)
	}
	h.write(t, second)
	k.later()
	if _, ok := k.Find(first.ID); ok {
		t.Error("the first key is found although the file lost it")
	}
	if n := h.log.count("is gone from the key set"); n != 1 || h.log.count(first.ID) != 1 {
		t.Errorf("the loss of a key was logged %d times, want once", n)
	}
}

// A new key counts with the first card that it signs, and yet nobody can make the server look at the disk for each request.
func TestKeySetLooksAtOnceForAnUnknownKey(t *testing.T) {
	first, _ := testKey(t, "a")
	second, _ := testKey(t, "b")
	h := newHouse(t, first)
	asked := &counted{keyRecord: h.reader(t)}
	k, err := openKeySet(t.Context(), h.jwks, asked, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.Find("nobody")
	began, before := time.Now(), asked.looks.Load()
	for range 20_000 {
		k.Find("nobody")
	}
	if most := 2 + int64(time.Since(began)/unknownAge); asked.looks.Load()-before > most {
		t.Errorf("20,000 unknown keys made it look %d times, want at most %d", asked.looks.Load()-before, most)
	}
	h.write(t, first, second)
	time.Sleep(unknownAge)
	if _, ok := k.Find(second.ID); !ok {
		t.Error("a new key is not found at once")
	}
}

func TestKeySetOutlivesItsFile(t *testing.T) {
	first, _ := testKey(t, "a")
	h := newHouse(t, first)
	k := h.keySet(t)
	away := h.jwks + ".away"
	for name, tc := range map[string]struct{ spoil, mend func() error }{
		"gone":     {func() error { return os.Rename(h.jwks, away) }, func() error { return os.Rename(away, h.jwks) }},
		"cut off":  {func() error { return os.Truncate(h.jwks, 20) }, func() error { h.write(t, first); return nil }},
		"empty":    {func() error { return os.Truncate(h.jwks, 0) }, func() error { h.write(t, first); return nil }},
		"a folder": {func() error { os.Remove(h.jwks); return os.Mkdir(h.jwks, 0o755) }, func() error { os.Remove(h.jwks); h.write(t, first); return nil }},
	} {
		errorsBefore := h.log.count("the last good one goes on")
		if err := tc.spoil(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			k.later()
			if _, ok := k.Find(first.ID); !ok || k.Ready(t.Context()) == nil {
				t.Errorf("%s: found %v, ready %v, want the key, and not ready", name, ok, k.Ready(t.Context()))
			}
		}
		if n := h.log.count("the last good one goes on") - errorsBefore; n != 1 {
			t.Errorf("%s: got %d errors in the log, want one", name, n)
		}
		if err := tc.mend(); err != nil {
			t.Fatal(err)
		}
		k.later()
		if err := k.Ready(t.Context()); err != nil {
			t.Errorf("%s, and mended: got %v, want ready", name, err)
		}
	}
}

// An older copy of the file brings no key back, and a revocation on record counts before the file is exported.
func TestKeySetBelievesTheRegister(t *testing.T) {
	first, _ := testKey(t, "a")
	h := newHouse(t, first)
	k := h.keySet(t)
	since := testTime.Add(time.Hour)
	h.revoke(t, first.ID, since)
	k.later()
	if got, _ := k.Find(first.ID); got.State != keys.Revoked || !got.RevokedSince.Equal(since) {
		t.Errorf("got %s since %s, want revoked since %s", got.State, got.RevokedSince, since)
	}
	if jwks, _ := k.JWKS(); bytes.Contains(jwks, []byte(first.ID)) {
		t.Errorf("a revoked key is published: %s", jwks)
	}
	if n := h.log.count("is older than the register"); n != 1 {
		t.Errorf("it was logged %d times, want once", n)
	}
	again := h.keySet(t)
	if got, _ := again.Find(first.ID); got.State != keys.Revoked {
		t.Errorf("after a new start: got %s, want revoked", got.State)
	}
}

// While the file is exchanged again and again, whole and in pieces, no genuine card is refused.
func TestSwapUnderLoad(t *testing.T) {
	first, signing := testKey(t, "a")
	second, _ := testKey(t, "b")
	h := newHouse(t, first)
	raw := h.issue(t, signing, "b1")
	_, stranger := testKey(t, "c")
	_, foreign := sign(t, stranger)
	site, err := Open(t.Context(), Options{
		Register: h.path(), JWKS: h.jwks, Issuer: public.Issuer{Name: "Riverside Training", URL: testURL, Location: time.UTC},
		Log: NewLog(h.log, slog.LevelError), Now: func() time.Time { return testTime.Add(time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	ask := func(raw string) string {
		r := httptest.NewRequest("GET", "/c/"+raw, nil)
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		var v struct{ Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			return fmt.Sprintf("%d %s", w.Code, w.Body)
		}
		return v.Code
	}
	stop := make(chan struct{})
	var asked atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := ask(raw); got != "valid" {
					t.Errorf("got %s, want valid", got)
					return
				}
				if got := ask(foreign); got != "unknown_issuer" { // each makes the server look again
					t.Errorf("a stranger's card: got %s, want unknown_issuer", got)
					return
				}
				asked.Add(1)
			}
		})
	}
	one, both := h.encode(t, first), h.encode(t, first, second)
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		h.write(t, first, second)
		time.Sleep(5 * time.Millisecond)
		for _, part := range [][]byte{one[:len(one)/2], one, both[:40], both} { // as cp writes it
			if err := os.WriteFile(h.jwks, part, 0o644); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
		h.write(t, first)
	}
	close(stop)
	wg.Wait()
	if asked.Load() == 0 {
		t.Error("nothing was asked")
	}
	time.Sleep(unknownAge)
	ask(foreign)
	if w := do(site, "/readyz"); w != 200 {
		t.Errorf("at the end: readyz says %d, want 200", w)
	}
	if err := os.Remove(h.jwks); err != nil {
		t.Fatal(err)
	}
	time.Sleep(keysAge + unknownAge)
	if w := do(site, "/readyz"); w != 503 {
		t.Errorf("without the file: readyz says %d, want 503", w)
	}
	if got := ask(raw); got != "valid" {
		t.Errorf("without the file: got %s, want valid", got)
	}
	h.revoke(t, first.ID, testTime)
	time.Sleep(keysAge + unknownAge)
	if got := ask(raw); got != "key_revoked" {
		t.Errorf("without the file, and revoked on record: got %s, want key_revoked", got)
	}
}

func do(site *Site, path string) int {
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code
}

func (h *house) path() string { return filepath.Join(filepath.Dir(h.jwks), "register.db") }

// sign makes a card that no register holds, with a place in a status list where one is given.
func sign(t testing.TB, key token.SigningKey, place ...card.StatusSlot) (card.Card, string) {
	t.Helper()
	n, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := card.Card{Issuer: testURL, Number: n, IssuedAt: testTime, ExpiresAt: testTime.AddDate(2, 0, 0), Name: "Zoë Learner", Course: "BLS"}
	for _, p := range place {
		c.Status = p.Ref(c.Issuer)
	}
	raw, err := token.Sign(c, key)
	if err != nil {
		t.Fatal(err)
	}
	return c, raw
}

// BenchmarkFind is what following the file costs each look-up.
func BenchmarkFind(b *testing.B) {
	first, _ := testKey(b, "a")
	k := newHouse(b, first).keySet(b)
	for b.Loop() {
		if _, ok := k.Find(first.ID); !ok {
			b.Fatal("the key is gone")
		}
	}
}
