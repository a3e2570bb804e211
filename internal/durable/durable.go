// Package durable writes files that are there whole or not at all, and that a loss of power does not take back; and it opens files to
// read without waiting for anybody.
package durable

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"
)

// atOnce is how many files are synced at the same time. What waits for one write of the file system's journal waits for it together.
const atOnce = 64

// WriteFile writes a file by way of a temporary file beside it: write, fsync, rename. The mode is subject to the umask.
// After SyncFolder its name survives a loss of power too.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return renameio.WriteFile(path, data, mode, renameio.WithTempDir(filepath.Dir(path)))
}

// WriteFiles writes files as WriteFile does, many at a time, and then syncs the folders that they are in: when it returns, all of them
// survive a loss of power. After an error some of them may be there.
func WriteFiles(files map[string][]byte, mode fs.FileMode) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	folders := map[string]bool{}
	for path, data := range files {
		folders[filepath.Dir(path)] = true
		group.Go(func() error { return WriteFile(path, data, mode) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for path := range folders {
		group.Go(func() error { return SyncFolder(path) })
	}
	return group.Wait()
}

// StreamFile writes a file of any size as WriteFile does, by what write puts into it, and syncs its folder. Where write fails, nothing is
// left of it, and what was there before stays.
func StreamFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(mode), renameio.WithTempDir(filepath.Dir(path)))
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 64<<10)
	if err = write(b); err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.CloseAtomicallyReplace()
	}
	if err != nil {
		return errors.Join(err, f.Cleanup())
	}
	return SyncFolder(filepath.Dir(path))
}

// PutFile writes a file by way of a temporary file beside it, as WriteFile does, but does not wait for the disk: it is there whole or not
// at all unless the power is lost before SyncFiles. The mode is subject to the umask.
func PutFile(path string, data []byte, mode fs.FileMode) error {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(mode), renameio.WithTempDir(filepath.Dir(path)))
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.File.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// SyncFiles makes the content of files survive a loss of power. Their names do after SyncFolder.
func SyncFiles(paths []string) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, path := range paths {
		group.Go(func() error { return syncPath(path) })
	}
	return group.Wait()
}

// PublishFile writes a file as WriteFile does, and everybody may read it, whatever the umask is.
func PublishFile(path string, data []byte) error {
	return renameio.WriteFile(path, data, 0o644, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
}

// CreateFile writes a new file of exactly the given mode, and refuses with fs.ErrExist where there is one.
func CreateFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return SyncFolder(filepath.Dir(path))
}

// MakeFolder makes a folder and those above it, as os.MkdirAll does, and syncs the entry of each in the one above.
func MakeFolder(path string, mode fs.FileMode) error {
	path = filepath.Clean(path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(path)
	if above != path {
		if err := MakeFolder(above, mode); err != nil {
			return err
		}
	}
	// Another worker may make the same folder meanwhile; whoever comes second syncs as well.
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return errors.Join(err, &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("not a folder")})
	}
	return SyncFolder(above)
}

// MakeFolders makes folders of the given names in one that MakeFolder has made, and syncs that one. A folder that is there is no error:
// a run that was broken off may have made it and not synced it.
func MakeFolders(above string, names []string, mode fs.FileMode) error {
	for _, name := range names {
		path := filepath.Join(above, name)
		if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return SyncFolder(above)
}

// SyncFolder makes the names in a folder survive a loss of power.
func SyncFolder(path string) error { return syncPath(path) }

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
