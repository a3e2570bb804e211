package statuslist

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// Errors of a list that can't be served.
var (
	ErrNoList  = errors.New("there is no such status list")
	ErrNoneNow = errors.New("there is no status list that counts now")
)

// Published is a signed list as a server hands it out: packed once, and not for each request.
type Published struct {
	Raw       []byte // the token
	Gzip      []byte // the same, compressed once more: base64url has a quarter too much
	ETag      string // of Raw, without quotation marks
	IssuedAt  time.Time
	ExpiresAt time.Time
	TTL       time.Duration
}

// Publish makes a token ready to be handed out. c are its claims.
func Publish(raw string, c Claims) (Published, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return Published{}, err
	}
	if _, err := z.Write([]byte(raw)); err != nil {
		return Published{}, err
	}
	if err := z.Close(); err != nil {
		return Published{}, err
	}
	sum := sha256.Sum256([]byte(raw))
	return Published{
		Raw: []byte(raw), Gzip: b.Bytes(), ETag: hex.EncodeToString(sum[:12]),
		IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt, TTL: c.TTL,
	}, nil
}
