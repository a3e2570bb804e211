package scan

import (
	"errors"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxSaved    = 64      // graphics states saved by q
	maxRects    = 400_000 // rectangles on a page
	maxOperands = 64
	maxPieces   = 1 << 16 // strings and numbers in front of one operator
)

// matrix maps (x, y) to (a·x+c·y+e, b·x+d·y+f), as PDF writes it: a b c d e f.
type matrix [6]float64

// times is the matrix that applies m first and n after it.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) apply(x, y float64) point {
	return point{m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]}
}

type point struct{ x, y float64 }

// rect is a filled rectangle in page space, parallel to the axes: x0 < x1, y0 < y1.
type rect struct {
	x0, y0, x1, y1 float64
	dark           bool
	odd            bool    // the colour is of a space that is not worked out
	light          float32 // 0 is black, 1 white
}

// state is the part of PDF's graphics state that matters here.
type state struct {
	ctm   matrix
	dark  bool    // the fill colour
	light float32 // likewise
	odd   bool    // likewise: it is of a space that is not worked out
	text  textState
	width float64 // of lines
	clip  *clip   // nil where there is none
}

// drawing interprets the content of a page as far as filled rectangles and text need it: everything else is stepped over.
type drawing struct {
	source *source
	rects  []rect // in the order of painting
	open   int    // rects from here on are the path being built
	state  state
	saved  []state
	corner []point // of the subpath being built
	bent   bool    // the path being built is not of rectangles alone
	trace  trace   // the path being built, as far as it is not of rectangles
	covers []cover // what was painted over something, but for rectangles
	lines  *lines

	pictures []Picture
	more     bool // pictures than are kept
	looked   int  // points of paths that were looked under

	pictured float64 // square points that pictures and shadings take
	shapes   int     // painted paths that are not of rectangles alone
}

// operands are what stands in front of an operator.
type operands struct {
	numbers []float64
	pieces  []piece // strings, and the numbers between them
	strings []byte  // of the pieces
	name    string  // the last one
	actual  int     // the piece behind the name ActualText; -1 is none
	array   bool    // an array has begun
}

func (o *operands) clear() {
	o.numbers, o.pieces, o.strings, o.name, o.actual, o.array = o.numbers[:0], o.pieces[:0], o.strings[:0], "", -1, false
}

func (o *operands) add(kind token, l *lexer) error {
	switch kind {
	case tokenNumber:
		if len(o.numbers) == maxOperands { // no operator here takes as many: the oldest don't matter
			copy(o.numbers, o.numbers[1:])
			o.numbers = o.numbers[:maxOperands-1]
		}
		o.numbers = append(o.numbers, l.number)
		if o.array {
			o.pieces = append(o.pieces, piece{shift: l.number})
		}
	case tokenName:
		o.name = string(l.word())
	case tokenArray:
		o.array = !o.array
	case tokenString:
		if o.name == "ActualText" && o.actual < 0 {
			o.actual = len(o.pieces)
		}
		from := len(o.strings)
		o.strings = append(o.strings, l.text...)
		o.pieces = append(o.pieces, piece{from: from, to: len(o.strings)})
	}
	if len(o.pieces) > maxPieces {
		return ErrTooLarge
	}
	return nil
}

// run interprets one content stream with its resources.
func (d *drawing) run(content []byte, resources types.Dict, depth int) error {
	if depth == 0 {
		d.state = state{ctm: matrix{1, 0, 0, 1, 0, 0}, dark: true, width: 1, text: textState{stretch: 1, alpha: 1}} // black is the initial colour
		d.rects = make([]rect, 0, min(len(content)/14, 4096))
	}
	lex := lexer{data: content}
	v := operands{numbers: make([]float64, 0, 8), actual: -1}
	for {
		kind := lex.next()
		if lex.pictures > 0 {
			lex.pictures = 0
			d.cover()
		}
		switch {
		case kind == tokenEnd:
			return nil
		case kind != tokenWord:
			if err := v.add(kind, &lex); err != nil {
				return err
			}
			continue
		case string(lex.word()) == "Do":
			if err := d.form(v.name, resources, depth); err != nil {
				return err
			}
		default:
			if err := d.operator(string(lex.word()), v.numbers); err != nil {
				return err
			}
			if err := d.textOperator(string(lex.word()), &v, resources); err != nil {
				return err
			}
		}
		v.clear()
		if len(d.rects) > maxRects {
			return ErrTooLarge
		}
	}
}

