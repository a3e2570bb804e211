package design

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// What the checks and the drawing share. Lengths without a unit are in type sizes.
const (
	MMPerPoint     = 25.4 / 72
	CapHeight      = 0.714 // of the typefaces' capitals
	LabelGap       = 0.62  // from a label's baseline to the capitals below it, in type sizes of the label
	Tight          = 0.6   // the least part of a stack's gaps that stays where its texts are long
	LeastName      = 7.0   // points
	LeastText      = 5.0   // points
	LeastSymbol    = 34.0  // mm with the quiet zone: below it, usual tokens need modules under 0.33 mm (docs/card-format.md)
	symbolReach    = 0.3   // mm by which a symbol of few modules may reach out of its box
	mostTracking   = 0.1   // more, and readers take each letter for a word
	mostElements   = 200
	touch          = 1e-6 // mm; edges that meet don't overlap
	leastMargin    = 1.5  // mm from a text to the edge of the page: a knife is not more exact
	leastLeading   = 1.0
	defaultLeading = 1.17 // enough for the stacked accents of Vietnamese
)

// required is what a page has to say, wherever it says it.
var required = map[string][]string{
	Wallet:      {"name", "course", "number", "valid_through", "host"},
	Certificate: {"name", "course", "number", "valid_through", "host"},
}

func (d *Design) check(b Brand) error {
	if err := d.checkColours(b); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(d.Styles)) {
		s := d.Styles[name]
		s.fill()
		d.Styles[name] = s
		if err := d.checkStyle("styles."+name, s); err != nil {
			return err
		}
	}
	if _, ok := d.Pages[Wallet]; !ok {
		return &Error{Key: "pages.wallet", Text: "is missing"}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Pages)) {
		if !slices.Contains([]string{Wallet, Back, Certificate}, name) {
			return &Error{Key: "pages." + name, Text: "is no page of a design; there are wallet, back and certificate"}
		}
		c := pageCheck{Design: d, name: name, size: PageSize(name), page: d.Pages[name], said: map[string]bool{}, perhaps: map[string]string{}, ground: White}
		if err := c.all(); err != nil {
			return err
		}
	}
	return nil
}

// roles are the colours that every design names.
var roles = []string{"ink", "muted", "primary", "accent", "line"}

func (d *Design) checkColours(b Brand) error {
	d.palette = map[string]Colour{"white": White}
	for _, role := range slices.Sorted(maps.Keys(d.Colours)) {
		c, err := ParseColour(d.Colours[role])
		if err != nil || role == "white" {
			return &Error{Key: "colours." + role, Text: "can't be used", Err: err}
		}
		d.palette[role] = c
	}
	for _, role := range roles {
		if _, ok := d.palette[role]; !ok {
			return &Error{Key: "colours." + role, Text: "is missing"}
		}
	}
	for role, value := range map[string]string{"primary": b.Primary, "accent": b.Accent} {
		if value == "" {
			continue
		}
		c, err := ParseColour(value)
		if err != nil {
			return &Error{Key: "brand." + role, Text: "can't be used", Err: err}
		}
		d.palette[role] = c
	}
	return nil
}

func (s *Style) fill() {
	if s.Least == 0 {
		s.Least = s.Size
	}
	if s.Lines == 0 {
		s.Lines = 1
	}
	if s.Sure == 0 {
		s.Sure = s.Lines
	}
	if s.Leading == 0 {
		s.Leading = defaultLeading
	}
	if s.Align == "" {
		s.Align = "left"
	}
}

func (d *Design) checkStyle(key string, s Style) error {
	_, known := d.palette[s.Colour]
	switch {
	case !slices.Contains([]string{"regular", "semibold", "serif"}, s.Weight):
		return &Error{Key: key + ".weight", Text: "has to be regular, semibold or serif"}
	case !(s.Size >= LeastText && s.Size <= 96):
		return &Error{Key: key + ".size", Text: "has to be from 5 to 96 points"}
	case !(s.Least >= LeastText && s.Least <= s.Size):
		return &Error{Key: key + ".least", Text: "has to be from 5 points to the size"}
	case s.Lines < 1 || s.Lines > 6:
		return &Error{Key: key + ".lines", Text: "has to be from 1 to 6"}
	case s.Sure < 1 || s.Sure > s.Lines:
		return &Error{Key: key + ".sure", Text: "has to be from 1 to the lines"}
	case !(s.Leading >= leastLeading && s.Leading <= 2):
		return &Error{Key: key + ".leading", Text: "has to be from 1 to 2"}
	case !(s.Tracking >= -0.02 && s.Tracking <= mostTracking):
		return &Error{Key: key + ".tracking", Text: "has to be from -0.02 to 0.1"}
	case !known:
		return &Error{Key: key + ".colour", Text: fmt.Sprintf("is %q, which colours does not name", s.Colour)}
	case !slices.Contains([]string{"left", "centre", "right"}, s.Align):
		return &Error{Key: key + ".align", Text: "has to be left, centre or right"}
	}
	return nil
}

