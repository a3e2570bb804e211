package httpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Error is a request that gets no answer of the normal kind. What the person reads and what the log records are two
// fields: the inside of an error is never in a response.
type Error struct {
	Status     int           // HTTP status
	Detail     string        // one sentence for the person
	RetryAfter time.Duration // sent as Retry-After, rounded up to seconds; zero for none
	Allow      string        // the methods of a 405
	Err        error         // for the log; it must hold nothing private
}

func (e *Error) Error() string {
	if e.Err == nil {
		return http.StatusText(e.Status)
	}
	return fmt.Sprintf("%s: %v", http.StatusText(e.Status), e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// AsError is the *Error in err's chain, or a 500 around err.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return &Error{Status: http.StatusRequestEntityTooLarge, Detail: "The request is too long.", Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Detail: "Nothing was checked. Try again in a minute.", Err: err}
}

// Refuse turns an error into a response. A site has one.
type Refuse func(w http.ResponseWriter, r *http.Request, err *Error)

// Handler answers a request, or says why it can't.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Or is h as a http.Handler whose errors go to the one function that answers them.
func (h Handler) Or(refuse Refuse) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			answerError(w, r, refuse, err)
		}
	})
}

func answerError(w http.ResponseWriter, r *http.Request, refuse Refuse, err error) {
	e := AsError(err)
	NoteError(r.Context(), e)
	if e.RetryAfter > 0 {
		seconds := int64((e.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	if e.Allow != "" {
		w.Header().Set("Allow", e.Allow)
	}
	refuse(w, r, e)
}

// Write renders a body to its end before it sends the status: half a page never goes out under a status that says
// otherwise. The error is that of body, and then nothing was sent.
func Write(w http.ResponseWriter, status int, contentType string, body func(io.Writer) error) error {
	var b bytes.Buffer
	if err := body(&b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client went away: nobody is left to tell
	return nil
}
