package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/cardproof/cardproof/verify/seal/syntax"
)

// A viewer that finds a fault in the table of a PDF throws it away and searches the file for objects itself; which fault that is, and which
// of several objects of the same number it takes then, each decides for itself. A forger who knows that shows people other pages than
// programs read. So what counts is not that a table is without fault, but that whoever searches finds nothing else than who reads it.

// ErrTwofold says that another program may see other pages in a file than were read here. It comes with the reason.
var ErrTwofold = errors.New("other programs may see other pages in it than were read")

func twofold(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTwofold, fmt.Sprintf(format, args...))
}

// Single says whether a PDF is the same file to every reader: each object is there once, in the way that all write it, where the table says,
// and there is one catalog. The error is ErrTwofold, ErrNotPDF or ErrTooLarge. A file that was saved a second time with its first state left
// in it, as sealed ones are, is not single.
func Single(data []byte) (err error) {
	if len(data) > MaxFile {
		return ErrTooLarge
	}
	if !bytes.HasPrefix(data, []byte("%PDF-")) {
		return twofold("something stands in front of it")
	}
	defer func() { // as in Read
		if recover() != nil {
			err = ErrNotPDF
		}
	}()
	if p, err := openPlain(data, new(memory[types.Object])); err == nil {
		if found, err := p.inventory(); err == nil {
			return found.compare(data)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), MaxTime)
	defer cancel()
	file, err := pdfcpu.ReadWithContext(ctx, bytes.NewReader(data), configuration())
	if err != nil {
		return classify(err)
	}
	found, err := foreign{file}.inventory()
	if err != nil {
		return err
	}
	return found.compare(data)
}

// inventory is what a reader of the table knows of the objects of a file.
type inventory struct {
	root      int
	encrypted bool
	at        map[int]int    // by number: the byte at which an object begins
	packed    map[int][2]int // by number: the object stream that an object lies in, and its place there, from 0
	objects   map[int]types.Object
}

func newInventory() *inventory {
	return &inventory{at: map[int]int{}, packed: map[int][2]int{}, objects: map[int]types.Object{}}
}

func (p *plain) inventory() (*inventory, error) {
	v := newInventory()
	v.root, _ = syntax.Ref(p.file.Trailer.Get("Root"))
	for n := range p.file.Objects() {
		at := p.file.Place(n)
		if at == 0 {
			continue
		}
		o, err := p.Dereference(*types.NewIndirectRef(n, 0))
		if err != nil {
			return nil, err
		}
		v.at[n], v.objects[n] = at, o
	}
	return v, nil
}

func (f foreign) inventory() (*inventory, error) {
	v := newInventory()
	if f.Root == nil {
		return nil, ErrNotPDF
	}
	v.root, v.encrypted = f.Root.ObjectNumber.Value(), f.Encrypt != nil
	for n, e := range f.Table {
		switch {
		case e == nil || e.Free || n == 0:
			continue
		case e.ObjectStream != nil && e.ObjectStreamInd != nil:
			v.packed[n] = [2]int{*e.ObjectStream, *e.ObjectStreamInd}
		case e.Offset != nil:
			v.at[n] = int(*e.Offset)
		}
		v.objects[n] = e.Object
	}
	return v, nil
}

// compare holds what a search through the bytes finds against the table.
func (v *inventory) compare(data []byte) error {
	found, err := headers(data)
	if err != nil {
		return err
	}
	for n, at := range found {
		if known, ok := v.at[n]; (!ok || known != at) && !v.isTable(data, n, at) {
			return twofold("object %d is not where the table says", n)
		}
	}
	for n := range v.at {
		if _, ok := found[n]; !ok {
			return twofold("object %d is not there", n)
		}
	}
	if err := v.trailers(data); err != nil {
		return err
	}
	for n, o := range v.objects {
		if err := v.object(n, o); err != nil {
			return err
		}
	}
	return nil
}

