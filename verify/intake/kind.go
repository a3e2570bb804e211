package intake

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/verify/photo"
)

// kind is what a file is by its first bytes.
type kind int

const (
	otherKind kind = iota
	pdfKind
	pictureKind
	zipKind
	heicKind
)

// headLength is how many bytes kindOf needs. A PDF's mark may stand behind others: within 1,024 bytes by ISO 32000-1, annex H.3.4.1, and
// there are viewers that look for it four times as far.
const headLength = 4096 + 16

var (
	pdfMark   = []byte("%PDF-")
	tableMark = []byte("startxref")  // viewers that miss the other mark go on with this one
	endOfZIP  = []byte("PK\x05\x06") // APPNOTE.TXT, 4.3.16
	listOfZIP = []byte("PK\x01\x02") // 4.3.12; each entry of its list begins so
)

func kindOf(head []byte) kind {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, endOfZIP):
		return zipKind
	case photo.Kind(head) != "":
		return pictureKind
	case bytes.Contains(head[:min(len(head), headLength)], pdfMark):
		return pdfKind
	case len(head) >= 12 && string(head[4:8]) == "ftyp" && slices.Contains([]string{"heic", "heix", "mif1", "msf1", "heim", "hevc"}, string(head[8:12])):
		return heicKind
	}
	return otherKind
}

// A file can be of two kinds at once: a PDF fits into a picture's comment, and a ZIP begins wherever its end says. Such a file is shown in
// one way and read in another, so it is never fine, whatever the part of it that was read says. What a telephone appends to a
// photograph, such as the film of a moving one, is neither.

// isTwofold says whether a file that is a PDF or a picture by its first bytes is something else as well, or is called something else.
func isTwofold(name string, k kind, data []byte) bool {
	switch k {
	case pictureKind:
		return isCalled(name, ".pdf") || isCalled(name, ".zip") || isZIPToo(data) || bytes.Contains(data, pdfMark) || bytes.Contains(data, tableMark)
	case pdfKind:
		return isCalled(name, ".zip") || isZIPToo(data)
	}
	return false
}

// isCalled says whether a name has an ending, as a system understands it: some pass over dots and spaces behind it.
func isCalled(name, ending string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimRight(name, ". ")), ending)
}

// tailLength is how far from the end of a file that of a ZIP stands at most: behind it comes a comment (APPNOTE.TXT, 4.3.16).
const tailLength = 22 + 1<<16

// isZIPToo says whether a file ends as a ZIP does.
func isZIPToo(data []byte) bool {
	return bytes.Contains(data[max(0, len(data)-tailLength):], endOfZIP) && bytes.Contains(data, listOfZIP)
}

// isPDFToo says whether a ZIP is a PDF as well, or is called one. Files that are in it without compression may be PDFs: they are looked
// at one by one. So what counts is what stands at its beginning and at its end and belongs to none of them.
func isPDFToo(name string, z *zip.Reader, at io.ReaderAt, size int64) bool {
	if isCalled(name, ".pdf") {
		return true
	}
	stored := storedIn(z)
	for _, part := range [][2]int64{{0, min(size, headLength)}, {max(0, size-tailLength), size}} {
		bytesOf := make([]byte, part[1]-part[0])
		if _, err := at.ReadAt(bytesOf, part[0]); err != nil && err != io.EOF {
			return true // and not silently fine
		}
		for _, mark := range [][]byte{pdfMark, tableMark} {
			for from := 0; ; {
				i := bytes.Index(bytesOf[from:], mark)
				if i < 0 {
					break
				}
				from += i + 1
				if place := part[0] + int64(from) - 1; !slices.ContainsFunc(stored, func(s [2]int64) bool { return s[0] <= place && place < s[1] }) {
					return true
				}
			}
		}
	}
	return false
}

// storedIn are the places, from and to, of the files that are in a ZIP without compression.
func storedIn(z *zip.Reader) [][2]int64 {
	var places [][2]int64
	for _, f := range z.File {
		if from, err := f.DataOffset(); err == nil && f.Method == zip.Store {
			places = append(places, [2]int64{from, from + int64(f.CompressedSize64)})
		}
	}
	return places
}
