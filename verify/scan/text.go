package scan

import (
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxText   = 4 << 20 // bytes of a file's text
	maxMarked = 64      // marked contents in each other
)

// unknown stands for a character that a file doesn't name.
const unknown = string(utf8.RuneError)

// textState is PDF's text state (ISO 32000-1, 9.3.1).
type textState struct {
	font    *font
	size    float64
	char    float64 // added to the width of every character
	word    float64 // added to that of a space
	stretch float64 // 1 is 100 %
	leading float64
	rise    float64
	mode    int     // 0 fills the letters, and nothing else
	alpha   float64 // how much shows of what is painted
	blended bool    // it is blended with its ground, or masked
}

// piece is a string in front of an operator, or a number between strings, which moves the next one back.
type piece struct {
	from, to int // of operands.strings; the same in a number
	shift    float64
}

// lines collects the text of a page in the order of painting. What goes on where the last piece ended belongs to its word; what
// stands a little further belongs to its line; everything else begins a line.
type lines struct {
	text       strings.Builder
	sizes      []float64 // of each line of text
	end        point     // of the last piece, on the page
	dir        point     // its direction, as long as its type is high; zero before the first one
	matrix     matrix    // of text: BT begins it, Tm sets it
	start      matrix    // of the line that Td and T* count from
	marked     []mark
	actual     int // the marked content, counted from 1, whose ActualText stands for what it holds; 0 is none
	from, till place
	shown      []shown // for veiled
	veiled     bool    // some of it can't be seen, or nobody knows
}

// mark is a marked content that has begun.
type mark struct {
	actual string
	has    bool
}

// place is where text stands and in which direction.
type place struct {
	at, dir point
	known   bool
}

// textOperator carries out one operator of text or of marked content.
func (d *drawing) textOperator(op string, o *operands, resources types.Dict) error {
	t, l, v := &d.state.text, d.lines, o.numbers
	last := 0.0
	if len(v) > 0 {
		last = v[len(v)-1]
	}
	switch op {
	case "BT":
		l.matrix, l.start = matrix{1, 0, 0, 1, 0, 0}, matrix{1, 0, 0, 1, 0, 0}
	case "Tf":
		f, err := d.source.font(o.name, resources)
		if err != nil {
			return err
		}
		t.font, t.size = f, last
	case "Tc":
		t.char = last
	case "Tw":
		t.word = last
	case "Tz":
		t.stretch = last / 100
	case "TL":
		t.leading = last
	case "Ts":
		t.rise = last
	case "Tr":
		t.mode = int(last)
	case "cs":
		d.state.odd = !d.source.isWorkedOut(o.name, resources)
	case "sh":
		d.flood()
	case "gs":
		return d.transparency(o.name, resources)
	case "Td", "TD":
		if len(v) >= 2 {
			if op == "TD" {
				t.leading = -last
			}
			l.move(v[len(v)-2], last)
		}
	case "Tm":
		if len(v) >= 6 {
			l.matrix = matrix(v[len(v)-6:])
			l.start = l.matrix
		}
	case "T*":
		l.move(0, -t.leading)
	case "Tj", "TJ":
		return d.show(o)
	case "'", `"`:
		if op == `"` && len(v) >= 2 {
			t.word, t.char = v[len(v)-2], last
		}
		l.move(0, -t.leading)
		return d.show(o)
	case "BMC":
		return l.enter(mark{})
	case "BDC":
		m, err := d.marked(o, resources)
		if err != nil {
			return err
		}
		return l.enter(m)
	case "EMC":
		return l.leave(len(l.marked) - 1)
	}
	return nil
}

// move begins a line, from the beginning of the last one.
func (l *lines) move(x, y float64) {
	l.start = matrix{1, 0, 0, 1, x, y}.times(l.start)
	l.matrix = l.start
}

// show draws the strings in front of an operator.
func (d *drawing) show(o *operands) error {
	t, l := &d.state.text, d.lines
	f := t.font
	if f == nil {
		f = &unknownFont
	}
	for _, p := range o.pieces {
		if p.from == p.to {
			l.advance(-p.shift / 1000 * t.size * t.stretch)
			continue
		}
		var text strings.Builder
		width := 0.0
		for codes := o.strings[p.from:p.to]; len(codes) > 0; {
			code, n := f.next(codes)
			codes = codes[n:]
			text.WriteString(f.text(code))
			w := f.width(code)*t.size + t.char
			if n == 1 && code == ' ' {
				w += t.word
			}
			width += w * t.stretch
		}
		if text.Len() > maxText {
			return ErrTooLarge
		}
		if err := d.source.budget.spend(p.to - p.from); err != nil {
			return err
		}
		at := d.place()
		l.advance(width)
		d.note(text.String(), at, d.place())
		if err := l.add(text.String(), at, d.place()); err != nil {
			return err
		}
	}
	return nil
}

