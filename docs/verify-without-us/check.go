//go:build ignore

// Check checks cards with nothing of their issuer but its public keys and its status lists, and nothing but Go's standard library.
//
//	go run check.go --issuer https://cards.example.org [--keys FILE|URL] [--lists FOLDER|URL] [--at TIME] CARD...
//
// CARD is what the QR holds: the address, its digits, or the token; - reads one from each line of the standard input, such as a
// scanner's. One line is printed for each card. The exit code is 0 where all are valid, 1 where one is not, 2 where nothing could be
// checked.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const skew = 60 // seconds that a beginning may lie ahead of our clock; an end has no leeway

// What a card is refused for: its text is the code of the verdict, and nothing of such a card is printed.
var (
	errMalformed    = errors.New("malformed")
	errWrongType    = errors.New("wrong_type")
	errUnknownKey   = errors.New("unknown_issuer")
	errBadSignature = errors.New("bad_signature")
	errBadClaims    = errors.New("invalid_claims")
)

// key is a public key of the issuer's JWK Set. Iss and State are in the set that an issuer exports, not in the one that it publishes.
type key struct{ Kty, Crv, X, Y, Kid, Alg, Signs, Iss, State string }

type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// claims stand in the order in which the issuer writes them.
type claims struct {
	Iss    string `json:"iss"`
	Jti    string `json:"jti"`
	Iat    int64  `json:"iat"`
	Exp    int64  `json:"exp"`
	Name   string `json:"name"`
	Crs    string `json:"crs"`
	Status *struct {
		List struct {
			Idx int64  `json:"idx"`
			URI string `json:"uri"`
		} `json:"status_list"`
	} `json:"status,omitempty"`
	Nbf *int64 `json:"nbf,omitempty"`
}

type listClaims struct {
	Sub  string `json:"sub"`
	Iat  int64  `json:"iat"`
	Exp  int64  `json:"exp"`
	TTL  int64  `json:"ttl"`
	List struct {
		Bits int    `json:"bits"`
		Lst  string `json:"lst"`
	} `json:"status_list"`
}

// readExactly reads JSON that is spelt as the issuer spells it: what does not encode to the bytes it was read from is refused. That
// leaves no room for members of other names or types, or for one that stands twice.
func readExactly(data []byte, v any) bool {
	if !utf8.Valid(data) || json.Unmarshal(data, v) != nil {
		return false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	return e.Encode(v) == nil && b.String() == string(data)+"\n"
}

var (
	base64url  = base64.RawURLEncoding.Strict() // refuses padding, and bits behind the last byte
	threeText  = regexp.MustCompile(`^[\w-]+\.[\w-]+\.[\w-]*$`)
	courseCode = regexp.MustCompile(`^[A-Z0-9-]{1,16}$`)
	listNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)
)

// openToken is the payload of a token whose envelope and signature are right, and the key that signed it.
func openToken(raw, typ string, keys []key, longest int) (payload []byte, signer key, err error) {
	if len(raw) > longest || !threeText.MatchString(raw) {
		return nil, key{}, errMalformed
	}
	var parts [3][]byte
	for i, text := range strings.Split(raw, ".") {
		if parts[i], err = base64url.DecodeString(text); err != nil {
			return nil, key{}, errMalformed
		}
	}
	h, err := openHeader(parts[0], typ)
	if err != nil {
		return nil, key{}, err
	}
	// The key is found by its ID and by what it signs, and the algorithm is the key's: the header only may agree.
	i := slices.IndexFunc(keys, func(k key) bool { return k.Kid == h.Kid && k.Signs == typ && k.State != "revoked" })
	if i < 0 {
		return nil, key{}, errUnknownKey
	}
	if h.Alg != keys[i].Alg || !keys[i].verifies(raw[:strings.LastIndexByte(raw, '.')], parts[2]) {
		return nil, key{}, errBadSignature
	}
	return parts[1], keys[i], nil
}

// openHeader reads a header that has these three members and no other. A stranger's token is told apart from a broken one.
func openHeader(data []byte, typ string) (h header, err error) {
	var members map[string]any
	if json.Unmarshal(data, &members) != nil || members == nil {
		return h, errMalformed
	}
	got := members["typ"]
	maps.DeleteFunc(members, func(name string, _ any) bool { return name == "alg" || name == "kid" || name == "typ" })
	if got != typ && len(members) == 0 {
		return h, errWrongType
	}
	if !readExactly(data, &h) {
		return h, errMalformed
	}
	return h, nil
}

