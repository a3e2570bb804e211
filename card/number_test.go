package card

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

func TestNumberReadsWhatPeopleType(t *testing.T) {
	n, err := NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	printed := n.String()
	for _, typed := range []string{
		printed, strings.ToLower(printed), n.Compact(), strings.ReplaceAll(printed, "-", " "),
		strings.ReplaceAll(printed, "-", "–"), strings.ReplaceAll(printed, "0", "O"), strings.ReplaceAll(printed, "1", "l"),
		strings.ReplaceAll(printed, "1", "I"), "  " + printed + "\t",
	} {
		if got, err := ParseNumber(typed); err != nil || got != n {
			t.Errorf("ParseNumber(%q) = %q, %v, want %q", typed, got, err, n)
		}
	}
	for _, bad := range []string{"", "7F3K", printed + "0", strings.Replace(printed, printed[:1], "U", 1), "é" + n.Compact()[1:], "７" + n.Compact()[1:]} {
		if _, err := ParseNumber(bad); !errors.Is(err, ErrNumberSyntax) {
			t.Errorf("ParseNumber(%q) = %v, want ErrNumberSyntax", bad, err)
		}
	}
}

// The contract promises that every single wrong symbol and every swap of neighbours is found; the check used finds swaps at
// any distance, and this test tries all of them.
func TestNumberCheckFindsSlips(t *testing.T) {
	for range 200 {
		n, err := NewNumber(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for i := range NumberLength {
			for _, symbol := range []byte(alphabet) {
				if symbol == n[i] {
					continue
				}
				wrong := []byte(n)
				wrong[i] = symbol
				if _, err := ParseNumber(string(wrong)); !errors.Is(err, ErrNumberCheck) {
					t.Fatalf("%s with %c at %d: got %v, want ErrNumberCheck", n, symbol, i, err)
				}
			}
			for j := range i {
				if n[i] == n[j] {
					continue
				}
				swapped := []byte(n)
				swapped[i], swapped[j] = n[j], n[i]
				if _, err := ParseNumber(string(swapped)); !errors.Is(err, ErrNumberCheck) {
					t.Fatalf("%s with %d and %d swapped: got %v, want ErrNumberCheck", n, j, i, err)
				}
			}
		}
	}
}

// The check symbol is part of the contract with other programs: these were worked out by hand from the definition.
func TestNumberVectors(t *testing.T) {
	for _, good := range []string{"0000-0000-0000", "0000-0000-0012"} {
		if n, err := ParseNumber(good); err != nil || n.String() != good {
			t.Errorf("ParseNumber(%q) = %q, %v", good, n, err)
		}
	}
	if _, err := ParseNumber("ZZZZ-ZZZZ-ZZZZ"); !errors.Is(err, ErrNumberCheck) {
		t.Errorf("ParseNumber of all Z = %v, want ErrNumberCheck", err)
	}
}

func TestNumbersDiffer(t *testing.T) {
	seen := map[Number]bool{}
	for range 10_000 {
		n, err := NewNumber(rand.Reader)
		if err != nil || seen[n] {
			t.Fatalf("NewNumber = %q, %v; seen before: %v", n, err, seen[n])
		}
		seen[n] = true
	}
	if _, err := NewNumber(strings.NewReader("short")); err == nil {
		t.Error("NewNumber took a source that ran dry")
	}
}

func FuzzParseNumber(f *testing.F) {
	f.Add("7F3K-9QWX-2MTD")
	f.Add("0000 0000 0000")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNumber(s)
		if err != nil {
			if !errors.Is(err, ErrNumberSyntax) && !errors.Is(err, ErrNumberCheck) {
				t.Fatalf("%q: an error of no kind: %v", s, err)
			}
			return
		}
		if again, err := ParseNumber(n.String()); err != nil || again != n {
			t.Fatalf("%q gave %q, which reads as %q, %v", s, n, again, err)
		}
	})
}
