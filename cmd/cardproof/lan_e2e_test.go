//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/nettest"
	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/verify"
)

// lan is a centre on several hosts: the register's database, the worker that issues, the public server, another one, and a client.
type lan struct {
	t                                 *testing.T
	db, worker, server, other, client *nettest.Host
	pg                                *pgtest.Server
	database                          string
	centre                            *centreDir // its commands run on the worker
}

func newLAN(t *testing.T) *lan {
	t.Helper()
	hosts := nettest.New(t, "db", "worker", "server", "other", "client")
	l := &lan{t: t, db: hosts[0], worker: hosts[1], server: hosts[2], other: hosts[3], client: hosts[4]}
	var err error
	if l.pg, err = pgtest.StartAt(pgtest.Place{Enter: l.db.Enter, Address: l.db.Address, Clients: nettest.Network}); err != nil {
		t.Fatal(err)
	}
	stopLast(t, l.pg)
	l.database = pgtest.Database(l.pg.New(t, ""))
	l.centre = newCentreFrom(t, l.worker, l.pg.NetworkURL(l.database, pgtest.Owner))
	if err := l.pg.Exec(t.Context(), l.database, "CREATE ROLE reader LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"); err != nil {
		t.Fatal(err)
	}
	return l
}

func stopLast(t *testing.T, s *pgtest.Server) {
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func newCentreFrom(t *testing.T, on *nettest.Host, register string) *centreDir {
	t.Helper()
	c := &centreDir{t: t, bin: on.Program(t, mustProgram(t)), dir: t.TempDir()}
	c.must("init", "--register", register)
	return c
}

func mustProgram(t *testing.T) string {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// begun is a command that runs.
type begun struct {
	out   bytes.Buffer
	code  int
	ended chan struct{}
}

func (l *lan) begin(args ...string) *begun {
	l.t.Helper()
	cmd := l.centre.command(args...)
	b := &begun{ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &b.out, &b.out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // its code tells
		b.code = cmd.ProcessState.ExitCode()
		close(b.ended)
	}()
	l.t.Cleanup(func() {
		_ = cmd.Process.Kill() // where the test broke off before its end
		<-b.ended
	})
	return b
}

// within is how a command ended, and that it did within a limit.
func (b *begun) within(t *testing.T, limit time.Duration) (code int, said string, took time.Duration) {
	t.Helper()
	start := time.Now()
	select {
	case <-b.ended:
		return b.code, b.out.String(), time.Since(start)
	case <-time.After(limit):
		t.Fatalf("it did not end within %s: %s", limit, b.out.String())
		return
	}
}

func (b *begun) hasEnded() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// archivedFiles counts the files in the centre's archive.
func (l *lan) archivedFiles() int { return len(archived(l.t, l.centre.path("data/cards"))) }

// inTheMiddle begins to issue, and returns when the first of the new cards are in the archive.
func (l *lan) inTheMiddle(args ...string) *begun {
	l.t.Helper()
	before := l.archivedFiles()
	b := l.begin(args...)
	until(l.t, time.Minute, func() bool { return l.archivedFiles() > before })
	return b
}

var verifyProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cardproof-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cardproof-verify")
	if out, err := exec.Command("go", "build", "-o", path, "../cardproof-verify").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// serveOn runs the public server on a host, and returns when it is ready.
func (l *lan) serveOn(on *nettest.Host, register string, env ...string) (origin string) {
	t := l.t
	t.Helper()
	bin, err := verifyProgram()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l.centre.must("keys", "export", "--out", filepath.Join(dir, "keys.json"))
	config := string(assets.VerifyConfig())
	for key, value := range map[string]string{"register": register, "jwks": filepath.Join(dir, "keys.json")} {
		at := strings.Index(config, "\n"+key+": ") + 1
		config = config[:at] + key + ": " + value + config[at+strings.Index(config[at:], "\n"):]
	}
	if err := os.WriteFile(filepath.Join(dir, "verify.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(on.Program(t, bin), "--config", filepath.Join(dir, "verify.yaml"), "--listen", on.Address+":8080")
	cmd.Env = append(append(os.Environ(), "CARDPROOF_SERVER_MONITOR_LISTEN=127.0.0.1:9090", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0"), env...)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			t.Errorf("the server did not stop in peace: %v: %s", err, log.String())
		}
		if strings.Contains(log.String(), "postgres://") {
			t.Error("the log tells of the database")
		}
	})
	origin = "http://" + on.Address + ":8080"
	until(t, time.Minute, func() bool { return l.ask(origin+"/readyz").status == 200 })
	return origin
}

// goroutines is how many a server has, by its monitor.
func goroutines(t *testing.T, on *nettest.Host) int {
	t.Helper()
	resp, err := on.Client(5 * time.Second).Get("http://127.0.0.1:9090/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\ngo_goroutines ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// reply is what a client was told, when it asked, and how long it took.
type reply struct {
	asked  time.Time
	took   time.Duration
	status int // 0 where no answer came
	code   verify.Code
}

// ask asks once from the client's host.
func (l *lan) ask(url string) reply { return l.askFor(url, 30*time.Second) }

func (l *lan) askFor(url string, limit time.Duration) (r reply) {
	r.asked = time.Now()
	defer func() { r.took = time.Since(r.asked) }()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return r
	}
	req.Header.Set("Accept", "application/json")
	resp, err := l.client.Client(limit).Do(req)
	if err != nil {
		return r
	}
	defer resp.Body.Close()
	var v verify.Public
	_ = json.NewDecoder(resp.Body).Decode(&v) // /readyz has no JSON
	r.status, r.code = resp.StatusCode, v.Code
	return r
}

// load is many clients that ask for the same again and again.
type load struct {
	stop    chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex
	replies []reply
}

func (l *lan) load(url string, clients int) *load {
	a := &load{stop: make(chan struct{})}
	for range clients {
		a.wg.Go(func() {
			for {
				select {
				case <-a.stop:
					return
				case <-time.After(50 * time.Millisecond):
				}
				r := l.ask(url)
				a.mu.Lock()
				a.replies = append(a.replies, r)
				a.mu.Unlock()
			}
		})
	}
	return a
}

func (a *load) end() []reply {
	close(a.stop)
	a.wg.Wait()
	return a.replies
}
