package pdf

import (
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
)

// Backs says how the paper is turned to print its other side.
type Backs string

// The ways. The back of each card lies behind its front either way.
const (
	NoBacks   Backs = "none"
	LongEdge  Backs = "long-edge"  // like the leaf of a book
	ShortEdge Backs = "short-edge" // like the leaf of a pad: the backs stand on their heads, so that a card turns like a leaf
)

// SheetOptions are how cards are laid on sheets.
type SheetOptions struct {
	Stock stock.Sheet
	Backs Backs
	Start int // the first place that is free, counted from 1; 0 is 1
	Title string
	At    time.Time // of the file
	// Specimen says that what is drawn are no cards: SPECIMEN stands across each.
	Specimen bool
}

// Sheets lays the wallet pages of many cards on sheets for a printer. It is no new card: what it draws has been issued. It is for one goroutine.
type Sheets struct {
	d           *Drawer
	f           *file
	o           SheetOptions
	front, back *template
	scale       float64
	place       int
	waiting     []placed // on the sheet at hand, for its other side
	cards       int
}

type placed struct {
	place   int
	content Content
}

// NewSheets begins a file of sheets. A card that is larger than its place is made smaller, which Scale tells; the error says where nothing
// is left to be read.
func (d *Drawer) NewSheets(o SheetOptions) (*Sheets, error) {
	if o.Start == 0 {
		o.Start = 1
	}
	if o.Start < 1 || o.Start > o.Stock.Places() {
		return nil, fmt.Errorf("the first free place is from 1 to %d on this stock", o.Stock.Places())
	}
	s := &Sheets{o: o, place: o.Start - 1}
	s.scale = min(1, o.Stock.PlaceX/design.ID1.Width, o.Stock.PlaceY/design.ID1.Height)
	if s.scale < 0.9 {
		return nil, fmt.Errorf("a place of this stock has %.1f × %.1f mm, and a card %g × %g", o.Stock.PlaceX, o.Stock.PlaceY, design.ID1.Width, design.ID1.Height)
	}
	if s.scale > 0.99 { // half a millimetre of margin is no reason to print other sizes than those that were measured
		s.scale = 1
	}
	names := []string{design.Wallet}
	if o.Backs == LongEdge || o.Backs == ShortEdge {
		names = append(names, design.Back)
	} else if o.Backs != NoBacks && o.Backs != "" {
		return nil, fmt.Errorf("%q is no way of turning paper; there are long-edge, short-edge and none", o.Backs)
	}
	s.d = &Drawer{centre: d.centre, set: d.set, design: d.design, names: names, pages: map[string]*template{}, packers: d.packers, facts: d.facts}
	for _, name := range names {
		t, err := s.d.prepare(name, design.Size{}, reachOn(o.Stock, s.scale))
		if err != nil {
			return nil, err
		}
		s.d.pages[name] = t
	}
	if err := s.d.freeze(); err != nil {
		return nil, err
	}
	s.front, s.back = s.d.pages[design.Wallet], s.d.pages[design.Back]
	s.f = s.d.newFile(fileFacts{title: o.Title, author: d.centre.Name, at: o.At})
	return s, nil
}

// reachOn is how far the colour of a card goes on a stock, in mm of the card: to the edge of its place, and beyond it by half of what is
// free between the places, for a knife or a printer that is not exact. Where places abut, colour of one card would come to lie on the
// next: there a page's own ground ends at the edge, where the next one begins, and all else ends before it on all sides.
func reachOn(s stock.Sheet, scale float64) reach {
	const most, apart, seam = 2.0, 0.75, 0.1 // mm; grounds overlap a little, or a white hair would stay between them
	beyond := func(pitch, place, card float64, several bool) (edge, ground float64, abut bool) {
		free := 2 * most
		if several {
			free = pitch - place
		}
		ground = (place-scale*card)/2 + min(most, max(seam, free/2))
		return (place - scale*card) / 2, ground, free < 2*apart
	}
	edgeX, groundX, abutX := beyond(s.PitchX, s.PlaceX, design.ID1.Width, s.Columns > 1)
	edgeY, groundY, abutY := beyond(s.PitchY, s.PlaceY, design.ID1.Height, s.Rows > 1)
	r := reach{groundX, groundY, groundX, groundY}
	if abutX || abutY {
		r.x, r.y = edgeX-apart, edgeY-apart
	}
	r.x, r.y, r.groundX, r.groundY = r.x/scale, r.y/scale, r.groundX/scale, r.groundY/scale
	return r
}

// Scale is how large the cards are, 1 for their true size.
func (s *Sheets) Scale() float64 { return s.scale }

