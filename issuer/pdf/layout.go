package pdf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// cell is one text of a page, with its label; or a line in a stack.
type cell struct {
	key         string // in the design
	text, label *design.Template
	face, small *face // of the text, of the label
	fields      []string
	when        []string
	gap         float64         // above it in a stack, left of it in a row, mm
	column      float64         // of a row, its width in mm
	rule        *design.Element // a line: no text then
	stroke      design.Colour   // its own
}

// item is what a page sets by itself: a text, or texts under each other.
type item struct {
	cells  []*cell
	stack  bool
	row    bool
	box    []float64
	lift   float64
	valign string
	when   []string
	still  []setting // where the item is the same on all cards
	drawn  []byte    // its operators
}

// setting is a text in its place: the left end of its box and the baseline of its first line, in mm. Or a line of a stack, and where it begins.
type setting struct {
	block
	x, width, y float64
	fields      []string // none of a label or a literal
	text        string   // the whole, in its own order
	rule        *design.Element
	stroke      design.Colour // of the line
}

// newFace makes a style drawable.
func (d *Drawer) newFace(style string) *face {
	s := d.design.Styles[style]
	return &face{s, d.set, d.design.Colour(s.Colour)}
}

// newItem compiles an element of a checked design; nil for what is no text.
func (d *Drawer) newItem(key string, e *design.Element) (*item, error) {
	i := &item{box: e.Box, lift: e.Lift, valign: e.VAlign, when: e.When, stack: e.Kind == design.Stack, row: e.Kind == design.Row}
	elements := []design.Element{*e}
	switch e.Kind {
	case design.Stack, design.Row:
		elements = e.Elements
	case design.Text:
	default:
		return nil, nil
	}
	for n := range elements {
		one := &elements[n]
		k := key
		if i.stack || i.row {
			k = fmt.Sprintf("%s.elements[%d]", key, n)
		}
		if one.Kind == design.Line {
			i.cells = append(i.cells, &cell{key: k, rule: one, stroke: d.design.Colour(one.Stroke), when: one.When, gap: one.Gap})
			continue
		}
		text, err := design.Parse(one.Text)
		if err != nil {
			return nil, err
		}
		c := &cell{key: k, text: text, face: d.newFace(one.Style), fields: text.Fields(), when: one.When, gap: one.Gap, column: one.Width}
		if one.Label != "" {
			if c.label, err = design.Parse(one.Label); err != nil {
				return nil, err
			}
			c.small = d.newFace(one.LabelStyle)
		}
		i.cells = append(i.cells, c)
	}
	return i, nil
}

// isStill says whether an item is the same on all cards.
func (i *item) isStill() bool {
	still := func(f string) bool { return design.SourceOf(f) == design.Centre }
	for _, c := range i.cells {
		all := slices.Concat(i.when, c.when, c.fields)
		if c.label != nil {
			all = append(all, c.label.Fields()...)
		}
		if slices.ContainsFunc(all, func(f string) bool { return !still(f) }) {
			return false
		}
	}
	return true
}

// hidden says whether there is nothing to show for any of the fields.
func hidden(fields []string, value func(string) string) bool {
	return len(fields) > 0 && !slices.ContainsFunc(fields, func(f string) bool { return value(f) != "" })
}

var upper = cases.Upper(language.Und)

// content is the text that a cell shows; empty where it vanishes.
func (c *cell) content(value func(string) string) string {
	if c.rule != nil || hidden(c.when, value) {
		return ""
	}
	s := c.text.Fill(value)
	if c.face.Capitals {
		s = upper.String(s)
	}
	return s
}

// labelHeight is what the label takes above the text, in mm.
func (c *cell) labelHeight() float64 {
	if c.label == nil {
		return 0
	}
	return c.small.LabelHeight()
}

// labelled sets a cell's label with its capitals at top.
func (c *cell) labelled(value func(string) string, x, top, width float64) ([]setting, error) {
	if c.label == nil {
		return nil, nil
	}
	text := c.label.Fill(value)
	if c.small.Capitals {
		text = upper.String(text)
	}
	l, err := c.small.line(text)
	if err != nil || text == "" {
		return nil, err
	}
	b := block{c.small, []*typeface.Line{l}, c.small.Size}
	if b.mm(c.small.width(l)) > width {
		return nil, fmt.Errorf("%s.label: %w", c.key, ErrTooLong)
	}
	return []setting{{block: b, x: x, width: width, y: top + b.mm(capHeight), fields: c.label.Fields(), text: text}}, nil
}

// fieldError names what does not fit.
func (c *cell) fieldError(err error) error {
	if len(c.fields) == 0 {
		return fmt.Errorf("%s: %w", c.key, err)
	}
	return fmt.Errorf("%s {%s}: %w", c.key, strings.Join(c.fields, "} {"), err)
}

// lay sets an item: nothing where it vanishes.
func (i *item) lay(value func(string) string) ([]setting, error) {
	if hidden(i.when, value) {
		return nil, nil
	}
	if i.stack {
		return i.layStack(value)
	}
	if !i.row {
		return i.cells[0].lay(value, i.box[0], i.box[1], i.box[2], i.box[3], i.valign)
	}
	var out []setting
	x := i.box[0]
	for _, c := range i.cells {
		at := x
		if len(out) > 0 {
			at += c.gap
		}
		set, err := c.lay(value, at, i.box[1], c.column, i.box[3], i.valign)
		if err != nil {
			return nil, err
		}
		if len(set) > 0 {
			out, x = append(out, set...), at+c.column
		}
	}
	return out, nil
}

