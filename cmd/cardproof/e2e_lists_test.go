//go:build e2e

package main

import (
	"bytes"
	"compress/zlib"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
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
	s.card, s.list = s.key(keys.Cards), s.key(keys.StatusLists)
	return s
}

func (s *strangeLists) key(p keys.Purpose) token.SigningKey {
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
		ID: id, Alg: token.EdDSA, Public: public, Issuer: vectorIssuer, Purpose: p, State: keys.Active, NotBefore: s.now.Add(-time.Hour),
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
	s := newStrangeLists(t)
	text := base64.RawURLEncoding.EncodeToString
	good := text(inflated(t, make([]byte, 64), ""))
	stranger := s.key(keys.StatusLists)
	revoked := s.key(keys.StatusLists) // taken out of the published set below
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
	s.add("status_unknown", &token.SigningKey{ID: s.list.ID, Alg: token.EdDSA, Key: stranger.Key}, nil, good, 2)
	s.add("status_unknown", nil, nil, "", 0) // no list

	var published []keys.Key
	for _, k := range s.set.All() {
		if k.ID == revoked.ID {
			k.State, k.RevokedSince = keys.Revoked, s.now
		}
		published = append(published, k)
	}
	set, err := keys.NewSet(published...)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := set.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	s.write("jwks.json", jwks)
	askOthers(t, []string{"--issuer", vectorIssuer, "--keys", filepath.Join(s.dir, "jwks.json"), "--lists", s.dir}, s.cards, s.want)
}
