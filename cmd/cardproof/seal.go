package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/seal"
	"github.com/cardproof/cardproof/keys"
)

// documentVariable is the environment variable that opens the centre's own key of the seal (seal.certificate as PKCS#12, or seal.key),
// whose passphrase is the one of whoever issued it.
const documentVariable = "CARDPROOF_DOCUMENT_PASSPHRASE"

// sealReason is what a seal says of itself.
const sealReason = "Issued by the training centre; any change of this file breaks the seal"

// documentKey says where the key lies that seals.
func documentKey(c *config.Config) issuer.DocumentKey {
	return issuer.DocumentKey{Dir: c.Keys, Certificate: c.Seal.Certificate, Key: c.Seal.Key, Roots: c.Seal.Roots}
}

// rootsToPublish is where the roots lie that the centre publishes; empty for a centre that has no document key yet.
func rootsToPublish(c *config.Config) string {
	path := documentKey(c).RootsPath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && c.Seal.Certificate == "" {
		return ""
	}
	return path
}

// openSealer opens the document key. pass is the passphrase of the keys that `keys init` makes.
func (a *app) openSealer(ctx context.Context, c *config.Config, pass issuer.Passphrase) (*seal.Sealer, error) {
	if err := a.checkSealFiles(c); err != nil {
		return nil, err
	}
	d := documentKey(c)
	_, given := a.ofEnvironment(documentVariable)
	if d.IsPKCS12() || given && c.Seal.Key != "" {
		pass = func() ([]byte, error) {
			return a.secret(ctx, documentVariable, "passphrase of "+cmp.Or(c.Seal.Key, d.Certificate)+": ")
		}
	}
	o := seal.Options{Name: c.Issuer.Name, Reason: sealReason, Location: c.Seal.Location, Contact: contactOf(c)}
	if c.Seal.TimestampURL != "" {
		o.Stamper = &seal.Stamper{URL: c.Seal.TimestampURL, Timeout: c.Seal.TimestampTimeout, Now: a.now}
		if c.Seal.TimestampRoots != "" {
			roots, err := keys.LoadCertificates(c.Seal.TimestampRoots)
			if err != nil {
				return nil, err
			}
			o.Stamper.Roots = keys.Pool(roots)
		}
	}
	sealer, err := issuer.OpenSealer(d, o, pass, a.now())
	if errors.Is(err, issuer.ErrKeyPassphrase) && c.Seal.Certificate != "" {
		return nil, fail(exitKey, err, fmt.Sprintf("Set %s to the passphrase of %s, or run the command on a terminal and type it.", documentVariable, cmp.Or(c.Seal.Key, c.Seal.Certificate)),
			passphraseVariable+" opens the keys that `cardproof keys init` makes, and not this one.")
	}
	if errors.Is(err, issuer.ErrKeyUnreadable) && d.IsPKCS12() {
		return nil, fail(exitKey, err, fmt.Sprintf("Look whether `openssl pkcs12 -info -noout -in %s` opens it. If so, export it anew with a MAC and the usual algorithms; "+
			"if not, ask whoever issued it, or restore it from its backup.", asArgument(d.Certificate)))
	}
	return sealer, err
}

// checkSealFiles refuses a configuration that names files for the seal which are not there.
func (a *app) checkSealFiles(c *config.Config) error {
	const own = " Leave seal.certificate, seal.key and seal.roots all empty for the key that `cardproof keys init` makes."
	for _, one := range []struct{ key, path, hint string }{
		{"seal.certificate", c.Seal.Certificate, "Put the centre's certificate there (.p12, .pfx or PEM), or mend the path; it counts from the folder of the configuration." + own},
		{"seal.key", c.Seal.Key, "Put the private key of seal.certificate there, in PEM, or mend the path; it counts from the folder of the configuration." + own},
		{"seal.roots", c.Seal.Roots, "Put the root certificate of the authority that issued seal.certificate there, in PEM: the authority publishes it. Or mend the path; it counts from the folder of the configuration." + own},
		{"seal.timestamp_roots", c.Seal.TimestampRoots, "Put the root certificates of the time-stamp server there, in PEM, or leave the key empty for those of the system."},
	} {
		if one.path == "" {
			continue
		}
		if _, err := os.Stat(one.path); errors.Is(err, fs.ErrNotExist) {
			return fail(exitKey, fmt.Errorf("%s: %s: %s does not exist", a.configPath, one.key, one.path), one.hint)
		}
	}
	return nil
}

// contactOf is how the centre can be asked about a card.
func contactOf(c *config.Config) string {
	if c.Issuer.Contact != "" {
		return strings.TrimPrefix(c.Issuer.Contact, "mailto:")
	}
	return c.Issuer.Phone
}

// passphraseOnce asks for the passphrase of the keys at most once, however many of them it opens.
func (a *app) passphraseOnce(ctx context.Context) issuer.Passphrase {
	return sync.OnceValues(func() ([]byte, error) { return a.passphrase(ctx) })
}

