package main

import (
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestABatchThatIsDoneGetsNoCommand(t *testing.T) {
	for _, c := range []struct {
		state, to card.State
		want      bool
	}{
		{card.Issued, card.Revoked, true}, {card.Suspended, card.Revoked, true}, {card.Planned, card.Revoked, true}, {card.Revoked, card.Revoked, false},
		{card.Superseded, card.Revoked, false}, {card.Issued, card.Suspended, true}, {card.Suspended, card.Suspended, false},
		{card.Suspended, card.Issued, true}, {card.Issued, card.Issued, false}, {card.Revoked, card.Issued, false},
	} {
		if got := canChange(map[card.State]int{c.state: 2}, c.to); got != c.want {
			t.Errorf("%s to %s: got %v, want %v", c.state, c.to, got, c.want)
		}
	}
	if got := batchOf("B1", ""); got != "B1" {
		t.Errorf("without a file: got %q", got)
	}
}
