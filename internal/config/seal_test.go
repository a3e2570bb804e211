package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSeal(t *testing.T) {
	path := write(t, least+"seal: {certificate: own.crt, key: /etc/own.key, roots: root.crt, timestamp_url: 'http://tsa.example.org', timestamp_timeout: 3s}\n")
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	want := Seal{Certificate: dir + "/own.crt", Key: "/etc/own.key", Roots: dir + "/root.crt", TimestampURL: "http://tsa.example.org", TimestampTimeout: 3 * time.Second}
	if c.Seal != want {
		t.Errorf("got %+v, want %+v", c.Seal, want)
	}
	if c, err = Load(write(t, least), nil); err != nil || c.Seal != (Seal{TimestampTimeout: 10 * time.Second}) {
		t.Errorf("without the section: got %+v, %v", c.Seal, err)
	}
}

func TestSealRefuses(t *testing.T) {
	for section, key := range map[string]string{
		"key: own.key":                                "seal.certificate",
		"certificate: own.crt, key: own.key":          "seal.roots",
		"certificate: own.crt, roots: root.crt":       "seal.key",
		"certificate: a.p12, key: a, roots: r":        "seal.key",
		"timestamp_url: tsa.example.org":              "seal.timestamp_url",
		"timestamp_url: 'ftp://tsa.example.org'":      "seal.timestamp_url",
		"timestamp_url: 'https://a:b@tsa.example.o'":  "seal.timestamp_url",
		"timestamp_roots: tsa.crt":                    "seal.timestamp_url",
		"timestamp_timeout: 1ms":                      "seal.timestamp_timeout",
		"location: '" + strings.Repeat("x", 81) + "'": "seal.location",
	} {
		_, err := Load(write(t, least+"seal: {"+section+"}\n"), nil)
		var bad *Error
		if !errors.As(err, &bad) || bad.Key != key || bad.Hint == "" {
			t.Errorf("%s: got %v, want one about %s with a hint", section, err, key)
		}
	}
}
