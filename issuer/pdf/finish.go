package pdf

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// finisher turns what gofpdf wrote into the finished file: it knows neither a document's language, nor its identifier, nor
// fonts whose glyphs go by number. The objects of gofpdf stay as they are, except for the three named in finish.
type finisher struct {
	out     bytes.Buffer
	offsets []int // of each object in out; number 0 is not in use
	written int   // of the pages' contents
}

var errDocument = errors.New("gofpdf wrote a document of another form than it used to")

// object is where an object stands in gofpdf's bytes.
type object struct{ number, start int }

// finish adds the fonts and forms of the pages to the resources (object 2 of every gofpdf document), language and attachment to the
// catalog, and an identifier to the trailer. The same input gives the same bytes.
func (f *file) finish() ([]byte, error) {
	var buffer bytes.Buffer
	buffer.Grow(8 << 10)
	if err := f.doc.Output(&buffer); err != nil {
		return nil, fmt.Errorf("write the pages: %w", err)
	}
	raw := buffer.Bytes()
	objects, end, root, info, err := layout(raw)
	if err != nil {
		return nil, err
	}
	w := finisher{offsets: make([]int, len(objects)+1)}
	w.out.Grow(f.room(raw))
	w.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") // the second line says that the file is not text (ISO 32000-1, 7.5.2)
	for _, packed := range f.d.packed {
		w.font(packed)
	}
	for _, subset := range f.fonts[f.common:] {
		packed, err := packFont(subset, f.d.pack)
		if err != nil {
			return nil, err
		}
		w.font(packed)
	}
	names := fontNames(len(f.fonts), len(objects)+1)
	xobjects := ""
	for i, one := range f.forms {
		xobjects += fmt.Sprintf("/P%d %d 0 R\n", i, w.form(one))
	}
	attached := w.attach(f.token)
	for i, o := range objects { // the catalog comes last: a file that was cut off has none, and no reader takes it for whole
		stop := end
		if i+1 < len(objects) {
			stop = objects[i+1].start
		}
		body, ok := raw[o.start:stop], true
		switch o.number {
		case 2:
			if body, ok = insert(body, "/Font <<\n", names); ok {
				body, ok = insert(body, "/XObject <<\n", xobjects)
			}
		case root:
			body, ok = catalog(body, attached)
		}
		if !ok {
			return nil, errDocument
		}
		w.offsets[o.number] = w.out.Len()
		if !w.object(f, body) {
			return nil, errDocument
		}
	}
	if w.written != len(f.pages) {
		return nil, errDocument
	}
	w.trailer(root, info)
	return w.out.Bytes(), nil
}

// room is about how many bytes the file will have.
func (f *file) room(raw []byte) int {
	room := len(raw) + 8<<10
	for _, page := range f.pages {
		room += len(page)
	}
	for _, packed := range f.d.packed {
		room += len(packed.file) + len(packed.unicode) + len(packed.widths)
	}
	return room
}

// catalog adds to the document's root its language, and the object that is attached; 0 for none.
func catalog(body []byte, attached int) ([]byte, bool) {
	body, ok := insert(body, "/Type /Catalog\n", "/Lang (en)\n")
	if !ok || attached == 0 {
		return body, ok
	}
	return exchange(body, "/Names <<", "endobj", fmt.Sprintf("/AF [%d 0 R]\n/Names <</EmbeddedFiles <</Names [(%s) %d 0 R]>>>>\n>>\nendobj", attached, attachedName, attached))
}

// object writes an object of gofpdf, and where that marks a page, its content; false where it is no page that was drawn.
func (f *finisher) object(of *file, body []byte) bool {
	head, rest, found := bytes.Cut(body, []byte(" 0 obj\n<</Length "))
	content, tail, whole := bytes.Cut(rest, []byte("\nendstream\n"))
	_, content, begun := bytes.Cut(content, []byte(">>\nstream\n"))
	if !found || !whole || !begun || len(head) > 10 || !bytes.HasPrefix(tail, []byte("endobj")) {
		f.out.Write(body)
		return true
	}
	if f.written == len(of.pages) || string(content) != prelude+fmt.Sprintf(pageMark, f.written+1)+"\n" {
		return false
	}
	fmt.Fprintf(&f.out, "%s 0 obj\n", head)
	f.body("/Filter /FlateDecode", of.pages[f.written])
	f.written++
	return true
}

// form writes a form XObject and its pictures, and gives its number.
func (f *finisher) form(s *form) int {
	var resources []byte
	for i, p := range s.pictures {
		mask := ""
		if p.Mask != nil {
			mask = fmt.Sprintf(" /SMask %d 0 R", f.packed(p.MaskEntries, p.Mask))
		}
		resources = fmt.Appendf(resources, "/I%d %d 0 R ", i, f.packed(p.Entries+mask, p.Data))
	}
	states := ""
	if s.blends { // Multiply: white takes the colour of its ground (ISO 32000-1, 11.3.5)
		states = "/ExtGState <</G0 <</Type /ExtGState /BM /Multiply>>>> "
	}
	b := s.box
	return f.packed(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [%.2f %.2f %.2f %.2f] /Resources <<%s/XObject <<%s>>>> /Filter /FlateDecode",
		b[0], b[1], b[2], b[3], states, resources), s.packed)
}

