package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

var testTime = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

func testKey(t *testing.T, seed string) Key {
	t.Helper()
	public := ed25519.NewKeyFromSeed([]byte(strings.Repeat(seed, ed25519.SeedSize))).Public()
	id, err := IDOf(public)
	if err != nil {
		t.Fatal(err)
	}
	return Key{ID: id, Alg: "EdDSA", Public: public, Issuer: "https://cards.example.org", Purpose: Cards, State: Active, NotBefore: testTime}
}

// RFC 8037, appendix A.3, has this key and its thumbprint kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.
func TestIDIsTheBeginningOfTheThumbprint(t *testing.T) {
	x, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	id, err := IDOf(ed25519.PublicKey(x))
	if want := "kPrK_qmxVWa"; err != nil || id[:10] != want[:10] || len(id) != 11 {
		t.Errorf("got %q, %v, want the first 8 bytes of %s...", id, err, want)
	}
}

func TestSetComesBackFromItsFile(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := IDOf(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	retired, revoked := testKey(t, "b"), testKey(t, "c")
	retired.State, retired.RetiredAt = Retired, testTime.Add(time.Hour)
	revoked.State, revoked.RevokedSince = Revoked, testTime.Add(time.Hour)
	hsm := Key{ID: id, Alg: "ES256", Public: &private.PublicKey, Issuer: "https://cards.example.org", Purpose: Cards, State: Active, NotBefore: testTime}
	set, err := NewSet(testKey(t, "a"), retired, revoked, hsm)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), FileName)
	if err := set.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.All(), set.All()) {
		t.Errorf("got %+v\nwant %+v", again.All(), set.All())
	}
	if k, ok := again.Active("https://cards.example.org", Cards); !ok || k.ID != id {
		t.Errorf("the active key: got %q, want the newest, %q", k.ID, id)
	}
	if _, ok := again.Active("https://other.example.org", Cards); ok {
		t.Error("another issuer has an active key")
	}
}

// The published set has what verifies, and nothing of a key's life.
func TestJWKSPublishesWhatVerifies(t *testing.T) {
	retired, revoked := testKey(t, "b"), testKey(t, "c")
	retired.State, retired.RetiredAt = Retired, testTime.Add(time.Hour)
	revoked.State, revoked.RevokedSince = Revoked, testTime.Add(time.Hour)
	set, err := NewSet(testKey(t, "a"), retired, revoked)
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Keys []map[string]string }
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Keys) != 2 || bytes.Contains(data, []byte(revoked.ID)) {
		t.Fatalf("got %s, want the active and the retired key", data)
	}
	for _, k := range got.Keys {
		if k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["alg"] != "EdDSA" || k["use"] != "sig" || len(k["kid"]) != 11 || k["signs"] != "card+jwt" || k["iss"] != "https://cards.example.org" || len(k) != 8 {
			t.Errorf("got %v", k)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	set, err := NewSet(testKey(t, "a"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	other := testKey(t, "b")
	for name, text := range map[string]string{
		"nothing":                    "",
		"no key":                     `{"keys":[]}`,
		"no JSON":                    "garbage",
		"something behind":           good + "{}",
		"an unknown member":          strings.Replace(good, `"use"`, `"d": "secret", "use"`, 1),
		"a member twice":             strings.Replace(good, `"state"`, `"state": "active", "state"`, 1),
		"a member twice, escaped":    strings.Replace(good, `"state"`, `"st\u0061te": "active", "state"`, 1),
		"the keys twice":             strings.Replace(good, `"keys"`, `"keys": [], "keys"`, 1),
		"a member in capitals":       strings.Replace(good, `"kid"`, `"KID"`, 1),
		"keys in capitals":           strings.Replace(good, `"keys"`, `"Keys"`, 1),
		"a letter that folds to s":   strings.Replace(good, `"state"`, `"ſtate"`, 1),
		"a K that is a kelvin":       strings.Replace(good, `"kid"`, "\"\u212aid\"", 1),
		"cut off":                    good[:len(good)/2],
		"the ID of another":          strings.Replace(good, set.keys[0].ID, other.ID, 1),
		"an algorithm that can't be": strings.Replace(good, `"EdDSA"`, `"ES256"`, 1),
		"HS256":                      strings.Replace(good, `"EdDSA"`, `"HS256"`, 1),
		"no issuer":                  strings.Replace(good, "https://cards.example.org", "", 1),
		"no purpose":                 strings.Replace(good, `"card+jwt"`, `""`, 1),
		"an unknown purpose":         strings.Replace(good, `"card+jwt"`, `"receipt+jwt"`, 1),
		"an unknown state":           strings.Replace(good, `"active"`, `"asleep"`, 1),
		"revoked without a time":     strings.Replace(good, `"active"`, `"revoked"`, 1),
		"retired without a time":     strings.Replace(good, `"active"`, `"retired"`, 1),
		"half a second":              strings.Replace(good, "T08:00:00Z", "T08:00:00.5Z", 1),
		"an unknown curve":           strings.Replace(good, "Ed25519", "Ed448", 1),
	} {
		path := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if text == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Load(path); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	if err := set.Add(testKey(t, "a")); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key twice: got %v, want ErrInvalid", err)
	}
}

// A person may have written the file, with other white space, order and forms of a time.
func TestLoadTakesOtherForms(t *testing.T) {
	set, err := NewSet(testKey(t, "a"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var members struct{ Keys []map[string]string }
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	if len(members.Keys) != 1 || members.Keys[0]["not_before"] != "2026-11-21T08:00:00Z" {
		t.Fatalf("got %s", data)
	}
	members.Keys[0]["not_before"] = "2026-11-21T09:00:00+01:00"
	other, err := json.Marshal(map[string]any{"keys": members.Keys})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.All(), set.All()) {
		t.Errorf("got %+v\nwant %+v", again.All(), set.All())
	}
}

func TestInUse(t *testing.T) {
	k := testKey(t, "a")
	k.RetiredAt = testTime.Add(time.Hour)
	for at, want := range map[time.Time]bool{
		testTime.Add(-time.Second): false, testTime: true, k.RetiredAt: true, k.RetiredAt.Add(time.Second): false,
	} {
		if got := k.InUse(at); got != want {
			t.Errorf("InUse(%v) = %v, want %v", at, got, want)
		}
	}
}

// A named pipe keeps nobody waiting who loads it.
func TestLoadOfAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded := make(chan error, 1)
	go func() {
		_, err := Load(path)
		loaded <- err
	}()
	select {
	case err := <-loaded:
		if !errors.Is(err, ErrUnreadable) {
			t.Errorf("got %v, want ErrUnreadable", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the loading of a named pipe has no end")
	}
}
