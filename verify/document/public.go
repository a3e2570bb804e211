package document

import "time"

// PublicFile is what is to be said of a file, beside the verdicts on its cards, as the contract writes it in JSON (docs/card-format.md,
// section 6).
type PublicFile struct {
	State State `json:"state"`
	// Reliable is false where the file is a reason not to accept a card in it, however valid that is.
	Reliable bool   `json:"reliable"`
	Message  string `json:"message"`
	SealedBy string `json:"sealed_by,omitempty"`
	SealedAt string `json:"sealed_at,omitempty"` // RFC 3339 in UTC
	Cause    string `json:"cause,omitempty"`
	// What the file prints in other words than were signed.
	Differences []PublicDifference `json:"differences,omitempty"`
}

// PublicDifference is a line of a file that is not what was signed.
type PublicDifference struct {
	Page    int    `json:"page,omitempty"` // from 1; not there where it could not be told
	Line    string `json:"line"`
	Printed string `json:"printed"`
	Signed  string `json:"signed"`
}

// Public is the file for other programs.
func (f File) Public() *PublicFile {
	p := &PublicFile{State: f.State, Reliable: f.MayBeRelied(), Message: f.Message(), SealedBy: f.Signer}
	if !f.At.IsZero() {
		p.SealedAt = f.At.UTC().Format(time.RFC3339)
	}
	if f.Why != nil {
		p.Cause = f.Why.Error()
	}
	for _, d := range f.Differences {
		p.Differences = append(p.Differences, PublicDifference(d))
	}
	return p
}
