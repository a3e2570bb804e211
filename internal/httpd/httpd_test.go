package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func plainRefuse(w http.ResponseWriter, _ *http.Request, e *Error) {
	http.Error(w, e.Detail, e.Status)
}

func testGuard(log io.Writer) Guard {
	return Guard{Log: slog.New(slog.NewJSONHandler(log, nil)), Refuse: plainRefuse, Now: func() time.Time { return testTime }}
}

func ask(h http.Handler, target, remote string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if remote != "" {
		r.RemoteAddr = remote
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestErrorsBecomeResponses(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		detail string
		retry  string
		level  string
	}{
		"typed":    {&Error{Status: 400, Detail: "for the person"}, 400, "for the person", "", "INFO"},
		"wrapped":  {fmt.Errorf("more: %w", &Error{Status: 503, Detail: "later", RetryAfter: 1500 * time.Millisecond, Err: errors.New("inside")}), 503, "later", "2", "ERROR"},
		"any":      {errors.New("inside"), 500, "Nothing was checked.", "", "ERROR"},
		"too long": {&http.MaxBytesError{Limit: 1}, 413, "The request is too long.", "", "INFO"},
	} {
		var log bytes.Buffer
		mux := http.NewServeMux()
		mux.Handle("GET /x/{secret}", Handler(func(http.ResponseWriter, *http.Request) error { return c.err }).Or(plainRefuse))
		w := ask(testGuard(&log).Wrap(mux), "/x/hush", "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.detail) || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%s: got %d %q %q", name, w.Code, w.Body, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "inside") || strings.Contains(log.String(), "hush") {
			t.Errorf("%s: the inside is in the response, or the path in the log:\n%s\n%s", name, w.Body, &log)
		}
		var line struct {
			Level, Route string
			Status       int
		}
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Level != c.level || line.Route != "GET /x/{secret}" || line.Status != c.status {
			t.Errorf("%s: got the log line %+v", name, line)
		}
	}
}

// A client that hangs up while the register is asked gives nobody anything to do.
func TestHangUpIsNoAlarm(t *testing.T) {
	var log bytes.Buffer
	h := testGuard(&log).Wrap(Handler(func(_ http.ResponseWriter, r *http.Request) error { return r.Context().Err() }).Or(plainRefuse))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if !strings.Contains(log.String(), `"level":"INFO"`) || strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("got %s", &log)
	}
}

func TestPanicBecomesAPage(t *testing.T) {
	var log bytes.Buffer
	for name, v := range map[string]any{"text": "hush", "error": errors.New("hush")} {
		w := ask(testGuard(&log).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(v) })), "/", "")
		if w.Code != 500 || strings.Contains(w.Body.String(), "hush") {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	ask(testGuard(&log).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var none []int
		_ = none[len(r.URL.Path)]
	})), "/", "")
	if strings.Contains(log.String(), "hush") || !strings.Contains(log.String(), "index out of range") || !strings.Contains(log.String(), "httpd_test.go") {
		t.Errorf("got the log %s", &log)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("a panic after the first byte does not cut the connection")
		}
	}()
	ask(testGuard(&log).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("late")
	})), "/", "")
}

func TestWriteSendsAllOrNothing(t *testing.T) {
	w := httptest.NewRecorder()
	err := Write(w, 200, "text/plain", func(b io.Writer) error {
		_, _ = io.WriteString(b, "half")
		return errors.New("broken")
	})
	if err == nil || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("got %v, %q", err, w.Body)
	}
}

func TestHeadersAreOnEveryAnswer(t *testing.T) {
	g := testGuard(io.Discard)
	for _, h := range []http.Handler{http.NotFoundHandler(), Handler(func(http.ResponseWriter, *http.Request) error { return errors.New("x") }).Or(plainRefuse)} {
		w := ask(g.Wrap(h), "/", "")
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Robots-Tag", "Cache-Control"} {
			if w.Header().Get(name) == "" {
				t.Errorf("%d without %s", w.Code, name)
			}
		}
	}
}

// Each request has a name of its own, in the header and in every line of the log; the client's is not taken over.
func TestRequestID(t *testing.T) {
	var log bytes.Buffer
	var inside string
	h := testGuard(&log).Wrap(Handler(func(_ http.ResponseWriter, r *http.Request) error {
		inside = RequestID(r.Context())
		return nil
	}).Or(plainRefuse))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "canary")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	first := w.Header().Get("X-Request-Id")
	second := ask(h, "/", "").Header().Get("X-Request-Id")
	if len(first) != 32 || first == second || strings.Contains(log.String(), "canary") || !strings.Contains(log.String(), `"request":"`+first+`"`) {
		t.Errorf("got %q and %q, and the log %s", first, second, &log)
	}
	if inside != second {
		t.Errorf("RequestID: got %q, want %q", inside, second)
	}
	if got := RequestID(t.Context()); got != "" {
		t.Errorf("outside of a guard: got %q", got)
	}
}

