// Package syntax reads the skeleton of a PDF file (ISO 32000-1, 7.3 and 7.5): its cross-reference tables, its trailer, and single
// objects. Page content is never touched.
//
// It reads the plain form alone, as Cardproof writes it: tables instead of streams, generation 0, no encryption, no comment and no
// second spelling inside of what it reads. Whatever else a PDF may be is refused, because a reader that guesses can be led to see
// another file than the person does. So is a table with any fault, in whatever part of it: for some fault or other each viewer throws
// the table away and looks for the objects itself, and then it may find others.
package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// The limits on a file.
const (
	maxObjects  = 200_000
	maxSections = 16 // cross-reference tables, one for each time the file was saved
)

// ErrSyntax says that a file is no PDF of the form that is read here. It comes with what and where.
var ErrSyntax = errors.New("not a PDF of the plain form")

// File is the skeleton of a PDF.
type File struct {
	Trailer  Dict
	TableAt  int // where the newest cross-reference table begins
	Sections int // how many tables there are
	data     []byte
	offsets  []int64 // by object number: where it begins; 0 where it is not known yet, -1 where it is free
}

// Open reads the cross-reference tables from the end of a file to its beginning. Nothing but one end of line may stand behind %%EOF.
// The error is ErrSyntax.
func Open(data []byte) (*File, error) {
	if !bytes.HasPrefix(data, []byte("%PDF-1.")) && !bytes.HasPrefix(data, []byte("%PDF-2.")) {
		return nil, wrong(0, "no header")
	}
	at, err := startOf(data)
	if err != nil {
		return nil, err
	}
	f := &File{data: data, TableAt: at}
	for end := len(data); ; {
		if at >= end || f.Sections == maxSections {
			return nil, wrong(at, "a table that is not before the one that names it, or one too many")
		}
		trailer, err := f.section(at)
		if err != nil {
			return nil, err
		}
		f.Sections++
		if f.Trailer == nil {
			f.Trailer = trailer
		}
		prev := trailer.Get("Prev")
		if prev == nil {
			return f, f.whole()
		}
		end = at
		var ok bool
		if at, ok = Int(prev); !ok {
			return nil, wrong(end, "no place of the table before")
		}
	}
}

// startOf reads the end of a file: startxref, the place of the table, %%EOF.
func startOf(data []byte) (int, error) {
	tail, ok := bytes.CutSuffix(bytes.TrimRight(data, "\r\n"), []byte("%%EOF"))
	if !ok || len(data)-len(tail) > len("%%EOF\r\n") {
		return 0, wrong(len(data), "no end of a file")
	}
	tail = bytes.TrimRight(tail, "\r\n")
	digits := len(tail)
	for digits > 0 && tail[digits-1] >= '0' && tail[digits-1] <= '9' {
		digits--
	}
	at, ok := Int(tail[digits:])
	if !ok || !bytes.HasSuffix(bytes.TrimRight(tail[:digits], "\r\n"), []byte("startxref")) {
		return 0, wrong(digits, "no startxref")
	}
	return at, nil
}

// section reads one table and its trailer. A newer table has been read before, so what is known stays.
func (f *File) section(at int) (Dict, error) {
	data := f.data
	if !bytes.HasPrefix(data[at:], []byte("xref")) {
		return nil, wrong(at, "no cross-reference table")
	}
	for at = skipSpace(data, at+4); !bytes.HasPrefix(data[at:], []byte("trailer")); {
		end := skipRegular(data, at)
		first, ok1 := Int(data[at:end])
		at = skipSpace(data, end)
		end = skipRegular(data, at)
		count, ok2 := Int(data[at:end])
		if !ok1 || !ok2 || first+count > maxObjects {
			return nil, wrong(at, "no part of a cross-reference table")
		}
		at = skipSpace(data, end)
		if at+20*count > len(data) {
			return nil, wrong(at, "a table that is cut off")
		}
		for n := first; n < first+count; n, at = n+1, at+20 {
			if err := f.entry(n, at); err != nil {
				return nil, err
			}
		}
	}
	d, _, err := ReadDict(data, skipSpace(data, at+len("trailer")))
	if err != nil {
		return nil, err
	}
	if d.Get("Encrypt") != nil || d.Get("XRefStm") != nil {
		return nil, wrong(at, "encryption or a cross-reference stream")
	}
	return d, nil
}

// whole says whether the tables together name every number below the size, and the newest trailer only objects that are there.
func (f *File) whole() error {
	size, ok := Int(f.Trailer.Get("Size"))
	if !ok || size != len(f.offsets) || f.offsets[0] != -1 {
		return wrong(f.TableAt, "a size that is not that of the table, or no entry 0")
	}
	for _, e := range f.Trailer {
		if e.Raw[len(e.Raw)-1] != 'R' {
			continue
		}
		n, ok := Ref(e.Raw)
		if !ok {
			return wrong(e.At, "no reference")
		}
		if _, err := f.begin(n); err != nil {
			return err
		}
	}
	return nil
}

