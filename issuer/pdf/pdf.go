// Package pdf draws cards and certificates by a declared design (package design), one file for each card, or many on sheets for a printer.
//
// It is the only package that imports gofpdf, and issuer/pdf/symbol below it the only one that imports go-qrcode. Both are no longer
// maintained; a successor is a change of this folder alone. The text of a page stays text, in an embedded face, so that it can be
// searched, copied and read aloud; the QR is drawn as rectangles, sharp at every scale. What can't be drawn faithfully is refused before
// drawing, because gofpdf leaves a missing glyph blank and says nothing.
package pdf

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

const mmPerPoint = design.MMPerPoint

// ErrTooLong says that a text does not fit in its place at the smallest size that can be read.
var ErrTooLong = errors.New("the text is too long for the card")

// UndrawableError says that the card's typeface can't draw a character.
type UndrawableError = typeface.UndrawableError

// Centre is the training centre as it stands on the card. What is empty is left out.
type Centre struct {
	Name           string
	ID             string // by which an authority or a network knows the centre
	Address        string
	Phone          string
	CheckAt        string // the host to check a card at, such as "cards.example.org"
	Signatory      string // who signs
	SignatoryTitle string
	Logo           *picture.Picture
	Signature      *picture.Picture
}

// Content is what one card shows.
type Content struct {
	Record card.Record
	// Catalogue is the course as the register has frozen it (card.Entry.Catalogue), for what the Record does not have: hours, days,
	// credits, and how its last day is found. It may be empty.
	Catalogue string
	URL       string // the whole text of the QR
	Token     string // attached to the file as card.jwt; empty for none
}

// Options are what a Drawer draws by. Centre.Name and Centre.CheckAt are required.
type Options struct {
	Centre Centre
	Design *design.Design // nil: harbour
	Pages  []string       // of a card's file, in order: design.Wallet, design.Back, design.Certificate; empty: the wallet page
	Paper  design.Size    // of a certificate: design.A4 or design.Letter; zero: A4
	// Courses are those that the cards are for. A name that is longer than what is sure of its place beside any course passes
	// where it fits beside each of them.
	Courses []Course
}

// Course is what a card says of its course.
type Course struct {
	Code          string
	Qualification card.Qualification
}

// Drawer draws the cards of a centre. It is safe for concurrent use.
type Drawer struct {
	centre  Centre
	set     *typeface.Set
	design  *design.Design
	names   []string // of the pages of a file
	pages   map[string]*template
	base    []*typeface.Subset // what all cards draw, and what most of them do
	packed  []*packedFont      // of base
	packers *sync.Pool
	facts   *sync.Map // frozen catalogue entry → facts
	courses []Course
}

// NewDrawer makes a Drawer of wallet cards in the design harbour. The error is that of New.
func NewDrawer(c Centre) (*Drawer, error) { return New(Options{Centre: c}) }

// overshoot is how far shapes at the edge of a card's own page go beyond it, in mm: where the paper is no whole number of a reader's
// pixels, a white line would stay there.
const overshoot = 0.5

// New prepares a design for a centre: all that is the same on every card is set once. The error may be an *UndrawableError or ErrTooLong,
// wrapped with the field or the key of the design.
func New(o Options) (*Drawer, error) {
	if o.Centre.Name == "" || o.Centre.CheckAt == "" {
		return nil, errors.New("a card needs the centre's name and the host to check at")
	}
	set, err := typeface.New()
	if err != nil {
		return nil, err
	}
	if o.Design == nil {
		if o.Design, err = design.Shipped("harbour", design.Brand{}); err != nil {
			return nil, err
		}
	}
	if len(o.Pages) == 0 {
		o.Pages = []string{design.Wallet}
	}
	if o.Paper == (design.Size{}) {
		o.Paper = design.A4
	}
	d := &Drawer{centre: o.Centre, set: set, design: o.Design, names: o.Pages, pages: map[string]*template{}, packers: newPackers(), facts: new(sync.Map), courses: o.Courses}
	symbols := false
	for _, name := range o.Pages {
		if d.pages[name] != nil {
			return nil, fmt.Errorf("the page %s is named twice", name)
		}
		if d.pages[name], err = d.prepare(name, o.Paper, reach{overshoot, overshoot, overshoot, overshoot}); err != nil {
			return nil, err
		}
		symbols = symbols || d.pages[name].symbol != nil
	}
	if !symbols {
		return nil, errors.New("none of the pages has a symbol, so that nobody could check the card")
	}
	return d, d.freeze()
}

