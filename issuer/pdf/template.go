package pdf

import (
	"fmt"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// template is a page of a design, prepared for a centre: what is the same on all cards is drawn once.
type template struct {
	d      *Drawer
	name   string
	size   design.Size // of the page in the design
	paper  design.Size // of the page in the file
	dx, dy float64     // mm of the design's upper left corner on the paper
	ground design.Colour
	shapes *form
	items  []*item
	symbol *design.Element
}

// prepare compiles a page.
func (d *Drawer) prepare(name string, paper design.Size, r reach) (*template, error) {
	page, ok := d.design.Pages[name]
	if !ok {
		return nil, fmt.Errorf("the design %s has no page %s", d.design.Name, name)
	}
	t := &template{d: d, name: name, size: design.PageSize(name), ground: design.White}
	if page.Ground != "" {
		t.ground = d.design.Colour(page.Ground)
	}
	if t.paper = t.size; name == design.Certificate {
		t.paper = paper
	}
	t.dx, t.dy = (t.paper.Width-t.size.Width)/2, (t.paper.Height-t.size.Height)/2
	p := d.newPen(t.size.Height)
	p.grow(d.base)
	for n := range page.Elements {
		e := &page.Elements[n]
		if e.Kind == design.Symbol {
			t.symbol = e
		}
		i, err := d.newItem(fmt.Sprintf("%s: pages.%s.elements[%d]", d.design.Name, name, n), e)
		if err != nil {
			return nil, err
		}
		if i == nil {
			continue
		}
		if i.isStill() {
			if i.still, err = i.lay(d.centreValue); err != nil {
				for _, c := range i.cells {
					if i.tryCell(c, c.text.Fill(d.centreValue)) != nil {
						return nil, i.tooLong(err, name, c, d.centreValue)
					}
				}
				return nil, err
			}
			from := len(p.b)
			for _, s := range i.still {
				p.setting(s)
			}
			i.drawn = p.b[from:len(p.b):len(p.b)]
		}
		t.items = append(t.items, i)
	}
	d.base = p.fonts
	if err := t.try(); err != nil {
		return nil, err
	}
	t.shapes = d.newForm(t, page, r)
	return t, nil
}

// draw writes the texts and the symbol of a card.
func (t *template) draw(f *file, value func(string) string, code *code) error {
	p := f.pen
	p.height = t.size.Height
	for _, i := range t.items {
		if i.drawn != nil {
			p.b = append(p.b, i.drawn...)
			continue
		}
		set, err := i.lay(value)
		if err != nil {
			return err
		}
		for _, s := range set {
			p.setting(s)
		}
	}
	if t.symbol != nil {
		return p.symbol(code, t.symbol)
	}
	return nil
}

// Field is a text that a page shows.
type Field struct {
	Page   int      // counted from 0
	Fields []string // of the design that it says, such as "name"; none for a literal
	Text   string   // as it is read
	// Lines are the text as the file has it, line by line: right-to-left letters stand in the order of the paper, from left to right.
	Lines []string
}

// Says lists every text of a card's pages, in the order in which the file has them. It is what a proof has to find again.
func (d *Drawer) Says(c Content) ([]Field, error) {
	value := d.values(c)
	var out []Field
	for n, name := range d.names {
		for _, i := range d.pages[name].items {
			set, err := i.still, error(nil)
			if i.drawn == nil {
				set, err = i.lay(value)
			}
			if err != nil {
				return nil, err
			}
			for _, s := range set {
				if s.rule != nil {
					continue
				}
				f := Field{Page: n, Fields: s.fields, Text: s.text}
				for _, l := range s.lines {
					f.Lines = append(f.Lines, visual(l))
				}
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// visual is a line's text in the order of its codes in the file.
func visual(l *typeface.Line) string {
	var out []rune
	for _, c := range l.Clusters {
		letters := []rune(c.Text)
		if c.RightToLeft {
			for n := len(letters) - 1; n >= 0; n-- {
				out = append(out, letters[n])
			}
			continue
		}
		out = append(out, letters...)
	}
	return string(out)
}