// packed writes a stream that is compressed already, and gives its number.
func (f *finisher) packed(entries string, data []byte) int {
	n := f.begin()
	f.body(entries, data)
	return n
}

// body writes a stream as the body of an object.
func (f *finisher) body(entries string, data []byte) {
	fmt.Fprintf(&f.out, "<<%s /Length %d>>\nstream\n", entries, len(data))
	f.out.Write(data)
	f.out.WriteString("\nendstream\nendobj\n")
}

// attachedName is the name of the token's file. Programs find it by this name, so it is the same in all cards.
const attachedName = "card.jwt"

// attach embeds the token as a file (ISO 32000-2, 7.11.4 and 14.13), and gives the number of its specification; 0 for no token.
func (f *finisher) attach(token string) int {
	if token == "" {
		return 0
	}
	n := f.begin()
	// It is not compressed: that would save a hundred bytes, and any program finds it as it is.
	f.body(fmt.Sprintf("/Type /EmbeddedFile /Subtype /application#2Fjwt /Params <</Size %d>>", len(token)), []byte(token))
	spec := f.begin()
	fmt.Fprintf(&f.out, "<</Type /Filespec /F (%[1]s) /UF (%[1]s) /Desc (The signed token of this card) /AFRelationship /Data "+
		"/EF <</F %[2]d 0 R /UF %[2]d 0 R>>>>\nendobj\n", attachedName, n)
	return spec
}

// layout finds the objects of a file that gofpdf wrote, sorted by where they start, and the end of the last one.
func layout(raw []byte) (objects []object, end, root, info int, err error) {
	const form = "startxref\n%d\n%%%%EOF\n"
	at := bytes.LastIndex(raw, []byte("startxref\n"))
	if at < 0 {
		return nil, 0, 0, 0, errDocument
	}
	if _, err := fmt.Sscanf(string(raw[at:]), form, &end); err != nil || end >= at {
		return nil, 0, 0, 0, errDocument
	}
	table := raw[end:at]
	var size int
	if _, err := fmt.Sscanf(string(table), "xref\n0 %d\n", &size); err != nil {
		return nil, 0, 0, 0, errDocument
	}
	lines := bytes.SplitN(table, []byte("\n"), size+3)
	if len(lines) < size+3 {
		return nil, 0, 0, 0, errDocument
	}
	for n := 1; n < size; n++ {
		start, err := strconv.Atoi(string(lines[n+2][:min(10, len(lines[n+2]))]))
		if err != nil || start >= end {
			return nil, 0, 0, 0, errDocument
		}
		objects = append(objects, object{n, start})
	}
	if _, err := fmt.Sscanf(string(lines[size+2]), "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R", &size, &root, &info); err != nil {
		return nil, 0, 0, 0, errDocument
	}
	slices.SortFunc(objects, func(a, b object) int { return cmp.Compare(a.start, b.start) })
	return objects, end, root, info, nil
}

// insert puts text behind the first mark.
func insert(body []byte, mark, text string) ([]byte, bool) {
	i := bytes.Index(body, []byte(mark))
	if i < 0 {
		return nil, false
	}
	i += len(mark)
	return slices.Concat(body[:i], []byte(text), body[i:]), true
}

// exchange puts text in the place of what lies between two marks, with both of them.
func exchange(body []byte, from, to, text string) ([]byte, bool) {
	i := bytes.Index(body, []byte(from))
	if i < 0 {
		return nil, false
	}
	n := bytes.Index(body[i:], []byte(to))
	if n < 0 {
		return nil, false
	}
	return slices.Concat(body[:i], []byte(text), body[i+n+len(to):]), true
}

// fontNames are the entries of the resources for n fonts; each takes fontObjects objects, beginning with number first.
func fontNames(n, first int) string {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "/T%d %d 0 R\n", i, first+i*fontObjects)
	}
	return string(b)
}

// begin starts the next object and gives its number.
func (f *finisher) begin() int {
	n := len(f.offsets)
	f.offsets = append(f.offsets, f.out.Len())
	fmt.Fprintf(&f.out, "%d 0 obj\n", n)
	return n
}

func (f *finisher) trailer(root, info int) {
	sum := sha256.Sum256(f.out.Bytes())
	start := f.out.Len()
	fmt.Fprintf(&f.out, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets))
	for _, at := range f.offsets[1:] {
		fmt.Fprintf(&f.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&f.out, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n/ID [<%x> <%x>]\n>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets), root, info, sum[:16], sum[:16], start)
}
