package httpd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

func from(address string) *http.Request {
	r := httptest.NewRequest("POST", "/", nil)
	r.RemoteAddr = address + ":1"
	return r
}

// Who has got much done waits until the others had their turn; among equals the first comes first.
func TestNewcomersGoFirst(t *testing.T) {
	p := NewPlaces(1)
	leave, ok := p.Enter(t.Context(), from("192.0.2.1"), time.Second)
	if !ok {
		t.Fatal("no place in an empty room")
	}
	turns := make(chan string, 3)
	var all sync.WaitGroup
	for n, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		all.Go(func() {
			leave, ok := p.Enter(t.Context(), from(address), time.Minute)
			turns <- address
			if ok {
				leave(1)
			}
		})
		waitFor(t, p, n+1)
	}
	leave(1000)
	leave(1000) // a second time is nothing
	var got []string
	for range 3 {
		got = append(got, <-turns)
	}
	if want := []string{"192.0.2.2", "192.0.2.3", "192.0.2.1"}; !slices.Equal(got, want) {
		t.Errorf("got the turns %v, want %v", got, want)
	}
	all.Wait()
	if p.free != 1 {
		t.Errorf("got %d free places at the end, want 1", p.free)
	}
}

func waitFor(t *testing.T, p *Places, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		got := len(p.waiting)
		p.mu.Unlock()
		if got == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("got %d who wait, want %d", got, n)
		}
	}
}

// Who waits in vain leaves the line, and takes no place with it.
func TestPlacesAreBounded(t *testing.T) {
	p := NewPlaces(1)
	leave, _ := p.Enter(t.Context(), from("192.0.2.1"), time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := p.Enter(ctx, from("192.0.2.2"), time.Minute); ok {
		t.Error("two are in one place")
	}
	start := time.Now()
	if _, ok := p.Enter(t.Context(), from("192.0.2.2"), 20*time.Millisecond); ok || time.Since(start) < 20*time.Millisecond {
		t.Errorf("got %v after %v", ok, time.Since(start))
	}
	leave(1)
	if leave, ok := p.Enter(t.Context(), from("192.0.2.2"), time.Second); !ok {
		t.Error("a free place was not given")
	} else {
		leave(1)
	}
}
