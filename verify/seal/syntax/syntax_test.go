package syntax

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// file is a PDF of two objects, saved twice.
func file() []byte {
	out := []byte("%PDF-1.7\n")
	one := len(out)
	out = append(out, "1 0 obj\n<</A (a\\)b(c)) /B [1 2 0 R <0aF>] /C<</D null>>>>\nendobj\n"...)
	first := len(out)
	out = fmt.Appendf(out, "xref\n0 2\n0000000000 65535 f \n%010d 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", one, first)
	two := len(out)
	out = append(out, "2 0 obj <</E 7>> endobj\n"...)
	second := len(out)
	return fmt.Appendf(out, "xref\n2 1\n%010d 00000 n \ntrailer\n<</Size 3/Prev %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", two, first, second)
}

func TestOpen(t *testing.T) {
	f, err := Open(file())
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.Follow(f.Trailer.Get("Root"))
	if err != nil || o.Number != 1 || f.Sections != 2 || f.Objects() != 3 {
		t.Fatalf("got %+v of %+v, %v", o, f, err)
	}
	for key, want := range map[string]string{"A": "(a\\)b(c))", "B": "[1 2 0 R <0aF>]", "C": "<</D null>>", "D": ""} {
		if got := string(o.Get(key)); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	items, err := Items(o.Get("B"))
	if err != nil || len(items) != 3 || string(items[1]) != "2 0 R" {
		t.Errorf("got %q, %v", items, err)
	}
	if o, err = f.Follow(items[1]); err != nil || string(o.Get("E")) != "7" {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"no header":         {"%PDF-1.7", "%PDF-9.7"},
		"a key twice":       {"/Size 3", "/Size 3/Size 3"},
		"a loop":            {"/Prev ", "/Prev 9"},
		"no table":          {"xref\n2 1", "xreg\n2 1"},
		"a torn entry":      {" 00000 n \ntrailer\n<</Size 3", " 00000 m \ntrailer\n<</Size 3"},
		"a generation":      {" 00000 n \ntrailer\n<</Size 3", " 00001 n \ntrailer\n<</Size 3"},
		"another entry 0":   {"0000000000 65535 f", "0000000007 65535 f"},
		"no digits in it":   {"0000000000 65535 f", "0000000000 xxxxx f"},
		"no entry 0":        {"xref\n0 2\n0000000000 65535 f ", "xref\n1 1"},
		"0 in use":          {"0000000000 65535 f", "0000000009 00000 n"},
		"another place":     {"0000000009 00000 n", "0000000010 00000 n"},
		"within a number":   {"\n1 0 obj", "\n31 0 obj"},
		"another size":      {"/Size 3", "/Size 4"},
		"no such object":    {"/Size 3", "/Info 7 0 R/Size 3"},
		"another's object":  {"/Size 3", "/Info 1 1 R/Size 3"},
		"encryption":        {"/Size 3", "/Encrypt 1 0 R/Size 3"},
		"a hidden table":    {"/Size 3", "/XRefStm 1/Size 3"},
		"a comment":         {"/Size 3", "%\n/Size 3"},
		"too many objects":  {"xref\n2 1", "xref\n2 999999"},
		"something behind":  {"<</Size 2/Root 1 0 R>>", "<</Size 2/Root 1 0 R"},
		"too deep":          {"null", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)},
		"no end":            {"(c))", "(c)"},
		"no hexadecimal":    {"<0aF>", "<0aG>"},
		"an empty key":      {"/E 7", "/ 7"},
		"no end of object":  {">> endobj", ">> endob"},
		"another's number":  {"2 0 obj", "3 0 obj"},
		"an endless object": {"/C<</D null>>>>", "/C<</D null"},
	} {
		text := string(file())
		bad := strings.Replace(text, change[0], change[1], -1)
		if bad == text {
			t.Fatalf("%s: nothing was changed", name)
		}
		// Where the change shifts the tables, their places are moved along.
		f, err := Open([]byte(moved(text, bad)))
		for _, n := range []int{1, 2} {
			if err == nil {
				_, err = f.Object(n)
			}
		}
		if !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: got %v, want ErrSyntax", name, err)
		}
	}
}

// moved names the place of the last table of a changed file.
func moved(old, changed string) string {
	at := strings.LastIndex(changed, "xref\n2")
	if at < 0 {
		return changed
	}
	end := strings.LastIndex(changed, "startxref\n") + len("startxref\n")
	return changed[:end] + fmt.Sprint(at) + "\n%%EOF\n"
}

func FuzzOpen(f *testing.F) {
	f.Add(file())
	sealed, err := os.ReadFile("../testdata/stamped.pdf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(data)
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Errorf("got %v, want ErrSyntax", err)
			}
			return
		}
		for n := range min(file.Objects(), 100) {
			o, err := file.Object(n)
			if err != nil {
				continue
			}
			if d, end, err := ReadDict(o.Raw, 0); err != nil || end != len(o.Raw) || len(d) != len(o.Dict) {
				t.Errorf("object %d reads otherwise alone: %v", n, err)
			}
		}
	})
}