func TestObserve(t *testing.T) {
	inside := errors.New("inside")
	var got []Seen
	g := testGuard(io.Discard)
	g.Observe = func(s Seen) { got = append(got, s) }
	mux := http.NewServeMux()
	mux.Handle("GET /x/{secret}", Handler(func(_ http.ResponseWriter, r *http.Request) error {
		for _, c := range []Card{{"valid", ""}, {"bad_signature", ""}, {"valid", "altered"}, {"valid", ""}} {
			NoteCard(r.Context(), c)
		}
		NoteOutcome(r.Context(), CardsOf(r.Context()))
		return &Error{Status: 503, Err: inside}
	}).Or(plainRefuse))
	ask(g.Wrap(mux), "/x/hush", "")
	ask(g.Wrap(mux), "/hush", "")
	want := []Seen{
		{"GET /x/{secret}", 503, "1 bad_signature, 2 valid, 1 valid in a file that is altered", map[Card]int{{"bad_signature", ""}: 1, {"valid", ""}: 2, {"valid", "altered"}: 1}, 0, inside},
		{Route: "none", Status: 404},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func take(l *Limiter, remote string, n int, now time.Time) error {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = remote
	return l.Take(r, n, now)
}

func TestLimitOfEachClient(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 2, PerClientBurst: 3})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := take(l, "192.0.2.1:1000", 1, testTime); err != nil {
			t.Fatal(err)
		}
	}
	var e *Error
	if err := take(l, "192.0.2.1:2000", 1, testTime); !errors.As(err, &e) || e.Status != 429 || e.RetryAfter != 500*time.Millisecond {
		t.Errorf("over the burst: got %v", err)
	}
	for name, remote := range map[string]string{"another address": "192.0.2.2:1000", "IPv6": "[2001:db8::1]:1", "a socket": "@"} {
		if err := take(l, remote, 1, testTime); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := take(l, "[::ffff:192.0.2.1]:3000", 1, testTime); err == nil {
		t.Error("the same address mapped into IPv6 counts as another client")
	}
	if err := take(l, "192.0.2.1:1000", 1, testTime.Add(500*time.Millisecond)); err != nil {
		t.Errorf("after the time to wait: got %v", err)
	}
	if err := take(l, "192.0.2.3:1000", 100, testTime); err != nil {
		t.Errorf("more than the burst in one, by a client at rest: got %v", err)
	}
	if err := take(l, "192.0.2.3:1000", 1, testTime); err == nil {
		t.Error("more than the burst in one counts for nothing")
	}
}

// Each line of IPv6 has 2^64 addresses: they are one client.
func TestIPv6NetworksAreOneClient(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 1, PerClientBurst: 1})
	if err != nil {
		t.Fatal(err)
	}
	for remote, free := range map[string]bool{"[2001:db8:0:1::1]:1": true, "[2001:db8:0:2::1]:1": true} {
		if err := take(l, remote, 1, testTime); (err == nil) != free {
			t.Errorf("%s: got %v", remote, err)
		}
	}
	if err := take(l, "[2001:db8:0:1:ffff::2]:1", 1, testTime); err == nil {
		t.Error("another address of the same /64 counts as another client")
	}
}

// A client over its own limit takes nothing from the others, and one that the global limit refuses keeps its own.
func TestGlobalLimit(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 1, PerClientBurst: 1, Global: 1, GlobalBurst: 2})
	if err != nil {
		t.Fatal(err)
	}
	results := make([]bool, 0, 5)
	for _, remote := range []string{"192.0.2.1:1", "192.0.2.1:1", "192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"} {
		results = append(results, take(l, remote, 1, testTime) == nil)
	}
	if got, want := fmt.Sprint(results), "[true false false true false]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := take(l, "192.0.2.3:1", 1, testTime.Add(time.Second)); err != nil {
		t.Errorf("a second later: got %v", err)
	}
}

func TestLimitOff(t *testing.T) {
	l, err := NewLimiter(RateLimit{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10000 {
		if err := take(l, "192.0.2.1:1", 1, testTime); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.clients.known) != 0 {
		t.Errorf("got %d clients in memory, want none", len(l.clients.known))
	}
}

func TestClientsAreBounded(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 1, PerClientBurst: 1})
	if err != nil {
		t.Fatal(err)
	}
	l.clients.max = 10
	for i := range 100 {
		if err := take(l, fmt.Sprintf("192.0.2.%d:1", i), 1, testTime); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.clients.known) != 10 || l.clients.recent.Len() != 10 {
		t.Errorf("got %d and %d clients, want 10", len(l.clients.known), l.clients.recent.Len())
	}
	if err := take(l, "192.0.2.99:1", 1, testTime); err == nil {
		t.Error("the client that asked last is forgotten")
	}
}

func TestNewLimiterRefuses(t *testing.T) {
	for _, c := range []RateLimit{{PerClient: -1, PerClientBurst: 1}, {Global: 5}, {PerClient: 5}} {
		if _, err := NewLimiter(c); err == nil {
			t.Errorf("%+v: accepted", c)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	l, err := NewLimiter(RateLimit{PerClient: 1e9, PerClientBurst: 1e9, Global: 1e9, GlobalBurst: 1e9})
	if err != nil {
		b.Fatal(err)
	}
	g := testGuard(io.Discard)
	g.Limits = l
	h := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "/", nil)
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
