package hsm

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// URI names a token, and a key in it (RFC 7512). What is empty fits everything. ID is written in the URI's percent form.
type URI struct {
	Token, Serial, Manufacturer, Model string // the token

	Object string // CKA_LABEL of the key
	ID     []byte // CKA_ID of the key

	Module    string // module-path: the library of the token, an absolute path
	PINSource string // pin-source: the file with the PIN alone in it, an absolute path
}

const scheme = "pkcs11:"

// ParseURI reads a PKCS#11 URI. What it does not know it refuses, because an attribute that is passed over may name another token. A
// PIN in the URI is refused too: command lines and their histories are read by others. The error is ErrURI, and quotes no value.
func ParseURI(text string) (URI, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), scheme)
	if !ok {
		return URI{}, fmt.Errorf("%w: it does not begin with %s", ErrURI, scheme)
	}
	path, query, _ := strings.Cut(rest, "?")
	var u URI
	seen := map[string]bool{}
	for _, part := range append(strings.Split(path, ";"), strings.Split(query, "&")...) {
		if part == "" {
			continue
		}
		name, raw, found := strings.Cut(part, "=")
		value, err := url.PathUnescape(raw)
		switch {
		case !found || err != nil || strings.ContainsRune(value, 0) && name != "id":
			return URI{}, fmt.Errorf("%w: an attribute of it is no name=value", ErrURI)
		case seen[name]:
			return URI{}, fmt.Errorf("%w: %.20q stands in it twice", ErrURI, name)
		}
		seen[name] = true
		if err := u.set(name, value); err != nil {
			return URI{}, err
		}
	}
	if u.Token == "" && u.Serial == "" {
		return URI{}, fmt.Errorf("%w: it names no token", ErrURI)
	}
	return u, nil
}

func (u *URI) set(name, value string) error {
	texts := map[string]*string{
		"token": &u.Token, "serial": &u.Serial, "manufacturer": &u.Manufacturer, "model": &u.Model, "object": &u.Object,
	}
	if text := texts[name]; text != nil {
		*text = value
		return nil
	}
	switch name {
	case "id":
		u.ID = []byte(value)
	case "type":
		if value != "private" {
			return fmt.Errorf("%w: its type is not private", ErrURI)
		}
	case "module-path":
		if u.Module = value; !filepath.IsAbs(value) {
			return fmt.Errorf("%w: module-path is no absolute path", ErrURI)
		}
	case "pin-source":
		u.PINSource = strings.TrimPrefix(strings.TrimPrefix(value, "file:"), "//")
		if !filepath.IsAbs(u.PINSource) {
			return fmt.Errorf("%w: pin-source is no absolute path of a file", ErrURI)
		}
	case "pin-value":
		return fmt.Errorf("%w: it holds a PIN, which belongs into a file or the environment; change that PIN", ErrURI)
	default:
		return fmt.Errorf("%w: it has the attribute %.20q, which is not known here", ErrURI, name)
	}
	return nil
}

// String writes the URI in one form: the token, the key, then where the library and the PIN are.
func (u URI) String() string {
	var path, query []string
	add := func(to *[]string, name, value, plain string) {
		if value != "" {
			*to = append(*to, name+"="+escape(value, plain))
		}
	}
	add(&path, "token", u.Token, "")
	add(&path, "serial", u.Serial, "")
	add(&path, "manufacturer", u.Manufacturer, "")
	add(&path, "model", u.Model, "")
	if len(u.ID) > 0 {
		text := strings.ToUpper(hex.EncodeToString(u.ID))
		var b strings.Builder
		for i := 0; i < len(text); i += 2 {
			b.WriteString("%" + text[i:i+2])
		}
		path = append(path, "id="+b.String()) // RFC 7512, section 2.3: all of it in percent form
	}
	add(&path, "object", u.Object, "")
	add(&query, "module-path", u.Module, "/")
	add(&query, "pin-source", prefixed(u.PINSource), "/:")
	text := scheme + strings.Join(path, ";")
	if len(query) > 0 {
		text += "?" + strings.Join(query, "&")
	}
	return text
}

func prefixed(path string) string {
	if path == "" {
		return ""
	}
	return "file:" + path
}

// escape writes everything in percent form that is not unreserved (RFC 3986, section 2.3) and not among plain.
func escape(value, plain string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~"+plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// OfToken is the URI without the key, the PIN's file and the library: what tells one token from another.
func (u URI) OfToken() URI {
	return URI{Token: u.Token, Serial: u.Serial, Manufacturer: u.Manufacturer, Model: u.Model}
}

// Place is the URI to be shown: without the library and the PIN's file, and without the ID where the key has a name.
func (u URI) Place() string {
	if u.Module, u.PINSource = "", ""; u.Object != "" {
		u.ID = nil
	}
	return u.String()
}
