//go:build cgo

package signer

import (
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/hsmtest"
	"github.com/cardproof/cardproof/issuer/internal/signer/hsm"
	"github.com/cardproof/cardproof/keys"
)

// inToken is a custody in a new token, whose PIN stands in the environment.
func inToken(t *testing.T, alg hsm.Algorithm) *Custody {
	t.Helper()
	t.Setenv(PINVariable, hsmtest.PIN)
	t.Setenv(ModuleVariable, "")
	return &Custody{Token: hsmtest.Start(t, ("Signer " + filepath.Base(t.Name()))[:min(32, 7+len(filepath.Base(t.Name())))]).URI(), Algorithm: alg}
}

func TestCreateInToken(t *testing.T) {
	for _, tc := range []struct {
		alg     hsm.Algorithm
		purpose keys.Purpose
		want    string
		prefix  string
	}{{"", keys.Cards, token.EdDSA, ""}, {hsm.P256, keys.Cards, token.ES256, ""}, {hsm.Ed25519, keys.StatusLists, token.EdDSA, "status-"}} {
		t.Run(string(tc.alg)+string(tc.purpose)[:4], func(t *testing.T) {
			dir, c := t.TempDir(), inToken(t, tc.alg)
			k, err := Create(dir, testIssuer, tc.purpose, c, documentNow)
			must(t, err)
			if k.Alg != tc.want {
				t.Errorf("got %s, want %s", k.Alg, tc.want)
			}
			path := filepath.Join(dir, tc.prefix+k.ID+".pkcs11")
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 || Path(dir, k) != path {
				t.Fatalf("the reference: %v, %v; Path says %s", info, err, Path(dir, k))
			}
			data, err := os.ReadFile(path)
			if err != nil || strings.Contains(string(data), hsmtest.PIN) {
				t.Errorf("the reference holds the PIN, or %v", err)
			}
			signing, err := Open(dir, k, nil)
			must(t, err)
			raw, err := token.SignPayload("test+jwt", []byte(`{"a":1}`), signing)
			must(t, err)
			if parts := strings.Split(raw, "."); len(parts) != 3 || len(parts[2]) != 86 {
				t.Errorf("got %q, want a JWS with a signature of 64 bytes", raw)
			}
			if where := Where(dir, k); !strings.HasPrefix(where, "pkcs11:token=Signer%20") || strings.Contains(where, "module-path") {
				t.Errorf("Where says %q", where)
			}
			if found, err := AnyPrivate(dir); err != nil || len(found) != 1 {
				t.Errorf("AnyPrivate: got %v, %v", found, err)
			}
		})
	}
}

// One byte of the public key is another's: the key in the token is not taken for it.
func TestTokenKeyIsForeign(t *testing.T) {
	dir, c := t.TempDir(), inToken(t, "")
	k, err := Create(dir, testIssuer, keys.Cards, c, documentNow)
	must(t, err)
	other := create(t, t.TempDir(), nil)
	other.ID = k.ID
	if _, err := Open(dir, other, nil); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
	k.State = keys.Retired
	if _, err := Open(dir, k, nil); !errors.Is(err, ErrNotActive) {
		t.Errorf("retired: got %v, want ErrNotActive", err)
	}
}

