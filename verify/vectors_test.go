package verify_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// The vectors are files, so that verifiers in other languages can use them; testdata/README.md says how.
const vectorFolder = "../testdata/vectors"

var update = flag.Bool("update", false, "write the vectors anew from their fixed seeds")

// vector is one question and its answer.
type vector struct {
	Group       string          `json:"group"` // what is put to the test
	Description string          `json:"description"`
	Token       string          `json:"token,omitempty"`  // raw or as digits; either this or Number is set
	Number      string          `json:"number,omitempty"` // as a person types it
	Need        string          `json:"need,omitempty"`   // the requirement that is asked about, as a person types it
	Zone        string          `json:"zone,omitempty"`   // the issuer's time zone, by its IANA name; only where the answer depends on it
	Clock       time.Time       `json:"clock"`
	Keys        json.RawMessage `json:"keys"` // a key set's file
	Register    ledger          `json:"register"`
	Expected    answer          `json:"expected"`
}

type answer struct {
	Code    verify.Code   `json:"code"`
	Reasons []verify.Code `json:"reasons"`           // never null
	Card    string        `json:"card"`              // the number of the card that is vouched for, or empty
	Expires string        `json:"expires,omitempty"` // the last valid day of that card in Zone; only with Zone
	Meets   *needAnswer   `json:"meets,omitempty"`
	// Signature is the answer of a verifier that has public keys and nothing else, no clock and no register; not with a number.
	Signature verify.Code `json:"signature,omitempty"`
}

// genuine is the answer about a token whose signature and claims are right, where nothing else was looked at.
const genuine verify.Code = "genuine"

// needAnswer is an answer about a requirement, without the sentence: that is for people.
type needAnswer struct {
	Need   string `json:"need"`
	Answer bool   `json:"answer"`
}

// ledger is the register of a vector.
type ledger struct {
	Down  bool    `json:"down"` // it can't be asked
	Cards []entry `json:"cards"`
	asked *bool   // set where somebody asks; may be nil
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
	ExpiresOn  string      `json:"expires_on,omitempty"` // the last valid day as printed; only with the vector's zone
	Name       string      `json:"name"`
	Course     string      `json:"crs"`
	Meets      []string    `json:"meets,omitempty"` // frozen on the day of issue
}

func (l ledger) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	if l.asked != nil {
		*l.asked = true
	}
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
	if e.ExpiresOn != "" {
		day, err := card.ParseDate(e.ExpiresOn)
		if err != nil {
			return card.Record{}, false, err
		}
		rec.ExpiresOn = day
	}
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
	all := readVectors(t)
	seen, failing := map[verify.Code]bool{}, 0
	for name, data := range all {
		t.Run(name, func(t *testing.T) {
			code := checkVector(t, data)
			seen[code] = true
			if code != verify.Valid {
				failing++
			}
		})
		if want, ok := made[name]; ok && !bytes.Equal(data, encodeVector(t, want)) {
			t.Errorf("%s is not what its seed gives; see what was changed, then run `go test ./verify -run 'TestVectors|TestAttacks' -update`", name)
		}
		delete(made, name)
	}
	for name := range made {
		t.Errorf("there is no file for the vector %s", name)
	}
	if len(all) < 150 || failing < 120 {
		t.Errorf("got %d vectors, of which %d are not valid; want at least 150 and 120", len(all), failing)
	}
	for _, code := range []verify.Code{verify.Malformed, verify.WrongType, verify.UnknownIssuer, verify.BadSignature, verify.KeyRevoked,
		verify.InvalidClaims, verify.Unregistered, verify.NotFound, verify.Revoked, verify.Suspended, verify.Superseded, verify.Expired,
		verify.NotYetValid, verify.StatusUnknown, verify.Valid, verify.Unavailable} {
		if !seen[code] {
			t.Errorf("no vector expects %s", code)
		}
	}
}

// readVectors is every file of the kit, by its name without the ending. None at all is a failure.
func readVectors(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(vectorFolder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d vectors in %s, %v, want some", len(paths), vectorFolder, err)
	}
	all := make(map[string][]byte, len(paths))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = data
	}
	return all
}

func parseVector(data []byte) (vector, error) {
	var v vector
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return v, d.Decode(&v)
}

func checkVector(t *testing.T, data []byte) verify.Code {
	t.Helper()
	v, err := parseVector(data)
	if err != nil {
		t.Fatal(err)
	}
	asked := false
	v.Register.asked = &asked
	got, err := answerTo(t.Context(), v, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if v.Number == "" && v.Expected.Signature != genuine && asked {
		t.Errorf("%s: the register was asked about a token that is refused without it", v.Description)
	}
	if v.Group == "" || !reflect.DeepEqual(got, v.Expected) {
		t.Errorf("%s (%s)\ngot  %s\nwant %s", v.Description, v.Group, asJSON(got), asJSON(v.Expected))
	}
	return got.Code
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// answerTo is our verifier's answer to a vector. The key set is loaded as a server loads it, from a file in folder.
func answerTo(ctx context.Context, v vector, folder string) (answer, error) {
	path := filepath.Join(folder, keys.FileName)
	if err := os.WriteFile(path, v.Keys, 0o600); err != nil {
		return answer{}, err
	}
	set, err := keys.Load(path)
	if err != nil {
		return answer{}, err
	}
	loc := time.UTC
	if v.Zone != "" {
		if loc, err = time.LoadLocation(v.Zone); err != nil {
			return answer{}, err
		}
	}
	checker := verify.Checker{Keys: set, Register: v.Register, Now: func() time.Time { return v.Clock }, Location: loc}
	check, text := checker.CheckToken, v.Token
	if v.Number != "" {
		check, text = checker.CheckNumber, v.Number
	}
	got, err := check(ctx, text)
	if err != nil && !v.Register.Down {
		return answer{}, fmt.Errorf("%s with the error %w", got.Code, err)
	}
	a := answer{Code: got.Code, Reasons: append([]verify.Code{}, got.Reasons...)}
	if got.Card != nil {
		a.Card = got.Card.Number.Compact()
		if v.Zone != "" {
			a.Expires = got.Card.ExpiresOn.String()
		}
	}
	if v.Need != "" {
		n := got.Meets(v.Need)
		a.Meets = &needAnswer{n.Code, n.Answer}
	}
	if v.Number == "" {
		a.Signature = signatureOf(v.Token, set)
	}
	return a, nil
}

// signatureOf is the answer about a token where only the public keys are known.
func signatureOf(text string, set *keys.Set) verify.Code {
	raw, err := token.FromPath(text)
	var opened token.Opened
	if err == nil {
		opened, err = token.Open(raw, func(id string) (token.PublicKey, bool) {
			k, ok := set.Find(id)
			return token.PublicKey{Alg: k.Alg, Key: k.Public}, ok && k.Purpose == keys.Cards
		})
	}
	if refused, ok := errors.AsType[*token.Error](err); ok {
		if refused.Class == token.UnknownKey {
			return verify.UnknownIssuer
		}
		return verify.Code(refused.Class)
	}
	if k, _ := set.Find(opened.KeyID); k.Issuer != opened.Card.Issuer {
		return verify.InvalidClaims
	}
	return genuine
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
