//go:build e2e

package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/verify"
)

// answersVector, in the environment, makes this test's program a verifier for the conformance kit.
const answersVector = "CARDPROOF_ANSWERS_VECTOR"

func TestMain(m *testing.M) {
	wrong := os.Getenv(answersVector)
	if wrong == "" {
		os.Exit(m.Run())
	}
	if err := answerVector(os.Stdin, os.Stdout, wrong == "wrong"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// answerVector answers one question of the kit; if wrong, as a verifier does that takes what is forged for valid.
func answerVector(in io.Reader, out io.Writer, wrong bool) error {
	var asked struct {
		Level string `json:"level"`
		vector
		Expected json.RawMessage `json:"expected"`
	}
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return err
	}
	if asked.Expected != nil || asked.Description != "" {
		return errors.New("the kit tells the verifier what it wants to hear")
	}
	folder, err := os.MkdirTemp("", "vector")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	a, err := answerTo(context.Background(), asked.vector, folder)
	if err != nil {
		return err
	}
	if asked.Level == "signature" {
		a = answer{Code: a.Signature}
	}
	if wrong && (a.Code == verify.Unregistered || a.Code == verify.BadSignature) {
		a.Code = verify.Valid
	}
	return json.NewEncoder(out).Encode(a)
}

// TestConformanceKit is the kit's first user: our own verifier has no difference at any level, and a bad one has.
func TestConformanceKit(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	counted := regexp.MustCompile(`^(\d+) vectors at the level \w+, (\d+) answered otherwise$`)
	for _, tc := range []struct {
		name, mode string
		args       []string
		atLeast    int
		differs    bool
	}{
		{"full", "right", []string{"--level", "full"}, 150, false},
		{"verdict", "right", []string{"--level", "verdict", "--only", "need-"}, 10, false},
		{"signature", "right", []string{"--level", "signature", "--only", "es256"}, 10, false},
		{"coarse", "right", []string{"--level", "verdict", "--coarse", "--only", "claim-exp"}, 20, false},
		{"a verifier that forgets the register", "wrong", []string{"--only", "unregistered"}, 5, true},
		{"a verifier that forgets the signature", "wrong", []string{"--level", "signature", "--coarse", "--only", "psychic"}, 1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := exec.Command("../scripts/conformance", append(tc.args, self)...)
			cmd.Env = append(os.Environ(), answersVector+"="+tc.mode)
			out, err := cmd.CombinedOutput()
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			m := counted.FindStringSubmatch(lines[len(lines)-1])
			if m == nil {
				t.Fatalf("%v: %s", err, out)
			}
			asked, _ := strconv.Atoi(m[1])
			if asked < tc.atLeast || (m[2] != "0") != tc.differs || (err != nil) != tc.differs {
				t.Errorf("got %d asked, %s different, %v; want at least %d and difference %v\n%s", asked, m[2], err, tc.atLeast, tc.differs, out)
			}
		})
	}
	if out, err := exec.Command("../scripts/conformance", "--only", "no vector has this name", self).CombinedOutput(); err == nil {
		t.Errorf("no vector at all passed: %s", out)
	}
}
