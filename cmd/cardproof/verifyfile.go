package main

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/seal"
)

// fileWord is the first word about a file that is not to be relied on.
func fileWord(f document.PublicFile) string {
	switch f.State {
	case document.Altered:
		return "ALTERED"
	case document.Changed:
		return "CHANGED"
	case document.Contradict:
		return "CONTRADICTS ITSELF"
	case document.Foreign:
		return "SEALED BY SOMEBODY ELSE"
	}
	return "NOT CHECKED"
}

// fileInWords is the file's state for a person.
func fileInWords(f document.PublicFile) string {
	if f.State == document.Intact {
		return "unchanged since it was issued by " + printable(f.SealedBy) + " on " + f.SealedAt
	}
	return f.Message
}

// fileRows are what there is to show of a file below a verdict: how it stands, where the headline has not said so, and what differs.
func fileRows(v document.PublicFile, inHeadline bool) [][]string {
	var rows [][]string
	if !inHeadline {
		rows = append(rows, []string{"  file", fileInWords(v)})
	}
	if v.State == document.Unchecked && v.Cause != "" {
		rows = append(rows, []string{"  not checked", v.Cause})
	}
	for _, d := range v.Differences {
		where := ""
		if d.Page > 0 {
			where = fmt.Sprintf(" on page %d", d.Page)
		}
		rows = append(rows, []string{"  " + d.Line, fmt.Sprintf("the file prints %q%s, and %q was signed", d.Printed, where, d.Signed)})
	}
	return rows
}

// sealTrust is whom this centre believes about seals: nobody where it has no document key yet.
func (a *app) sealTrust(c *config.Config) (seal.Trust, error) {
	var trust seal.Trust
	for _, one := range []struct {
		path     string
		pool     **x509.CertPool
		optional bool
	}{{documentKey(c).RootsPath(), &trust.Roots, c.Seal.Certificate == ""}, {c.Seal.TimestampRoots, &trust.TimestampRoots, false}} {
		if one.path == "" {
			continue
		}
		roots, err := keys.LoadCertificates(one.path)
		if errors.Is(err, keys.ErrNoCertificates) && one.optional {
			continue
		}
		if err != nil {
			return seal.Trust{}, err
		}
		*one.pool = keys.Pool(roots)
	}
	return trust, nil
}
