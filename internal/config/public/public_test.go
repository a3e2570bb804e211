package public

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
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
	if got.Issuer != want.Issuer || got.Server != want.Server {
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

// The public server may not even know where a private key could be.
func TestNoKeyOfThisFileNamesAPrivateKey(t *testing.T) {
	keys := scalarKeys(reflect.TypeFor[Config](), "")
	if len(keys) < 10 {
		t.Fatalf("got %d keys, want all of the file", len(keys))
	}
	for _, key := range keys {
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
