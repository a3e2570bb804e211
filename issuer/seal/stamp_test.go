package seal

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A server that gives no good time stamp stops the card, and only what may pass over is asked again.
func TestNoTimestampNoSeal(t *testing.T) {
	reply := func(kind string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Write(body)
		}
	}
	const right = "application/timestamp-reply"
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		asked  int32
	}{
		"busy":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, tries},
		"too many":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, tries},
		"cut off":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, tries},
		"not found": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 1},
		"leads away": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		}, 1},
		"a page":        {reply("text/html", []byte("<p>hello")), 1},
		"garbage":       {reply(right, []byte("hello")), 1},
		"too large":     {reply(right, make([]byte, maxReply+1)), 1},
		"refuses":       {reply(right, tlv(tagSequence, tlv(tagSequence, tlv(tagInteger, []byte{2})))), 1},
		"grants none":   {reply(right, tlv(tagSequence, tlv(tagSequence, tlv(tagInteger, []byte{0})))), 1},
		"grants a text": {reply(right, tlv(tagSequence, tlv(tagSequence, tlv(tagInteger, []byte{0})), tlv(tagOctets, []byte("now")))), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tc.answer(w, r)
			}))
			defer server.Close()
			s, _ := ours(t, stampedBy(server.URL))
			if _, err := Sign(t.Context(), s, small(t), testNow); !errors.Is(err, ErrStamp) {
				t.Errorf("got %v, want ErrStamp", err)
			}
			if got := asked.Load(); got != tc.asked {
				t.Errorf("asked %d times, want %d", got, tc.asked)
			}
		})
	}
}

func stampedBy(url string) func(*Options) {
	return func(o *Options) {
		o.Stamper = &Stamper{URL: url, Timeout: 5 * time.Second, Now: func() time.Time { return testNow }}
	}
}

// A server that says nothing is waited for as long as was configured, and Ctrl-C ends the waiting.
func TestSlowServer(t *testing.T) {
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(held)
	s, _ := ours(t, stampedBy(server.URL))
	s.o.Stamper.Timeout = 20 * time.Millisecond
	if _, err := Sign(t.Context(), s, small(t), testNow); !errors.Is(err, ErrStamp) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want ErrStamp after the time is up", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	s.o.Stamper.Timeout = time.Minute
	if _, err := Sign(ctx, s, small(t), testNow); !errors.Is(err, context.Canceled) || errors.Is(err, ErrStamp) {
		t.Errorf("got %v, want the context's error alone", err)
	}
}

func TestLengthsOfDER(t *testing.T) {
	for size, head := range map[int][]byte{0: {4, 0}, 127: {4, 127}, 128: {4, 0x81, 128}, 256: {4, 0x82, 1, 0}, 70_000: {4, 0x83, 1, 0x11, 0x70}} {
		if got := tlv(tagOctets, make([]byte, size)); !bytes.HasPrefix(got, head) || len(got) != size+len(head) {
			t.Errorf("%d bytes: got %x..., want %x", size, got[:min(len(got), 6)], head)
		}
	}
}
