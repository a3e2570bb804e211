package archive

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"

	"github.com/minio/minio-go/v7"
)

// isMissing says whether an error is about an object that is not there.
func isMissing(err error) bool { return answer(err).Code == minio.NoSuchKey }

func answer(err error) (a minio.ErrorResponse) {
	errors.As(err, &a)
	return a
}

// failed says what could not be done, and which kind of failure it is. What the server says of it goes along; credentials are in none of
// its errors.
func (b *Bucket) failed(ctx context.Context, doing string, err error) error {
	where := "s3://" + path.Join(b.options.Bucket, b.options.Prefix)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a := answer(err)
	var unknown x509.UnknownAuthorityError
	kind := ErrUnavailable
	switch {
	case errors.Is(err, errOtherBytes), errors.As(err, &unknown),
		400 <= a.StatusCode && a.StatusCode < 500 && a.StatusCode != http.StatusTooManyRequests && a.StatusCode != http.StatusRequestTimeout:
		kind = ErrRefused
	}
	var sent *url.Error
	switch {
	case a.Code != "":
		err = fmt.Errorf("%s (%s)", a.Error(), a.Code)
	case errors.As(err, &sent): // what is asked for stands before it
		err = sent.Err
	}
	return fmt.Errorf("%w: %s, %s: %w", kind, where, doing, err)
}
