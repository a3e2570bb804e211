package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

// restoring ends the name of a folder that is being restored, by which the next run knows what one left behind that was killed.
const restoring = ".cardproof-restoring"

func whileRestoring(to string) string {
	return filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+restoring)
}

// Restored is what came of a Restore.
type Restored struct {
	Note
	From  string         // the backup
	Audit register.Audit // of the restored register
	Found []string       // what SQLite finds wrong with the register's file
	// TakenOut are the keys of the configuration that led out of its folder, and are comments now. Aside is true where none could be taken out,
	// and the configuration lies in AsideName instead.
	TakenOut []string
	Aside    bool
}

// AsideName is the file of a restored configuration that would still lead to what the old centre lives on.
const AsideName = "config-of-the-backup.yaml"

// Newest is the newest whole backup in a folder, or the folder itself where that is one. The error is ErrNoBackup.
func Newest(folder string) (string, error) {
	if isBackup(folder) {
		return folder, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(entries) { // ReadDir sorts them, and their names are their times
		if path := filepath.Join(folder, e.Name()); e.IsDir() && !strings.HasPrefix(e.Name(), ".") && isBackup(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w in %s", ErrNoBackup, folder)
}

func isBackup(path string) bool {
	_, err := os.Stat(filepath.Join(path, sumsName))
	return err == nil
}

// Restore brings the backup at from, or the newest one in it, into a folder that is not there or is empty: config.yaml, keys and data. Every file is
// compared with SHA256SUMS while it is copied, the register is audited, and every card that was out has to have its file. Only
// then the folder gets its name: after an error or a crash there is none. expect is a head that was noted before, or nil.
//
// The configuration comes back as one that stands for this folder alone (config.StandAlone): what is done to a restored centre never reaches
// the register, the bucket or the keys of the one that was backed up.
//
// A register that was not whole when it was backed up is restored all the same, as there may be no better one; Audit and Missing say so. The error
// is ErrNoBackup, ErrDamaged, ErrNotEmpty, one of the register's, or what the system said.
func Restore(ctx context.Context, from, to string, expect *register.Head) (done Restored, err error) {
	if done.From, err = Newest(from); err != nil {
		return done, err
	}
	to = filepath.Clean(to)
	if err := mustBeEmpty(to); err != nil {
		return done, err
	}
	r := &restorer{from: done.From, dir: whileRestoring(to), done: &done}
	if err := r.begin(); err != nil {
		return done, err
	}
	if err = r.restore(ctx, expect); err == nil {
		err = syncTree(r.dir)
	}
	if err == nil {
		err = os.Rename(r.dir, to) // over an empty folder
	}
	if err != nil {
		return done, errors.Join(err, os.RemoveAll(r.dir))
	}
	return done, durable.SyncFolder(filepath.Dir(to))
}

func mustBeEmpty(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%w: %s", ErrNotEmpty, path)
	}
	return nil
}

type restorer struct {
	from, dir string
	sums      map[string]string
	done      *Restored
}

// begin makes the folder that is filled. One that a run left behind which was killed is made anew.
func (r *restorer) begin() error {
	if err := os.RemoveAll(r.dir); err != nil {
		return err
	}
	return durable.MakeFolder(r.dir, 0o700)
}

func (r *restorer) restore(ctx context.Context, expect *register.Head) error {
	if err := r.readSums(); err != nil {
		return err
	}
	note, err := r.read(noteName)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(note, &r.done.Note); err != nil || r.done.Format != 1 {
		return fmt.Errorf("%w: %s is of no form that this version knows", ErrDamaged, noteName)
	}
	for name, sum := range r.sums {
		rest, ok := strings.CutPrefix(name, centreName+"/")
		if !ok {
			continue
		}
		if err := r.copy(name, filepath.FromSlash(rest), sum); err != nil {
			return err
		}
	}
	if err := r.standAlone(); err != nil {
		return err
	}
	return r.register(ctx, expect)
}

func (r *restorer) standAlone() error {
	path := filepath.Join(r.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, r.done.TakenOut, err = config.StandAlone(text)
	if err != nil {
		r.done.Aside = true
		return os.Rename(path, filepath.Join(r.dir, AsideName))
	}
	return os.WriteFile(path, text, 0o600)
}

// readSums reads the list of all files. It is what everything else is compared with; who has noted its own SHA-256 compares that.
func (r *restorer) readSums() error {
	data, err := os.ReadFile(filepath.Join(r.from, sumsName))
	if err != nil {
		return err
	}
	r.sums = map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		inCards := len(sum) == 64 && name == poolName(sum)
		if !ok || len(sum) != 64 || !inCards && !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%w: a line of %s can't be read", ErrDamaged, sumsName)
		}
		r.sums[name] = sum
	}
	if r.sums[registerName] == "" || r.sums[noteName] == "" {
		return fmt.Errorf("%w: %s names no register", ErrDamaged, sumsName)
	}
	return lines.Err()
}

func (r *restorer) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(r.from, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if archive.SHA256(data) != r.sums[name] {
		return nil, fmt.Errorf("%w: %s was altered", ErrDamaged, filepath.Join(r.from, name))
	}
	return data, nil
}

// copy copies a file of the backup to a name in the new folder, and compares it on the way.
func (r *restorer) copy(name, to, sum string) error {
	path := filepath.Join(r.from, filepath.FromSlash(name))
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrDamaged, path)
	}
	if err != nil {
		return err
	}
	defer in.Close() // it was only read
	to = filepath.Join(r.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	// What was written is read again: the disk may be the fault.
	is, err := sumFile(to)
	if err == nil && is != sum {
		err = fmt.Errorf("%w: %s was altered", ErrDamaged, path)
	}
	return err
}

// register looks at the restored register in every way there is, and brings the files of its cards. Opening it for writing brings one of an
// older version up to date, and makes the files that a server needs which may not write.
func (r *restorer) register(ctx context.Context, expect *register.Head) (err error) {
	ledger, err := register.Open(ctx, filepath.Join(r.dir, "data", "register.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	if r.done.Found, err = ledger.Integrity(ctx); err != nil {
		return err
	}
	if r.done.Audit, err = ledger.Audit(ctx, expect); err != nil {
		return err
	}
	set, err := keys.Load(filepath.Join(r.dir, "keys", keys.FileName))
	if err != nil {
		return err
	}
	err = ledger.Accepted(ctx, register.OfKeys(func(id string) bool {
		_, ok := set.Find(id)
		return ok
	}))
	if err != nil {
		return err
	}
	known := map[string]bool{} // missing when the backup was made
	for _, n := range r.done.Missing {
		known[n] = true
	}
	return ledger.EachFile(ctx, func(f register.CardFile) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := poolName(f.SHA256)
		if r.sums[name] == "" {
			if f.State == card.Planned || known[f.Number.String()] {
				return nil
			}
			return fmt.Errorf("%w: it has no file of card %s", ErrDamaged, f.Number)
		}
		return r.copy(name, path.Join("data/cards", archive.Name(f.Number, f.SHA256)), f.SHA256)
	})
}
