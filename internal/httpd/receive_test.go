package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// inboxServer answers with the size of the body, once hold lets it. Its clients say by X-Forwarded-For who they are.
func inboxServer(t *testing.T, c Receiving, hold func(r *http.Request)) *httptest.Server {
	t.Helper()
	in := NewInbox(c)
	h := Handler(func(w http.ResponseWriter, r *http.Request) error {
		done, err := in.Open(w, r)
		if err != nil {
			return err
		}
		defer done()
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		hold(r)
		if err := r.Context().Err(); err != nil {
			return err
		}
		_, err = fmt.Fprint(w, len(data))
		return err
	}).Or(plainRefuse)
	s := httptest.NewUnstartedServer(Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Header: "X-Forwarded-For"}.Wrap(h))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func noHold(*http.Request) {}

// send posts a body as one client and gives the status, the answer, and how long it took.
func send(s *httptest.Server, client string, body io.Reader) (status int, text string, took time.Duration) {
	start := time.Now()
	r, err := http.NewRequest("POST", s.URL, body)
	if err != nil {
		return 0, err.Error(), 0
	}
	r.Header.Set("X-Forwarded-For", client)
	answer, err := s.Client().Do(r)
	if err != nil {
		return 0, err.Error(), time.Since(start)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error(), time.Since(start)
	}
	return answer.StatusCode, string(data), time.Since(start)
}

// trickle sends a head of a request and some bytes at once, and then one byte each few milliseconds, over HTTP/1.1. It gives the status line.
func trickle(t *testing.T, s *httptest.Server, client string, atOnce int) string {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Length: 10000000\r\n\r\n%s", client, strings.Repeat("x", atOnce))
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				if _, err := conn.Write([]byte("x")); err != nil {
					return
				}
			}
		}
	})
	defer writing.Wait()
	defer close(stop)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(line)
}

// Slow clients lose their place soon, those that began quickly too, and keep nobody waiting meanwhile.
func TestSlowBodies(t *testing.T) {
	s := inboxServer(t, Receiving{Patience: 500 * time.Millisecond}, noHold)
	start := time.Now()
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if got := trickle(t, s, fmt.Sprintf("192.0.2.%d", i+1), i%2*500_000); !strings.Contains(got, " 408 ") {
				t.Errorf("slow client %d: got %q, want 408", i, got)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	if status, text, took := send(s, "198.51.100.1", strings.NewReader(strings.Repeat("x", 1<<20))); status != 200 || text != "1048576" || took > time.Second {
		t.Errorf("a quick client beside them: got %d %q after %v", status, text, took)
	}
	all.Wait()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("they held their places for %v", took)
	}
}

// slowReader gives a byte each few milliseconds.
type slowReader struct{}

func (slowReader) Read(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	p[0] = 'x'
	return 1, nil
}

func TestSlowBodyOverHTTP2(t *testing.T) {
	s := inboxServer(t, Receiving{Patience: 300 * time.Millisecond}, noHold)
	if status, text, took := send(s, "192.0.2.1", slowReader{}); status != 408 || took > 5*time.Second {
		t.Errorf("got %d %q after %v, want 408", status, text, took)
	}
	if status, text, _ := send(s, "192.0.2.1", strings.NewReader("xxx")); status != 200 || text != "3" {
		t.Errorf("the same client afterwards: got %d %q", status, text)
	}
}

