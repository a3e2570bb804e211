package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	mark, err := a.Share(t.Context())
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
				if marks[i], err = NewFolder(first.dir).Share(t.Context()); err != nil {
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
	if mark, err := a.Share(t.Context()); !errors.Is(err, ErrEmptyMark) || !strings.Contains(err.Error(), sharedName) {
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
		"gone":                              {instead: func(*testing.T, string) {}},
		"gone, and shared":                  {shared: true, instead: func(*testing.T, string) {}},
		"an empty one in its place":         {instead: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "x"), nil) }},
		"an empty one in place of a shared": {shared: true, instead: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "x"), nil) }},
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
			if _, err := a.Share(t.Context()); !errors.Is(err, ErrGone) {
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

// A network file system that is mounted again may number its folders anew. The files tell that it is the same.
func TestTheSameFolderUnderAnotherNumber(t *testing.T) {
	a := newFolder(t)
	if _, err := a.Put(t.Context(), map[card.Number][]byte{one: []byte("a card")}); err != nil {
		t.Fatal(err)
	}
	away := a.dir + ".away"
	if err := errors.Join(os.Rename(a.dir, away), os.CopyFS(a.dir, os.DirFS(away))); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Put(t.Context(), map[card.Number][]byte{two: []byte("another card")}); err != nil {
		t.Errorf("got %v", err)
	}
}

// Where the register names files, a folder that has none of them takes no file from the start, and nothing is made there.
func TestExpect(t *testing.T) {
	sum := SHA256([]byte("a card"))
	broken := errors.New("no register")
	for name, c := range map[string]struct {
		there  []string // "" for the folder alone
		unread error
		want   error
	}{
		"nothing stands there":               {want: ErrGone},
		"an empty folder":                    {there: []string{""}, want: ErrGone},
		"a folder with a mark of its own":    {there: []string{sharedName}, want: ErrGone},
		"another centre's":                   {there: []string{sharedName, Name(two, SHA256(nil))}, want: ErrGone},
		"another file of the card":           {there: []string{Name(one, SHA256(nil))}, want: ErrGone},
		"a folder of the file's name":        {there: []string{Name(one, sum) + "/x"}, want: ErrGone},
		"a file where the card's folder was": {there: []string{filepath.Dir(Name(one, sum))}, want: ErrGone},
		"the file":                           {there: []string{Name(one, sum)}},
		"the file, by its name of before":    {there: []string{Name(one, "")}},
		"begun anew":                         {there: []string{AnewName}},
		"the register can't be asked":        {there: []string{Name(one, sum)}, unread: broken, want: broken},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newFolder(t).dir
			for _, file := range c.there {
				if file == "" {
					if err := os.MkdirAll(dir, 0o700); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, filepath.Join(dir, filepath.FromSlash(file)), []byte("x"))
			}
			for doing, do := range map[string]func(*Folder) error{
				"check": func(a *Folder) error { return a.Check(t.Context()) },
				"put": func(a *Folder) error {
					_, err := a.Put(t.Context(), map[card.Number][]byte{two: []byte("another card")})
					return err
				},
				"share": func(a *Folder) error {
					_, err := a.Share(t.Context())
					return err
				},
			} {
				before := under(t, dir)
				a := NewFolder(dir)
				a.Expect(func(context.Context) ([]Wanted, error) { return []Wanted{{three, sum}, {one, sum}}, c.unread })
				if err := do(a); !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, want %v", doing, err, c.want)
				}
				if after := under(t, dir); c.want != nil && !slices.Equal(after, before) {
					t.Errorf("%s: made %v of %v", doing, after, before)
				}
			}
		})
	}
}

// under are all names under a folder and the folder itself, if it is there.
func under(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// A run that was killed while it made the mark leaves it under another name. It is found with what other writes left, and the mark stays.
func TestTemporaryMark(t *testing.T) {
	a := newFolder(t)
	mark := share(t, a)
	write(t, filepath.Join(a.dir, sharedName+"-123"), []byte("half a m"))
	write(t, filepath.Join(a.dir, sharedName+"-mine"), nil)
	n := 0
	for f, err := range a.Temporary(t.Context()) {
		n++
		if err != nil || f.Number != "" || !f.IsTemporary() || f.Written.IsZero() {
			t.Errorf("got %+v, %v", f, err)
		}
		if err := a.RemoveFile(t.Context(), f); err != nil {
			t.Error(err)
		}
	}
	if got := under(t, a.dir); n != 1 || len(got) != 3 {
		t.Errorf("got %d, and %v is left", n, got)
	}
	if got := share(t, NewFolder(a.dir)); got != mark {
		t.Errorf("the mark: got %q, want %q", got, mark)
	}
}
