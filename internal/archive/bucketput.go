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

// rules is how files are written so that none of another content is lost unseen.
type rules int

const (
	unknown   rules = iota
	condition       // the server itself refuses to write over a file (If-None-Match and If-Match, RFC 9110, section 13)
	lookFirst       // it knows no such thing: a look goes before each write
)

// The mark is an object of the archive's own. To write it tells what a server can do before the first card is at stake.
const (
	markName = "cardproof-archive.txt"
	mark     = "The finished cards of a centre, kept by Cardproof.\n"
)

var errOtherBytes = errors.New("it keeps other bytes than were sent to it")

const checksumHeader = "X-Amz-Checksum-Sha256"

// Put keeps files as Archive says, several at a time. The SHA-256 of each goes with it, and the server refuses what does not have it; a
// server that does not confirm it is asked for the file again.
func (b *Bucket) Put(ctx context.Context, files map[card.Number][]byte) (map[card.Number]string, error) {
	if err := b.Check(ctx); err != nil {
		return nil, err
	}
	sums := make(map[card.Number]string, len(files))
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for number, data := range files {
		sums[number] = SHA256(data)
		group.Go(func() error { return b.put(each, number, data) })
	}
	if err := group.Wait(); err != nil {
		return nil, b.failed(ctx, fmt.Sprintf("archive %d cards", len(files)), err)
	}
	return sums, nil
}

// Check says whether files can be kept now, and learns how the server takes them. It writes the archive's mark where there is none.
func (b *Bucket) Check(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rules != unknown {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	for range 2 { // the first may have to make the mark, and the second meets it
		err := b.send(limited, b.key(markName), []byte(mark), "")
		switch {
		case isCondition(err):
			b.rules = condition
			return nil
		case minio.ToErrorResponse(err).Code == minio.NotImplemented:
			b.rules = lookFirst
			return nil
		case err != nil:
			return b.failed(ctx, "write", err)
		}
	}
	b.rules = lookFirst // it has written over the mark, against the condition
	return nil
}

// put keeps one file.
func (b *Bucket) put(ctx context.Context, number card.Number, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	key := b.key(Name(number))
	if b.rules == condition {
		if err := b.send(ctx, key, data, ""); !isCondition(err) {
			return err
		}
	}
	there, tag, err := b.fetch(ctx, key)
	switch {
	case isMissing(err):
		tag = ""
	case err != nil:
		return err
	case bytes.Equal(there, data): // such as by an attempt whose answer was lost
		return nil
	}
	if err := b.send(ctx, key, data, tag); isCondition(err) || isMissing(err) { // missing: the other has removed it
		return fmt.Errorf("%w: card %s", ErrOvertaken, number)
	} else if err != nil {
		return err
	}
	if tag != "" && b.options.Replaced != nil {
		b.options.Replaced(number)
	}
	return nil
}

// send writes an object in the place of the version with a tag, or of none if that is empty, where the server knows conditions.
func (b *Bucket) send(ctx context.Context, key string, data []byte, tag string) error {
	sum := sha256.Sum256(data)
	wants := base64.StdEncoding.EncodeToString(sum[:])
	o := minio.PutObjectOptions{
		ContentType: "application/pdf", DisableMultipart: true,
		UserMetadata: map[string]string{checksumHeader: wants},
	}
	switch {
	case b.rules == lookFirst:
	case tag == "":
		o.SetMatchETagExcept("*")
	default:
		o.SetMatchETag(tag)
	}
	// As signed text, the hash of the body is part of the request: nobody on the way can change one without the other.
	info, err := b.client.PutObject(ctx, b.options.Bucket, key, bytes.NewReader(data), int64(len(data)), "", hex.EncodeToString(sum[:]), o)
	switch {
	case err != nil:
		return err
	case info.ChecksumSHA256 == wants:
		return nil
	}
	back, _, err := b.fetch(ctx, key)
	if err == nil && !bytes.Equal(back, data) {
		err = errOtherBytes
	}
	return err
}