// A body that is longer than the patience lasts at the least rate comes, and the answer may take longer than the patience.
func TestBodyInTime(t *testing.T) {
	s := inboxServer(t, Receiving{Patience: 200 * time.Millisecond, Rate: 10_000}, func(*http.Request) { time.Sleep(500 * time.Millisecond) })
	r, w := io.Pipe()
	go func() {
		for range 20 {
			time.Sleep(30 * time.Millisecond)
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
		}
		w.Close()
	}()
	if status, text, _ := send(s, "192.0.2.1", r); status != 200 || text != "20000" {
		t.Errorf("got %d %q, want 20000 bytes", status, text)
	}
	conn, err := net.Dial("tcp", httptestPlain(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxxx")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
		t.Errorf("over HTTP/1.1: got %q, %v", line, err)
	}
}

// httptestPlain serves the same handler without TLS, and gives its address.
func httptestPlain(t *testing.T, s *httptest.Server) string {
	t.Helper()
	plain := httptest.NewServer(s.Config.Handler)
	t.Cleanup(plain.Close)
	return plain.Listener.Addr().String()
}

// A network has one body at a time, until its request is answered; the others do not notice.
func TestOneBodyForEachNetwork(t *testing.T) {
	hold := make(chan struct{})
	held := make(chan struct{}, 1)
	s := inboxServer(t, Receiving{Wait: 300 * time.Millisecond, Retry: 15 * time.Second}, func(r *http.Request) {
		if r.ContentLength == 4 {
			held <- struct{}{}
			<-hold
		}
	})
	var first sync.WaitGroup
	first.Go(func() {
		if status, text, _ := send(s, "2001:db8::1", strings.NewReader("held")); status != 200 {
			t.Errorf("the first: got %d %q", status, text)
		}
	})
	<-held
	if status, _, took := send(s, "2001:db8::2", strings.NewReader("x")); status != 429 || took < 300*time.Millisecond {
		t.Errorf("the second of the network: got %d after %v, want 429", status, took)
	}
	if status, _, took := send(s, "192.0.2.1", strings.NewReader("x")); status != 200 || took > 300*time.Millisecond {
		t.Errorf("another network: got %d after %v", status, took)
	}
	var next sync.WaitGroup
	next.Go(func() {
		if status, text, _ := send(s, "2001:db8::2", strings.NewReader("x")); status != 200 {
			t.Errorf("one that waited: got %d %q", status, text)
		}
	})
	time.Sleep(20 * time.Millisecond)
	close(hold)
	first.Wait()
	next.Wait()
}

// All bodies share one memory. The oldest always gets on, and the others wait for room.
func TestMemoryOfBodies(t *testing.T) {
	in := NewInbox(Receiving{Memory: 1000, Body: 5000, Wait: 100 * time.Millisecond})
	open := func(client string, size int) (func(), *http.Request) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size)))
		r.RemoteAddr = client
		done, err := in.Open(httptest.NewRecorder(), r)
		if err != nil {
			t.Fatal(err)
		}
		return done, r
	}
	oldest, first := open("192.0.2.1:1", 4000)
	leave, second := open("192.0.2.2:1", 600)
	for _, r := range []*http.Request{first, second} {
		_, err := io.ReadAll(r.Body)
		if want := map[bool]int{true: 503}[r == second]; want != 0 && (err == nil || AsError(err).Status != want || AsError(err).RetryAfter == 0) || want == 0 && err != nil {
			t.Errorf("got %v, want the status %d", err, want)
		}
	}
	leave()
	leave, second = open("192.0.2.2:1", 600)
	go func() {
		time.Sleep(20 * time.Millisecond)
		oldest()
	}()
	if data, err := io.ReadAll(second.Body); err != nil || len(data) != 600 {
		t.Errorf("after the oldest has left: got %d bytes, %v", len(data), err)
	}
	leave()
	leave, first = open("192.0.2.1:1", 5001)
	var tooLarge *http.MaxBytesError
	if _, err := io.ReadAll(first.Body); !errors.As(err, &tooLarge) {
		t.Errorf("too large: got %v", err)
	}
	leave()
	leave() // a second time gives nothing back
	if in.used != 0 || len(in.open) != 0 || len(in.clients) != 0 {
		t.Errorf("empty again, it holds %d bytes of %d bodies of %d clients", in.used, len(in.open), len(in.clients))
	}
}

func TestInboxOfAClientThatLeft(t *testing.T) {
	in := NewInbox(Receiving{})
	r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	done, err := in.Open(httptest.NewRecorder(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := in.Open(httptest.NewRecorder(), r.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
}
