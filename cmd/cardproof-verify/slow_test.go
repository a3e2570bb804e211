package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slowClients are how many hang on the server at once, and memoryLimit what it may take for them, in kB.
const (
	slowClients = 1000
	memoryLimit = 96 << 10
)

// A thousand clients send their header or their body by the byte, don't read what they asked for, or are just there. The others
// notice nothing.
func TestSlowClients(t *testing.T) {
	s := newSite(t)
	v := s.launch("CARDPROOF_SERVER_CONNECTIONS_PER_CLIENT=0", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0", "CARDPROOF_SERVER_RATE_LIMIT_GLOBAL=0")
	kinds := []string{
		"GET /n/" + s.number + " HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{",
		strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 10), // nobody reads the answers
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	conns := make([]net.Conn, slowClients)
	for i := range conns {
		conn, err := net.Dial("tcp", v.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, kinds[i%len(kinds)]); err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	took := make([]time.Duration, 0, 40)
	for i := range cap(took) {
		for k := i; k < len(conns); k += 40 { // one byte more of each, where it still counts
			if k%len(kinds) < 2 {
				_, _ = conns[k].Write([]byte("x"))
			}
		}
		start := time.Now()
		resp, err := client.Get("http://" + v.address + "/n/" + s.number)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		took = append(took, time.Since(start))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %d, %v", resp.StatusCode, err)
		}
	}
	slices.Sort(took)
	t.Logf("median %s, longest %s, %d kB at the most", took[len(took)/2], took[len(took)-1], v.memory())
	if median := took[len(took)/2]; median > 100*time.Millisecond {
		t.Errorf("a usual answer took %s, want 100 ms or less", median)
	}
	if got := v.memory(); got > memoryLimit {
		t.Errorf("the server took %d kB, want %d or less", got, memoryLimit)
	}
}

// memory is the most that the server had in memory so far, in kB.
func (v *server) memory() int {
	v.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		v.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		v.t.Fatal(err)
	}
	return kB
}

// Whoever sends the header of a request too slowly loses the connection.
func TestSlowHeadersAreCut(t *testing.T) {
	s := newSite(t)
	v := s.launch("CARDPROOF_SERVER_TIMEOUTS_READ_HEADER=300ms", "CARDPROOF_SERVER_TIMEOUTS_READ=600ms")
	for name, text := range map[string]string{
		"header": "GET / HTTP/1.1\r\nX-Slow: ",
		"body":   "POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{",
	} {
		conn, err := net.Dial("tcp", v.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); err != nil || strings.HasPrefix(string(answer), "HTTP/1.1 200") {
			t.Errorf("%s: got %q, %v, want the connection closed", name, answer, err)
		}
	}
}