// Add draws the front of one more card. The error is that of Draw, or ErrTooDense where the QR would be too small at this scale.
func (s *Sheets) Add(c Content) error {
	if err := s.d.checkContent(c); err != nil {
		return err
	}
	q, err := newCode(c.URL)
	if err != nil {
		return err
	}
	if _, _, module := q.place(s.front.symbol); module*s.scale < leastModule {
		return ErrTooDense
	}
	if s.place == s.o.Stock.Places() {
		if err := s.endSheet(); err != nil {
			return err
		}
	}
	if len(s.waiting) == 0 {
		s.addSheet()
	}
	x, y := s.o.Stock.Place(s.place)
	s.begin(x, y, false)
	s.f.useForm(s.front.shapes)
	s.watermark(s.front)
	err = s.front.draw(s.f, s.d.values(c), q)
	s.f.b = append(s.f.b, "Q\n"...)
	s.waiting = append(s.waiting, placed{s.place, c})
	s.place++
	s.cards++
	return err
}

func (s *Sheets) addSheet() {
	s.f.addPage(design.Size{Width: s.o.Stock.Width, Height: s.o.Stock.Height})
	s.marks()
}

// begin moves to a place, whose upper left corner is given in mm, and lays a card in the middle of it.
func (s *Sheets) begin(x, y float64, turned bool) {
	k := s.scale
	x += (s.o.Stock.PlaceX - k*design.ID1.Width) / 2
	y += (s.o.Stock.PlaceY - k*design.ID1.Height) / 2
	left, bottom := x/mmPerPoint, (s.o.Stock.Height-y-k*design.ID1.Height)/mmPerPoint
	if turned {
		fmt.Fprintf(s.f, "q -%.5f 0 0 -%.5f %.3f %.3f cm\n", k, k, left+k*design.ID1.Width/mmPerPoint, bottom+k*design.ID1.Height/mmPerPoint)
		return
	}
	fmt.Fprintf(s.f, "q %.5f 0 0 %.5f %.3f %.3f cm\n", k, k, left, bottom)
}

// endSheet hands a sheet over, and draws its other side. What lies left on the front lies right there.
func (s *Sheets) endSheet() error {
	s.f.endPage()
	waiting := s.waiting
	s.waiting, s.place = nil, 0
	if s.back == nil {
		return nil
	}
	s.addSheet()
	for _, w := range waiting {
		x, y := s.o.Stock.Place(w.place)
		if s.o.Backs == LongEdge {
			x = s.o.Stock.Width - x - s.o.Stock.PlaceX
		} else {
			y = s.o.Stock.Height - y - s.o.Stock.PlaceY
		}
		s.begin(x, y, s.o.Backs == ShortEdge)
		s.f.useForm(s.back.shapes)
		s.watermark(s.back)
		if err := s.back.draw(s.f, s.d.values(w.content), nil); err != nil {
			return err
		}
		s.f.b = append(s.f.b, "Q\n"...)
	}
	s.f.endPage()
	return nil
}

func (s *Sheets) watermark(t *template) {
	if s.o.Specimen {
		s.f.watermark(t)
	}
}

// marks draws where to cut, between the places and at the edges of the paper.
func (s *Sheets) marks() {
	if !s.o.Stock.Marks {
		return
	}
	const gap, length = 2.2, 4.0 // mm from the card, beyond what bleeds
	t := s.o.Stock
	p := s.f.pen
	height := p.height
	p.height = t.Height
	p.b = append(p.b, "q 0 G 0.3 w "...)
	bottom := t.Top + float64(t.Rows-1)*t.PitchY + t.PlaceY
	right := t.Left + float64(t.Columns-1)*t.PitchX + t.PlaceX
	for c := range t.Columns {
		for _, x := range []float64{t.Left + float64(c)*t.PitchX, t.Left + float64(c)*t.PitchX + t.PlaceX} {
			p.point(x, t.Top-gap, "m ")
			p.point(x, t.Top-gap-length, "l ")
			p.point(x, bottom+gap, "m ")
			p.point(x, bottom+gap+length, "l\n")
		}
	}
	for r := range t.Rows {
		for _, y := range []float64{t.Top + float64(r)*t.PitchY, t.Top + float64(r)*t.PitchY + t.PlaceY} {
			p.point(t.Left-gap, y, "m ")
			p.point(t.Left-gap-length, y, "l ")
			p.point(right+gap, y, "m ")
			p.point(right+gap+length, y, "l\n")
		}
	}
	p.b = append(p.b, "S Q\n"...)
	p.height = height
}

// Finish gives the file.
func (s *Sheets) Finish() ([]byte, error) {
	if s.cards == 0 {
		return nil, errors.New("there is no card to print")
	}
	if err := s.endSheet(); err != nil {
		return nil, err
	}
	return s.f.finish()
}
