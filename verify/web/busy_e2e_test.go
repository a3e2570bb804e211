//go:build e2e

package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
)

// Files that take much work keep nobody else from an answer: their client pays for it, and between two of them others have their turn.
// The race detector makes their work ten times as long, and the limits of time are those of the product: so it runs without.
func TestBusyPicturesKeepNobodyWaiting(t *testing.T) {
	busy := image.NewGray(image.Rect(0, 0, 1500, 1500)) // finder patterns everywhere
	for i := range busy.Pix {
		x, y := i%1500%36/4-3, i/1500%36/4-3
		if ring := max(x, -x, y, -y); ring > 3 || ring == 2 {
			busy.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, busy); err != nil {
		t.Fatal(err)
	}
	o := testOptions(echo())
	o.RateLimit = httpd.RateLimit{PerClient: 10, PerClientBurst: 40}
	h := testSite(t, o)
	send := func(address string, data []byte, kind string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/api/v1/verify", bytes.NewReader(data))
		r.RemoteAddr = address + ":1"
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- send("192.0.2.1", b.Bytes(), "image/png") }()
	time.Sleep(50 * time.Millisecond)
	w := send("192.0.2.2", testFiles(t)["card.pdf"], "application/pdf")
	for end := time.Now().Add(time.Minute); w.Code == 503 && time.Now().Before(end); { // on a machine that others keep busy; it says to try again within a minute
		w = send("192.0.2.2", testFiles(t)["card.pdf"], "application/pdf")
	}
	if w.Code != 200 || len(resultsOf(t, w.Body.String())) != 1 || !resultsOf(t, w.Body.String())[0].Valid {
		t.Errorf("a genuine card beside it: got %d %s", w.Code, w.Body)
	}
	if w := <-first; w.Code != 200 || !strings.Contains(w.Body.String(), "not all of it was checked") {
		t.Errorf("the busy picture: got %d %s", w.Code, w.Body)
	}
	if w := send("192.0.2.1", b.Bytes(), "image/png"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("its client again: got %d %s, want 429", w.Code, w.Body)
	}
	if w := send("192.0.2.2", testFiles(t)["card.pdf"], "application/pdf"); w.Code != 200 {
		t.Errorf("the other again: got %d %s", w.Code, w.Body)
	}
}
