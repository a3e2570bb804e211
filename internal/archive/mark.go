package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cardproof/cardproof/internal/durable"
)

// The ways in which a folder is not the archive that it was. They come wrapped with the folder.
var (
	// ErrGone says that the folder is not there any more, or that another one is in its place, as where a share is no longer mounted.
	ErrGone = errors.New("the folder of the archive is gone, or is another one than it was")
	// ErrEmptyMark says that the mark of a folder is empty: who made it was broken off.
	ErrEmptyMark = errors.New("the mark of the archive is empty")
)

// sharedName is a file in a folder that is an archive, by which machines tell whether they share it.
const sharedName = ".shared"

// Share answers the mark of the folder: what all machines read there that share it. Where there is none, it makes folder and mark, and of several
// machines that do so at once all get the same. From then on Put and Check refuse with ErrGone where the folder has not this mark.
func (a *Folder) Share() (mark string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.check(); err != nil || a.mark != "" {
		return a.mark, err
	}
	mark, err = a.readMark()
	if errors.Is(err, fs.ErrNotExist) {
		if err = durable.MakeFolder(a.dir, 0o700); err == nil {
			err = a.makeMark()
		}
		if err == nil {
			mark, err = a.readMark()
		}
	}
	if err != nil {
		return "", err
	}
	a.known, a.mark = true, mark
	return mark, nil
}

// Check says whether the folder is still what it was at Share, or at the first Put. Before either there is nothing to say.
func (a *Folder) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.check()
}

func (a *Folder) check() error {
	if !a.known {
		return nil
	}
	info, err := os.Stat(a.dir)
	if err == nil && !info.IsDir() {
		err = errors.New("not a folder")
	}
	if err == nil && a.mark != "" {
		var now string
		if now, err = a.readMark(); err == nil && now != a.mark {
			err = errors.New("it has another mark")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrGone, a.dir, err)
	}
	return nil
}

// begin makes the folder for the first file, and from then on refuses where it is not the same any more: files that were put into the folder
// under a share that is not mounted would be seen by nobody.
func (a *Folder) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known {
		return a.check()
	}
	if err := durable.MakeFolder(a.dir, 0o700); err != nil {
		return err
	}
	mark, err := a.readMark()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrEmptyMark) { // either: a folder that no machines share yet
		return err
	}
	a.known, a.mark = true, mark
	return nil
}

func (a *Folder) readMark() (string, error) {
	path := filepath.Join(a.dir, sharedName)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	mark := strings.TrimSpace(string(data))
	if mark == "" {
		return "", fmt.Errorf("%w: %s", ErrEmptyMark, path)
	}
	return mark, nil
}

// makeMark makes the mark unless there is one. It is whole from the moment on at which it has its name: a machine that reads half of it would
// share its archive with nobody.
func (a *Folder) makeMark() (err error) {
	f, err := os.CreateTemp(a.dir, sharedName+"-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	mark := rand.Text() + "\n"
	_, err = f.WriteString(mark)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	path := filepath.Join(a.dir, sharedName)
	if err = os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		err = durable.CreateFile(path, []byte(mark), 0o600)
	}
	if errors.Is(err, fs.ErrExist) { // another machine came first
		err = nil
	}
	return errors.Join(err, durable.SyncFolder(a.dir))
}
