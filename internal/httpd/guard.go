package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// contentPolicy allows what the pages need and nothing else: no script at all, and nothing of a third party.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Guard stands before every route of a site.
type Guard struct {
	Log    *slog.Logger
	Limits *Limiter                 // nil for none
	Free   func(*http.Request) bool // says which requests no limit counts; nil for none
	Refuse Refuse
	// Observe is told of every request once it is answered; nil for nobody.
	Observe func(Seen)
	Now     func() time.Time
}

// Seen is what is known of a request that was answered, and tells nothing of who asked about whom.
type Seen struct {
	Route   string // the pattern that answered, or none
	Status  int
	Outcome string       // what NoteOutcome said last
	Cards   map[Card]int // how often NoteCard said each; nil for none
	Took    time.Duration
	Err     error // why there was no normal answer; it may be nil
}

// Wrap gives next the security headers, the access log, the rate limits, and a 500 page where it panics.
func (g Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := g.Now()
		n := &note{id: newID()}
		r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
		sw := &statusWriter{ResponseWriter: w}
		setHeaders(w.Header())
		w.Header().Set("X-Request-Id", n.id)
		defer func() {
			if v := recover(); v != nil {
				g.recovered(sw, r, v)
			}
			g.finish(r, n, orDefault(sw.status, http.StatusOK), g.Now().Sub(start))
		}()
		if g.Limits != nil && (g.Free == nil || !g.Free(r)) {
			if err := g.Limits.Take(r, 1, start); err != nil {
				answerError(sw, r, g.Refuse, err)
				return
			}
		}
		next.ServeHTTP(sw, r)
	})
}

// always holds for every answer; a route that may be kept or found says so itself.
var always = http.Header{
	"Content-Security-Policy":    {contentPolicy},
	"X-Content-Type-Options":     {"nosniff"},
	"Referrer-Policy":            {"no-referrer"},
	"Cross-Origin-Opener-Policy": {"same-origin"},
	"Permissions-Policy":         {"camera=(), geolocation=(), microphone=()"},
	"X-Robots-Tag":               {"noindex"},
	"Cache-Control":              {"no-store"},
}

// setHeaders shares the values: who sets a header puts another list in its place, and who adds to one copies it.
func setHeaders(h http.Header) {
	for name, values := range always {
		h[name] = values[:1:1]
	}
}

func (g Guard) recovered(w *statusWriter, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	// A panic's value may hold what a client sent. Only the runtime's own texts are known not to.
	text := fmt.Sprintf("%T", v)
	if err, ok := v.(runtime.Error); ok {
		text = err.Error()
	}
	g.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request", RequestID(r.Context())), slog.String("route", route(r)), slog.String("value", text),
		slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		panic(http.ErrAbortHandler) // a part is sent: better no end than a wrong one
	}
	answerError(w, r, g.Refuse, errors.New("panic"))
}

// finish tells the observer and the access log of a request.
func (g Guard) finish(r *http.Request, n *note, status int, took time.Duration) {
	if g.Observe != nil {
		s := Seen{Route: route(r), Status: status, Outcome: n.outcome, Cards: n.cards, Took: took}
		if n.err != nil {
			s.Err = n.err.Err
		}
		g.Observe(s)
	}
	g.logAccess(r, n, status, took)
}

func (g Guard) logAccess(r *http.Request, n *note, status int, took time.Duration) {
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("request", n.id),
		slog.String("route", route(r)),
		slog.Int("status", status),
		slog.String("outcome", n.outcome),
		slog.Duration("took", took),
	)
	if n.token != "" {
		attrs = append(attrs, slog.String("token", n.token))
	}
	level := slog.LevelInfo
	if n.err != nil && n.err.Err != nil {
		attrs = append(attrs, slog.String("error", n.err.Err.Error()))
		// Error means that a person must act. Nobody must where the client itself hung up.
		if n.err.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
			level = slog.LevelError
		}
	}
	g.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// route is the pattern that answered: the one part of a request that tells nothing of who asked about whom.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// statusWriter remembers the status that was sent; 0 while none was.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets a http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
