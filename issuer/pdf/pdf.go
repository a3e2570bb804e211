// Package pdf draws a card as a one-page PDF of the size of an identity card (ISO/IEC 7810 ID-1).
//
// It is the only package that imports gofpdf and go-qrcode. Both are no longer maintained; a successor is a change of
// this folder alone. The text of a page stays text, in an embedded face, so that it can be searched, copied and read
// aloud; the QR is drawn as rectangles, sharp at every scale. What can't be drawn faithfully is refused before drawing,
// because gofpdf leaves a missing glyph blank and says nothing.
package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/jung-kurt/gofpdf"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// The size of a card in mm (ISO/IEC 7810, ID-1).
const (
	Width  = 85.6
	Height = 53.98
)

const mmPerPoint = 25.4 / 72

// ErrTooLong says that a text does not fit in its place at the smallest size that can be read.
var ErrTooLong = errors.New("the text is too long for the card")

// UndrawableError says that the card's typeface can't draw a character.
type UndrawableError = typeface.UndrawableError

// Centre is the training centre as it stands on the card.
type Centre struct {
	Name    string
	Phone   string // may be empty
	CheckAt string // the host to check a card at, such as "cards.example.org"
}

// Content is what one card shows.
type Content struct {
	Record card.Record
	URL    string // the whole text of the QR
}

// Drawer draws the cards of a centre. It is safe for concurrent use.
type Drawer struct {
	centre            Centre
	regular, semibold face
	phone             *typeface.Line
	name, host        block // the centre's, set once for all cards
	packers           *sync.Pool
}

// NewDrawer loads the typefaces and checks that they can draw the centre. The error may be an *UndrawableError or
// ErrTooLong.
func NewDrawer(c Centre) (*Drawer, error) {
	if c.Name == "" || c.CheckAt == "" {
		return nil, errors.New("a card needs the centre's name and the host to check at")
	}
	set, err := typeface.New()
	if err != nil {
		return nil, err
	}
	d := &Drawer{centre: c, regular: face{set, typeface.Regular}, semibold: face{set, typeface.Semibold}, packers: newPackers()}
	for _, f := range []struct {
		what, text string
		face       face
	}{{"name", c.Name, d.semibold}, {"phone", c.Phone, d.regular}, {"host", c.CheckAt, d.semibold}} {
		if _, err := f.face.line(f.text); err != nil {
			return nil, fmt.Errorf("the centre's %s: %w", f.what, err)
		}
	}
	if d.phone, err = d.regular.line(c.Phone); err != nil {
		return nil, err
	}
	if d.phone.Width*smallText*mmPerPoint > bandPhone {
		return nil, fmt.Errorf("the centre's phone: %w", ErrTooLong)
	}
	if d.name, err = d.fitCentre(); err != nil {
		return nil, fmt.Errorf("the centre's name: %w", err)
	}
	var ok bool
	if d.host, ok = d.fitHost(); !ok {
		return nil, fmt.Errorf("the host to check at: %w", ErrTooLong)
	}
	return d, nil
}

// CheckName says whether a holder's name can be drawn: at 7 points or more, in at most two lines. The error is an
// *UndrawableError or ErrTooLong.
func (d *Drawer) CheckName(name string) error {
	if _, err := d.semibold.line(name); err != nil {
		return err
	}
	if b, ok := d.fitName(name, nameSmallest); !ok || b.height() > nameTallest {
		return ErrTooLong
	}
	return nil
}

// CheckCourse says whether a course can be drawn beside every name that CheckName accepts. The error is an
// *UndrawableError or ErrTooLong.
func (d *Drawer) CheckCourse(code string, q card.Qualification) error {
	if _, err := d.semibold.line(q.Title); err != nil {
		return err
	}
	if _, err := d.regular.line(under(code, q.Level)); err != nil {
		return err
	}
	if _, ok := d.fitCourse(code, q, headHeight-nameTallest); !ok {
		return ErrTooLong
	}
	return nil
}

// Draw makes a card's PDF, one page. The same content gives the same bytes: the dates in the file are Record.IssuedAt.
// The error is an *UndrawableError or ErrTooLong, wrapped with the field, or what CheckURL says of the URL.
func (d *Drawer) Draw(c Content) ([]byte, error) {
	r := c.Record
	if r.Number == "" || r.IssuedAt.IsZero() || r.IssuedOn.IsZero() || r.ExpiresOn.IsZero() {
		return nil, errors.New("the record has no number or no dates")
	}
	if err := d.checkRecord(c); err != nil {
		return nil, err
	}
	q, symbol, err := encode(c.URL)
	if err != nil {
		return nil, err
	}
	doc := gofpdf.NewCustom(&gofpdf.InitType{UnitStr: "mm", Size: gofpdf.SizeType{Wd: Width, Ht: Height}})
	doc.SetCatalogSort(true) // without it the order of objects changes from run to run
	doc.SetCreationDate(r.IssuedAt.UTC())
	doc.SetModificationDate(r.IssuedAt.UTC())
	doc.SetProducer("Cardproof", true)
	doc.SetTitle(r.Qualification.Title+", "+r.Name, true)
	doc.SetSubject("Card "+r.Number.String()+", "+r.ExpiresOn.ValidThrough(), true)
	doc.SetAuthor(d.centre.Name, true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddPage()
	p := &page{doc: doc, index: make(map[*typeface.Font]int)}
	if err := d.drawText(p, c, symbol); err != nil {
		return nil, err
	}
	drawSymbol(doc, q.Bitmap(), symbol, c.URL)
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return d.finish(out.Bytes(), p)
}

func (d *Drawer) checkRecord(c Content) error {
	r := c.Record
	if err := d.CheckName(r.Name); err != nil {
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

// CheckInstructor says whether an instructor's name and number can be drawn, both whole and in one line. Either may be empty.
// The error is an *UndrawableError or ErrTooLong.
func (d *Drawer) CheckInstructor(name, id string) error {
	if name+id == "" {
		return nil
	}
	if _, err := d.regular.line(name + id); err != nil {
		return err
	}
	if _, ok := d.fitInstructor(name, id); !ok {
		return ErrTooLong
	}
	return nil
}
