// Package scan finds the texts of the QR symbols in a file.
//
// The issuer uses it to prove every finished card from its bytes before release, so it shares no code with the drawing;
// an employer uses it on files that strangers send, so every size, depth and count in it has a limit.
package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/filter"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// The limits of a file. A card has one page and 50 kB; a scan of a whole class fits in them too.
const (
	MaxFile    = 64 << 20         // bytes
	MaxPages   = 1000             // pages
	MaxContent = 8 << 20          // bytes of one page's drawing, inflated
	MaxTime    = 10 * time.Second // for a whole file
)

const (
	maxStructure  = 2 << 20  // bytes of one inflated object stream
	maxObjects    = 200_000  // entries of the cross-reference table
	maxDepth      = 40       // nesting of the file's objects
	maxTotal      = 64 << 20 // bytes of drawing, all pages together
	headerWithin  = 1024     // bytes in front of the header that readers put up with (ISO 32000-1, annex H.3.4.1)
	maxFormNested = 8        // forms drawn in forms
)

// The reasons for which a file has no texts to give.
var (
	ErrNotPDF   = errors.New("not a PDF that can be read")
	ErrTooLarge = errors.New("the file is larger or more complex than a file of cards can be")
)

// Document is what a PDF says to a program.
type Document struct {
	Pages       []Page
	Attachments []Attachment
}

// Page is what one page says.
type Page struct {
	Codes   []Code     // in the order of drawing
	modules [][][]bool // of each of them
	Text    string     // in the order of drawing, with a line break between pieces that don't stand next to each other
	// Sizes are those of the largest type in each line of Text, in points.
	Sizes []float64
	// Veiled says that some of Text can't be seen, as far as that can be told (see veiled.go), or that something lies over the page.
	Veiled bool
	// Hidden says that none of Text can be seen.
	Hidden bool
	// Pictures are what the page draws as pictures, each once, in the order of drawing. Cut says that there are more of them.
	Pictures []Picture
	Cut      bool
	// Graphic says that so much of the page is neither text nor symbols that it may show a card of which a program sees nothing.
	Graphic bool
}

// Modules are the modules of Codes[i] as they stand on the page: row by row from the top, true for dark, without the quiet zone.
func (p Page) Modules(i int) [][]bool { return p.modules[i] }

// Code is a QR symbol drawn as filled rectangles.
type Code struct {
	Text string
	Link string // the URI of the link over it; empty where there is none
	// Covered says that something was painted over it later, which a reader of drawings does not see and a camera does.
	Covered bool
}

// Read gives the symbols, the printed text, the links over the symbols and the embedded files of a PDF. The error is ErrNotPDF or
// ErrTooLarge; a file without symbols is none.
//
// The text is what the file says its characters are (ToUnicode, ActualText, names of glyphs), as every program that copies or searches
// it does. What a person sees are shapes, which a forger can draw differently. U+FFFD stands for what the file doesn't say.
func Read(data []byte) (Document, error) { return new(Reader).Read(data) }

// Read is the function Read, which begins with an empty memory.
func (r *Reader) Read(data []byte) (doc Document, err error) {
	if len(data) > MaxFile {
		return Document{}, ErrTooLarge
	}
	if !bytes.Contains(data[:min(len(data), headerWithin)], []byte("%PDF-")) {
		return Document{}, ErrNotPDF
	}
	// Both libraries index into what they read; a file of a stranger that makes one of them panic is no card.
	defer func() {
		if recover() != nil {
			doc, err = Document{}, ErrNotPDF
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), MaxTime)
	defer cancel()
	if file, err := openPlain(data, &r.values); err == nil {
		doc, err := r.read(ctx, file)
		if err == nil || errors.Is(err, ErrTooLarge) {
			return doc, err
		}
	}
	file, err := pdfcpu.ReadWithContext(ctx, bytes.NewReader(data), configuration())
	if err != nil {
		return Document{}, classify(err)
	}
	return r.read(ctx, foreign{file})
}

// read reads all pages of an open file, and what is embedded in it.
func (r *Reader) read(ctx context.Context, file container) (doc Document, err error) {
	pages, err := file.pages()
	if err != nil {
		return Document{}, classify(err)
	}
	if pages > MaxPages {
		return Document{}, ErrTooLarge
	}
	s := source{reader: r, file: file, budget: &budget{ctx: ctx, content: maxTotal, work: maxWork, fonts: maxFonts, entries: maxEntries, text: maxText}, fonts: map[int]*font{}}
	for n := 1; n <= pages; n++ {
		p, err := s.page(n)
		if err != nil {
			return Document{}, classify(err)
		}
		doc.Pages = append(doc.Pages, p)
	}
	if doc.Attachments, err = s.attachments(); err != nil {
		return Document{}, classify(err)
	}
	return doc, nil
}

// foreign is a file of any form, read by pdfcpu.
type foreign struct{ *model.Context }

func (f foreign) pages() (int, error) {
	err := f.EnsurePageCount()
	return f.PageCount, err
}

