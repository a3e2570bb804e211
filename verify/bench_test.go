package verify

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

// mapRegister is a register that costs next to nothing, so that a benchmark measures the check.
type mapRegister map[card.Number]card.Record

func (r mapRegister) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	rec, ok := r[n]
	return rec, ok, nil
}

// benchmarkWorld is a checker over a card as they are issued, with a place in a status list, and its token.
func benchmarkWorld(b *testing.B) (*Checker, string) {
	w := newWorld(b)
	w.card.Name, w.card.Status = "Łukasz Wróbel", &card.StatusRef{Index: 5, URI: testIssuer + "/s/0"}
	digest, err := token.Digest(w.card, w.key.Alg, w.key.ID)
	if err != nil {
		b.Fatal(err)
	}
	w.rec.Card, w.rec.Digest = w.card, digest
	raw := w.token(b)
	set, err := keys.NewSet(w.key)
	if err != nil {
		b.Fatal(err)
	}
	return &Checker{Keys: set, Register: mapRegister{w.rec.Number: w.rec}, Now: w.checker().Now}, raw
}

// BenchmarkCheckToken and BenchmarkEd25519Verify belong together: a check may take 1.4 times as long as its signature alone.
func BenchmarkCheckToken(b *testing.B) {
	c, raw := benchmarkWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		if v, err := c.CheckToken(b.Context(), raw); err != nil || v.Code != Valid {
			b.Fatal(v.Code, err)
		}
	}
}

func BenchmarkEd25519Verify(b *testing.B) {
	w := newWorld(b)
	_, raw := benchmarkWorld(b)
	input := []byte(raw[:strings.LastIndexByte(raw, '.')])
	sig := ed25519.Sign(w.private, input)
	public := w.private.Public().(ed25519.PublicKey)
	b.ReportAllocs()
	for b.Loop() {
		if !ed25519.Verify(public, input, sig) {
			b.Fatal("wrong")
		}
	}
}
