// Package backup copies a whole centre into a folder while it works, and brings it back.
//
// A folder takes many backups. Each is a folder of its own, named by its time, with the register as it stood at one moment, the
// configuration and the public keys; the finished files of all cards stand once, beside them, named by their SHA-256, so that a further
// backup copies only what is new. SHA256SUMS in each backup names every file of it, in the form that sha256sum(1) checks. It is written last:
// a folder that has it is whole.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
)

// The names in a backup.
const (
	sumsName     = "SHA256SUMS"
	noteName     = "backup.json"
	centreName   = "centre" // what comes back
	cardsName    = "cards"  // beside the backups
	registerName = centreName + "/data/register.db"
	partial      = ".partial-" // begins the name of a backup that is being made
	stampForm    = "20060102T150405Z"
)

// The ways in which a backup fails.
var (
	// ErrErasedMeanwhile says that details were erased while the backup ran, which would have brought them into it.
	ErrErasedMeanwhile = errors.New("the details of a card were erased while the backup was made")
	// ErrNoBackup says that there is no whole backup in a folder.
	ErrNoBackup = errors.New("there is no whole backup")
	// ErrDamaged says that a file of a backup is not what was written.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNotEmpty says that the folder to restore to is in use.
	ErrNotEmpty = errors.New("the folder is not empty")
	// ErrBusy says that another backup is being made in the folder.
	ErrBusy = errors.New("another backup is being made there")
)

// File is a file of the centre beside the register and the cards.
type File struct {
	Path string // where it is
	Name string // where it goes, from the centre's folder, with slashes
}

// Archive hands out the files of cards.
type Archive interface {
	// Get is the file of a card. The error wraps archive.ErrMissing or archive.ErrAltered where it is not there as it was.
	Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
}

// Centre is what is backed up.
type Centre struct {
	Register *register.Ledger
	Archive  Archive
	Issuer   string
	Files    []File
	WithKeys bool // whether private keys are among the files
}

// Options say how a backup is made.
type Options struct {
	Recheck bool // read also the files that an earlier backup has copied
	Now     time.Time
	Program string // its version
}

// Note is what a backup says of itself, as backup.json.
type Note struct {
	Format   int      `json:"format"`
	MadeAt   string   `json:"made_at"`
	Program  string   `json:"program"`
	Issuer   string   `json:"issuer"`
	HeadSeq  int64    `json:"head_seq"`
	HeadHash string   `json:"head_hash"`
	Whole    bool     `json:"whole"` // whether the register was what its history says
	WithKeys bool     `json:"with_keys"`
	Cards    int      `json:"cards"`   // files of cards
	Missing  []string `json:"missing"` // cards whose file was missing or altered when the backup was made
}

// Made is what came of a backup.
type Made struct {
	Note
	Path   string // of the backup
	Sums   string // the SHA-256 of its SHA256SUMS, which stands for all of it
	Copied int    // files of cards that were not there yet
	Audit  register.Audit
}

// Take makes a backup in a folder, which is made where it is not there. Whoever issues and serves meanwhile is not kept waiting. After
// an error or a crash there is no new backup; what earlier ones have stays. The error is ErrErasedMeanwhile, ErrBusy, fs.ErrExist where there is a
// backup of this second, one of the register's, or what the system said.
func Take(ctx context.Context, c Centre, folder string, o Options) (made Made, err error) {
	if err := durable.MakeFolder(folder, 0o700); err != nil {
		return made, err
	}
	lock := flock.New(filepath.Join(folder, ".lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return made, err
	}
	if !locked {
		return made, fmt.Errorf("%w: %s", ErrBusy, folder)
	}
	defer func() { _ = lock.Unlock() }() // the system gives it back as well
	name := o.Now.UTC().Format(stampForm)
	if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
		return made, &fs.PathError{Op: "backup", Path: filepath.Join(folder, name), Err: fs.ErrExist}
	}
	if err := removePartial(folder); err != nil {
		return made, err
	}
	t := &taker{centre: c, folder: folder, dir: filepath.Join(folder, partial+name), recheck: o.Recheck, sums: map[string]string{}}
	t.made.Note = Note{Format: 1, MadeAt: o.Now.UTC().Format(time.RFC3339), Program: o.Program, Issuer: c.Issuer, WithKeys: c.WithKeys, Missing: []string{}}
	if err = t.take(ctx); err == nil {
		t.made.Path = filepath.Join(folder, name)
		err = os.Rename(t.dir, t.made.Path)
	}
	if err != nil {
		return made, errors.Join(err, os.RemoveAll(t.dir))
	}
	return t.made, durable.SyncFolder(folder)
}

