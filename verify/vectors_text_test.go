package verify_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// texts are no tokens at all, or a second spelling of one.
func (m *maker) texts() {
	bad := func(name, description, raw string) { m.bad(name, description, raw, verify.Malformed) }
	parts := strings.Split(m.good, ".")
	for name, tc := range map[string]struct{ what, text string }{
		"line-feed": {"A line feed", "\n"}, "carriage-return": {"A carriage return", "\r"}, "line-end": {"A line end of two characters", "\r\n"},
		"tab": {"A tab", "\t"}, "nul": {"NUL", "\x00"}, "zero-width-space": {"A space that nobody sees", "\u200b"}, "padding-inside": {"Padding", "="},
	} {
		bad("text-"+name, tc.what+" inside of the signature, which some decoders pass over.", parts[0]+"."+parts[1]+"."+parts[2][:40]+tc.text+parts[2][40:])
		bad("text-"+name+"-payload", tc.what+" inside of the payload.", parts[0]+"."+parts[1][:40]+tc.text+parts[1][40:]+"."+parts[2])
	}
	bad("text-line-feed-header", "A line feed inside of the header.", parts[0][:20]+"\n"+parts[0][20:]+"."+parts[1]+"."+parts[2])
	bad("text-line-feed-behind", "A line feed behind the token.", m.good+"\n")
	bad("text-space-behind", "A space behind the token.", m.good+" ")
	bad("text-mark-before", "A byte order mark before the token.", "\ufeff"+m.good)
	bad("text-bearer", "The token as an HTTP header has it.", "Bearer "+m.good)
	bad("text-quoted", "The token in quotation marks.", `"`+m.good+`"`)
	bad("text-padding", "Padding behind the signature.", m.good+"==")
	bad("text-padding-payload", "Padding behind the payload.", parts[0]+"."+parts[1]+"=."+parts[2])
	bad("text-padding-header", "Padding behind the header.", parts[0]+"==."+parts[1]+"."+parts[2])
	bad("text-standard-base64", "A plus sign, which only the other alphabet of base64 has.", parts[0]+"."+parts[1]+"."+"+"+parts[2][1:])
	bad("text-standard-alphabet", "The signature in the other alphabet of base64.", parts[0]+"."+parts[1]+"."+strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]))
	bad("text-standard-signed", "All parts in the other alphabet of base64, with padding, and rightly signed.", m.standard())
	bad("text-percent-dot", "The dots as a URL escapes them.", strings.ReplaceAll(m.good, ".", "%2E"))
	bad("text-percent-letter", "A letter as a URL escapes it.", "%65"+m.good[1:])
	bad("text-percent-percent", "The dots escaped twice.", strings.ReplaceAll(m.good, ".", url.PathEscape("%2E")))
	bad("text-full-width-dot", "The first dot is the full-width one.", strings.Replace(m.good, ".", "．", 1))
	bad("text-cyrillic", "A letter that looks like the one it stands for.", strings.Replace(m.good, "J", "Ј", 1))
	bad("text-too-long", "2,049 characters.", m.good+strings.Repeat("A", token.MaxLength+1-len(m.good)))
	bad("text-far-too-long", "100,000 characters.", m.good+strings.Repeat("A", 100_000))
	m.lengths()
	m.bits(bad)
	m.dots(bad, parts)
	m.digits(bad)
}

// lengths are two cards by all other rules, of an issuer with a very long name: the longest that may be, and the next.
func (m *maker) lengths() {
	for name, tc := range map[string]struct {
		description string
		course      string
		length      int
		code        verify.Code
	}{
		"valid-longest":      {"2,048 characters, the most that a token may have.", "BLS2", token.MaxLength, verify.Valid},
		"text-longer-by-one": {"A card by all other rules, of 2,049 characters.", "BLS22", token.MaxLength + 1, verify.Malformed},
	} {
		c, k := m.card, m.key
		c.Course, c.Issuer = tc.course, "https://"+strings.Repeat("a", 617)+".example"
		c.Status = &card.StatusRef{Index: 5, URI: c.Issuer + "/s/1"}
		k.Issuer = c.Issuer
		raw := m.forge(m.header, strings.ReplaceAll(m.replace(m.claim, "BLS", tc.course), vectorIssuer, c.Issuer))
		if len(raw) != tc.length {
			m.t.Fatalf("%s has %d characters, want %d", name, len(raw), tc.length)
		}
		v := m.about(raw, c)
		v.Keys = m.keySet(k)
		m.add(name, tc.description, v, tc.code)
	}
}

