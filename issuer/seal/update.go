package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
	"unicode/utf16"

	"github.com/cardproof/cardproof/verify/seal/syntax"
)

// base is a finished file, as far as a seal has to know it.
type base struct {
	file      []byte
	table     int // where its cross-reference table begins
	size      int // one more than its highest object number
	trailer   syntax.Dict
	catalogue syntax.Object
	page      syntax.Object // the first
}

// readBase reads the skeleton of a file that the issuer has drawn, and refuses any other: the error is ErrFile.
func readBase(file []byte) (*base, error) {
	fail := func(what any) (*base, error) { return nil, fmt.Errorf("%w: %v", ErrFile, what) }
	if bytes.Contains(file, []byte("/ByteRange")) {
		return fail("it has a signature")
	}
	f, err := syntax.Open(file)
	if err != nil {
		return fail(err)
	}
	if f.Sections != 1 || file[len(file)-1] != '\n' {
		return fail("it was changed after it was drawn")
	}
	b := &base{file: file, table: f.TableAt, size: f.Objects(), trailer: f.Trailer}
	if n, ok := syntax.Int(f.Trailer.Get("Size")); !ok || n != b.size {
		return fail("its trailer names another number of objects")
	}
	if b.catalogue, err = f.Follow(f.Trailer.Get("Root")); err != nil {
		return fail(err)
	}
	for _, key := range []string{"AcroForm", "Perms", "Extensions"} {
		if b.catalogue.Get(key) != nil {
			return fail("its catalogue has /" + key)
		}
	}
	pages, err := f.Follow(b.catalogue.Get("Pages"))
	if err != nil {
		return fail(err)
	}
	kids, err := syntax.Items(pages.Get("Kids"))
	if err != nil || len(kids) == 0 {
		return fail("it has no page")
	}
	if b.page, err = f.Follow(kids[0]); err != nil {
		return fail(err)
	}
	if string(b.page.Get("Type")) != "/Page" {
		return fail("its first page is none")
	}
	if a := b.page.Get("Annots"); a != nil && a[0] != '[' {
		return fail("the annotations of its first page are in another place")
	}
	return b, nil
}

// layout is a file with its update, and with the place for the CMS still empty.
type layout struct {
	out      []byte
	hash     hash.Hash // of the file before the update
	file     int       // bytes of it
	from, to int       // the place, from < to >
}

const (
	rangeDigits = 10
	contentsKey = "/Contents<"
)

// layout writes the update behind the file: the signature's dictionary, its field on the first page, the catalogue and the page that
// name them, and a table with its trailer. size is the CMS's, in bytes.
func (b *base) layout(dictionary []byte, size int) *layout {
	signature, field := b.size, b.size+1
	l := &layout{hash: sha256.New(), file: len(b.file)}
	l.hash.Write(b.file)
	sum := l.hash.Sum(nil) // the hash goes on
	out := make([]byte, 0, len(b.file)+len(b.catalogue.Raw)+len(b.page.Raw)+len(dictionary)+2*size+1536)
	out = append(out, b.file...)
	at := map[int]int{}
	object := func(n int, parts ...[]byte) {
		at[n] = len(out)
		out = fmt.Appendf(out, "%d 0 obj\n", n)
		for _, p := range parts {
			out = append(out, p...)
		}
		out = append(out, "\nendobj\n"...)
	}
	object(signature, dictionary, bytes.Repeat([]byte{'0'}, 2*size), []byte(">>>"))
	l.to = len(out) - len(">>\nendobj\n")
	l.from = l.to - 2*size - len("<>")
	object(field, fmt.Appendf(nil, "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/F 132/Rect[0 0 0 0]/P %d 0 R/V %d 0 R>>", b.page.Number, signature))
	object(b.catalogue.Number, b.catalogue.Raw[:len(b.catalogue.Raw)-2], []byte(version(b.catalogue)), fmt.Appendf(nil,
		"/AcroForm<</Fields[%d 0 R]/SigFlags 3>>/Perms<</DocMDP %d 0 R>>/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 2>>>>>>", field, signature))
	object(b.page.Number, b.annotated(field)...)
	table := len(out)
	out = fmt.Appendf(out, "xref\n0 1\n0000000000 65535 f \n")
	for _, n := range []int{min(b.page.Number, b.catalogue.Number), max(b.page.Number, b.catalogue.Number)} {
		out = fmt.Appendf(out, "%d 1\n%010d 00000 n \n", n, at[n])
	}
	out = fmt.Appendf(out, "%d 2\n%010d 00000 n \n%010d 00000 n \n", signature, at[signature], at[field])
	out = append(append(out, "trailer\n"...), b.newTrailer(sum)...)
	l.out = fmt.Appendf(out, "\nstartxref\n%d\n%%%%EOF\n", table)
	l.writeRange()
	return l
}

// version is what raises an older file to PDF 1.7, which has what the seal needs; a catalogue that names a version keeps it.
func version(catalogue syntax.Object) string {
	if catalogue.Get("Version") != nil {
		return ""
	}
	return "/Version/1.7"
}