// CheckName says whether a holder's name can be drawn on every page: at 7 points or more, and whole, beside any course or else beside
// each of Options.Courses. The error is an *UndrawableError or
// ErrTooLong.
func (d *Drawer) CheckName(name string) error { return d.checkName(name, d.courses) }

// checkName says whether a name can be drawn beside any course, or else beside each of these.
func (d *Drawer) checkName(name string, courses []Course) error {
	err := d.check(design.Learner, func(f string) string {
		if f == "name" {
			return name
		}
		return ""
	})
	if !errors.Is(err, ErrTooLong) || len(courses) == 0 {
		return err
	}
	for _, c := range courses {
		usual := d.longest(false)
		err := d.together(func(f string) string {
			if f == "name" {
				return name
			}
			if design.SourceOf(f) == design.Course {
				return courseValue(f, c.Code, c.Qualification)
			}
			return usual(f)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckCourse says whether a course can be drawn beside every name that CheckName accepts. The error is an *UndrawableError or
// ErrTooLong.
func (d *Drawer) CheckCourse(code string, q card.Qualification) error {
	if q.Title == "" {
		return ErrTooLong
	}
	return d.check(design.Course, func(f string) string { return courseValue(f, code, q) })
}

// CheckInstructor says whether an instructor's name and number can be drawn, both whole. Either may be empty. The error is an
// *UndrawableError or ErrTooLong.
func (d *Drawer) CheckInstructor(name, id string) error {
	return d.check(design.Instructor, func(f string) string {
		switch f {
		case "instructor":
			return name
		case "instructor_id":
			return id
		}
		return ""
	})
}

// Draw makes a card's PDF: the pages of the Options, in their order. The same content gives the same bytes: the dates in the file are
// Record.IssuedAt. The error is an *UndrawableError or ErrTooLong, wrapped with the field, or what CheckURL says of the URL.
func (d *Drawer) Draw(c Content) ([]byte, error) { return d.draw(c, false, d.names) }

// Specimen makes the PDF of a card that is none: SPECIMEN stands across each of its pages. It has the named pages, which are among those
// of the Options; none stands for all of these.
func (d *Drawer) Specimen(c Content, pages ...string) ([]byte, error) {
	if len(pages) == 0 {
		pages = d.names
	}
	return d.draw(c, true, pages)
}

func (d *Drawer) draw(c Content, specimen bool, pages []string) ([]byte, error) {
	if err := d.checkContent(c); err != nil {
		return nil, err
	}
	f := d.newFile(fileFacts{
		title: c.Record.Qualification.Title + ", " + c.Record.Name, subject: "Card " + c.Record.Number.String() + ", " + c.Record.ExpiresOn.ValidThrough(),
		author: d.centre.Name, at: c.Record.IssuedAt, token: c.Token,
	})
	if err := f.card(c, specimen, pages); err != nil {
		return nil, err
	}
	return f.finish()
}

// card draws pages of a card.
func (f *file) card(c Content, specimen bool, pages []string) error {
	value := f.d.values(c)
	code, err := newCode(c.URL)
	if err != nil {
		return err
	}
	for _, name := range pages {
		t := f.d.pages[name]
		f.addPage(t.paper)
		f.shape(t)
		if specimen {
			f.watermark(t)
		}
		if err := t.draw(f, value, code); err != nil {
			return err
		}
		if t.symbol != nil {
			f.link(t, code, c.URL)
		}
		f.endPage()
	}
	return nil
}

// checkContent refuses what is not whole, and what Prepare would have refused.
func (d *Drawer) checkContent(c Content) error {
	r := c.Record
	if r.Number == "" || r.IssuedAt.IsZero() || r.IssuedOn.IsZero() || r.ExpiresOn.IsZero() {
		return errors.New("the record has no number or no dates")
	}
	if err := d.checkName(r.Name, []Course{{r.Course, r.Qualification}}); err != nil {
		return fmt.Errorf("the holder's name: %w", err)
	}
	if err := d.CheckCourse(r.Course, r.Qualification); err != nil {
		return fmt.Errorf("the course %s: %w", r.Course, err)
	}
	if err := d.CheckInstructor(r.Instructor, r.InstructorID); err != nil {
		return fmt.Errorf("the instructor: %w", err)
	}
	return nil
}