// Reserve is the height in mm that a text of the style is sure of: the lines that it is sure of, at its smallest, from its capitals to its last baseline.
func (s Style) Reserve() float64 {
	return (CapHeight + s.Leading*float64(s.Sure-1)) * s.Least * MMPerPoint
}

// LabelHeight is what a label of the style takes above its text, in mm.
func (s Style) LabelHeight() float64 { return (CapHeight + LabelGap) * s.Size * MMPerPoint }

// pageCheck checks one page.
type pageCheck struct {
	*Design
	name    string
	size    Size
	page    Page
	said    map[string]bool   // fields that it always shows
	perhaps map[string]string // those that it shows under a condition, with the key of one such text
	symbol  bool
	ground  Colour
	taken   []taken // what nothing else may touch
}

type taken struct {
	key  string
	box  []float64
	kind Kind
}

func (c *pageCheck) all() error {
	key := "pages." + c.name
	if len(c.page.Elements) > mostElements {
		return &Error{Key: key + ".elements", Text: "has more than 200 of them"}
	}
	if c.page.Ground != "" {
		ground, ok := c.palette[c.page.Ground]
		if !ok {
			return &Error{Key: key + ".ground", Text: fmt.Sprintf("is %q, which colours does not name", c.page.Ground)}
		}
		c.ground = ground
	}
	for i := range c.page.Elements { // grounds first: they lie under all texts
		if err := c.shape(keyOf(key+".elements", i), &c.page.Elements[i]); err != nil {
			return err
		}
	}
	for i := range c.page.Elements {
		if err := c.element(keyOf(key+".elements", i), &c.page.Elements[i]); err != nil {
			return err
		}
	}
	for _, f := range required[c.name] {
		if key := c.perhaps[f]; !c.said[f] && key != "" {
			return &Error{Key: key, Text: "shows {" + f + "} under a condition; every such page has to show it always, in a text without when and outside of brackets"}
		}
		if !c.said[f] {
			return &Error{Key: key + ".elements", Text: "have no text with {" + f + "}, which every such page has to show"}
		}
	}
	if required[c.name] != nil && !c.symbol {
		return &Error{Key: key + ".elements", Text: "have no symbol: without it nobody can check the card"}
	}
	return c.apart()
}

// numbers are how many a box has, by kind.
var numbers = map[Kind]int{Text: 4, Stack: 4, Row: 4, Rectangle: 4, Line: 4, Frame: 1, Ornament: 4, Image: 4, Symbol: 3}

// Rect is the box of an element as left, top, width and height.
func (e *Element) Rect() []float64 {
	if e.Kind == Symbol && len(e.Box) == 3 {
		return []float64{e.Box[0], e.Box[1], e.Box[2], e.Box[2]}
	}
	return e.Box
}

func (c *pageCheck) box(key string, e *Element) error {
	n, ok := numbers[e.Kind]
	if !ok {
		return &Error{Key: key + ".kind", Text: fmt.Sprintf("is %q, which is no kind of element", e.Kind)}
	}
	if len(e.Box) != n {
		return &Error{Key: key + ".box", Text: fmt.Sprintf("has to have %d numbers", n)}
	}
	for _, v := range e.Box {
		if math.IsNaN(v) || v < 0 || v > 1000 {
			return &Error{Key: key + ".box", Text: "lies outside of the page"}
		}
	}
	b := e.Rect()
	if e.Kind == Frame {
		return nil
	}
	if b[0]+b[2] > c.size.Width+touch || b[1]+b[3] > c.size.Height+touch {
		return &Error{Key: key + ".box", Text: fmt.Sprintf("reaches out of the page of %g × %g mm", c.size.Width, c.size.Height)}
	}
	if e.Kind != Line && (b[2] == 0 || b[3] == 0) {
		return &Error{Key: key + ".box", Text: "has no width or no height"}
	}
	return nil
}

