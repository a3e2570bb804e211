package config

import (
	"errors"
	"strings"
	"testing"
)

func TestRegister(t *testing.T) {
	const good = "postgres://cardproof@db.example.org/cardproof?sslmode=verify-full"
	for text, key := range map[string]string{
		"":                  "",
		"register: " + good: "",
		"register: postgresql:///cardproof?host=/run/postgresql":                      "",
		"register: " + good + "\nregister_read: postgres://reader@copy.example.org/c": "",
		"register: data/register.db":                                                  "register",
		"register: mysql://db.example.org/c":                                          "register",
		"register: postgres://u:s3cret@db.example.org/c":                              "register",
		"register: postgres://db.example.org/c?password=s3cret":                       "register",
		"register: \"postgres://[::1/s3cret\"":                                        "register",
		"register_read: " + good:                                                      "register_read",
		"register: " + good + "\nregister_read: postgres://u:s3cret@db.example.org/c": "register_read",
	} {
		_, err := Load(write(t, least+text+"\n"), nil)
		var bad *Error
		switch {
		case key == "" && err != nil:
			t.Errorf("%s: got %v", text, err)
		case key != "" && (!errors.As(err, &bad) || bad.Key != key || bad.Hint == ""):
			t.Errorf("%s: got %v, want an error of %q", text, err, key)
		case err != nil && strings.Contains(err.Error()+bad.Hint, "s3cret"):
			t.Errorf("%s: the error tells the password: %v", text, err)
		}
	}
}

// A URL in the environment is checked as one in the file.
func TestRegisterOfTheEnvironment(t *testing.T) {
	path := write(t, least)
	c, err := Load(path, []string{"CARDPROOF_REGISTER=postgres://u@db.example.org/c", "CARDPROOF_REGISTER_READ=postgres://r@db.example.org/c"})
	if err != nil || c.Register != "postgres://u@db.example.org/c" || c.ReadFrom != "postgres://r@db.example.org/c" {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := Load(path, []string{"CARDPROOF_REGISTER=postgres://u:s3cret@db.example.org/c"}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a password: got %v, want an error that does not tell it", err)
	}
}
