package httpd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Now    func() time.Time
}

// Wrap gives next the security headers, the access log, the rate limits, and a 500 page where it panics.
func (g Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := g.Now()
		n := &note{}
		r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
		sw := &statusWriter{ResponseWriter: w}
		setHeaders(w.Header())
		defer func() {
			if v := recover(); v != nil {
				g.recovered(sw, r, v)
			}
			g.logAccess(r, n, orDefault(sw.status, http.StatusOK), g.Now().Sub(start))
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

// setHeaders sets what holds for every answer; a route that may be kept or found says so itself.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "no-store")
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
	g.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("route", route(r)), slog.String("value", text),
		slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		panic(http.ErrAbortHandler) // a part is sent: better no end than a wrong one
	}
	answerError(w, r, g.Refuse, errors.New("panic"))
}

func (g Guard) logAccess(r *http.Request, n *note, status int, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("route", route(r)),
		slog.Int("status", status),
		slog.String("outcome", n.outcome),
		slog.Duration("took", took),
	}
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

// note is what a handler tells the access log.
type note struct {
	outcome string
	token   string
	err     *Error
}

type noteKey struct{}

// NoteOutcome tells the access log the outcome of a request in one word, such as a verdict's code.
func NoteOutcome(ctx context.Context, outcome string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.outcome = outcome
	}
}

// NoteToken tells the access log which token was asked about: 8 bytes of its SHA-256, enough to find two questions about
// the same card, and no way back to it.
func NoteToken(ctx context.Context, token string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		sum := sha256.Sum256([]byte(token))
		n.token = hex.EncodeToString(sum[:8])
	}
}

// NoteError tells the access log why a request got no normal answer.
func NoteError(ctx context.Context, err *Error) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.err = err
	}
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
