package archive

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/sethvargo/go-retry"

	"github.com/cardproof/cardproof/card"
)

// BucketOptions say where a bucket is and who asks.
type BucketOptions struct {
	Bucket    string
	Prefix    string         // of all names in it, without a slash at the ends; may be empty
	Endpoint  string         // the server's origin, such as https://s3.example.org; empty for Amazon's own
	Region    string         // such as eu-central-1
	PathStyle bool           // whether the bucket stands in the path of addresses, or else in the host's name; Amazon's own has its own way
	Roots     *x509.CertPool // whom to believe at the endpoint; nil for the system's
	Profile   string         // the section of the credentials file; empty for AWS_PROFILE, or default
	Env       []string       // as os.Environ has it: where the credentials are, or the name of their file
	// ReadOnly makes ReadBucket refuse credentials that may write: whoever breaks into a public server must not find such.
	ReadOnly bool
}

// Limits of one bucket. The library tries a request again, with growing pauses, when the server is busy or the connection breaks.
const (
	atOnce     = 16 // files on their way
	attempts   = 10 // of one request; with all their pauses they take 5 s where a server is down
	dialTime   = 10 * time.Second
	answerTime = 20 * time.Second // for the head of one answer
	fileTime   = time.Minute      // for one file, with every attempt
	readAgain  = 2                // how often an answer is asked for again that broke off in the middle
	readPause  = 200 * time.Millisecond
	maxFile    = 64 << 20 // bytes; a card has about 40,000
)

// Bucket is an archive in a bucket. It is safe for many goroutines.
type Bucket struct {
	options BucketOptions
	client  minio.Core
	mu      sync.Mutex
	checked bool // whether the mark was written
}

// NewBucket is the archive in a bucket. It asks the server nothing. The error wraps ErrRefused where there are no credentials.
func NewBucket(o BucketOptions) (*Bucket, error) {
	host, secure := amazonHost, true
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%w: its endpoint is no address of a server", ErrRefused)
		}
		host, secure = u.Host, u.Scheme == "https"
	}
	creds, err := o.credentials()
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if o.Endpoint != "" && o.PathStyle {
		lookup = minio.BucketLookupPath
	} else if o.Endpoint != "" {
		lookup = minio.BucketLookupDNS
	}
	client, err := minio.New(host, &minio.Options{
		Creds: creds, Secure: secure, Region: o.Region, BucketLookup: lookup, Transport: o.transport(), MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return &Bucket{options: o, client: minio.Core{Client: client}}, nil
}

func (o *BucketOptions) transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   dialTime,
		ResponseHeaderTimeout: answerTime,
		IdleConnTimeout:       time.Minute,
		MaxIdleConns:          2 * atOnce,
		MaxIdleConnsPerHost:   2 * atOnce,
		DisableCompression:    true, // the bytes as they are kept
		TLSClientConfig:       &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
	}
}

func (b *Bucket) key(file string) string { return path.Join(b.options.Prefix, file) }

// Get is the file of a card, as Archive says. It is read whole: a part of a file can't be held against its SHA-256.
func (b *Bucket) Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
	return find(number, wantSHA256, func(name string) ([]byte, error) {
		data, err := b.fetch(ctx, b.key(name))
		switch {
		case isMissing(err):
			return nil, fs.ErrNotExist
		case err != nil:
			return nil, b.failed(ctx, "read the file of card "+number.String(), err)
		}
		return data, nil
	})
}

// fetch reads an object. The library asks again until an answer begins; where that breaks off in the middle, it is asked for anew.
func (b *Bucket) fetch(ctx context.Context, key string) (data []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	err = retry.Do(ctx, retry.WithMaxRetries(readAgain, retry.NewConstant(readPause)), func(ctx context.Context) error {
		body, _, _, err := b.client.GetObject(ctx, b.options.Bucket, key, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer body.Close() // it was only read
		if data, err = io.ReadAll(io.LimitReader(body, maxFile)); err != nil {
			return retry.RetryableError(err)
		}
		return nil
	})
	return data, err
}

// Remove takes every file of a card out, as Archive says. A bucket that keeps versions still has them, marked as deleted.
func (b *Bucket) Remove(ctx context.Context, number card.Number) (files int, err error) {
	for file, err := range b.list(ctx, start(number)) {
		if err == nil {
			err = b.RemoveFile(ctx, file)
		}
		if err != nil {
			return files, err
		}
		files++
	}
	return files, nil
}

// RemoveFile takes one file out, as Archive says.
func (b *Bucket) RemoveFile(ctx context.Context, file File) error {
	limited, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	err := b.client.Client.RemoveObject(limited, b.options.Bucket, b.key(file.name()), minio.RemoveObjectOptions{})
	if err != nil && !isMissing(err) {
		return b.failed(ctx, "remove a file of card "+file.Number.String(), err)
	}
	return nil
}

// List goes through the files that are there, as Archive says.
func (b *Bucket) List(ctx context.Context) iter.Seq2[File, error] { return b.list(ctx, "") }

// list goes through the files whose names begin in one way.
func (b *Bucket) list(ctx context.Context, with string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		prefix := ""
		if b.options.Prefix != "" {
			prefix = b.options.Prefix + "/"
		}
		for o := range b.client.Client.ListObjectsIter(ctx, b.options.Bucket, minio.ListObjectsOptions{Prefix: prefix + with, Recursive: true}) {
			if o.Err != nil {
				yield(File{}, b.failed(ctx, "list the files", o.Err))
				return
			}
			file, ok := fileOf(strings.TrimPrefix(o.Key, prefix))
			if file.Written = o.LastModified; ok && !yield(file, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil { // the listing ends without a word
			yield(File{}, err)
		}
	}
}

// checkReading asks for the mark, which need not be there.
func (b *Bucket) checkReading(ctx context.Context) error {
	if _, err := b.fetch(ctx, b.key(markName)); err != nil && !isMissing(err) {
		return b.failed(ctx, "read", err)
	}
	if b.options.ReadOnly {
		return b.refuseWriters(ctx)
	}
	return nil
}

// getOnceChecked is Get for a bucket that could not be asked at the start: nothing is handed out before checkReading has passed, once.
func (b *Bucket) getOnceChecked() func(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
	var passed atomic.Bool
	return func(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error) {
		if !passed.Load() {
			if err := b.checkReading(ctx); err != nil {
				return nil, err
			}
			passed.Store(true)
		}
		return b.Get(ctx, number, wantSHA256)
	}
}

// refuseWriters tries to write the mark with a checksum that is wrong, so that a server which would let it be written refuses it all the same:
// only 401 and 403 say that these credentials may not. A server that knows no checksums writes the mark as it is.
func (b *Bucket) refuseWriters(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
	_, err := b.client.PutObject(limited, b.options.Bucket, b.key(markName), strings.NewReader(mark), int64(len(mark)), "", SHA256([]byte(mark)),
		minio.PutObjectOptions{ContentType: markType, UserMetadata: map[string]string{checksumHeader: wrong}})
	code := answer(err).StatusCode
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil
	case err != nil && (code == 0 || code >= http.StatusInternalServerError):
		return b.failed(ctx, "see who may write", err)
	}
	return ErrMayWrite
}
