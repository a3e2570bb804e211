//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
)

// newDatabase is an empty database of a server of its own, which the test may stop.
func newDatabase(t testing.TB) (server *pgtest.Server, url string) {
	t.Helper()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s, s.New(t, "")
}

func newCentreOn(t testing.TB, url string) *centreDir {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := &centreDir{t: t, bin: bin, dir: t.TempDir()}
	c.must("init", "--register", url)
	return c
}

// TestPostgreSQLCentre has a centre whose register is a database: it issues, revokes, verifies, and serves while the database is gone and back.
func TestPostgreSQLCentre(t *testing.T) {
	t.Parallel()
	server, url := newDatabase(t)
	c := newCentreOn(t, url)
	if _, err := os.Stat(c.path("data/register.db")); !os.IsNotExist(err) {
		t.Errorf("a register in a file beside the database: got %v", err)
	}
	c.must("init") // again: all is kept
	c.must("issue", c.roster(200), "--out", "cards")
	lines := c.cards("cards")
	if len(lines) != 200 {
		t.Fatalf("got %d cards", len(lines))
	}
	again := c.must("--json", "issue", c.path("roster.csv"), "--out", "again")
	var s summary
	if err := json.Unmarshal(again, &s); err != nil || s.Issued != 0 || s.AlreadyIssued != 200 {
		t.Errorf("the same roster again: got %s, %v", again, err)
	}
	revoked, good := lines[17], lines[18]
	c.must("revoke", revoked.number, "--reason", "issued by mistake")
	if got := string(c.must("show", revoked.number)); !strings.Contains(got, "issued by mistake") {
		t.Errorf("show: got %s", got)
	}
	if out, code := c.run("verify", good.file, revoked.file); code != exitRefused || !bytes.Contains(out, []byte("VALID")) || !bytes.Contains(bytes.ToUpper(out), []byte("REVOKED")) {
		t.Errorf("verify: got %d, %s", code, out)
	}
	c.must("mail", "status")
	origin := c.serve()
	path := func(l cardLine) string { return origin + l.url[strings.Index(l.url, "/c/"):] }
	check := func(when string) {
		t.Helper()
		if v, code, _ := ask(t, path(good)); !v.Valid || code != http.StatusOK {
			t.Errorf("%s: a card in force: got %s, %d", when, v.Code, code)
		}
		if v, _, _ := ask(t, path(revoked)); v.Valid || v.Code != "revoked" {
			t.Errorf("%s: a revoked card: got %s", when, v.Code)
		}
	}
	check("at first")
	if err := server.Halt(true); err != nil {
		t.Fatal(err)
	}
	for _, l := range []cardLine{good, revoked, good} {
		v, code, body := ask(t, path(l))
		if v.Valid || v.Code != "status_unknown" || code != http.StatusServiceUnavailable {
			t.Errorf("while the database is gone: got %s, %d", v.Code, code)
		}
		if strings.Contains(body, "postgres") || strings.Contains(body, url) {
			t.Error("the answer tells of the database")
		}
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	until(t, time.Minute, func() bool { v, _, _ := ask(t, path(good)); return v.Valid })
	check("when it is back")
	c.must("suspend", good.number, "--reason", "a question")
	if v, _, _ := ask(t, path(good)); v.Code != "suspended" {
		t.Errorf("a change after the restart: got %s", v.Code)
	}
	c.must("erase", "--learner", lines[19].number, "--reason", "asked for it", "--yes")
	if v, _, body := ask(t, path(lines[19])); v.Valid || v.Code != "revoked" || strings.Contains(body, lines[19].name) {
		t.Errorf("an erased card: got %s, %s", v.Code, body)
	}
	checkKept(t, c, lines[20])
}

// checkKept audits a centre whose register is a database, has doctor look at it, and restores a backup of it, whose register is a file.
func checkKept(t *testing.T, c *centreDir, good cardLine) {
	t.Helper()
	head := func(c *centreDir) string {
		var made struct {
			OK   bool   `json:"ok"`
			Head string `json:"head"`
		}
		if out := c.must("--json", "audit", "verify"); json.Unmarshal(out, &made) != nil || !made.OK || made.Head == "" {
			t.Fatalf("audit: got %s", out)
		}
		return made.Head
	}
	want := head(c)
	if out, code := c.run("doctor", "--offline"); code != exitDone || !bytes.Contains(out, []byte("is in a database")) {
		t.Errorf("doctor: got %d, %s", code, out)
	}
	c.must("backup", "--to", "backups", "--with-keys")
	to := filepath.Join(t.TempDir(), "restored")
	out := c.must("restore", "--from", c.path("backups"), "--to", to, "--expect", want)
	if !bytes.Contains(out, []byte("files of cards")) {
		t.Errorf("restore: got %s", out)
	}
	r := *c
	r.dir, r.args = to, nil
	if text := r.read("config.yaml"); !bytes.Contains(text, []byte("\n# register: ")) {
		t.Errorf("the restored centre works on the database of the old one: %s", text)
	}
	if got := head(&r); got != want {
		t.Errorf("head of the restored register: got %s, want %s", got, want)
	}
	if got, want := r.must("--json", "show", good.number), c.must("--json", "show", good.number); !bytes.Equal(got, want) {
		t.Errorf("a card of the restored register: got %s, want %s", got, want)
	}
}

func until(t testing.TB, limit time.Duration, is func() bool) {
	t.Helper()
	if !within(limit, is) {
		t.Fatalf("not within %s", limit)
	}
}

// within asks until something is so, and says whether it came to be in time. It asks more and more seldom: each question may be a program to start.
func within(limit time.Duration, is func() bool) bool {
	pause := 20 * time.Millisecond
	for end := time.Now().Add(limit); !is(); time.Sleep(pause) {
		if time.Now().After(end) {
			return false
		}
		pause = min(pause*5/4, time.Second)
	}
	return true
}

// TestRegisterCopyMovesACentre issues in a file, moves the centre into a database, and goes on there as if nothing had been.
func TestRegisterCopyMovesACentre(t *testing.T) {
	t.Parallel()
	_, url := newDatabase(t)
	c := newCentre(t)
	c.must("issue", c.roster(20), "--out", "cards")
	lines := c.cards("cards")
	c.must("revoke", lines[0].number, "--reason", "issued by mistake")
	before := c.must("--json", "show", lines[0].number)
	if out, code := c.run("register", "copy"); code != exitUsage {
		t.Errorf("without --to: got %d, %s", code, out)
	}
	secret := strings.Replace(url, "?", "?password=s3cret&", 1)
	if out, code := c.run("register", "copy", "--to", secret); code != exitUsage || bytes.Contains(out, []byte("s3cret")) {
		t.Errorf("with a password: got %d, %s", code, out)
	}
	c.must("register", "copy", "--to", url)
	if out, code := c.run("register", "copy", "--to", url); code != exitRegister {
		t.Errorf("a second time: got %d, %s", code, out)
	}
	c.write("config.yaml", strings.Replace(string(c.read("config.yaml")), "\nregister: \"\"", "\nregister: "+url, 1))
	if err := os.Rename(c.path("data/register.db"), c.path("data/old.db")); err != nil {
		t.Fatal(err)
	}
	if got := c.must("--json", "show", lines[0].number); !bytes.Equal(got, before) {
		t.Errorf("show in the database: got %s, want %s", got, before)
	}
	again := c.must("--json", "issue", c.path("roster.csv"), "--out", "again")
	var s summary
	if err := json.Unmarshal(again, &s); err != nil || s.Issued != 0 {
		t.Errorf("the same roster: got %s, %v", again, err)
	}
	c.must("issue", c.roster(30), "--out", "more")
	c.must("register", "copy", "--to", c.path("back.db"))
	if err := os.Rename(c.path("back.db"), filepath.Join(c.dir, "data/register.db")); err != nil {
		t.Fatal(err)
	}
	c.write("config.yaml", strings.Replace(string(c.read("config.yaml")), "\nregister: "+url, "\nregister: \"\"", 1))
	if got := c.must("--json", "show", lines[0].number); !bytes.Equal(got, before) {
		t.Errorf("show in the file again: got %s, want %s", got, before)
	}
}

// TestMachinesWaitForEachOther stands for another machine on the same register: issuing waits while that one erases, and says so; and the key
// is not rotated while that one issues.
func TestMachinesWaitForEachOther(t *testing.T) {
	t.Parallel()
	_, url := newDatabase(t)
	c := newCentreOn(t, url)
	other, err := register.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	roster := c.roster(3)
	for _, step := range []struct {
		how   register.Holding
		args  []string
		waits bool
		says  string
	}{
		{register.Alone, []string{"issue", roster, "--out", "cards"}, true, "another machine changes the keys, erases or copies"},
		{register.Issuing, []string{"keys", "rotate"}, true, "another machine works on this register"},
		{register.Issuing, []string{"issue", roster, "--out", "cards"}, true, "another machine is issuing from this register"},
		{register.Making, []string{"issue", roster, "--out", "cards"}, false, ""},
	} {
		lock, err := other.LockIssuing(t.Context(), step.how, func(register.Holding) { t.Error("a command left its lock behind") })
		if err != nil {
			t.Fatal(err)
		}
		var said transcript
		cmd := c.command(step.args...)
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if step.waits {
			until(t, time.Minute, func() bool { return strings.Contains(said.String(), step.says) })
			if err := lock.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: got %v: %s", step.args, err, said.String())
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
