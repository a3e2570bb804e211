// Package archive keeps the finished files of issued cards for ever: what a learner downloads and an admin prints again is this
// file, never a new drawing. It keeps them in a folder, or in a bucket of a server that speaks the protocol of Amazon S3. Both have
// the same layout, so that one can be copied from the other by any tool.
//
// A file's name has its SHA-256 in it, so that no write can ever take the place of another file: where two machines make the same card,
// both files stay, and the register says which of them is the card. Nothing is handed out whose SHA-256 is another one.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
)

// The ways in which a file can't be had. They come wrapped with the number, or with what the server said.
var (
	ErrMissing = errors.New("the archive has no file of card")
	ErrAltered = errors.New("the archived file was altered: card")
	// ErrUnavailable says that the bucket does not answer, or not in time. It may do so later; no file is lost by it.
	ErrUnavailable = errors.New("the bucket of the archive does not answer")
	// ErrRefused says that the bucket's server answers and refuses: the bucket, the credentials or their rights are wrong.
	ErrRefused = errors.New("the bucket of the archive refuses")
	// ErrMayWrite says that credentials may write to the bucket that are to be used by readers alone.
	ErrMayWrite = errors.New("these credentials may write to the bucket of the archive")
)

// Archive is what a Folder and a Bucket do alike.
type Archive interface {
	// Put keeps the files of some cards and returns their SHA-256 in hex. When it returns, all of them are whole, can be read, and
	// survive a loss of power. Other files of the same cards stay as they are; the same file once more changes nothing, and mends it
	// where it was damaged. After an error some may be kept.
	Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error)
	// Get is the file of a card that has the SHA-256 which the register holds. It looks under the name of such a file, and then under
	// the one without a SHA-256 that files had before.
	Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
	// Remove takes every file of a card out and returns how many there were, for a card that was given up before it was issued or whose
	// details were erased. When it returns, the files are gone for good. That there is none is no error.
	Remove(ctx context.Context, number card.Number) (files int, err error)
	// RemoveFile takes one file out for good, and leaves the others of its card. A file that is not there is no error.
	RemoveFile(ctx context.Context, file File) error
	// List goes through the files that are there, in no order, and passes over what is no file of a card. It ends with the first error.
	List(ctx context.Context) iter.Seq2[File, error]
}

// File is a file of the archive, by its name. What is in it may be something else: Get tells.
type File struct {
	Number  card.Number // empty for a temporary file that was to be no card's
	SHA256  string      // in hex; empty for a file with a name of before
	Written time.Time   // by the clock of the disk or the bucket

	temporary string // the name in the archive of one that is not whole yet, and empty for any other
}

// IsTemporary says whether it is what a write goes on with, or has left, and no file of a card yet.
func (f File) IsTemporary() bool { return f.temporary != "" }

func (f File) name() string {
	if f.temporary != "" {
		return f.temporary
	}
	return Name(f.Number, f.SHA256)
}

// Reader hands out files and can do nothing else: it is what the public server gets.
type Reader struct {
	get func(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
}

// Get is the file of a card. It refuses one whose SHA-256 is not the one that the register holds.
func (r *Reader) Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
	return r.get(ctx, number, wantSHA256)
}

// ReadFolder is a reader of the archive in dir.
func ReadFolder(dir string) *Reader { return &Reader{NewFolder(dir).Get} }

// ReadBucket is a reader of the archive in a bucket, with what the server says of it: an error that wraps ErrUnavailable comes with a reader,
// which answers when the bucket does. With ReadOnly it is asked then who may write, and hands out nothing before that is known: for as long as
// these credentials may, the error of Get is ErrMayWrite.
func ReadBucket(ctx context.Context, o BucketOptions) (*Reader, error) {
	b, err := NewBucket(o)
	if err != nil {
		return nil, err
	}
	err = b.checkReading(ctx)
	switch {
	case err != nil && !errors.Is(err, ErrUnavailable):
		return nil, err
	case err != nil && o.ReadOnly:
		return &Reader{b.getOnceChecked()}, err
	}
	return &Reader{b.Get}, err
}

// Name is where the file of a card with a SHA-256 is, seen from the archive. It spreads the files over 1,024 folders, as numbers are
// random: a folder of a million files is slow everywhere. With an empty SHA-256 it is the name that files had before.
func Name(number card.Number, sha256 string) string {
	if sha256 != "" {
		sha256 = "-" + sha256
	}
	return start(number) + sha256 + fileEnd
}

// start begins the names of all files of a card, and of no other.
func start(number card.Number) string { return path.Join(number.Compact()[:2], number.Compact()) }

const fileEnd = ".pdf"

var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// fileOf is the file of a card that has a name, if it is one of such.
func fileOf(name string) (f File, ok bool) {
	number, sum, _ := strings.Cut(strings.TrimSuffix(path.Base(name), fileEnd), "-")
	n, err := card.ParseNumber(number)
	f = File{Number: n, SHA256: sum}
	return f, err == nil && (sum == "" || hexSHA256.MatchString(sum)) && f.name() == name
}

// find reads the file of a card under each of its names. read's error is fs.ErrNotExist where there is none.
func find(number card.Number, wantSHA256 string, read func(name string) ([]byte, error)) ([]byte, error) {
	names := []string{Name(number, "")}
	if hexSHA256.MatchString(wantSHA256) {
		names = []string{Name(number, wantSHA256), names[0]}
	}
	failure := ErrMissing
	for _, name := range names {
		data, err := read(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case SHA256(data) == wantSHA256:
			return data, nil
		default:
			failure = ErrAltered
		}
	}
	return nil, fmt.Errorf("%w %s", failure, number)
}

// SHA256 is the hex form that the register and the manifest hold.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
