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
	"slices"
	"strings"
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
	// Tokens proves what the register says of a number; nil for a register that keeps no tokens, which is believed then.
	Tokens TokenFinder
	// Lists are the signed status lists in hand, which show that a register is older than they are; nil for none.
	Lists StatusFinder
	// Latest is the latest time that the register has on record; zero where it has none. Where the clock of this machine was set back, it
	// tells, and where it can't be learned no card is valid; nil believes the clock.
	Latest func(ctx context.Context) (time.Time, error)
}

// CheckToken judges a card by its token, given raw or as digits, in the order of the contract: token, signature, claims,
// issuer, key, register, times. Nothing of a token whose signature failed leaves this function, and the register is asked only
// when the signature is right, and the card one of the key's issuer.
//
// An error means that the register could not be asked, or can't be believed (ErrAltered, ErrOlder), and only that; the verdict beside it is
// StatusUnknown or worse.
func (c *Checker) CheckToken(ctx context.Context, text string) (Verdict, error) {
	now := c.Now().UTC().Truncate(time.Second)
	opened, key, refused := c.open(text)
	if refused != "" {
		return Verdict{Code: refused, CheckedAt: now, Specimen: refused == Malformed && strings.HasPrefix(text, SpecimenMark)}, nil
	}
	if opened.Card.Issuer != key.Issuer { // no register could mend that
		codes := append(keyCodes(key, opened.Card, time.Time{}), timeCodes(opened.Card, now)...)
		v := verdict(codes, now, nil)
		v.StatusAsOf = time.Time{}
		return v, nil
	}
	rec, found, err := c.Register.FindRecord(ctx, opened.Card.Number)
	if err != nil {
		return c.withoutRegister(opened, key, now, nil), fmt.Errorf("ask the register: %w", err)
	}
	if found && rec.IsErased() { // there is nothing left that the token could be compared with
		return ofRecord(rec, key, now), nil
	}
	if !found || rec.Digest != opened.Digest {
		codes := append(keyCodes(key, opened.Card, time.Time{}), timeCodes(opened.Card, now)...)
		return verdict(append(codes, Unregistered), now, nil), nil
	}
	if err := agreeingDays(rec, opened.Card); err != nil {
		return c.withoutRegister(opened, key, now, recordCodes(rec, now)), err
	}
	rec.Card = opened.Card // what is signed is shown as it was signed, whatever became of the register's copy
	v, err := c.judge(ctx, rec, key, now)
	return c.withReplacement(ctx, v), err
}

// CheckNumber judges a card by its number as a person typed it. The register vouches for what it says, as far as that is what was signed.
// An error means that the register could not be asked, or can't be believed (ErrAltered, ErrOlder), and only that. The verdict beside it is
// Unavailable, since StatusUnknown would say that there is a genuine card; with ErrOlder, or where only Latest failed, there is one, and it is
// StatusUnknown or worse.
func (c *Checker) CheckNumber(ctx context.Context, typed string) (Verdict, error) {
	v, err := c.checkNumber(ctx, typed)
	v.ByNumber = true
	return v, err
}

func (c *Checker) checkNumber(ctx context.Context, typed string) (Verdict, error) {
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
	if !known || key.Purpose != keys.Cards {
		return verdict([]Code{UnknownIssuer}, now, nil), nil
	}
	if rec.IsErased() { // its token is gone with its holder
		return ofRecord(rec, key, now), nil
	}
	if rec, err = c.vouched(ctx, rec); err != nil {
		return Verdict{Code: Unavailable, CheckedAt: now}, err
	}
	v, err := c.judge(ctx, rec, key, now)
	return c.withReplacement(ctx, v), err
}

// ofRecord judges a card that the register holds just so. A card that its key does not vouch for is not shown.
func ofRecord(rec card.Record, key keys.Key, now time.Time, more ...Code) Verdict {
	against := keyCodes(key, rec.Card, rec.RecordedAt)
	v := verdict(slices.Concat(against, recordCodes(rec, now), more), now, &rec)
	if len(against) > 0 {
		v.Card = nil
	}
	if rec.IsErased() {
		v.Card, v.Erased = nil, v.Code == Revoked
	}
	return v
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
		return token.PublicKey{Alg: key.Alg, Key: key.Public}, ok && key.Purpose == keys.Cards
	})
	if err != nil {
		return token.Opened{}, keys.Key{}, refusedAs(err)
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

// keyCodes judges the key that signed a card. A key that leaked can sign any date into a card, so of a revoked key only what
// the register recorded before the leak still counts; recordedAt is zero where the register does not hold the card.
func keyCodes(key keys.Key, c card.Card, recordedAt time.Time) []Code {
	var codes []Code
	held := !recordedAt.IsZero() && recordedAt.Before(key.RevokedSince)
	if !key.InUse(c.IssuedAt) || key.State == keys.Revoked && !held {
		codes = append(codes, KeyRevoked)
	}
	if c.Issuer != key.Issuer {
		codes = append(codes, InvalidClaims)
	}
	return codes
}

// recordCodes judges the state and the times of a card that the register vouches for.
func recordCodes(rec card.Record, now time.Time) []Code {
	if rec.IsErased() {
		return []Code{Revoked} // whatever else it was: nobody can tell any more whose it is
	}
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

// withoutRegister is the verdict on a card of which only the token counts, and what the register says against it. It is at best StatusUnknown. Whether a revoked key
// signed it in time, only the register knows: that is unknown then, and no reason to call a genuine card forged.
func (c *Checker) withoutRegister(opened token.Opened, key keys.Key, now time.Time, more []Code) Verdict {
	unrevoked := key
	unrevoked.State = keys.Active
	against := keyCodes(unrevoked, opened.Card, time.Time{})
	rec := &card.Record{Card: opened.Card, KeyID: opened.KeyID, Digest: opened.Digest}
	if loc := c.Location; loc != nil {
		rec.IssuedOn = card.DateOf(opened.Card.IssuedAt.In(loc))
		rec.ExpiresOn = card.LastDayBefore(opened.Card.ExpiresAt, loc)
	}
	if len(against) > 0 || key.State == keys.Revoked {
		rec = nil // a thief of the key may have written what it says
	}
	v := verdict(slices.Concat(against, timeCodes(opened.Card, now), more, []Code{StatusUnknown}), now, rec)
	v.StatusAsOf = time.Time{}
	return v
}
