package pdf

import (
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// The design, in mm from the upper left corner and type sizes in points. The dark square of the QR keeps the same
// distance from the right edge as the text from the left one; the quiet zone reaches into the margin.
const (
	margin     = 4.0
	bandHeight = 9.0
	bandPhone  = 30.0 // the most that the telephone number may take of the band

	headTop    = 12.3 // the capitals of the name and the upper edge of the QR
	headHeight = 15.8 // name, course and level
	ruleAt     = 29.8
	columnEnd  = 47.6 // the text column ends here; the quiet zone begins at 49.2 or later
	column     = columnEnd - margin
	secondCol  = 27.2 // behind the longest date; the widest number still fits at 5 points
	validAt    = 36.8 // baseline of the last valid day
	middleAt   = 43.7 // baseline of issue date and number
	lastAt     = 50.4 // baseline of instructor and host
	labelRise  = 2.8  // from a value's baseline up to its label's

	nameLargest  = 14.0
	nameSmallest = 7.0
	validText    = 12.0
	labelText    = 5.5
	smallText    = 6.5
	valueText    = 7.0
)

// nameTallest is the height of a name in two lines at its smallest size.
const nameTallest = (capHeight + leading) * nameSmallest * mmPerPoint

const (
	courseGap = 2.4 // between the name's last baseline and the capitals of the course
	levelGap  = 1.4 // between the course's last baseline and the capitals of the level
)

// colour is red, green and blue. Each keeps a contrast of 4.5 or more to its ground (WCAG 2.2, 1.4.3).
type colour [3]int

var (
	white = colour{255, 255, 255}
	ink   = colour{16, 32, 52}
	navy  = colour{15, 45, 82}
	blue  = colour{18, 92, 148}
	slate = colour{82, 97, 115}
	mist  = colour{205, 214, 224}
	haze  = colour{214, 225, 238}
)

// block draws lines under each other, the capitals of the first beginning at top, and returns the last baseline, or what a
// tall line needs below it.
func (p *page) block(b block, c colour, x, top float64) float64 {
	y := top + b.mm(b.over()+capHeight)
	for i, line := range b.lines {
		if i > 0 {
			y += b.mm(b.step(i))
		}
		p.text(line, b.size, c, x, y)
	}
	return y + b.mm(b.under())
}

// drawText draws everything but the QR, in the order in which a person would read it aloud.
func (d *Drawer) drawText(p *page, c Content, s Symbol) error {
	r := c.Record
	d.drawBand(p)
	head, err := d.fitHead(r)
	if err != nil {
		return err
	}
	y := p.block(head.name.block, ink, margin, headTop-head.name.lift)
	y = p.block(head.title, blue, margin, y+courseGap*head.tight)
	p.block(head.level, slate, margin, y+levelGap*head.tight)

	p.doc.SetDrawColor(mist[0], mist[1], mist[2])
	p.doc.SetLineWidth(0.2)
	p.doc.Line(margin, ruleAt, columnEnd, ruleAt)

	label, text := r.ExpiresOn.Validity()
	number, ok := fit(d.semibold, []string{r.Number.String()}, 1, columnEnd-secondCol, 5, valueText)
	if !ok {
		return fmt.Errorf("the number: %w", ErrTooLong)
	}
	for _, w := range []word{
		{d.regular, labelText, slate, margin, validAt - labelRise - 1.3, label},
		{d.semibold, validText, ink, margin, validAt, text},
		{d.regular, labelText, slate, margin, middleAt - labelRise, "Issued"},
		{d.regular, valueText, ink, margin, middleAt, r.IssuedOn.Words()},
		{d.regular, labelText, slate, secondCol, middleAt - labelRise, "Card number"},
		{d.semibold, number.size, ink, secondCol, middleAt, number.lines[0].Text},
	} {
		if err := p.word(w); err != nil {
			return err
		}
	}
	if r.Instructor+r.InstructorID != "" {
		instructor, ok := d.fitInstructor(r.Instructor, r.InstructorID)
		if !ok {
			return fmt.Errorf("the instructor: %w", ErrTooLong)
		}
		if err := p.word(word{d.regular, labelText, slate, margin, lastAt - labelRise, "Instructor"}); err != nil {
			return err
		}
		p.text(instructor.lines[0], instructor.size, ink, margin, lastAt)
	}
	return d.drawHost(p, s)
}

// word is a text in its fixed place: style, size in points, colour, and the left end of its baseline in mm.
type word struct {
	face   face
	size   float64
	colour colour
	x, y   float64
	text   string
}

func (p *page) word(w word) error {
	l, err := w.face.line(w.text)
	if err != nil {
		return err
	}
	p.text(l, w.size, w.colour, w.x, w.y)
	return nil
}

func (d *Drawer) drawBand(p *page) {
	p.doc.SetFillColor(navy[0], navy[1], navy[2])
	p.doc.Rect(0, 0, Width, bandHeight, "F")
	top := (bandHeight - d.name.height()) / 2
	if isTall(d.name.lines[0]) {
		height, baseline := d.name.ink()
		top = (bandHeight-height)/2 + baseline - d.name.mm(d.name.over()+capHeight)
	}
	p.block(d.name, white, margin, top)
	phone := block{[]*typeface.Line{d.phone}, smallText}
	p.text(d.phone, smallText, haze, Width-margin-phone.mm(d.phone.Width), (bandHeight+phone.mm(capHeight))/2)
}

// fitCentre sets the centre's name in one line or two; where neither holds it, it loses words at its end.
func (d *Drawer) fitCentre() (block, error) {
	const most = bandHeight - 0.8 // for the ink of tall scripts
	room := Width - 2*margin - d.phone.Width*smallText*mmPerPoint - 3
	fits := func(pieces []string, lines int, smallest, largest float64) (block, bool) {
		b, ok := fit(d.semibold, pieces, lines, room, smallest, largest)
		if ok {
			height, _ := b.ink()
			ok = height <= most
		}
		return b, ok
	}
	if b, ok := fits(words(d.centre.Name), 1, 7.5, 10); ok {
		return b, nil
	}
	for left := words(d.centre.Name); len(left) > 1; left = left[:len(left)-1] {
		if len(left) < len(words(d.centre.Name)) {
			left[len(left)-1] = strings.TrimRight(left[len(left)-1], " -,") + "…"
		}
		if b, ok := fits(left, 2, 6.5, 7.5); ok {
			return b, nil
		}
	}
	l, err := shorten(d.semibold, d.centre.Name, 7.5, room)
	return block{[]*typeface.Line{l}, 7.5}, err
}

// fitInstructor sets name and number in one line. Nothing of it is ever cut: whoever checks the card compares every field.
func (d *Drawer) fitInstructor(name, id string) (block, bool) {
	if name != "" && id != "" {
		id = " · " + id
	}
	return fitUnder(d.regular, name+id, column, labelRise-0.3, 5, valueText)
}

func (d *Drawer) drawHost(p *page, s Symbol) error {
	x, _ := symbolOrigin(s)
	label, top := lastAt-labelRise, lastAt-d.host.height()
	if len(d.host.lines) > 1 { // one line more, between the quiet zone and the edge
		top += 0.6
		label = top - 1
	}
	if err := p.word(word{d.regular, labelText, slate, x, label, "Check this card:"}); err != nil {
		return err
	}
	p.block(d.host, ink, x, top)
	return nil
}

// symbolPhase moves the QR by a quarter of a pixel at 150 dpi, in mm. Without it the edges of every second module of a
// version 16 symbol fall on half pixels there, and zxing-cpp reads none of these cards (docs/decisions/0008).
const symbolPhase = 0.12 * mmPerPoint

// symbolOrigin is the upper left corner of the QR's dark square.
func symbolOrigin(s Symbol) (x, y float64) {
	return Width - margin - s.Module*float64(s.Modules) + symbolPhase, headTop
}

// fitHost sets the host to check at, which is never cut: a line may end behind a dot.
func (d *Drawer) fitHost() (block, bool) {
	const room = 30 // a little less than the dark square of a usual URL
	if b, ok := fit(d.semibold, []string{d.centre.CheckAt}, 1, room, 5.5, 7.5); ok {
		return b, true
	}
	return fit(d.semibold, pieces(d.centre.CheckAt, "."), 2, room, 5, 5.5)
}

// nameBlock is a holder's name, set by fitName.
type nameBlock struct {
	block
	lift float64 // mm by which it begins above its usual place
}

// height is what the name takes below its usual place, in mm.
func (b nameBlock) height() float64 { return b.block.height() - b.lift }

// fitName sets the holder's name in one line if it stays large, else in two.
func (d *Drawer) fitName(name string, largest float64) (nameBlock, bool) {
	pieces := words(name)
	if b, ok := fit(d.semibold, pieces, 1, column, min(10.5, largest), largest); ok {
		return lifted(b), true
	}
	if b, ok := fit(d.semibold, pieces, 2, column, nameSmallest, min(12, largest)); ok {
		return lifted(b), true
	}
	b, ok := fit(d.semibold, pieces, 1, column, nameSmallest, largest)
	if !ok {
		return nameBlock{}, false
	}
	return lifted(b), true
}

// lifted moves a tall name into the free space under the band, by no more than it is taller than a Latin name of its size.
func lifted(b block) nameBlock {
	usual := b.mm(capHeight + leading*float64(len(b.lines)-1))
	free := headTop + b.mm(b.over()+capHeight-b.lines[0].Top) - bandHeight - bandGap
	return nameBlock{b, max(0, min(b.height()-usual, free))}
}

// bandGap is the least distance between the band and the ink of a name, in mm.
const bandGap = 0.7

// head is the upper half of the text: who has learnt what.
type head struct {
	name         nameBlock
	title, level block
	tight        float64 // factor of the gaps: 1, or less where the course is long
}

// height is the head's extent in mm, from the capitals of the name to the level's last baseline.
func (h head) height() float64 { return h.name.height() + h.course() }

// course is the extent in mm from the name's last baseline to the level's.
func (h head) course() float64 {
	return h.title.height() + h.level.height() + (courseGap+levelGap)*h.tight
}

// fitHead sets name and course together: the name as large as the course leaves room for.
func (d *Drawer) fitHead(r card.Record) (head, error) {
	for largest := nameLargest; largest >= nameSmallest; largest -= 0.5 {
		name, ok := d.fitName(r.Name, largest)
		if !ok {
			return head{}, fmt.Errorf("the holder's name: %w", ErrTooLong)
		}
		if h, ok := d.fitCourse(r.Course, r.Qualification, headHeight-name.height()); ok {
			h.name = name
			return h, nil
		}
	}
	return head{}, fmt.Errorf("the course %s: %w", r.Course, ErrTooLong)
}

// fitCourse sets title and level, with the gaps above them, in a height in mm.
func (d *Drawer) fitCourse(code string, q card.Qualification, height float64) (head, bool) {
	for _, t := range []struct {
		lines                    int
		smallest, largest, tight float64
	}{{1, 8, 9.5, 1}, {2, 7.5, 8.5, 1}, {2, 6.5, 7.5, 1}, {2, 6.5, 7, 0.75}, {3, 5.5, 6, 0.75}} {
		title, ok := fit(d.semibold, words(q.Title), t.lines, column, t.smallest, t.largest)
		if !ok {
			continue
		}
		level, ok := fit(d.regular, words(under(code, q.Level)), 1, column, 5.5, max(5.5, min(7, title.size-0.5)))
		if !ok {
			level, ok = fit(d.regular, words(under(code, q.Level)), 2, column, 5.25, 6)
		}
		if h := (head{title: title, level: level, tight: t.tight}); ok && h.course() <= height {
			return h, true
		}
	}
	return head{}, false
}

// under is what stands under a course's title.
func under(code, level string) string {
	if level == "" {
		return code
	}
	return code + " · " + level
}
