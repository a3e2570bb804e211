package archive

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/card"
)

// Wanted is a file as the register has it.
type Wanted struct {
	Number card.Number
	SHA256 string // in hex
}

// GroupSize is how many files Copy and GetGroup take best: they are in memory together.
const GroupSize = 64

// Fetched is a file, or why it can't be had.
type Fetched struct {
	Data []byte
	Err  error
}

// GetGroup reads files as Get does, several at a time: a bucket far away takes longer to answer than to send. They come in the order asked for.
func GetGroup(ctx context.Context, from Archive, wanted []Wanted) []Fetched {
	found := make([]Fetched, len(wanted))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, w := range wanted {
		group.Go(func() error {
			found[i].Data, found[i].Err = from.Get(ctx, w.Number, w.SHA256)
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return found
}

// Copied is what Copy has done.
type Copied struct {
	Copied int
	There  int     // that were there already, byte for byte
	Bad    []error // of a file that is missing or altered at its source; they wrap ErrMissing or ErrAltered
}

// Copy brings files from one archive to another. Each is held against the register's SHA-256 when it is read, and is at its
// destination for good when Copy returns, under a name with its SHA-256. Nothing is removed, and no file is written over but a damaged
// one by itself. The same call again copies what is not there yet.
func Copy(ctx context.Context, from, to Archive, wanted []Wanted) (Copied, error) {
	c := Copied{}
	files := map[card.Number][]byte{}
	var mu sync.Mutex
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, w := range wanted {
		group.Go(func() error {
			data, err := missingAt(each, from, to, w)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, ErrMissing), errors.Is(err, ErrAltered):
				c.Bad = append(c.Bad, err)
			case err != nil:
				return err
			case data == nil:
				c.There++
			default:
				files[w.Number] = data
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return c, err
	}
	if len(files) > 0 {
		if _, err := to.Put(ctx, files); err != nil {
			return c, err
		}
	}
	c.Copied = len(files)
	return c, nil
}

// missingAt reads a file at its source if it is not whole at its destination.
func missingAt(ctx context.Context, from, to Archive, w Wanted) ([]byte, error) {
	_, err := to.Get(ctx, w.Number, w.SHA256)
	if !errors.Is(err, ErrMissing) && !errors.Is(err, ErrAltered) {
		return nil, err
	}
	return from.Get(ctx, w.Number, w.SHA256)
}
