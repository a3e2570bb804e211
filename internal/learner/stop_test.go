package learner

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web"
)

// The links that stop reminders stand within the guard as every page does: limits, log, request ID, and no answer repeats a secret.
func TestStopLinksAreGuarded(t *testing.T) {
	c := newCentre(t)
	const secret = "SECRET7F3K9QWX"
	stopped := 0
	extend := Extend(Options{Now: c.clock, Stops: func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodPost && r.PathValue("secret") == secret {
			stopped++
		}
		return httpd.Write(w, http.StatusOK, "text/html; charset=utf-8", func(io.Writer) error { return nil })
	}})
	handler, err := web.New(web.Options{
		Checker: &verify.Checker{Keys: c.set, Register: c.reader, Now: c.clock}, JWKS: c.set.JWKS, Ready: c.reader.Ping, Issuer: web.Issuer{Name: "Riverside Training", URL: origin},
		Log: slog.New(slog.NewJSONHandler(c, nil)), RateLimit: httpd.RateLimit{PerClient: 1, PerClientBurst: 4}, Now: c.clock, Extend: extend,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/unsubscribe/" + secret, http.StatusOK}, {"POST", "/unsubscribe/" + secret, http.StatusOK},
		{"GET", "/unsubscribe//" + secret, http.StatusNotFound}, {"PUT", "/unsubscribe/" + secret, http.StatusMethodNotAllowed},
		{"POST", "/unsubscribe/" + secret, http.StatusTooManyRequests},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, nil))
		if w.Code != tc.status || w.Header().Get("X-Request-Id") == "" || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s %s: got %d, %v, want %d with a request ID, and the secret nowhere", tc.method, tc.path, w.Code, w.Header(), tc.status)
		}
	}
	if log := c.logged(); stopped != 1 || strings.Count(log, "/unsubscribe/{secret}") < 2 || strings.Contains(log, secret) {
		t.Errorf("stopped %d times, want once; got the log %s", stopped, log)
	}
}
