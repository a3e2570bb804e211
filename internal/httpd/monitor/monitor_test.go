package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
)

var (
	testTime = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	errBusy  = errors.New("busy")
)

func newTest(ready error) *Monitor {
	return New(Options{
		Version: "1.2.3",
		Known:   func(outcome string) bool { return outcome == "valid" },
		Kind: func(err error) string {
			if errors.Is(err, errBusy) {
				return "busy"
			}
			return ""
		},
		KeySetTime: func() time.Time { return testTime.Add(-time.Hour) },
		Ready:      func(context.Context) error { return ready },
		Now:        func() time.Time { return testTime },
	})
}

func get(m *Monitor, path string) (int, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "127.0.0.1:9090"
	m.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestMetrics(t *testing.T) {
	m := newTest(nil)
	for range 2 {
		m.Observe(httpd.Seen{Route: "GET /n/{number}", Status: 200, Outcome: "valid", Took: 3 * time.Millisecond})
	}
	m.Observe(httpd.Seen{Route: "GET /n/{number}", Status: 503, Outcome: "valid", Err: fmt.Errorf("ask: %w", errBusy)})
	m.Observe(httpd.Seen{Route: "none", Status: 429})
	m.Observe(httpd.Seen{Route: "POST /x", Status: 200, Outcome: "list of 5", Cards: map[httpd.Card]int{{Code: "valid"}: 3, {Code: "valid", File: "altered"}: 1, {Code: "canary"}: 1}})
	m.Observe(httpd.Seen{Route: "POST /x", Status: 400, Err: errors.New("canary")})
	_, text := get(m, "/metrics")
	for _, want := range []string{
		`cardproof_requests_total{outcome="valid",route="GET /n/{number}",status="2xx"} 2`,
		`cardproof_requests_total{outcome="valid",route="GET /n/{number}",status="5xx"} 1`,
		`cardproof_request_seconds_bucket{route="GET /n/{number}",le="0.0025"} 1`,
		`cardproof_request_seconds_bucket{route="GET /n/{number}",le="0.005"} 3`,
		`cardproof_cards_total{code="valid",file=""} 3`,
		`cardproof_cards_total{code="valid",file="altered"} 1`,
		`cardproof_cards_total{code="other",file=""} 1`,
		`cardproof_rate_limited_total 1`,
		`cardproof_register_errors_total{kind="busy"} 1`,
		`cardproof_key_set_age_seconds 3600`,
		`cardproof_build_info{go="go`, `version="1.2.3"} 1`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got no %s", want)
		}
	}
	if strings.Contains(text, "canary") {
		t.Error("the text of an error is in the metrics")
	}
}

// What a client can choose makes no new series: a server that is asked a million things has as many as after the first.
func TestLabelsAreFew(t *testing.T) {
	m := newTest(nil)
	for i := range 1000 {
		m.Observe(httpd.Seen{Route: "POST /api/v1/verify", Status: 200, Outcome: fmt.Sprintf("list of %d", i)})
	}
	_, text := get(m, "/metrics")
	if got := strings.Count(text, "cardproof_requests_total{"); got != 1 || !strings.Contains(text, `outcome="other"`) {
		t.Errorf("got %d series, want 1", got)
	}
}

func TestReady(t *testing.T) {
	for _, tc := range []struct {
		path   string
		ready  error
		status int
		text   string
	}{
		{"/healthz", errBusy, 200, "ok"},
		{"/readyz", nil, 200, "ready"},
		{"/readyz", errBusy, 503, "not ready: busy"},
		{"/debug/pprof/heap?debug=1", nil, 200, "heap profile"},
		{"/debug/pprof/", nil, 200, "goroutine"},
		{"/", nil, 404, "not found"},
	} {
		if status, text := get(newTest(tc.ready), tc.path); status != tc.status || !strings.Contains(text, tc.text) {
			t.Errorf("%s: got %d %.100q, want %d and %q", tc.path, status, text, tc.status, tc.text)
		}
	}
}

// Who leads a browser of this machine here by a name of his own reads nothing.
func TestHosts(t *testing.T) {
	m := newTest(nil)
	m.options.Host = "monitor.example.org"
	for host, want := range map[string]int{
		"127.0.0.1:9090": 200, "127.0.0.1": 200, "[::1]:9090": 200, "[::1]": 200, "[fe80::1%25eth0]:9090": 200, "localhost:9090": 200, "LOCALHOST": 200, "cardproof:9090": 200,
		"Monitor.example.org:9090": 200, "": 200,
		"evil.example": 421, "evil.example:9090": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:9090": 421, "x.monitor.example.org": 421, "evil.": 421,
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Host = host
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, r)
		if w.Code != want || want != 200 && strings.Contains(w.Body.String(), "cardproof_") {
			t.Errorf("%q: got %d %.60q, want %d", host, w.Code, w.Body, want)
		}
	}
}
