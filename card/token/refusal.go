package token

// Class is the kind of a refusal, as a verdict tells it.
type Class string

// The classes, in the order in which Open meets them.
const (
	Malformed     Class = "malformed"
	WrongType     Class = "wrong_type"
	UnknownKey    Class = "unknown_key"
	BadSignature  Class = "bad_signature"
	InvalidClaims Class = "invalid_claims"
)

// Refusal is the one rule that a text broke: for tests and for those who write another issuer or verifier.
type Refusal string

// The rules.
const (
	TooLong            Refusal = "too_long"             // more than MaxLength characters
	AlphabetWrong      Refusal = "alphabet"             // a character that no token has
	NotThreeParts      Refusal = "not_three_parts"      // not header.payload.signature
	NotCanonicalBase64 Refusal = "not_canonical_base64" // padding, or bits set behind the last byte (RFC 4648, section 3.5)
	NotUTF8            Refusal = "not_utf8"
	NotJSON            Refusal = "not_json"
	TooDeep            Refusal = "too_deep"
	MemberTwice        Refusal = "member_twice"
	MemberMissing      Refusal = "member_missing"
	MemberUnknown      Refusal = "member_unknown"
	MemberType         Refusal = "member_type"
	NotAnInteger       Refusal = "not_an_integer" // or outside of 0 to 2^53
	NotCanonicalJSON   Refusal = "not_canonical_json"
	TypeWrong          Refusal = "typ"
	KeyUnknown         Refusal = "key_unknown"
	AlgorithmNotKeys   Refusal = "algorithm" // the header's algorithm is not the one of the key
	SignatureLength    Refusal = "signature_length"
	SignatureWrong     Refusal = "signature"
	SignatureHighS     Refusal = "signature_high_s" // the second spelling that every ECDSA signature has
	ClaimRule          Refusal = "claim_rule"       // the claims make no card; see card.Card.Validate
	NotDigits          Refusal = "not_digits"       // of the QR's numeric form
)

// Error is a refused token. It holds nothing of the token's content.
type Error struct {
	Class   Class
	Refusal Refusal
}

func (e *Error) Error() string {
	return "token refused: " + string(e.Class) + " (" + string(e.Refusal) + ")"
}
