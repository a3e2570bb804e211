package verify_test

import (
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// texts are no tokens at all, or a second spelling of one.
func (m *maker) texts() {
	bad := func(name, description, raw string) { m.bad(name, description, raw, verify.Malformed) }
	parts := strings.Split(m.good, ".")
	digits := token.Digits(m.good)
	bad("text-too-long", "2,049 characters.", m.good+strings.Repeat("A", token.MaxLength+1-len(m.good)))
	bad("text-line-feed", "A line feed inside of the signature, which many decoders pass over.", parts[0]+"."+parts[1]+"."+parts[2][:40]+"\n"+parts[2][40:])
	bad("text-carriage-return", "A carriage return inside of the signature.", parts[0]+"."+parts[1]+"."+parts[2][:40]+"\r"+parts[2][40:])
	bad("text-space-behind", "A space behind the token.", m.good+" ")
	bad("text-padding", "Padding behind the signature.", m.good+"==")
	// 64 bytes end in a character of which only two bits count.
	bad("text-trailing-bits", "A bit behind the last byte of the signature is set.", m.good[:len(m.good)-1]+nextSymbol(m.good[len(m.good)-1]))
	bad("text-standard-base64", "A plus sign, which only the other alphabet of base64 has.", parts[0]+"."+parts[1]+"."+"+"+parts[2][1:])
	bad("text-two-parts", "The part of the signature is missing.", parts[0]+"."+parts[1])
	bad("text-four-parts", "An empty fourth part.", m.good+".")
	bad("text-no-header", "The first part is empty.", "."+parts[1]+"."+parts[2])
	bad("digits-odd", "One digit is missing.", digits[:len(digits)-1])
	bad("digits-pair-over-77", "The first pair is 78.", "78"+digits[2:])
	bad("digits-no-symbol", "The first pair is 02, the slash, which no token has.", "02"+digits[2:])
	bad("digits-other-script", "The first digit is of another script.", "٥"+digits[1:])
}

// nextSymbol is the symbol of base64url with the next value.
func nextSymbol(c byte) string {
	const symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(symbols, c) + 1
	return symbols[i : i+1]
}

// headers are rightly signed, under headers that are not exactly ours.
func (m *maker) headers() {
	more := func(member string) string { return m.replace(m.header, `,"typ"`, ","+member+`,"typ"`) }
	for name, tc := range map[string]struct{ description, header string }{
		"header-crit":           {"crit asks for an extension.", more(`"crit":["exp"]`)},
		"header-b64":            {"b64 false: the payload would be read otherwise (RFC 7797).", more(`"b64":false`)},
		"header-zip":            {"zip asks for decompression.", more(`"zip":"DEF"`)},
		"header-jku":            {"jku names a place for keys.", more(`"jku":"https://evil.example/keys"`)},
		"header-jwk":            {"jwk brings a key along.", more(`"jwk":{"kty":"OKP"}`)},
		"header-x5c":            {"x5c brings certificates along.", more(`"x5c":["AAAA"]`)},
		"header-twice":          {"alg stands there twice.", m.replace(m.header, `{`, `{"alg":"EdDSA",`)},
		"header-capitals":       {"A member's name in capitals.", m.replace(m.header, `"alg"`, `"ALG"`)},
		"header-order":          {"The members stand in another order.", `{"kid":"` + m.key.ID + `","alg":"EdDSA","typ":"card+jwt"}`},
		"header-space":          {"A space between the members.", m.replace(m.header, `,"kid"`, `, "kid"`)},
		"header-no-kid":         {"kid is missing.", `{"alg":"EdDSA","typ":"card+jwt"}`},
		"header-not-utf8":       {"A byte that is not UTF-8.", m.replace(m.header, m.key.ID, m.key.ID[:10]+"\xff")},
		"header-no-json":        {"The header is not JSON.", "header"},
		"header-array":          {"The header is an array.", `["EdDSA"]`},
		"header-something-else": {"Something stands behind the header's object.", m.header + "{}"},
	} {
		m.bad(name, tc.description, m.forge(tc.header, m.claim), verify.Malformed)
	}
	for name, tc := range map[string]struct{ description, header string }{
		"typ-jwt":         {"A JWT of another kind.", m.replace(m.header, "card+jwt", "JWT")},
		"typ-status-list": {"A status list.", m.replace(m.header, "card+jwt", "statuslist+jwt")},
		"typ-capitals":    {"typ in capitals.", m.replace(m.header, "card+jwt", "CARD+JWT")},
		"typ-missing":     {"A JWT without a typ.", `{"alg":"EdDSA"}`},
	} {
		m.bad(name, tc.description, m.forge(tc.header, m.claim), verify.WrongType)
	}
}

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
		"claim-name-not-nfc":     {"A name that is not in NFC.", "Wróbel", "Wro\u0301bel"},
		"claim-name-direction":   {"A name with a character that turns the direction of text.", "Wróbel", "Wróbel\u202e"},
		"claim-name-too-long":    {"A name of 61 characters.", "Łukasz Wróbel", strings.Repeat("ł", 61)},
		"claim-name-empty":       {"An empty name.", "Łukasz Wróbel", ""},
		"claim-name-not-utf8":    {"A name with a byte that is not UTF-8.", "Wróbel", "Wr\xffbel"},
		"claim-issuer-slash":     {"An issuer with a slash behind it.", `"iss":"` + vectorIssuer + `"`, `"iss":"` + vectorIssuer + `/"`},
		"claim-issuer-http":      {"An issuer without TLS.", `"iss":"https:`, `"iss":"http:`},
		"claim-status-other":     {"A status list of somebody else.", vectorIssuer + "/s/1", "https://evil.example/s/1"},
		"claim-status-index":     {"An index behind the end of a status list.", `"idx":5`, `"idx":131072`},
		"claim-status-null":      {"status is null.", `{"status_list":{"idx":5,"uri":"` + vectorIssuer + `/s/1"}}`, "null"},
		"claim-status-too-deep":  {"Objects nested too deep.", `"idx":5`, `"idx":{"a":{"b":1}}`},
		"claim-something-behind": {"Something stands behind the object.", `/s/1"}}}`, `/s/1"}}}{}`},
	} {
		m.bad(name, tc.description, m.forge(m.header, m.replace(m.claim, tc.old, tc.new)), verify.InvalidClaims)
	}
	m.bad("claim-issuer-other", "A card by all the rules, but of an issuer that the key does not belong to.",
		m.forge(m.header, strings.ReplaceAll(m.claim, vectorIssuer, "https://other.example")), verify.InvalidClaims)
}

