package scan

import (
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// MaxAttachment is the size in bytes up to which an embedded file is read. A card's is a token, of 2,048 at most.
const MaxAttachment = 16 << 10

const (
	maxAttachments = 1_000 // of a file
	maxLinks       = 1_000 // of a page
	maxTreeNodes   = 4_000 // of the tree that names the embedded files
)

// Attachment is a file embedded in a PDF.
type Attachment struct {
	Name string
	Data []byte // nil where it is larger than MaxAttachment, or can't be read
}

// attachments lists the embedded files that the catalog names (ISO 32000-1, 7.7.4 and 7.11.4), in the order of the tree.
func (s *source) attachments() ([]Attachment, error) {
	catalog, err := s.file.Catalog()
	if err != nil {
		return nil, err
	}
	names, err := s.file.DereferenceDict(catalog["Names"])
	if err != nil || names == nil {
		return nil, err
	}
	var found []Attachment
	nodes := 0
	var walk func(o types.Object, depth int) error
	walk = func(o types.Object, depth int) error {
		if nodes++; nodes > maxTreeNodes || depth > maxDepth {
			return ErrTooLarge
		}
		node, err := s.file.DereferenceDict(o)
		if err != nil || node == nil {
			return err
		}
		kids, err := s.file.DereferenceArray(node["Kids"])
		if err != nil {
			return err
		}
		for _, k := range kids {
			if err := walk(k, depth+1); err != nil {
				return err
			}
		}
		leaves, err := s.file.DereferenceArray(node["Names"])
		if err != nil {
			return err
		}
		for i := 1; i < len(leaves); i += 2 {
			if len(found) == maxAttachments {
				return ErrTooLarge
			}
			a, ok, err := s.attachment(leaves[i])
			if err != nil {
				return err
			}
			if ok {
				found = append(found, a)
			}
		}
		return nil
	}
	err = walk(names["EmbeddedFiles"], 0)
	return found, err
}

// attachment reads one file specification.
func (s *source) attachment(o types.Object) (a Attachment, ok bool, err error) {
	spec, err := s.file.DereferenceDict(o)
	if err != nil || spec == nil {
		return a, false, err
	}
	for _, key := range []string{"F", "UF"} { // the second one wins, in Unicode
		name, ok, err := s.bytes(spec[key])
		if err != nil {
			return a, false, err
		}
		if ok {
			a.Name = decodeText(name)
		}
	}
	files, err := s.file.DereferenceDict(spec["EF"])
	if err != nil || files == nil {
		return a, false, err
	}
	file := files["F"]
	if file == nil {
		file = files["UF"]
	}
	o, err = s.file.Dereference(file)
	if err != nil {
		return a, false, err
	}
	stream, ok := o.(types.StreamDict)
	if !ok {
		return a, false, nil
	}
	a.Data, err = s.small(stream)
	return a, true, err
}

// small decodes a stream of at most MaxAttachment bytes. What is larger, or broken, gives nil: a bundle may hold files of any kind.
func (s *source) small(stream types.StreamDict) ([]byte, error) {
	if err := s.budget.ctx.Err(); err != nil {
		return nil, err
	}
	if s.budget.content -= MaxAttachment; s.budget.content <= 0 {
		return nil, ErrTooLarge
	}
	data, err := s.decode(stream, MaxAttachment)
	if err != nil || len(data) > MaxAttachment {
		return nil, nil
	}
	if data == nil {
		return []byte{}, nil
	}
	return data, nil
}

// link is an area of a page that opens a URI.
type link struct {
	box rect
	uri string
}

// links lists the links of a page (ISO 32000-1, 12.5.6.5 and 12.6.4.7). What is no link, or none to a URI, is stepped over.
func (s *source) links(page types.Dict) ([]link, error) {
	list, err := s.file.DereferenceArray(page["Annots"])
	if err != nil {
		return nil, err
	}
	var found []link
	for _, o := range list {
		annotation, err := s.file.DereferenceDict(o)
		if err != nil {
			return nil, err
		}
		if subtype := annotation.Subtype(); subtype == nil || *subtype != "Link" {
			continue
		}
		action, err := s.file.DereferenceDict(annotation["A"])
		if err != nil {
			return nil, err
		}
		uri, ok, err := s.bytes(action["URI"])
		if err != nil {
			return nil, err
		}
		corners, err := s.file.DereferenceArray(annotation["Rect"])
		if err != nil {
			return nil, err
		}
		if !ok || len(corners) != 4 {
			continue
		}
		var c [4]float64
		for i, o := range corners {
			if c[i], err = s.number(o); err != nil {
				return nil, err
			}
		}
		if len(found) == maxLinks {
			return nil, ErrTooLarge
		}
		found = append(found, link{newRect(point{c[0], c[1]}, point{c[2], c[3]}), string(uri)})
	}
	return found, nil
}

// over gives the URI of the last link that covers the middle of a symbol: it lies above the others, and a reader opens it.
func over(links []link, box rect) string {
	x, y, uri := (box.x0+box.x1)/2, (box.y0+box.y1)/2, ""
	for _, l := range links {
		if l.box.x0 <= x && x <= l.box.x1 && l.box.y0 <= y && y <= l.box.y1 {
			uri = l.uri
		}
	}
	return uri
}
