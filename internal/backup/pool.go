package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
)

const (
	// filesAtOnce and bytesAtOnce bound what is written together: files that are synced at the same time wait for the disk hardly longer
	// than one does.
	filesAtOnce = 256
	bytesAtOnce = 32 << 20
)

// pool takes in the files of cards, which all backups of a folder share.
type pool struct {
	*taker
	waiting map[string][]byte // by their path
	bytes   int
}

// poolName is where a file of a card stands, from a backup's folder. 256 folders keep each of them small.
func poolName(sum string) string { return "../" + cardsName + "/" + sum[:2] + "/" + sum + ".pdf" }

// add takes in the file of a card. One that is there already is not read again, unless every file is to be.
func (p *pool) add(ctx context.Context, f register.CardFile) error {
	name := poolName(f.SHA256)
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if _, ok := p.sums[name]; ok {
		return nil
	}
	has, err := p.has(path, f.SHA256)
	if err != nil {
		return err
	}
	if !has {
		data, err := p.centre.Archive.Get(ctx, f.Number, f.SHA256)
		lost := errors.Is(err, archive.ErrMissing) || errors.Is(err, archive.ErrAltered)
		switch {
		case err != nil && !lost:
			return err
		case lost && f.State == card.Planned:
			return nil // it is being made anew, and nobody has it: the next run of the same roster does so too
		case lost:
			return p.missing(ctx, f.Number)
		}
		if err := p.wait(path, data); err != nil {
			return err
		}
		p.made.Copied++
	}
	p.sums[name] = f.SHA256
	p.made.Cards++
	return nil
}

// has says whether an earlier backup has brought the file.
func (p *pool) has(path, sum string) (bool, error) {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if p.recheck {
		is, err := sumFile(path)
		return is == sum, err
	}
	return there.Size() > 0, nil
}

func (p *pool) wait(path string, data []byte) error {
	if p.waiting == nil {
		p.waiting = map[string][]byte{}
	}
	p.waiting[path] = data
	p.bytes += len(data)
	if len(p.waiting) < filesAtOnce && p.bytes < bytesAtOnce {
		return nil
	}
	return p.flush()
}

func (p *pool) flush() error {
	if len(p.waiting) == 0 {
		return nil
	}
	folders := map[string]bool{}
	for path := range p.waiting {
		folders[filepath.Base(filepath.Dir(path))] = true
	}
	above := filepath.Join(p.folder, cardsName)
	err := durable.MakeFolder(above, 0o700)
	if err == nil {
		err = durable.MakeFolders(above, slices.Sorted(maps.Keys(folders)), 0o700)
	}
	if err == nil {
		err = durable.WriteFiles(p.waiting, 0o600)
	}
	p.waiting, p.bytes = nil, 0
	return err
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// listSums writes sums as sha256sum(1) does, in the order of the names.
func listSums(sums map[string]string) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		b.WriteString(sums[name] + "  " + name + "\n")
	}
	return b.Bytes()
}

// syncTree makes all files and folders below a folder survive a loss of power.
func syncTree(dir string) error {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		return err
	}
	return durable.SyncFiles(paths)
}
