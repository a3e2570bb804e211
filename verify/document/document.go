// Package document tells what a card's PDF file says to a verifier: which cards are in it, whether it is the file that was issued, and
// whether it prints what was signed.
//
// A card is in a file up to three times: as the QR, as the link over it, and as the embedded file card.jwt. A file that an employer
// has put together may hold many cards, on many pages. The verdict on each is the verifier's; what is judged here is the file.
package document

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/seal"
)

// TokenName is the name of the embedded file that holds a card's token.
const TokenName = "card.jwt"

// ErrNoCard says that a file can be read and has no card in it.
var ErrNoCard = errors.New("no card in the file")

var errNoRoots = errors.New("nothing is here to check the seal with")

var errContradict = errors.New("its QR, its link and what is embedded in it are not all of the same card")

// State is what there is to say of a file as a whole.
type State string

// The states. Only Intact says that the file is what was issued.
const (
	Intact     State = "intact"     // byte for byte as it was sealed by the centre
	Unsealed   State = "unsealed"   // without a seal: a print, a scan, a copy or several files in one
	Changed    State = "changed"    // not what was sealed
	Foreign    State = "foreign"    // sealed by somebody else
	Doubtful   State = "doubtful"   // with a seal that can't be relied on
	Unchecked  State = "unchecked"  // nothing is here to check the seal with, or what the file prints could not be compared
	Altered    State = "altered"    // it prints something else than was signed
	Pictured   State = "pictured"   // without a seal, and a card in it was read from a picture: a scan or a photograph
	Contradict State = "contradict" // its QR, its link and its embedded file name different cards
)

// States are all states of a file.
func States() []State {
	return []State{Intact, Unsealed, Changed, Foreign, Doubtful, Unchecked, Altered, Pictured, Contradict}
}

// File is what a file says.
type File struct {
	State  State
	Cards  []verify.Input // each card once, in the order in which it comes
	Pages  []int          // where each of Cards was found first, from 1; 0 for what is embedded
	Unread error          // why there may be more cards in the file than these; nil where there are none
	Blank  []int          // the pages, from 1, that could show a card of which a program sees nothing (ErrGraphic)
	Signer string         // who sealed it; empty but for Intact
	At     time.Time      // when; zero but for Intact
	Why    error          // the cause of Changed, Foreign, Doubtful and Contradict, and of Unchecked where it was not the seal

	Differences []Difference // what Compare found, also where another State is worse than Altered

	pages   []printedPage
	links   []link
	twofold error // why others may see other pages than these; nil where they can't, or where the seal has been broken anyway
}

// link is where a code, or the link over it, leads.
type link struct {
	text       string
	page, card int // card is of Cards
}

// MayBeRelied says whether the file itself is no reason for doubt. A file without a seal says nothing for itself and nothing against
// it: the verdict is on its QR alone, and what is printed has to be compared with it. Compare does what a program can, before this is asked.
func (f File) MayBeRelied() bool {
	return f.State == Intact || f.State == Unsealed || f.State == Pictured
}

// Read reads a PDF at the time now. trust may have no roots: then no seal can be checked. A file that is not Intact may hold cards as
// pictures: they are looked for until ctx ends, each in no more than memory bytes. The error is ErrNoCard, scan.ErrNotPDF or
// scan.ErrTooLarge; with ErrNoCard, Unread may say why that is not certain.
func Read(ctx context.Context, file []byte, trust seal.Trust, now time.Time, memory int64) (File, error) {
	d, err := scan.Read(file)
	if err != nil {
		return File{}, err
	}
	f := File{}
	consistent := f.collect(d)
	f.judge(file, trust, now)
	if f.State != Intact {
		f.notePictures(d, f.readPictures(ctx, d, memory))
	}
	if len(f.Cards) == 0 {
		return File{Unread: f.Unread}, ErrNoCard
	}
	if f.State == Unsealed || f.State == Pictured { // a good seal covers every byte
		f.twofold = scan.Single(file)
	}
	if !consistent {
		f.State, f.Signer, f.At, f.Why = Contradict, "", time.Time{}, errContradict
	}
	return f, nil
}

