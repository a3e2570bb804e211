// Package archive keeps the finished files of issued cards, one for each number, for ever: what a learner downloads and an
// admin prints again is this file, never a new drawing.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/durable"
)

// The ways in which a file can't be had. They come wrapped with the number.
var (
	ErrMissing = errors.New("the archive has no file of card")
	ErrAltered = errors.New("the archived file was altered: card")
)

// Archive is a folder of finished files.
type Archive struct{ dir string }

// New is the archive in dir, which is made when the first file comes.
func New(dir string) *Archive { return &Archive{dir} }

// Put keeps the files of some cards and returns their SHA-256 in hex. When it returns, all of them are whole and survive a loss of power:
// temporary files, fsync, rename, fsync of the folders. Together they wait for the disk hardly longer than one would. A file that is there
// already is replaced: it belongs to a run that was broken off before the card was issued. After an error some may be kept.
func (a *Archive) Put(files map[card.Number][]byte) (map[card.Number]string, error) {
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

// Get is the file of a card. It refuses one whose SHA-256 is not the one that the register holds.
func (a *Archive) Get(number card.Number, wantSHA256 string) ([]byte, error) {
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

// Has says whether there is a file of a card, whatever is in it.
func (a *Archive) Has(number card.Number) (bool, error) {
	_, err := os.Stat(a.path(number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Remove takes a file out, for a card that was given up before it was issued or whose details were erased. When it returns, the file is gone also after a
// loss of power. A file that is not there is no error.
func (a *Archive) Remove(number card.Number) error {
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

// path spreads the files over 1,024 folders, as numbers are random: a folder of a million files is slow everywhere.
func (a *Archive) path(number card.Number) string {
	return filepath.Join(a.dir, number.Compact()[:2], number.Compact()+".pdf")
}

// SHA256 is the hex form that the register and the manifest hold.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
