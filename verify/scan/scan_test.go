package scan

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

const sampleText = "https://cards.example.org/c/54762809145362715476280914536271"

// symbolOf is the bitmap of a QR, made by another encoder than the issuer's.
func symbolOf(t testing.TB, text string) [][]bool {
	t.Helper()
	code, err := encoder.Encoder_encode(text, decoder.ErrorCorrectionLevel_M, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := code.GetMatrix()
	out := make([][]bool, m.GetHeight())
	for y := range out {
		out[y] = make([]bool, m.GetWidth())
		for x := range out[y] {
			out[y][x] = m.Get(x, y) == 1
		}
	}
	return out
}

// perModule draws a symbol as one filled rectangle for each dark module, in points, with its lower left corner at x, y.
func perModule(m [][]bool, x, y, side float64) string {
	var b strings.Builder
	for row := range m {
		for col, dark := range m[row] {
			if dark {
				fmt.Fprintf(&b, "%.2f %.2f %.2f %.2f re f\n", x+float64(col)*side, y+float64(len(m)-1-row)*side, side, side)
			}
		}
	}
	return b.String()
}

// perColumn joins the modules of a column, with negative heights, and fills each rectangle drawn as four lines.
func perColumn(m [][]bool, x, y, side float64) string {
	var b strings.Builder
	for col := range m {
		for row := 0; row < len(m); row++ {
			if !m[row][col] {
				continue
			}
			to := row
			for to < len(m) && m[to][col] {
				to++
			}
			x0, y0 := x+float64(col)*side, y+float64(len(m)-row)*side
			x1, y1 := x0+side, y+float64(len(m)-to)*side
			fmt.Fprintf(&b, "%.3f %.3f m %.3f %.3f l %.3f %.3f l %.3f %.3f l h\n", x0, y0, x1, y0, x1, y1, x0, y1)
			row = to
		}
	}
	return b.String() + "f\n"
}

// document is a PDF with the given page contents; form, if any, is the XObject /Fm of every page.
func document(form string, contents ...string) []byte {
	var out bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
	}
	out.WriteString("%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	var kids strings.Builder
	for i := range contents {
		fmt.Fprintf(&kids, "%d 0 R ", 4+2*i)
	}
	object("<</Type/Pages/Kids[%s]/Count %d/Resources<</XObject<</Fm 3 0 R>>>>/MediaBox[0 0 300 300]>>", kids.String(), len(contents))
	object("<</Type/XObject/Subtype/Form/BBox[0 0 300 300]/Matrix[2 0 0 2 10 10]/Length %d>>\nstream\n%s\nendstream", len(form), form)
	for i, c := range contents {
		z := deflate(c)
		object("<</Type/Page/Parent 2 0 R/Contents %d 0 R>>", 5+2*i)
		object("<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(z), z)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return out.Bytes()
}

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// codes are the texts of all symbols of a file.
func codes(data []byte) ([]string, error) {
	d, err := Read(data)
	var texts []string
	for _, p := range d.Pages {
		for _, c := range p.Codes {
			texts = append(texts, c.Text)
		}
	}
	return texts, err
}

func TestReadFindsSymbols(t *testing.T) {
	m := symbolOf(t, sampleText)
	other := symbolOf(t, "a second symbol")
	n := float64(len(m))
	ornaments := "0.1 0.2 0.4 rg 0 280 300 20 re f 0.8 g 20 20 260 260 re f 0 g 10 10 280 0.3 re f 5 5 2.05 2.05 re f " +
		"BT /F1 12 Tf (text with \\) and ( 1 0 0 re f ) ) Tj ET % 0 0 2 2 re f\n BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 0 0 9 9 re f EI\n"
	for _, tt := range []struct {
		name  string
		pages []string
		form  string
		want  []string
	}{
		{"one rectangle a module", []string{perModule(m, 50, 50, 2)}, "", []string{sampleText}},
		{"rounded to hundredths", []string{perModule(m, 33.333, 47.77, 1.1339)}, "", []string{sampleText}},
		{"columns of lines", []string{perColumn(m, 50, 50, 2)}, "", []string{sampleText}},
		{"matrix", []string{"q 0 0 1 rg 3 0 0 3 7.5 8.5 cm 0 g " + perModule(m, 0, 0, 1) + "Q"}, "", []string{sampleText}},
		{"upside down", []string{fmt.Sprintf("-1 0 0 -1 %v %v cm ", 60+2*n, 60+2*n) + perModule(m, 0, 0, 2)}, "", []string{sampleText}},
		{"quarter turn", []string{fmt.Sprintf("0 1 -1 0 %v 20 cm ", 60+2*n) + perModule(m, 0, 0, 2)}, "", []string{sampleText}},
		{"mirrored", []string{fmt.Sprintf("-1 0 0 1 %v 20 cm ", 60+2*n) + perModule(m, 0, 0, 2)}, "", []string{sampleText}},
		{"in a form", []string{"q /Fm Do Q"}, perModule(m, 5, 5, 1.5), []string{sampleText}},
		{"ornaments", []string{ornaments + perModule(m, 50, 50, 2) + "0 g 5 20 2.01 2.01 re f 1 g 0 0 9 9 re f"}, "", []string{sampleText}},
		{"background", []string{"0.9 g 0 0 300 300 re f 0 0 0 1 k " + perModule(m, 50, 50, 2)}, "", []string{sampleText}},
		{"two on a page", []string{perModule(m, 30, 30, 2) + perModule(other, 30+2*(n+8), 30, 2)}, "", []string{sampleText, "a second symbol"}},
		{"pages in order", []string{perModule(other, 9, 9, 2), "", perModule(m, 9, 9, 2)}, "", []string{"a second symbol", sampleText}},
	} {
		got, err := codes(document(tt.form, tt.pages...))
		if err != nil || strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

// What a person can't see must not be read, or a page could show one code and prove another.
func TestReadGivesWhatIsSeen(t *testing.T) {
	m := symbolOf(t, sampleText)
	for name, content := range map[string]string{
		"white":         "1 g " + perModule(m, 50, 50, 2),
		"painted over":  perModule(m, 50, 50, 2) + "1 1 1 rg 0 0 300 300 re f",
		"not filled":    strings.ReplaceAll(perModule(m, 50, 50, 2), " f\n", " n\n"),
		"empty":         "",
		"one rectangle": "0 0 9 9 re f",
		"half of it":    perModule(m[:len(m)/2], 50, 50, 2),
		"askew":         "0.9 0.1 -0.1 0.9 0 0 cm " + perModule(m, 50, 50, 2),
	} {
		if got, err := codes(document("", content)); err != nil || len(got) > 0 {
			t.Errorf("%s: got %q, %v; want none", name, got, err)
		}
	}
}

func TestReadFindsTheSymbolOfTheSampleCard(t *testing.T) {
	b, want := sampleCard(t)
	got, err := codes(b)
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// sampleCard is a card of issuer/pdf; its tests write it anew with the flag -update.
func sampleCard(t testing.TB) ([]byte, string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "card.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "card.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return b, string(text)
}

func pages(n int, content string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = content
	}
	return out
}

// One changed byte anywhere in a card may make it unreadable, but must never give another text that looks read.
func TestReadOfDamagedCards(t *testing.T) {
	b, want := sampleCard(t)
	for i := 0; i < len(b); i += 211 {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x41
		got, err := codes(damaged)
		if err == nil && (len(got) != 1 || got[0] != want) {
			t.Errorf("byte %d: got %q", i, got)
		}
	}
}

func TestReadLeavesTheHomeFolderAlone(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	b, _ := sampleCard(t)
	if _, err := Read(b); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v; want an empty folder", entries, err)
	}
}

// FuzzContent reaches the interpreter and the search without a file around them.
func FuzzContent(f *testing.F) {
	m := symbolOf(f, "a")
	f.Add(perModule(m, 5, 5, 1.5))
	f.Add(perColumn(m, 5, 5, 1.5) + "1e300 0 0 1e-300 -1e9 5 cm 0 0 -1 -1 re f* (((\\")
	f.Fuzz(func(t *testing.T, content string) {
		if _, err := Read(document("", content)); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
}
