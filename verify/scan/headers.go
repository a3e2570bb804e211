package scan

import (
	"bytes"
	"iter"
	"strconv"

	"github.com/cardproof/cardproof/verify/seal/syntax"
)

// headers finds where objects begin, as a program does that has no table: "12 0 obj", wherever it stands, also within streams, comments and
// strings. It gives the place by the object's number. A number that is there twice, and a beginning that is written in another way and that
// some program may understand, are ErrTwofold.
func headers(data []byte) (map[int]int, error) {
	found := map[int]int{}
	for at := range places(data, "obj") {
		begin, is := header(data, at)
		if !is {
			continue
		}
		digits, plainly := bytes.CutSuffix(data[begin:at], []byte(" 0 "))
		n, ok := syntax.Int(digits)
		if !plainly || !ok || strconv.Itoa(n) != string(digits) {
			return nil, twofold("an object at byte %d begins in an unusual way", begin)
		}
		if _, twice := found[n]; twice {
			return nil, twofold("object %d is there more than once", n)
		}
		found[n] = begin
	}
	return found, nil
}

// header says whether the word "obj" at a place is that of an object, and where its number begins. It takes for one whatever any program
// might: with every byte between that counts as a space somewhere, with signs, and with a comment between.
func header(data []byte, at int) (begin int, is bool) {
	generation := beforeSpace(data, at)
	if hasComment(data, generation, at) {
		return generation, true
	}
	digits := beforeNumber(data, generation)
	gap := beforeSpace(data, digits)
	if digits == generation || gap == digits {
		return 0, false
	}
	if hasComment(data, gap, digits) {
		return gap, true
	}
	begin = beforeNumber(data, gap)
	return begin, begin < gap
}

// hasComment says whether a space between two places ends a line with a comment.
func hasComment(data []byte, from, to int) bool {
	if !bytes.ContainsAny(data[from:to], "\r\n") {
		return false
	}
	line := data[:from]
	return bytes.IndexByte(line[bytes.LastIndexAny(line, "\r\n")+1:], '%') >= 0
}

// beforeSpace is where the white space begins that ends at a place. Some programs count bytes as white space that the standard does not.
func beforeSpace(data []byte, at int) int {
	for at > 0 && bytes.IndexByte([]byte("\x00\t\n\v\f\r \x80\x85\xa0\xff"), data[at-1]) >= 0 {
		at--
	}
	return at
}

func beforeNumber(data []byte, at int) int {
	for at > 0 && bytes.IndexByte([]byte("0123456789+-."), data[at-1]) >= 0 {
		at--
	}
	return at
}

func afterSpace(data []byte, at int) int {
	for at < len(data) && beforeSpace(data, at+1) == at {
		at++
	}
	return at
}

// places are all places of a word in a file.
func places(data []byte, word string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(data[from:], []byte(word))
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + len(word)
		}
	}
}
