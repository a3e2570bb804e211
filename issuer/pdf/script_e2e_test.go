//go:build e2e

package pdf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// lines are the lines of a file that are neither empty nor comments.
func lines(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

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

// The ink of a name touches neither the band above it nor the course below, in whatever script and size.
func TestNamesKeepTheirDistance(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	for _, name := range lines(t, filepath.Join("typeface", "testdata", "names.txt")) {
		for _, name := range []string{name, strings.TrimSpace(strings.Repeat(name+" ", 2))} {
			if d.CheckName(name) != nil {
				continue
			}
			r := sample(t, name, "BLS", "Basic Life Support", "healthcare provider").Record
			h, err := d.fitHead(r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			b := h.name
			baseline := headTop - b.lift + b.mm(b.over()+capHeight)
			last := baseline + b.mm(b.steps())
			title := last + b.mm(b.under()) + courseGap*h.tight + h.title.mm(h.title.over())
			first, end := b.lines[0], b.lines[len(b.lines)-1]
			if top := baseline - b.mm(first.Top); top < bandHeight+0.5 {
				t.Errorf("%s: ink begins at %.2f mm", name, top)
			}
			if bottom := last + b.mm(end.Bottom); bottom > title-0.2 {
				t.Errorf("%s: ink ends at %.2f mm, the course begins at %.2f", name, bottom, title)
			}
			for i := 1; i < len(b.lines); i++ {
				if gap := b.step(i) - b.lines[i-1].Bottom - b.lines[i].Top; gap < 0 && !(b.lines[i].Latin && b.lines[i-1].Latin) {
					t.Errorf("%s: lines overlap by %.2f ems", name, -gap)
				}
			}
		}
	}
}

func TestPiecesOfNamesAreDrawable(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	for _, name := range lines(t, filepath.Join("typeface", "testdata", "names.txt")) {
		for _, piece := range typeface.Pieces(name) {
			if _, err := d.semibold.line(typeface.TrimEnd(piece)); err != nil {
				t.Errorf("%q of %q: %v", piece, name, err)
			}
		}
	}
}
