package config

import (
	"errors"
	"strings"
	"testing"
)

// A key with nothing behind it would silently get its default, or none of what somebody meant to write.
func TestKeysWithoutAValue(t *testing.T) {
	for text, key := range map[string]string{
		least + "data:\n":                                   "data",
		least + "keys: ~\n":                                 "keys",
		least + "keys: null\n":                              "keys",
		least + "card:\n  status_list:\n":                   "card.status_list",
		least + "brand:\n  id:\n":                           "brand.id",
		least + "brand:\n  logo:   # later\n":               "brand.logo",
		least + "design:\n  name:\n":                        "design.name",
		least + "design:\n  pages: [wallet, ]\n":            "", // YAML sees one page
		least + "design:\n  pages:\n  - wallet\n  -\n":      "design.pages[1]",
		least + "seal:\n  roots:\n":                         "seal.roots",
		least + "seal:\n  timestamp_timeout:\n":             "seal.timestamp_timeout",
		least + "server:\n  listen:\n":                      "server.listen",
		least + "server:\n  rate_limit:\n    global:\n":     "server.rate_limit.global",
		least + "server:\n  timeouts:\n    read:\n":         "server.timeouts.read",
		least + "mail:\n  host:\n":                          "mail.host",
		least + "roster:\n  columns:\n  -\n":                "roster.columns[0]",
		strings.Replace(least, "name: Centre", "name: ", 1): "issuer.name",
		strings.Replace(least, "24", " ", 1):                "courses[0].validity.months",
		strings.Replace(least, "[BLS]", "[BLS, null]", 1):   "courses[0].meets[1]",
		// A group or a list with nothing in it is as if it were left out.
		least + "brand:\n":               "",
		least + "server:\n":              "",
		least + "server:\n  timeouts:\n": "",
		least + "roster:\n  columns:\n":  "",
	} {
		_, err := Load(write(t, text), nil)
		if key == "" {
			if err != nil {
				t.Errorf("%s\ngot %v, want it taken", text, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Key != key || e.Text != "has no value" || !strings.Contains(e.Hint, `""`) {
			t.Errorf("%s\ngot %v, want that %s has no value, with a hint", text, err, key)
		}
	}
	if _, err := Load(write(t, strings.Replace(least, "courses: [", "courses:\nx: [", 1)), nil); err == nil {
		t.Error("no courses: got no error")
	}
}

// A colour without quotation marks is a comment, a number or a text, as YAML sees it.
func TestBareColours(t *testing.T) {
	for value, want := range map[string]string{ // the colour, or a part of what the error says
		`"#0b5d3b"`: "#0b5d3b", `'#0B5D3B'`: "#0B5D3B", `"0b5d3b"`: "#0b5d3b", "0b5d3b": "#0b5d3b", `""`: "",
		"#0b5d3b": "! has no value", " # none": "! has no value", "123456": "! has to be text", "000000": "! has to be text", "0x0b5d": "! has to be text",
		"1e1234": "#1e1234", "123e05": "! has to be text", `"#0b5"`: "! no colour", `"#0b5d3b00"`: "! no colour", "green": "! no colour", `"##0b5d3"`: "! no colour", `"+b5d3b"`: "! no colour", `"0b_d3b"`: "! no colour",
	} {
		for _, key := range []string{"primary", "accent"} {
			c, err := Load(write(t, least+"brand:\n  "+key+": "+value+"\n"), nil)
			said, refused := strings.CutPrefix(want, "! ")
			if !refused {
				if err != nil || c.Brand.Primary+c.Brand.Accent != want {
					t.Errorf("%s: %s: got %+v, %v; want %q", key, value, c, err, want)
				}
				continue
			}
			var e *Error
			if !errors.As(err, &e) || e.Key != "brand."+key || e.Hint != colourHint || !strings.Contains(e.Error(), said) {
				t.Errorf("%s: %s: got %v, want %q and how a colour is written", key, value, err, said)
			}
		}
	}
}
