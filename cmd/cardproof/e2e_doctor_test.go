//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestDoctorAsksTheServer has doctor compare what a server says with the register: the real one, and then one that goes on telling what was true
// before a withdrawal.
func TestDoctorAsksTheServer(t *testing.T) {
	t.Parallel()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	url := fmt.Sprintf("http://localhost:%d", ln.Addr().(*net.TCPAddr).Port)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	c := &centreDir{t: t, bin: bin, dir: t.TempDir()}
	c.must("init", "--url", url)
	c.must("issue", c.roster(3), "--out", "out")

	old := map[string][]byte{}
	func() {
		cmd := c.command("serve", "--listen", address)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
				t.Error(err)
			}
		}()
		for _, path := range []string{"/.well-known/jwks.json", "/s/1"} {
			old[path] = fetch(t, url+path)
		}
		checkFindings(t, c, 0, "published keys ok", "status lists ok")
	}()
	checkFindings(t, c, 0, "public server warning")

	c.must("revoke", c.cards("out")[0].number, "--reason", "a test")
	var off atomic.Int64 // seconds by which the server's clock is ahead
	if ln, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	var keys atomic.Value
	keys.Store(old["/.well-known/jwks.json"])
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Duration(off.Load())*time.Second).UTC().Format(http.TimeFormat))
		if r.URL.Path == "/s/1" {
			_, _ = w.Write(old["/s/1"])
			return
		}
		_, _ = w.Write(keys.Load().([]byte))
	})}
	go server.Serve(ln)
	defer server.Close()
	checkFindings(t, c, exitKey, "published keys ok", "status lists problem")
	off.Store(600)
	checkFindings(t, c, exitFailed, "clock problem")
	off.Store(0)
	keys.Store([]byte(strings.Replace(string(keys.Load().([]byte)), `"crv"`, `"was"`, 1)))
	checkFindings(t, c, exitKey, "published keys problem")
}

// fetch waits for a server to answer.
func fetch(t *testing.T, url string) []byte {
	t.Helper()
	for range 100 {
		resp, err := http.Get(url)
		if err == nil {
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err == nil && resp.StatusCode == http.StatusOK {
				return body
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", url)
	return nil
}

func checkFindings(t *testing.T, c *centreDir, want int, findings ...string) {
	t.Helper()
	out, code := c.run("doctor", "--json")
	var got struct{ Findings []finding }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := map[string]bool{}
	for _, f := range got.Findings {
		said[f.Check+" "+string(f.Is)] = true
	}
	if code != want {
		t.Errorf("got exit code %d, want %d: %s", code, want, out)
	}
	for _, f := range findings {
		if !said[f] {
			t.Errorf("doctor does not say %q: %s", f, out)
		}
	}
}
