package scan

import (
	"errors"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/cardproof/cardproof/verify/seal/syntax"
)

// container gives the objects of a file: of one in the plain form, or of any that pdfcpu reads.
type container interface {
	Dereference(o types.Object) (types.Object, error)
	DereferenceDict(o types.Object) (types.Dict, error)
	DereferenceArray(o types.Object) (types.Array, error)
	DereferenceNumber(o types.Object) (float64, error)
	Catalog() (types.Dict, error)
	// pages is how many pages there are, and page one of them, counted from 1.
	pages() (int, error)
	page(n int) (types.Dict, inherited, error)
}

// inherited is what a page has from the nodes above it, or says itself (ISO 32000-1, 7.7.3.4).
type inherited struct {
	resources types.Dict
	box       *rect // what a reader shows of the page; nil where nothing says so
}

// plain is a file in the plain form of PDF, as Cardproof writes it. Its objects are read when somebody asks for them; pdfcpu reads all of
// them at once, of which a card's proof needs the half. Nothing in it is guessed: what is not of this form, is left to pdfcpu.
type plain struct {
	file   *syntax.File
	values *memory[types.Object] // of whatever file
	known  map[int]types.Object
	leaves []leaf
}

// leaf is a page of the page tree.
type leaf struct {
	dict types.Dict
	inherited
	cropped bool // the box is a CropBox, which no MediaBox further down takes the place of
}

// errNotPlain says that a file is of another form than plain reads.
var errNotPlain = errors.New("not of the plain form")

// maxPlain is how many bytes an object may have without its stream. Those of a card have a tenth of it.
const maxPlain = 64 << 10

// openPlain opens a file of the plain form. Every other one is an error.
func openPlain(data []byte, values *memory[types.Object]) (*plain, error) {
	f, err := syntax.Open(data)
	if err != nil {
		return nil, err
	}
	p := &plain{file: f, values: values, known: map[int]types.Object{}}
	catalog, err := p.Catalog()
	if err != nil || catalog == nil {
		return nil, errors.Join(errNotPlain, err)
	}
	root, err := p.DereferenceDict(catalog["Pages"])
	if err != nil || root == nil {
		return nil, errors.Join(errNotPlain, err)
	}
	nodes := 0
	if err := p.grow(leaf{dict: root}, &nodes, 0); err != nil {
		return nil, err
	}
	if count, ok := root["Count"].(types.Integer); !ok || count.Value() != len(p.leaves) {
		return nil, errNotPlain
	}
	return p, nil
}