// lay sets a cell in a place of its own, in mm: nothing where it vanishes.
func (c *cell) lay(value func(string) string, x, top, width, height float64, valign string) ([]setting, error) {
	text := c.content(value)
	if text == "" {
		return nil, nil
	}
	out, err := c.labelled(value, x, top, width)
	if err != nil {
		return nil, err
	}
	b, err := c.set(text, width, height-c.labelHeight())
	if err != nil {
		return nil, c.fieldError(err)
	}
	top += c.labelHeight()
	height -= c.labelHeight()
	return append(out, setting{block: b, x: x, width: width, y: top + b.baseline(valign, height), fields: c.fields, text: text}), nil
}

// set fits a text into a box of its own.
func (c *cell) set(text string, width, height float64) (block, error) {
	way, err := c.face.breakUp(text, width, c.codes())
	if err != nil {
		return block{}, err
	}
	if c.face.Lines > 1 {
		b, ok := way.within(height, c.face.Size)
		if !ok {
			return block{}, ErrTooLong
		}
		return b, nil
	}
	b, ok := way.at(min(c.face.Size, height/(capHeight*mmPerPoint)))
	if !ok {
		return block{}, ErrTooLong
	}
	if l := b.lines[0]; isTall(l) { // its marks stay within what is free above the capitals
		room := capHeight*min(c.face.Size*mmPerPoint, height/capHeight) + 0.3
		if c.label != nil {
			room += design.LabelGap*c.small.Size*mmPerPoint - 0.5
		}
		b.size = min(b.size, room/(l.Top*mmPerPoint))
	}
	if b.size < c.face.Least {
		return block{}, ErrTooLong
	}
	return b, nil
}

// baseline is how far below the top of a box the first baseline lies, in mm. A text of one line keeps its baseline, however small it
// is set, so that it stands in a row with its neighbours.
func (b block) baseline(valign string, height float64) float64 {
	extent := b.mm(capHeight + b.steps())
	switch {
	case valign == "middle" && isTall(b.lines[0]):
		ink, baseline := b.ink()
		return (height-ink)/2 + baseline
	case valign == "middle":
		return (height-extent)/2 + b.mm(capHeight)
	case valign == "bottom":
		return height - b.mm(b.steps()+b.under())
	case b.Lines == 1:
		return min(capHeight*b.Size*mmPerPoint, height)
	}
	return b.mm(b.over() + capHeight)
}

// check says whether the texts of a source fit in every place that any page has for them, whatever stands beside them.
func (d *Drawer) check(source design.Source, value func(string) string) error {
	var long []*LengthError
	for _, name := range d.names {
		for _, i := range d.pages[name].items {
			for _, c := range i.cells {
				if !slices.ContainsFunc(c.fields, func(f string) bool { return design.SourceOf(f) == source }) {
					continue
				}
				err := i.tryCell(c, c.text.Fill(value))
				if err == nil {
					continue
				}
				var one *LengthError
				if err = i.tooLong(err, name, c, value); !errors.As(err, &one) {
					return err
				}
				long = append(long, one)
			}
		}
	}
	return worst(long)
}

// together says whether the texts of a card fit in their stacks as they stand beside each other, where one of them needs more than it is
// sure of.
func (d *Drawer) together(value func(string) string) error {
	for _, name := range d.names {
		for _, i := range d.pages[name].items {
			if _, err := i.lay(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryCell sets one text in its place: alone where the place is its own, at its smallest in a stack.
func (i *item) tryCell(c *cell, text string) error {
	if text == "" {
		return nil
	}
	if c.face.Capitals {
		text = upper.String(text)
	}
	if !i.stack {
		_, err := c.set(text, i.widthOf(c), i.box[3]-c.labelHeight())
		return err
	}
	b, err := c.face.breakUp(text, i.box[2], c.codes())
	if err != nil {
		return err
	}
	if b.least() > c.face.Reserve()+1e-9 {
		return ErrTooLong
	}
	return nil
}

// widthOf is the width of a cell's place in mm.
func (i *item) widthOf(c *cell) float64 {
	if i.row {
		return c.column
	}
	return i.box[2]
}

// codes says whether a text may hold codes: they are not broken at their hyphens, as names are.
func (c *cell) codes() bool {
	return !slices.ContainsFunc(c.fields, func(f string) bool { return design.SourceOf(f) == design.Learner })
}

// try sets what has a longest form, and what is the same on all cards, before there is any card.
func (t *template) try() error {
	for _, i := range t.items {
		for _, c := range i.cells {
			if c.rule != nil {
				continue
			}
			bounded := !slices.ContainsFunc(c.fields, func(f string) bool { return design.SourceOf(f) < design.Centre })
			for _, endless := range []bool{false, true} {
				value := t.d.longest(endless)
				if bounded && !hidden(c.fields, value) {
					if err := i.tryCell(c, c.text.Fill(value)); err != nil {
						return c.fieldError(i.tooLong(err, t.name, c, value))
					}
				}
				if _, err := c.labelled(value, 0, 0, i.widthOf(c)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
