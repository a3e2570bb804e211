package intake

import (
	"errors"
	"strings"

	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
)

// PublicResult is a result as the contract writes it in JSON (docs/card-format.md, sections 5 and 6).
type PublicResult struct {
	verify.Public
	Input string               `json:"input"`
	Page  int                  `json:"page,omitempty"` // of a PDF, from 1
	File  *document.PublicFile `json:"file,omitempty"` // not there where no card was found in a file
	// LeadsTo is the host that a link leads to which is not the issuer's: the card may be genuine, and the page there is not.
	LeadsTo string `json:"leads_to,omitempty"`
}

// Public is the result for other programs; v is its verdict. The message of a file without cards says why, and what to do.
func (r Result) Public(v verify.Public) PublicResult {
	p := PublicResult{Public: v, Input: r.Name, Page: r.Page, LeadsTo: r.LeadsTo}
	if r.Problem != nil {
		p.Message = Message(r.Problem)
	}
	if r.File != nil {
		p.File = r.File.Public()
	}
	return p
}

// IsGood says whether the card is valid and its file is no reason for doubt.
func (r Result) IsGood() bool {
	return r.Verdict.IsValid() && r.Problem == nil && r.LeadsTo == "" && (r.File == nil || r.File.MayBeRelied())
}

// ProblemKind is what to do about a file's problem, for pages that say it in many languages.
type ProblemKind string

// The kinds of problems.
const (
	NoCard     ProblemKind = "no_card"    // there is none in it
	Incomplete ProblemKind = "incomplete" // not all of it was checked
	Unreadable ProblemKind = "unreadable" // not of a kind, or not in a state, that can be read
	TooLarge   ProblemKind = "too_large"
	Locked     ProblemKind = "locked"   // by a password, or packed twice
	Unsigned   ProblemKind = "unsigned" // a code with a number alone, which anybody can draw
	Twofold    ProblemKind = "twofold"  // of two kinds at once
)

// ProblemKinds are all kinds of problems.
func ProblemKinds() []ProblemKind {
	return []ProblemKind{NoCard, Incomplete, Unreadable, TooLarge, Locked, Unsigned, Twofold}
}

// KindOf is the kind of a file's problem.
func KindOf(problem error) ProblemKind {
	for _, m := range messages {
		if errors.Is(problem, m.err) {
			return m.kind
		}
	}
	return NoCard
}

// Message says of a file's problem what it is and what to do, for a person.
func Message(problem error) string {
	for _, m := range messages {
		if errors.Is(problem, m.err) {
			return m.text
		}
	}
	return "No card was found in this file (" + strings.TrimSuffix(problem.Error(), ".") + ")." + whatToGive
}

const whatToGive = " Give it as it was issued, or the number that is printed on the card."

var messages = []struct {
	err  error
	kind ProblemKind
	text string
}{
	{document.ErrNoCard, NoCard, "No card was found in this file. Give the PDF as it was issued, a sharp picture of the whole QR code, or the number that is printed on the card."},
	{document.ErrTime, Incomplete, "This file takes longer than there is time for, so not all of it was checked. Give its cards in smaller files."},
	{document.ErrMore, Incomplete, "This file holds more than can be checked at once, so not all of it was checked. Give its cards in smaller files."},
	{document.ErrPictures, Incomplete, "A picture in this file can't be read, so there may be a card in it that was not checked. Give a photograph of that page."},
	{document.ErrGraphic, Incomplete, "This page shows a picture or shapes and no QR code that can be read, so it was not checked. If it shows a card, give a sharp photograph of it."},
	{document.ErrUnread, Incomplete, "There is a QR code in this file that can't be read, so there may be a card that was not checked. Give a sharper picture of it, or of each card alone."},
	{photo.ErrAnimated, Unreadable, "This picture is animated. Give a single picture."},
	{photo.ErrNotPicture, Unreadable, "This picture can't be read. Give it as PNG, JPEG or WebP."},
	{photo.ErrTooLarge, TooLarge, "This picture is larger than can be read. Give a smaller one, or only the part with the card."},
	{scan.ErrNotPDF, Unreadable, "This is no PDF file that can be read." + whatToGive},
	{scan.ErrTooLarge, TooLarge, "This PDF file is larger or more complex than a file of cards can be. Give its cards in smaller files."},
	{ErrKind, Unreadable, "This is neither a PDF nor a PNG, JPEG or WebP picture nor a ZIP file, so no card was found in it." + whatToGive},
	{ErrHEIC, Unreadable, "This is a picture in the form HEIC, which can't be read here. Give it as JPEG."},
	{ErrTooLarge, TooLarge, "This file is larger than can be checked. Give its cards in smaller files."},
	{ErrTooMany, Incomplete, "These are more files than can be checked at once; from here on none was checked. Give them in several lots."},
	{ErrEncrypted, Locked, "This file is locked with a password. Give it unlocked."},
	{ErrTwofold, Twofold, "This file is of two kinds at once, as a picture with a PDF in it is, or it is called something else than it is. One program shows you one thing and another something else: do not rely on it. Ask for the PDF as it was issued."},
	{ErrNested, Locked, "This is a ZIP file within a ZIP file, which is not opened. Unpack the outer one first."},
	{ErrLink, Unreadable, "This is a symbolic link, which is not followed. Give the file itself."},
	{ErrSpecial, Unreadable, "This is neither a file nor a folder."},
	{ErrBroken, Unreadable, "This file is broken. Ask for it again."},
	{ErrOpen, Unreadable, "This file can't be opened; look at its name and its permissions."},
	{ErrUnsigned, Unsigned, "This QR code is not that of a card: it carries no signature. Do not accept it as a card."},
	{ErrNoFile, NoCard, "There is no file in it that could hold a card."},
	{ErrEmpty, Unreadable, "This file is empty. Ask for it again."},
}
