package register

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cardproof/cardproof/card"
)

// notGivenUp leaves out the cards that were revoked before they were issued: they have no token, and nobody ever had them.
const notGivenUp = "NOT (state = 'revoked' AND token = '')"

// FindReplacement is the card, planned or later, that was recorded to replace another. One that was given up does not count.
func (db *DB) FindReplacement(ctx context.Context, old card.Number) (card.Entry, bool, error) {
	var number string
	err := db.read.QueryRowContext(ctx, "SELECT number FROM cards WHERE replaces = ? AND "+notGivenUp, string(old)).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Entry{}, false, nil
	}
	if err != nil {
		return card.Entry{}, false, wrap("find a replacement", err)
	}
	return db.FindEntry(ctx, card.Number(number))
}
