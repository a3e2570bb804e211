package card

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// NumberLength is the count of symbols of a card number: 11 random ones (55 bits) and the check symbol.
const NumberLength = 12

// alphabet is Crockford's base32: the digits and the capital letters without I, L, O and U.
// https://www.crockford.com/base32.html
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// The two ways in which a text is no card number.
var (
	// ErrNumberSyntax says that the text has the wrong length or a symbol that no card number has.
	ErrNumberSyntax = errors.New("not a card number: it has 12 letters and digits, such as N0XK-J8NR-241J")
	// ErrNumberCheck says that the text has the form of a number, but its check symbol tells of a slip in typing.
	ErrNumberCheck = errors.New("a mistyped card number: at least one character is wrong, or two are swapped")
)

// Number is a card number in its canonical form, 12 capital symbols without hyphens; its zero value is no number. NewNumber and
// ParseNumber make right ones; what comes from a token or a file is checked by Card.Validate.
type Number string

// NewNumber draws a number from a cryptographic source of randomness.
func NewNumber(random io.Reader) (Number, error) {
	var raw [NumberLength - 1]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw a card number: %w", err)
	}
	symbols := make([]byte, 0, NumberLength)
	interim := byte(0)
	for _, b := range raw {
		v := b & 31 // 256 is a multiple of 32: no symbol is likelier than another
		symbols = append(symbols, alphabet[v])
		interim = damm(interim, v)
	}
	// The check symbol is the interim value itself, since damm(x, x) is 0.
	return Number(append(symbols, alphabet[interim])), nil
}

// ParseNumber reads a number as a person types it: in any case, with or without spaces and hyphens (of any
// typographic kind), O for 0, I or L for 1. The error is ErrNumberSyntax or ErrNumberCheck.
func ParseNumber(s string) (Number, error) {
	symbols := make([]byte, 0, NumberLength)
	interim := byte(0)
	for _, r := range s {
		if isNumberFiller(r) {
			continue
		}
		v := symbolValue(r)
		if v < 0 || len(symbols) == NumberLength {
			return "", ErrNumberSyntax
		}
		symbols = append(symbols, alphabet[v])
		interim = damm(interim, byte(v))
	}
	if len(symbols) != NumberLength {
		return "", ErrNumberSyntax
	}
	if interim != 0 {
		return "", ErrNumberCheck
	}
	return Number(symbols), nil
}

// String is the printed form XXXX-XXXX-XXXX.
func (n Number) String() string {
	if len(n) != NumberLength {
		return string(n)
	}
	return string(n[0:4] + "-" + n[4:8] + "-" + n[8:12])
}

// Compact is the form without hyphens: the claim jti, and the name of the card's file.
func (n Number) Compact() string { return string(n) }

func isNumberFiller(r rune) bool {
	switch r {
	case ' ', '\t', '\u00a0', '\u202f', '-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212':
		return true
	}
	return false
}

func symbolValue(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		r -= 'a' - 'A'
	case r > 'z':
		return -1
	}
	switch r {
	case 'O':
		r = '0'
	case 'I', 'L':
		r = '1'
	}
	return strings.IndexRune(alphabet, r)
}

// damm is one step of Damm's check (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004) with the quasigroup
// x*y = 2(x+y) of the field GF(2^5) modulo x^5+x^2+1. As 2 generates the field's 31 units, the twelve places have
// twelve different weights: the check finds every single wrong symbol and every swap of any two places.
func damm(interim, symbol byte) byte {
	x := (interim ^ symbol) << 1
	if x&0b100000 != 0 {
		x ^= 0b100101
	}
	return x
}
