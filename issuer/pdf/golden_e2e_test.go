//go:build e2e

package pdf

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// pictured are the shortest name, long ones, and one of each script of a usual roster.
var pictured = []struct{ file, name string }{
	{"short", "Li"}, {"long", "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora"},
	{"longest", "Ana Carolina Vasconcelos de Albuquerque Cavalcanti Magalhães"}, {"latin", "Łukasz Żółć-Þórðardóttir"}, {"vietnamese", "Nguyễn Thị Minh Khai"},
	{"greek", "Μαρία Παπαδοπούλου"}, {"cyrillic", "Олена Ґудзь"}, {"arabic", "محمد عبد الرحمن الحسيني"}, {"hebrew", "שרה כהן־לוי"},
	{"devanagari", "अनुष्का श्रीवास्तव"}, {"bengali", "অনিন্দিতা চট্টোপাধ্যায়"}, {"tamil", "கார்த்திகேயன் சுப்பிரமணியம்"}, {"thai", "ณัฐวุฒิ ศรีสุวรรณ"},
	{"chinese", "王小明"}, {"japanese", "佐藤 健一"}, {"korean", "김민준"}, {"ethiopic", "ሰላማዊት ተስፋዬ"}, {"mixed", "Layla Haddad ليلى حداد"},
}

// goldenDPI is what a card is looked at on a screen, and an office printer's rough mode.
const goldenDPI = 150

// TestGoldenPictures draws both designs for each of these names, and compares them with pictures that were looked at. The QR is left
// white in them: other tests read it. Of most certificates the part around the name is kept, which is what a name changes.
// `go test -tags e2e ./issuer/pdf -run Pictures -update` makes them anew, with those of the manual: look at what changed before it is
// kept. With $CARD_GALLERY the files stay in that folder.
func TestGoldenPictures(t *testing.T) {
	dir := os.Getenv("CARD_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, look := range assets.Designs() {
		t.Run(look, func(t *testing.T) {
			t.Parallel()
			a4 := newLook(t, look, fullCentre(t), design.A4, design.Certificate, design.Wallet, design.Back)
			letter := newLook(t, look, fullCentre(t), design.Letter, design.Certificate)
			for _, p := range pictured {
				c := full(t, p.name)
				if p.file == "longest" {
					c.Record.Qualification.Title = longestTitle
				}
				comparePages(t, a4, c, dir, look, p.file)
				comparePages(t, letter, c, dir, look+"-letter", p.file)
			}
		})
	}
}

// longestTitle is the longest of a course that the shipped configuration has.
const longestTitle = "Pediatric Advanced Life Support"

// comparePages compares each page of a card with its golden picture.
func comparePages(t *testing.T, d *Drawer, c Content, dir, look, who string) {
	t.Helper()
	file := drawFile(t, d, c, dir, look+"-"+who)
	for n, page := range d.names {
		if page == design.Back && who != "short" { // it names nobody
			continue
		}
		name := look + "-" + page + "-" + who
		picture, number := filepath.Join(dir, name), strconv.Itoa(n+1)
		args := []string{"-r", strconv.Itoa(goldenDPI), "-f", number, "-l", number, "-singlefile", "-gray", "-png"}
		hide := pixels(d.pages[page], boxOfSymbol(d.pages[page]))
		if page == design.Certificate && who != "short" && who != "longest" {
			part := pixels(d.pages[page], aroundName(d.pages[page]))
			for i, v := range []int{part.Min.X, part.Min.Y, part.Dx(), part.Dy()} {
				args = append(args, []string{"-x", "-y", "-W", "-H"}[i], strconv.Itoa(v))
			}
			hide = image.Rectangle{}
		}
		runTool(t, "pdftoppm", append(args, file, picture)...)
		got := coarse(readPicture(t, picture+".png"), hide)
		golden := filepath.Join("testdata", "golden", name+".png")
		if *update {
			writePicture(t, golden, got)
		}
		if share, where := worstTile(got, readPicture(t, golden)); share > mostOfTile {
			t.Errorf("%s: %.1f %% of the pixels around %v differ from the golden picture, and %.1f %% may", name, 100*share, where, 100*mostOfTile)
		}
	}
}

func boxOfSymbol(page *template) []float64 {
	if page.symbol == nil {
		return make([]float64, 4)
	}
	return page.symbol.Rect()
}

// aroundName is the box of the name and what it pushes down.
func aroundName(page *template) []float64 {
	for _, i := range page.items {
		if i.stack && slices.Contains(i.cells[0].fields, "name") {
			return []float64{i.box[0] - 1, i.box[1] - i.lift - 1, i.box[2] + 2, i.box[3] + i.lift + 2}
		}
	}
	return nil
}

