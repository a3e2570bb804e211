package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// expiresSoon is how long before its end the document certificate is worth a line: time enough to have an authority issue the next.
const expiresSoon = 60 * 24 * time.Hour

// keys looks at the set, at each private key that signs, and at the certificate of the seal.
func (c *checkup) keys(ctx context.Context) {
	set, err := keys.Load(keySetPath(c.config))
	if err != nil {
		c.fails("keys", err)
		return
	}
	c.set = set
	if c.ledger != nil && !c.keysOnRecord(ctx) {
		return
	}
	c.keyFolder()
	pass := c.passphraseOnce(ctx)
	_, err = issuer.OpenKey(c.config.Keys, c.set, c.config.Issuer.URL, pass)
	c.key("card key", err)
	if c.config.Card.StatusList {
		_, err = issuer.OpenStatusKey(c.config.Keys, c.set, c.config.Issuer.URL, pass)
		c.key("status-list key", err)
	}
	_, err = c.openSealer(ctx, c.config, pass)
	c.key("document key", err)
	c.certificate()
}

// keysOnRecord compares the set with what the register has on record of it.
func (c *checkup) keysOnRecord(ctx context.Context) bool {
	set, behind, err := compareKeys(ctx, c.config, c.ledger)
	if err == nil {
		c.set, err = set, refuseOldSet(ctx, set, c.ledger)
	}
	if err != nil {
		c.fails("keys", err)
		return false
	}
	if len(behind) > 0 {
		c.problem(exitKey, "keys", "Run `cardproof keys revoke` for it again, which mends the file, and publish it anew.",
			"%s still trusts %s, which the register has as revoked", keySetPath(c.config), strings.Join(behind, ", "))
		return true
	}
	c.ok("keys", "%s, as the register has them on record", plural(len(set.All()), "public key", "public keys"))
	return true
}

// key notes how it went to open a private key. One that nobody could open without asking is not known to be well or ill.
func (c *checkup) key(check string, err error) {
	switch {
	case err == nil:
		c.ok(check, "opens, and signs what its public key verifies")
	case errors.Is(err, issuer.ErrKeyPassphrase):
		c.warn(check, "Set "+passphraseVariable+" (or "+documentVariable+"), or run doctor on a terminal.", "is encrypted, and was not opened")
	default:
		c.fails(check, err)
	}
}

// keyFolder looks at who else may read private keys or the register.
func (c *checkup) keyFolder() {
	open := 0
	for _, folder := range []string{c.config.Keys, c.config.Data} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			c.fails("permissions", err)
			return
		}
		for _, e := range entries {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				c.fails("permissions", err)
				return
			}
			private := folder == c.config.Keys && e.Name() != keys.FileName && !strings.HasSuffix(e.Name(), ".crt") && !strings.HasPrefix(e.Name(), ".")
			// The register may be read by a group: that of a server of its own.
			forbidden := fs.FileMode(0o007)
			if private {
				forbidden = 0o077
			}
			if info.Mode().IsRegular() && (private || folder == c.config.Data) && info.Mode().Perm()&forbidden != 0 {
				open++
				c.problem(exitKey, "permissions", "Run `chmod go= "+filepath.Join(folder, e.Name())+"`, and think about who may have read it.",
					"others may read %s", filepath.Join(folder, e.Name()))
			}
		}
	}
	if open == 0 {
		c.ok("permissions", "nobody else may read keys or register")
	}
}

func (c *checkup) certificate() {
	d, err := c.document(c.config)
	if err != nil {
		c.fails("seal certificate", err)
		return
	}
	if d == nil {
		return // the sealer has said what there is to say
	}
	end, err := time.Parse(time.RFC3339, d.NotAfter)
	if err != nil {
		c.fails("seal certificate", err)
		return
	}
	left := end.Sub(c.now())
	const renew = "Have it renewed in time; for the centre's own, move document.key and document.crt away, keep the roots, and run `cardproof keys init`."
	switch {
	case left <= 0:
		c.problem(exitKey, "seal certificate", renew, "ended on %s", d.NotAfter)
	case left < expiresSoon:
		c.warn("seal certificate", renew, "ends in %s, on %s", roughly(left), d.NotAfter)
	default:
		c.ok("seal certificate", "until %s", d.NotAfter)
	}
}
