package serve

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/register"
)

func (h *house) open(t *testing.T) (*Site, error) {
	t.Helper()
	return Open(t.Context(), Options{
		Register: h.path(), JWKS: h.jwks, Issuer: public.Issuer{Name: "Riverside Training", URL: testURL, Location: time.UTC},
		Log: NewLog(h.log, slog.LevelError), Now: func() time.Time { return testTime.Add(time.Hour) },
	})
}

func (h *house) record(t testing.TB, id string) {
	t.Helper()
	err := h.db.RecordKeys(t.Context(), []register.KeyEvent{{At: testTime, KeyID: id, Actor: "office", Action: register.KeyInUse, Since: testTime}})
	if err != nil {
		t.Fatal(err)
	}
}

func ready(site *Site) int {
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	return w.Code
}

// A server is not ready while its key set lacks a key of which a card is out; one that has signed nothing may be exported later.
func TestReadyOnlyWithTheKeysThatSigned(t *testing.T) {
	first, signing := testKey(t, "a")
	second, next := testKey(t, "b")
	h := newHouse(t, first)
	h.record(t, first.ID)
	h.issue(t, signing, "b1")
	h.record(t, second.ID)
	site, err := h.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if got := ready(site); got != 200 {
		t.Errorf("the next key has signed nothing: got %d, want 200", got)
	}
	h.issue(t, next, "b2")
	again, err := h.open(t) // it holds for ten seconds that a key has signed nothing
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := ready(again); got != 503 || h.log.count(second.ID) != 1 || h.log.count("the key set lacks a key") != 1 {
		t.Errorf("a card of the next key is out: got %d, want 503 and the reason in the log", got)
	}
	h.write(t, first, second)
	for deadline := time.Now().Add(10 * time.Second); ready(again) != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("with the key exported it does not get ready")
		}
	}
}

func TestOpenRefusesAForeignRegister(t *testing.T) {
	first, _ := testKey(t, "a")
	h := newHouse(t, first)
	if _, err := h.open(t); !errors.Is(err, register.ErrForeign) {
		t.Errorf("a register that names no key: got %v, want ErrForeign", err)
	}
	h.record(t, "stranger")
	if _, err := h.open(t); !errors.Is(err, register.ErrForeign) || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("a register of a stranger: got %v, want ErrForeign", err)
	}
	h.record(t, first.ID)
	site, err := h.open(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Close(); err != nil {
		t.Error(err)
	}
}
