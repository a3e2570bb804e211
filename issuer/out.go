package issuer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/cardproof/cardproof/card"
)

// The files in the output folder beside the cards.
const (
	ManifestName = "cards.csv"
	ProblemsName = "problems.csv"
)

// ErrFolder says that the output folder can't be written.
var ErrFolder = errors.New("the output folder can't be written")

// ManifestLine is one line of the manifest, in the order of its columns.
type ManifestLine struct {
	Row       int
	Number    card.Number
	Name      string
	Course    string
	Issued    card.Date
	Expires   card.Date
	VerifyURL string
	File      string // in the output folder
	SHA256    string // of the file, in hex
	State     card.State
}

var manifestHeading = []string{"row", "number", "name", "course", "issued", "expires", "verify_url", "file", "sha256", "state"}

func manifestLine(l line, url string) ManifestLine {
	e := l.entry
	return ManifestLine{l.row, e.Number, e.Name, e.Course, e.IssuedOn, e.ExpiresOn, url, fileName(e.Number), e.SHA256, e.State}
}

func fileName(n card.Number) string { return n.Compact() + ".pdf" }

// folder is where a batch is delivered. What is in it can always be had again from the archive by running the roster once more.
type folder struct{ dir string }

// openFolder makes the folder, if need be, and tries it out, before anything is signed for it.
func openFolder(dir string) (*folder, error) {
	fail := func(err error) (*folder, error) { return nil, fmt.Errorf("%w: %w", ErrFolder, err) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(dir, ".cardproof-*")
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return fail(err)
	}
	return &folder{dir}, nil
}

func (f *folder) put(n card.Number, data []byte) error {
	return f.write(fileName(n), data)
}

func (f *folder) write(name string, data []byte) error {
	path := filepath.Join(f.dir, name)
	if err := renameio.WriteFile(path, data, 0o644, renameio.WithTempDir(f.dir)); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}

// writeManifest writes cards.csv. A manifest of another roster that is there already is kept under a name of its own.
func (f *folder) writeManifest(lines []ManifestLine) error {
	if err := f.keepOther(lines); err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(manifestHeading) // a Buffer takes everything; Error would tell
	for _, l := range lines {
		w.Write([]string{
			strconv.Itoa(l.Row), l.Number.String(), l.Name, l.Course, l.Issued.String(), l.Expires.String(), l.VerifyURL, l.File,
			l.SHA256, string(l.State),
		})
	}
	w.Flush()
	return errors.Join(w.Error(), f.write(ManifestName, b.Bytes()))
}

// keepOther keeps a manifest that names cards which the new one does not: two classes in one folder are no reason to lose the
// list of the first.
func (f *folder) keepOther(lines []ManifestLine) error {
	data, err := os.ReadFile(filepath.Join(f.dir, ManifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err == nil && covers(lines, rows) {
		return nil
	}
	return f.keep(ManifestName)
}

// writeProblems writes problems.csv; one of other content that is there already is kept.
func (f *folder) writeProblems(data []byte) error {
	old, err := os.ReadFile(filepath.Join(f.dir, ProblemsName))
	if err == nil && !bytes.Equal(old, data) {
		err = f.keep(ProblemsName)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return f.write(ProblemsName, data)
}

// keep gives a file that is about to be replaced a second name, such as cards-1.csv.
func (f *folder) keep(name string) error {
	path := filepath.Join(f.dir, name)
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		// A hard link refuses to replace a file, which a rename would do.
		err := os.Link(path, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		return nil
	}
}

func covers(lines []ManifestLine, rows [][]string) bool {
	have := make(map[string]bool, len(lines))
	for _, l := range lines {
		have[l.Number.String()] = true
	}
	for n, row := range rows {
		if n > 0 && (len(row) < 2 || !have[row[1]]) {
			return false
		}
	}
	return true
}
