package signer

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/internal/signer/hsm"
	"github.com/cardproof/cardproof/keys"
)

// The environment of tokens. A PIN stands in a file (pin-source of the URI) or here, and never on a command line.
const (
	PINVariable    = "CARDPROOF_TOKEN_PIN"     // the PIN, where the URI names no file for it
	ModuleVariable = "CARDPROOF_PKCS11_MODULE" // the path of the token's library, where the URI has no module-path
)

// ErrNoPIN says that there is no PIN to open a token with. Nothing was tried.
var ErrNoPIN = errors.New("there is no PIN for the token")

// parseURI reads the URI of a token, with the library of the environment where it names none.
func parseURI(text string) (hsm.URI, error) {
	u, err := hsm.ParseURI(text)
	u.Module = cmp.Or(u.Module, os.Getenv(ModuleVariable))
	return u, err
}

// pinOf is the PIN of a token. It is read when it is needed, so that nothing keeps it.
func pinOf(u hsm.URI) hsm.PIN {
	return func() ([]byte, error) {
		if u.PINSource == "" {
			if pin := os.Getenv(PINVariable); pin != "" {
				return []byte(pin), nil
			}
			return nil, fmt.Errorf("%w %s", ErrNoPIN, u.OfToken())
		}
		data, err := readPrivate(u.PINSource)
		if errors.Is(err, ErrMissing) {
			return nil, fmt.Errorf("%w: %s does not exist", ErrNoPIN, u.PINSource)
		}
		if err != nil {
			return nil, err
		}
		pin := bytes.TrimRight(data, "\r\n")
		if len(pin) == 0 {
			return nil, fmt.Errorf("%w: %s is empty", ErrNoPIN, u.PINSource)
		}
		return pin, nil
	}
}

// openReference opens the private key that a reference file names: one line with a PKCS#11 URI, and lines that begin with #.
func openReference(path string, public crypto.PublicKey) (crypto.Signer, error) {
	u, err := readReference(path)
	if err != nil {
		return nil, err
	}
	key, err := hsm.Open(u, public, pinOf(u))
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return key, nil
}

func readReference(path string) (hsm.URI, error) {
	data, err := readPrivate(path)
	if err != nil {
		return hsm.URI{}, err
	}
	text := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case text != "":
			return hsm.URI{}, fmt.Errorf("%w: %s names two keys", hsm.ErrURI, path)
		default:
			text = line
		}
	}
	u, err := parseURI(text)
	if err != nil {
		return hsm.URI{}, fmt.Errorf("%w (%s)", err, path)
	}
	return u, nil
}

func encodeReference(u hsm.URI) []byte {
	return []byte("# The private key is in this token, and can't be taken out of it. This line says where; it holds no secret but is private all the same.\n" + u.String() + "\n")
}

// Where says where the private half of a key in dir lies, for a person: the path of its file, or the URI of the key in its token. It is empty
// where neither is there.
func Where(dir string, k keys.Key) string { return WhereIs(Path(dir, k)) }

// WhereIs is Where for the file of any key.
func WhereIs(path string) string {
	if !exists(path) {
		return ""
	}
	if filepath.Ext(path) != referenceFile {
		return path
	}
	u, err := readReference(path)
	if err != nil {
		return path
	}
	return u.Place()
}

// createInToken makes a key in the token of c and writes the reference to it into dir.
func createInToken(dir string, k keys.Key, c *Custody) (keys.Key, error) {
	name := "cardproof-cards"
	if k.Purpose == keys.StatusLists {
		name = "cardproof-status"
	}
	for {
		made, err := makeInToken(c, name, c.Algorithm)
		if err != nil {
			return keys.Key{}, err
		}
		if _, ok := made.Public().(ed25519.PublicKey); !ok {
			k.Alg = token.ES256
		}
		k.Public = made.Public()
		if k.ID, err = keys.IDOf(k.Public); err == nil && strings.HasPrefix(k.ID, "-") {
			// As in newKeyPair.
			if err := made.Discard(); err != nil {
				return keys.Key{}, err
			}
			continue
		}
		if err == nil {
			err = writeNew(filepath.Join(dir, fileName(k, referenceFile)), encodeReference(made.URI))
		}
		if err != nil {
			return keys.Key{}, errors.Join(err, made.Discard())
		}
		return k, nil
	}
}

func generateInToken(c *Custody, file string) (newDocumentKey, error) {
	made, err := makeInToken(c, "cardproof-"+strings.TrimSuffix(file, filepath.Ext(file)), hsm.P256)
	if err != nil {
		return newDocumentKey{}, err
	}
	return newDocumentKey{made, referenceOf(file), encodeReference(made.URI), made.Discard}, nil
}

// makeInToken makes a key in a token, and lets it prove itself. Its label is what the URI names as object, or begins with name: a random
// end tells the keys of one kind apart.
func makeInToken(c *Custody, name string, alg hsm.Algorithm) (*hsm.Created, error) {
	u, err := parseURI(c.Token)
	if err != nil {
		return nil, err
	}
	if len(u.ID) > 0 {
		return nil, fmt.Errorf("%w: it names a key by its id, and a new key gets one of its own", hsm.ErrURI)
	}
	u.ID = make([]byte, 8)
	if _, err := rand.Read(u.ID); err != nil {
		return nil, err
	}
	if u.Object != "" {
		name = u.Object + "-" + strings.TrimPrefix(name, "cardproof-")
	}
	u.Object = name + "-" + hex.EncodeToString(u.ID[:4])
	made, err := hsm.Create(u, alg, pinOf(u))
	if err != nil {
		return nil, err
	}
	if err := prove(u.Place(), made, made.Public()); err != nil {
		return nil, errors.Join(err, made.Discard())
	}
	return made, nil
}
