package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// bundle is a page with a symbol, links, and files of many kinds in two leaves of a tree.
func bundle(t testing.TB) []byte {
	t.Helper()
	file := func(name string, object int) string {
		return fmt.Sprintf("<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>", name, name, object)
	}
	z := deflate("eyJ.token.sig")
	return objects(
		"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 5 0 R>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Annots["+
			"<</Type/Annot/Subtype/Link/Rect[0 0 300 300]/A<</S/URI/URI(https://all.example)>>>>"+
			"<</Type/Annot/Subtype/Link/Rect[200 200 40 40]/A<</S/URI/URI(https://example.org/c/12\\(3)>>>>"+
			"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://corner.example)>>>>"+
			"<</Type/Annot/Subtype/Text/Rect[0 0 300 300]/Contents(note)>><</Type/Annot/Subtype/Link/Rect[0 0 300 300]/Dest[3 0 R/Fit]>>]>>",
		stream("", perModule(symbolOf(t, "https://example.org/c/123"), 50, 50, 2)),
		"<</Kids[6 0 R 7 0 R]>>",
		"<</Limits[(a)(b)]/Names[(a) "+file("card.jwt", 8)+" (b) "+file("large.bin", 9)+"]>>",
		"<</Limits[(c)(d)]/Names[(c) 10 0 R (d) <</F(none)>>]>>",
		stream("/Type/EmbeddedFile/Filter/FlateDecode", z),
		stream("/Type/EmbeddedFile", strings.Repeat("x", MaxAttachment+1)),
		"<</Type/Filespec/UF<FEFF00E9>/EF<</UF 11 0 R>>>>",
		stream("/Type/EmbeddedFile", ""),
	)
}

func TestReadOfABundle(t *testing.T) {
	doc, err := Read(bundle(t))
	if err != nil || len(doc.Pages) != 1 {
		t.Fatalf("got %v, %v", doc, err)
	}
	if got, want := doc.Pages[0].Codes, (Code{Text: "https://example.org/c/123", Link: "https://example.org/c/12(3"}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v; want %v alone", got, want)
	}
	want := []Attachment{{"card.jwt", []byte("eyJ.token.sig")}, {"large.bin", nil}, {"é", []byte{}}}
	if len(doc.Attachments) != len(want) {
		t.Fatalf("got %v; want %v", doc.Attachments, want)
	}
	for i, a := range doc.Attachments {
		if a.Name != want[i].Name || !bytes.Equal(a.Data, want[i].Data) || (a.Data == nil) != (want[i].Data == nil) {
			t.Errorf("got %q; want %q", a, want[i])
		}
	}
}

// A tree that hangs together with itself, and one that says the same file too often, come to an end.
func TestAttachmentsRefuse(t *testing.T) {
	for name, tree := range map[string]string{
		"a ring":         "<</Kids[4 0 R]>>",
		"too many nodes": "<</Kids[" + strings.Repeat("5 0 R ", maxTreeNodes+1) + "]>>",
		"too many files": "<</Names[" + strings.Repeat("(a) <</F(a)/EF<</F 6 0 R>>>> ", maxAttachments+1) + "]>>",
	} {
		file := objects("<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 4 0 R>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", tree, "<<>>", stream("", "a"))
		if got, err := Read(file); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %d attachments, %v; want ErrTooLarge", name, len(got.Attachments), err)
		}
	}
}
