//go:build e2e

package scan

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What poppler finds in a card is what is found here, word by word; also after other programs have written the file anew, with fonts,
// forms and object streams of their own.
func TestTextIsThatOfPoppler(t *testing.T) {
	cards, err := filepath.Glob(filepath.Join("testdata", "*.pdf"))
	if err != nil || len(cards) == 0 {
		t.Fatalf("got %v, %v; want cards", cards, err)
	}
	for _, card := range cards {
		for name, rewrite := range map[string][]string{
			"as it is": {"cp"},
			"cairo":    {"pdftocairo", "-pdf"},
			"qpdf":     {"qpdf", "--object-streams=generate"},
		} {
			file := filepath.Join(t.TempDir(), "card.pdf")
			if out, err := exec.Command(rewrite[0], append(rewrite[1:], card, file)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("pdftotext", "-raw", file, "-").Output()
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Read(data)
			if err != nil || len(doc.Pages) != 1 {
				t.Errorf("%s, %s: got %v, %v; want one page", card, name, doc, err)
				continue
			}
			got, want := strings.Fields(doc.Pages[0].Text), strings.Fields(string(out))
			slices.Sort(got)
			slices.Sort(want)
			if len(got) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s, %s: got %q, want %q", card, name, got, want)
			}
		}
	}
}