func (f foreign) page(n int) (types.Dict, inherited, error) {
	dict, _, attributes, err := f.PageDict(n, false)
	if err != nil || attributes == nil {
		return dict, inherited{}, err
	}
	h := inherited{resources: attributes.Resources}
	for _, box := range []*types.Rectangle{attributes.MediaBox, attributes.CropBox} {
		if box != nil {
			r := newRect(point{box.LL.X, box.LL.Y}, point{box.UR.X, box.UR.Y})
			h.box = &r
		}
	}
	return dict, h, nil
}

// budget is what is left of the limits for a whole file.
type budget struct {
	ctx     context.Context // carries MaxTime; lives as long as one call of Read
	content int             // bytes of drawing
	work    int             // steps of the search for symbols
	fonts   int             // that may still be read
	entries int             // of their tables
	text    int             // bytes of text
}

// configuration is written out here, because pdfcpu's own default writes a file into the user's home folder.
func configuration() *model.Configuration {
	return &model.Configuration{
		Reader15:       true, // object streams and cross-reference streams
		ValidationMode: model.ValidationRelaxed,
		Offline:        true,
		Limits: model.ResourceLimits{
			MaxStreamBytes: MaxFile, MaxDecodeBytes: maxStructure, MaxImagePixels: 1, MaxImageBytes: 1,
			MaxObjectCount: maxObjects, MaxObjectStreamCount: maxObjects, MaxObjectStreamFirst: maxStructure,
			MaxXRefEntries: maxObjects, MaxRecursionDepth: maxDepth,
		},
	}
}

// classify turns the libraries' many errors into the package's few; the cause stays in the text.
func classify(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrTooLarge):
		return err
	case errors.Is(err, filter.ErrDecodeLimitExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return fmt.Errorf("%w: %w", ErrNotPDF, err)
}

// page reads page n, counted from 1.
func (s *source) page(n int) (Page, error) {
	dict, inherited, err := s.file.page(n)
	if err != nil {
		return Page{}, err
	}
	s.left = MaxContent
	content, err := s.contents(dict["Contents"])
	if err != nil {
		return Page{}, err
	}
	resources, err := s.file.DereferenceDict(dict["Resources"])
	if err != nil {
		return Page{}, err
	}
	if resources == nil {
		resources = inherited.resources
	}
	d := drawing{source: s, lines: new(lines)}
	links, err := s.links(dict)
	if err != nil {
		return Page{}, err
	}
	if err := d.run(content, resources, 0); err != nil {
		return Page{}, err
	}
	found, err := symbols(d.rects[:d.open], s.budget)
	if err != nil {
		return Page{}, err
	}
	p := Page{Pictures: d.pictures, Cut: d.more}
	for _, f := range found {
		p.Codes = append(p.Codes, Code{f.text, over(links, f.box), d.over(f)})
		p.modules = append(p.modules, f.modules)
	}
	if err := d.lines.leave(0); err != nil {
		return Page{}, err
	}
	p.Text, p.Sizes = d.lines.text.String(), d.lines.sizes
	if s.budget.text -= len(p.Text); s.budget.text < 0 {
		return Page{}, ErrTooLarge
	}
	under, err := s.overlaid(dict)
	if err != nil {
		return Page{}, err
	}
	some, all := d.veiled(inherited.box)
	p.Veiled, p.Hidden = under || some, all
	p.Graphic = d.isGraphic(inherited.box) || under && strings.TrimSpace(p.Text) == ""
	return p, nil
}

// source gives the objects of a file and the inflated streams of a page, within their limits.
type source struct {
	reader   *Reader
	file     container
	left     int // bytes that the page may still inflate
	budget   *budget
	fonts    map[int]*font // by the number of their object
	inflater io.ReadCloser // nil before its first use
}

// contents joins the streams of a page. Between two of them stands a line break, as no token spans them (ISO 32000-1, 7.8.2).
func (s *source) contents(o types.Object) ([]byte, error) {
	o, err := s.file.Dereference(o)
	if err != nil || o == nil {
		return nil, err
	}
	switch o := o.(type) {
	case types.StreamDict:
		return s.inflate(o)
	case types.Array:
		var all []byte
		for _, part := range o {
			part, err := s.file.Dereference(part)
			if err != nil {
				return nil, err
			}
			stream, ok := part.(types.StreamDict)
			if !ok {
				continue
			}
			b, err := s.inflate(stream)
			if err != nil {
				return nil, err
			}
			all = append(append(all, b...), '\n')
		}
		return all, nil
	}
	return nil, errors.New("the page's content is no stream")
}

// inflate decodes a stream within the limits.
func (s *source) inflate(stream types.StreamDict) ([]byte, error) {
	if err := s.budget.ctx.Err(); err != nil {
		return nil, err
	}
	content, err := s.decode(stream, min(s.left, s.budget.content))
	if err != nil {
		return nil, err
	}
	// One byte at least, so that a page naming a thousand empty streams comes to an end as well.
	used := max(len(content), 1)
	s.left -= used
	s.budget.content -= used
	if s.left <= 0 || s.budget.content <= 0 {
		return nil, ErrTooLarge
	}
	return content, nil
}
