package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cardproof/cardproof/internal/durable"
)

// The ways in which a folder is not the archive that it was. They come wrapped with the folder.
var (
	// ErrGone says that the folder is not there any more, or that another one is in its place, as where a disk or share is not mounted.
	ErrGone = errors.New("the folder of the archive is gone, or is another one than it was")
	// ErrEmptyMark says that the mark of a folder is empty: who made it was broken off.
	ErrEmptyMark = errors.New("the mark of the archive is empty")
)

// sharedName is a file in a folder that is an archive, by which machines tell whether they share it.
const sharedName = ".shared"

// temporaryMark is the name of a mark that is being made, or that was left so by a run that was killed.
var temporaryMark = regexp.MustCompile(`^\.shared-[0-9]+$`)

// AnewName is an empty file that somebody makes in a folder to begin an archive anew there, though the register names files that it has not. It is
// removed when there are files of the register.
const AnewName = ".anew"

// Expect says what files the folder has: named answers some of those that the register names, none where it names none. Where the folder has
// none of them, nor a file AnewName, then Put, Share and Check refuse with ErrGone before anything is made: its disk or share is not mounted. It is called before all
// else.
func (a *Folder) Expect(named func(context.Context) ([]Wanted, error)) { a.named = named }

// Share answers the mark of the folder: what all machines read there that share it. Where there is none, it makes folder and mark, and of several
// machines that do so at once all get the same. From then on Put and Check refuse with ErrGone where the folder has not this mark.
func (a *Folder) Share(ctx context.Context) (mark string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.check(ctx); err != nil || a.mark != "" {
		return a.mark, err
	}
	_, err = a.readMark()
	if errors.Is(err, fs.ErrNotExist) {
		if err = durable.MakeFolder(a.dir, 0o700); err == nil {
			err = a.makeMark()
		}
	}
	if err == nil { // also of one that another machine has made
		_, err = a.readMark()
	}
	if err == nil {
		err = a.remember()
	}
	if err != nil {
		return "", err
	}
	return a.mark, nil
}

// Check says whether the folder has what Expect says, and from then on whether it is still the same. Before the first file there is nothing to say.
func (a *Folder) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.check(ctx)
}

func (a *Folder) check(ctx context.Context) error {
	if !a.known {
		return a.look(ctx)
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
	if err == nil && a.mark == "" && !os.SameFile(info, a.info) {
		// Some network file systems number their folders anew, at the latest when they are mounted again: there, a file tells.
		if a.has(a.witness) != nil {
			err = errors.New("another folder is in its place")
		} else {
			a.info = info
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrGone, a.dir, err)
	}
	return nil
}

// look compares the folder with what Expect says, before this process knows it. One file is enough: single ones may be lost.
func (a *Folder) look(ctx context.Context) error {
	if a.named == nil {
		return nil
	}
	wanted, err := a.named(ctx)
	if err != nil || len(wanted) == 0 {
		return err
	}
	for _, w := range wanted {
		for _, name := range []string{Name(w.Number, w.SHA256), Name(w.Number, "")} {
			err := a.has(name)
			if err == nil {
				a.witness = name
				_ = os.Remove(a.path(AnewName)) // it is begun; another time, the files have to be there
				return a.remember()
			}
			if !isNowhere(err) {
				return fmt.Errorf("%w: %s: %w", ErrGone, a.dir, err)
			}
		}
	}
	if a.has(AnewName) == nil {
		return a.remember()
	}
	return fmt.Errorf("%w: %s: it has none of the newest files that the register names", ErrGone, a.dir)
}

// has is nil where there is a file of a name.
func (a *Folder) has(name string) error {
	if name == "" {
		return fs.ErrNotExist
	}
	info, err := os.Stat(a.path(name))
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	return err
}

// isNowhere says that there is no such file, nor perhaps the folder that it would be in.
func isNowhere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// begin makes the folder for the first file, and from then on refuses where it is not the same any more: files that were put into the folder
// under a share that is not mounted would be seen by nobody.
func (a *Folder) begin(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.check(ctx); err != nil || a.known {
		return err
	}
	if err := durable.MakeFolder(a.dir, 0o700); err != nil {
		return err
	}
	return a.remember()
}

// remember notes which folder it is from now on.
func (a *Folder) remember() error {
	info, err := os.Stat(a.dir)
	if err != nil {
		return err
	}
	mark, err := a.readMark()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrEmptyMark) { // either: a folder that no machines share yet
		return err
	}
	a.known, a.info, a.mark = true, info, mark
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