func (k key) verifies(message string, signature []byte) bool {
	x, errX := base64url.DecodeString(k.X)
	y, errY := base64url.DecodeString(k.Y)
	if errX != nil || errY != nil || len(x) != 32 || len(signature) != 64 {
		return false
	}
	switch {
	case (k.Alg == "EdDSA" || k.Alg == "Ed25519") && k.Kty == "OKP" && k.Crv == "Ed25519":
		return ed25519.Verify(x, []byte(message), signature)
	case k.Alg == "ES256" && k.Kty == "EC" && k.Crv == "P-256":
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return false
		}
		sum := sha256.Sum256([]byte(message))
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		half := new(big.Int).Rsh(elliptic.P256().Params().N, 1) // above it is the second spelling that every ECDSA signature has
		return s.Cmp(half) <= 0 && ecdsa.Verify(public, sum[:], r, s)
	}
	return false
}

func isTime(n int64) bool { return 0 <= n && n <= 1<<53 }

// isNumber says whether s is a card number: 12 symbols of Crockford's base32, the last of which checks the others.
func isNumber(s string) bool {
	check := 0
	for _, c := range s {
		value := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c)
		if value < 0 {
			return false
		}
		if check = (check ^ value) << 1; check&32 != 0 {
			check ^= 0b100101
		}
	}
	return len(s) == 12 && check == 0
}

// isName says whether s can be a holder's name: one line without characters that can't be seen or that turn the direction of text.
// That it is in Unicode's NFC is left to its issuer: the standard library knows no normalisation.
func isName(s string) bool {
	return strings.TrimSpace(s) == s && s != "" && utf8.RuneCountInString(s) <= 60 && strings.IndexFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Co, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == '\ufeff' || r == '\ufffd'
	}) < 0
}

// openCard reads the claims of a card, by the rules of docs/card-format.md, section 1.
func openCard(text, issuer string, keys []key) (c claims, err error) {
	payload, k, err := openToken(tokenOf(text), "card+jwt", keys, 2048)
	if err != nil {
		return c, err
	}
	fine := readExactly(payload, &c) && c.Iss == issuer && (k.Iss == "" || k.Iss == issuer) && isNumber(c.Jti) && isName(c.Name) &&
		courseCode.MatchString(c.Crs) && isTime(c.Iat) && isTime(c.Exp) && c.Exp > c.Iat && (c.Nbf == nil || isTime(*c.Nbf))
	if fine && c.Status != nil {
		number, under := strings.CutPrefix(c.Status.List.URI, issuer+"/s/")
		fine = under && listNumber.MatchString(number) && 0 <= c.Status.List.Idx && c.Status.List.Idx < 1<<17
	}
	if !fine {
		return claims{}, errBadClaims
	}
	return c, nil
}

func isURL(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }

// fetch reads a file, or what an address answers.
func fetch(where string, atMost int64) (string, error) {
	if !isURL(where) {
		data, err := os.ReadFile(where)
		return strings.TrimSpace(string(data)), err
	}
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(where)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, atMost+1))
	if err == nil && (answer.StatusCode != http.StatusOK || int64(len(data)) > atMost) {
		err = fmt.Errorf("%s answered %s with %d bytes", where, answer.Status, len(data))
	}
	return strings.TrimSpace(string(data)), err
}

// statusOf is the state of a card, and as of when. Whatever is wrong with the list, the state is not known.
func statusOf(idx int64, uri, lists string, keys []key, now int64) (state, why string) {
	number := uri[strings.LastIndexByte(uri, '/')+1:]
	where := lists + "/" + number
	if !isURL(lists) {
		where += ".jwt"
	}
	raw, err := fetch(where, 6<<20)
	if err != nil {
		return "status_unknown", err.Error()
	}
	payload, k, err := openToken(raw, "statuslist+jwt", keys, 6<<20)
	var l listClaims
	if err != nil || !readExactly(payload, &l) || l.Sub != uri || (k.Iss != "" && uri != k.Iss+"/s/"+number) || !isTime(l.Iat) || !isTime(l.Exp) {
		return "status_unknown", "this is no status list of the issuer, or one of another address"
	}
	if now >= l.Exp || l.Iat > now+skew {
		return "status_unknown", fmt.Sprintf("the list counted from %s to %s", stamp(l.Iat), stamp(l.Exp))
	}
	value, err := l.at(idx)
	if err != nil {
		return "status_unknown", err.Error()
	}
	states := []string{"valid", "revoked", "suspended", "superseded"}
	if int(value) >= len(states) {
		return "status_unknown", "the list has a state that is not known here"
	}
	return states[value], fmt.Sprintf("status of %s, %d seconds old", stamp(l.Iat), max(0, now-l.Iat))
}

