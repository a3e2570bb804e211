//go:build cgo

package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/cardproof/cardproof/internal/hsmtest"
)

var algorithms = []Algorithm{Ed25519, P256}

func right() ([]byte, error) { return []byte(hsmtest.PIN), nil }

// start is a new token, whose URI names a key to be made.
func start(t testing.TB) (hsmtest.Token, URI) {
	t.Helper()
	token := hsmtest.Start(t, strings.ReplaceAll(t.Name(), "/", " ")[:min(len(t.Name()), 32)])
	u, err := ParseURI(token.URI())
	if err != nil {
		t.Fatal(err)
	}
	u.Object = "cards"
	return token, u
}

func create(t testing.TB, u URI, alg Algorithm) *Created {
	t.Helper()
	c, err := Create(u, alg, right)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sign signs a message as the public key's kind wants it, and says whether the signature is right.
func sign(key crypto.Signer, message string) error {
	digest := sha256.Sum256([]byte(message))
	input, opts := digest[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		input, opts = []byte(message), crypto.Hash(0)
	}
	sig, err := key.Sign(rand.Reader, input, opts)
	if err != nil {
		return err
	}
	good := false
	switch p := key.Public().(type) {
	case ed25519.PublicKey:
		good = ed25519.Verify(p, input, sig)
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(p, input, sig)
	}
	if !good {
		return fmt.Errorf("the signature of %q is wrong", message)
	}
	return nil
}

func TestCreateOpenSign(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			_, u := start(t)
			made := create(t, u, alg)
			opened, err := Open(made.URI, made.Public(), right)
			if err != nil {
				t.Fatal(err)
			}
			for _, message := range []string{"", "a card", strings.Repeat("long ", 2000)} {
				for _, key := range []crypto.Signer{made, opened} {
					if err := sign(key, message); err != nil {
						t.Error(err)
					}
				}
			}
			wrong := crypto.SignerOpts(crypto.SHA512)
			if _, err := opened.Sign(rand.Reader, make([]byte, 64), wrong); err == nil {
				t.Error("a digest of another length was signed")
			}
			if _, err := Create(u, alg, right); !errors.Is(err, ErrFailed) {
				t.Errorf("a second key of that name: got %v, want ErrFailed", err)
			}
			if err := made.Discard(); err != nil {
				t.Error(err)
			}
			if _, err := Open(made.URI, made.Public(), right); !errors.Is(err, ErrNoKey) {
				t.Errorf("discarded: got %v, want ErrNoKey", err)
			}
		})
	}
}

// Ed25519 is what a token makes that has it, and its signatures are those of RFC 8032: the same each time.
func TestDefaultIsEd25519(t *testing.T) {
	_, u := start(t)
	made := create(t, u, "")
	var last []byte
	for range 3 {
		sig, err := made.Sign(nil, []byte("a card"), crypto.Hash(0))
		if err != nil || last != nil && !bytes.Equal(sig, last) {
			t.Fatalf("got %x, %v; want %x", sig, err, last)
		}
		last = sig
	}
}

