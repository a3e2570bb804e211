// Package pgtest runs a real PostgreSQL server for tests, in a temporary folder and on a socket of its own. Only tests import it.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Owner is the superuser of the server, and the owner of its databases.
const Owner = "postgres"

// Place says where a server runs; the zero value is this machine, with a socket and no network.
type Place struct {
	Enter   func() error // moves the calling thread to the server's host; nil where it runs beside the test
	Address string       // that it listens on, beside its socket; empty for none
	Clients string       // the network that may ask there without a password
	Set     []string     // further settings, as name=value
}

// Server is a server's process and its folder.
type Server struct {
	folder string
	place  Place
	cmd    *exec.Cmd
	ended  chan error
	made   int
	mu     sync.Mutex
}

// Start makes a database cluster and starts a server on it. Its texts are ordered by another rule than their bytes, as they are in most
// installations. Stop it.
func Start() (*Server, error) { return StartAt(Place{}) }

// StartAt does what Start does, at a place.
func StartAt(at Place) (*Server, error) {
	s, err := newServer(at)
	if err != nil {
		return nil, err
	}
	initdb := s.program("initdb", "-D", s.data(), "-U", Owner, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US",
		"--no-sync", "--no-instructions")
	return s, s.begin(initdb)
}

// admit lets the clients of the server's place in.
func (s *Server) admit() error {
	if s.place.Clients == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.data(), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "host all,replication all %s trust\n", s.place.Clients)
	return errors.Join(err, f.Close())
}

// Copy makes a server that follows this one, and starts it.
func (s *Server) Copy() (*Server, error) { return s.CopyAt(Place{}) }

// CopyAt does what Copy does, at a place. It follows over the socket, unless primary_conninfo is set.
func (s *Server) CopyAt(at Place) (*Server, error) {
	c, err := newServer(at)
	if err != nil {
		return nil, err
	}
	base := c.program("pg_basebackup", "-D", c.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync", "-h", s.folder, "-U", Owner)
	return c, c.begin(base)
}

// newServer makes the folder of a server at a place, which only its user may read.
func newServer(at Place) (*Server, error) {
	folder, err := os.MkdirTemp("", "cardproof-pg-")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(folder, 0o700), own(folder)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return &Server{folder: folder, place: at}, nil
}

// begin has a program fill the server's folder, and starts the server. Where either fails, the folder goes again.
func (s *Server) begin(fill *exec.Cmd) error {
	out, err := fill.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", filepath.Base(fill.Path), err, out)
	} else {
		err = errors.Join(s.admit(), s.Run())
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Run starts the server's process, and returns when it answers.
func (s *Server) Run() error {
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	// What is lost when the machine loses its power, no test looks for.
	s.cmd = s.program("postgres", "-D", s.data(), "-k", s.folder, "-c", "listen_addresses="+s.place.Address, "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "autovacuum=off", "-c", "wal_level=replica", "-c", "max_wal_senders=4")
	for _, setting := range s.place.Set {
		s.cmd.Args = append(s.cmd.Args, "-c", setting)
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.ended = make(chan error, 1)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		endWithThread(s.cmd)
		err := s.enter()
		if err == nil {
			err = s.cmd.Start()
		}
		started <- err
		if err == nil {
			s.ended <- s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := s.Exec(context.Background(), "postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case ended := <-s.ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("the server ended: %w: %s", errors.Join(ended, err), text)
		default:
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("the server does not answer: %w", err), s.cmd.Process.Kill())
		}
	}
}

func (s *Server) enter() error {
	if s.place.Enter == nil {
		return nil
	}
	return s.place.Enter()
}

// Halt ends the server's process: at once, as a crash would, or after it has sent every client away.
func (s *Server) Halt(crash bool) error {
	how := syscall.SIGINT
	if crash {
		how = syscall.SIGQUIT
	}
	if err := s.cmd.Process.Signal(how); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	err := s.Halt(true)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// URL leads to a database of the server as a user.
func (s *Server) URL(database, as string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.folder}, "user": {as}}.Encode()
}

// NetworkURL leads to a database at the server's address as a user, without encryption.
func (s *Server) NetworkURL(database, as string) string {
	return "postgres://" + as + "@" + s.place.Address + "/" + database + "?sslmode=disable"
}

// Database is the name of the database that a URL leads to.
func Database(where string) string {
	_, rest, _ := strings.Cut(where, ":///")
	name, _, _ := strings.Cut(rest, "?")
	return name
}

// Exec has a database carry out statements.
func (s *Server) Exec(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.URL(database, Owner))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, one := range statements {
		if _, err := conn.Exec(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// New makes a database by a template of the server's, which may be empty for an empty database, and answers its URL.
func (s *Server) New(t testing.TB, template string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := "test" + strconv.Itoa(s.made)
	if template == "" {
		template = "template0"
	}
	if err := s.Exec(t.Context(), "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	return s.URL(name, Owner)
}

// program is one of the server's programs, as a user that it runs under: it refuses root.
func (s *Server) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaries(), name), args...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	runAsUser(cmd)
	return cmd
}

// binaries is the folder of the newest server that is installed, as Debian lays it out; elsewhere that of the PATH.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is a good one
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		panic("PostgreSQL is not installed; scripts/test-deps installs it")
	}
	return filepath.Dir(path)
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 for a folder of another name
	return n
}

// runAs is the user of the server where the tests run as root.
func runAs() (uid, gid uint32, other bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		id, _ := strconv.ParseUint(u.Uid, 10, 32) // they are numbers (os/user)
		group, _ := strconv.ParseUint(u.Gid, 10, 32)
		return uint32(id), uint32(group), true
	}
	panic("there is no user to run PostgreSQL as")
}

func own(folder string) error {
	uid, gid, other := runAs()
	if !other {
		return nil
	}
	return os.Chown(folder, int(uid), int(gid))
}
