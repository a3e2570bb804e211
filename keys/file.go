package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/durable"
)

// record is a key in the set's file: the JWK and its life.
type record struct {
	jwk
	Issuer       string     `json:"iss"`
	Purpose      Purpose    `json:"signs"`
	State        State      `json:"state"`
	NotBefore    time.Time  `json:"not_before"`
	RetiredAt    *time.Time `json:"retired_at,omitempty"`
	RevokedSince *time.Time `json:"revoked_since,omitempty"`
}

type file struct {
	Keys []record `json:"keys"`
}

// Load reads a set's file. The error is ErrMissing, ErrUnreadable or ErrInvalid, with the path.
func Load(path string) (*Set, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrMissing, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	s, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func read(path string) ([]byte, error) {
	f, err := durable.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	return io.ReadAll(f)
}

func parse(data []byte) (*Set, error) {
	if err := checkMembers(data); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something stands behind its end", ErrInvalid)
	}
	if len(f.Keys) == 0 {
		return nil, fmt.Errorf("%w: it has no key", ErrInvalid)
	}
	all := make([]Key, 0, len(f.Keys))
	for _, r := range f.Keys {
		public, err := r.public()
		if err != nil {
			return nil, err
		}
		all = append(all, Key{
			ID: r.Kid, Alg: r.Alg, Public: public, Issuer: r.Issuer, Purpose: r.Purpose, State: r.State, NotBefore: r.NotBefore.UTC(),
			RetiredAt: value(r.RetiredAt), RevokedSince: value(r.RevokedSince),
		})
	}
	return NewSet(all...)
}

// checkMembers refuses what encoding/json lets pass: a member named twice, of which it takes the last, and a name in another
// case than ours. Two programs that read such a file could see two different keys. Bytes that are no JSON are left to the
// decoder.
func checkMembers(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // the names of each object around, nil for an array
	name := false              // whether the next string is a name
	for {
		t, err := d.Token()
		if err != nil {
			return nil
		}
		switch t := t.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			name = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if !name {
				break
			}
			if open[len(open)-1][t] {
				return fmt.Errorf("it has the member %q twice", t)
			}
			if strings.Trim(t, "abcdefghijklmnopqrstuvwxyz_") != "" { // encoding/json takes ſ for an s as well
				return fmt.Errorf("it has the unknown member %q", t)
			}
			open[len(open)-1][t] = true
			name = false
			continue
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}

// Save writes the set's file, whole or not at all, and durably. It holds no secret, so everybody may read it.
func (s *Set) Save(path string) error {
	data, err := s.Encode()
	if err != nil {
		return err
	}
	if err = durable.WriteFile(path, data, 0o644); err == nil {
		err = durable.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write the key set: %w", err)
	}
	return nil
}

// Encode is the content of the set's file.
func (s *Set) Encode() ([]byte, error) {
	f := file{Keys: []record{}}
	for _, k := range s.keys {
		j, err := jwkOf(k.Public)
		if err != nil {
			return nil, err
		}
		j.Kid, j.Alg = k.ID, k.Alg
		f.Keys = append(f.Keys, record{
			jwk: j, Issuer: k.Issuer, Purpose: k.Purpose, State: k.State, NotBefore: k.NotBefore.UTC(),
			RetiredAt: pointer(k.RetiredAt), RevokedSince: pointer(k.RevokedSince),
		})
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