// The private half can't be had, whoever is logged in.
func TestKeyStaysInTheToken(t *testing.T) {
	_, u := start(t)
	made := create(t, u, P256)
	k := made.Signer.(*key)
	err := k.device.with(right, func(s *session) error {
		h, err := k.handle(s)
		if err != nil {
			return err
		}
		_, err = k.device.lib.ctx.GetAttributeValue(s.handle, h, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)})
		return err
	})
	if !errors.Is(err, pkcs11.Error(pkcs11.CKR_ATTRIBUTE_SENSITIVE)) {
		t.Errorf("got %v, want CKR_ATTRIBUTE_SENSITIVE", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	token, u := start(t)
	ed := create(t, u, Ed25519)
	other := u
	other.Object = "lists"
	ec := create(t, other, P256)
	change := func(do func(*URI)) URI {
		c := ed.URI
		do(&c)
		return c
	}
	for name, tc := range map[string]struct {
		uri    URI
		public crypto.PublicKey
		want   error
	}{
		"another token":      {change(func(u *URI) { u.Token = "Nowhere" }), ed.Public(), ErrAbsent},
		"another serial":     {change(func(u *URI) { u.Serial = "0" }), ed.Public(), ErrAbsent},
		"no library":         {change(func(u *URI) { u.Module = "" }), ed.Public(), ErrModule},
		"a library not here": {change(func(u *URI) { u.Module = "/nowhere.so" }), ed.Public(), ErrModule},
		"no library at all":  {change(func(u *URI) { u.Module = token.Conf }), ed.Public(), ErrModule},
		"another name":       {change(func(u *URI) { u.Object = "card" }), ed.Public(), ErrNoKey},
		"another ID":         {change(func(u *URI) { u.ID = []byte{1} }), ed.Public(), ErrNoKey},
		"names no key":       {change(func(u *URI) { u.Object, u.ID = "", nil }), ed.Public(), ErrURI},
		"another type":       {ed.URI, ec.Public(), ErrKeyType},
		"another type too":   {ec.URI, ed.Public(), ErrKeyType},
	} {
		if _, err := Open(tc.uri, tc.public, right); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// A token locks after a few wrong PINs: each is tried once.
func TestWrongPINIsTriedOnce(t *testing.T) {
	_, u := start(t)
	u.ID = []byte{7}
	public := ed25519.PublicKey(make([]byte, ed25519.PublicKeySize))
	wrong := func() ([]byte, error) { return []byte("000000"), nil }
	if _, err := Open(u, public, wrong); !errors.Is(err, ErrPIN) || !errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)) {
		t.Fatalf("got %v, want ErrPIN and what the token says", err)
	}
	for range 3 {
		_, err := Open(u, public, wrong)
		if !errors.Is(err, ErrPIN) || errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)) || strings.Contains(err.Error(), "000000") {
			t.Fatalf("again: got %v, want ErrPIN without a try, and without the PIN", err)
		}
	}
	none := errors.New("nobody knows it")
	if _, err := Open(u, public, func() ([]byte, error) { return nil, none }); !errors.Is(err, none) {
		t.Errorf("got %v, want the error of asking", err)
	}
	if _, err := Open(u, public, right); !errors.Is(err, ErrNoKey) {
		t.Errorf("the right PIN: got %v, want ErrNoKey", err)
	}
}

// The last try is a person's, and a locked token is left alone.
func TestLoginLeavesTheLastTry(t *testing.T) {
	d := newDevice(nil, URI{Token: "Centre"})
	ask := func() ([]byte, error) { return nil, errors.New("the PIN was asked for") }
	for flag, want := range map[uint]error{pkcs11.CKF_USER_PIN_FINAL_TRY: ErrLocked, pkcs11.CKF_USER_PIN_LOCKED: ErrPIN} {
		if err := d.login(nil, pkcs11.TokenInfo{Flags: flag}, ask); !errors.Is(err, want) {
			t.Errorf("flag %x: got %v, want %v", flag, err, want)
		}
	}
}

// cut ends what a signature needs, in the ways in which that happens.
var cut = map[string]func(*device) error{
	"sessions closed": func(d *device) error { return d.lib.ctx.CloseAllSessions(d.slot) },
	"logged out": func(d *device) error {
		s, err := d.lib.ctx.OpenSession(d.slot, pkcs11.CKF_SERIAL_SESSION)
		if err != nil {
			return err
		}
		return errors.Join(d.lib.ctx.Logout(s), d.lib.ctx.CloseSession(s))
	},
	"library ended": func(d *device) error {
		d.lib.use.Lock()
		defer d.lib.use.Unlock()
		return d.lib.ctx.Finalize()
	},
}