// slip is the card number with its last symbol wrong.
func (m *maker) slip() string {
	n := m.card.Number.Compact()
	last := "0"
	if n[len(n)-1] == '0' {
		last = "1"
	}
	return n[:len(n)-1] + last
}

func (m *maker) numbers() {
	n := m.card.Number
	ask := func(typed string) vector {
		v := m.about(m.good, m.card)
		v.Token, v.Number = "", typed
		return v
	}
	m.add("number-valid", "A card in force, by its number.", ask(n.String()), verify.Valid)
	m.add("number-as-typed", "In lower case, with o, i and spaces: these stand for 0, 1 and nothing.",
		ask(strings.NewReplacer("-", "  ", "0", "o", "1", "i").Replace(strings.ToLower(n.String()))), verify.Valid)
	v := ask(n.String())
	state(card.Revoked)(&v)
	m.add("number-revoked", "A revoked card, by its number.", v, verify.Revoked)
	v = ask(n.String())
	v.Clock = expiresAt
	m.add("number-expired", "An expired card, by its number.", v, verify.Expired)
	v = ask(n.String())
	k := m.key
	revokedSince(issuedAt.Add(-time.Hour))(&k)
	v.Keys = m.keySet(k)
	m.add("number-key-revoked", "A card whose key was lost before the register held it, by its number.", v, verify.KeyRevoked)
	v = ask(n.String())
	v.Keys = m.keySet(m.strange())
	m.add("number-unknown-key", "A card of a key that the key set does not have, by its number.", v, verify.UnknownIssuer)
	m.add("number-not-found", "A right number that no card has.", ask(m.number("second").String()), verify.NotFound)
	v = ask(n.String())
	v.Register.Down = true
	m.add("number-register-down", "A number, and the register can't be asked.", v, verify.Unavailable)
	m.add("number-wrong-symbol", "The last symbol is wrong.", ask(m.slip()), verify.Malformed)
	m.add("number-swapped", "Two neighbours are swapped.", ask(n.Compact()[1:2]+n.Compact()[:1]+n.Compact()[2:]), verify.Malformed)
	m.add("number-short", "A symbol is missing.", ask(n.Compact()[:11]), verify.Malformed)
	m.add("number-with-u", "U is no symbol of a number.", ask("U"+n.Compact()[1:]), verify.Malformed)
}

