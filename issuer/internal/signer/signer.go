// Package signer makes, opens and uses the private keys: those of cards and of status lists, and the document key with the root above it. It is the only
// code in the tree that opens a private key: the compiler keeps it within issuer, and internal/graph keeps the calls that parse
// private keys out of everything else.
//
// A private key is a crypto.Signer, wherever it lies: in a PEM file (pem.go), or in a token that a reference file names (token.go).
// Another place, such as a KMS, is one more kind of reference and one more case of openKey.
package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer/internal/signer/hsm"
	"github.com/cardproof/cardproof/keys"
)

// The ways in which a private key can't be used. They come wrapped with the path.
var (
	ErrMissing    = errors.New("the private key is missing")
	ErrReadable   = errors.New("the private key can be read by other users")
	ErrForeign    = errors.New("the private key does not belong to the public key")
	ErrUnreadable = errors.New("the private key can't be read")
	ErrPassphrase = errors.New("the passphrase does not open the private key")
	ErrExists     = errors.New("a private key is there already")
	ErrNotActive  = errors.New("the key is no longer active and signs no more")
)

// Passphrase gives the passphrase of a key, at most once for each key that is opened. It is nil where keys are not encrypted.
type Passphrase func() ([]byte, error)

// Custody says how a new private key is kept. Nil stands for a file that is not encrypted.
type Custody struct {
	Passphrase Passphrase    // of the file; nil for one that is not encrypted
	Token      string        // a PKCS#11 URI (RFC 7512): the key is made in that token, and a file refers to it; empty for a key in a file
	Algorithm  hsm.Algorithm // of a key in a token; empty for Ed25519 where the token has it, and else P-256
}

// InToken says whether the key is made in a token.
func (c *Custody) InToken() bool { return c != nil && c.Token != "" }

// Secret is the passphrase of the file; nil where there is none.
func (c *Custody) Secret() Passphrase {
	if c == nil {
		return nil
	}
	return c.Passphrase
}

// Asked is a custody whose passphrase is asked for now, and kept: before a lock is taken, as a person may take minutes.
func (c *Custody) Asked() (*Custody, error) {
	if c.Secret() == nil {
		return c, nil
	}
	secret, err := c.Passphrase()
	known := *c
	known.Passphrase = func() ([]byte, error) { return secret, nil }
	return &known, err
}

// Create makes the key of an issuer for one purpose and writes a new file in dir (Path), mode 0600: its private half, Ed25519 as PKCS#8 in PEM
// (RFC 5958), or a reference to it in a token. It overwrites nothing; the public half is the caller's to record.
func Create(dir, issuer string, purpose keys.Purpose, c *Custody, now time.Time) (keys.Key, error) {
	k := keys.Key{Alg: token.EdDSA, Issuer: issuer, Purpose: purpose, State: keys.Active, NotBefore: now.UTC().Truncate(time.Second)}
	if c.InToken() {
		return createInToken(dir, k, c)
	}
	public, private, id, err := newKeyPair()
	if err != nil {
		return keys.Key{}, err
	}
	k.ID, k.Public = id, public
	data, err := encode(private, c)
	if err != nil {
		return keys.Key{}, err
	}
	if err := writeNew(filepath.Join(dir, fileName(k, plainFile)), data); err != nil {
		return keys.Key{}, err
	}
	return k, nil
}

// newKeyPair makes a key whose ID doesn't begin with a hyphen: on a command line it would be taken for an option.
func newKeyPair() (ed25519.PublicKey, ed25519.PrivateKey, string, error) {
	for {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, nil, "", err
		}
		id, err := keys.IDOf(public)
		if err != nil {
			return nil, nil, "", err
		}
		if !strings.HasPrefix(id, "-") {
			return public, private, id, nil
		}
	}
}

// How the files end that hold a private key, and those that say in which token it lies.
const (
	plainFile     = ".pem"
	referenceFile = ".pkcs11"
)

