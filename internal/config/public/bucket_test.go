package public

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseBucket(t *testing.T) {
	for place, want := range map[string][2]string{
		"s3://our-cards": {"our-cards", ""}, "s3://our-cards/": {"our-cards", ""}, "s3://our.cards/centre": {"our.cards", "centre"},
		"s3://our-cards/a/b_c/2026.1/": {"our-cards", "a/b_c/2026.1"},
	} {
		bucket, prefix, err := ParseBucket("archive", place)
		if err != nil || bucket != want[0] || prefix != want[1] {
			t.Errorf("%s: got %q, %q, %v, want %q", place, bucket, prefix, err, want)
		}
	}
	for _, place := range []string{
		"s3://", "s3://ab", "s3://Our-Cards", "s3://our_cards", "s3:///centre", "s3://our-cards//centre", "s3://our-cards/..", "s3://our-cards/a/../b",
		"s3://our-cards/a b", "s3://our-cards/ä", "s3://key:secret@our-cards/a", "s3://our-cards/" + strings.Repeat("a", 201), "our-cards", "https://our-cards",
	} {
		var bad *Error
		if _, _, err := ParseBucket("archive", place); !errors.As(err, &bad) || bad.Key != "archive" || bad.Hint == "" {
			t.Errorf("%s: got %v, want an error of the key archive", place, err)
		}
	}
}

func TestS3(t *testing.T) {
	const issuer = "issuer: {name: A, url: \"http://localhost\"}\n"
	for _, c := range []struct{ yaml, key string }{
		{"archive: s3://our-cards/centre\n", ""},
		{"archive: s3://our-cards\ns3: {endpoint: \"https://s3.example.org\", region: eu-central-1, path_style: false}\n", ""},
		{"s3: {endpoint: \"http://10.0.0.7:9000\"}\n", ""},
		{"archive: s3://Our\n", "archive"},
		{"s3: {endpoint: \"http://s3.example.org\"}\n", "s3.endpoint"}, // in clear over the Internet
		{"s3: {endpoint: \"https://s3.example.org/\"}\n", "s3.endpoint"},
		{"s3: {endpoint: \"https://key:secret@s3.example.org\"}\n", "s3.endpoint"},
		{"s3: {endpoint: s3.example.org}\n", "s3.endpoint"},
		{"s3: {region: \"\"}\n", "s3.region"},
		{"s3: {secret_access_key: x}\n", "s3.secret_access_key"}, // it has no place here
	} {
		path := write(t, issuer+c.yaml)
		got, err := Load(path, nil)
		var bad *Error
		switch {
		case c.key == "" && err != nil:
			t.Errorf("%s: got %v", c.yaml, err)
		case c.key == "" && got.S3.Region == "":
			t.Errorf("%s: got no region", c.yaml)
		case c.key != "" && (!errors.As(err, &bad) || bad.Key != c.key || bad.Hint == ""):
			t.Errorf("%s: got %v, want an error of %s", c.yaml, err, c.key)
		case c.key != "" && strings.Contains(err.Error()+bad.Hint, "key:secret"):
			t.Errorf("%s: the error has the secret: %v", c.yaml, err)
		}
	}
	c, err := Load(write(t, issuer+"archive: s3://our-cards\ns3: {roots: ca.crt}\n"), nil)
	if err != nil || c.Archive != "s3://our-cards" || !filepath.IsAbs(c.S3.Roots) {
		t.Errorf("got %+v, %v", c, err)
	}
}
