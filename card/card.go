// Package card says what a certification card is: its claims, its number, its dates, and its state in the register.
//
// It is pure, and everything else in the tree stands on it. Apart from the standard library it imports only golang.org/x/text:
// Unicode's normal forms and case folding, because a name that is not in NFC is no card (docs/decisions/0003).
package card

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxNameRunes is the length limit of a holder's name, in runes of its NFC form.
const MaxNameRunes = 60

// MaxNumericDate is the greatest time of a card, in seconds: 2^53, the last integer that every JSON reader keeps.
const MaxNumericDate = 1 << 53

// MaxStatusIndex bounds the index into a status list; a list has 2^17 entries.
const MaxStatusIndex = 1<<17 - 1

// Card is what the issuer signs. Times are in UTC and whole seconds.
type Card struct {
	Issuer    string    // the issuer's origin: https, or http on localhost; no trailing slash
	Number    Number    // unique for ever
	IssuedAt  time.Time // when it was issued
	ExpiresAt time.Time // the end of the last valid day in the issuer's time zone, exclusive
	NotBefore time.Time // zero unless the card begins later than it was issued
	Name      string    // the holder, in NFC
	Course    string    // the course code
	Status    *StatusRef
}

// StatusRef is the card's place in a Token Status List (draft-ietf-oauth-status-list, section 6).
type StatusRef struct {
	Index int64
	URI   string
}

// InvalidError says which field of a card breaks the rules, without its value: the text is safe to log.
type InvalidError struct {
	Field  string // issuer, number, issued_at, expires_at, not_before, name, course, status
	Reason string
}

func (e *InvalidError) Error() string { return "invalid card: " + e.Field + " " + e.Reason }

// Validate checks every rule that holds for a card alone, without keys, clock or register. The error is an *InvalidError.
func (c Card) Validate() error {
	if err := CheckIssuer(c.Issuer); err != nil {
		return &InvalidError{"issuer", err.Error()}
	}
	if n, err := ParseNumber(string(c.Number)); err != nil || n != c.Number {
		return &InvalidError{"number", "is not a card number in canonical form"}
	}
	for _, f := range []struct {
		name     string
		t        time.Time
		optional bool
	}{{"issued_at", c.IssuedAt, false}, {"expires_at", c.ExpiresAt, false}, {"not_before", c.NotBefore, true}} {
		if f.t.IsZero() && f.optional {
			continue
		}
		if s := f.t.Unix(); s < 0 || s > MaxNumericDate || f.t.Nanosecond() != 0 {
			return &InvalidError{f.name, "is not a time in whole seconds from 0 to 2^53"}
		}
	}
	if !c.ExpiresAt.After(c.IssuedAt) {
		return &InvalidError{"expires_at", "is not after issued_at"}
	}
	if err := CheckName(c.Name); err != nil {
		return &InvalidError{"name", err.Error()}
	}
	if !IsCourseCode(c.Course) {
		return &InvalidError{"course", "is not 1 to 16 of A-Z, 0-9 and the hyphen"}
	}
	return c.Status.validate(c.Issuer)
}

func (s *StatusRef) validate(issuer string) error {
	if s == nil {
		return nil
	}
	if s.Index < 0 || s.Index > MaxStatusIndex {
		return &InvalidError{"status", "has an index outside of the list"}
	}
	if list, ok := strings.CutPrefix(s.URI, issuer+"/s/"); !ok || !listNumber.MatchString(list) {
		return &InvalidError{"status", "has a URI that is no list of the issuer"}
	}
	return nil
}

var listNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)

// IsCourseCode says whether s has the form of a course code: 1 to 16 of A-Z, 0-9 and the hyphen.
func IsCourseCode(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 16
}

// NameProblem is one of the ways in which a text is no holder's name.
type NameProblem string

// The problems of a name. Each reads on after "the name ".
const (
	NameEmpty        NameProblem = "is empty"
	NameTooLong      NameProblem = "has more than 60 characters"
	NameNotUTF8      NameProblem = "is not valid UTF-8"
	NameNotNFC       NameProblem = "is not in Unicode's NFC form"
	NameBadCharacter NameProblem = "has a control or text-direction character"
	NamePadded       NameProblem = "begins or ends with a space"
)

func (p NameProblem) Error() string { return string(p) }

// CheckName says whether a text can be signed as a holder's name. The error is a NameProblem.
func CheckName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return NameNotUTF8
	case strings.TrimSpace(name) == "":
		return NameEmpty
	case strings.IndexFunc(name, isForbiddenInName) >= 0:
		return NameBadCharacter
	case strings.TrimSpace(name) != name:
		return NamePadded
	case !norm.NFC.IsNormalString(name):
		return NameNotNFC
	case utf8.RuneCountInString(name) > MaxNameRunes:
		return NameTooLong
	}
	return nil
}

// isForbiddenInName finds what a reader can't see or what makes text read in another order than it is stored: "Trojan
// Source" (Boucher and Anderson, 2021) shows why. U+FFFD is what a broken conversion leaves behind, never a name.
func isForbiddenInName(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Co) ||
		r == utf8.RuneError || r == '\ufeff'
}

// CheckIssuer says whether s is an issuer's origin: https://host[:port] in lower case with nothing behind it, or http for
// localhost and the loopback addresses, where a new centre tries things out.
func CheckIssuer(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s || strings.ToLower(s) != s {
		return fmt.Errorf("is not an origin such as https://cards.example.org, in lower case and without a trailing slash")
	}
	if u.Scheme == "https" {
		return nil
	}
	switch h := u.Hostname(); {
	case u.Scheme != "http":
		return fmt.Errorf("has to begin with https://")
	case h == "localhost" || h == "127.0.0.1" || h == "::1":
		return nil
	}
	return fmt.Errorf("has to begin with https:// (http:// only for localhost)")
}
