//go:build e2e

package main

import (
	"bytes"
	"compress/zlib"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// strangeLists are lists that a program of others may meet, and what a good card on place 5 of one is.
type strangeLists struct {
	t     *testing.T
	dir   string
	set   *keys.Set
	now   time.Time
	card  token.SigningKey
	list  token.SigningKey
	cards []string
	want  []string
}

func newStrangeLists(t *testing.T) *strangeLists {
	t.Helper()
	s := &strangeLists{t: t, dir: t.TempDir(), now: time.Now().UTC().Truncate(time.Second)}
	var err error
	if s.set, err = keys.NewSet(); err != nil {
		t.Fatal(err)
	}
	s.card, s.list = s.key(vectorIssuer, keys.Cards), s.key(vectorIssuer, keys.StatusLists)
	return s
}

func (s *strangeLists) key(origin string, p keys.Purpose) token.SigningKey {
	s.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	id, err := keys.IDOf(public)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.set.Add(keys.Key{
		ID: id, Alg: token.EdDSA, Public: public, Issuer: origin, Purpose: p, State: keys.Active, NotBefore: s.now.Add(-time.Hour),
	}); err != nil {
		s.t.Fatal(err)
	}
	return token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}
}

func (s *strangeLists) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// add puts a list there, with a card on its place 5. Without a key there is no list.
func (s *strangeLists) add(want string, key *token.SigningKey, change func(*statuslist.Claims), packed string, bits int) {
	s.t.Helper()
	n := int64(len(s.cards) + 1)
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := token.Sign(card.Card{
		Issuer: vectorIssuer, Number: number, IssuedAt: s.now, ExpiresAt: s.now.AddDate(2, 0, 0), Name: "Ana Bela", Course: "BLS",
		Status: card.StatusSlot{List: n, Index: 5}.Ref(vectorIssuer),
	}, s.card)
	if err != nil {
		s.t.Fatal(err)
	}
	s.cards, s.want = append(s.cards, raw), append(s.want, want)
	if key == nil {
		return
	}
	c := statuslist.Claims{
		URI: statuslist.URI(vectorIssuer, n), IssuedAt: s.now, ExpiresAt: s.now.Add(time.Hour), TTL: time.Minute, Bits: bits, Packed: packed,
	}
	if change != nil {
		change(&c)
	}
	list, err := statuslist.Sign(c, *key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(fmt.Sprint(n, ".jwt"), []byte(list))
}

// inflated is zlib data of bytes, with something behind it.
func inflated(t *testing.T, data []byte, behind string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), behind...)
}