// removePartial removes what a run that was killed has left. Only the one that holds the lock may.
func removePartial(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), partial) {
			if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// taker makes one backup.
type taker struct {
	centre      Centre
	folder, dir string
	recheck     bool
	sums        map[string]string // SHA-256 in hex, by the name from the backup's folder
	made        Made
}

func (t *taker) take(ctx context.Context) error {
	if err := durable.MakeFolder(filepath.Join(t.dir, centreName, "data"), 0o700); err != nil {
		return err
	}
	if err := t.register(ctx); err != nil {
		return err
	}
	for _, f := range t.centre.Files {
		if err := t.file(f); err != nil {
			return err
		}
	}
	return t.finish()
}

// register saves the register as it stands, and the files of the cards that it names.
func (t *taker) register(ctx context.Context) error {
	path := filepath.Join(t.dir, filepath.FromSlash(registerName))
	if err := t.centre.Register.SaveTo(ctx, path); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	saved, err := register.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer saved.Close() // it only read
	if t.made.Audit, err = saved.Audit(ctx, nil); err != nil {
		return err
	}
	t.made.Whole = t.made.Audit.IsWhole()
	t.made.HeadSeq, t.made.HeadHash = t.made.Audit.Head.Seq, fmt.Sprintf("%x", t.made.Audit.Head.Hash)
	p := &pool{taker: t}
	if err := saved.EachFile(ctx, func(f register.CardFile) error { return p.add(ctx, f) }); err != nil {
		return err
	}
	if err := p.flush(); err != nil {
		return err
	}
	sum, err := sumFile(path)
	t.sums[registerName] = sum
	return err
}

// file copies a file of the centre.
func (t *taker) file(f File) error {
	name := centreName + "/" + f.Name
	if !filepath.IsLocal(filepath.FromSlash(f.Name)) || t.sums[name] != "" {
		return fmt.Errorf("%s has no place in a backup, or another file has it", f.Path)
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return err
	}
	to := filepath.Join(t.dir, filepath.FromSlash(name))
	if err := durable.MakeFolder(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	t.sums[name] = archive.SHA256(data)
	return durable.WriteFile(to, data, 0o600)
}

// finish writes what the backup says of itself, and then the sums, and waits for the disk.
func (t *taker) finish() error {
	note, err := json.MarshalIndent(t.made.Note, "", "  ")
	if err != nil {
		return err
	}
	note = append(note, '\n')
	t.sums[noteName] = archive.SHA256(note)
	if err := durable.WriteFile(filepath.Join(t.dir, noteName), note, 0o600); err != nil {
		return err
	}
	list := listSums(t.sums)
	t.made.Sums = archive.SHA256(list)
	if err := syncTree(t.dir); err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(t.dir, sumsName), list, 0o600); err != nil {
		return err
	}
	return durable.SyncFolder(t.dir)
}

// missing notes a card whose file could not be copied. If its details were erased meanwhile, they may not come into the backup.
func (t *taker) missing(ctx context.Context, n card.Number) error {
	e, ok, err := t.centre.Register.FindEntry(ctx, n)
	if err == nil && ok && e.IsErased() {
		err = ErrErasedMeanwhile
	}
	t.made.Missing = append(t.made.Missing, n.String())
	return err
}
