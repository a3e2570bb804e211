package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// custodyHelp is what the commands that make keys say about tokens.
const custodyHelp = `With --pkcs11 URI (RFC 7512) the private halves are made in that PKCS#11 token, such as an HSM, and never leave it; keys/ then has files
with the suffix .pkcs11 that say where each lies. The URI names the token (token=) and its library (module-path=, or the environment:
CARDPROOF_PKCS11_MODULE). The PIN stands in a file that the URI names (pin-source=) or in the environment (CARDPROOF_TOKEN_PIN), and
never in the command. docs/keys-in-a-token.md shows it.`

// custodyFlags are the flags of commands that make private keys.
type custodyFlags struct {
	encrypt   bool
	token     string
	algorithm string
}

func (f *custodyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.encrypt, "encrypt", false, "encrypt the private halves with a passphrase, typed or from "+passphraseVariable)
	flags.StringVar(&f.token, "pkcs11", "", "make the private halves in the PKCS#11 token of this `URI`")
	flags.StringVar(&f.algorithm, "alg", "", "with --pkcs11, the `algorithm` of keys that sign cards or status lists: EdDSA or ES256 (default: EdDSA where the token has it)")
}

// custody is how the new keys are kept; nil for files that are not encrypted. ask gives the passphrase where they are to be encrypted.
func (f *custodyFlags) custody(ask issuer.Passphrase) (*issuer.Custody, error) {
	const nothing = "Nothing was changed."
	c := &issuer.Custody{Token: f.token}
	switch {
	case f.token != "" && f.encrypt:
		return nil, fail(exitUsage, errors.New("--encrypt and --pkcs11 exclude each other"), "A key in a token is in no file that could be encrypted. "+nothing)
	case f.token == "" && f.algorithm != "":
		return nil, fail(exitUsage, errors.New("--alg goes with --pkcs11"), "Keys in files sign by EdDSA. "+nothing)
	case f.encrypt:
		c.Passphrase = ask
		return c, nil
	case f.token == "":
		return nil, nil
	}
	switch f.algorithm {
	case "":
	case "EdDSA":
		c.Algorithm = issuer.TokenEd25519
	case "ES256":
		c.Algorithm = issuer.TokenP256
	default:
		return nil, fail(exitUsage, fmt.Errorf("--alg %q is none", printable(f.algorithm)), "Give EdDSA or ES256. "+nothing)
	}
	return c, issuer.CheckToken(f.token)
}

// custodyAtOnce is the custody with the passphrase asked for already.
func (a *app) custodyAtOnce(ctx context.Context, f custodyFlags) (*issuer.Custody, error) {
	c, err := f.custody(func() ([]byte, error) { return a.newPassphrase(ctx) })
	if err != nil {
		return nil, err
	}
	return c.Asked()
}

// custodyOfNew is how a key to be made is kept: as chosen; and in a file by the passphrase of the keys that are there, where they have one.
func (a *app) custodyOfNew(ctx context.Context, c *config.Config, chosen *issuer.Custody) (*issuer.Custody, error) {
	if chosen.InToken() {
		return chosen, nil
	}
	same, err := issuer.SamePassphrase(c.Keys, a.passphraseOnce(ctx))
	if err != nil {
		return nil, err
	}
	if same != nil {
		return &issuer.Custody{Passphrase: same}, nil
	}
	return chosen, nil
}

// custodyOfDocument is that of a document key. One in a token may be vouched for by a root whose key lies in an encrypted file.
func (a *app) custodyOfDocument(ctx context.Context, c *config.Config, chosen *issuer.Custody) (*issuer.Custody, error) {
	if !chosen.InToken() {
		return a.custodyOfNew(ctx, c, chosen)
	}
	document := *chosen
	var err error
	document.Passphrase, err = issuer.SamePassphrase(c.Keys, a.passphraseOnce(ctx))
	return &document, err
}

