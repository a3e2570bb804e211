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

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/durable"
)

// The files in the output folder beside the cards.
const (
	ManifestName         = "cards.csv"
	ProblemsName         = "problems.csv"
	ProblemsWorkbookName = "problems.xlsx" // where the roster was a workbook
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
	File      string // in the output folder; empty for a card that is not in force, and is not there
	SHA256    string // of the file, in hex
	State     card.State

	Replaces card.Number // the card that this one took the place of; it has no column
}

// keyRevoked is the state in the manifest of an issued card that fell with its key. The register's own state of it is Issued.
const keyRevoked card.State = "key_revoked"

var manifestHeading = []string{"row", "number", "name", "course", "issued", "expires", "verify_url", "file", "sha256", "state"}

func manifestLine(row int, e card.Entry, url string) ManifestLine {
	l := ManifestLine{Row: row, Number: e.Number, Name: e.Name, Course: e.Course, Issued: e.IssuedOn, Expires: e.ExpiresOn, VerifyURL: url,
		File: FileName(e.Number), SHA256: e.SHA256, State: e.State, Replaces: e.Replaces}
	if e.State != card.Issued {
		l.File = ""
	}
	if e.IsErased() { // its token and its file are gone with its holder
		l.VerifyURL, l.SHA256 = "", ""
	}
	return l
}

// FileName is what the file of a card is called in the output folder.
func FileName(n card.Number) string { return n.Compact() + ".pdf" }

// folder is where a batch is delivered. What is in it can always be had again from the archive by running the roster once more.
type folder struct {
	dir   string
	fresh []string // paths of files that were put and not synced yet
	kept  []string // names of lists of an earlier run that were in the way
}

// openFolder makes the folder, if need be, and tries it out, before anything is signed for it.
func openFolder(dir string) (*folder, error) {
	f := &folder{dir: dir}
	if err := f.try(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return f, nil
}

// trialName begins the name of the empty file by which a folder is tried.
const trialName = ".cardproof-"

func (f *folder) try() error {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.dir, trialName+"*")
	if err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Remove(temp.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) { // a run of another register may have swept it
		return err
	}
	// The lists are written at the end; what would hinder that is better known now.
	for _, name := range []string{ManifestName, ProblemsName, ProblemsWorkbookName} {
		if _, err := f.old(name); err != nil {
			return err
		}
	}
	return nil
}

// old is the content of a list that is in the folder already, or nil. What is no plain file is left alone: to read a pipe
// would wait for ever.
func (f *folder) old(name string) ([]byte, error) {
	path := filepath.Join(f.dir, name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", path)
	}
	return os.ReadFile(path)
}

// put writes the file of a card, whole or not at all. The disk is waited for by sync, once for all of them.
func (f *folder) put(n card.Number, data []byte) error {
	path := filepath.Join(f.dir, FileName(n))
	if err := durable.PutFile(path, data, 0o644); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	f.fresh = append(f.fresh, path)
	return nil
}

// sync makes what was put survive a loss of power. The lists come after it, so that they name nothing that could be lost.
func (f *folder) sync() error {
	err := durable.SyncFiles(f.fresh)
	if err == nil && len(f.fresh) > 0 {
		err = durable.SyncFolder(f.dir)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	f.fresh = nil
	return nil
}

// sweep removes what runs that were killed have left of cards' files: their temporary files, by the names that renameio gives. Only those of
// the given cards, which nobody else writes at this moment: only one run at a time works on the cards of a register, under its lock. A run
// that has delivered none sweeps nothing.
func (f *folder) sweep(lines []ManifestLine) error {
	if len(lines) == 0 {
		return nil
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	var left []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && e.Type().IsRegular() {
			left = append(left, e.Name())
		}
	}
	if len(left) == 0 {
		return nil
	}
	ours := map[string]bool{trialName: true}
	for _, l := range lines {
		ours["."+FileName(l.Number)] = true
	}
	for _, name := range left {
		if !ours[strings.TrimRight(name, "0123456789")] {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	return nil
}

func (f *folder) write(name string, data []byte) error {
	if err := durable.WriteFile(filepath.Join(f.dir, name), data, 0o644); err != nil {
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
		w.Write(l.columns())
	}
	w.Flush()
	return errors.Join(w.Error(), f.write(ManifestName, b.Bytes()))
}

// columns are those of manifestHeading.
func (l ManifestLine) columns() []string {
	return []string{
		rowText(l.Row), l.Number.String(), l.Name, l.Course, l.Issued.String(), l.Expires.String(), l.VerifyURL, l.File, l.SHA256, string(l.State),
	}
}

// rowText is empty for a card that comes from no roster.
func rowText(row int) string {
	if row == 0 {
		return ""
	}
	return strconv.Itoa(row)
}

// keepOther keeps a manifest that names cards which the new one does not: two classes in one folder are no reason to lose the
// list of the first.
func (f *folder) keepOther(lines []ManifestLine) error {
	data, err := f.old(ManifestName)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err == nil && covers(lines, rows) {
		return nil
	}
	return f.keep(ManifestName, data)
}

// writeProblems writes a list of refused rows; one of other content that is there already is kept.
func (f *folder) writeProblems(name string, data []byte) error {
	old, err := f.old(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if old != nil && !bytes.Equal(old, data) {
		if err := f.keep(name, old); err != nil {
			return err
		}
	}
	return f.write(name, data)
}

// keep writes the content of a file that is about to be replaced under another name, such as cards-1.csv.
func (f *folder) keep(name string, data []byte) error {
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
		err := durable.CreateFile(filepath.Join(f.dir, aside), data, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		f.kept = append(f.kept, aside)
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
