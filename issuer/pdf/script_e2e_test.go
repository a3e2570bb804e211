//go:build e2e

package pdf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// bidiMarks are what pdftotext puts around right-to-left text.
var bidiMarks = strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "")

// TestNamesAreReadBack draws a card for each name and finds the name as it was typed. Poppler guesses the direction from the letters on
// the page: it can't tell in which direction a line of both begins, takes a mark at the left end of a right-to-left line for
// a character of its own, and does not know that N'Ko and Adlam are written from right to left.
func TestNamesAreReadBack(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	dir := t.TempDir()
	if keep := os.Getenv("CARD_GALLERY"); keep != "" {
		dir = keep
	}
	names := append(lines(t, filepath.Join("testdata", "clean-names.txt")), lines(t, filepath.Join("typeface", "testdata", "names.txt"))...)
	if len(names) < 150 {
		t.Fatalf("got %d names", len(names))
	}
	unsure := map[string]bool{"مُحَمَّدٌ عَبْدُ اللَّهِ": true, "ޢަބްދުﷲ މަރިޔަމް": true, "އިބްރާހީމް ނަސީރު": true, "ߡߊߡߊߘߎ߬ ߞߏߣߍ߫": true, "ߝߊ߬ߕߎ߬": true,
		"محمد McDonald": true, "Ahmed محمد 45 Ali": true, "(علي) أحمد": true, "שרה Levi כהן": true, "𞤀𞤣𞤤𞤢𞤥 𞤄𞤢𞤪𞤭": true}
	for i, name := range names {
		c := sample(t, name, "BLS", "Basic Life Support", "healthcare provider")
		file := drawFile(t, d, c, dir, "name-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
		got := bidiMarks.Replace(runTool(t, "pdftotext", "-enc", "UTF-8", file, "-"))
		if found := strings.Contains(strings.Join(strings.Fields(got), " "), name); !found && !unsure[name] {
			t.Errorf("%q is not in:\n%s", name, got)
		}
		runTool(t, "qpdf", "--check", file)
	}
}

func TestPiecesOfNamesAreDrawable(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	for _, name := range lines(t, filepath.Join("typeface", "testdata", "names.txt")) {
		for _, piece := range typeface.Pieces(name) {
			if _, err := d.set.Line(typeface.Semibold, typeface.TrimEnd(piece)); err != nil {
				t.Errorf("%q of %q: %v", piece, name, err)
			}
		}
	}
}
