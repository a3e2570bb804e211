// Package archive keeps the finished files of issued cards, one for each number, for ever: what a learner downloads and an
// admin prints again is this file, never a new drawing. It keeps them in a folder, or in a bucket of a server that speaks the
// protocol of Amazon S3. Both have the same layout, so that one can be copied from the other by any tool.
//
// The register says what a file has to be: nothing is handed out whose SHA-256 is another one.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"path"
	"strings"

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
	// ErrOvertaken says that another program wrote the same file of the bucket in the same moment. The file of the other stands.
	ErrOvertaken = errors.New("another program writes the same file of the bucket")
)

// Archive is what a Folder and a Bucket do alike.
type Archive interface {
	// Put keeps the files of some cards and returns their SHA-256 in hex. When it returns, all of them are whole, can be read, and
	// survive a loss of power. A file that is there already is replaced: it belongs to a run that was broken off before the card was
	// issued. After an error some may be kept.
	Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error)
	// Get is the file of a card. It refuses one whose SHA-256 is not the one that the register holds.
	Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
	// Has says whether there is a file of a card, whatever is in it.
	Has(ctx context.Context, number card.Number) (bool, error)
	// Remove takes a file out, for a card that was given up before it was issued or whose details were erased. When it returns, the file is gone for good.
	// A file that is not there is no error.
	Remove(ctx context.Context, number card.Number) error
	// List names the files that are there, by number, and passes over what is no file of a card. It ends with the first error.
	List(ctx context.Context) iter.Seq2[card.Number, error]
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
// which answers when the bucket does.
func ReadBucket(ctx context.Context, o BucketOptions) (*Reader, error) {
	b, err := NewBucket(o)
	if err != nil {
		return nil, err
	}
	if err = b.checkReading(ctx); err != nil && !errors.Is(err, ErrUnavailable) {
		return nil, err
	}
	return &Reader{b.Get}, err
}

// Name is where the file of a card is, seen from the archive. It spreads the files over 1,024 folders, as numbers are random: a folder
// of a million files is slow everywhere.
func Name(number card.Number) string {
	return path.Join(number.Compact()[:2], number.Compact()+fileEnd)
}

const fileEnd = ".pdf"

// numberOf is the card whose file has a name, if any has.
func numberOf(file string) (card.Number, bool) {
	number, err := card.ParseNumber(strings.TrimSuffix(path.Base(file), fileEnd))
	return number, err == nil && Name(number) == file
}

// SHA256 is the hex form that the register and the manifest hold.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