// shape checks what is no text.
func (c *pageCheck) shape(key string, e *Element) error {
	if err := c.box(key, e); err != nil {
		return err
	}
	for name, role := range map[string]string{"fill": e.Fill, "stroke": e.Stroke} {
		if _, ok := c.palette[role]; role != "" && !ok {
			return &Error{Key: key + "." + name, Text: fmt.Sprintf("is %q, which colours does not name", role)}
		}
	}
	if err := checkWhen(key, e); err != nil {
		return err
	}
	drawn := false
	switch e.Kind {
	case Rectangle:
		drawn = e.Fill != "" || e.Stroke != "" && e.Width > 0
	case Line, Frame:
		drawn = e.Stroke != "" && e.Width > 0
		if e.Fill != "" {
			return &Error{Key: key + ".fill", Text: "has no place here: only a rectangle and the tile of an image are filled"}
		}
		if e.Ornament != "" && e.Ornament != "guilloche" {
			return &Error{Key: key + ".ornament", Text: "of a frame has to be guilloche"}
		}
	case Ornament:
		drawn = e.Stroke != "" && e.Width > 0
		if !slices.Contains([]string{"rosette", "waves", "wreath"}, e.Ornament) {
			return &Error{Key: key + ".ornament", Text: "has to be rosette, waves or wreath"}
		}
	default:
		return nil
	}
	if !drawn || e.Width < 0 || e.Width > 20 {
		return &Error{Key: key, Text: "needs a fill, or a stroke and its width in mm"}
	}
	return nil
}

func (c *pageCheck) element(key string, e *Element) error {
	switch e.Kind {
	case Text:
		if err := c.take(key, e); err != nil {
			return err
		}
		if err := c.text(key, e, e.Box); err != nil {
			return err
		}
		if need := c.need(e); need > e.Box[3]+touch {
			return &Error{Key: key + ".box", Text: fmt.Sprintf("is not high enough: this text may need %.2f mm", need)}
		}
	case Stack, Row:
		if err := c.take(key, e); err != nil {
			return err
		}
		return c.group(key, e)
	case Image:
		return c.image(key, e)
	case Symbol:
		if c.symbol {
			return &Error{Key: key, Text: "is a second symbol: a page has one"}
		}
		if len(e.When) > 0 {
			return &Error{Key: key + ".when", Text: "has no place here: a page without its symbol can't be checked"}
		}
		if c.symbol = true; e.Box[2] < LeastSymbol {
			return &Error{Key: key + ".box", Text: fmt.Sprintf("is too small: with its quiet zone the symbol needs %g mm, or its modules get smaller than 0.33 mm", LeastSymbol)}
		}
		r := e.Rect()
		c.taken = append(c.taken, taken{key, []float64{r[0] - symbolReach, r[1] - symbolReach, r[2] + 2*symbolReach, r[3] + 2*symbolReach}, e.Kind})
	}
	return nil
}

// need is the height in mm that a text may take at its smallest.
func (c *pageCheck) need(e *Element) float64 {
	need := c.Styles[e.Style].Reserve()
	if e.Label != "" {
		need += c.Styles[e.LabelStyle].LabelHeight()
	}
	return need
}

func inside(a, b []float64) bool {
	return a[0] >= b[0]-touch && a[1] >= b[1]-touch && a[0]+a[2] <= b[0]+b[2]+touch && a[1]+a[3] <= b[1]+b[3]+touch
}

func overlap(a, b []float64) bool {
	return a[0]+a[2] > b[0]+touch && b[0]+b[2] > a[0]+touch && a[1]+a[3] > b[1]+touch && b[1]+b[3] > a[1]+touch
}

// apart refuses texts, pictures and symbols on each other, and lines through the symbol. What the symbol lies on as a whole gets
// a white square under it.
func (c *pageCheck) apart() error {
	for i, a := range c.taken {
		for _, b := range c.taken[:i] {
			if overlap(a.box, b.box) {
				return &Error{Key: a.key + ".box", Text: "overlaps that of " + b.key}
			}
		}
		if a.kind != Symbol {
			continue
		}
		for k := range c.page.Elements {
			e := &c.page.Elements[k]
			isShape := e.Kind == Line || e.Kind == Ornament || e.Kind == Rectangle
			if isShape && overlap(a.box, e.Box) && (e.Kind != Rectangle || !inside(a.box, e.Box)) {
				return &Error{Key: a.key + ".box", Text: fmt.Sprintf("overlaps that of pages.%s.elements[%d]: the symbol's quiet zone has to stay free", c.name, k)}
			}
		}
	}
	return nil
}
