package scan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// again is object 4 of document once more, with something else on it.
const again = "4 0 obj\n<</Type/Page/Parent 2 0 R/Annots[<</Subtype/Stamp>>]>>\nendobj\n"

// before puts a text in front of the table of a file, and names the table's new place.
func before(data []byte, text string) []byte {
	at := bytes.LastIndex(data, []byte("xref\n0"))
	return moveTable(bytes.Join([][]byte{data[:at], data[at:]}, []byte(text)))
}

// Genuine files are single, in the plain form and in any other. qpdf has written those in saved, one with object
// streams.
func TestSingle(t *testing.T) {
	plainly := document("", "0 0 10 10 re f", "/Fm Do")
	files := map[string][]byte{"plain": plainly, "one more": with(document("", "0 0 10 10 re f"), "<</Type/Font>>"), "words": before(plainly, "% 3 objectives of the trailer\n")}
	for _, name := range []string{"card.pdf", "saved/packed.pdf", "saved/linear.pdf"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	if !bytes.Contains(files["saved/packed.pdf"], []byte("/ObjStm")) || !bytes.Contains(files["saved/linear.pdf"], []byte("/Linearized")) {
		t.Fatal("the files are not what they are to be")
	}
	for name, data := range files {
		if err := Single(data); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What a viewer may find that searches for objects, and a reader of the table does not.
func TestTwofold(t *testing.T) {
	good := document("", "0 0 10 10 re f")
	table := string(good[bytes.LastIndex(good, []byte("xref\n0")):])
	replaced := func(old, new string) []byte {
		t.Helper()
		bad := bytes.Replace(good, []byte(old), []byte(new), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%q was not replaced", old)
		}
		return bad
	}
	for name, data := range map[string][]byte{
		"an object twice":             before(good, again),
		"and in front":                moveTable(replaced("%PDF-1.4\n", "%PDF-1.4\n"+again)),
		"in a comment":                before(good, "% "+again),
		"in a stream":                 before(good, "<<>>stream\n"+again+"endstream\n"),
		"with other spaces":           before(good, strings.Replace(again, "4 0 obj", "4\t0\n\nobj", 1)),
		"with none":                   before(good, strings.Replace(again, "4 0 obj", "4 0obj", 1)),
		"with a space of one viewer":  before(good, strings.Replace(again, "4 0 obj", "4\xff0\x80obj", 1)),
		"with a comment":              before(good, strings.Replace(again, "4 0 obj", "4 % x\n0 obj", 1)),
		"with one behind":             before(good, strings.Replace(again, "4 0 obj", "4 0 % x\nobj", 1)),
		"with zeros":                  before(good, strings.Replace(again, "4 0 obj", "004 00 obj", 1)),
		"with a sign":                 before(good, strings.Replace(again, "4 0 obj", "+4 -0 obj", 1)),
		"of another generation":       before(good, strings.Replace(again, "4 0 obj", "4 1 obj", 1)),
		"an object of no table":       before(good, strings.Replace(again, "4 0 obj", "9 0 obj", 1)),
		"a second trailer":            before(good, "trailer\n<</Root 4 0 R>>\n"),
		"one in pieces":               before(good, "trailer % x\n<</Root 4 0 R>>\n"),
		"one with a key":              before(good, "trailer\n<</Encrypt 4 0 R>>\n"),
		"a second catalog":            with(good, "<</Type/Catalog/Pages 2 0 R>>"),
		"another generation is named": with(good, "<</Rotate[1 1 R]>>"),
		"a table of its own":          with(good, "<</Type/XRef/Root 4 0 R/Length 0>>\nstream\n\nendstream"),
		"objects in a stream":         with(good, "<</Type/Obj#53tm/N 1/First 4/Length 18>>\nstream\n4 0 <</Type/Page>>\nendstream"),
		"an entry of nothing":         bytes.Replace(good, []byte(table), []byte(strings.NewReplacer("xref\n0 6", "xref\n0 7", "trailer\n<</Size 6", "0000000012 00000 n \ntrailer\n<</Size 7").Replace(table)), 1),
		"a page in front of it":       append([]byte("GIF89a"), good...),
	} {
		err := Single(data)
		if !errors.Is(err, ErrTwofold) {
			t.Errorf("%s: got %v, want ErrTwofold", name, err)
		}
	}
}

// with adds object 6, which the table names.
func with(data []byte, object string) []byte {
	at := bytes.LastIndex(data, []byte("xref\n0"))
	table := strings.NewReplacer("xref\n0 6", "xref\n0 7", "trailer\n<</Size 6", fmt.Sprintf("%010d 00000 n \ntrailer\n<</Size 7", at)).Replace(string(data[at:]))
	return moveTable([]byte(string(data[:at]) + "6 0 obj\n" + object + "\nendobj\n" + table))
}

func FuzzHeaders(f *testing.F) {
	f.Add([]byte("1 0 obj\n%x\nobj 3 0\xffobj"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := headers(data)
		for n, at := range found {
			if !bytes.HasPrefix(data[at:], fmt.Appendf(nil, "%d 0 obj", n)) {
				t.Errorf("object %d is not at %d", n, at)
			}
		}
		if err != nil && !errors.Is(err, ErrTwofold) {
			t.Errorf("got %v", err)
		}
	})
}
