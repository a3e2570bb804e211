package archive

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// amazonHost is what the library takes for Amazon's own server of a region.
const amazonHost = "s3.amazonaws.com"

// credentials are those of the environment, or of the file that Amazon's own tools read, or of the machine's role. They are in no
// configuration of ours, and in no log.
func (o *BucketOptions) credentials() (*credentials.Credentials, error) {
	env := map[string]string{}
	for _, pair := range o.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	id, secret := env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]
	switch {
	case id != "" && secret != "":
		return credentials.NewStaticV4(id, secret, env["AWS_SESSION_TOKEN"]), nil
	case id != "" || secret != "":
		return nil, fmt.Errorf("%w: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and one is empty", ErrRefused)
	}
	file := cmp.Or(env["AWS_SHARED_CREDENTIALS_FILE"], filepath.Join(env["HOME"], ".aws", "credentials"))
	profile := cmp.Or(o.Profile, env["AWS_PROFILE"], "default")
	if _, err := os.Stat(file); err == nil {
		creds := credentials.NewFileAWSCredentials(file, profile)
		if _, err := creds.GetWithContext(nil); err != nil {
			return nil, fmt.Errorf("%w: %s can't be read, or has no section %q", ErrRefused, file, profile)
		}
		return creds, nil
	}
	if o.Endpoint == "" || env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]+env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != "" {
		return credentials.NewIAM(""), nil
	}
	return nil, fmt.Errorf("%w: there are no credentials for it, neither in the environment nor in %s", ErrRefused, file)
}
