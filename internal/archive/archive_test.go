package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// put keeps the file "a card" under a number.
func put(a *Archive, n card.Number) (string, error) {
	sums, err := a.Put(map[card.Number][]byte{n: []byte("a card")})
	return sums[n], err
}

func TestPutAndGet(t *testing.T) {
	a := New(filepath.Join(t.TempDir(), "cards"))
	sum, err := put(a, "000000000000")
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

func TestPutKeepsAGroup(t *testing.T) {
	a := New(filepath.Join(t.TempDir(), "cards"))
	files := map[card.Number][]byte{"000000000000": []byte("one"), "00000000001G": []byte("two"), "7F3K9QWX2MTD": []byte("three")}
	for range 2 { // the second time they replace what is there
		sums, err := a.Put(files)
		if err != nil || len(sums) != len(files) {
			t.Fatalf("got %d sums, %v", len(sums), err)
		}
		for n, want := range files {
			if got, err := a.Get(n, sums[n]); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: got %q, %v, want %q", n, got, err, want)
			}
		}
	}
	// Where one of them can't be written, the group is not kept.
	if err := os.MkdirAll(filepath.Join(a.path("00000000002Z"), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	files["00000000002Z"] = []byte("four")
	if _, err := a.Put(files); err == nil {
		t.Error("a folder in the place of a file: got nil, want an error")
	}
}

func TestGetRefuses(t *testing.T) {
	a := New(t.TempDir())
	if _, err := a.Get("000000000000", ""); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	sum, err := put(a, "000000000000")
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
		if _, err := put(a, n); err != nil {
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
