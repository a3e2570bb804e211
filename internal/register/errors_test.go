package register

import (
	"errors"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// A host has several addresses, and is spoken to with TLS and without: whatever fails each time by the same cause says it once.
func TestAConnectionThatFailsSaysEachCauseOnce(t *testing.T) {
	s, _ := ownServer(t)
	t.Setenv("PGPASSWORD", "a-secret-word")
	socket, err := url.Parse(s.URL("none", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	folder := socket.Query().Get("host")
	at := func(user, hosts, ports, query string) string {
		return "postgres://" + user + "@/none?host=" + hosts + "&port=" + ports + query
	}
	for _, c := range []struct {
		name, where, want string
		is                error
	}{
		{"two ports where nobody listens", at("postgres", "127.0.0.1,127.0.0.1", "1,2", "&sslmode=disable"),
			"failed to connect to `user=postgres database=none`: 127.0.0.1:1 (127.0.0.1), 127.0.0.1:2 (127.0.0.1): dial error: connect: connection refused", ErrUnreachable},
		{"with TLS and without", at("postgres", "127.0.0.1", "1", "&sslmode=prefer"),
			"failed to connect to `user=postgres database=none`: 127.0.0.1:1 (127.0.0.1): dial error: connect: connection refused", ErrUnreachable},
		{"no such role", at("nobody", folder+","+folder, "5432,5432", ""), `): server error: FATAL: role "nobody" does not exist (SQLSTATE 28000)`, ErrAccess},
		{"no such database", at("postgres", folder, "5432", ""), `): server error: FATAL: database "none" does not exist (SQLSTATE 3D000)`, ErrMissing},
		{"two causes", at("postgres", "127.0.0.1,"+folder, "1,5432", ""), `): dial error: connect: connection refused; ` + folder, ErrMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), c.where)
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, c.is) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, once := range []string{"connection refused", "does not exist", "failed to connect"} {
				if strings.Count(err.Error(), once) > 1 {
					t.Errorf("%q is said more than once: %v", once, err)
				}
			}
			if strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "a-secret-word") {
				t.Errorf("got %q", err)
			}
			if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || c.is == ErrUnreachable && !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("the library's own error is lost: %#v", err)
			}
			pool, poolErr := OpenServerPool(c.where, 1)
			if poolErr != nil {
				t.Fatal(poolErr)
			}
			defer pool.Close()
			if err := pool.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("beside the register: got %v, want %q", err, c.want)
			}
		})
	}
}
