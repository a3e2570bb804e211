package bundle

import (
	"encoding/csv"
	"io"

	"github.com/cardproof/cardproof/card"
)

// MergeOptions are how a list for a mail program is written.
type MergeOptions struct {
	VerifyURL string // the origin that the cards' codes lead to
	Separator rune   // between the cells; 0 is a comma
	// Excel says that the list is for Excel: with a byte order mark, without which it takes UTF-8 for another encoding, and with CR LF.
	Excel bool
	// Link is a card's private link, in a column of its own; nil leaves the column out.
	Link func(card.Entry) (string, error)
}

// Merge writes a list with one row for each card, for an office that sends mails by itself. The language is the learner's; empty for that
// of the office.
type Merge struct {
	list
	link      func(card.Entry) (string, error)
	noAddress int
	unsafe    []card.Number
	guarded   []card.Number
}

// mergeHeading is how the heading begins, by which IsMerge knows the lists of all versions.
var mergeHeading = []string{"email", "name", "course", "title", "level", "completed", "completed_words", "issued", "issued_words",
	"expires", "expires_words", "number", "verify_url", "file", "state"}

// NewMerge writes the heading.
func NewMerge(w io.Writer, o MergeOptions) (*Merge, error) {
	m := &Merge{list: list{csv.NewWriter(w), o.VerifyURL}, link: o.Link}
	if o.Separator != 0 {
		m.w.Comma = o.Separator
	}
	heading := append(mergeHeading[:len(mergeHeading):len(mergeHeading)], "language")
	if o.Excel {
		m.w.UseCRLF = true
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, err
		}
	}
	if o.Link != nil {
		heading = append(heading, "private_link")
	}
	return m, m.w.Write(heading)
}

// Add writes a card. What a spreadsheet would take for a formula gets an apostrophe before it. An address gets none, since with it the
// mail would go to somebody else: it is left empty.
func (m *Merge) Add(l Line) error {
	e := l.Entry
	email := e.Learner.Email
	switch {
	case email == "":
		m.noAddress++
	case guard(email, quoted) != email:
		email, m.unsafe = "", append(m.unsafe, e.Number)
	}
	q := e.Qualification
	name := guard(e.Name, quoted)
	if name != e.Name {
		m.guarded = append(m.guarded, e.Number)
	}
	expires, words := e.ExpiresOn.String(), e.ExpiresOn.Words()
	if e.ExpiresOn == card.NoExpiry { // a person would take its day for one
		expires = ""
		_, words = e.ExpiresOn.Validity()
	}
	row := []string{email, name, guard(e.Course, quoted), guard(q.Title, quoted), guard(q.Level, quoted), e.Completed.String(), e.Completed.Words(),
		e.IssuedOn.String(), e.IssuedOn.Words(), expires, words, e.Number.String(), m.list.link(e), l.File, string(l.State), e.Learner.Language}
	if m.link != nil {
		link, err := m.link(e)
		if err != nil {
			return err
		}
		row = append(row, link)
	}
	return m.w.Write(row)
}

// Flush writes what is still held back.
func (m *Merge) Flush() error {
	m.w.Flush()
	return m.w.Error()
}

// NoAddress is how many cards have no address in the register.
func (m *Merge) NoAddress() int { return m.noAddress }

// Unsafe are the cards whose address was left out.
func (m *Merge) Unsafe() []card.Number { return m.unsafe }

// Guarded are the cards whose name got an apostrophe.
func (m *Merge) Guarded() []card.Number { return m.guarded }
