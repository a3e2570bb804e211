package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/seal"
)

// verifiedFile is what is to be said of a file beside the verdicts on its cards.
type verifiedFile struct {
	State    document.State `json:"state"`
	Message  string         `json:"message"`
	SealedBy string         `json:"sealed_by,omitempty"`
	SealedAt string         `json:"sealed_at,omitempty"` // RFC 3339 in UTC
	Cause    string         `json:"cause,omitempty"`
	// What the file prints in other words than were signed.
	Differences []fileDifference `json:"differences,omitempty"`

	reliable bool
}

// fileDifference is a line of a file that is not what was signed.
type fileDifference struct {
	Page    int    `json:"page,omitempty"` // from 1; not there where it could not be told
	Line    string `json:"line"`
	Printed string `json:"printed"`
	Signed  string `json:"signed"`
}

func describeFile(f document.File) *verifiedFile {
	v := &verifiedFile{State: f.State, Message: f.Message(), SealedBy: f.Signer, reliable: f.MayBeRelied()}
	if !f.At.IsZero() {
		v.SealedAt = f.At.UTC().Format(time.RFC3339)
	}
	if f.Why != nil {
		v.Cause = f.Why.Error()
	}
	for _, d := range f.Differences {
		v.Differences = append(v.Differences, fileDifference(d))
	}
	return v
}

// word is the first word about a file that is not to be relied on.
func (v verifiedFile) word() string {
	switch v.State {
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

// inWords is the file's state for a person.
func (v verifiedFile) inWords() string {
	if v.State == document.Intact {
		return "unchanged since it was issued by " + printable(v.SealedBy) + " on " + v.SealedAt
	}
	return v.Message
}

// rows are what there is to show of a file below a verdict: how it stands, where the headline has not said so, and what differs.
func (v verifiedFile) rows(inHeadline bool) [][]string {
	var rows [][]string
	if !inHeadline {
		rows = append(rows, []string{"  file", v.inWords()})
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

// readInputs is what one argument asks about: the cards in a file, and the file; or the text itself; or a sentence that says why it
// can't be read.
func readInputs(arg string, trust seal.Trust, now time.Time) (inputs []verify.Input, file *document.File, unreadable string) {
	info, err := os.Stat(arg)
	switch {
	case err != nil && strings.HasSuffix(strings.ToLower(arg), ".pdf"):
		return nil, nil, "This file can't be opened; look at its name and its permissions."
	case err != nil:
		return []verify.Input{verify.ReadInput(arg)}, nil, ""
	case !info.Mode().IsRegular() || info.Size() > scan.MaxFile:
		return nil, nil, "This is no PDF file of a card; give the file as it was issued, or the number that is printed on the card."
	}
	data, err := os.ReadFile(arg)
	if err != nil {
		return nil, nil, "This file can't be opened; look at its permissions."
	}
	f, err := document.Read(data, trust, now)
	if err != nil {
		return nil, nil, fmt.Sprintf("No card was found in this file (%v); give it as it was issued, or the number that is printed on the card.", err)
	}
	return f.Cards, &f, ""
}
