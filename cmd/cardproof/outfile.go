package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf16"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// outFile is a file that a person names to be written. What is there already is replaced only if it is this command's own of an
// earlier run, or if the person says so; and what the centre lives on is never replaced.
type outFile struct {
	flag, path string                 // flag is what named it, such as "--out"
	mode       fs.FileMode            // subject to the umask
	force      *bool                  // of --force; nil for a command that replaces nothing
	isOwn      func(path string) bool // whether a file is of the kind that this command writes; nil for none
}

// check refuses a file that may not be written. The error has exit code 2.
func (o outFile) check(a *app, c *config.Config) error {
	if err := a.refuseOwn(c, o.flag, o.path); err != nil {
		return err
	}
	_, err := o.replaces()
	return err
}

// write writes the file, whole or not at all.
func (o outFile) write(a *app, c *config.Config, data []byte) error {
	if err := a.refuseOwn(c, o.flag, o.path); err != nil {
		return err
	}
	replace, err := o.replaces()
	if err != nil {
		return err
	}
	if replace {
		return errors.Join(durable.WriteFile(o.path, data, o.mode), durable.SyncFolder(filepath.Dir(o.path)))
	}
	err = durable.CreateFile(o.path, data, o.mode)
	if errors.Is(err, fs.ErrExist) { // it came meanwhile
		return o.exists()
	}
	return err
}

// replaces says whether there is a file already that may be replaced.
func (o outFile) replaces() (bool, error) {
	info, err := os.Lstat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fail(exitUsage, fmt.Errorf("%s %s: %w", o.flag, o.path, err), "Name a file in a folder that you may write.")
	case info.IsDir():
		return false, fail(exitUsage, fmt.Errorf("%s %s is a folder", o.flag, o.path), "Name a file in it.")
	case o.force != nil && *o.force:
		return true, nil
	case info.Mode().IsRegular() && o.isOwn != nil && o.isOwn(o.path): // to read a pipe would wait for ever
		return true, nil
	}
	return false, o.exists()
}

func (o outFile) exists() error {
	hint := "Nothing was written. Name another file, or move that one away."
	if o.force != nil {
		hint = "Nothing was written. Name another file, or add --force to replace that one."
	}
	return fail(exitUsage, fmt.Errorf("%s %s is there already", o.flag, o.path), hint)
}

// refuseOwn refuses to write at a path, a file's or a folder's, that is one of those the centre lives on or lies below its folders.
// Links are followed: what counts is the place, whatever its name is.
func (a *app) refuseOwn(c *config.Config, flag, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	folders := []string{c.Data, c.Keys, c.Server.TLS.ACME.Cache}
	if !public.IsBucket(c.Archive) {
		folders = append(folders, c.Archive)
	}
	for _, folder := range folders {
		if folder != "" && (isBelow(folder, abs) || isAmong(folder, abs)) {
			return fail(exitUsage, fmt.Errorf("%s %s is inside of %s", flag, path, folder), "Nothing was written. Name a place outside: what is in there is not for handing out.")
		}
	}
	own := []string{a.configPath, registerPath(c)}
	for _, f := range c.Files() {
		own = append(own, f.Path)
	}
	for _, file := range own {
		if isSame(file, abs) {
			return fail(exitUsage, fmt.Errorf("%s %s is a file that the configuration names", flag, path), "Nothing was written. Name another file.")
		}
	}
	return nil
}

// isBelow says whether a path, where its links lead, is a folder or lies below it. What is not there yet is where it would come to be.
func isBelow(folder, path string) bool {
	if isWithin(folder, path) {
		return true
	}
	want, err := os.Stat(folder)
	if err != nil {
		return false
	}
	for at := target(path); ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, want) {
			return true
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// isWithin says whether a path is a folder or lies below it, by their names alone.
func isWithin(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// target is where the links of a path lead, as far as it is there.
func target(path string) string {
	rest := ""
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if link, err := os.Readlink(at); err == nil { // to something that is not there
			if !filepath.IsAbs(link) {
				link = filepath.Join(filepath.Dir(at), link)
			}
			return filepath.Join(filepath.Clean(link), rest)
		}
		if at == filepath.Dir(at) {
			return filepath.Join(at, rest)
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// isAmong says whether a path is another name, by a hard link, of a file that lies right in a folder.
func isAmong(folder, path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if other, err := entry.Info(); err == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// isSame says whether two paths lead to one file, or would.
func isSame(file, path string) bool {
	abs, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	one, errOne := os.Stat(abs)
	two, errTwo := os.Stat(path)
	if errOne == nil && errTwo == nil {
		return os.SameFile(one, two)
	}
	return target(abs) == target(path)
}

// maxOwn bounds a file that is read to see what it is, in bytes.
const maxOwn = 256 << 20

// says makes the isOwn of a PDF that the drawer wrote without a seal, by one of the texts that it has about itself (its title, or what
// its subject begins with). They stand in the file as gofpdf writes them: in UTF-16, big end first, with its mark.
func says(texts ...string) func(path string) bool {
	return func(path string) bool {
		info, err := os.Stat(path)
		if err != nil || info.Size() > maxOwn {
			return false
		}
		data, err := os.ReadFile(path)
		return err == nil && bytes.HasPrefix(data, []byte("%PDF-")) && !bytes.Contains(data, []byte("/ByteRange")) &&
			slices.ContainsFunc(texts, func(text string) bool {
				written := []byte("(\xfe\xff")
				for _, unit := range utf16.Encode([]rune(text)) {
					written = append(written, byte(unit>>8), byte(unit))
				}
				return bytes.Contains(data, written)
			})
	}
}

// isKeySet says whether a file holds a set of public keys, as keys export writes it.
func isKeySet(path string) bool {
	_, err := keys.Load(path)
	return err == nil
}

// isStatusList says whether a file holds a signed status list, as status publish writes it. The signature is of no interest here: a list
// of an earlier key is this command's own too.
func isStatusList(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	head, _, _ := bytes.Cut(data, []byte("."))
	text, err := base64.RawURLEncoding.DecodeString(string(head))
	if err != nil {
		return false
	}
	var header struct {
		Type string `json:"typ"`
	}
	return json.Unmarshal(text, &header) == nil && header.Type == statuslist.Type
}