// Path is where the private half of a key lies: <key ID>.pem for cards, status-<key ID>.pem for status lists, and .pkcs11 in place of .pem where
// a token has it. A person who gives the key of the lists to a server sees by its name that it is no card key.
func Path(dir string, k keys.Key) string {
	return eitherOf(filepath.Join(dir, fileName(k, plainFile)), filepath.Join(dir, fileName(k, referenceFile)))
}

// eitherOf is the reference where there is one and no file with the key, and else the file.
func eitherOf(file, reference string) string {
	if exists(reference) && !exists(file) {
		return reference
	}
	return file
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func fileName(k keys.Key, end string) string {
	if k.Purpose == keys.StatusLists {
		return "status-" + k.ID + end
	}
	return k.ID + end
}

// AnyPrivate are the files in dir of the private halves of all purposes, with those that refer to a token.
func AnyPrivate(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+plainFile))
	if err != nil {
		return nil, err
	}
	references, err := filepath.Glob(filepath.Join(dir, "*"+referenceFile))
	return append(files, references...), err
}

// IsEncrypted says whether the private half of a key needs a passphrase; one in a token does not. The error is that of Open.
func IsEncrypted(dir string, k keys.Key) (bool, error) {
	data, err := readPrivate(Path(dir, k))
	if err != nil {
		return false, err
	}
	block, _ := pem.Decode(data)
	return block != nil && block.Type == encryptedLabel, nil
}

func writeNew(path string, data []byte) error {
	err := durable.CreateFile(path, data, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrExists, path)
	}
	if err != nil {
		return fmt.Errorf("write the private key: %w", err)
	}
	return nil
}

// Open opens the private half of key in dir. It refuses a file that others can read and a key that is not this key's half,
// and the key proves itself by a signature that the public half checks. A retired or revoked key stays where it lies, and is never
// opened again: the error is ErrNotActive.
func Open(dir string, key keys.Key, pass Passphrase) (token.SigningKey, error) {
	path := Path(dir, key)
	if key.State != keys.Active {
		return token.SigningKey{}, fmt.Errorf("%w: %s", ErrNotActive, path)
	}
	s, err := openKey(path, key.Public, pass)
	if err != nil {
		return token.SigningKey{}, err
	}
	return token.SigningKey{ID: key.ID, Alg: key.Alg, Key: s}, nil
}

// openKey opens the private key of a public one, wherever it lies: path is a PEM file or a reference, which nobody else can read. The key
// proves that it belongs to the public one. The error is one of the ways in which a private key can't be used.
func openKey(path string, public crypto.PublicKey, pass Passphrase) (key crypto.Signer, err error) {
	if filepath.Ext(path) == referenceFile {
		key, err = openReference(path, public)
	} else {
		key, err = openFile(path, pass)
	}
	if err != nil {
		return nil, err
	}
	return key, prove(path, key, public)
}

// prove lets a key sign something, and checks the signature with the public half. The error is ErrForeign, or what the key says.
func prove(path string, key crypto.Signer, public crypto.PublicKey) error {
	foreign := fmt.Errorf("%w: %s", ErrForeign, path)
	if !isPair(key, public) {
		return foreign
	}
	message := []byte("cardproof: proof of possession of a private key")
	digest := sha256.Sum256(message)
	switch p := public.(type) {
	case ed25519.PublicKey:
		sig, err := key.Sign(rand.Reader, message, crypto.Hash(0))
		if err != nil || ed25519.Verify(p, message, sig) {
			return err
		}
	case *ecdsa.PublicKey:
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || ecdsa.VerifyASN1(p, digest[:], sig) {
			return err
		}
	case *rsa.PublicKey: // a centre's own certificate may be of such a key
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || rsa.VerifyPKCS1v15(p, crypto.SHA256, digest[:], sig) == nil {
			return err
		}
	}
	return foreign
}

func isPair(key crypto.Signer, public crypto.PublicKey) bool {
	own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}