// needs ask whether a card meets a requirement. What the register froze with the card is the answer's one source.
func (m *maker) needs() {
	lay := m.card
	lay.Course = "CPR-AED"
	bls := []string{"BLS", "CPR"}
	for name, tc := range map[string]struct {
		description string
		card        card.Card
		meets       []string
		need        string
		tweak       func(*vector)
		code        verify.Code
		want        needAnswer
	}{
		"need-met":          {"The card answers the requirement.", m.card, bls, "BLS", nil, verify.Valid, needAnswer{"BLS", true}},
		"need-met-lower":    {"It answers that of a lower course, too.", m.card, bls, "CPR", nil, verify.Valid, needAnswer{"CPR", true}},
		"need-met-as-typed": {"In lower case, with spaces around it.", m.card, bls, " cpr\t", nil, verify.Valid, needAnswer{"CPR", true}},
		"need-not-met":      {"The card is valid, and does not answer the requirement.", m.card, bls, "PALS", nil, verify.Valid, needAnswer{"PALS", false}},
		"need-not-met-lay":  {"A lay rescuer's card is CPR, and no BLS.", lay, []string{"CPR-AED", "CPR"}, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-part-of-code": {"A part of a code is no code.", lay, []string{"CPR-AED"}, "CPR", nil, verify.Valid, needAnswer{"CPR", false}},
		"need-not-frozen":   {"What counts is the register's list; the course's code is no answer by itself.", m.card, []string{"CPR"}, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-no-list":      {"The register has no list for the card: that is no yes.", m.card, nil, "BLS", nil, verify.Valid, needAnswer{"BLS", false}},
		"need-revoked":      {"A revoked card meets nothing.", m.card, bls, "BLS", state(card.Revoked), verify.Revoked, needAnswer{"BLS", false}},
		"need-suspended":    {"A suspended card meets nothing.", m.card, bls, "BLS", state(card.Suspended), verify.Suspended, needAnswer{"BLS", false}},
		"need-expired":      {"An expired card meets nothing.", m.card, bls, "BLS", func(v *vector) { v.Clock = expiresAt }, verify.Expired, needAnswer{"BLS", false}},
		"need-unregistered": {"What nobody vouches for meets nothing.", m.card, bls, "BLS", func(v *vector) { v.Register.Cards = []entry{} }, verify.Unregistered, needAnswer{"BLS", false}},
		"need-register-down": {"The register can't be asked, so what the card meets can't be learned.", m.card, bls, "BLS",
			func(v *vector) { v.Register.Down = true }, verify.StatusUnknown, needAnswer{"BLS", false}},
		"need-number": {"By the number: the register answers.", m.card, bls, "CPR",
			func(v *vector) { v.Token, v.Number = "", m.card.Number.String() }, verify.Valid, needAnswer{"CPR", true}},
	} {
		v := m.about(m.sign(tc.card), tc.card)
		v.Need, v.Register.Cards[0].Meets = tc.need, tc.meets
		if tc.tweak != nil {
			tc.tweak(&v)
		}
		m.add(name, tc.description, v, tc.code)
		v = m.made[name]
		v.Expected.Meets = &tc.want
		m.made[name] = v
	}
}
