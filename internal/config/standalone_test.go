package config

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestStandAlone(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		out        []string
		err        error
	}{
		"nothing to do":         {"data: data\nkeys: ./keys/\narchive: \"\"\nregister: ''\n", "", nil, nil},
		"the folder by default": {"archive: data/cards\n", "", nil, nil},
		"a bucket": {"data: data\n\n# Where the cards are.\narchive: s3://ours # live\n\n# The server.\ns3:\n  region: eu\n",
			"data: data\n\n# Where the cards are.\n# archive: s3://ours # live\n\n# The server.\ns3:\n  region: eu\n", []string{"archive"}, nil},
		"all, the last without an end": {"register: postgres://db/a\nregister_read: postgres://db/b\narchive: /srv/cards\ndata: /srv/data\nkeys: ../keys",
			"# register: postgres://db/a\n# register_read: postgres://db/b\n# archive: /srv/cards\n# data: /srv/data\n# keys: ../keys", []string{"register", "register_read", "archive", "data", "keys"}, nil},
		"on several lines": {"issuer: {name: A}\nregister: >-\n  postgres://db\n  /a\ncard: {}\n",
			"issuer: {name: A}\n# register: >-\n#   postgres://db\n#   /a\ncard: {}\n", []string{"register"}, nil},
		"in capitals, and quoted":    {"\"Archive\": s3://ours\nx: 1\n", "# \"Archive\": s3://ours\nx: 1\n", []string{"archive"}, nil},
		"by an alias":                {"x: &a s3://ours\narchive: *a\n", "x: &a s3://ours\n# archive: *a\n", []string{"archive"}, nil},
		"of another section":         {"mail:\n  archive: s3://ours\n", "", nil, nil},
		"in one line":                {"{data: data, archive: s3://ours}\n", "", nil, ErrForm},
		"in one line, and well":      {"{data: data, archive: \"\"}\n", "", nil, nil},
		"by a merge":                 {"x: &a {archive: s3://ours}\n<<: *a\n", "", nil, ErrForm},
		"no YAML":                    {"a: b: c\n", "", nil, ErrForm},
		"a list":                     {"- archive\n", "", nil, ErrForm},
		"a value that is used below": {"archive: &a s3://ours\nx: *a\n", "", nil, ErrForm},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" && c.err == nil {
				c.want = c.text
			}
			got, out, err := StandAlone([]byte(c.text))
			if string(got) != c.want || !slices.Equal(out, c.out) || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v, %v; want %q, %v, %v", got, out, err, c.want, c.out, c.err)
			}
		})
	}
}

// What a real configuration becomes is one again, and stands for what lies beside it.
func TestStandAloneOfTheShippedFile(t *testing.T) {
	shippedText, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	text := string(shippedText)
	for _, key := range []string{"archive: \"\"", "register: \"\"", "data: data", "keys: keys"} {
		if strings.Count(text, "\n"+key+"\n") != 1 {
			t.Fatalf("the shipped file has no line %s", key)
		}
	}
	r := strings.NewReplacer("\narchive: \"\"\n", "\narchive: s3://ours\n", "\nregister: \"\"\n", "\nregister: postgres://db.example.org/cardproof\n",
		"\ndata: data\n", "\ndata: /srv/old/data\n", "\nkeys: keys\n", "\nkeys: /srv/old/keys\n")
	alone, out, err := StandAlone([]byte(r.Replace(text)))
	if err != nil || len(out) != 4 {
		t.Fatalf("got %v, %v", out, err)
	}
	at := write(t, string(alone))
	got, err := Load(at, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(write(t, least), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Archive != "" || got.Register != "" || strings.TrimPrefix(got.Data, strings.TrimSuffix(at, "config.yaml")) != "data" ||
		strings.TrimPrefix(got.Keys, strings.TrimSuffix(at, "config.yaml")) != "keys" || want.Archive != "" {
		t.Errorf("got data %s, keys %s, archive %s, register %s", got.Data, got.Keys, got.Archive, got.Register)
	}
}
