package scan

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// objects is a PDF with the given objects, the first of which is the catalog.
func objects(list ...string) []byte {
	var out strings.Builder
	out.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, o := range list {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(list)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(list)+1, start)
	return []byte(out.String())
}

func stream(dict, content string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

const sampleCMap = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap
1 begincodespacerange <0000> <FFFF> endcodespacerange
2 beginbfchar <0003> <0020> <0010> <00660069> endbfchar
3 beginbfrange <0024> <003D> <0041> <0041> <0043> [<0628> <0629> <D835DC00>] <0050> <0051> <0061> endbfrange
endcmap end end % a comment (with) <brackets>
`

// page is a page with its fonts and a form: W is WinAnsi, D has differences, I is of glyph numbers, S a standard font.
func page(content, form string) []byte {
	fonts := "/Font<</W 5 0 R/D 6 0 R/I 7 0 R/S<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>/X 99 0 R>>"
	widths := "/FirstChar 32/LastChar 126/Widths[" + strings.Repeat("500 ", 95) + "]"
	return objects(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<"+fonts+"/XObject<</Fm 10 0 R>>/Properties<</P 11 0 R>>>>>>",
		stream("", content),
		"<</Type/Font/Subtype/TrueType/BaseFont/A/Encoding/WinAnsiEncoding"+widths+">>",
		"<</Type/Font/Subtype/Type1/BaseFont/B/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[65/uni1EA5/alpha/afii10017/f_i/A.sc 97/Aogonek/u1F600/nonsense]>>"+widths+">>",
		"<</Type/Font/Subtype/Type0/BaseFont/C/Encoding/Identity-H/DescendantFonts[8 0 R]/ToUnicode 9 0 R>>",
		"<</Type/Font/Subtype/CIDFontType2/BaseFont/C/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 600/W[3[250] 36 60 500]>>",
		stream("", sampleCMap),
		stream("/Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<<"+fonts+">>", form),
		"<</ActualText(from the list)>>",
	)
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, content, form, want string }{
		{"simple", "BT /W 10 Tf 20 200 Td (Ana L\\363pez) Tj ET", "", "Ana López"},
		{"octal, escapes, lines that go on", "BT /W 10 Tf (a\\\\b\\(c\\)(d)\\101\\\nB\\12) Tj ET", "", "a\\b(c)(d)AB\n"},
		{"hexadecimal", "BT /W 10 Tf <41 4 2 4> Tj ET", "", "AB@"},
		{"differences", "BT /D 10 Tf (ABCDE abZ) Tj ET", "", "ấαАfiA Ą😀Z"},
		{"a glyph without a meaning", "BT /D 10 Tf (c) Tj ET", "", unknown},
		{"glyph numbers", "BT /I 10 Tf 9 9 Td <002400250003001000410042004300500051> Tj ET", "", "AB fiبة𝐀ab"},
		{"a number without a meaning", "BT /I 10 Tf <0024FFF0> Tj ET", "", "A" + unknown},
		{"a standard font", "BT /S 10 Tf (J\\374rgen) Tj ET", "", "Jürgen"},
		{"no such font", "BT /N 10 Tf (ab) Tj /X 10 Tf (c) Tj ET", "", unknown + unknown + unknown},
		{"no font at all", "BT (ab) Tj ET", "", unknown + unknown},
		{"one word in two pieces", "BT /W 10 Tf 20 200 Td (Nguy) Tj ET BT /D 10 Tf 40 200 Td (A) Tj ET BT /W 10 Tf 45 200 Td (n) Tj ET", "", "Nguyấn"},
		{"kerning and a space", "BT /W 10 Tf [(Ka) 80 (ren) -300 (B.)] TJ ET", "", "Karen B."},
		{"a column beside it", "BT /W 10 Tf 20 200 Td (Issued) Tj 100 0 Td (Number) Tj ET", "", "Issued\nNumber"},
		{"lines", "BT /W 10 Tf 12 TL 20 200 Td (a) Tj T* (b) Tj (c) ' 0 0 (d) \" 0 -12 TD (e) Tj ET", "", "a\nb\nc\nd\ne"},
		{"characters apart", "BT /W 10 Tf 3 Tc 20 200 Td (ab) Tj 16 0 Td (c) Tj ET", "", "abc"},
		{"a matrix", "q 2 0 0 2 5 5 cm BT /W 10 Tf 1 0 0 1 20 50 Tm (a) Tj 1 0 0 1 25 50 Tm (b) Tj ET Q", "", "ab"},
		{"standing upright", "BT /W 10 Tf 0 1 -1 0 50 50 Tm (a) Tj (b) Tj 0 1 -1 0 70 50 Tm (c) Tj ET", "", "ab\nc"},
		{"a form", "BT /W 10 Tf 20 200 Td (a) Tj ET q 1 0 0 1 9 9 cm /Fm Do Q", "BT /I 10 Tf <00240025> Tj ET", "a\nAB"},
		{"in place of shapes", "/Span <</ActualText <FEFF0645062D0645062F>>> BDC BT /I 10 Tf <00240025> Tj ET EMC", "", "محمد"},
		{"in place of two pieces", "/Span <</Lang (de) /ActualText (\xef\xbb\xbfcaf\xc3\xa9)>> BDC BT /W 10 Tf 5 5 Td (x) Tj 0 -50 Td (y) Tj ET EMC", "", "café"},
		{"by name", "/Span /P BDC BT /W 10 Tf (x) Tj ET EMC BT /W 10 Tf 90 90 Td (z) Tj ET", "", "from the list\nz"},
		{"the outer one counts", "/Span <</ActualText (\\200)>> BDC /Span <</ActualText (b)>> BDC BT /W 9 Tf (x) Tj ET EMC EMC", "", "•"},
		{"nothing", "/Artifact <</ActualText ()>> BDC BT /W 10 Tf (x) Tj ET EMC", "", ""},
		{"around a form", "/Span <</ActualText (outer)>> BDC /Fm Do EMC", "/Span <</ActualText (inner)>> BDC BT /W 9 Tf (x) Tj ET EMC", "outer"},
		{"not ended in a form", "/Fm Do BT /W 10 Tf 99 99 Td (z) Tj ET", "/Span <</ActualText (inner)>> BDC BT /W 9 Tf (x) Tj ET", "inner\nz"},
		{"ended too often", "EMC EMC BT /W 10 Tf (z) Tj ET EMC", "", "z"},
		{"marked without a text", "/P <</MCID 0>> BDC BT /W 10 Tf (z) Tj ET EMC", "", "z"},
	} {
		got, err := Read(page(tt.content, tt.form))
		if err != nil || len(got.Pages) != 1 || got.Pages[0].Text != tt.want {
			t.Errorf("%s: got %+v, %v; want %+q", tt.name, got, err, tt.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"text":           "BT /W 1 Tf " + strings.Repeat("("+strings.Repeat("a", 1000)+") Tj ", maxText/1000+1) + "ET",
		"marked content": strings.Repeat("/Span <</ActualText (a)>> BDC ", maxMarked+1),
		"strings":        "[" + strings.Repeat("(a)", maxPieces+1) + "] TJ",
	} {
		if got, err := Read(page(content, "")); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %d bytes, %v; want ErrTooLarge", name, len(got.Pages), err)
		}
	}
}

func TestCMapRefuses(t *testing.T) {
	for _, s := range []string{
		"beginbfrange <0000> <FFFFFF> <0041> endbfrange",
		"beginbfrange " + strings.Repeat("<0000> <FFFE> <0041> ", 3) + "<010000> <02FFFF> <0041>",
	} {
		if m, err := readCMap([]byte(s)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%.60s: got %d mappings, %v; want ErrTooLarge", s, len(m), err)
		}
	}
	if m, err := readCMap([]byte("beginbfrange <0005> <0001> <0041> [ ] ] <03> endbfrange beginbfchar <01> endbfchar <02> <0041>")); err != nil || len(m) != 0 {
		t.Errorf("got %v, %v; want nothing", m, err)
	}
}

func TestReadOfTheSampleCard(t *testing.T) {
	b, want := sampleCard(t)
	doc, err := Read(b)
	if err != nil || len(doc.Pages) != 1 || len(doc.Pages[0].Codes) != 1 {
		t.Fatalf("got %v, %v", doc, err)
	}
	if got := doc.Pages[0].Codes[0]; got != (Code{Text: want, Link: want}) {
		t.Errorf("got %v; want the URL in the symbol and in the link over it", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("BT /W 10 Tf (a) Tj /I 9 Tf <00240025> Tj ET /Span <</ActualText (b)>> BDC EMC", "BT /D 1 Tf [(A) -200 (B)] TJ ET", sampleCMap)
	f.Fuzz(func(t *testing.T, content, form, cmap string) {
		if _, err := Read(page(content, form)); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
		if _, err := readCMap([]byte(cmap)); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("CMap: got %v", err)
		}
	})
}

func FuzzRead(f *testing.F) {
	b, _ := sampleCard(f)
	f.Add(b)
	f.Add(page("BT /I 10 Tf <00240025> Tj ET /Fm Do", "BT /D 10 Tf (A) Tj ET"))
	f.Add(bundle(f))
	m := symbolOf(f, "a")
	f.Add(document(perModule(m, 5, 5, 1.5), "/Fm Do"))
	f.Add(document("", perColumn(m, 50, 50, 2), "q 1 0 0 1 0 0 cm (a(b)) BI ID EI"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Read(data); err != nil && !errors.Is(err, ErrNotPDF) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("an error of no known kind: %v", err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, _ := sampleCard(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}
