package hsm

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for text, want := range map[string]URI{
		"pkcs11:token=Centre": {Token: "Centre"},
		"pkcs11:token=My%20Centre;object=cards;id=%01%00%FF;type=private?module-path=/usr/lib/x.so&pin-source=file:/etc/pin": {
			Token: "My Centre", Object: "cards", ID: []byte{1, 0, 255}, Module: "/usr/lib/x.so", PINSource: "/etc/pin"},
		"pkcs11:serial=12;manufacturer=SoftHSM%20project;model=v2?pin-source=file:///etc/pin": {Serial: "12", Manufacturer: "SoftHSM project", Model: "v2", PINSource: "/etc/pin"},
		" pkcs11:token=a+b?pin-source=/etc/pin\n":                                             {Token: "a+b", PINSource: "/etc/pin"},
	} {
		got, err := ParseURI(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
		again, err := ParseURI(got.String())
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q: written as %q, which reads as %+v, %v", text, got.String(), again, err)
		}
	}
}

func TestParseURIRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "does not begin with",
		"token=Centre":                     "does not begin with",
		"pkcs11:":                          "names no token",
		"pkcs11:object=cards":              "names no token",
		"pkcs11:token=a;token=b":           "twice",
		"pkcs11:token":                     "no name=value",
		"pkcs11:token=%zz":                 "no name=value",
		"pkcs11:token=a%00b":               "no name=value",
		"pkcs11:token=a;slot-id=3":         "not known here",
		"pkcs11:token=a;type=public":       "type is not private",
		"pkcs11:token=a?module-path=x.so":  "no absolute path",
		"pkcs11:token=a?pin-source=pin":    "no absolute path",
		"pkcs11:token=a?pin-source=|cat x": "no absolute path",
		"pkcs11:token=a?pin-value=4711":    "holds a PIN",
	} {
		_, err := ParseURI(text)
		if !errors.Is(err, ErrURI) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want ErrURI with %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "4711") {
			t.Errorf("the error tells the PIN: %v", err)
		}
	}
}

// What is read is written so that it reads the same.
func FuzzURI(f *testing.F) {
	f.Add("pkcs11:token=Centre;id=%00%01;object=a%3Bb?module-path=/x%26y.so&pin-source=file:/pin")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURI(text)
		if err != nil {
			if !errors.Is(err, ErrURI) {
				t.Errorf("%q: got %v, want ErrURI", text, err)
			}
			return
		}
		again, err := ParseURI(u.String())
		if err != nil || again.String() != u.String() || string(again.ID) != string(u.ID) {
			t.Errorf("%q: written as %q, which reads as %q, %v", text, u, again, err)
		}
	})
}
