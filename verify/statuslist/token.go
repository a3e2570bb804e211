package statuslist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
)

// Type is the header's typ, and MediaType what a server says of a list (section 5.1).
const (
	Type      = string(keys.StatusLists)
	MediaType = "application/statuslist+jwt"
)

// Bits is how many bits a status has in the lists of Cardproof, and Size how many places there are.
const (
	Bits = 2
	Size = card.MaxStatusIndex + 1
)

// maxToken is the greatest length of a token in characters: base64url twice around MaxPacked, and some room for the claims.
const maxToken = MaxPacked/3*4/3*4 + 4096

// clockSkew is how far a list's iat may lie ahead of our clock; its exp has no leeway.
const clockSkew = time.Minute

// URI is the address of a list of an issuer, as cards name it.
func URI(issuer string, list int64) string { return issuer + "/s/" + strconv.FormatInt(list, 10) }

var listNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// Number is the list of an address that ends as URI writes it.
func Number(text string) (int64, bool) {
	if !listNumber.MatchString(text) {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// Claims is what a token of a list says. Times are in UTC and whole seconds.
type Claims struct {
	URI       string        // sub: where the list is published, which is what a card has in status.status_list.uri
	IssuedAt  time.Time     // iat: as of when the states are
	ExpiresAt time.Time     // exp: from then on the list says nothing
	TTL       time.Duration // ttl: after how long a newer list ought to be fetched
	Bits      int
	Packed    string // lst, as Encode writes it
}

// payload stands in the order in which we write its members.
type payload struct {
	Sub  string `json:"sub"`
	Iat  int64  `json:"iat"`
	Exp  int64  `json:"exp"`
	TTL  int64  `json:"ttl"`
	List struct {
		Bits int    `json:"bits"`
		Lst  string `json:"lst"`
	} `json:"status_list"`
}

func (c Claims) encode() ([]byte, error) {
	p := payload{Sub: c.URI, Iat: c.IssuedAt.Unix(), Exp: c.ExpiresAt.Unix(), TTL: int64(c.TTL / time.Second)}
	p.List.Bits, p.List.Lst = c.Bits, c.Packed
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (c Claims) validate() error {
	switch {
	case c.IssuedAt.Unix() < 0 || c.ExpiresAt.Unix() > card.MaxNumericDate || !c.ExpiresAt.After(c.IssuedAt):
		return fmt.Errorf("%w: its times can't be", ErrClaims)
	case c.TTL < time.Second || c.TTL > 366*24*time.Hour:
		return fmt.Errorf("%w: its ttl can't be", ErrClaims)
	case c.URI == "":
		return fmt.Errorf("%w: it has no address", ErrClaims)
	}
	return nil
}

// Errors of a token of a list. A token whose envelope is refused is a *token.Error instead.
var (
	ErrClaims  = errors.New("the claims make no status list")
	ErrURI     = errors.New("the status list is of another address")
	ErrExpired = errors.New("the status list has expired")
	ErrFuture  = errors.New("the status list is from the future")
	ErrOlder   = errors.New("the status list is older than the one in hand")
)

// Sign writes a list as a token. The packed list is taken as Encode wrote it.
func Sign(c Claims, key token.SigningKey) (string, error) {
	if err := c.validate(); err != nil {
		return "", err
	}
	data, err := c.encode()
	if err != nil {
		return "", err
	}
	return token.SignPayload(Type, data, key)
}

// Expected is what a list is held against.
type Expected struct {
	URI    string // the address that it was asked for
	Issuer string // whose key has to have signed it
	Keys   KeyFinder
	Now    time.Time
	After  time.Time // iat of the list in hand; zero for none
}

// KeyFinder looks a public key up; *keys.Set is one.
type KeyFinder interface {
	Find(keyID string) (keys.Key, bool)
}

// Opened is a list whose signature, address and times are right.
type Opened struct {
	Claims
	List
	KeyID string
}

// Open reads the token of a list and refuses whatever is wrong with it, in this order: length, alphabet, three parts of canonical
// base64url, header (strict JSON, exact members), typ, a key that is known, not revoked, of the issuer and for status lists,
// algorithm that of the key, signature, claims (strict JSON, exact members, canonical bytes), sub, times (exp without leeway),
// not older than the one in hand, and the packed list. The error is a *token.Error, one of this package's, or of Decode's.
func Open(raw string, want Expected) (Opened, error) {
	data, keyID, err := token.OpenPayload(raw, Type, maxToken, func(id string) (token.PublicKey, bool) {
		k, ok := want.Keys.Find(id)
		ok = ok && k.Purpose == keys.StatusLists && k.Issuer == want.Issuer && k.State != keys.Revoked
		return token.PublicKey{Alg: k.Alg, Key: k.Public}, ok
	})
	if err != nil {
		return Opened{}, err
	}
	c, err := claimsOf(data)
	if err != nil {
		return Opened{}, err
	}
	k, _ := want.Keys.Find(keyID)
	switch {
	case c.URI != want.URI || !strings.HasPrefix(c.URI, want.Issuer+"/"):
		return Opened{}, ErrURI
	case !k.InUse(c.IssuedAt):
		return Opened{}, fmt.Errorf("%w: its key was not in use then", ErrClaims)
	case !want.Now.Before(c.ExpiresAt):
		return Opened{}, ErrExpired
	case c.IssuedAt.After(want.Now.Add(clockSkew)):
		return Opened{}, ErrFuture
	case c.IssuedAt.Before(want.After):
		return Opened{}, ErrOlder
	}
	l, err := Decode(c.Bits, c.Packed)
	if err != nil {
		return Opened{}, err
	}
	return Opened{c, l, keyID}, nil
}

// claimsOf reads a payload, and refuses every spelling but ours: what it read is written again and has to be the same.
func claimsOf(data []byte) (Claims, error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return Claims{}, fmt.Errorf("%w: it is no such JSON", ErrClaims)
	}
	if p.TTL < 0 || p.TTL > 1<<32 { // a Duration has no room for every integer
		return Claims{}, fmt.Errorf("%w: its ttl can't be", ErrClaims)
	}
	c := Claims{
		URI: p.Sub, IssuedAt: time.Unix(p.Iat, 0).UTC(), ExpiresAt: time.Unix(p.Exp, 0).UTC(), TTL: time.Duration(p.TTL) * time.Second,
		Bits: p.List.Bits, Packed: p.List.Lst,
	}
	if err := c.validate(); err != nil {
		return Claims{}, err
	}
	again, err := c.encode()
	if err != nil || !bytes.Equal(again, data) {
		return Claims{}, fmt.Errorf("%w: it is not spelt as we spell it", ErrClaims)
	}
	return c, nil
}
