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

// A run that has delivered nothing yet leaves the trial of another alone, and a trial that another has swept is no failure.
func TestSweepAndTrials(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	trial := filepath.Join(f.dir, trialName+"1")
	if err := os.WriteFile(trial, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Delivery{}).writeLists(f, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(trial); err != nil {
		t.Errorf("the trial of another run: got %v", err)
	}
	done, swept := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-done:
				swept <- nil
				return
			default:
			}
			if err := f.sweep([]ManifestLine{{Number: "7F3K9QWX2MTD"}}); err != nil {
				swept <- err
				return
			}
		}
	}()
	for range 2000 {
		if _, err := openFolder(f.dir); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	if err := <-swept; err != nil {
		t.Error(err)
	}
}
