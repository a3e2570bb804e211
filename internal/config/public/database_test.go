package public

import (
	"errors"
	"strings"
	"testing"
)

func TestRegisterInADatabase(t *testing.T) {
	const issuer = "issuer: {name: A, url: \"http://localhost\"}\n"
	const url = "postgres://reader@db.example.org/cardproof?sslmode=verify-full"
	c, err := Load(write(t, issuer+"register: "+url+"\n"), nil)
	if err != nil || c.Register != url {
		t.Errorf("got %v, %v, want the URL as it stands", c, err)
	}
	_, err = Load(write(t, issuer+"register: postgres://reader:s3cret@db.example.org/cardproof\n"), nil)
	var bad *Error
	if !errors.As(err, &bad) || bad.Key != "register" || bad.Hint == "" || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a password: got %v, want an error of register that does not tell it", err)
	}
}
