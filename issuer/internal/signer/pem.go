package signer

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/youmark/pkcs8"
)

// The PEM labels of RFC 7468, sections 10 and 11.
const (
	plainLabel     = "PRIVATE KEY"
	encryptedLabel = "ENCRYPTED PRIVATE KEY"
)

// encryption is PBES2 (RFC 8018) in what OpenSSL opens everywhere. The count is OWASP's advice for PBKDF2 with SHA-256.
var encryption = &pkcs8.Opts{
	Cipher:  pkcs8.AES256CBC,
	KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: 600_000, HMACHash: crypto.SHA256},
}

func encode(private crypto.Signer, c *Custody) ([]byte, error) {
	label, secret, opts := plainLabel, []byte(nil), (*pkcs8.Opts)(nil)
	if pass := c.Secret(); pass != nil {
		var err error
		if secret, err = pass(); err != nil {
			return nil, err
		}
		label, opts = encryptedLabel, encryption
	}
	der, err := pkcs8.MarshalPrivateKey(private, secret, opts)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}), nil
}

// Encrypted gives the path of an encrypted private key in dir, any one of those that Create and CreateDocument make; empty where there
// is none.
func Encrypted(dir string) (string, error) {
	paths, err := AnyPrivate(dir)
	if err != nil {
		return "", err
	}
	for _, path := range append(paths, filepath.Join(dir, DocumentKeyName), filepath.Join(dir, rootKeyName)) {
		data, err := readPrivate(path)
		if errors.Is(err, ErrMissing) {
			continue
		}
		if err != nil {
			return "", err
		}
		if block, _ := pem.Decode(data); block != nil && block.Type == encryptedLabel {
			return path, nil
		}
	}
	return "", nil
}

// Try says whether a passphrase opens the private key in the file at path. The error is one of those in which a private key can't be used.
func Try(path string, pass Passphrase) error {
	_, err := openFile(path, pass)
	return err
}

// openFile opens a private key in a PEM file that nobody else can read.
func openFile(path string, pass Passphrase) (crypto.Signer, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	private, err := decode(data, pass)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnreadable, path)
	}
	return key, nil
}

func decode(data []byte, pass Passphrase) (any, error) {
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrUnreadable
	}
	switch block.Type {
	case plainLabel:
		private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, ErrUnreadable
		}
		return private, nil
	case encryptedLabel:
		if pass == nil {
			return nil, ErrPassphrase
		}
		secret, err := pass()
		if err != nil {
			return nil, err
		}
		private, _, err := pkcs8.ParsePrivateKey(block.Bytes, secret)
		if err != nil {
			return nil, ErrPassphrase
		}
		return private, nil
	}
	return nil, ErrUnreadable
}