func TestReferenceRefuses(t *testing.T) {
	dir, c := t.TempDir(), inToken(t, "")
	k, err := Create(dir, testIssuer, keys.Cards, c, documentNow)
	must(t, err)
	path := Path(dir, k)
	good, err := os.ReadFile(path)
	must(t, err)
	pin := filepath.Join(dir, "pin")
	must(t, os.WriteFile(pin, []byte(hsmtest.PIN+"\n"), 0o600))
	open := filepath.Join(dir, "open")
	must(t, os.WriteFile(open, []byte(hsmtest.PIN), 0o600), os.Chmod(open, 0o640))
	line := strings.TrimSpace(string(good[strings.Index(string(good), "pkcs11:"):]))
	for _, tc := range []struct {
		name, text, pin string
		want            error
	}{
		{"as it was made", string(good), hsmtest.PIN, nil},
		{"no PIN", line, "", ErrNoPIN},
		{"PIN in a file", line + "&pin-source=file:" + pin, "", nil},
		{"PIN in a file that others read", line + "&pin-source=file:" + open, hsmtest.PIN, ErrReadable},
		{"PIN in no file", line + "&pin-source=file:" + pin + "x", hsmtest.PIN, ErrNoPIN},
		{"two keys", line + "\n" + line, hsmtest.PIN, hsm.ErrURI},
		{"nothing", "# nothing\n", hsmtest.PIN, hsm.ErrURI},
		{"a PIN in it", line + "&pin-value=1", hsmtest.PIN, hsm.ErrURI},
	} {
		t.Setenv(PINVariable, tc.pin)
		must(t, os.WriteFile(path, []byte(tc.text), 0o600))
		u, err := readReference(path)
		if err == nil { // a login that holds asks for no PIN, so it is asked for here
			_, err = pinOf(u)()
		}
		if err == nil {
			_, err = Open(dir, k, nil)
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	must(t, os.Chmod(path, 0o644))
	if _, err := Open(dir, k, nil); !errors.Is(err, ErrReadable) {
		t.Errorf("others can read it: got %v, want ErrReadable", err)
	}
}

// Root and document key lie in the token; the next document key is vouched for by the root there.
func TestDocumentInToken(t *testing.T) {
	dir, c := t.TempDir(), inToken(t, "")
	for range 2 {
		leaf, err := CreateDocument(dir, "Riverside", c, documentNow)
		must(t, err)
		if DocumentPath(dir) != filepath.Join(dir, "document.pkcs11") || exists(filepath.Join(dir, rootKeyName)) {
			t.Errorf("the document key is at %s, or the root's in a file", DocumentPath(dir))
		}
		if _, err := OpenDocument(DocumentPath(dir), leaf, nil); err != nil {
			t.Error(err)
		}
		roots, err := keys.LoadCertificates(filepath.Join(dir, keys.DocumentRootsName))
		if err != nil || len(roots) != 1 || leaf.CheckSignatureFrom(roots[0]) != nil {
			t.Errorf("got %d roots, %v, or they do not vouch for the certificate", len(roots), err)
		}
		if _, err := CreateDocument(dir, "Riverside", c, documentNow); !errors.Is(err, ErrExists) {
			t.Errorf("a second time: got %v, want ErrExists", err)
		}
		must(t, os.Remove(DocumentPath(dir)), os.Remove(filepath.Join(dir, keys.DocumentCertificateName)))
	}
}

// A key whose reference could not be written does not stay behind in the token.
func TestNothingStaysInTheToken(t *testing.T) {
	t.Setenv(PINVariable, hsmtest.PIN)
	soft := hsmtest.Start(t, "Signer that fails")
	c := &Custody{Token: strings.Replace(soft.URI(), "?", ";object=mine?", 1)}
	objects := func() int {
		found, err := filepath.Glob(filepath.Join(soft.Dir, "*", "*.object"))
		must(t, err)
		return len(found)
	}
	before := objects()
	if _, err := Create(filepath.Join(t.TempDir(), "nowhere"), testIssuer, keys.Cards, c, documentNow); err == nil {
		t.Fatal("a reference was written into a folder that is not there")
	}
	if got := objects(); got != before {
		t.Errorf("got %d objects in the token, want %d as before", got, before)
	}
	made, err := makeInToken(c, "cardproof-cards", hsm.P256)
	must(t, err)
	if _, ok := made.Public().(*ecdsa.PublicKey); !ok || !strings.HasPrefix(made.URI.Object, "mine-cards-") || objects() != before+2 {
		t.Errorf("got %T, %s, and %d objects; want a P-256 key, its name after mine, and 2 more than %d", made.Public(), made.URI, objects(), before)
	}
	c.Token = strings.Replace(c.Token, "object=mine", "id=%01", 1)
	if _, err := makeInToken(c, "cardproof-cards", hsm.P256); !errors.Is(err, hsm.ErrURI) {
		t.Errorf("a URI of another key: got %v, want ErrURI", err)
	}
}