// bits set what canonical base64 leaves zero, once in each part. The texts of header and payload are signed just so.
func (m *maker) bits(bad func(name, description, raw string)) {
	bad("text-trailing-bits", "A bit behind the last byte of the signature is set.", m.good[:len(m.good)-1]+nextSymbol(m.good[len(m.good)-1]))
	header, payload := text64.EncodeToString([]byte(m.header)), text64.EncodeToString([]byte(m.claim))
	if len(header)%4 == 0 || len(payload)%4 == 0 {
		m.t.Fatal("header or payload leaves no bits in its last character")
	}
	sign := func(input string) string {
		return input + "." + text64.EncodeToString(ed25519.Sign(m.private, []byte(input)))
	}
	bad("text-trailing-bits-header", "A bit behind the last byte of the header is set, and signed so.", sign(header[:len(header)-1]+nextSymbol(header[len(header)-1])+"."+payload))
	bad("text-trailing-bits-payload", "A bit behind the last byte of the payload is set, and signed so.", sign(header+"."+payload[:len(payload)-1]+nextSymbol(payload[len(payload)-1])))
}

// nextSymbol is the symbol of base64url with the next value.
func nextSymbol(c byte) string {
	const symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(symbols, c) + 1
	return symbols[i : i+1]
}

func (m *maker) standard() string {
	input := base64.StdEncoding.EncodeToString([]byte(m.header)) + "." + base64.StdEncoding.EncodeToString([]byte(m.claim))
	return input + "." + base64.StdEncoding.EncodeToString(ed25519.Sign(m.private, []byte(input)))
}

// dots are tokens of another count of parts, and other serialisations of a JWS.
func (m *maker) dots(bad func(name, description, raw string), parts []string) {
	bad("text-two-parts", "The part of the signature is missing.", parts[0]+"."+parts[1])
	bad("text-one-part", "The payload alone.", parts[1])
	bad("text-four-parts", "An empty fourth part.", m.good+".")
	bad("text-five-parts", "Five parts, as encrypted tokens have.", m.good+"."+parts[1]+"."+parts[2])
	bad("text-dot-before", "A dot before the token.", "."+m.good)
	bad("text-dots-doubled", "The first dot stands there twice.", strings.Replace(m.good, ".", "..", 1))
	bad("text-dots-alone", "Two dots.", "..")
	bad("text-no-header", "The first part is empty.", "."+parts[1]+"."+parts[2])
	bad("text-no-payload", "The payload is detached.", parts[0]+".."+parts[2])
	bad("text-two-tokens", "Two tokens, one behind the other.", m.good+m.good)
	bad("text-json-flattened", "The flattened JSON serialisation of the same card.", fmt.Sprintf(`{"protected":"%s","payload":"%s","signature":"%s"}`, parts[0], parts[1], parts[2]))
	bad("text-json-general", "The general JSON serialisation of the same card.",
		fmt.Sprintf(`{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}`, parts[1], parts[0], parts[2]))
	bad("text-json-polyglot", "The JSON serialisation with the compact one in a member, of which some readers take either.",
		fmt.Sprintf(`{"  %s":"","protected":"%s","payload":"%s","signature":"%s"}`, m.good, parts[0], parts[1], parts[2]))
}

// digits are not what the numeric form of a token looks like.
func (m *maker) digits(bad func(name, description, raw string)) {
	digits := token.Digits(m.good)
	end := len(digits) - 2
	bad("digits-odd", "One digit is missing.", digits[:len(digits)-1])
	bad("digits-odd-more", "One digit too many.", digits+"0")
	bad("digits-pair-over-77", "The first pair is 78.", "78"+digits[2:])
	bad("digits-pair-99", "The last pair is 99.", digits[:end]+"99")
	bad("digits-no-symbol", "The first pair is 02, the slash, which no token has.", "02"+digits[2:])
	bad("digits-no-symbol-at", "The last pair is 19, the at sign.", digits[:end]+"19")
	bad("digits-other-script", "The first digit is of another script.", "٥"+digits[1:])
	bad("digits-full-width", "All digits are full-width ones.", strings.Map(func(r rune) rune { return r - '0' + '０' }, digits))
	bad("digits-space", "A space between two digits.", digits[:10]+" "+digits[10:])
	bad("digits-line-feed", "A line feed behind the digits.", digits+"\n")
	bad("digits-minus", "A minus sign before the digits.", "-"+digits)
	bad("digits-mixed", "Digits, and the rest as text.", token.Digits(m.good[:20])+m.good[20:])
	bad("digits-of-digits", "The digits of the digits.", token.Digits(digits))
	bad("digits-over-long", "4,098 digits.", digits+strings.Repeat("20", token.MaxLength+1-len(m.good)))
	m.bad("digits-more", "Digits behind the token, which make its signature longer.", digits+token.Digits(m.good[:30]), verify.BadSignature)
	bad("digits-zeros", "4,096 zeros.", strings.Repeat("0", token.MaxDigits))
}