// nextCustody is that of the next key. A passphrase is asked for before anything is locked.
func (a *app) nextCustody(ctx context.Context, f custodyFlags) (*issuer.Custody, error) {
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	chosen, err := f.custody(func() ([]byte, error) { return a.newPassphrase(ctx) })
	if err != nil {
		return nil, err
	}
	next, err := a.custodyOfNew(ctx, c, chosen)
	if err != nil {
		return nil, err
	}
	return next.Asked()
}

// sayBackup tells how a new private key is kept from being lost.
func (a *app) sayBackup(r *keyring, k keys.Key) {
	path := issuer.KeyPath(r.config.Keys, k)
	if where := issuer.WhereKey(r.config.Keys, k); where != path {
		a.say("The new private key is in the token alone: %s\nBack up %s, which says so; a token is backed up by its own means, if it has any.\n", where, filepath.Base(path))
		return
	}
	a.say("Back up %s now: the new private key is nowhere else.\n", path)
}

// orNone is a place for a person to read.
func orNone(place string) string {
	if place == "" {
		return "not here"
	}
	return place
}

// explainToken finds the hints of keys in tokens.
func explainToken(err error) *failure {
	const resume = "Nothing is lost: run the same command again then, and it goes on where it stopped."
	for _, kind := range []struct {
		err  error
		hint string
	}{
		{issuer.ErrTokenLost, "Look whether the token is plugged in or its server runs. " + resume},
		{issuer.ErrTokenBuild, "Build the program with cgo (CGO_ENABLED=1 and a C compiler): the library of a token is a C library.\nIssued cards stay valid without the key, and verifying needs no token."},
		{issuer.ErrTokenURI, "It looks like this: pkcs11:token=Centre?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/cardproof/pin (RFC 7512), in single quotes on a command line.\n`pkcs11-tool --module LIBRARY --list-slots` shows the labels and serials of the tokens."},
		{issuer.ErrTokenModule, "Name the library of the token, an absolute path, as module-path in the URI or in CARDPROOF_PKCS11_MODULE; the token's maker says which.\nThis user has to be able to read it, and what it is configured by (for SoftHSM: SOFTHSM2_CONF, and the folder of its tokens)."},
		{issuer.ErrTokenAbsent, "Look whether the token is plugged in or its server runs, and whether its label is right: `pkcs11-tool --module LIBRARY --list-slots` shows those that are there.\n" + resume},
		{issuer.ErrTokenNoPIN, "Set CARDPROOF_TOKEN_PIN, or name a file with the PIN alone, which only you can read, as pin-source in the URI."},
		{issuer.ErrTokenLocked, "Look for the right PIN. Then log in by hand, which sets the counter back: `pkcs11-tool --module LIBRARY --token-label LABEL --login --list-objects`. Nothing was tried."},
		{issuer.ErrTokenPIN, "Mend CARDPROOF_TOKEN_PIN, or the file of pin-source, before anything is run again: a token locks after a few wrong PINs. It was tried once."},
		{issuer.ErrTokenKey, "The .pkcs11 file in the key folder says which key it was. Restore it into the token from the token's own backup, or make the next one with `cardproof keys rotate`. Issued cards stay valid without it."},
		{issuer.ErrTokenKeyType, "The .pkcs11 file in the key folder names another key than jwks.json or the certificate has. Restore the file, and the token, from their backups."},
		{issuer.ErrTokenMechanism, "Try the other algorithm, --alg ES256 or --alg EdDSA. `pkcs11-tool --module LIBRARY --list-mechanisms` shows what the token can. No key was made."},
		{issuer.ErrTokenExtractable, "A key that can leave its token is no safer than one in a file. Ask the token's maker how keys are made that can't. No key was made."},
		{issuer.ErrTokenFailed, "The token's maker says what this answer means. " + resume},
	} {
		if errors.Is(err, kind.err) {
			return &failure{exitKey, err, hintLines(kind.hint)}
		}
	}
	return nil
}
