//go:build e2e

package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/verify/intake"
)

// scanning puts the cards of a folder onto the pages of a scan, three to a page and a little askew, and one of them into a photograph.
const scanning = `
import sys, glob
from PIL import Image, ImageFilter
cards = [Image.open(p).convert("L") for p in sorted(glob.glob(sys.argv[1] + "/*.png"))]
pages = []
for i in range(0, len(cards), 3):
    page = Image.new("L", (900, 1300), 250)
    for j, card in enumerate(cards[i:i + 3]):
        page.paste(card.rotate(2 - 3 * j, Image.BICUBIC, expand=True, fillcolor=250), (120 - 30 * j, 40 + 410 * j))
    pages.append(page)
pages[0].save(sys.argv[2] + "/scan.pdf", save_all=True, append_images=pages[1:], resolution=150, quality=60)
cards[0].rotate(200, Image.BICUBIC, expand=True, fillcolor=120).filter(ImageFilter.GaussianBlur(0.6)).save(sys.argv[2] + "/photo.jpg", quality=60)
`

// Every card of a scan and of a photograph is found, with its page; a changed one has no chance by way of a picture either.
func TestScansAndPhotographsAreVerified(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.roster(10), "--out", "out")
	cards := c.cards("out")
	pictures, received := t.TempDir(), c.path("received")
	output(t, "mkdir", received)
	for _, l := range cards {
		output(t, "pdftoppm", "-r", "150", "-png", "-singlefile", l.file, filepath.Join(pictures, filepath.Base(l.file)))
	}
	output(t, "/usr/bin/python3", "-c", scanning, pictures, received)
	var answer struct{ Results []intake.PublicResult }
	if err := json.Unmarshal(c.must("verify", "--json", "received"), &answer); err != nil {
		t.Fatal(err)
	}
	pages := map[int]int{}
	for _, r := range answer.Results {
		if !r.Valid || r.File == nil || r.File.State != "pictured" || !r.File.Reliable {
			t.Errorf("%s, page %d: got %s and the file %+v", r.Input, r.Page, r.Code, r.File)
		}
		pages[r.Page]++
	}
	if len(answer.Results) != 11 || pages[0] != 1 || pages[1] != 3 || pages[2] != 3 || pages[3] != 3 || pages[4] != 1 {
		t.Errorf("got %d results, by page %v; want 11: a photograph, and 3, 3, 3, 1 on the pages of the scan", len(answer.Results), pages)
	}
	c.must("revoke", cards[0].number, "--reason", "by mistake")
	if out, code := c.run("verify", "received"); code != exitRefused {
		t.Errorf("with a revoked card: got %d\n%s", code, out)
	}
}
