package verify_test

import (
	"strings"

	"github.com/cardproof/cardproof/verify"
)

// claims are rightly signed and registered, and break a rule of the claims.
func (m *maker) claims() {
	exp := `"exp":1859241600`
	for name, tc := range map[string]struct{ description, old, new string }{
		"claim-exp-capitals":     {"EXP in place of exp.", `"exp":`, `"EXP":`},
		"claim-exp-both":         {"EXP beside exp.", exp, exp + `,"EXP":4102444800`},
		"claim-exp-string":       {"exp as a string.", exp, `"exp":"1859241600"`},
		"claim-exp-fraction":     {"exp with a fraction.", exp, `"exp":1859241600.0`},
		"claim-exp-exponent":     {"exp with an exponent.", exp, `"exp":1859241600e0`},
		"claim-exp-negative":     {"exp below zero.", exp, `"exp":-1`},
		"claim-exp-too-great":    {"exp above 2^53.", exp, `"exp":9007199254740993`},
		"claim-exp-zero":         {"exp is 0.", exp, `"exp":0`},
		"claim-exp-minus-zero":   {"exp is -0.", exp, `"exp":-0`},
		"claim-exp-1e300":        {"exp is 1e300.", exp, `"exp":1e300`},
		"claim-exp-64-bits":      {"exp with 2^64 added, which some readers lose.", exp, `"exp":18446744075568793216`},
		"claim-exp-2-to-63":      {"exp is 2^63, a negative number to some readers.", exp, `"exp":9223372036854775808`},
		"claim-exp-leading-zero": {"exp with a zero before it, which JSON forbids.", exp, `"exp":01859241600`},
		"claim-exp-plus":         {"exp with a plus sign.", exp, `"exp":+1859241600`},
		"claim-exp-hex":          {"exp in hex.", exp, `"exp":0x6ed1b880`},
		"claim-exp-infinity":     {"exp is Infinity, which JSON does not have.", exp, `"exp":Infinity`},
		"claim-exp-true":         {"exp is true.", exp, `"exp":true`},
		"claim-exp-list":         {"exp is a list.", exp, `"exp":[1859241600]`},
		"claim-exp-escaped-name": {"exp twice, once with an escape in its name.", exp, exp + `,"\u0065xp":4102444800`},
		"claim-exp-long-s":       {"Not exp: its x is the Cyrillic letter.", `"exp":`, `"eхp":`},
		"claim-iat-string":       {"iat as a string.", `"iat":1795248000`, `"iat":"1795248000"`},
		"claim-iat-negative":     {"iat below zero.", `"iat":1795248000`, `"iat":-1795248000`},
		"claim-iat-missing":      {"iat is missing.", `"iat":1795248000,`, ""},
		"claim-nbf-null":         {"nbf is null.", `/s/1"}}}`, `/s/1"}},"nbf":null}`},
		"claim-nbf-string":       {"nbf as a string.", `/s/1"}}}`, `/s/1"}},"nbf":"1795248000"}`},
		"claim-issuer-missing":   {"iss is missing.", `"iss":"` + vectorIssuer + `",`, ""},
		"claim-issuer-null":      {"iss is null.", `"iss":"` + vectorIssuer + `"`, `"iss":null`},
		"claim-issuer-capitals":  {"An issuer's host in capitals.", `"iss":"` + vectorIssuer + `"`, `"iss":"https://CARDS.example.org"`},
		"claim-issuer-path":      {"An issuer with a path.", `"iss":"` + vectorIssuer + `"`, `"iss":"` + vectorIssuer + `/a"`},
		"claim-issuer-user":      {"An issuer with a user's name before the host.", `"iss":"https://`, `"iss":"https://evil.example@`},
		"claim-audience":         {"aud, which a card does not have.", `"crs":"BLS"`, `"crs":"BLS","aud":"hospital"`},
		"claim-prototype":        {"A member that JavaScript gives a meaning to.", `"crs":"BLS"`, `"crs":"BLS","__proto__":{"exp":4102444800}`},
		"claim-exp-null":         {"exp is null.", exp, `"exp":null`},
		"claim-exp-missing":      {"exp is missing.", exp + ",", ""},
		"claim-exp-twice":        {"exp stands there twice.", exp, exp + "," + exp},
		"claim-exp-before-iat":   {"exp is not after iat.", exp, `"exp":1795248000`},
		"claim-unknown":          {"One claim more.", `"crs":"BLS"`, `"crs":"BLS","admin":true`},
		"claim-space":            {"A space behind a colon.", `"crs":"BLS"`, `"crs": "BLS"`},
		"claim-escape":           {"A letter written as an escape.", `"crs":"BLS"`, `"crs":"\u0042LS"`},
		"claim-order":            {"crs stands before name.", `"name":"Łukasz Wróbel","crs":"BLS"`, `"crs":"BLS","name":"Łukasz Wróbel"`},
		"claim-nbf-not-last":     {"nbf stands before status.", `"crs":"BLS"`, `"crs":"BLS","nbf":1795248000`},
		"claim-course-lower":     {"A course code in lower case.", `"BLS"`, `"bls"`},
		"claim-number-check":     {"A card number with a wrong check symbol.", m.card.Number.Compact(), m.slip()},
		"claim-number-hyphens":   {"A card number with hyphens.", m.card.Number.Compact(), m.card.Number.String()},
		"claim-number-lower":     {"A card number in lower case.", m.card.Number.Compact(), strings.ToLower(m.card.Number.Compact())},
		"claim-number-integer":   {"A card number that is no string.", `"` + m.card.Number.Compact() + `"`, "7"},
		"claim-course-long":      {"A course code of 17 characters.", `"BLS"`, `"BLS-BLS-BLS-BLS-1"`},
		"claim-course-list":      {"A list of course codes.", `"BLS"`, `["BLS"]`},
		"claim-name-surrogate":   {"Half of a surrogate pair in the name.", "Wróbel", `Wr\ud800bel`},
		"claim-name-surrogates":  {"A surrogate pair the wrong way round.", "Wróbel", `Wr\udc00\ud800bel`},
		"claim-name-overlong":    {"A letter in an overlong form of UTF-8.", "Wróbel", "Wr\xc1\xa2bel"},
		"claim-name-cesu":        {"Half of a surrogate pair, as bytes.", "Wróbel", "Wr\xed\xa0\x80bel"},
		"claim-name-nul":         {"NUL in the name.", "Wróbel", `Wr\u0000bel`},
		"claim-name-raw-tab":     {"A tab within a string, which JSON forbids.", "Łukasz Wróbel", "Łukasz\tWróbel"},
		"claim-name-mark":        {"A byte order mark in the name.", "Wróbel", "Wróbel\ufeff"},
		"claim-name-padded":      {"A space behind the name.", "Wróbel", "Wróbel "},
		"claim-name-object":      {"A name that is an object.", `"Łukasz Wróbel"`, `{"given":"Łukasz"}`},
		"claim-name-slash":       {"A slash written as an escape.", "Łukasz Wróbel", `Łukasz\/Wróbel`},
		"claim-name-html":        {"An ampersand written as an escape.", "Łukasz Wróbel", `R\u0026D`},
		"claim-name-not-nfc":     {"A name that is not in NFC.", "Wróbel", "Wro\u0301bel"},
		"claim-name-direction":   {"A name with a character that turns the direction of text.", "Wróbel", "Wróbel\u202e"},
		"claim-name-too-long":    {"A name of 61 characters.", "Łukasz Wróbel", strings.Repeat("ł", 61)},
		"claim-name-empty":       {"An empty name.", "Łukasz Wróbel", ""},
		"claim-name-not-utf8":    {"A name with a byte that is not UTF-8.", "Wróbel", "Wr\xffbel"},
		"claim-issuer-slash":     {"An issuer with a slash behind it.", `"iss":"` + vectorIssuer + `"`, `"iss":"` + vectorIssuer + `/"`},
		"claim-issuer-http":      {"An issuer without TLS.", `"iss":"https:`, `"iss":"http:`},
		"claim-status-other":     {"A status list of somebody else.", vectorIssuer + "/s/1", "https://evil.example/s/1"},
		"claim-status-index":     {"An index behind the end of a status list.", `"idx":5`, `"idx":131072`},
		"claim-status-negative":  {"An index below zero.", `"idx":5`, `"idx":-5`},
		"claim-status-string":    {"An index as a string.", `"idx":5`, `"idx":"5"`},
		"claim-status-twice":     {"The index stands there twice.", `"idx":5`, `"idx":5,"idx":6`},
		"claim-status-more":      {"A member more within status.", `"idx":5`, `"idx":5,"ttl":1`},
		"claim-status-empty":     {"An empty status.", `{"status_list":{"idx":5,"uri":"` + vectorIssuer + `/s/1"}}`, "{}"},
		"claim-status-order":     {"uri stands before idx.", `"idx":5,"uri":"` + vectorIssuer + `/s/1"`, `"uri":"` + vectorIssuer + `/s/1","idx":5`},
		"claim-status-up":        {"A list that lies somewhere else after all.", vectorIssuer + "/s/1", vectorIssuer + "/s/../c/1"},
		"claim-status-zero":      {"The number of a list with a zero before it.", vectorIssuer + "/s/1", vectorIssuer + "/s/01"},
		"claim-deep":             {"Objects nested 150 deep.", `"idx":5`, `"idx":` + strings.Repeat(`{"a":`, 150) + "1" + strings.Repeat("}", 150)},
		"claim-deep-lists":       {"Lists nested 500 deep.", `"idx":5`, `"idx":` + strings.Repeat("[", 500) + strings.Repeat("]", 500)},
		"claim-status-null":      {"status is null.", `{"status_list":{"idx":5,"uri":"` + vectorIssuer + `/s/1"}}`, "null"},
		"claim-status-too-deep":  {"Objects nested too deep.", `"idx":5`, `"idx":{"a":{"b":1}}`},
		"claim-something-behind": {"Something stands behind the object.", `/s/1"}}}`, `/s/1"}}}{}`},
	} {
		m.bad(name, tc.description, m.forge(m.header, m.replace(m.claim, tc.old, tc.new)), verify.InvalidClaims)
	}
	m.bad("claim-issuer-other", "A card by all the rules, but of an issuer that the key does not belong to.",
		m.forge(m.header, strings.ReplaceAll(m.claim, vectorIssuer, "https://other.example")), verify.InvalidClaims)
}

