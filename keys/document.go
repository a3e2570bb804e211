package keys

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// The files of the document key in the key folder. The roots are what a centre publishes, and what its verifiers believe.
const (
	DocumentRootsName       = "document-roots.crt" // one root or more, the newest last
	DocumentCertificateName = "document.crt"       // the certificate that seals, and those that lead to the root, if any
)

// Errors of a file of certificates. They come wrapped with the file's name.
var (
	ErrNoCertificates  = errors.New("there is no file of certificates")
	ErrBadCertificates = errors.New("the file of certificates can't be used")
)

// maxCertificates bounds a file of certificates, in bytes.
const maxCertificates = 256 << 10

// LoadCertificates reads a file of certificates in PEM (RFC 7468). The error is ErrNoCertificates or ErrBadCertificates, with the path.
func LoadCertificates(path string) ([]*x509.Certificate, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrNoCertificates, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadCertificates, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxCertificates {
		return nil, fmt.Errorf("%w: %s", ErrBadCertificates, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadCertificates, err)
	}
	all, err := ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return all, nil
}

const (
	beginCertificate = "-----BEGIN CERTIFICATE-----"
	endCertificate   = "-----END CERTIFICATE-----"
)

// ParseCertificates reads certificates in PEM, one or more. Text between them is passed over, as RFC 7468 allows; any other kind of
// block is refused, so that a private key beside them never goes out with them. The error is ErrBadCertificates.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	begin, end := []byte(beginCertificate), []byte(endCertificate)
	if bytes.Count(data, []byte("-----BEGIN ")) != bytes.Count(data, begin) {
		return nil, fmt.Errorf("%w: it holds something else than certificates", ErrBadCertificates)
	}
	for {
		_, rest, found := bytes.Cut(data, begin)
		if !found {
			break
		}
		body, rest, found := bytes.Cut(rest, end)
		if !found {
			return nil, fmt.Errorf("%w: one of them has no end", ErrBadCertificates)
		}
		der, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(body), nil)))
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrBadCertificates, err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrBadCertificates, err)
		}
		all, data = append(all, c), rest
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: it has none", ErrBadCertificates)
	}
	return all, nil
}

// EncodeCertificates writes certificates in PEM, each below a line with its subject.
func EncodeCertificates(all []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range all {
		fmt.Fprintf(&out, "# %s\n", bytes.ToValidUTF8([]byte(c.Subject.String()), nil))
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.Bytes()
}

// Pool is a set of roots for x509.
func Pool(all []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range all {
		pool.AddCert(c)
	}
	return pool
}
