package issuer

import (
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/keys"
)

// symbols says of cards to come which QR they will have, or pdf.ErrTooDense. It depends on the length of the token alone, so
// each length is tried once.
func (i *Issuer) symbols() func(card.Card) (pdf.Symbol, error) {
	type answer struct {
		symbol pdf.Symbol
		err    error
	}
	tried := map[int]answer{}
	alg, id := token.EdDSA, "AAAAAAAAAAA" // without a key, the most likely lengths
	if key, ok := i.Keys.Active(i.URL, keys.Cards); ok {
		alg, id = key.Alg, key.ID
	}
	return func(c card.Card) (pdf.Symbol, error) {
		c.IssuedAt = i.now()
		if i.StatusList {
			c.Status = card.StatusSlot{List: 9999, Index: card.MaxStatusIndex}.Ref(i.URL)
		}
		length := token.Length(c, alg, id)
		a, ok := tried[length]
		if !ok {
			a.symbol, a.err = pdf.CheckURL(token.URL(i.VerifyURL, strings.Repeat("z", length)))
			tried[length] = a
		}
		return a.symbol, a.err
	}
}

func tooDense(c roster.Completion) roster.Problem {
	return roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "too_long", Value: c.Name,
		Message: "With this name the QR would be too dense to be scanned from a card.", Remedy: "Shorten the name, or set a shorter issuer.verify_url."}
}
