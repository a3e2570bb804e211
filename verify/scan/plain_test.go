package scan

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// both reads a file in the plain form and with pdfcpu.
func both(t *testing.T, r *Reader, data []byte) (mine, other Document) {
	t.Helper()
	file, err := openPlain(data, &r.values)
	if err != nil {
		t.Fatal(err)
	}
	if mine, err = r.read(context.Background(), file); err != nil {
		t.Fatal(err)
	}
	any, err := pdfcpu.ReadWithContext(context.Background(), bytes.NewReader(data), configuration())
	if err != nil {
		t.Fatal(err)
	}
	if other, err = new(Reader).read(context.Background(), foreign{any}); err != nil {
		t.Fatal(err)
	}
	return mine, other
}

// A file of the plain form says the same whoever reads it, also to a Reader that has seen it before.
func TestPlainReadsAsPdfcpuDoes(t *testing.T) {
	sealed, err := os.ReadFile(filepath.Join("..", "seal", "testdata", "stamped.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	symbol := symbolOf(t, sampleText)
	var r Reader
	for name, data := range map[string][]byte{
		"a card":          sealed,
		"pages and forms": document(perModule(symbol, 0, 0, 1), "/Fm Do", perColumn(symbol, 20, 20, 2), ""),
	} {
		for range 2 {
			if mine, other := both(t, &r, data); !reflect.DeepEqual(mine, other) {
				t.Errorf("%s: got %+v, and pdfcpu %+v", name, mine, other)
			}
		}
	}
}

// What is not of the plain form is left to pdfcpu.
func TestPlainLeavesTheRest(t *testing.T) {
	good := string(document("", perModule(symbolOf(t, sampleText), 20, 20, 2)))
	if _, err := openPlain([]byte(good), new(memory[types.Object])); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another header":       {"%PDF-1.4", "%PDX-1.4"},
		"another count":        {"/Count 1", "/Count 2"},
		"a page that is none":  {"/Type/Page/", "/Type/Pagx/"},
		"a page tree in rings": {"/Kids[4 0 R ]", "/Kids[2 0 R ]"},
		"a comment":            {"/Type/Catalog/", "/Type/Catalo%/"},
		"a key there twice":    {"/Type/Page/Parent 2 0 R", "/Type/Page/Parent 2 0 R/Type/Page"},
		"a name in disguise":   {"/Type/Page/Parent 2 0 R", "/Type/Page/#50arent 1/Parent 2"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := openPlain([]byte(bad), new(memory[types.Object])); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// A stream that is damaged, or has something behind it, is none of the plain form.
func TestPlainStreamsAreWhole(t *testing.T) {
	z := deflate("0 0 10 10 re f")
	for name, stream := range map[string]string{"a byte behind it": z + "x", "cut off": z[:len(z)-1], "another checksum": z[:len(z)-1] + "~"} {
		data := bytes.Replace(document("", "0 0 10 10 re f"), []byte(z), []byte(stream), 1)
		data = bytes.Replace(data, []byte("/FlateDecode/Length "+itoa(len(z))), []byte("/FlateDecode/Length "+itoa(len(stream))), 1)
		var r Reader
		file, err := openPlain(moveTable(data), &r.values)
		if err == nil {
			_, err = r.read(context.Background(), file)
		}
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// moveTable names the place that the cross-reference table of a changed file has now. The objects behind the change are not found any
// more; the page and its content stand before it.
func moveTable(data []byte) []byte {
	at := bytes.LastIndex(data, []byte("xref\n0"))
	end := bytes.LastIndex(data, []byte("startxref\n")) + len("startxref\n")
	return append(append(append([]byte{}, data[:end]...), itoa(at)...), "\n%%EOF\n"...)
}
