package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestOpenRegular(t *testing.T) {
	dir := t.TempDir()
	path, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(path, []byte("text"), 0o600), os.Symlink(path, link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want error
	}{
		{path, nil}, {link, nil}, {pipe, ErrNotRegular}, {dir, ErrNotRegular}, {os.DevNull, ErrNotRegular}, {filepath.Join(dir, "none"), fs.ErrNotExist},
	} {
		opened := make(chan error, 1)
		go func() {
			file, err := OpenRegular(c.path)
			if err == nil {
				var data []byte
				data, err = io.ReadAll(file)
				err = errors.Join(err, file.Close())
				if string(data) != "text" {
					t.Errorf("%s: got %q", c.path, data)
				}
			}
			opened <- err
		}()
		select {
		case got := <-opened:
			if !errors.Is(got, c.want) {
				t.Errorf("%s: got %v, want %v", c.path, got, c.want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: it hangs", c.path)
		}
	}
}
