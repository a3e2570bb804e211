package post

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is an address that a mail can be sent to: the domain in ASCII, the part before it as it was written.
type Address struct {
	local, domain string
}

// The ways in which an address can't be written to.
var (
	errNoAddress   = errors.New("this is no e-mail address")
	errLongAddress = errors.New("the address is longer than mail servers take")
	errDomain      = errors.New("the part behind the @ is no name of a mail server")
)

// ParseAddress reads an address alone, without a name beside it: quoted parts (RFC 5322), a + in front of the @, and domains in every
// script (RFC 5891), which become ASCII. It refuses control characters, comments, lists, and what is longer than RFC 5321 allows.
func ParseAddress(text string) (Address, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) || strings.ContainsAny(text, "()<>") {
		return Address{}, errNoAddress
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Name != "" {
		return Address{}, errNoAddress
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	if domain, err = idna.Lookup.ToASCII(domain); err != nil || domain == "" || strings.HasPrefix(domain, "[") {
		return Address{}, errDomain
	}
	if len(local) > 64 || len(domain) > 253 || len(local)+len(domain) > 253 { // RFC 5321, 4.5.3.1: a path of 256 with < and >
		return Address{}, errLongAddress
	}
	return Address{local, domain}, nil
}

// isControl finds what has no business in a header: controls, and marks that turn the direction of the text around them.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff'
}

// path is the address as it stands in MAIL and RCPT, quoted where it has to be.
func (a Address) path() string { return (&mail.Address{Address: a.String()}).String() }

// String is the address without quotation marks.
func (a Address) String() string { return a.local + "@" + a.domain }

// needsUTF8 says whether only a server with SMTPUTF8 (RFC 6531) takes the address.
func (a Address) needsUTF8() bool {
	return strings.ContainsFunc(a.local, func(r rune) bool { return r >= utf8.RuneSelf })
}

// cleanLine is a text for one line of a header or a report: without controls, single spaces, at most so many runes.
func cleanLine(text string, most int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case isControl(r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:most-1])) + "…"
}