// setUpDocumentKey makes the document key where there is none, and the centre has none of its own.
func (a *app) setUpDocumentKey(ctx context.Context, c *config.Config, custody *issuer.Custody) (wrote bool, err error) {
	if c.Seal.Certificate != "" {
		return false, nil
	}
	if err := durable.MakeFolder(c.Keys, 0o700); err != nil {
		return false, err
	}
	_, missing := keys.LoadCertificates(documentKey(c).CertificatePath())
	if !errors.Is(missing, keys.ErrNoCertificates) {
		return false, missing
	}
	if custody, err = a.custodyOfDocument(ctx, c, custody); err != nil {
		return false, err
	}
	_, err = issuer.CreateDocumentKey(ctx, c.Keys, c.Issuer.Name, custody, a.now())
	if errors.Is(err, issuer.ErrKeyExists) { // a key without its certificate
		return false, missing
	}
	return err == nil, err
}

// listedDocument is the document certificate, as keys list prints it as JSON.
type listedDocument struct {
	File        string `json:"file"`
	PrivateKey  string `json:"private_key"` // a file, or a key in a token; empty where it is not here
	Subject     string `json:"subject"`
	Issuer      string `json:"issuer"`
	NotBefore   string `json:"not_before"`
	NotAfter    string `json:"not_after"`
	SHA256      string `json:"sha256"`
	Roots       string `json:"roots"`
	RootsSHA256 string `json:"root_sha256"`
}

// document is the document certificate of a centre, nil where there is none or where only a passphrase would open it.
func (a *app) document(c *config.Config) (*listedDocument, error) {
	if err := a.checkSealFiles(c); err != nil {
		return nil, err
	}
	d := documentKey(c)
	if d.IsPKCS12() {
		return nil, nil
	}
	chain, err := keys.LoadCertificates(d.CertificatePath())
	if errors.Is(err, keys.ErrNoCertificates) && c.Seal.Certificate == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	roots, err := keys.LoadCertificates(d.RootsPath())
	if err != nil {
		return nil, err
	}
	leaf, root := chain[0], roots[0]
	for _, c := range roots {
		if c.IsCA {
			root = c // the newest stands last
		}
	}
	return &listedDocument{
		File: d.CertificatePath(), PrivateKey: d.Where(), Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
		NotBefore: leaf.NotBefore.UTC().Format(time.RFC3339), NotAfter: leaf.NotAfter.UTC().Format(time.RFC3339),
		SHA256: fingerprint(leaf), Roots: d.RootsPath(), RootsSHA256: fingerprint(root),
	}, nil
}

// fingerprint is the SHA-256 of a certificate as openssl x509 -fingerprint writes it.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// printDocument prints the document certificate below the keys.
func (a *app) printDocument(c *config.Config, l *listedDocument) error {
	fmt.Fprintln(a.stdout)
	switch {
	case documentKey(c).IsPKCS12():
		fmt.Fprintf(a.stdout, "document key in %s; `cardproof keys check` opens it\n", c.Seal.Certificate)
		return nil
	case l == nil:
		fmt.Fprintln(a.stdout, "no document key; `cardproof keys init` makes one")
		return nil
	}
	return a.table([][]string{
		{"DOCUMENT CERTIFICATE", l.File}, {"  of", l.Subject}, {"  by", l.Issuer}, {"  counts", l.NotBefore + " to " + l.NotAfter},
		{"  SHA-256", l.SHA256}, {"  private key", orNone(l.PrivateKey)}, {"  roots to publish", l.Roots}, {"  SHA-256 of the root", l.RootsSHA256},
	})
}

func newKeysCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Open every private key, and let it prove itself",
		Long: `Keys check opens the card key, the key of the status lists and the document key, lets each sign something, and checks what it signed. A time-stamp
server that is configured is asked once. It writes nothing; run it on a restored backup to see that it is whole.

Encrypted keys are opened by a passphrase that is typed, or by the environment: ` + passphraseVariable + ` those that keys init made,
` + documentVariable + ` the PKCS#12 file of seal.certificate (or seal.key).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			set, err := keys.Load(keySetPath(c))
			if err != nil {
				return err
			}
			pass := a.passphraseOnce(cmd.Context())
			if _, err := issuer.OpenKey(c.Keys, set, c.Issuer.URL, pass); err != nil {
				return err
			}
			if c.Card.StatusList {
				if _, err := issuer.OpenStatusKey(c.Keys, set, c.Issuer.URL, pass); err != nil {
					return err
				}
			}
			sealer, err := a.openSealer(cmd.Context(), c, pass)
			if err != nil {
				return err
			}
			if err := seal.Try(cmd.Context(), sealer, a.now()); err != nil {
				return err
			}
			leaf, lists := sealer.Certificate(), ""
			if c.Card.StatusList {
				lists = ", the key of the status lists"
			}
			fmt.Fprintf(a.stdout, "the card key%s and the document key are good; the certificate of %s counts until %s\n",
				lists, leaf.Subject.CommonName, leaf.NotAfter.UTC().Format(time.RFC3339))
			return nil
		},
	}
}