// isTable says whether an object that no table names is a table itself, of this file.
func (v *inventory) isTable(data []byte, n, at int) bool {
	if v.at[n] != 0 || v.packed[n] != [2]int{} {
		return false
	}
	d, _, err := syntax.ReadDict(data, afterSpace(data, at+len(strconv.Itoa(n)+" 0 obj")))
	root := d.Get("Root")
	return err == nil && string(d.Get("Type")) == "/XRef" && (root == nil || v.isRoot(root))
}

func (v *inventory) isRoot(reference []byte) bool {
	n, ok := syntax.Ref(reference)
	return ok && n == v.root
}

// trailers says whether all trailers name the same catalog. Also that of a second table is found where a first is looked for.
func (v *inventory) trailers(data []byte) error {
	for at := range places(data, "trailer") {
		begin := afterSpace(data, at+len("trailer"))
		if begin < len(data) && data[begin] == '%' {
			return twofold("a comment behind the word trailer")
		}
		if !bytes.HasPrefix(data[begin:], []byte("<<")) {
			continue // a word of a text
		}
		d, _, err := syntax.ReadDict(data, begin)
		root := d.Get("Root")
		if err != nil || root != nil && !v.isRoot(root) || d.Get("Encrypt") != nil && !v.encrypted {
			return twofold("a second trailer, or one that can be read in several ways")
		}
	}
	return nil
}

// object looks at one object: a catalog or table that is not this file's, and an object stream with objects of which the table does not know.
func (v *inventory) object(n int, o types.Object) error {
	if !isPlainlyReferring(o, 0) {
		return twofold("object %d names one of another generation", n)
	}
	var dict types.Dict
	var stream *types.StreamDict
	switch o := o.(type) {
	case types.Dict:
		dict = o
	case types.StreamDict:
		dict, stream = o.Dict, &o
	case types.ObjectStreamDict:
		dict, stream = o.Dict, &o.StreamDict
	case types.XRefStreamDict:
		dict = o.Dict
	}
	switch kind, _ := dict["Type"].(types.Name); kind {
	case "Catalog":
		if n != v.root {
			return twofold("object %d is a second catalog", n)
		}
	case "XRef":
		if root, ok := dict["Root"].(types.IndirectRef); dict["Root"] != nil && (!ok || root.ObjectNumber.Value() != v.root) {
			return twofold("object %d is a table with another catalog", n)
		}
	case "ObjStm":
		return v.pack(n, stream)
	}
	return nil
}

// pack says whether the table names exactly the objects of an object stream (ISO 32000-1, 7.5.7).
func (v *inventory) pack(n int, stream *types.StreamDict) error {
	bad := twofold("object stream %d holds other objects than the table says", n)
	if stream == nil {
		return bad
	}
	count, ok1 := stream.Dict["N"].(types.Integer)
	first, ok2 := stream.Dict["First"].(types.Integer)
	copied := *stream
	copied.Content = nil
	if err := copied.DecodeWithLimit(maxStructure); err != nil || !ok1 || !ok2 || first < 0 || int(first) > len(copied.Content) {
		return bad
	}
	head := strings.Fields(string(bytes.ReplaceAll(copied.Content[:first], []byte{0}, []byte{' '})))
	if count < 0 || len(head) != 2*count.Value() {
		return bad
	}
	for i := range count.Value() {
		number, ok := syntax.Int([]byte(head[2*i]))
		if place, known := v.packed[number]; !ok || !known || place != [2]int{n, i} {
			return bad
		}
	}
	return nil
}

// isPlainlyReferring says whether all references in an object are to generation 0: of others each program thinks what it likes.
func isPlainlyReferring(o types.Object, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch o := o.(type) {
	case types.IndirectRef:
		return o.GenerationNumber == 0
	case types.Array:
		for _, item := range o {
			if !isPlainlyReferring(item, depth+1) {
				return false
			}
		}
	case types.Dict:
		for _, item := range o {
			if !isPlainlyReferring(item, depth+1) {
				return false
			}
		}
	case types.StreamDict:
		return isPlainlyReferring(o.Dict, depth)
	case types.ObjectStreamDict:
		return isPlainlyReferring(o.Dict, depth)
	case types.XRefStreamDict:
		return isPlainlyReferring(o.Dict, depth)
	}
	return true
}
