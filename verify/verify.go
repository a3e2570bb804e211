// Package verify decides whether a card may be relied on.
//
// The decision is pure: token, keys, register entry and clock go in, a Verdict comes out. Doubt fails closed: what could not
// be checked is never shown as fine. The package declares the small interfaces that it needs and imports nothing that
// issues, draws, or can open a private key (internal/graph guards this).
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

// ClockSkew is how far a card's beginning may lie ahead of our clock. Its end has no leeway.
const ClockSkew = 60 * time.Second

// RecordFinder looks a card up in the register. It answers false, and no error, for a number that the register does not
// have; an error means that the register could not be asked.
type RecordFinder interface {
	FindRecord(ctx context.Context, number card.Number) (card.Record, bool, error)
}

// KeyFinder looks a public key up; *keys.Set is one.
type KeyFinder interface {
	Find(keyID string) (keys.Key, bool)
}

// Checker answers whether cards may be relied on. It holds no state and is safe for concurrent use.
type Checker struct {
	Keys     KeyFinder
	Register RecordFinder
	Now      func() time.Time
	Location *time.Location // the issuer's time zone: for the dates of a card whose register can't be asked
}

// CheckToken judges a card by its token, given raw or as digits, in the order of the contract: token, signature, claims,
// issuer, key, register, times. Nothing of a token whose signature failed leaves this function, and the register is asked only
// when the signature is right.
//
// An error means that the register could not be asked, and only that; the verdict beside it is StatusUnknown or worse.
func (c *Checker) CheckToken(ctx context.Context, text string) (Verdict, error) {
	now := c.Now().UTC().Truncate(time.Second)
	opened, key, refused := c.open(text)
	if refused != "" {
		return Verdict{Code: refused, CheckedAt: now}, nil
	}
	rec, found, err := c.Register.FindRecord(ctx, opened.Card.Number)
	if err != nil {
		return c.withoutRegister(opened, key, now), fmt.Errorf("ask the register: %w", err)
	}
	matches := found && rec.Digest == opened.Digest
	codes := keyCodes(key, opened.Card.IssuedAt, matches, rec.RecordedAt)
	if !matches {
		codes = append(codes, Unregistered)
	}
	if len(codes) > 0 {
		return verdict(codes, now, nil), nil
	}
	rec.Card = opened.Card // what is signed is shown as it was signed, whatever became of the register's copy
	return verdict(recordCodes(rec, now), now, &rec), nil
}

// CheckNumber judges a card by its number as a person typed it. The register vouches for what it says.
// An error means that the register could not be asked, and only that; the verdict beside it is Unavailable.
func (c *Checker) CheckNumber(ctx context.Context, typed string) (Verdict, error) {
	now := c.Now().UTC().Truncate(time.Second)
	number, err := card.ParseNumber(typed)
	if err != nil {
		return Verdict{Code: Malformed, CheckedAt: now}, nil
	}
	rec, found, err := c.Register.FindRecord(ctx, number)
	if err != nil {
		return Verdict{Code: Unavailable, CheckedAt: now}, fmt.Errorf("ask the register: %w", err)
	}
	if !found {
		return verdict([]Code{NotFound}, now, nil), nil
	}
	key, known := c.Keys.Find(rec.KeyID)
	if !known {
		return verdict([]Code{UnknownIssuer}, now, nil), nil
	}
	if codes := keyCodes(key, rec.IssuedAt, true, rec.RecordedAt); len(codes) > 0 {
		return verdict(codes, now, nil), nil
	}
	return verdict(recordCodes(rec, now), now, &rec), nil
}

// open is the part of the check that needs no register.
func (c *Checker) open(text string) (token.Opened, keys.Key, Code) {
	raw, err := token.FromPath(text)
	if err != nil {
		return token.Opened{}, keys.Key{}, refusedAs(err)
	}
	var key keys.Key
	opened, err := token.Open(raw, func(id string) (token.PublicKey, bool) {
		var ok bool
		key, ok = c.Keys.Find(id)
		return token.PublicKey{Alg: key.Alg, Key: key.Public}, ok
	})
	if err != nil {
		return token.Opened{}, keys.Key{}, refusedAs(err)
	}
	if opened.Card.Issuer != key.Issuer {
		return token.Opened{}, keys.Key{}, InvalidClaims
	}
	return opened, key, ""
}

func refusedAs(err error) Code {
	var refused *token.Error
	if !errors.As(err, &refused) {
		return Malformed
	}
	switch refused.Class {
	case token.WrongType:
		return WrongType
	case token.UnknownKey:
		return UnknownIssuer
	case token.BadSignature:
		return BadSignature
	case token.InvalidClaims:
		return InvalidClaims
	}
	return Malformed
}

// keyCodes judges the key that signed at issuedAt. A key that leaked can sign any date into a card, so of a revoked key only
// what the register held before the leak still counts.
func keyCodes(key keys.Key, issuedAt time.Time, registered bool, recordedAt time.Time) []Code {
	if !key.InUse(issuedAt) {
		return []Code{KeyRevoked}
	}
	if key.State == keys.Revoked && !(registered && recordedAt.Before(key.RevokedSince)) {
		return []Code{KeyRevoked}
	}
	return nil
}

// recordCodes judges the state and the times of a card that the register vouches for.
func recordCodes(rec card.Record, now time.Time) []Code {
	codes := timeCodes(rec.Card, now)
	switch rec.State {
	case card.Issued:
	case card.Planned:
		codes = append(codes, NotYetValid)
	case card.Revoked:
		codes = append(codes, Revoked)
	case card.Suspended:
		codes = append(codes, Suspended)
	case card.Superseded:
		codes = append(codes, Superseded)
	default:
		codes = append(codes, StatusUnknown) // a state of a later version is no reason to say valid
	}
	return codes
}

func timeCodes(c card.Card, now time.Time) []Code {
	var codes []Code
	if !now.Before(c.ExpiresAt) {
		codes = append(codes, Expired)
	}
	if latest := now.Add(ClockSkew); c.IssuedAt.After(latest) || c.NotBefore.After(latest) {
		codes = append(codes, NotYetValid)
	}
	return codes
}

// withoutRegister is the verdict on a card of which only the token is known. It is at best StatusUnknown.
func (c *Checker) withoutRegister(opened token.Opened, key keys.Key, now time.Time) Verdict {
	rec := &card.Record{
		Card: opened.Card, KeyID: opened.KeyID, Digest: opened.Digest,
		IssuedOn:  card.DateOf(opened.Card.IssuedAt.In(c.Location)),
		ExpiresOn: card.LastDayBefore(opened.Card.ExpiresAt, c.Location),
	}
	codes := keyCodes(key, opened.Card.IssuedAt, false, time.Time{})
	if len(codes) > 0 {
		rec = nil
	} else {
		codes = append(timeCodes(opened.Card, now), StatusUnknown)
	}
	v := verdict(codes, now, rec)
	v.StatusAsOf = time.Time{}
	return v
}
