package verify

import (
	"slices"
	"time"

	"github.com/cardproof/cardproof/card"
)

// Code is the verdict in one word, as the contract lists them (docs/card-format.md, section 3).
type Code string

// The verdicts, in order of precedence: where several hold, the first is the verdict and the others are its reasons.
const (
	Malformed     Code = "malformed"      // not a token, or a mistyped number
	WrongType     Code = "wrong_type"     // a JWT, but no card
	UnknownIssuer Code = "unknown_issuer" // no such key
	BadSignature  Code = "bad_signature"  // altered or forged
	KeyRevoked    Code = "key_revoked"    // the key was withdrawn, or was not in use on that day
	InvalidClaims Code = "invalid_claims" // signed, but not a card by the rules
	Unregistered  Code = "unregistered"   // rightly signed, yet not in the register as it stands: treat as forged
	NotFound      Code = "not_found"      // no card has this number; look-up by number only
	Revoked       Code = "revoked"        // withdrawn for good
	Suspended     Code = "suspended"      // withdrawn for now
	Superseded    Code = "superseded"     // replaced by a newer card
	Expired       Code = "expired"        // genuine; the last valid day is over
	NotYetValid   Code = "not_yet_valid"  // genuine; begins later, or is not released yet
	StatusUnknown Code = "status_unknown" // genuine, but its state could not be learned
	Valid         Code = "valid"          // everything holds

	// The two answers that are not about a card.
	RateLimited Code = "rate_limited"
	Unavailable Code = "unavailable"
)

// Verdict is the answer to one question about one card.
type Verdict struct {
	Code       Code
	Reasons    []Code // the other codes that hold, in order of precedence
	CheckedAt  time.Time
	StatusAsOf time.Time // when the register was asked; zero where it was not asked
	// Card is there only when the signature, or the register for a number, vouches for it.
	Card *card.Record
	// ByNumber says that a number was asked about: the register answers for it, and the card itself was not seen.
	ByNumber bool
	// Replacement is there only for a card that was replaced, and says what became of the one that stands for it now.
	Replacement *Replacement
	// Specimen says that a malformed input is the code of a specimen, which the issuer draws to be looked at.
	Specimen bool
	// Erased says of a revoked card that its details were erased: nobody knows any more whose it was.
	Erased bool
}

// Replacement is the last card of a chain of replacements: one that was itself withdrawn is no reason to send anybody to it.
type Replacement struct {
	Number card.Number
	Code   Code // its own verdict; StatusUnknown where it could not be learned
}

// IsValid says whether the card may be relied on. No other verdict than Valid may.
func (v Verdict) IsValid() bool { return v.Code == Valid }

// precedence lists the codes that can hold together, the strongest first.
var precedence = []Code{
	Malformed, WrongType, UnknownIssuer, BadSignature, KeyRevoked, InvalidClaims, Unregistered, NotFound, Revoked,
	Suspended, Superseded, Expired, NotYetValid, StatusUnknown,
}

// verdict makes a verdict of all the codes that hold; none means valid. It is for verdicts for which the register was asked.
func verdict(codes []Code, now time.Time, rec *card.Record) Verdict {
	v := Verdict{Code: Valid, CheckedAt: now, StatusAsOf: now, Card: rec}
	if len(codes) == 0 {
		return v
	}
	rank := func(a, b Code) int { return slices.Index(precedence, a) - slices.Index(precedence, b) }
	codes = slices.Compact(slices.SortedFunc(slices.Values(codes), rank))
	v.Code, v.Reasons = codes[0], codes[1:]
	return v
}

// Message is the verdict in one sentence for a person.
func (v Verdict) Message() string {
	if v.Specimen {
		return "This is a specimen, not a card."
	}
	if v.Erased {
		return "The details of this card were erased, at the holder's request or because it ended long ago. It does not count any more."
	}
	return v.Code.Message()
}

// Message is the code in one sentence for a person.
func (c Code) Message() string { return messages[c] }

var messages = map[Code]string{
	Valid:         "This card is genuine, and it is valid today.",
	Expired:       "This card is genuine, but its last valid day is over.",
	NotYetValid:   "This card is genuine, but it does not count yet.",
	Revoked:       "The issuer has withdrawn this card for good.",
	Suspended:     "The issuer has withdrawn this card for now.",
	Superseded:    "The issuer has replaced this card with a newer one.",
	StatusUnknown: "This card is genuine, but it could not be learned whether it is still in force.",
	Unregistered:  "The issuer's register has no such card. Treat it as forged.",
	UnknownIssuer: "This card was not signed by an issuer known here.",
	KeyRevoked:    "The key that signed this card was withdrawn or not in use on that day.",
	BadSignature:  "This card was altered or forged.",
	WrongType:     "This is a signed token, but not a certification card.",
	InvalidClaims: "This is signed, but it is not a card by the rules.",
	Malformed:     "This is not a card, or the number was mistyped.",
	NotFound:      "No card has this number.",
	RateLimited:   "Too many checks came from your network. Try again in a minute.",
	Unavailable:   "The check could not be made just now. Try again in a minute.",
}
