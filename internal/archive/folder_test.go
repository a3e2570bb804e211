package archive

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolderIsPrivateAndTidy(t *testing.T) {
	b := folderBench(t)
	path := b.Archive.(*Folder).path(Name(one, b.put(t, one, "a card")))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// What is no file stays, and is told.
func TestFolderInTheWay(t *testing.T) {
	b := folderBench(t)
	b.write(t, Name(one, SHA256([]byte("one")))+"/x", nil)
	if _, err := b.Put(t.Context(), map[card.Number][]byte{one: []byte("one"), two: []byte("two")}); err == nil {
		t.Error("put: got nil, want an error")
	}
	if _, err := b.Remove(t.Context(), one); err == nil {
		t.Error("remove: got nil, want an error")
	}
	if got := b.list(t); len(got) > 1 {
		t.Errorf("list: got %v", got)
	}
}

// What a killed write has left has a learner's name in it: it goes with the files of the card.
func TestRemoveTakesTemporaryFiles(t *testing.T) {
	b := folderBench(t)
	sum := b.put(t, one, "a card")
	left := filepath.Dir(Name(one, sum)) + "/." + filepath.Base(Name(one, sum)) + "8153"
	b.write(t, left, []byte("half a ca"))
	if n, err := b.Remove(t.Context(), one); n != 1 || err != nil {
		t.Errorf("got %d, %v, want 1", n, err)
	}
	if _, err := os.Stat(b.Archive.(*Folder).path(left)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file: got %v", err)
	}
}

func TestReaderHasNoWay(t *testing.T) {
	b := folderBench(t)
	sum := b.put(t, one, "a card")
	r := ReadFolder(b.Archive.(*Folder).dir)
	if got, err := r.Get(t.Context(), one, sum); err != nil || string(got) != "a card" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, ok := any(r).(Archive); ok {
		t.Error("the reader of the public server can write")
	}
}

// What another run has removed meanwhile was not removed by this one.
func TestRemoveCountsItsOwn(t *testing.T) {
	b := folderBench(t)
	kept, gone := b.put(t, one, "a card"), b.put(t, one, "a card of another machine")
	a := b.Archive.(*Folder)
	folder := filepath.Dir(a.path(Name(one, kept)))
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %v, %v, want two files", entries, err)
	}
	if err := os.Remove(a.path(Name(one, gone))); err != nil {
		t.Fatal(err)
	}
	if n, err := removeOf(one, folder, entries); n != 1 || err != nil {
		t.Errorf("got %d, %v, want 1", n, err)
	}
}

// A write that goes on or was killed shows what it has left, by the file that it was to be, and that one stays when it is taken out.
func TestTemporary(t *testing.T) {
	b := folderBench(t)
	sum := b.put(t, one, "a card")
	name := Name(one, sum)
	folder, base := path.Split(name)
	old := path.Base(Name(one, ""))
	want := []string{folder + "." + base + "8153", folder + "." + old + "7"}
	for _, left := range append([]string{folder + "." + base, folder + base + "1", folder + ".x" + base + "1", folder + "." + base + "1x", "ZZ/." + base + "1"}, want...) {
		b.write(t, left, []byte("half a ca"))
	}
	var got []string
	for f, err := range b.Archive.(*Folder).Temporary(t.Context()) {
		if err != nil || f.Number != one || f.SHA256 != sum && f.SHA256 != "" || !f.IsTemporary() || f.Written.IsZero() {
			t.Errorf("got %+v, %v", f, err)
		}
		got = append(got, f.name())
		if err := b.RemoveFile(t.Context(), f); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, left := range want {
		if _, err := os.Stat(b.Archive.(*Folder).path(left)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v, want it gone", left, err)
		}
	}
	if data, err := b.Get(t.Context(), one, sum); err != nil || string(data) != "a card" {
		t.Errorf("the card: got %q, %v", data, err)
	}
	if files := b.list(t); len(files) != 1 {
		t.Errorf("list: got %v", files)
	}
}
