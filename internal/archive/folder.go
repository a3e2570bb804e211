package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/durable"
)

// Folder is an archive in a folder of this machine.
type Folder struct{ dir string }

// NewFolder is the archive in dir, which is made when the first file comes.
func NewFolder(dir string) *Folder { return &Folder{dir} }

// Put keeps files as Archive says: temporary files, fsync, rename, fsync of the folders. Together they wait for the disk hardly longer
// than one would, and once begun they are written to the end, whatever becomes of ctx.
func (a *Folder) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sums := make(map[card.Number]string, len(files))
	paths := make(map[string][]byte, len(files))
	var folders []string
	for number, data := range files {
		path := a.path(number)
		paths[path], sums[number] = data, SHA256(data)
		folders = append(folders, filepath.Base(filepath.Dir(path)))
	}
	slices.Sort(folders)
	err := durable.MakeFolder(a.dir, 0o700)
	if err == nil {
		err = durable.MakeFolders(a.dir, slices.Compact(folders), 0o700)
	}
	if err == nil {
		err = durable.WriteFiles(paths, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("archive %d cards: %w", len(files), err)
	}
	return sums, nil
}

// Get is the file of a card, as Archive says.
func (a *Folder) Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(a.path(number))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w %s", ErrMissing, number)
	case err != nil:
		return nil, fmt.Errorf("read the file of card %s: %w", number, err)
	case SHA256(data) != wantSHA256:
		return nil, fmt.Errorf("%w %s", ErrAltered, number)
	}
	return data, nil
}

// Has says whether there is a file of a card.
func (a *Folder) Has(_ context.Context, number card.Number) (bool, error) {
	_, err := os.Stat(a.path(number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Remove takes a file out, as Archive says.
func (a *Folder) Remove(ctx context.Context, number card.Number) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := a.path(number)
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) { // one that is missing may have been removed by a run that was killed before it synced
		err = durable.SyncFolder(filepath.Dir(path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the file of card %s: %w", number, err)
	}
	return nil
}

// List names the files that are there, as Archive says. A folder that is not there has none.
func (a *Folder) List(ctx context.Context) iter.Seq2[card.Number, error] {
	return func(yield func(card.Number, error) bool) {
		folders, err := os.ReadDir(a.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield("", err)
			return
		}
		for _, folder := range folders {
			if !folder.IsDir() {
				continue
			}
			files, err := os.ReadDir(filepath.Join(a.dir, folder.Name()))
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield("", err)
				return
			}
			for _, file := range files {
				number, ok := numberOf(folder.Name() + "/" + file.Name())
				if ok && file.Type().IsRegular() && !yield(number, nil) {
					return
				}
			}
		}
	}
}

func (a *Folder) path(number card.Number) string {
	return filepath.Join(a.dir, filepath.FromSlash(Name(number)))
}