// operator carries out one operator (ISO 32000-1, annex A) with the numbers in front of it.
func (d *drawing) operator(op string, v []float64) error {
	need := func(n int) bool { return len(v) >= n }
	switch op {
	case "q":
		if len(d.saved) == maxSaved {
			return ErrTooLarge
		}
		d.saved = append(d.saved, d.state)
	case "Q":
		if n := len(d.saved); n > 0 {
			d.state, d.saved = d.saved[n-1], d.saved[:n-1]
		}
	case "cm":
		if need(6) {
			d.state.ctm = matrix(v[len(v)-6:]).times(d.state.ctm)
		}
	case "g", "rg", "k", "sc", "scn":
		d.state.light = lightness(v)
		d.state.dark = d.state.light < 0.5
		d.state.odd = d.state.odd && (op == "sc" || op == "scn")
	case "w":
		if need(1) {
			d.state.width = v[len(v)-1]
		}
	case "cs":
		d.state.dark, d.state.light = true, 0 // the initial colour of every usual colour space
	case "re":
		if need(4) {
			r := v[len(v)-4:]
			d.closeSubpath()
			if m := d.state.ctm; (m[1] != 0 || m[2] != 0) && (m[0] != 0 || m[3] != 0) {
				d.trace.rectangle(m, r)
			}
			d.addRect(d.state.ctm.apply(r[0], r[1]), d.state.ctm.apply(r[0]+r[2], r[1]+r[3]))
		}
	case "m":
		d.closeSubpath()
		d.addCorner(v)
		d.trace.move(d.state.ctm, v)
	case "l":
		d.addCorner(v)
		d.trace.line(d.state.ctm, v)
	case "c", "v", "y":
		d.trace.curve(op, d.state.ctm, v)
		d.corner = append(d.corner[:0], point{}, point{}, point{}, point{}, point{}, point{}) // more corners than a rectangle has
	case "h":
		d.closeSubpath()
		d.trace.close()
	case "f", "F", "f*", "B", "B*", "b", "b*":
		d.closeSubpath()
		for i := d.open; i < len(d.rects); i++ {
			d.rects[i].dark, d.rects[i].odd, d.rects[i].light = d.state.dark, d.state.odd, d.state.light
		}
		if d.bent {
			d.fill()
		}
		if op[0] == 'B' || op[0] == 'b' {
			d.stroke()
		}
		d.open, d.bent = len(d.rects), false
		d.trace.clear()
	case "W", "W*":
		d.clip()
	case "n", "S", "s":
		if op == "s" {
			d.trace.close()
		}
		d.closeSubpath()
		if op != "n" {
			d.stroke()
		}
		d.trace.clear()
		d.rects, d.bent = d.rects[:d.open], false
	}
	return nil
}

// lightness is how light a colour of 1 (grey), 3 (RGB) or 4 (CMYK) parts is, from 0 for black to 1 for white.
func lightness(v []float64) float32 {
	switch len(v) {
	case 1:
		return float32(v[0])
	case 3:
		return float32(0.299*v[0] + 0.587*v[1] + 0.114*v[2])
	case 4:
		return float32((1 - v[3]) * (1 - 0.299*v[0] - 0.587*v[1] - 0.114*v[2]))
	}
	return 1 // a pattern
}

func (d *drawing) addCorner(v []float64) {
	if len(v) >= 2 && len(d.corner) < 6 {
		d.corner = append(d.corner, d.state.ctm.apply(v[len(v)-2], v[len(v)-1]))
	}
}

// closeSubpath ends a subpath of lines and keeps it if it is a rectangle: some programs write one as four corners.
func (d *drawing) closeSubpath() {
	p := d.corner
	d.corner = d.corner[:0]
	if len(p) == 5 && p[4] == p[0] {
		p = p[:4]
	}
	if len(p) != 4 {
		d.bent = d.bent || len(p) > 1
		return
	}
	across := p[0].y == p[1].y && p[1].x == p[2].x && p[2].y == p[3].y && p[3].x == p[0].x
	upright := p[0].x == p[1].x && p[1].y == p[2].y && p[2].x == p[3].x && p[3].y == p[0].y
	if across || upright {
		d.rects = append(d.rects, newRect(p[0], p[2]))
		return
	}
	d.bent = true
}

// addRect takes two opposite corners in page space, unless the rectangle stands askew.
func (d *drawing) addRect(a, b point) {
	m := d.state.ctm
	if (m[1] != 0 || m[2] != 0) && (m[0] != 0 || m[3] != 0) {
		d.bent = true
		return
	}
	d.rects = append(d.rects, newRect(a, b))
}

func newRect(a, b point) rect {
	return rect{x0: min(a.x, b.x), y0: min(a.y, b.y), x1: max(a.x, b.x), y1: max(a.y, b.y)}
}

// form draws a form XObject; a picture is stepped over.
func (d *drawing) form(name string, resources types.Dict, depth int) error {
	file := d.source.file
	all, err := file.DereferenceDict(resources["XObject"])
	if err != nil || all[name] == nil {
		return err
	}
	o, err := file.Dereference(all[name])
	if err != nil {
		return err
	}
	stream, ok := o.(types.StreamDict)
	if !ok {
		return errors.New("an XObject is no stream")
	}
	if stream.Dict["OC"] != nil {
		d.lines.veiled = true // a layer, which a reader may not show
	}
	if subtype := stream.Subtype(); subtype == nil || *subtype != "Form" {
		d.cover()
		if subtype != nil && *subtype == "Image" {
			d.picture(all[name], stream)
		}
		return nil
	}
	if depth == maxFormNested {
		return ErrTooLarge
	}
	content, err := d.source.inflate(stream)
	if err != nil {
		return err
	}
	own, err := file.DereferenceDict(stream.Dict["Resources"])
	if err != nil {
		return err
	}
	if own == nil {
		own = resources
	}
	m, err := d.formMatrix(stream.Dict["Matrix"])
	if err != nil {
		return err
	}
	before, saved := d.state, d.saved
	d.state.ctm, d.saved = m.times(d.state.ctm), nil
	marked := len(d.lines.marked)
	err = d.run(content, own, depth+1)
	d.state, d.saved = before, saved
	if err != nil {
		return err
	}
	return d.lines.leave(marked) // what the form began ends with it
}

func (d *drawing) formMatrix(o types.Object) (matrix, error) {
	m := matrix{1, 0, 0, 1, 0, 0}
	a, err := d.source.file.DereferenceArray(o)
	if err != nil || len(a) != len(m) {
		return m, err
	}
	for i := range m {
		if m[i], err = d.source.file.DereferenceNumber(a[i]); err != nil {
			return m, err
		}
	}
	return m, nil
}
