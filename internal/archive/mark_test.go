package archive

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func newFolder(t *testing.T) *Folder {
	t.Helper()
	return NewFolder(filepath.Join(t.TempDir(), "share", "cards"))
}

func share(t *testing.T, a *Folder) string {
	t.Helper()
	mark, err := a.Share()
	if err != nil || mark == "" {
		t.Fatalf("got %q, %v", mark, err)
	}
	return mark
}

// However many machines come at once, they read one mark, whole from the first moment.
func TestMachinesShareAFolder(t *testing.T) {
	for range 20 {
		first := newFolder(t)
		var wg sync.WaitGroup
		marks := make([]string, 8)
		for i := range marks {
			wg.Go(func() {
				var err error
				if marks[i], err = NewFolder(first.dir).Share(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := share(t, first)
		for _, got := range marks {
			if got != want {
				t.Fatalf("got %q, want %q", marks, want)
			}
		}
		entries, err := os.ReadDir(first.dir)
		if err != nil || len(entries) != 1 {
			t.Fatalf("got %v, %v, want the mark alone", entries, err)
		}
	}
}

// A run of before that was killed has left an empty mark: no machine takes that for one.
func TestAnEmptyMark(t *testing.T) {
	a := newFolder(t)
	write(t, filepath.Join(a.dir, sharedName), nil)
	if mark, err := a.Share(); !errors.Is(err, ErrEmptyMark) || !strings.Contains(err.Error(), sharedName) {
		t.Errorf("got %q, %v, want ErrEmptyMark with the file", mark, err)
	}
	if _, err := a.Put(t.Context(), map[card.Number][]byte{one: []byte("a card")}); err != nil {
		t.Errorf("a run that shares nothing: got %v", err)
	}
	if err := os.Remove(filepath.Join(a.dir, sharedName)); err != nil {
		t.Fatal(err)
	}
	share(t, a)
}

// Where the share is away, no file goes into what is under it: neither a folder that is made for it, nor another that is there.
func TestTheFolderGoesAway(t *testing.T) {
	files := map[card.Number][]byte{two: []byte("another card")}
	for name, c := range map[string]struct {
		shared  bool
		instead func(t *testing.T, dir string)
	}{
		"gone":                      {instead: func(*testing.T, string) {}},
		"gone, and shared":          {shared: true, instead: func(*testing.T, string) {}},
		"an empty one in its place": {shared: true, instead: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "x"), nil) }},
		"another archive's": {shared: true, instead: func(t *testing.T, dir string) {
			share(t, NewFolder(dir))
		}},
		"its mark is emptied": {shared: true, instead: func(t *testing.T, dir string) { write(t, filepath.Join(dir, sharedName), nil) }},
		"a file":              {instead: func(t *testing.T, dir string) { write(t, dir, nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			a := newFolder(t)
			if err := a.Check(t.Context()); err != nil {
				t.Errorf("before the first file: got %v", err)
			}
			if c.shared {
				share(t, a)
			}
			if _, err := a.Put(t.Context(), map[card.Number][]byte{one: []byte("a card")}); err != nil {
				t.Fatal(err)
			}
			away := filepath.Dir(a.dir) + ".away"
			if err := os.Rename(filepath.Dir(a.dir), away); err != nil {
				t.Fatal(err)
			}
			c.instead(t, a.dir)
			if _, err := a.Put(t.Context(), files); !errors.Is(err, ErrGone) {
				t.Errorf("put: got %v, want ErrGone", err)
			}
			if err := a.Check(t.Context()); !errors.Is(err, ErrGone) {
				t.Errorf("check: got %v, want ErrGone", err)
			}
			if _, err := a.Share(); !errors.Is(err, ErrGone) {
				t.Errorf("share: got %v, want ErrGone", err)
			}
			if left, err := filepath.Glob(filepath.Join(a.dir, "*", "*")); err != nil || len(left) != 0 {
				t.Errorf("files were put there: %v, %v", left, err)
			}
			if err := errors.Join(os.RemoveAll(filepath.Dir(a.dir)), os.Rename(away, filepath.Dir(a.dir))); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Put(t.Context(), files); err != nil {
				t.Errorf("when it is back: got %v", err)
			}
		})
	}
}

// A mark that another run has made before the first file counts as well.
func TestTheFirstFileNotesTheMark(t *testing.T) {
	a := newFolder(t)
	share(t, NewFolder(a.dir))
	if _, err := a.Put(t.Context(), map[card.Number][]byte{one: []byte("a card")}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(a.dir, sharedName)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Put(t.Context(), map[card.Number][]byte{two: []byte("another card")}); !errors.Is(err, ErrGone) {
		t.Errorf("got %v, want ErrGone", err)
	}
}
