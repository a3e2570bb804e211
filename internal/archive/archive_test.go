package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func TestPutAndGet(t *testing.T) {
	a := New(filepath.Join(t.TempDir(), "cards"))
	sum, err := a.Put("000000000000", []byte("a card"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := a.Get("000000000000", sum)
	if err != nil || !bytes.Equal(data, []byte("a card")) || sum != SHA256(data) {
		t.Errorf("got %q, %v", data, err)
	}
	info, err := os.Stat(a.path("000000000000"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(a.path("000000000000")), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestGetRefuses(t *testing.T) {
	a := New(t.TempDir())
	if _, err := a.Get("000000000000", ""); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	sum, err := a.Put("000000000000", []byte("a card"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.path("000000000000"), []byte("a carb"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Get("000000000000", sum); !errors.Is(err, ErrAltered) {
		t.Errorf("an altered file: got %v, want ErrAltered", err)
	}
}

func TestRemove(t *testing.T) {
	a := New(filepath.Join(t.TempDir(), "cards"))
	if err := a.Remove("000000000000"); err != nil {
		t.Errorf("an archive without a file: got %v", err)
	}
	for _, n := range []card.Number{"000000000000", "00000000001G"} {
		if _, err := a.Put(n, []byte("a card")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time it is missing
		if err := a.Remove("000000000000"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Get("000000000000", ""); !errors.Is(err, ErrMissing) {
		t.Errorf("the file after that: got %v, want ErrMissing", err)
	}
	if _, err := a.Get("00000000001G", SHA256([]byte("a card"))); err != nil {
		t.Errorf("its neighbour: got %v", err)
	}
	// What is no file stays, and is told.
	if err := os.MkdirAll(filepath.Join(a.path("000000000000"), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := a.Remove("000000000000"); err == nil {
		t.Error("a folder in its place: got nil, want an error")
	}
}
