package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
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
