// Package archivetest has a real S3 server for the tests, in a process of its own, and a proxy that puts faults in front of it: it refuses
// requests, breaks connections off in the middle, loses answers and changes bytes on the way.
package archivetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Who may do everything on the servers.
const (
	AccessKey = "archivetest"
	SecretKey = "archivetest-secret"
	Region    = "us-east-1"
)

// Server is a running server with an empty folder for buckets.
type Server struct {
	Address string // host:port on this machine, plain HTTP
	Dir     string // where the buckets are folders, and the objects files
	Users   string // the folder of further users
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := program()
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close() // for the server
	return start(t, program, free.Addr().String(), new(net.Dialer).DialContext)
}

// Host is another host than the one of the test; nettest has some.
type Host interface {
	Program(t testing.TB, path string) string
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// StartOn does what Start does, on a host and an address of it.
func StartOn(t testing.TB, host Host, address string) *Server {
	t.Helper()
	program, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, host.Program(t, program), address, host.Dial)
}

func start(t testing.TB, program, address string, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Server {
	t.Helper()
	s := &Server{Address: address, Dir: t.TempDir(), Users: t.TempDir(), dial: dial}
	cmd := exec.Command(program, "--port", s.Address, "--access", AccessKey, "--secret", SecretKey, "--region", Region,
		"--iam-dir", s.Users, "--keep-alive", "--quiet", "posix", s.Dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // it was killed
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := s.dial(t.Context(), "tcp", s.Address)
		if err == nil {
			conn.Close()
			return s
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// program is the server's binary, where scripts/test-deps puts it.
func program() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "cardproof", "versitygw", "v1.8.0", "versitygw")
	if _, err := os.Stat(path); err != nil {
		return "", errors.Join(err, errors.New("run scripts/test-deps, which builds the S3 server of the tests"))
	}
	return path, nil
}

// Endpoint is the server's origin.
func (s *Server) Endpoint() string { return "http://" + s.Address }

// Env is what the environment says to a program that may do everything.
func Env() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + AccessKey, "AWS_SECRET_ACCESS_KEY=" + SecretKey}
}

// Client is a client past the archive's own code.
func (s *Server) Client(t testing.TB) *minio.Client {
	t.Helper()
	c, err := minio.New(s.Address, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), Region: Region, Transport: &http.Transport{DialContext: s.dial}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// MakeBucket makes an empty bucket.
func (s *Server) MakeBucket(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Client(t).MakeBucket(ctx, name, minio.MakeBucketOptions{Region: Region}); err != nil {
		t.Fatal(err)
	}
}

// AddReader makes a user who may list a bucket and get what is in it, and nothing else, and answers what the environment says to it.
func (s *Server) AddReader(t testing.TB, bucket string) (env []string) {
	t.Helper()
	program, err := program()
	if err != nil {
		t.Fatal(err)
	}
	const reader = "reader"
	cmd := exec.Command(program, "admin", "--access", AccessKey, "--secret", SecretKey, "--endpoint-url", s.Endpoint(),
		"create-user", "--access", reader, "--secret", SecretKey, "--role", "user")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + reader + `"]},"Action":["s3:GetObject","s3:ListBucket"],` +
		`"Resource":["arn:aws:s3:::` + bucket + `","arn:aws:s3:::` + bucket + `/*"]}]}`
	if err := s.Client(t).SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	return []string{"AWS_ACCESS_KEY_ID=" + reader, "AWS_SECRET_ACCESS_KEY=" + SecretKey}
}

// IsWrite says whether a request changes an object.
func IsWrite(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodDelete
}
