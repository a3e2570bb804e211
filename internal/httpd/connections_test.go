package httpd

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

func serveLimited(t *testing.T, c Connections) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(c.Limit(ln)) }()
	t.Cleanup(func() { s.Close(); <-served })
	return ln.Addr().String()
}

// isServed says whether a new connection gets an answer, and leaves the connection open.
func isServed(t *testing.T, address string) (net.Conn, bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	buf := make([]byte, 12)
	_, rerr := io.ReadFull(conn, buf)
	return conn, err == nil && rerr == nil && string(buf) == "HTTP/1.1 200"
}

func TestConnectionsOfOneClient(t *testing.T) {
	address := serveLimited(t, Connections{PerClient: 2})
	first, ok := isServed(t, address)
	if _, also := isServed(t, address); !ok || !also {
		t.Fatalf("got %v, %v for the first two", ok, also)
	}
	if _, ok := isServed(t, address); ok {
		t.Error("a third connection is served")
	}
	first.Close()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, ok := isServed(t, address); ok {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a place that was given back is not given out again")
		}
	}
}

func TestConnectionsOfAProxyAreExempt(t *testing.T) {
	address := serveLimited(t, Connections{PerClient: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for i := range 3 {
		if _, ok := isServed(t, address); !ok {
			t.Errorf("connection %d is not served", i)
		}
	}
}

func TestConnectionsInTotal(t *testing.T) {
	address := serveLimited(t, Connections{Total: 1})
	first, ok := isServed(t, address)
	if _, also := isServed(t, address); !ok || also {
		t.Errorf("got %v, %v, want the second to wait", ok, also)
	}
	first.Close()
}
