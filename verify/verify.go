// Package verify decides whether a card may be relied on.
//
// The decision is pure: token, keys, register entry and clock go in, a Verdict comes out. Doubt fails closed: what could not
// be checked is never shown as fine. The package declares the small interfaces that it needs and imports nothing that
// issues, draws, or can open a private key (internal/graph guards this).
package verify

import (
	"context"

	"github.com/cardproof/cardproof/card"
)

// RecordFinder looks a card up in the register. It answers false, and no error, for a number that the register does not
// have; an error means that the register could not be asked.
type RecordFinder interface {
	FindRecord(ctx context.Context, number card.Number) (card.Record, bool, error)
}
