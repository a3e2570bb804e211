package issuer

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/issuer/seal"
	"github.com/cardproof/cardproof/keys"
	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// ErrRootKey says that the next document key can't be vouched for, because the private key of the root is not there.
var ErrRootKey = signer.ErrRootKey

// DocumentKey says where the key lies that seals documents. Empty members stand for what CreateDocumentKey makes in Dir.
type DocumentKey struct {
	Dir         string // the key folder
	Certificate string // PKCS#12 (.p12, .pfx), or the certificate in PEM with those that lead to the root
	Key         string // the private key in PEM, or a reference to one in a token (.pkcs11); empty with PKCS#12
	Roots       string // what the centre publishes, in PEM: the roots, and below those of an authority the centre's own certificates
}

// CertificatePath is where the certificate lies.
func (d DocumentKey) CertificatePath() string {
	if d.Certificate != "" {
		return d.Certificate
	}
	return filepath.Join(d.Dir, keys.DocumentCertificateName)
}

// RootsPath is where the roots lie that the centre publishes.
func (d DocumentKey) RootsPath() string {
	if d.Roots != "" {
		return d.Roots
	}
	return filepath.Join(d.Dir, keys.DocumentRootsName)
}

func (d DocumentKey) keyPath() string {
	if d.Key != "" {
		return d.Key
	}
	return signer.DocumentPath(d.Dir)
}

// Where says where the private key lies: the path of its file, or the URI of the key in its token; empty where neither is there.
func (d DocumentKey) Where() string {
	if d.IsPKCS12() {
		return d.Certificate
	}
	return signer.WhereIs(d.keyPath())
}

// IsPKCS12 says whether key and certificate lie in one file that needs a passphrase.
func (d DocumentKey) IsPKCS12() bool {
	return slices.Contains([]string{".p12", ".pfx"}, strings.ToLower(filepath.Ext(d.Certificate)))
}

// CreateDocumentKey makes the key that seals the documents of a centre in dir, its certificate, and where there is none the root that
// vouches for it. It overwrites nothing: the error is ErrKeyExists where there is a document key, and ErrRootKey where there is a root
// that can't sign. Custody is nil for files that are not encrypted; in a token, root and document key are both made there.
func CreateDocumentKey(ctx context.Context, dir, centre string, custody *Custody, now time.Time) (c *x509.Certificate, err error) {
	if custody, err = custody.Asked(); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock the key folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	c, err = signer.CreateDocument(dir, centre, custody, now)
	if err != nil {
		return nil, err
	}
	return c, durable.SyncFolder(dir)
}

// OpenSealer opens a document key and makes the Sealer of it, which proves itself. The options' Key, Chain and Trust are filled in. The
// error is one of the ways in which a private key can't be used, of keys.LoadCertificates, or of seal.New.
func OpenSealer(d DocumentKey, o seal.Options, pass Passphrase, now time.Time) (*seal.Sealer, error) {
	roots, err := keys.LoadCertificates(d.RootsPath())
	if err != nil {
		return nil, err
	}
	if o.Key, o.Chain, err = d.open(pass); err != nil {
		return nil, err
	}
	// A chain often comes with its root, which a seal leaves out: whoever checks it has to have the root from the centre.
	o.Chain = append(o.Chain[:1:1], slices.DeleteFunc(slices.Clone(o.Chain[1:]), func(c *x509.Certificate) bool {
		return slices.ContainsFunc(roots, c.Equal)
	})...)
	o.Trust = verifyseal.TrustIn(roots)
	return seal.New(o, now)
}

func (d DocumentKey) open(pass Passphrase) (crypto.Signer, []*x509.Certificate, error) {
	if d.IsPKCS12() {
		return signer.OpenPKCS12(d.Certificate, pass)
	}
	chain, err := keys.LoadCertificates(d.CertificatePath())
	if err != nil {
		return nil, nil, err
	}
	key, err := signer.OpenDocument(d.keyPath(), chain[0], pass)
	return key, chain, err
}
