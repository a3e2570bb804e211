package issuer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// Of what runs that were killed have left, only the cards of this run are swept: others may be in the making.
func TestSweep(t *testing.T) {
	f, err := openFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mine, other := card.Number("7F3K9QWX2MTD"), card.Number("N0XKJ8NR241J")
	for _, name := range []string{"." + FileName(mine) + "123", "." + FileName(mine), "." + FileName(other) + "123", FileName(mine), ".hidden", ManifestName} {
		if err := os.WriteFile(filepath.Join(f.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.sweep([]ManifestLine{{Number: mine}}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"." + FileName(other) + "123", ".hidden", FileName(mine), ManifestName}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
