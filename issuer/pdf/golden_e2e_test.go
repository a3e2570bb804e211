//go:build e2e

package pdf

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// pictured are the shortest name, the longest one, and one of each script of a usual roster.
var pictured = []struct{ file, name string }{
	{"short", "Li"}, {"long", "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora"},
	{"longest", "Ana Carolina Vasconcelos de Albuquerque Cavalcanti Magalhães"}, {"polish", "Łukasz Żółć"}, {"vietnamese", "Nguyễn Thị Minh Khai"},
	{"greek", "Μαρία Παπαδοπούλου"}, {"cyrillic", "Олена Ґудзь"}, {"arabic", "محمد عبد الرحمن الحسيني"}, {"hebrew", "שרה כהן־לוי"},
	{"devanagari", "अनुष्का श्रीवास्तव"}, {"thai", "ณัฐวุฒิ ศรีสุวรรณ"}, {"chinese", "王小明"}, {"japanese", "佐藤 健一"}, {"korean", "김민준"},
}

// TestGoldenPictures draws both designs and compares them with pictures that were looked at. The QR is left white in them: other tests
// read it. Certificates are at 50 dpi, to keep the repository small. `go test -tags e2e -run TestGoldenPictures -update` makes them anew.
func TestGoldenPictures(t *testing.T) {
	dir := t.TempDir()
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, design.Certificate, design.Wallet, design.Back)
		for _, p := range pictured {
			file := drawFile(t, d, full(t, p.name), dir, look+"-"+p.file)
			for n, page := range d.names {
				dpi := map[string]int{design.Certificate: 50, design.Wallet: 150, design.Back: 150}[page]
				if page == design.Back && p.file != "short" { // it names nobody
					continue
				}
				name := look + "-" + page + "-" + p.file
				picture := filepath.Join(dir, name)
				runTool(t, "pdftoppm", "-r", strconv.Itoa(dpi), "-f", strconv.Itoa(n+1), "-l", strconv.Itoa(n+1), "-singlefile", "-gray", "-png", file, picture)
				got := coarse(readPicture(t, picture+".png"), d.pages[page], float64(dpi)/25.4)
				golden := filepath.Join("testdata", "golden", name+".png")
				if *update {
					writePicture(t, golden, got)
				}
				compare(t, name, got, readPicture(t, golden))
			}
		}
	}
}

// coarse makes a picture of sixteen greys, white where the symbol is.
func coarse(m image.Image, page *template, perMM float64) *image.Paletted {
	greys := make(color.Palette, 16)
	for i := range greys {
		greys[i] = color.Gray{uint8(17 * i)}
	}
	b := m.Bounds()
	out := image.NewPaletted(b, greys)
	var hide image.Rectangle
	if page.symbol != nil {
		r := page.symbol.Rect()
		at := func(mm, shift float64) int { return int((mm + shift) * perMM) }
		hide = image.Rect(at(r[0], page.dx), at(r[1], page.dy), at(r[0]+r[2], page.dx)+1, at(r[1]+r[3], page.dy)+1)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, 15)
			if !image.Pt(x, y).In(hide) {
				out.SetColorIndex(x, y, (color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y+8)/17)
			}
		}
	}
	return out
}

// compare allows what another version of the renderer may do to the edges of letters: few pixels that differ much.
func compare(t *testing.T, name string, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Errorf("%s: got a picture of %v, want %v", name, got.Bounds(), want.Bounds())
		return
	}
	const much, most = 64, 0.004 // of 255, of all pixels
	b, differ := got.Bounds(), 0
	grey := func(c color.Color) int { return int(color.GrayModel.Convert(c).(color.Gray).Y) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if d := grey(got.At(x, y)) - grey(want.At(x, y)); d > much || d < -much {
				differ++
			}
		}
	}
	if part := float64(differ) / float64(b.Dx()*b.Dy()); part > most {
		t.Errorf("%s: %.2f %% of the pixels differ from the golden picture, and %.2f %% may", name, 100*part, 100*most)
	}
}

func readPicture(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func writePicture(t *testing.T, file string, m image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, m); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// The pictures of docs/designs.md are made with -update as well.
func TestPicturesOfTheManual(t *testing.T) {
	out := filepath.Join("..", "..", "docs", "pictures")
	if !*update {
		for _, look := range assets.Designs() {
			for _, page := range []string{design.Certificate, design.Wallet, design.Back} {
				readPicture(t, filepath.Join(out, "design-"+look+"-"+page+".png"))
			}
		}
		return
	}
	dir := t.TempDir()
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, design.Certificate, design.Wallet, design.Back)
		file := drawFile(t, d, full(t, "María de los Ángeles Ruiz"), dir, look)
		for n, page := range d.names {
			dpi := map[string]string{design.Certificate: "60", design.Wallet: "150", design.Back: "150"}[page]
			runTool(t, "pdftoppm", "-r", dpi, "-f", strconv.Itoa(n+1), "-l", strconv.Itoa(n+1), "-singlefile", "-png", file,
				filepath.Join(out, "design-"+look+"-"+page))
		}
	}
}