// pixels are where a box of a page lies in its picture.
func pixels(page *template, box []float64) image.Rectangle {
	at := func(mm float64) int { return int(mm * goldenDPI / 25.4) }
	return image.Rect(at(box[0]+page.dx), at(box[1]+page.dy), at(box[0]+box[2]+page.dx)+1, at(box[1]+box[3]+page.dy)+1)
}

// coarse makes a picture of sixteen greys, white where the symbol is.
func coarse(m image.Image, hide image.Rectangle) *image.Paletted {
	greys := make(color.Palette, 16)
	for i := range greys {
		greys[i] = color.Gray{uint8(17 * i)}
	}
	b := m.Bounds()
	out := image.NewPaletted(b, greys)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, 15)
			if !image.Pt(x, y).In(hide) {
				out.SetColorIndex(x, y, uint8((int(greyAt(m, x, y))+8)/17))
			}
		}
	}
	return out
}

func greyAt(m image.Image, x, y int) uint8 { return color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y }

const (
	tileSide   = 32    // pixels
	muchOfGrey = 64    // of 255: what another version of the renderer does to the edges of letters is less
	mostOfTile = 0.015 // of the pixels of a tile; a short word that moves by one row changes more
)

// worstTile is the largest share of the pixels of a tile that differ much, and where that tile is. Tiles, so that one moved word counts as
// much on a large page as on a small one.
func worstTile(got, want image.Image) (float64, image.Rectangle) {
	g, w := got.Bounds(), want.Bounds()
	if g.Size() != w.Size() {
		return 1, g
	}
	worst, where := 0, image.Rectangle{}
	for top := 0; top < g.Dy(); top += tileSide {
		for left := 0; left < g.Dx(); left += tileSide {
			one, differ := image.Rect(left, top, min(left+tileSide, g.Dx()), min(top+tileSide, g.Dy())), 0
			for y := one.Min.Y; y < one.Max.Y; y++ {
				for x := one.Min.X; x < one.Max.X; x++ {
					d := int(greyAt(got, g.Min.X+x, g.Min.Y+y)) - int(greyAt(want, w.Min.X+x, w.Min.Y+y))
					if d > muchOfGrey || d < -muchOfGrey {
						differ++
					}
				}
			}
			if differ > worst {
				worst, where = differ, one
			}
		}
	}
	return float64(worst) / (tileSide * tileSide), where
}

// The comparison sees a line of text that moved by one row of pixels, the smallest too, and a letter that changed; it does not see what
// smoothing does to edges.
func TestComparisonOfPictures(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, design.Wallet)
		golden := readPicture(t, filepath.Join("testdata", "golden", look+"-wallet-short.png"))
		for _, i := range d.pages[design.Wallet].items {
			set, err := i.lay(d.values(full(t, "Li")))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range set {
				if s.rule != nil {
					continue
				}
				top := s.y - s.mm(capHeight)
				line := pixels(d.pages[design.Wallet], []float64{s.x, top - 0.5, s.width, s.y - top + 1})
				if share, _ := worstTile(moved(golden, line), golden); share <= mostOfTile {
					t.Errorf("%s: %q one row lower changes %.1f %% of a tile, and %.1f %% pass", look, s.text, 100*share, 100*mostOfTile)
				}
			}
		}
		if share, where := worstTile(softened(golden), golden); share > mostOfTile {
			t.Errorf("%s: softer edges change %.1f %% of the tile at %v, and %.1f %% pass", look, 100*share, where, 100*mostOfTile)
		}
	}
}

// moved is a picture in which a part stands one row lower.
func moved(m image.Image, part image.Rectangle) image.Image {
	out := image.NewGray(m.Bounds())
	draw.Draw(out, out.Bounds(), m, image.Point{}, draw.Src)
	draw.Draw(out, part.Add(image.Pt(0, 1)), m, part.Min, draw.Src)
	return out
}

// softened is a picture whose edges are smoothed a little more: an eighth of each pixel comes from its neighbours at the sides.
func softened(m image.Image) image.Image {
	b := m.Bounds()
	out := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			left, right := greyAt(m, max(x-1, b.Min.X), y), greyAt(m, min(x+1, b.Max.X-1), y)
			out.SetGray(x, y, color.Gray{uint8((14*int(greyAt(m, x, y)) + int(left) + int(right)) / 16)})
		}
	}
	return out
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
