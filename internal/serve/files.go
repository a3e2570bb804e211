package serve

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"

	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/learner"
	"github.com/cardproof/cardproof/keys"
)

// OpenFiles opens the finished cards in a folder or a bucket, to read them; place is empty for none. A bucket that does not answer now does
// not keep the server from answering for cards: it is tried again with each file, and the log says so. One that refuses is an error, and with
// readOnly also one that would let these credentials write.
func OpenFiles(ctx context.Context, place string, s public.S3, readOnly bool, env []string, log *slog.Logger) (learner.Files, error) {
	switch {
	case place == "":
		return nil, nil
	case !public.IsBucket(place):
		return archive.ReadFolder(place), nil
	}
	o, err := Bucket("archive", place, s, env)
	if err != nil {
		return nil, err
	}
	o.ReadOnly = readOnly
	r, err := archive.ReadBucket(ctx, o)
	if errors.Is(err, archive.ErrUnavailable) {
		log.Error("learners get no files for now", "error", err)
		err = nil
	}
	if err != nil {
		return nil, err // not r: a nil Reader would be an interface that is not nil
	}
	return r, nil
}

// Bucket reads where a bucket is. The key is the one that names the place, for the error.
func Bucket(key, place string, s public.S3, env []string) (o archive.BucketOptions, err error) {
	o = archive.BucketOptions{Endpoint: s.Endpoint, Region: s.Region, PathStyle: s.PathStyle, Profile: s.Profile, Env: env}
	if o.Bucket, o.Prefix, err = public.ParseBucket(key, place); err != nil || s.Roots == "" {
		return o, err
	}
	roots, err := keys.LoadCertificates(s.Roots)
	if err != nil {
		return o, err
	}
	o.Roots = x509.NewCertPool()
	for _, r := range roots {
		o.Roots.AddCert(r)
	}
	return o, nil
}
