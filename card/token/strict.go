package token

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"
)

const (
	maxDepth   = 4 // how deep objects may nest; the claims need three levels
	maxMembers = 8 // of one object, as the claims have with nbf; among more, some are unknown, and reading on would only cost
)

// readObject reads one JSON object and refuses what encoding/json lets pass: bytes that are not UTF-8, a member named twice,
// anything behind the object. Numbers stay as they are written. Arrays are refused: no member of ours is one.
func readObject(data []byte) (map[string]any, Refusal) {
	if !utf8.Valid(data) {
		return nil, NotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, NotJSON
	}
	o, refusal := readMembers(d, 1)
	if refusal != "" {
		return nil, refusal
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, NotJSON
	}
	return o, ""
}

func readMembers(d *json.Decoder, depth int) (map[string]any, Refusal) {
	if depth > maxDepth {
		return nil, TooDeep
	}
	o := make(map[string]any, 8)
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, NotJSON
		}
		if _, twice := o[name]; twice {
			return nil, MemberTwice
		}
		if len(o) == maxMembers {
			return nil, MemberUnknown
		}
		v, err := d.Token()
		if err != nil {
			return nil, NotJSON
		}
		if delim, ok := v.(json.Delim); ok {
			if delim != '{' {
				return nil, MemberType
			}
			inner, refusal := readMembers(d, depth+1)
			if refusal != "" {
				return nil, refusal
			}
			v = inner
		}
		o[name] = v
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, NotJSON
	}
	return o, ""
}
