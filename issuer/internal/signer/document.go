package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/keys"
)

// The private keys of documents in the key folder, PKCS#8 in PEM, mode 0600; with .pkcs11 in place of .key where a token has them. The
// root's is needed again only for the next document key, and may lie elsewhere until then.
const (
	DocumentKeyName = "document.key"
	rootKeyName     = "document-root.key"
)

// DocumentPath is where the document key lies in dir.
func DocumentPath(dir string) string { return documentPath(dir, DocumentKeyName) }

func documentPath(dir, name string) string {
	return eitherOf(filepath.Join(dir, name), filepath.Join(dir, referenceOf(name)))
}

func referenceOf(name string) string {
	return strings.TrimSuffix(name, filepath.Ext(name)) + referenceFile
}

// How long the certificates count. A card of ten years that is sealed in the first five years of a certificate ends before it does, so
// that even a program that judges a seal by today's clock finds it good.
const (
	rootYears     = 30
	documentYears = 15
)

// ErrRootKey says that the root is there, and its private key is not.
var ErrRootKey = errors.New("the private key of the document root is missing")

// documentUsages are the purposes that the certificates name beside mail: document signing (RFC 9336), and the two of Microsoft's and
// Adobe's, of which Adobe's programs want one. Programs that check by NSS (poppler's, LibreOffice) and openssl's cms know signatures of
// mail alone: without that purpose they call the certificate unfit. It has no address, so no mail can be signed with it.
var documentUsages = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36}, {1, 3, 6, 1, 4, 1, 311, 10, 3, 12}, {1, 2, 840, 113583, 1, 1, 5},
}

// CreateDocument makes a P-256 key that seals documents and its certificate, in dir; and before them, where there is none, the root
// that vouches for it. It overwrites nothing: the error is ErrExists where there is a document key, and ErrRootKey where the root can't
// sign. Custody says how both private keys are kept; a root that is there stays as it is, and its key is opened with the same passphrase.
func CreateDocument(dir, centre string, c *Custody, now time.Time) (*x509.Certificate, error) {
	for _, name := range []string{DocumentKeyName, referenceOf(DocumentKeyName), keys.DocumentCertificateName} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("%w: %s", ErrExists, filepath.Join(dir, name))
		}
	}
	root, rootKey, err := openOrCreateRoot(dir, centre, c, now)
	if err != nil {
		return nil, err
	}
	key, err := generate(c, DocumentKeyName)
	if err != nil {
		return nil, err
	}
	until := now.AddDate(documentYears, 0, 0)
	if until.After(root.NotAfter) {
		until = root.NotAfter
	}
	certificate, err := issue(&x509.Certificate{
		Subject:   pkix.Name{CommonName: fit(centre, 64), Organization: []string{fit(centre, 64)}},
		NotBefore: now, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}, root, key.Public(), rootKey)
	if err != nil {
		return nil, errors.Join(err, key.discard())
	}
	// The key comes first: a certificate without its key would hide that there is none.
	if err := key.write(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, keys.DocumentCertificateName)
	return certificate, durable.CreateFile(path, keys.EncodeCertificates([]*x509.Certificate{certificate}), 0o644)
}

// openOrCreateRoot is the newest root in dir with its key. Where there is neither a root nor a key, both are made.
func openOrCreateRoot(dir, centre string, c *Custody, now time.Time) (*x509.Certificate, crypto.Signer, error) {
	path, keyPath := filepath.Join(dir, keys.DocumentRootsName), documentPath(dir, rootKeyName)
	roots, err := keys.LoadCertificates(path)
	if err == nil {
		at := len(roots) - 1
		for at > 0 && !roots[at].IsCA { // below an authority's root stand the centre's own certificates
			at--
		}
		root := roots[at]
		key, err := openKey(keyPath, root.PublicKey, c.Secret())
		if errors.Is(err, ErrMissing) {
			return nil, nil, fmt.Errorf("%w: %s", ErrRootKey, keyPath)
		}
		return root, key, err
	}
	if !errors.Is(err, keys.ErrNoCertificates) {
		return nil, nil, err
	}
	key, err := generate(c, rootKeyName)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: fit(centre, 64-len(" Document Root")) + " Document Root", Organization: []string{fit(centre, 64)}},
		NotBefore: now, NotAfter: now.AddDate(rootYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		// Somebody may put this root among those of a whole machine. It then vouches for no server and no mailbox, whoever has its key:
		// the one domain that it may speak for does not exist (RFC 6761).
		PermittedDNSDomains: []string{"invalid"}, PermittedEmailAddresses: []string{"invalid"}, PermittedURIDomains: []string{"invalid"},
		ExcludedIPRanges: []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}},
	}
	root, err := issue(template, template, key.Public(), key)
	if err != nil {
		return nil, nil, errors.Join(err, key.discard())
	}
	if err := key.write(dir); err != nil {
		return nil, nil, err
	}
	return root, key, durable.CreateFile(path, keys.EncodeCertificates([]*x509.Certificate{root}), 0o644)
}

