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
}

var errDocument = errors.New("gofpdf wrote a document of another form than it used to")

// object is where an object stands in gofpdf's bytes.
type object struct{ number, start int }

// finish adds the fonts of a page to the resources (object 2 of every gofpdf document), the language to the catalog, and an
// identifier to the trailer. The same input gives the same bytes.
func (d *Drawer) finish(raw []byte, p *page) ([]byte, error) {
	objects, end, root, info, err := layout(raw)
	if err != nil {
		return nil, err
	}
	f := finisher{offsets: make([]int, len(objects)+1)}
	f.out.Grow(len(raw) + 16<<10)
	f.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") // the second line says that the file is not text (ISO 32000-1, 7.5.2)
	for _, subset := range p.fonts {
		if err := f.font(d, subset); err != nil {
			return nil, err
		}
	}
	for i, o := range objects { // the catalog comes last: a file that was cut off has none, and no reader takes it for whole
		stop := end
		if i+1 < len(objects) {
			stop = objects[i+1].start
		}
		body, ok := raw[o.start:stop], true
		switch o.number {
		case 2:
			body, ok = insert(body, "/Font <<\n", fontNames(len(p.fonts), len(objects)+1))
		case root:
			body, ok = insert(body, "/Type /Catalog\n", "/Lang (en)\n")
		}
		if !ok {
			return nil, errDocument
		}
		f.offsets[o.number] = f.out.Len()
		f.out.Write(body)
	}
	f.trailer(root, info)
	return f.out.Bytes(), nil
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
