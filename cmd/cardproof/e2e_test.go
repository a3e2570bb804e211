//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cardproof/cardproof/verify"
)

// program builds cardproof once, for the tests that need the real binary: to be killed, to serve, to be run twice at once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cardproof-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cardproof")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
})

// centreDir is a new training centre in a folder of its own.
type centreDir struct {
	t    testing.TB
	bin  string
	dir  string
	args []string // before every command
	env  []string // beside that of the test
}

func newCentre(t testing.TB) *centreDir {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := &centreDir{t: t, bin: bin, dir: t.TempDir()}
	c.must("init")
	return c
}

// newDemoCentre is the centre of cardproof demo, with its cards in demo/cards.
func newDemoCentre(t testing.TB) *centreDir {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := &centreDir{t: t, bin: bin, dir: t.TempDir()}
	c.must("demo", "--once", "--dir", "demo")
	c.args = []string{"--config", "demo/config.yaml"}
	return c
}

func (c *centreDir) path(name string) string { return filepath.Join(c.dir, name) }

func (c *centreDir) command(args ...string) *exec.Cmd {
	cmd := exec.Command(c.bin, append(c.args[:len(c.args):len(c.args)], args...)...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	return cmd
}

// must runs a command that has to end with 0, and returns its standard output.
func (c *centreDir) must(args ...string) []byte {
	c.t.Helper()
	out, code := c.run(args...)
	if code != 0 {
		c.t.Fatalf("cardproof %s ended with %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

func (c *centreDir) run(args ...string) (stdout []byte, code int) {
	c.t.Helper()
	cmd := c.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		c.t.Logf("%s", errs.String())
		return out, exit.ExitCode()
	case err != nil:
		c.t.Fatal(err)
	}
	return out, 0
}

// card is a line of cards.csv.
type cardLine struct{ number, name, url, file, sha256, state string }

func (c *centreDir) cards(out string) []cardLine {
	c.t.Helper()
	f, err := os.Open(filepath.Join(c.path(out), "cards.csv"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		c.t.Fatal(err)
	}
	var lines []cardLine
	for _, r := range rows[1:] {
		lines = append(lines, cardLine{r[1], r[2], r[6], filepath.Join(c.path(out), r[7]), r[8], r[9]})
	}
	if len(lines) == 0 {
		c.t.Fatal("cards.csv lists no card")
	}
	return lines
}

func (c *centreDir) write(name, text string) string {
	c.t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.path(name)
}

// roster writes a roster of n learners.
func (c *centreDir) roster(n int) string {
	return c.write("roster.csv", rosterFrom(0, n))
}

// rosterFrom is a roster of n learners, all of them others than those before the first.
func rosterFrom(first, n int) string {
	var b strings.Builder
	b.WriteString("name,email,course,completed,attendance,score,skills,instructor,instructor_id,class,learner_id\n")
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "Učenka %c%c Nováková,l%d@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-1,L%05d\n", 'A'+i/26%26, 'a'+i%26, i, i)
	}
	return b.String()
}

// serve starts the public server and stops it when the test ends. The rate limit is off: these are tests of something else.
func (c *centreDir) serve() (origin string) {
	c.t.Helper()
	_, origin = c.serveProcess()
	return origin
}

func (c *centreDir) serveProcess() (p *os.Process, origin string) {
	c.t.Helper()
	cmd := c.command("serve", "--listen", "127.0.0.1:0")
	cmd.Env = append(cmd.Env, "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0", "CARDPROOF_SERVER_RATE_LIMIT_GLOBAL=0")
	return serving(c.t, cmd)
}

// serving starts a server, waits until it says where it listens, and stops it when the test ends.
func serving(t testing.TB, cmd *exec.Cmd) (p *os.Process, origin string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("the server did not stop in peace: %v", err)
		}
	})
	said := bufio.NewReader(stderr)
	text, address := "", ""
	for address == "" { // what it has to say of the clock, it says before
		line, err := said.ReadString('\n')
		if text += line; err != nil {
			t.Fatalf("the server said %q, %v", text, err)
		}
		address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).FindString(line)
	}
	go io.Copy(io.Discard, said)
	return cmd.Process, "http://" + address
}

// ask asks the server for a verdict as JSON, and returns the HTTP status and everything that came back, too.
func ask(t testing.TB, url string) (verify.Public, int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	resp, body := answer(t, req)
	var v verify.Public
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v: %s", url, err, body)
	}
	return v, resp.StatusCode, fmt.Sprint(resp.Header) + string(body)
}

// tool is the path of a program that is not ours. One that is missing fails the test: `make test` installs them.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed; scripts/test-deps installs it", name)
	}
	return path
}

func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(tool(t, name), args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}