func (l listClaims) at(idx int64) (byte, error) {
	bits := int64(l.List.Bits)
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 {
		return 0, errors.New("the list has no such states")
	}
	packed, wrong := base64url.DecodeString(l.List.Lst)
	rest := bytes.NewReader(packed)
	z, err := zlib.NewReader(rest)
	if err = errors.Join(wrong, err); err != nil {
		return 0, err
	}
	states, err := io.ReadAll(io.LimitReader(z, 1<<20+1))
	each := 8 / bits
	if err != nil || len(states) > 1<<20 || rest.Len() > 0 || idx/each >= int64(len(states)) {
		return 0, errors.New("the list is damaged, too large, or has no such place")
	}
	return states[idx/each] >> (idx % each * bits) & byte(1<<bits-1), nil
}

func stamp(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// tokenOf is the token of what a QR holds, empty for digits that are none.
func tokenOf(text string) string {
	if i := strings.LastIndex(text, "/c/"); i >= 0 {
		text, _, _ = strings.Cut(text[i+len("/c/"):], "?") // an address that was copied from a page may ask something more
	}
	if strings.Trim(text, "0123456789") != "" {
		return text
	}
	if len(text)%2 != 0 || len(text) > 4096 {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(text); i += 2 {
		pair := 10*(text[i]-'0') + text[i+1] - '0'
		if pair > 77 {
			return ""
		}
		b.WriteByte(pair + '-')
	}
	return b.String()
}

// check is the code of the verdict, and what to say of it.
func check(text, issuer string, keys []key, lists string, now int64) (code, says string) {
	c, err := openCard(text, issuer, keys)
	if err != nil {
		return err.Error(), ""
	}
	code, why := "status_unknown", "the card has no place in a list: ask its issuer"
	if c.Status != nil {
		code, why = statusOf(c.Status.List.Idx, c.Status.List.URI, lists, keys, now)
	}
	begins := max(c.Iat, *cmp.Or(c.Nbf, &c.Iat))
	if code == "valid" || code == "status_unknown" { // the other states are stronger than the times
		if now >= c.Exp {
			code = "expired"
		} else if now+skew < begins {
			code = "not_yet_valid"
		}
	}
	return code, fmt.Sprintf("%s, %s, %s, until %s; %s", c.Jti, c.Name, c.Crs, stamp(c.Exp), why)
}

// keySet reads the issuer's keys.
func keySet(where string) ([]key, error) {
	var set struct{ Keys []key }
	text, err := fetch(where, 1<<20)
	if err == nil {
		err = json.Unmarshal([]byte(text), &set)
	}
	if err == nil && !slices.ContainsFunc(set.Keys, func(k key) bool { return k.Signs != "" }) {
		err = errors.New(`no key in the set has "signs". The server is too old for this: ask its page /c/, and its operator for an update`)
	}
	return set.Keys, err
}

// checkAll prints a line for each card, and says whether all are valid.
func checkAll(args []string, judge func(card string) (code, says string)) (count int, good bool, err error) {
	good = true
	one := func(card string) {
		code, says := judge(card)
		count, good = count+1, good && code == "valid"
		fmt.Println(strings.TrimSuffix(code+": "+says, ": "))
	}
	for _, arg := range args {
		if arg != "-" {
			one(arg)
			continue
		}
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			one(lines.Text())
		}
		err = errors.Join(err, lines.Err())
	}
	return count, good, err
}

func stop(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what, err)
		os.Exit(2)
	}
}

func main() {
	issuer := flag.String("issuer", "", "the `origin` whose cards you believe")
	keyFile := flag.String("keys", "", "its JWK Set, a file or URL (default: ISSUER/.well-known/jwks.json)")
	lists := flag.String("lists", "", "its status lists, a folder or URL (default: ISSUER/s)")
	clock := time.Now
	flag.Func("at", "judge as of this `time`, such as 2026-11-21T08:00:00Z", func(s string) error {
		fixed, err := time.Parse(time.RFC3339, s)
		clock = func() time.Time { return fixed }
		return err
	})
	flag.Parse()
	if *issuer == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	origin := strings.TrimRight(*issuer, "/")
	keys, err := keySet(cmp.Or(*keyFile, origin+"/.well-known/jwks.json"))
	stop("nothing was checked: the keys can't be had:", err)
	from := strings.TrimRight(cmp.Or(*lists, origin+"/s"), "/")
	count, good, err := checkAll(flag.Args(), func(card string) (code, says string) {
		return check(card, origin, keys, from, clock().Unix())
	})
	if err == nil && count == 0 {
		err = errors.New("there is no card on the standard input")
	}
	stop("not all was checked:", err)
	if !good {
		os.Exit(1)
	}
}