func (l *lines) advance(x float64) { l.matrix = matrix{1, 0, 0, 1, x, 0}.times(l.matrix) }

// place is where the next character will stand on the page.
func (d *drawing) place() place {
	t := &d.state.text
	m := d.lines.matrix.times(d.state.ctm)
	at, up := m.apply(0, t.rise), point{m[0] * t.size, m[1] * t.size}
	return place{at, up, true}
}

// add appends a text that reaches from one place to another, unless a marked content speaks for it.
func (l *lines) add(text string, from, till place) error {
	if l.actual > 0 {
		if !l.from.known {
			l.from = from
		}
		l.till = till
		return nil
	}
	if l.text.Len() > 0 && text != "" {
		text = l.gap(from) + text
	}
	l.text.WriteString(text)
	for range strings.Count(text, "\n") + 1 - min(len(l.sizes), 1) {
		l.sizes = append(l.sizes, 0)
	}
	l.sizes[len(l.sizes)-1] = max(l.sizes[len(l.sizes)-1], math.Hypot(from.dir.x, from.dir.y))
	l.end, l.dir = till.at, till.dir
	if l.text.Len() > maxText {
		return ErrTooLarge
	}
	return nil
}

// gap is what stands between the last piece and one that begins at a place: nothing, a space, or a new line. Where either place is not
// known or not a number, it is a new line.
func (l *lines) gap(p place) string {
	x, y := p.at.x-l.end.x, p.at.y-l.end.y
	high := l.dir.x*l.dir.x + l.dir.y*l.dir.y
	if !p.known || high == 0 {
		return "\n"
	}
	along, across := (x*l.dir.x+y*l.dir.y)/high, (x*l.dir.y-y*l.dir.x)/high // in parts of the type's height
	switch {
	case !(across > -0.4 && across < 0.4 && along > -0.5 && along < 1):
		return "\n"
	case along < 0.12:
		return ""
	}
	return " "
}

// marked reads what stands in front of BDC: a dictionary, or the name of one among the resources (ISO 32000-1, 14.6.2 and 14.9.4).
func (d *drawing) marked(o *operands, resources types.Dict) (mark, error) {
	if o.actual >= 0 {
		p := o.pieces[o.actual]
		return mark{decodeText(o.strings[p.from:p.to]), true}, nil
	}
	file := d.source.file
	all, err := file.DereferenceDict(resources["Properties"])
	if err != nil || all == nil {
		return mark{}, err
	}
	list, err := file.DereferenceDict(all[o.name])
	if err != nil || list == nil {
		return mark{}, err
	}
	if list["OCGs"] != nil || list.Type() != nil && *list.Type() == "OCG" {
		d.lines.veiled = true // a layer, which a reader may not show
	}
	b, ok, err := d.source.bytes(list["ActualText"])
	return mark{decodeText(b), ok}, err
}

func (l *lines) enter(m mark) error {
	if len(l.marked) == maxMarked {
		return ErrTooLarge
	}
	l.marked = append(l.marked, m)
	if m.has && l.actual == 0 {
		l.actual, l.from, l.till = len(l.marked), place{}, place{}
	}
	return nil
}

// leave ends marked contents until so many are left.
func (l *lines) leave(left int) error {
	for len(l.marked) > max(left, 0) {
		m := l.marked[len(l.marked)-1]
		if l.actual == len(l.marked) {
			l.actual = 0
			if err := l.add(m.actual, l.from, l.till); err != nil {
				return err
			}
		}
		l.marked = l.marked[:len(l.marked)-1]
	}
	return nil
}

// decodeText reads a text string: UTF-16, UTF-8, or PDFDocEncoding (ISO 32000-2, 7.9.2.2).
func decodeText(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		return decodeUTF16(b[2:])
	case len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf:
		return strings.ToValidUTF8(string(b[3:]), unknown)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(pdfDoc(c))
	}
	return s.String()
}

// decodeUTF16 reads big-endian UTF-16; a byte that is left over is dropped, a lone surrogate is unknown.
func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

// pdfDoc is PDFDocEncoding, which is Latin 1 but for these (ISO 32000-1, annex D.2).
func pdfDoc(c byte) rune {
	const from18, from80 = "˘ˇˆ˙˝˛˚˜", "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\ufffd€"
	switch {
	case c >= 0x18 && c < 0x20:
		return []rune(from18)[c-0x18]
	case c >= 0x80 && c <= 0xa0:
		return []rune(from80)[c-0x80]
	}
	return rune(c)
}
