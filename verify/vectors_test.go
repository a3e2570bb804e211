package verify_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// The vectors are files, so that verifiers in other languages can use them; testdata/README.md says how.
const vectorFolder = "../testdata/vectors"

var update = flag.Bool("update", false, "write the vectors anew from their fixed seeds")

// vector is one question and its answer.
type vector struct {
	Description string          `json:"description"`
	Token       string          `json:"token,omitempty"`  // raw or as digits; either this or Number is set
	Number      string          `json:"number,omitempty"` // as a person types it
	Need        string          `json:"need,omitempty"`   // the requirement that is asked about, as a person types it
	Clock       time.Time       `json:"clock"`
	Keys        json.RawMessage `json:"keys"` // a key set's file
	Register    ledger          `json:"register"`
	Expected    answer          `json:"expected"`
}

type answer struct {
	Code    verify.Code   `json:"code"`
	Reasons []verify.Code `json:"reasons"` // never null
	Card    string        `json:"card"`    // the number of the card that is vouched for, or empty
	Meets   *needAnswer   `json:"meets,omitempty"`
}

// needAnswer is an answer about a requirement, without the sentence: that is for people.
type needAnswer struct {
	Need   string `json:"need"`
	Answer bool   `json:"answer"`
}

// ledger is the register of a vector.
type ledger struct {
	Down  bool    `json:"down"` // it can't be asked
	Cards []entry `json:"cards"`
}

type entry struct {
	Number     card.Number `json:"number"`
	Digest     string      `json:"digest"` // hex of the SHA-256 of header.payload as it was signed
	KeyID      string      `json:"kid"`
	State      card.State  `json:"state"`
	RecordedAt time.Time   `json:"recorded_at"`
	Issuer     string      `json:"iss"`
	IssuedAt   int64       `json:"iat"`
	ExpiresAt  int64       `json:"exp"`
	NotBefore  int64       `json:"nbf,omitempty"`
	Name       string      `json:"name"`
	Course     string      `json:"crs"`
	Meets      []string    `json:"meets,omitempty"` // frozen on the day of issue
}

func (l ledger) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	if l.Down {
		return card.Record{}, false, errors.New("down")
	}
	i := slices.IndexFunc(l.Cards, func(e entry) bool { return e.Number == n })
	if i < 0 {
		return card.Record{}, false, nil
	}
	e := l.Cards[i]
	rec := card.Record{KeyID: e.KeyID, State: e.State, RecordedAt: e.RecordedAt, Qualification: card.Qualification{Meets: e.Meets}, Card: card.Card{
		Issuer: e.Issuer, Number: e.Number, Name: e.Name, Course: e.Course,
		IssuedAt: time.Unix(e.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(e.ExpiresAt, 0).UTC(),
	}}
	if e.NotBefore != 0 {
		rec.NotBefore = time.Unix(e.NotBefore, 0).UTC()
	}
	if n, err := hex.Decode(rec.Digest[:], []byte(e.Digest)); err != nil || n != len(rec.Digest) {
		return card.Record{}, false, errors.New("the vector's digest is no SHA-256")
	}
	return rec, true, nil
}

func TestVectors(t *testing.T) {
	made := makeVectors(t)
	if *update {
		writeVectors(t, made)
	}
	paths, err := filepath.Glob(filepath.Join(vectorFolder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d vectors in %s, %v, want some", len(paths), vectorFolder, err)
	}
	seen := map[verify.Code]bool{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { seen[checkVector(t, data)] = true })
		if want, ok := made[name]; ok && !bytes.Equal(data, encodeVector(t, want)) {
			t.Errorf("%s is not what its seed gives; see what was changed, then run `go test ./verify -run TestVectors -update`", path)
		}
		delete(made, name)
	}
	for name := range made {
		t.Errorf("there is no file for the vector %s", name)
	}
	for _, code := range []verify.Code{verify.Malformed, verify.WrongType, verify.UnknownIssuer, verify.BadSignature, verify.KeyRevoked,
		verify.InvalidClaims, verify.Unregistered, verify.NotFound, verify.Revoked, verify.Suspended, verify.Superseded, verify.Expired,
		verify.NotYetValid, verify.StatusUnknown, verify.Valid, verify.Unavailable} {
		if !seen[code] {
			t.Errorf("no vector expects %s", code)
		}
	}
}

func checkVector(t *testing.T, data []byte) verify.Code {
	t.Helper()
	var v vector
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), keys.FileName)
	if err := os.WriteFile(path, v.Keys, 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := keys.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	checker := verify.Checker{Keys: set, Register: v.Register, Now: func() time.Time { return v.Clock }, Location: time.UTC}
	check, text := checker.CheckToken, v.Token
	if v.Number != "" {
		check, text = checker.CheckNumber, v.Number
	}
	got, err := check(t.Context(), text)
	if err != nil && !v.Register.Down {
		t.Fatal(err)
	}
	if got.Code != v.Expected.Code || !slices.Equal(got.Reasons, v.Expected.Reasons) {
		t.Errorf("%s: got %s %v, want %s %v", v.Description, got.Code, got.Reasons, v.Expected.Code, v.Expected.Reasons)
	}
	shown := ""
	if got.Card != nil {
		shown = got.Card.Number.Compact()
	}
	if shown != v.Expected.Card {
		t.Errorf("%s: got card %q, want %q", v.Description, shown, v.Expected.Card)
	}
	if v.Need != "" {
		n := got.Meets(v.Need)
		if want := v.Expected.Meets; want == nil || (needAnswer{n.Code, n.Answer}) != *want {
			t.Errorf("%s: does the card meet %q? got %+v, want %+v", v.Description, v.Need, n, want)
		}
	}
	return got.Code
}

func encodeVector(t *testing.T, v vector) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeVectors(t *testing.T, made map[string]vector) {
	t.Helper()
	if err := os.MkdirAll(vectorFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, v := range made {
		if err := os.WriteFile(filepath.Join(vectorFolder, name+".json"), encodeVector(t, v), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
