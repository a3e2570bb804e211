// Package signer makes, opens and uses the private keys: the card key, and the document key with the root above it. It is the only
// code in the tree that opens a private key: the compiler keeps it within issuer, and internal/graph keeps the calls that parse
// private keys out of everything else.
package signer

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/durable"
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
)

// Passphrase gives the passphrase of a key, at most once for each key that is opened. It is nil where keys are not encrypted.
type Passphrase func() ([]byte, error)

// Create makes an Ed25519 key of one purpose for issuer and writes its private half to a new file <key ID>.pem in dir: PKCS#8 in PEM (RFC 5958),
// mode 0600, encrypted if a passphrase is given. It overwrites nothing; the public half is the caller's to record.
func Create(dir, issuer string, purpose keys.Purpose, pass Passphrase, now time.Time) (keys.Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return keys.Key{}, err
	}
	id, err := keys.IDOf(public)
	if err != nil {
		return keys.Key{}, err
	}
	data, err := encode(private, pass)
	if err != nil {
		return keys.Key{}, err
	}
	if err := writeNew(Path(dir, id), data); err != nil {
		return keys.Key{}, err
	}
	return keys.Key{
		ID: id, Alg: token.EdDSA, Public: public, Issuer: issuer, Purpose: purpose, State: keys.Active, NotBefore: now.UTC().Truncate(time.Second),
	}, nil
}

// Path is where the private half of a key lies.
func Path(dir, keyID string) string { return filepath.Join(dir, keyID+".pem") }

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
// and the key proves itself by a signature that the public half checks.
func Open(dir string, key keys.Key, pass Passphrase) (token.SigningKey, error) {
	path := Path(dir, key.ID)
	fail := func(kind error) (token.SigningKey, error) {
		return token.SigningKey{}, fmt.Errorf("%w: %s", kind, path)
	}
	data, err := readPrivate(path)
	if err != nil {
		return token.SigningKey{}, err
	}
	private, err := decode(data, pass)
	if err != nil {
		return token.SigningKey{}, fmt.Errorf("%w: %s", err, path)
	}
	s, ok := private.(crypto.Signer)
	if !ok || !proves(s, key) {
		return fail(ErrForeign)
	}
	return token.SigningKey{ID: key.ID, Alg: key.Alg, Key: s}, nil
}

// proves lets the key sign something and checks the signature with the public half on record.
func proves(s crypto.Signer, key keys.Key) bool {
	public, ok := key.Public.(ed25519.PublicKey)
	if !ok {
		return false
	}
	message := []byte("cardproof: proof of possession of key " + key.ID)
	sig, err := s.Sign(rand.Reader, message, crypto.Hash(0))
	return err == nil && ed25519.Verify(public, message, sig)
}
