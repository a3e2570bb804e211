package httpd

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"
)

// Left tells what Take would say, and takes nothing.
func TestLeft(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 0.5, PerClientBurst: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:1"
	for range 10 {
		if err := l.Left(r, testTime); err != nil {
			t.Fatalf("before the first: got %v", err)
		}
	}
	for range 2 {
		if err := l.Take(r, 1, testTime); err != nil {
			t.Fatal(err)
		}
	}
	var e *Error
	if err := l.Left(r, testTime); !errors.As(err, &e) || e.Status != 429 || e.RetryAfter != 2*time.Second {
		t.Errorf("after the burst: got %+v", e)
	}
	if err := l.Left(r, testTime.Add(2*time.Second)); err != nil {
		t.Errorf("two seconds later: got %v", err)
	}
	r.RemoteAddr = "192.0.2.2:1"
	if err := l.Left(r, testTime); err != nil {
		t.Errorf("another client: got %v", err)
	}
	off, err := NewLimiter(RateLimit{})
	if err != nil {
		t.Fatal(err)
	}
	if err := off.Left(r, testTime); err != nil {
		t.Errorf("without a limit: got %v", err)
	}
}

// What a request took is paid afterwards, also more than a burst, and by its client alone.
func TestCharge(t *testing.T) {
	l, err := NewLimiter(RateLimit{PerClient: 1, PerClientBurst: 4, Global: 100, GlobalBurst: 40})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:1"
	l.Charge(r, 10, testTime)
	var e *Error
	if err := l.Take(r, 1, testTime); !errors.As(err, &e) || e.Status != 429 || e.RetryAfter != 7*time.Second {
		t.Errorf("after ten of four: got %+v", e)
	}
	if err := l.Take(r, 1, testTime.Add(7*time.Second)); err != nil {
		t.Errorf("seven seconds later: got %v", err)
	}
	r.RemoteAddr = "192.0.2.2:1"
	if err := l.Take(r, 4, testTime.Add(7*time.Second)); err != nil {
		t.Errorf("another client: got %v", err)
	}
}

func TestKeyLimiter(t *testing.T) {
	l := NewKeyLimiter(1.0/60, 2)
	got := fmt.Sprint(l.Take("a", testTime), l.Take("a", testTime), l.Take("a", testTime), l.Take("b", testTime), l.Take("a", testTime.Add(time.Minute)))
	if want := "true true false true true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	l.buckets.max = 10
	for i := range 100 {
		l.Take(fmt.Sprint(i), testTime)
	}
	if n := len(l.buckets.known); n > 11 {
		t.Errorf("got %d keys in memory", n)
	}
}
