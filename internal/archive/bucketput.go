package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/card"
)

// The mark is an object of the archive's own. To write it tells whether files can be kept before the first card is at stake.
const (
	markName = "cardproof-archive.txt"
	mark     = "The finished cards of a centre, kept by Cardproof.\n"
	markType = "text/plain; charset=utf-8"
	fileType = "application/pdf"
)

var errOtherBytes = errors.New("it keeps other bytes than were sent to it")

const checksumHeader = "X-Amz-Checksum-Sha256"

// Put keeps files as Archive says, several at a time. The SHA-256 of each goes with it, and the server refuses what does not have it; a
// server that does not confirm it is asked for the file again. No condition is needed: the same name means the same bytes, and an
// attempt whose answer was lost may be made again.
func (b *Bucket) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	if err := b.Check(ctx); err != nil {
		return nil, err
	}
	sums := make(map[card.Number]string, len(files))
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for number, data := range files {
		sum := SHA256(data)
		sums[number] = sum
		group.Go(func() error { return b.send(each, b.key(Name(number, sum)), fileType, data) })
	}
	if err := group.Wait(); err != nil {
		return nil, b.failed(ctx, fmt.Sprintf("archive %d cards", len(files)), err)
	}
	return sums, nil
}

// Check says whether files can be kept now, by writing the archive's mark.
func (b *Bucket) Check(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.checked {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	if err := b.send(limited, b.key(markName), markType, []byte(mark)); err != nil {
		return b.failed(ctx, "write", err)
	}
	b.checked = true
	return nil
}

// send writes an object.
func (b *Bucket) send(ctx context.Context, key, contentType string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	sum := sha256.Sum256(data)
	wants := base64.StdEncoding.EncodeToString(sum[:])
	o := minio.PutObjectOptions{
		ContentType: contentType, DisableMultipart: true,
		UserMetadata: map[string]string{checksumHeader: wants},
	}
	// As signed text, the hash of the body is part of the request: nobody on the way can change one without the other.
	info, err := b.client.PutObject(ctx, b.options.Bucket, key, bytes.NewReader(data), int64(len(data)), "", hex.EncodeToString(sum[:]), o)
	switch {
	case err != nil:
		return err
	case info.ChecksumSHA256 == wants:
		return nil
	}
	back, err := b.fetch(ctx, key)
	if err == nil && !bytes.Equal(back, data) {
		err = errOtherBytes
	}
	return err
}
