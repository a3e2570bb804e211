package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// The limits of a workbook, which comes from strangers: of the archive, of each part that is inflated, and of the XML in it.
const (
	maxEntries    = 2000
	maxInflated   = 256 << 20
	maxRatio      = 200              // of an entry's size to that in the archive, and of all entries to the archive
	ratioFreePart = 8 << 20          // below it any ratio will do for one entry: empty rows compress well
	ratioFreeAll  = 2 << 20          // and for all
	maxToken      = 1 << 20          // bytes of XML between two tokens; a cell at its limit, every letter of it escaped, takes half
	maxText       = 8 * MaxCellBytes // bytes of a cell's text before its escapes are taken out
	maxDepth      = 64
	maxTokens     = 40_000_000 // of all parts together: 8 million cells
)

const centralHeader = "PK\x01\x02"

func isArchive(data string) bool {
	return strings.HasPrefix(data, "PK\x03\x04") || strings.HasPrefix(data, "PK\x05\x06")
}

// archive is a workbook's ZIP archive, whose entries were looked at and not yet inflated.
type archive struct {
	entries map[string]*zip.File // by name in lower case, with slashes
	tokens  int                  // of XML that were read, of all parts
}

// openArchive checks an archive before anything is inflated: how many entries it has, that no two have one name or share
// bytes, and how large they say they are. That they say the truth is seen when they are read, see open.
func openArchive(data string) (*archive, error) {
	if strings.Count(data, centralHeader) > maxEntries { // counted here, for the library would make all of them first
		return nil, errBomb(fmt.Sprintf("its archive has more than %d entries", maxEntries), nil)
	}
	reader, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errDamaged(err)
	}
	a := &archive{entries: map[string]*zip.File{}}
	total := uint64(0)
	for _, f := range reader.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		if _, double := a.entries[name]; double {
			return nil, errBomb("its archive has an entry twice", nil)
		}
		a.entries[name] = f
		size := f.UncompressedSize64
		if total += size; size > maxInflated || total > maxInflated {
			return nil, errBomb(fmt.Sprintf("it would be larger than %d MiB when it is unpacked", maxInflated>>20), nil)
		}
		if size > ratioFreePart && size/maxRatio >= f.CompressedSize64 {
			return nil, errBomb("it has a part that is nearly nothing, many times over", nil)
		}
	}
	if total > ratioFreeAll && total/maxRatio >= uint64(len(data)) {
		return nil, errBomb("it is nearly nothing, many times over", nil)
	}
	return a, a.checkOverlap(len(data))
}

// checkOverlap refuses entries that share bytes of the archive, by which a small one becomes very large.
func (a *archive) checkOverlap(size int) error {
	type span struct{ start, end uint64 }
	var spans []span
	for _, f := range a.entries {
		start, err := f.DataOffset()
		if err != nil {
			return errDamaged(err)
		}
		if f.CompressedSize64 > uint64(size) || uint64(start) > uint64(size) {
			return errDamaged(nil)
		}
		spans = append(spans, span{uint64(start), uint64(start) + f.CompressedSize64})
	}
	slices.SortFunc(spans, func(x, y span) int { return int(x.start) - int(y.start) })
	for i := 1; i < len(spans); i++ {
		if spans[i].start < spans[i-1].end {
			return errBomb("parts of its archive lie upon each other", nil)
		}
	}
	return nil
}

func (a *archive) has(name string) bool { return a.entries[strings.ToLower(name)] != nil }

func (a *archive) hasFolder(name string) bool {
	for entry := range a.entries {
		if strings.HasPrefix(entry, name+"/") {
			return true
		}
	}
	return false
}

// part is the XML of one entry, read token by token within the limits.
type part struct {
	archive *archive
	name    string
	source  *limited
	xml     *xml.Decoder
	depth   int
	err     error // the first one; it comes again
}

// open opens an entry, which has to be there. The library ends the reading of one that is larger or smaller than it said it is,
// or whose check sum is wrong.
func (a *archive) open(name string) (*part, error) {
	f := a.entries[strings.ToLower(name)]
	if f == nil {
		return nil, errDamaged(fmt.Errorf("it has no part %s", name))
	}
	r, err := f.Open()
	if err != nil {
		return nil, errDamaged(err)
	}
	p := &part{archive: a, name: name, source: &limited{r: r, all: maxInflated}}
	p.xml = xml.NewDecoder(p.source)
	return p, nil
}

func (p *part) close() { p.source.r.Close() }

// next is the next token. io.EOF comes only where the XML is complete: a part that is cut off is an *Error, for it may have
// lost rows.
func (p *part) next() (xml.Token, error) {
	if p.err != nil {
		return nil, p.err
	}
	p.source.token = maxToken
	token, err := p.xml.Token()
	switch {
	case err == io.EOF:
		p.err = err
	case errors.Is(err, errTooLarge):
		p.err = errBomb("a text in it has no end", err)
	case err != nil:
		p.err = errDamaged(fmt.Errorf("%s: %w", p.name, err))
	}
	if p.archive.tokens++; p.err == nil && p.archive.tokens > maxTokens {
		p.err = errBomb("it has too many cells", nil)
	}
	switch token.(type) {
	case xml.StartElement:
		if p.depth++; p.err == nil && p.depth > maxDepth {
			p.err = errBomb("its XML is nested too deep", nil)
		}
	case xml.EndElement:
		p.depth--
	}
	return token, p.err
}

// skip leaves out the rest of an element that has just begun.
func (p *part) skip() error {
	for end := p.depth - 1; p.depth > end; {
		if _, err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// elements calls do for each element, wherever it stands. What do reads itself does not come again.
func (p *part) elements(do func(xml.StartElement) error) error {
	for {
		token, err := p.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, is := token.(xml.StartElement); is {
			if err := do(start); err != nil {
				return err
			}
		}
	}
}

func attr(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

var errTooLarge = errors.New("too large")

// limited ends with errTooLarge where one token takes too much, or all of them.
type limited struct {
	r          io.ReadCloser
	token, all int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.token <= 0 || l.all <= 0 {
		return 0, errTooLarge
	}
	n, err := l.r.Read(p[:min(len(p), l.token, l.all)])
	l.token -= n
	l.all -= n
	return n, err
}

// relations are what a part points at: id → target and kind, the last word of the relationship's type (ECMA-376-2, 6.5).
func (a *archive) relations(of string) (map[string]relation, error) {
	folder, file := path.Split(of)
	p, err := a.open(folder + "_rels/" + file + ".rels")
	if err != nil {
		return nil, err
	}
	defer p.close()
	found := map[string]relation{}
	err = p.elements(func(start xml.StartElement) error {
		if start.Name.Local != "Relationship" || strings.EqualFold(attr(start, "TargetMode"), "External") {
			return nil
		}
		target := strings.ReplaceAll(attr(start, "Target"), `\`, "/")
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/", folder, target)
		}
		found[attr(start, "Id")] = relation{kind: path.Base(attr(start, "Type")), target: strings.TrimPrefix(path.Clean(target), "/")}
		return nil
	})
	return found, err
}

type relation struct{ kind, target string }

func errDamaged(err error) error {
	return &Error{Text: "the workbook is damaged", Hint: "Open it in a spreadsheet program, look whether all rows are there, and save it once more.", Err: err}
}

func errBomb(reason string, err error) error {
	return &Error{Text: "the workbook is not read: " + reason, Err: err,
		Hint: "Copy the table alone into a new workbook, without the empty rows and columns around it; or save it as \"CSV UTF-8\"."}
}
