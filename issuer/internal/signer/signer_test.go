package signer

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/keys"
)

const testIssuer = "https://cards.example.org"

func create(t *testing.T, dir string, pass Passphrase) keys.Key {
	t.Helper()
	k, err := Create(dir, testIssuer, keys.Cards, &Custody{Passphrase: pass}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func say(secret string) Passphrase { return func() ([]byte, error) { return []byte(secret), nil } }

func TestCreateAndOpen(t *testing.T) {
	for name, pass := range map[string]Passphrase{"plain": nil, "encrypted": say("correct horse")} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := create(t, dir, pass)
			info, err := os.Stat(Path(dir, k))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("the file's mode: %v, %v, want 0600", info.Mode(), err)
			}
			signing, err := Open(dir, k, pass)
			if err != nil {
				t.Fatal(err)
			}
			if !k.Public.(ed25519.PublicKey).Equal(signing.Key.Public()) || signing.ID != k.ID || signing.Alg != k.Alg {
				t.Errorf("got %+v, want the key of %+v", signing, k)
			}
			data, err := os.ReadFile(Path(dir, k))
			if err != nil || strings.Contains(string(data), "ENCRYPTED") != (pass != nil) {
				t.Errorf("the file begins %.40q, %v", data, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, dir string, k *keys.Key)
		want  error
	}{
		"no file":         {func(t *testing.T, dir string, k *keys.Key) { must(t, os.Remove(Path(dir, *k))) }, ErrMissing},
		"others can read": {func(t *testing.T, dir string, k *keys.Key) { must(t, os.Chmod(Path(dir, *k), 0o640)) }, ErrReadable},
		"a folder": {func(t *testing.T, dir string, k *keys.Key) {
			must(t, os.Remove(Path(dir, *k)), os.Mkdir(Path(dir, *k), 0o700))
		}, ErrUnreadable},
		"garbage": {func(t *testing.T, dir string, k *keys.Key) {
			must(t, os.WriteFile(Path(dir, *k), []byte("garbage"), 0o600))
		}, ErrUnreadable},
		"something behind":   {appendTo, ErrUnreadable},
		"another key's":      {swap, ErrForeign},
		"another public key": {func(t *testing.T, dir string, k *keys.Key) { k.Public = create(t, t.TempDir(), nil).Public }, ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := create(t, dir, nil)
			tc.spoil(t, dir, &k)
			if _, err := Open(dir, k, nil); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestPassphraseCounts(t *testing.T) {
	dir := t.TempDir()
	k := create(t, dir, say("correct horse"))
	for name, pass := range map[string]Passphrase{"none": nil, "another": say("wrong"), "empty": say("")} {
		if _, err := Open(dir, k, pass); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s: got %v, want ErrPassphrase", name, err)
		}
	}
	asked := errors.New("nobody is there")
	if _, err := Open(dir, k, func() ([]byte, error) { return nil, asked }); !errors.Is(err, asked) {
		t.Errorf("got %v, want the error of asking", err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	if err := writeNew(path, []byte("other")); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
		t.Errorf("the file now holds %q, %v", data, err)
	}
}

func appendTo(t *testing.T, dir string, k *keys.Key) {
	data, err := os.ReadFile(Path(dir, *k))
	must(t, err, os.WriteFile(Path(dir, *k), append(data, "more"...), 0o600))
}

func swap(t *testing.T, dir string, k *keys.Key) {
	other := create(t, dir, nil)
	must(t, os.Rename(Path(dir, other), Path(dir, *k)))
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// An ID that begins with a hyphen would be taken for an option: one in 64 would.
func TestNoIDBeginsWithAHyphen(t *testing.T) {
	for range 300 {
		_, _, id, err := newKeyPair()
		if err != nil || strings.HasPrefix(id, "-") {
			t.Fatalf("got %q, %v", id, err)
		}
	}
}
