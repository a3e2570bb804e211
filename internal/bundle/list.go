package bundle

import (
	"encoding/csv"
	"io"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
)

// Line is a card as the lists tell it.
type Line struct {
	Entry card.Entry
	State card.State // KeyRevoked for a card that fell with its key, or the entry's own
	File  string     // FileName; empty where the file is not handed out
}

// KeyRevoked is the state of an issued card that fell with its key. The register's own state of it is card.Issued.
const KeyRevoked card.State = "key_revoked"

// ManifestName is what the list of the cards is called in a ZIP.
const ManifestName = "cards.csv"

// list writes rows of CSV.
type list struct {
	w         *csv.Writer
	verifyURL string
}

// link is what the card's QR says; empty for a card that is not finished.
func (l list) link(e card.Entry) string {
	if e.Token == "" {
		return ""
	}
	return token.URL(l.verifyURL, e.Token)
}

// Manifest writes the list that goes with the files, with the columns of the cards.csv that issue writes, and the batch behind them. Its
// texts are guarded: no spreadsheet takes one for a formula.
type Manifest struct{ list }

// NewManifest writes the heading. verifyURL is the origin that the cards' codes lead to.
func NewManifest(w io.Writer, verifyURL string) (*Manifest, error) {
	m := &Manifest{list{csv.NewWriter(w), verifyURL}}
	return m, m.w.Write([]string{"row", "number", "name", "course", "issued", "expires", "verify_url", "file", "sha256", "state", "batch"})
}

// Add writes a card. It has no row: it comes from the register.
func (m *Manifest) Add(l Line) error {
	e := l.Entry
	return m.w.Write([]string{"", e.Number.String(), guard(e.Name, quoted), guard(e.Course, quoted), e.IssuedOn.String(), e.ExpiresOn.String(),
		m.link(e), l.File, e.SHA256, string(l.State), guard(e.Batch, quoted)})
}

// Flush writes what is still held back.
func (m *Manifest) Flush() error {
	m.w.Flush()
	return m.w.Error()
}