// grow collects the pages under a node of the page tree (ISO 32000-1, 7.7.3). Above the node stands what it inherits.
func (p *plain) grow(node leaf, nodes *int, depth int) error {
	if *nodes++; *nodes > 2*MaxPages || depth > maxDepth {
		return errNotPlain
	}
	if err := p.inherit(&node); err != nil {
		return err
	}
	kind, _ := node.dict["Type"].(types.Name)
	if kind == "Page" {
		p.leaves = append(p.leaves, node)
		return nil
	}
	if kind != "Pages" {
		return errNotPlain
	}
	kids, err := p.DereferenceArray(node.dict["Kids"])
	if err != nil {
		return err
	}
	for _, k := range kids {
		kid, err := p.DereferenceDict(k)
		if err != nil || kid == nil {
			return errors.Join(errNotPlain, err)
		}
		if err := p.grow(leaf{kid, node.inherited, node.cropped}, nodes, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// inherit puts what a node says itself in the place of what it inherits.
func (p *plain) inherit(node *leaf) error {
	own, err := p.DereferenceDict(node.dict["Resources"])
	if err != nil {
		return err
	}
	if own != nil {
		node.resources = own
	}
	for _, name := range []string{"MediaBox", "CropBox"} {
		if node.dict[name] == nil || name == "MediaBox" && node.cropped {
			continue
		}
		if node.box, err = p.box(node.dict[name]); err != nil {
			return err
		}
		node.cropped = name == "CropBox"
	}
	return nil
}

// box reads a rectangle (ISO 32000-1, 7.9.5).
func (p *plain) box(o types.Object) (*rect, error) {
	list, err := p.DereferenceArray(o)
	if err != nil || len(list) != 4 {
		return nil, errors.Join(errNotPlain, err)
	}
	var side [4]float64
	for i := range side {
		if side[i], err = p.DereferenceNumber(list[i]); err != nil {
			return nil, err
		}
	}
	r := newRect(point{side[0], side[1]}, point{side[2], side[3]})
	return &r, nil
}

func (p *plain) pages() (int, error) { return len(p.leaves), nil }

func (p *plain) page(n int) (types.Dict, inherited, error) {
	return p.leaves[n-1].dict, p.leaves[n-1].inherited, nil
}

// Catalog is the file's root.
func (p *plain) Catalog() (types.Dict, error) {
	o, err := value(p.file.Trailer.Get("Root"), 0)
	if err != nil {
		return nil, err
	}
	return p.DereferenceDict(o)
}

// Dereference is the object that a reference names, and anything else itself. A reference to a reference is none of the plain form.
func (p *plain) Dereference(o types.Object) (types.Object, error) {
	ref, ok := o.(types.IndirectRef)
	if !ok {
		return o, nil
	}
	n := ref.ObjectNumber.Value()
	if o, ok := p.known[n]; ok {
		return o, nil
	}
	raw, stream, err := p.file.Read(n)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxPlain {
		return nil, errNotPlain
	}
	if o, err = p.values.of(raw, func() (types.Object, error) { return value(raw, 0) }); err != nil {
		return nil, err
	}
	if _, chain := o.(types.IndirectRef); chain {
		return nil, errNotPlain
	}
	if stream != nil {
		if o, err = newStream(o, stream); err != nil {
			return nil, err
		}
	}
	p.known[n] = o
	return o, nil
}

// newStream is a stream with its dictionary. How it is decoded has to stand there itself, and not in another object.
func newStream(o types.Object, raw []byte) (types.Object, error) {
	dict, ok := o.(types.Dict)
	if !ok {
		return nil, errNotPlain
	}
	s := types.StreamDict{Dict: dict, Raw: raw}
	if dict["Filter"] == nil {
		return s, nil
	}
	name, ok := dict["Filter"].(types.Name)
	parameters, plainly := dict["DecodeParms"].(types.Dict)
	if !ok || dict["DecodeParms"] != nil && !plainly || dict["F"] != nil {
		return nil, errNotPlain
	}
	s.FilterPipeline = []types.PDFFilter{{Name: name.Value(), DecodeParms: parameters}}
	return s, nil
}

// DereferenceDict is a dictionary, or nil where there is none.
func (p *plain) DereferenceDict(o types.Object) (types.Dict, error) {
	return resolved[types.Dict](p, o)
}

// DereferenceArray is an array, or nil where there is none.
func (p *plain) DereferenceArray(o types.Object) (types.Array, error) {
	return resolved[types.Array](p, o)
}

func resolved[T types.Object](p *plain, o types.Object) (v T, err error) {
	o, err = p.Dereference(o)
	if err != nil || o == nil {
		return v, err
	}
	v, ok := o.(T)
	if !ok {
		return v, errNotPlain
	}
	return v, nil
}

// DereferenceNumber is a number.
func (p *plain) DereferenceNumber(o types.Object) (float64, error) {
	o, err := p.Dereference(o)
	if err != nil {
		return 0, err
	}
	switch n := o.(type) {
	case types.Integer:
		return float64(n), nil
	case types.Float:
		return float64(n), nil
	}
	return 0, errNotPlain
}

// value reads one value (ISO 32000-1, 7.3).
func value(raw []byte, depth int) (types.Object, error) {
	if len(raw) == 0 || depth > maxDepth {
		return nil, errNotPlain
	}
	switch c := raw[0]; {
	case c == '<' && len(raw) > 1 && raw[1] == '<':
		return dictionary(raw, depth)
	case c == '[':
		items, err := syntax.Items(raw)
		if err != nil {
			return nil, err
		}
		array := make(types.Array, len(items))
		for i, item := range items {
			if array[i], err = value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return array, nil
	case c == '<':
		return types.HexLiteral(raw[1 : len(raw)-1]), nil
	case c == '(':
		return types.StringLiteral(raw[1 : len(raw)-1]), nil
	case c == '/':
		name, err := types.DecodeName(string(raw[1:]))
		return types.Name(name), err
	case raw[len(raw)-1] == 'R':
		n, ok := syntax.Ref(raw)
		if !ok {
			return nil, errNotPlain
		}
		return *types.NewIndirectRef(n, 0), nil
	}
	return atom(raw)
}

func dictionary(raw []byte, depth int) (types.Object, error) {
	entries, end, err := syntax.ReadDict(raw, 0)
	if err != nil || end != len(raw) {
		return nil, errors.Join(errNotPlain, err)
	}
	dict := make(types.Dict, len(entries))
	for _, e := range entries {
		key, err := types.DecodeName(e.Key)
		if err != nil {
			return nil, err
		}
		v, err := value(e.Raw, depth+1)
		if err != nil {
			return nil, err
		}
		if _, twice := dict[key]; twice {
			return nil, errNotPlain
		}
		if v != nil { // null is the same as no entry (ISO 32000-1, 7.3.7)
			dict[key] = v
		}
	}
	return dict, nil
}

// atom reads a number or a keyword.
func atom(raw []byte) (types.Object, error) {
	switch text := string(raw); text {
	case "null":
		return nil, nil
	case "true", "false":
		return types.Boolean(text == "true"), nil
	default:
		if n, err := strconv.Atoi(text); err == nil {
			return types.Integer(n), nil
		}
		n, ok := number(raw)
		if !ok {
			return nil, errNotPlain
		}
		return types.Float(n), nil
	}
}
