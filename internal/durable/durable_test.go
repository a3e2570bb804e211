package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestCreateFileOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := CreateFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(path, []byte("other"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

func TestWriteFileReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"a long first text", "short"} {
		if err := WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != text {
			t.Errorf("the file holds %q, %v, want %q", data, err, text)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d entries are in the folder, %v", len(entries), err)
	}
}

func TestStreamFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write := func(text string, fails error) error {
		return StreamFile(path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fails)
		})
	}
	broken := errors.New("broken")
	if err := write("half", broken); !errors.Is(err, broken) {
		t.Errorf("got %v, want the writer's error", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a file: got %v, want fs.ErrNotExist", err)
	}
	long := strings.Repeat("long ", 100_000)
	if err := write(long, nil); err != nil {
		t.Fatal(err)
	}
	if err := write("half", broken); !errors.Is(err, broken) {
		t.Errorf("got %v, want the writer's error", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != long {
		t.Errorf("the file holds %d bytes, %v, want what it held before", len(data), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d entries are in the folder, %v", len(entries), err)
	}
	if err := StreamFile(filepath.Join(dir, "no", "file"), 0o600, func(io.Writer) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: got %v, want fs.ErrNotExist", err)
	}
}

func TestPutFileReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"a long first text", "short"} {
		if err := PutFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != text {
			t.Errorf("the file holds %q, %v, want %q", data, err, text)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := PutFile(filepath.Join(dir, "folder"), nil, 0o640); err == nil {
		t.Error("a folder in its place: got nil, want an error")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%d entries are in the folder, %v, want the file and the folder", len(entries), err)
	}
	if err := SyncFiles([]string{path}); err != nil {
		t.Error(err)
	}
	if err := SyncFiles([]string{path, filepath.Join(dir, "gone")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: got %v, want fs.ErrNotExist", err)
	}
}

func TestMakeFolderFromManySides(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "c")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := MakeFolder(path, 0o700); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	file := filepath.Join(path, "file")
	if err := WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MakeFolder(filepath.Join(file, "d"), 0o700); err == nil {
		t.Error("a folder was made in a file")
	}
}
