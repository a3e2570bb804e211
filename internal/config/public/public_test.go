package public

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const shipped = "../../../assets/verify.yaml"

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "verify.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShippedValuesAreTheDefaults(t *testing.T) {
	got, err := Load(shipped, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "issuer: {name: Example Training Centre, url: \"http://localhost:8080\"}\n")
	want, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != want.Issuer || !reflect.DeepEqual(got.Server, want.Server) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	folder := filepath.Dir(path)
	if got, want := want.Register, filepath.Join(folder, "data", "register.db"); got != want {
		t.Errorf("register: got %q, want %q", got, want)
	}
	if got, want := want.JWKS, filepath.Join(folder, "public", "keys.json"); got != want {
		t.Errorf("jwks: got %q, want %q", got, want)
	}
	if want.Roots != "" || got.Roots != "" {
		t.Errorf("roots: got %q and %q, want none", want.Roots, got.Roots)
	}
	named, err := Load(path, []string{"CARDPROOF_ROOTS=public/roots.crt"})
	if want := filepath.Join(folder, "public", "roots.crt"); err != nil || named.Roots != want {
		t.Errorf("roots: got %q, %v; want %q", named.Roots, err, want)
	}
}

// The learners' pages are there where the file names an archive; the lifetime of links is none, or a whole hour at least.
func TestLearner(t *testing.T) {
	const issuer = "issuer: {name: A, url: \"http://localhost\"}\n"
	path := write(t, issuer+"archive: cards\nlearner: {link_lifetime: 8760h}\n")
	c, err := Load(path, nil)
	if want := filepath.Join(filepath.Dir(path), "cards"); err != nil || c.Archive != want || c.Learner.LinkLifetime != 365*24*time.Hour {
		t.Errorf("got %q, %v, %v", c.Archive, c.Learner.LinkLifetime, err)
	}
	if c, err := Load(write(t, issuer), nil); err != nil || c.Archive != "" || c.Learner.LinkLifetime != 0 {
		t.Errorf("with nothing said: got %+v, %v", c, err)
	}
	for _, bad := range []string{"-1h", "59m", "3600s1ms", "30"} {
		var e *Error
		if _, err := Load(write(t, issuer+"learner: {link_lifetime: "+bad+"}\n"), nil); !errors.As(err, &e) || e.Key != "learner.link_lifetime" || e.Hint == "" {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// The public server may not even know where a card's private key could be. That of its own TLS is another matter: server.tls.key.
func TestNoKeyOfThisFileNamesAPrivateKey(t *testing.T) {
	keys := settableKeys(reflect.TypeFor[Config](), "")
	if len(keys) < 10 {
		t.Fatalf("got %d keys, want all of the file", len(keys))
	}
	for key := range keys {
		for _, word := range []string{"keys", "private", "passphrase", "data"} {
			if strings.Contains(key, word) {
				t.Errorf("the key %s: got %q in it, want nothing that leads to a private key", key, word)
			}
		}
	}
	_, err := Load(write(t, "issuer: {name: A, url: \"http://localhost\"}\nkeys: keys\n"), nil)
	var e *Error
	if !errors.As(err, &e) || e.Key != "keys" {
		t.Errorf("got %v, want the key keys refused", err)
	}
}

func TestEnvironment(t *testing.T) {
	c, err := Load(shipped, []string{"CARDPROOF_REGISTER=/srv/register.db", "CARDPROOF_SERVER_LISTEN=:80"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Register != "/srv/register.db" || c.Server.Listen != ":80" {
		t.Errorf("got %q and %q, want the environment's", c.Register, c.Server.Listen)
	}
}

func TestContact(t *testing.T) {
	for contact, want := range map[string]bool{"": true, "mailto:security@example.org": true, "https://example.org/security": true,
		"security@example.org": false, "mailto:nobody": false, "http://example.org": false, "https:": false, "mailto:a@example.org\nX: y": false} {
		if err := checkContact(contact); (err == nil) != want {
			t.Errorf("%q: got %v, want allowed=%v", contact, err, want)
		}
	}
}

// The environment reaches every key of the server's part, lists with commas.
func TestEnvironmentOfTheServer(t *testing.T) {
	c, err := Load(shipped, []string{"CARDPROOF_SERVER_TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1", "CARDPROOF_SERVER_CLIENT_HEADER=X-Real-IP",
		"CARDPROOF_SERVER_CONNECTIONS_PER_CLIENT=0", "CARDPROOF_SERVER_MONITOR_LISTEN=[::1]:9090", "CARDPROOF_SERVER_TLS_ACME_DOMAINS=a.example,b.example",
		"CARDPROOF_SERVER_TLS_ACME_CACHE=acme", "CARDPROOF_SERVER_TLS_HTTP_LISTEN=:80"})
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := c.Server.Proxies()
	if got, want := fmt.Sprint(proxies, err), "[10.0.0.0/8 127.0.0.1/32] <nil>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(c.Server.TLS.ACME.Domains), "[a.example b.example]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := c.Server.TLS.ACME.Cache, filepath.Join(filepath.Dir(c.Register), "..", "acme"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestServerIsStrict(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, key string }{
		"a proxy that is no address":      {"trusted_proxies: [localhost]", "server.trusted_proxies[0]"},
		"an address within its network":   {"trusted_proxies: [10.0.0.1, 10.0.0.1/8]", "server.trusted_proxies[1]"},
		"the whole world":                 {"trusted_proxies: [0.0.0.0/0]", "server.trusted_proxies[0]"},
		"the whole world of IPv6":         {"trusted_proxies: [\"::/0\"]", "server.trusted_proxies[0]"},
		"one text for a list":             {"trusted_proxies: 10.0.0.0/8", "server.trusted_proxies"},
		"another form of the header":      {"client_header: forwarded", "server.client_header"},
		"a header with a line break":      {"client_header: \"X\\nY\"", "server.client_header"},
		"no header":                       {"client_header: \"\"", "server.client_header"},
		"fewer than no connections":       {"connections: {total: -1}", "server.connections.total"},
		"half a connection":               {"connections: {per_client: 1.5}", "server.connections.per_client"},
		"a certificate without a key":     {"tls: {certificate: a.pem}", "server.tls.key"},
		"a key without a certificate":     {"tls: {key: a.key}", "server.tls.certificate"},
		"files and ACME":                  {"tls: {certificate: a, key: b, acme: {domains: [a.example], cache: c}}", "server.tls.acme.domains"},
		"plain HTTP that leads nowhere":   {"tls: {http_listen: \":80\"}", "server.tls.http_listen"},
		"plain HTTP without a port":       {"tls: {certificate: a, key: b, http_listen: localhost}", "server.tls.http_listen"},
		"ACME without a folder":           {"tls: {acme: {domains: [a.example]}}", "server.tls.acme.cache"},
		"ACME without domains":            {"tls: {acme: {email: a@b.example}}", "server.tls.acme.email"},
		"ACME for a wildcard":             {"tls: {acme: {domains: [\"*.example\"], cache: c}}", "server.tls.acme.domains[0]"},
		"ACME for an address":             {"tls: {acme: {domains: [192.0.2.1], cache: c}}", "server.tls.acme.domains[0]"},
		"ACME for a URL":                  {"tls: {acme: {domains: [\"https://a.example\"], cache: c}}", "server.tls.acme.domains[0]"},
		"ACME for one word":               {"tls: {acme: {domains: [localhost], cache: c}}", "server.tls.acme.domains[0]"},
		"an authority without TLS":        {"tls: {acme: {domains: [a.example], cache: c, directory: \"http://a.example\"}}", "server.tls.acme.directory"},
		"a monitor that everybody sees":   {"monitor: {listen: \":9090\"}", "server.monitor.listen"},
		"a monitor at an address outside": {"monitor: {listen: \"192.0.2.1:9090\"}", "server.monitor.listen"},
		"a monitor without a port":        {"monitor: {listen: 127.0.0.1}", "server.monitor.listen"},
		"an unknown key":                  {"tls: {cert: a.pem}", "server.tls.cert"},
	} {
		_, err := Load(write(t, "issuer: {name: A, url: \"http://localhost\"}\nserver: {"+tc.yaml+"}\n"), nil)
		var e *Error
		if !errors.As(err, &e) || e.Key != tc.key || e.Hint == "" {
			t.Errorf("%s: got %v, want an error of %s with a hint", name, err, tc.key)
		}
	}
}

func TestServerTakes(t *testing.T) {
	for _, yaml := range []string{
		"monitor: {listen: \"localhost:9090\"}", "monitor: {listen: \":9090\", anywhere: true}", "monitor: {listen: \"[::1]:0\"}",
		"trusted_proxies: [10.0.0.0/8, \"2001:db8::/32\", \"::1\"]", "connections: {total: 0, per_client: 0}",
		"tls: {certificate: a, key: b, http_listen: \":80\"}", "tls: {acme: {domains: [cards.example.org], cache: c, email: a@b.example, roots: r.pem}}",
	} {
		if _, err := Load(write(t, "issuer: {name: A, url: \"http://localhost\"}\nserver: {"+yaml+"}\n"), nil); err != nil {
			t.Errorf("%s: %v", yaml, err)
		}
	}
}