// annotated is the first page with the field among its annotations.
func (b *base) annotated(field int) [][]byte {
	page := b.page.Raw
	annots, ok := b.page.Entry("Annots")
	if !ok {
		return [][]byte{page[:len(page)-2], fmt.Appendf(nil, "/Annots[%d 0 R]>>", field)}
	}
	end := annots.At - b.page.At + len(annots.Raw) - 1
	return [][]byte{page[:end], fmt.Appendf(nil, " %d 0 R", field), page[end:]}
}

// newTrailer keeps every entry of the trailer but those that the update changes. The identifier is made of the file's digest, so that
// the same file has the same; where it had one, the first half stays (ISO 32000-1, 14.4).
func (b *base) newTrailer(sum []byte) []byte {
	first := fmt.Appendf(nil, "<%x>", sum[:16])
	if had, err := syntax.Items(b.trailer.Get("ID")); err == nil && len(had) == 2 {
		first = had[0]
	}
	out := fmt.Appendf(nil, "<</Size %d/Prev %d/ID[%s<%x>]", b.size+2, b.table, first, sum[16:])
	for _, e := range b.trailer {
		if e.Key != "Size" && e.Key != "ID" {
			out = fmt.Appendf(out, "/%s %s", e.Key, e.Raw)
		}
	}
	return append(out, ">>"...)
}

// writeRange fills in /ByteRange, which has a place of fixed width just before /Contents.
func (l *layout) writeRange() {
	text := fmt.Sprintf("[0 %d %d %d]", l.from, l.to, len(l.out)-l.to)
	end := l.from - len(contentsKey) + 1
	copy(l.out[end-rangeWidth:end], text)
}

// rangeWidth is the place of /ByteRange's value: what the numbers leave of it stays blank behind the array.
const rangeWidth = len("[0   ]") + 3*rangeDigits

// digest is that of the file without the CMS and the brackets around it. It can be asked for once.
func (l *layout) digest() (sum [sha256.Size]byte) {
	l.hash.Write(l.out[l.file:l.from])
	l.hash.Write(l.out[l.to:])
	l.hash.Sum(sum[:0])
	return sum
}

// fill writes the CMS into its place, and zeros behind it. It answers no where the CMS is too long.
func (l *layout) fill(cms []byte) bool {
	place := l.out[l.from+1 : l.to-1]
	if hex.EncodedLen(len(cms)) > len(place) {
		return false
	}
	hex.Encode(place, cms)
	return true
}

// dictionary is the signature's (ISO 32000-1, 12.8.1, with EN 319 142-1, 5.3) up to the place of the CMS.
func (s *Sealer) dictionary(at time.Time) []byte {
	out := []byte("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached")
	for _, e := range []struct{ key, text string }{
		{"Name", s.o.Name}, {"Reason", s.o.Reason}, {"Location", s.o.Location}, {"ContactInfo", s.o.Contact},
	} {
		if e.text != "" {
			out = append(append(append(out, '/'), e.key...), text(e.text)...)
		}
	}
	out = append(out, at.Format("/M(D:20060102150405Z)")...)
	out = append(out, "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]/ByteRange"...)
	out = append(out, bytes.Repeat([]byte{' '}, rangeWidth)...)
	return append(out, contentsKey...)
}

// text is a text string (ISO 32000-1, 7.9.2.2): ASCII as it is, all else as UTF-16. It is a literal string, with octal escapes for what is
// not printable, because not every program that shows seals reads hexadecimal ones.
func text(s string) []byte {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= 0x20 && s[i] < 0x7f
	}
	raw := []byte(s)
	if !plain {
		raw = []byte{0xfe, 0xff}
		for _, u := range utf16.Encode([]rune(s)) {
			raw = append(raw, byte(u>>8), byte(u))
		}
	}
	out := []byte{'('}
	for _, c := range raw {
		switch {
		case c == '(' || c == ')' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20 || c >= 0x7f:
			out = fmt.Appendf(out, "\\%03o", c)
		default:
			out = append(out, c)
		}
	}
	return append(out, ')')
}

// leastFile is a page without anything on it, in the form of the issuer's files.
func leastFile() []byte {
	return plainFile([]string{
		"<</Type/Pages/Kids[2 0 R]/Count 1>>", "<</Type/Page/Parent 1 0 R/Resources<<>>/MediaBox[0 0 9 9]>>", "<</Type/Catalog/Pages 1 0 R>>",
	}, "/Root 3 0 R")
}

// plainFile writes objects, numbered from 1, with a table and a trailer.
func plainFile(objects []string, trailer string) []byte {
	out, table := []byte("%PDF-1.7\n"), []byte(nil)
	for i, object := range objects {
		table = fmt.Appendf(table, "%010d 00000 n \n", len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	at, size := len(out), len(objects)+1
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n%s", size, table)
	return fmt.Appendf(out, "trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n", size, trailer, at)
}
