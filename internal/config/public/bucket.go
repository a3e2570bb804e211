package public

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// S3 is the server of the bucket that archive names. The credentials are no part of it: they stand in the environment, or in the file that
// Amazon's own tools read.
type S3 struct {
	Endpoint  string `mapstructure:"endpoint"`   // origin; empty for Amazon's own
	Region    string `mapstructure:"region"`     // such as eu-central-1
	PathStyle bool   `mapstructure:"path_style"` // whether the bucket stands in the path of addresses
	Profile   string `mapstructure:"profile"`    // section of the credentials file; empty for AWS_PROFILE, or default
	Roots     string `mapstructure:"roots"`      // PEM: whom to believe at Endpoint; empty for the system's; absolute after Load
}

// DefaultS3 is what a configuration that says nothing about the bucket's server gets.
func DefaultS3() S3 { return S3{Region: "us-east-1", PathStyle: true} }

// bucketScheme is how the place of an archive begins that is no folder.
const bucketScheme = "s3://"

var (
	// The rules that every server shares for names of buckets.
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	// What needs no escape in an address, and is no "." or "..".
	bucketPrefix = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
	regionName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

// IsBucket says whether the place of an archive is a bucket, and no folder.
func IsBucket(place string) bool { return strings.HasPrefix(place, bucketScheme) }

// ParseBucket reads s3://bucket or s3://bucket/prefix. The key is for the error, which is an *Error without a file.
func ParseBucket(key, place string) (bucket, prefix string, err error) {
	bucket, prefix, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(place, bucketScheme), "/"), "/")
	if !IsBucket(place) || !bucketName.MatchString(bucket) || prefix != "" && (!bucketPrefix.MatchString(prefix) || len(prefix) > 200) {
		return "", "", Invalid(key, "names no bucket", // not what it says: somebody may have put credentials there

			"Write it such as s3://our-cards or s3://our-cards/archive; a name of a bucket has 3 to 63 small letters, digits, hyphens and dots.")
	}
	return bucket, prefix, nil
}

// Validate checks the bucket's server, beside the place of the archive. The error is an *Error without a file.
func (s S3) Validate(archive string) error {
	if IsBucket(archive) {
		if _, _, err := ParseBucket("archive", archive); err != nil {
			return err
		}
	}
	if !regionName.MatchString(s.Region) {
		return Invalid("s3.region", fmt.Sprintf("is %q, which is no region", s.Region), "Write the region of the bucket, such as eu-central-1; a server of your own takes us-east-1.")
	}
	if s.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s.Endpoint || u.Scheme != "https" && u.Scheme != "http" {
		return Invalid("s3.endpoint", "is not the origin of a server", "Write it such as https://s3.example.org, without a path and a trailing slash; or leave it empty for Amazon's own.")
	}
	if u.Scheme == "http" && !isNear(u.Hostname()) {
		return Invalid("s3.endpoint", "is plain http to a public address", "Write https://: the files have names of learners.")
	}
	return nil
}
