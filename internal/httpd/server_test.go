package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestServeStopsAfterOpenRequests(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(w, "whole")
	})
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, h, Config{}) }()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answer <- string(body)
	}()
	<-started
	cancel()
	if got := <-answer; got != "whole" {
		t.Errorf("the open request: got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("got %v, want nil after a stop that was asked for", err)
	}
	if _, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second); err == nil {
		t.Error("the server still listens")
	}
}

func TestServeStopsInTime(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	started, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(started); <-release })
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, h, Config{StopTimeout: 20 * time.Millisecond}) }()
	go func() { _, _ = http.Get("http://" + ln.Addr().String()) }()
	<-started
	cancel()
	if err := <-served; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the time was over", err)
	}
	close(release)
}

func TestServeSaysWhyItEnds(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := Serve(context.Background(), ln, http.NotFoundHandler(), Config{}); err == nil {
		t.Error("got no error for a closed listener")
	}
}

// A request line that is longer than any card is refused before a handler sees it; the longest card passes.
// A question about the whole server goes to the handler as any other, so that limits and log know of it.
func TestOptionsOfTheWholeServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(405) }), Config{})
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 405 ") {
		t.Errorf("got %q, %v", answer, err)
	}
	conn.Close()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestServeBoundsHeaders(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Config{})
	}()
	for length, want := range map[int]int{4096: 200, 64 << 10: 431} {
		resp, err := http.Get("http://" + ln.Addr().String() + "/c/" + strings.Repeat("1", length))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d characters: got %d, want %d", length, resp.StatusCode, want)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// What net/http complains of names the client's address; our log does not.
func TestComplaintsKeepAddressesOut(t *testing.T) {
	var log bytes.Buffer
	l := slog.NewLogLogger(complaints{slog.New(slog.NewJSONHandler(&log, nil))}, slog.LevelWarn)
	l.Print("http: TLS handshake error from 192.0.2.1:1234: EOF")
	l.Print("http: panic serving 192.0.2.1:1234: oops")
	if got := log.String(); strings.Contains(got, "192.0.2.1") || !strings.Contains(got, "TLS handshake error") {
		t.Errorf("got %s", got)
	}
}