// Every width of states is read, and whatever is wrong with a list, its cards are not valid.
func TestOthersReadAndRefuseLists(t *testing.T) {
	t.Parallel()
	s := newStrangeLists(t)
	text := base64.RawURLEncoding.EncodeToString
	good := text(inflated(t, make([]byte, 64), ""))
	stranger, revoked := s.key(vectorIssuer, keys.StatusLists), s.key(vectorIssuer, keys.StatusLists)
	another := s.key("https://other.example", keys.StatusLists)
	lists, cards := &s.list, &s.card

	s.add("valid", lists, nil, good, 2)
	s.add("revoked", lists, nil, text(inflated(t, []byte{0b100000}, "")), 1)
	s.add("valid", lists, nil, text(inflated(t, []byte{0b11011111}, "")), 1)
	s.add("superseded", lists, nil, text(inflated(t, []byte{0, 0b1100}, "")), 2)
	s.add("suspended", lists, nil, text(inflated(t, []byte{0xff, 0xff, 0x2f}, "")), 4)
	s.add("revoked", lists, nil, text(inflated(t, []byte{9, 9, 9, 9, 9, 1}, "")), 8)
	s.add("status_unknown", lists, nil, text(inflated(t, []byte{0, 0, 0, 0, 0, 4}, "")), 8) // a state that nobody knows
	s.add("status_unknown", lists, nil, text(inflated(t, []byte{0}, "")), 2)                // no place 5
	s.add("status_unknown", lists, nil, text(inflated(t, make([]byte, 64), "x")), 2)
	s.add("status_unknown", lists, nil, text(inflated(t, make([]byte, 1<<20+1), "")), 2)
	s.add("status_unknown", lists, nil, text(inflated(t, make([]byte, 64), "")[:10]), 2)
	s.add("status_unknown", lists, nil, good+"=", 2)
	s.add("status_unknown", lists, nil, good, 3)
	s.add("status_unknown", lists, func(c *statuslist.Claims) { c.URI = statuslist.URI(vectorIssuer, 999) }, good, 2)
	s.add("status_unknown", lists, func(c *statuslist.Claims) { c.IssuedAt, c.ExpiresAt = s.now.Add(-time.Hour), s.now.Add(-time.Second) }, good, 2)
	s.add("status_unknown", lists, func(c *statuslist.Claims) { c.IssuedAt = s.now.Add(30 * time.Minute) }, good, 2)
	s.add("status_unknown", cards, nil, good, 2) // signed by the key of cards
	s.add("status_unknown", &revoked, nil, good, 2)
	s.add("status_unknown", &another, nil, good, 2) // of another issuer of the set
	s.add("status_unknown", &token.SigningKey{ID: s.list.ID, Alg: token.EdDSA, Key: stranger.Key}, nil, good, 2)
	s.add("status_unknown", nil, nil, "", 0) // no list

	var all []keys.Key
	for _, k := range s.set.All() {
		if k.ID == revoked.ID {
			k.State, k.RevokedSince = keys.Revoked, s.now
		}
		all = append(all, k)
	}
	set, err := keys.NewSet(all...)
	if err != nil {
		t.Fatal(err)
	}
	exported, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.write("keys.json", exported)
	askOthers(t, []string{"--issuer", vectorIssuer, "--keys", filepath.Join(s.dir, "keys.json"), "--lists", s.dir}, s.cards, s.want)
}

func openList(t *testing.T, c *centreDir, raw string) statuslist.Opened {
	t.Helper()
	opened, err := statuslist.Open(raw, statuslist.Expected{
		URI: "http://localhost:8080/s/1", Issuer: "http://localhost:8080", Keys: c.keySet(), Now: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func count(t *testing.T, l statuslist.Opened, want statuslist.Status) (n int) {
	t.Helper()
	for i := range int64(l.Len()) {
		s, err := l.At(i)
		if err != nil {
			t.Fatal(err)
		}
		if s == want {
			n++
		}
	}
	return n
}

// cardOfListKey is a card that is signed with the private key of the status lists.
func cardOfListKey(t *testing.T, c *centreDir) string {
	t.Helper()
	k, ok := c.keySet().Active("http://localhost:8080", keys.StatusLists)
	if !ok {
		t.Fatal("the centre has no key of status lists")
	}
	now := time.Now().UTC().Truncate(time.Second)
	number, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := token.Sign(card.Card{
		Issuer: "http://localhost:8080", Number: number, IssuedAt: now, ExpiresAt: now.AddDate(2, 0, 0), Name: "Eve Forger", Course: "BLS",
		Status: card.StatusSlot{List: 1, Index: 0}.Ref("http://localhost:8080"),
	}, token.SigningKey{ID: k.ID, Alg: k.Alg, Key: c.privateKey("status-" + k.ID + ".pem")})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (c *centreDir) privateKey(file string) ed25519.PrivateKey {
	c.t.Helper()
	data, err := os.ReadFile(c.path("demo/keys/" + file))
	if err != nil {
		c.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		c.t.Fatal("the key is no PEM")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return private.(ed25519.PrivateKey)
}

func (c *centreDir) keySet() *keys.Set {
	c.t.Helper()
	set, err := keys.Load(c.path("demo/keys/jwks.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	return set
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !within(time.Minute, holds) {
		t.Fatalf("after a minute it still does not hold that %s", what)
	}
}
