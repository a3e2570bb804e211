package token

import "strings"

// The numeric form of a token: two digits for each character, its code less 45, as SMART Health Cards write a JWS
// (https://spec.smarthealth.cards/#encoding-chunks-as-qr-codes). A QR code holds digits in fewer bits than text.
const (
	digitsBase = '-'              // the least character of a token
	maxPair    = 'z' - digitsBase // 77
	MaxDigits  = 2 * MaxLength    // the greatest length of the numeric form
	cardPath   = "/c/"            // where a verifier answers for a card
)

// URL is what the QR of a card holds: the verifier's address, in lower case, and the token as digits.
func URL(verifier, raw string) string {
	return strings.ToLower(strings.TrimSuffix(verifier, "/")) + cardPath + Digits(raw)
}

// Digits is the numeric form of a token.
func Digits(raw string) string {
	out := make([]byte, 0, 2*len(raw))
	for i := range len(raw) {
		v := raw[i] - digitsBase
		out = append(out, '0'+v/10, '0'+v%10)
	}
	return string(out)
}

// FromDigits is the token of a numeric form. It refuses what Digits would not have written: an odd length, a pair over 77,
// a character that no token has. The error is an *Error of class Malformed.
func FromDigits(digits string) (string, error) {
	if len(digits) > MaxDigits {
		return "", &Error{Malformed, TooLong}
	}
	if len(digits) == 0 || len(digits)%2 != 0 || !isDigits(digits) {
		return "", &Error{Malformed, NotDigits}
	}
	out := make([]byte, 0, len(digits)/2)
	for i := 0; i < len(digits); i += 2 {
		pair := 10*(digits[i]-'0') + digits[i+1] - '0'
		if pair > maxPair {
			return "", &Error{Malformed, NotDigits}
		}
		out = append(out, pair+digitsBase)
	}
	raw := string(out)
	if !InAlphabet(raw) {
		return "", &Error{Malformed, AlphabetWrong}
	}
	return raw, nil
}

// FromPath is the token of what stands behind /c/ in a URL: its digits, or the token itself.
func FromPath(s string) (string, error) {
	if isDigits(s) {
		return FromDigits(s)
	}
	if len(s) > MaxLength {
		return "", &Error{Malformed, TooLong}
	}
	return s, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