// issue signs a certificate with what all of them have in common.
func issue(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	template.SerialNumber = new(big.Int).SetBytes(serial)
	template.UnknownExtKeyUsage = documentUsages
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	template.NotBefore = template.NotBefore.UTC().Truncate(time.Second)
	template.NotAfter = template.NotAfter.UTC().Truncate(time.Second)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newDocumentKey is a P-256 key that is not in the folder yet.
type newDocumentKey struct {
	crypto.Signer
	name    string // of its file
	data    []byte // of that file
	discard func() error
}

// generate makes a P-256 key, in a token or to be written to a file. Without write nothing refers to it.
func generate(c *Custody, name string) (newDocumentKey, error) {
	if c.InToken() {
		return generateInToken(c, name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return newDocumentKey{}, err
	}
	data, err := encode(key, c)
	return newDocumentKey{key, name, data, func() error { return nil }}, err
}

// write writes the key's file into dir. A key in a token is taken out again where that fails.
func (k newDocumentKey) write(dir string) error {
	if err := writeNew(filepath.Join(dir, k.name), k.data); err != nil {
		return errors.Join(err, k.discard())
	}
	return nil
}

// fit cuts a name to what X.520 allows in a certificate, in characters.
func fit(name string, most int) string {
	runes := []rune(name)
	return string(runes[:min(len(runes), most)])
}

// OpenDocument opens a document key, in PEM or in a token, and proves that it belongs to the certificate.
func OpenDocument(path string, c *x509.Certificate, pass Passphrase) (crypto.Signer, error) {
	return openKey(path, c.PublicKey, pass)
}

// OpenPKCS12 opens a PKCS#12 file (RFC 7292): a document key, its certificate, and those that came with it. A file that an empty
// passphrase opens asks for none.
func OpenPKCS12(path string, pass Passphrase) (crypto.Signer, []*x509.Certificate, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	private, certificate, others, err := pkcs12.DecodeChain(data, "")
	if err != nil && pass != nil { // a file without a MAC says nothing of its passphrase, and gives another error
		secret, refused := pass()
		if refused != nil {
			return nil, nil, fmt.Errorf("%w: %s", refused, path)
		}
		private, certificate, others, err = pkcs12.DecodeChain(data, string(secret))
	}
	if errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption) {
		return nil, nil, fmt.Errorf("%w: %s", ErrPassphrase, path)
	}
	key, ok := private.(crypto.Signer)
	if err != nil || !ok {
		return nil, nil, fmt.Errorf("%w: %s: %v", ErrUnreadable, path, err)
	}
	if !isPair(key, certificate.PublicKey) {
		return nil, nil, fmt.Errorf("%w: %s", ErrForeign, path)
	}
	return key, append([]*x509.Certificate{certificate}, others...), nil
}

// maxPrivate bounds a file with a private key, in bytes.
const maxPrivate = 1 << 20

// readPrivate reads a file that holds a private key, and refuses one that others can read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrMissing, path)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	case !info.Mode().IsRegular(), info.Size() > maxPrivate:
		return nil, fmt.Errorf("%w: %s", ErrUnreadable, path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%w: %s", ErrReadable, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return data, nil
}
