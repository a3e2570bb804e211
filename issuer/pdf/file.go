package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/jung-kurt/gofpdf"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// fileFacts are what a file says of itself.
type fileFacts struct {
	title, subject, author string
	at                     time.Time
	token                  string // attached as card.jwt; empty for none
}

// file is a document being drawn: gofpdf keeps its pages and links, the pen writes what is on them.
type file struct {
	*pen
	d     *Drawer
	doc   *gofpdf.Fpdf
	forms []*form
	token string
	pages [][]byte // compressed
}

func (d *Drawer) newFile(facts fileFacts) *file {
	doc := gofpdf.NewCustom(&gofpdf.InitType{UnitStr: "mm", Size: gofpdf.SizeType{Wd: design.ID1.Width, Ht: design.ID1.Height}})
	doc.SetCatalogSort(true)  // without it the order of objects changes from run to run
	doc.SetCompression(false) // finish compresses, with compressors that are used again
	doc.SetCreationDate(facts.at.UTC())
	doc.SetModificationDate(facts.at.UTC())
	doc.SetProducer("Cardproof", true)
	doc.SetTitle(facts.title, true)
	doc.SetSubject(facts.subject, true)
	doc.SetAuthor(facts.author, true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	f := &file{pen: d.newPen(0), d: d, doc: doc, token: facts.token}
	f.b = make([]byte, 0, 32<<10)
	f.fonts, f.common = slices.Clone(d.base), len(d.base)
	return f
}

// prelude is what gofpdf begins every page with.
const prelude = "0 J\n0 j\n0.57 w\n0.000 G\n0.000 g\n"

// pageMark stands for a page's content in what gofpdf writes: counted from 1.
const pageMark = "page %d"

// addPage begins a page of a size.
func (f *file) addPage(s design.Size) {
	f.doc.AddPageFormat("P", gofpdf.SizeType{Wd: s.Width, Ht: s.Height})
	f.b = append(f.b, prelude...)
}

// endPage keeps the page's content compressed, and hands gofpdf a mark: a print of a thousand cards would have it three times in memory.
func (f *file) endPage() {
	f.pages = append(f.pages, bytes.Clone(f.d.pack(append(f.b, '\n')))) // without the room that pack has guessed
	f.doc.RawWriteStr(fmt.Sprintf(pageMark, len(f.pages)))
	f.b = f.b[:0]
}

// shape draws the shapes of a template, which the file holds once for all its pages, and moves what follows to the template's place on
// the paper. Pages of single cards need no way back.
func (f *file) shape(t *template) {
	if t.dx != 0 || t.dy != 0 {
		fmt.Fprintf(f, "1 0 0 1 %.2f %.2f cm\n", t.dx/mmPerPoint, t.dy/mmPerPoint)
	}
	f.useForm(t.shapes)
}

// Write lets fmt write into the content.
func (p *pen) Write(b []byte) (int, error) {
	p.b = append(p.b, b...)
	return len(b), nil
}

func (f *file) useForm(s *form) {
	if s == nil {
		return
	}
	at := -1
	for i, one := range f.forms {
		if one == s {
			at = i
		}
	}
	if at < 0 {
		at = len(f.forms)
		f.forms = append(f.forms, s)
	}
	fmt.Fprintf(f, "/P%d Do\n", at)
}

// link makes the QR a link to what it says.
func (f *file) link(t *template, c *code, url string) {
	x, y, module := c.place(t.symbol)
	side := module * float64(c.modules)
	f.doc.LinkString(t.dx+x, t.dy+y, side, side, url)
}

const specimen = "SPECIMEN"

// watermark writes SPECIMEN across a page, under all its texts.
func (f *file) watermark(t *template) {
	l, err := f.d.set.Line(typeface.Semibold, specimen)
	if err != nil {
		return // the typeface has capitals
	}
	left, right := 0.0, t.size.Width
	if t.symbol != nil { // beside the symbol, whose white would hide it
		if box := t.symbol.Rect(); box[0] > t.size.Width/2 {
			right = box[0]
		} else {
			left = box[0] + box[2]
		}
	}
	width, height := (right-left)/mmPerPoint, t.size.Height/mmPerPoint
	size := min(width*0.95, height*1.6) / l.Width
	const cos, sin = 0.8829, 0.4695 // of 28 degrees
	f.b = append(f.b, "q BT 0.8 0.22 0.22 RG 0.98 0.9 0.9 rg 0.4 w 2 Tr "...)
	x := left/mmPerPoint + width/2 - cos*size*l.Width/2 + sin*size*capHeight/2
	y := height/2 - sin*size*l.Width/2 - cos*size*capHeight/2
	for _, v := range [6]float64{cos, sin, -sin, cos, x, y} {
		f.number(v, 4)
	}
	f.b = append(f.b, "Tm\n"...)
	f.clusters(l, size)
	f.b = append(f.b, "ET Q\n"...)
}