// collect finds the cards, and says whether a link or an embedded token names a card that no QR of the file does.
func (f *File) collect(d scan.Document) (consistent bool) {
	consistent = true
	var drawn []string
	for n, p := range d.Pages {
		page := pageOf(n+1, p)
		for _, c := range p.Codes {
			in := verify.ReadInput(c.Text)
			drawn = append(drawn, identity(in))
			i := f.add(in, n+1)
			page.cards, page.covered = append(page.cards, i), page.covered || c.Covered
			f.links = append(f.links, link{c.Text, n + 1, i}, link{c.Link, n + 1, i})
			if strings.Contains(c.Link, "/c/") && identity(verify.ReadInput(c.Link)) != identity(in) {
				consistent = false
				f.add(verify.ReadInput(c.Link), n+1)
			}
		}
		page.cards = slices.Compact(slices.Sorted(slices.Values(page.cards)))
		if len(page.cards) > 0 || len(page.lines) > 0 && !p.Hidden {
			f.pages = append(f.pages, page)
		}
	}
	for _, a := range d.Attachments {
		if a.Name != TokenName {
			continue
		}
		in := verify.Input{Token: string(bytes.TrimSpace(a.Data))}
		if len(drawn) > 0 && !slices.Contains(drawn, identity(in)) {
			consistent = false
		}
		f.add(in, 0)
	}
	if len(drawn) == 0 && len(f.Cards) == 1 {
		f.pages = []printedPage{together(d)}
	}
	return consistent
}

// together is the text of all pages of a file whose card is on none of them as shapes.
func together(d scan.Document) printedPage {
	all := printedPage{cards: []int{0}}
	for _, p := range d.Pages {
		all.lines = append(all.lines, pageOf(0, p).lines...)
		all.veiled = all.veiled || p.Veiled
	}
	return all
}

// pageOf is the text of a page, without empty lines.
func pageOf(number int, p scan.Page) printedPage {
	page := printedPage{number: number, veiled: p.Veiled}
	for i, line := range strings.Split(p.Text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		page.lines = append(page.lines, line)
		if i < len(p.Sizes) {
			page.sizes = append(page.sizes, p.Sizes[i])
		}
	}
	return page
}

// add notes a card on a page, and gives its place among Cards.
func (f *File) add(in verify.Input, page int) int {
	i := slices.IndexFunc(f.Cards, func(known verify.Input) bool { return identity(known) == identity(in) })
	if i < 0 {
		i = len(f.Cards)
		f.Cards, f.Pages = append(f.Cards, in), append(f.Pages, page)
	}
	return i
}

// identity is the same for the two ways in which a token is written.
func identity(in verify.Input) string {
	if in.Token == "" {
		return "number " + in.Number
	}
	if raw, err := token.FromPath(in.Token); err == nil {
		return raw
	}
	return in.Token
}

// judge checks the seal.
func (f *File) judge(file []byte, trust seal.Trust, now time.Time) {
	checkable := trust.Roots != nil
	if !checkable {
		trust.Roots = x509.NewCertPool() // with nobody to believe, it can still be seen that there is no seal
	}
	s, err := seal.Check(file, trust, now)
	f.Why = err
	switch {
	case err == nil:
		f.State, f.Signer, f.At = Intact, s.Signer, s.At
		if !s.Stamped.IsZero() {
			f.At = s.Stamped
		}
	case errors.Is(err, seal.ErrUnsealed):
		f.State, f.Why = Unsealed, nil
	case errors.Is(err, seal.ErrChanged):
		f.State = Changed
	case !checkable:
		f.State, f.Why = Unchecked, errNoRoots
	case errors.Is(err, seal.ErrForeign):
		f.State = Foreign
	default:
		f.State = Doubtful
	}
}

// Message is the state in a sentence or two for a person.
func (f File) Message() string {
	if f.State == Unchecked && errors.Is(f.Why, ErrElsewhere) {
		return "The file has a QR, a link or an address that does not lead to the issuer. Do not follow it, and do not rely on what the file shows."
	}
	if f.State == Unchecked && errors.Is(f.Why, ErrCompare) {
		return "The file has no seal, and it could not be made sure that it prints what was signed. Compare every line with the card in front of you."
	}
	return messages[f.State]
}

var messages = map[State]string{
	Intact:     "The file is unchanged since it was issued.",
	Unsealed:   "The file has no seal, as a print or a copy has none. Its QR was checked, and the lines that were signed are printed as they were signed. Compare every line all the same.",
	Changed:    "The file was changed since it was issued. Do not rely on what it shows; ask for the file as it was issued.",
	Foreign:    "The file was sealed by somebody else than the issuer. Do not rely on what it shows; ask for the file as it was issued.",
	Doubtful:   "The file has a seal that can't be relied on. Do not rely on what it shows; ask for the file as it was issued.",
	Unchecked:  "The seal of the file can't be checked here: the roots of the issuer are missing. Only its QR was checked.",
	Altered:    "The file prints something else than was signed. Do not accept it; ask for the file as it was issued.",
	Pictured:   "The file is a scan or a photograph: only its QR was checked. Compare every line with the card in front of you.",
	Contradict: "The QR of the file and what is embedded in it name different cards. Do not accept it.",
}
