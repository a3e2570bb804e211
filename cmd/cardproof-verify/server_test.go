package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is the program while it runs.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string // host:port
	monitor string // likewise, or empty
	plain   string // likewise
	ended   chan error

	mu  sync.Mutex
	log strings.Builder
}

// launch runs the server with more in its environment, until the test ends or ends it.
func (s *site) launch(env ...string) *server {
	s.t.Helper()
	return s.launchAt("127.0.0.1:0", env...)
}

func (s *site) launchAt(address string, env ...string) *server {
	s.t.Helper()
	v := &server{t: s.t, ended: make(chan error, 1)}
	v.cmd = exec.Command(filepath.Join(s.bin, "cardproof-verify"), "--config", s.config(), "--listen", address)
	v.cmd.Env = append(os.Environ(), env...)
	stderr, err := v.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	up := make(chan struct{})
	go func() {
		v.read(stderr, strings.Join(env, " "), up)
		v.ended <- v.cmd.Wait()
	}()
	s.t.Cleanup(v.stop)
	select {
	case <-up:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the server does not listen: %s", v.said())
	}
	return v
}

// read keeps the log, and closes up once every listener has said where it is.
func (v *server) read(from io.Reader, env string, up chan struct{}) {
	wanted := 1 + strings.Count(env, "MONITOR_LISTEN") + strings.Count(env, "HTTP_LISTEN")
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v.mu.Lock()
		v.log.Write(append(lines.Bytes(), '\n'))
		v.mu.Unlock()
		var said struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &said) != nil || said.Address == "" {
			continue
		}
		switch said.Msg {
		case "listening":
			v.address = said.Address
		case "listening for the monitor":
			v.monitor = said.Address
		case "listening for plain HTTP":
			v.plain = said.Address
		}
		if wanted--; wanted == 0 {
			close(up)
		}
	}
}

func (v *server) said() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.log.String()
}

func (v *server) signal(sig os.Signal) {
	v.t.Helper()
	if err := v.cmd.Process.Signal(sig); err != nil {
		v.t.Fatal(err)
	}
}

// wait is how the server ended.
func (v *server) wait(limit time.Duration) error {
	select {
	case err := <-v.ended:
		v.ended <- err
		return err
	case <-time.After(limit):
		return errors.New("it runs on")
	}
}

func (v *server) stop() {
	if err := v.cmd.Process.Signal(os.Interrupt); errors.Is(err, os.ErrProcessDone) {
		return
	}
	if err := v.wait(20 * time.Second); err != nil {
		_ = v.cmd.Process.Kill()
		v.t.Errorf("the server did not stop in peace: %v", err)
	}
}

// verdict asks about a path, as a program does.
func (v *server) verdict(path string) (status int, code string) {
	v.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+v.address+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	var said struct {
		Code  string
		Valid bool
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		v.t.Fatal(err)
	}
	if said.Valid != (said.Code == "valid") {
		v.t.Fatalf("%s: valid is %v with the code %s", path, said.Valid, said.Code)
	}
	return resp.StatusCode, said.Code
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// codePath is the path of the card's QR.
func (s *site) codePath() string {
	s.t.Helper()
	f, err := os.Open(filepath.Join(s.centre, "out", "cards.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	_, path, found := strings.Cut(rows[1][6], "/c/")
	if !found {
		s.t.Fatalf("no link in %q", rows[1])
	}
	return "/c/" + path
}

// A request that is half sent when the server has to stop is answered; new ones are not taken.
func TestStopsAfterTheRequestAtHand(t *testing.T) {
	s := newSite(t)
	v := s.launch()
	conn, body := v.halfSent(s.number)
	v.signal(syscall.SIGTERM)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		other, err := net.Dial("tcp", v.address)
		if err != nil {
			break
		}
		other.Close()
		if time.Now().After(end) {
			t.Fatal("the server still takes connections")
		}
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") || !strings.Contains(string(answer), `"code":"valid"`) {
		t.Errorf("got %q, %v", answer, err)
	}
	if err := v.wait(10 * time.Second); err != nil {
		t.Errorf("after the last answer: got %v", err)
	}
	if !strings.Contains(v.said(), `"route":"POST /api/v1/verify","status":200`) {
		t.Errorf("the last request is not in the log: %s", v.said())
	}
}

// halfSent sends a question but for the end of its body, which it returns.
func (v *server) halfSent(number string) (net.Conn, string) {
	v.t.Helper()
	body := `{"number":"` + number + `"}`
	conn, err := net.Dial("tcp", v.address)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { conn.Close() })
	head := "POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
	if _, err := io.WriteString(conn, head+strconv.Itoa(len(body))+"\r\n\r\n"+body[:5]); err != nil {
		v.t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until the handler reads
	return conn, body[5:]
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := newSite(t)
	v := s.launch()
	v.halfSent(s.number)
	v.signal(syscall.SIGTERM)
	if err := v.wait(500 * time.Millisecond); err == nil {
		t.Fatal("the first signal cut the request")
	}
	v.signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if err := v.wait(2 * time.Second); !errors.As(err, &exit) {
		t.Errorf("after the second signal: got %v", err)
	}
}

// Nothing of what was asked stands in the metrics or in the log; the monitor stands apart from the public address.
func TestMonitorTellsNothing(t *testing.T) {
	s := newSite(t)
	v := s.launch("CARDPROOF_SERVER_MONITOR_LISTEN=127.0.0.1:0")
	path := s.codePath()
	if status, code := v.verdict(path); status != 200 || code != "valid" {
		t.Fatalf("got %d %s", status, code)
	}
	v.verdict(path[:len(path)-40])
	v.verdict("/n/" + s.number)
	get(t, "http://"+v.address+"/canary?canary=1")
	_, metrics := get(t, "http://"+v.monitor+"/metrics")
	for _, want := range []string{`outcome="valid",route="GET /c/{input...}",status="2xx"} 1`, `route="none",status="4xx"} 1`, "cardproof_key_set_age_seconds "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("got no %s in\n%s", want, metrics)
		}
	}
	if status, _ := get(t, "http://"+v.address+"/metrics"); status != 404 {
		t.Errorf("/metrics at the public address: got %d", status)
	}
	v.stop()
	for _, secret := range []string{path[3:60], s.number, strings.ReplaceAll(s.number, "-", ""), "Ana", "canary"} {
		if strings.Contains(metrics, secret) || strings.Contains(v.said(), secret) {
			t.Errorf("%q is in the metrics or in the log", secret)
		}
	}
	if got := strings.Count(v.said(), `"msg":"request"`); got != 5 {
		t.Errorf("got %d requests in the log, want 5", got)
	}
}

// within calls do until it says true.
func within(t *testing.T, limit time.Duration, what string, do func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !do() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s", what, limit)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