// values are payloads that are no object of claims at all, and names at their limits.
func (m *maker) values() {
	for name, tc := range map[string]struct{ description, payload string }{
		"payload-array":          {"The claims stand in an array.", "[" + m.claim + "]"},
		"payload-string":         {"The claims are a string.", `"card"`},
		"payload-null":           {"The claims are null.", "null"},
		"payload-empty-object":   {"An object without members.", "{}"},
		"payload-open":           {"The object does not end.", m.claim[:len(m.claim)-1]},
		"payload-closed-twice":   {"A brace too many.", m.claim + "}"},
		"payload-mark":           {"A byte order mark before the object.", "\ufeff" + m.claim},
		"payload-space-before":   {"A space before the object.", " " + m.claim},
		"payload-line-behind":    {"A line end behind the object.", m.claim + "\n"},
		"payload-nul-behind":     {"NUL behind the object.", m.claim + "\x00"},
		"payload-trailing-comma": {"A comma behind the last member.", m.claim[:len(m.claim)-1] + ",}"},
		"payload-comment":        {"A comment behind the object.", m.claim + "/**/"},
		"payload-single-quotes":  {"Strings in single quotation marks.", strings.ReplaceAll(m.claim, `"`, "'")},
		"payload-utf-16":         {"The claims in UTF-16.", strings.Join(strings.Split("\xff\xfe"+m.claim, ""), "\x00")},
		"payload-in-base64":      {"The claims in base64 twice.", text64.EncodeToString([]byte(m.claim))},
	} {
		m.bad(name, tc.description, m.forge(m.header, tc.payload), verify.InvalidClaims)
	}
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	m.bad("payload-deep", "Objects nested 10,000 deep: such a token is too long, whatever it says.", m.forge(m.header, m.replace(m.claim, `"idx":5`, `"idx":`+deep)), verify.Malformed)
	m.bad("payload-empty", "An empty payload.", m.forge(m.header, ""), verify.Malformed)
	for name, tc := range map[string]struct{ description, name string }{
		"longest":    {"A name of 60 characters.", strings.Repeat("ł", 60)},
		"markup":     {"A name that a careless page would run.", `<script>alert("1")</script>`},
		"arabic":     {"A name that is read from right to left.", "محمد علي"},
		"supplement": {"A character that JSON's escapes need a pair for, as itself.", "\U00020BB7野家"},
	} {
		c := m.card
		c.Name = tc.name
		m.add("valid-name-"+name, tc.description, m.about(m.sign(c), c), verify.Valid)
	}
}
