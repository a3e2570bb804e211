package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// oneRow is a register of one card, whose token is not the row's.
type oneRow struct {
	rec card.Record
	err error
}

func (o oneRow) FindRecord(context.Context, card.Number) (card.Record, bool, error) {
	return o.rec, true, o.err
}

func (o oneRow) FindToken(context.Context, card.Number) (string, error) { return "another", nil }

// One row that was altered costs the others of a pile no answer; a register that can't be asked ends it.
func TestDoubting(t *testing.T) {
	public := strings.Repeat("k", 32)
	id, err := keys.IDOf(ed25519.PublicKey(public))
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.NewSet(keys.Key{ID: id, Alg: token.EdDSA, Public: ed25519.PublicKey(public), Issuer: "https://cards.example.org", Purpose: keys.Cards, State: keys.Active, NotBefore: time.Unix(0, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	down := errors.New("down")
	row := oneRow{rec: card.Record{Card: card.Card{Number: "000000000000"}, KeyID: id, State: card.Issued}}
	for _, tc := range []struct {
		row      oneRow
		want     error
		warnings int
	}{{row, nil, 1}, {oneRow{row.rec, down}, down, 0}} {
		var stderr strings.Builder
		d := newDoubting(&verify.Checker{Keys: set, Register: tc.row, Tokens: tc.row, Now: time.Now}, &stderr)
		for range 3 {
			v, err := d.CheckNumber(t.Context(), "0000-0000-0000")
			if !errors.Is(err, tc.want) || v.Code != verify.Unavailable {
				t.Errorf("got %s, %v, want %s, %v", v.Code, err, verify.Unavailable, tc.want)
			}
		}
		if n := strings.Count(stderr.String(), "warning: "); n != tc.warnings {
			t.Errorf("got %d warnings, want %d: %s", n, tc.warnings, stderr.String())
		}
	}
}
