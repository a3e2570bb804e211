package token

import (
	"errors"
	"strings"
	"testing"
)

// A token of another kind opens as what it is, and as nothing else.
func TestPayload(t *testing.T) {
	const typ = "statuslist+jwt"
	raw, err := SignPayload(typ, []byte(`{"a":"<&>"}`), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	payload, keyID, err := OpenPayload(raw, typ, 1000, findTestKey)
	if err != nil || string(payload) != `{"a":"<&>"}` || keyID != testKeyID {
		t.Errorf("got %q of %q, %v", payload, keyID, err)
	}
	if want := forge(strings.Replace(goodHeader, Type, typ, 1), `{"a":"<&>"}`); raw != want {
		t.Errorf("got %s, want %s", raw, want)
	}
	card, err := Sign(testCard(), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		raw, typ string
		max      int
		class    Class
	}{
		"a card as a list":     {card, typ, 1000, WrongType},
		"another kind":         {raw, "other+jwt", 1000, WrongType},
		"too long by one":      {raw, typ, len(raw) - 1, Malformed},
		"something behind":     {raw + ".", typ, 1000, Malformed},
		"another's signature":  {raw[:strings.LastIndexByte(raw, '.')] + card[strings.LastIndexByte(card, '.'):], typ, 1000, BadSignature},
		"a key that is nobody": {forge(`{"alg":"EdDSA","kid":"BBBBBBBBBBB","typ":"statuslist+jwt"}`, "{}"), typ, 1000, UnknownKey},
	} {
		payload, keyID, err := OpenPayload(tc.raw, tc.typ, tc.max, findTestKey)
		var refused *Error
		if !errors.As(err, &refused) || refused.Class != tc.class || payload != nil || keyID != "" {
			t.Errorf("%s: got %q of %q, %v, want %s", name, payload, keyID, err, tc.class)
		}
	}
	var refused *Error
	if _, err := Open(raw, findTestKey); !errors.As(err, &refused) || refused.Class != WrongType {
		t.Errorf("a list as a card: got %v, want %s", err, WrongType)
	}
	if raw, err := SignPayload(Type, []byte("{}"), testSigner()); err == nil || raw != "" {
		t.Error("a payload was signed as a card, past the card's own rules")
	}
}
