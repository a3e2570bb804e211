package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/durable"
)

// Folder is an archive in a folder of this machine.
type Folder struct {
	dir string

	named func(context.Context) ([]Wanted, error) // some files that it has to have, if anybody can say

	mu      sync.Mutex
	known   bool        // it was there, and is not made anew where it has gone
	mark    string      // what it has to have from then on; empty for none
	info    fs.FileInfo // which folder it was
	witness string      // the name of a file that was there; empty for none
}

// NewFolder is the archive in dir, which is made when the first file comes, and never again after that. Expect says whether that was long ago.
func NewFolder(dir string) *Folder { return &Folder{dir: dir} }

// Put keeps files as Archive says: temporary files, fsync, rename, fsync of the folders. Together they wait for the disk hardly longer
// than one would, and once begun they are written to the end, whatever becomes of ctx. It refuses with ErrGone where the folder is not the one
// any more that it was at the first file, or has not what Expect says.
func (a *Folder) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sums := make(map[card.Number]string, len(files))
	paths := make(map[string][]byte, len(files))
	var folders []string
	for number, data := range files {
		sums[number] = SHA256(data)
		path := a.path(Name(number, sums[number]))
		paths[path] = data
		folders = append(folders, filepath.Base(filepath.Dir(path)))
	}
	slices.Sort(folders)
	err := a.begin(ctx)
	if err == nil {
		err = durable.MakeFolders(a.dir, slices.Compact(folders), 0o700)
	}
	if err == nil {
		err = durable.WriteFiles(paths, 0o600)
	}
	if gone := a.Check(context.WithoutCancel(ctx)); gone != nil { // also in between
		err = gone
	}
	if err != nil {
		return nil, fmt.Errorf("archive %d cards: %w", len(files), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for number, sum := range sums {
		a.witness = Name(number, sum)
		break
	}
	return sums, nil
}

// Get is the file of a card, as Archive says.
func (a *Folder) Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return find(number, wantSHA256, func(name string) ([]byte, error) {
		data, err := os.ReadFile(a.path(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("read the file of card %s: %w", number, err)
		}
		return data, err
	})
}

// Remove takes every file of a card out, as Archive says, and with them what is left of a write that was killed.
func (a *Folder) Remove(ctx context.Context, number card.Number) (files int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	folder := filepath.Dir(a.path(start(number)))
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err == nil { // else some entries may be missing, and with them a file of the card
		files, err = removeOf(number, folder, entries)
	}
	if err == nil { // also where there was none: a run may have removed it that was killed before it synced
		err = durable.SyncFolder(folder)
	}
	if err != nil {
		return files, fmt.Errorf("remove the files of card %s: %w", number, err)
	}
	return files, nil
}

// Exists is ErrGone where there is no folder at all: the files that are looked for may be on a share that is not mounted.
func (a *Folder) Exists() error {
	if _, err := os.Stat(a.dir); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return nil
}

// removeOf removes what of a folder's entries is a card's, and counts the files that were whole and that it has removed itself.
func removeOf(number card.Number, folder string, entries []fs.DirEntry) (files int, err error) {
	for _, e := range entries {
		if !strings.HasPrefix(strings.TrimPrefix(e.Name(), "."), number.Compact()) { // a dot begins the names of temporary files
			continue
		}
		err := os.Remove(filepath.Join(folder, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return files, err
		}
		if _, ok := fileOf(filepath.Base(folder) + "/" + e.Name()); ok {
			files++
		}
	}
	return files, nil
}

// RemoveFile takes one file out, as Archive says.
func (a *Folder) RemoveFile(ctx context.Context, file File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := a.path(file.name())
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = durable.SyncFolder(filepath.Dir(path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file of card %s: %w", file.Number, err)
	}
	return nil
}

// List goes through the files that are there, as Archive says. A folder that is not there has none.
func (a *Folder) List(ctx context.Context) iter.Seq2[File, error] { return a.list(ctx, fileOf) }

// Temporary goes through the temporary files that are there, as List does through the others: those of writes that go on, and of such as were
// killed. Each is named as the file that it was to be, and a mark of the folder has no number; RemoveFile takes it out, and not that one.
func (a *Folder) Temporary(ctx context.Context) iter.Seq2[File, error] {
	return a.list(ctx, temporaryOf)
}

// temporaryEnd is what a temporary file has behind the name that it is to get, and before it a dot.
var temporaryEnd = regexp.MustCompile(`[0-9]+$`)

// temporaryOf is the temporary file that has a name, if it is one of such.
func temporaryOf(name string) (f File, ok bool) {
	if temporaryMark.MatchString(name) {
		return File{temporary: name}, true
	}
	folder, base := path.Split(name)
	final, dot := strings.CutPrefix(base, ".")
	end := temporaryEnd.FindStringIndex(final)
	if !dot || end == nil {
		return File{}, false
	}
	f, ok = fileOf(folder + final[:end[0]])
	f.temporary = name
	return f, ok
}

// list goes through the files that are there and that of answers.
func (a *Folder) list(ctx context.Context, of func(name string) (File, bool)) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		entries, err := os.ReadDir(a.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(File{}, err)
			return
		}
		if !listIn("", entries, of, yield) {
			return
		}
		for _, folder := range entries {
			if !folder.IsDir() {
				continue
			}
			files, err := os.ReadDir(filepath.Join(a.dir, folder.Name()))
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(File{}, err)
				return
			}
			if !listIn(folder.Name()+"/", files, of, yield) {
				return
			}
		}
	}
}

// listIn goes through the entries of one folder, whose name ends in a slash, and says whether to go on.
func listIn(folder string, entries []fs.DirEntry, of func(name string) (File, bool), yield func(File, error) bool) bool {
	for _, entry := range entries {
		file, ok := of(folder + entry.Name())
		if !ok || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // it was removed meanwhile
			continue
		}
		if err != nil {
			yield(File{}, err)
			return false
		}
		if file.Written = info.ModTime(); !yield(file, nil) {
			return false
		}
	}
	return true
}

func (a *Folder) path(name string) string { return filepath.Join(a.dir, filepath.FromSlash(name)) }
