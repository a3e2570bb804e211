package main

import (
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
	if v.Cause != "" && (v.State == document.Unchecked || v.State == document.Doubtful) {
		rows = append(rows, []string{"  " + map[document.State]string{document.Unchecked: "not checked", document.Doubtful: "in doubt"}[v.State], v.Cause})
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
	published, err := keys.LoadCertificates(documentKey(c).RootsPath())
	switch {
	case errors.Is(err, keys.ErrNoCertificates) && c.Seal.Certificate == "":
	case err != nil:
		return seal.Trust{}, err
	default:
		trust = seal.TrustIn(published)
	}
	if c.Seal.TimestampRoots != "" {
		roots, err := keys.LoadCertificates(c.Seal.TimestampRoots)
		if err != nil {
			return seal.Trust{}, err
		}
		trust.TimestampRoots = keys.Pool(roots)
	}
	return trust, nil
}
