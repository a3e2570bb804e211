package learner

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify/scan"
)

var (
	svgBox  = regexp.MustCompile(`viewBox="-4 -4 (\d+) (\d+)" role="img"`)
	svgPath = regexp.MustCompile(`<path d="((?:M\d+ \d+h\d+v1h-\d+z)+)" fill="#000"/>`)
	svgBar  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)`)
)

// symbolOn reads the symbol out of a page as it would be painted.
func symbolOn(t *testing.T, page string) [][]bool {
	t.Helper()
	box, path := svgBox.FindStringSubmatch(page), svgPath.FindStringSubmatch(page)
	if box == nil || path == nil || box[1] != box[2] {
		t.Fatalf("the page has no symbol: %s", page)
	}
	side := 0
	fmt.Sscan(box[1], &side)
	side -= 2 * quietZone
	modules := make([][]bool, side)
	for y := range modules {
		modules[y] = make([]bool, side)
	}
	for _, bar := range svgBar.FindAllStringSubmatch(path[1], -1) {
		var x, y, n int
		fmt.Sscan(bar[1]+" "+bar[2]+" "+bar[3], &x, &y, &n)
		for i := range n {
			modules[y][x+i] = true
		}
	}
	return modules
}

// The code on the screen is that of the issued file, module for module, and says the card's own link.
func TestDoor(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	got := c.get("/my/" + c.link(ana) + "/" + m.Number.String() + "/show")
	if got.code != http.StatusOK {
		t.Fatalf("got %d %s", got.code, got.body)
	}
	modules := symbolOn(t, got.body)
	doc, err := scan.Read(m.file)
	if err != nil {
		t.Fatal(err)
	}
	if want := doc.Pages[0].Modules(0); !slices.EqualFunc(modules, want, slices.Equal) {
		t.Error("the page shows another symbol than the file")
	}
	bits, err := gozxing.ParseBoolMapToBitMatrix(modules)
	if err != nil {
		t.Fatal(err)
	}
	read, err := decoder.NewDecoder().Decode(bits, nil)
	if err != nil || read.GetText() != token.URL(origin, m.Token) {
		t.Errorf("the symbol reads %v, %v", read, err)
	}
	for _, want := range []string{"Ana O’Neill", "Course BLS", m.Number.String(), "19 November 2028", `aria-label="QR code of card ` + m.Number.String()} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// A file whose code is another card's is no file to show: the register may name it, and the token tells.
func TestDoorWithAnotherCode(t *testing.T) {
	c := newCentre(t)
	m, other := c.issue(ana, "BLS", 1), c.issue(ana, "FA", 2)
	if _, err := symbolOf(m.file, other.Token); err != errNoSymbol {
		t.Errorf("got %v, want %v", err, errNoSymbol)
	}
	if _, err := symbolOf([]byte("no PDF"), m.Token); err == nil {
		t.Error("what is no PDF has a symbol")
	}
	if n := card.Number("7F3K9QWX2MTZ"); c.get("/my/"+c.link(ana)+"/"+n.String()+"/show").code != http.StatusNotFound {
		t.Error("a card of nobody is shown")
	}
}