// entry reads the 20 bytes of one object: "0000000123 00000 n" and two of an end of line. There has to be what it names, and of entry 0
// each byte is given (ISO 32000-1, 7.5.4).
func (f *File) entry(n, at int) error {
	e := f.data[at : at+20]
	offset, ok := int64(0), isSpace(e[18]) && isSpace(e[19]) && e[10] == ' ' && e[16] == ' '
	for i, c := range e[:16] {
		ok = ok && (i == 10 || c >= '0' && c <= '9')
		if i < 10 {
			offset = 10*offset + int64(c-'0')
		}
	}
	ok = ok && (n == 0) == (string(e[:18]) == "0000000000 65535 f")
	switch {
	case !ok || offset >= int64(len(f.data)):
		return wrong(at, "no entry of a cross-reference table")
	case e[17] == 'f':
		offset = -1
	case e[17] != 'n' || string(e[11:16]) != "00000" || !f.isObject(n, int(offset)):
		return wrong(at, "no entry of a cross-reference table")
	}
	for len(f.offsets) <= n {
		f.offsets = append(f.offsets, 0)
	}
	if f.offsets[n] == 0 {
		f.offsets[n] = offset
	}
	return nil
}

// isObject says whether the object of a number begins at a place, and not within the number of another.
func (f *File) isObject(n, at int) bool {
	return at > 0 && isSpace(f.data[at-1]) && bytes.HasPrefix(f.data[at:], []byte(header(n)))
}

func header(n int) string { return strconv.Itoa(n) + " 0 obj" }

// Object is an object that is a dictionary without a stream.
type Object struct {
	Number int
	Dict
	Raw []byte // from << to >>
	At  int    // where Raw begins in the file
}

// begin is where the value of an object begins.
func (f *File) begin(n int) (at int, err error) {
	if n <= 0 || n >= len(f.offsets) || f.offsets[n] <= 0 {
		return 0, wrong(0, fmt.Sprintf("no object %d", n))
	}
	return skipSpace(f.data, int(f.offsets[n])+len(header(n))), nil
}

// Object reads the object of a number. The error is ErrSyntax.
func (f *File) Object(n int) (Object, error) {
	at, err := f.begin(n)
	if err != nil {
		return Object{}, err
	}
	d, end, err := ReadDict(f.data, at)
	if err != nil {
		return Object{}, err
	}
	if !bytes.HasPrefix(f.data[skipSpace(f.data, end):], []byte("endobj")) {
		return Object{}, wrong(end, "no end of an object")
	}
	return Object{n, d, f.data[at:end], at}, nil
}

// Read reads the object of a number, which is any value, or a dictionary with a stream behind it; without one, stream is nil. How long
// the stream is, its dictionary has to say itself, and nothing but one end of line may stand in front of its end. The error is ErrSyntax.
func (f *File) Read(n int) (value, stream []byte, err error) {
	at, err := f.begin(n)
	if err != nil {
		return nil, nil, err
	}
	end, err := skipValue(f.data, at, 0)
	if err != nil {
		return nil, nil, err
	}
	value = f.data[at:end]
	if at = skipSpace(f.data, end); bytes.HasPrefix(f.data[at:], []byte("stream")) {
		if stream, at, err = f.stream(value, at+len("stream")); err != nil {
			return nil, nil, err
		}
	}
	if !bytes.HasPrefix(f.data[at:], []byte("endobj")) {
		return nil, nil, wrong(at, "no end of an object")
	}
	return value, stream, nil
}

// stream reads the bytes of a stream whose keyword ends at a place, and gives the place behind its end.
func (f *File) stream(dict []byte, at int) (data []byte, end int, err error) {
	d, _, err := ReadDict(dict, 0)
	if err != nil {
		return nil, 0, err
	}
	length, ok := Int(d.Get("Length"))
	rest := f.data[at:]
	n := endOfLine(rest)
	if !ok || n == 0 || length > len(rest)-n {
		return nil, 0, wrong(at, "no stream, or one whose length does not stand there")
	}
	data, rest = rest[n:n+length:n+length], rest[n+length:]
	rest = rest[endOfLine(rest):]
	if !bytes.HasPrefix(rest, []byte("endstream")) {
		return nil, 0, wrong(at, "a stream of another length")
	}
	return data, skipSpace(f.data, len(f.data)-len(rest)+len("endstream")), nil
}

// endOfLine is how many bytes the end of line at the front takes: CR LF or LF, and 0 where there is none (ISO 32000-1, 7.3.8.1).
func endOfLine(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("\r\n")):
		return 2
	case bytes.HasPrefix(b, []byte("\n")):
		return 1
	}
	return 0
}

// Follow reads the object that a reference names. The error is ErrSyntax.
func (f *File) Follow(reference []byte) (Object, error) {
	n, ok := Ref(reference)
	if !ok {
		return Object{}, wrong(0, "no reference")
	}
	return f.Object(n)
}

// Objects is one more than the highest object number.
func (f *File) Objects() int { return len(f.offsets) }

// Place is the byte at which an object begins, 0 where there is none of this number.
func (f *File) Place(n int) int {
	if n <= 0 || n >= len(f.offsets) {
		return 0
	}
	return int(max(f.offsets[n], 0))
}