func TestReconnects(t *testing.T) {
	for name, do := range cut {
		t.Run(name, func(t *testing.T) {
			_, u := start(t)
			made := create(t, u, Ed25519)
			for range 3 {
				if err := do(made.device); err != nil {
					t.Fatal(err)
				}
				if err := sign(made, "a card"); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A token that does not come back is told, and no signature is made; when it is there again, the same key signs on.
func TestTokenGoneAndBack(t *testing.T) {
	token, u := start(t)
	made := create(t, u, P256)
	away := token.Dir + ".away"
	if err := errors.Join(os.Rename(token.Dir, away), os.Mkdir(token.Dir, 0o700), cut["library ended"](made.device)); err != nil {
		t.Fatal(err)
	}
	if err := sign(made, "a card"); !errors.Is(err, ErrLost) || !errors.Is(err, ErrAbsent) {
		t.Errorf("got %v, want ErrLost because of ErrAbsent", err)
	}
	if err := sign(made, "a card"); !errors.Is(err, ErrAbsent) {
		t.Errorf("again: got %v, want ErrAbsent", err)
	}
	if err := errors.Join(os.Remove(token.Dir), os.Rename(away, token.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := sign(made, "a card"); err != nil {
		t.Error(err)
	}
}

// Many sign at once with two keys, while the library is started anew, as another token of it would.
func TestManyAtOnce(t *testing.T) {
	_, u := start(t)
	lists := u
	lists.Object = "lists"
	both := []*Created{create(t, u, Ed25519), create(t, lists, P256)}
	var wg sync.WaitGroup
	for worker := range 12 {
		wg.Go(func() {
			for i := range 25 {
				if err := sign(both[worker%2], fmt.Sprintf("card %d of %d", i, worker)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := both[0].device.lib.restart(); err != nil {
				t.Error(err)
			}
			for range 40 {
				if err := sign(both[0], "between"); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	wg.Wait()
	close(stop)
	<-done
	d := both[0].device
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.idle) != d.open || d.open > d.limit {
		t.Errorf("%d sessions are idle, %d open, at most %d may be", len(d.idle), d.open, d.limit)
	}
}

func TestParsePoint(t *testing.T) {
	_, u := start(t)
	p := create(t, u, P256).Public().(*ecdsa.PublicKey)
	point, err := p.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ed := bytes.Repeat([]byte{4}, 32)
	for name, tc := range map[string]struct {
		point []byte
		alg   Algorithm
		good  bool
	}{
		"P-256":                 {append([]byte{4, 65}, point...), P256, true},
		"P-256, bare":           {point, P256, true},
		"P-256, compressed":     {append([]byte{4, 33}, point[:33]...), P256, false},
		"P-256, not on it":      {append(append([]byte{4, 65}, point[:64]...), point[64]^1), P256, false},
		"Ed25519":               {append([]byte{4, 32}, ed...), Ed25519, true},
		"Ed25519, bare":         {ed, Ed25519, true},
		"Ed25519, too long":     {append([]byte{4, 33}, append(ed, 0)...), Ed25519, false},
		"P-256 for Ed25519":     {point, Ed25519, false},
		"nothing, as no answer": {nil, P256, false},
	} {
		if _, err := parsePoint(tc.point, tc.alg); (err == nil) != tc.good {
			t.Errorf("%s: got %v, want an error: %v", name, err, !tc.good)
		}
	}
}

// BenchmarkSign holds keys in a token against the same in memory.
func BenchmarkSign(b *testing.B) {
	_, u := start(b)
	inMemory := map[Algorithm]func() (crypto.Signer, error){
		Ed25519: func() (crypto.Signer, error) { _, key, err := ed25519.GenerateKey(rand.Reader); return key, err },
		P256:    func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	}
	digest := sha256.Sum256(nil)
	for _, alg := range algorithms {
		u.Object = "key " + string(alg)
		memory, err := inMemory[alg]()
		if err != nil {
			b.Fatal(err)
		}
		opts := crypto.SignerOpts(crypto.SHA256)
		if alg == Ed25519 {
			opts = crypto.Hash(0)
		}
		for where, key := range map[string]crypto.Signer{"token": create(b, u, alg), "memory": memory} {
			b.Run(string(alg)+"/"+where, func(b *testing.B) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := key.Sign(rand.Reader, digest[:], opts); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}
