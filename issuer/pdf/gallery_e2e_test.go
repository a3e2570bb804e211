//go:build e2e

package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// runTool calls a program that these tests can't do without, and gives its standard output.
func runTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("this test needs %s (Debian: poppler-utils, zbar-tools): %v", name, err)
	}
	var out, problems bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, problems.String())
	}
	return out.String()
}

// drawFile draws a card into a file of a folder.
func drawFile(t *testing.T, d *Drawer, c Content, dir, name string) string {
	t.Helper()
	b, err := d.Draw(c)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	file := filepath.Join(dir, name+".pdf")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestGallery draws the sample cards and reads each from pictures as a printer would make them. They stay in the folder
// $CARD_GALLERY, if it is set, to be looked at.
func TestGallery(t *testing.T) {
	dir := os.Getenv("CARD_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, look := range assets.Designs() {
		d := newLook(t, look, sampleCentre, design.A4, design.Wallet)
		for _, p := range people {
			c := sample(t, p.name, p.code, p.title, p.level)
			name := look + "-" + p.file
			file := drawFile(t, d, c, dir, name)
			for _, dpi := range []string{"150", "200", "300"} {
				picture := filepath.Join(dir, name+"-"+dpi)
				runTool(t, "pdftoppm", "-r", dpi, "-png", "-singlefile", file, picture)
				got := runTool(t, "zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", picture+".png")
				if strings.TrimSpace(got) != c.URL {
					t.Errorf("%s at %s dpi: got %q, want %q", name, dpi, got, c.URL)
				}
			}
		}
	}
}

func TestTextStaysText(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	c := sample(t, "María Ángeles Ruiz", "BLS", "Basic Life Support", "healthcare provider")
	file := drawFile(t, d, c, t.TempDir(), "card")
	want := []string{"Riverside Resuscitation Training", "María Ángeles Ruiz", "Basic Life Support", "BLS · healthcare provider",
		"Valid through", "30 November 2028", "Issued", "21 November 2026", "Instructor",
		"Dana Okafor · I-2041", "Number", c.Record.Number.String(), "Check this card:", "cards.example.org"}
	got := runTool(t, "pdftotext", "-raw", file, "-")
	at := 0
	for _, w := range want {
		i := strings.Index(got[at:], w)
		if i < 0 {
			t.Fatalf("no %q after %q in:\n%s", w, got[:at], got)
		}
		at += i + len(w)
	}
	info := runTool(t, "pdfinfo", file)
	for _, w := range []string{"Title:           Basic Life Support, María Ángeles Ruiz", "Author:          Riverside Resuscitation Training",
		"Pages:           1", "Page size:       242.65 x 153.01 pts"} {
		if !strings.Contains(info, w) {
			t.Errorf("no %q in:\n%s", w, info)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(runTool(t, "pdffonts", file)), "\n")[2:] {
		if f := strings.Fields(line); len(f) < 6 || !slices.Equal(f[4:6], []string{"yes", "yes"}) {
			t.Errorf("a font is not embedded as a subset: %s", line)
		}
	}
}

// A card that does not expire says so, and names no day of a far century anywhere.
func TestNoExpiryIsSaid(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	c := sample(t, "Li", "BLS", "Basic Life Support", "healthcare provider")
	c.Record.ExpiresOn = card.NoExpiry
	dir := t.TempDir()
	if keep := os.Getenv("CARD_GALLERY"); keep != "" {
		dir = keep
	}
	file := drawFile(t, d, c, dir, "no-expiry")
	text, info := runTool(t, "pdftotext", "-raw", file, "-"), runTool(t, "pdfinfo", file)
	if !strings.Contains(text, "Validity\nNo expiry date\n") || !strings.Contains(info, ", no expiry date\n") {
		t.Errorf("got the card %q and the file's properties %q, want both to say that it does not expire", text, info)
	}
	for _, wrong := range []string{"9999", "alid through", "December"} {
		if strings.Contains(text+info, wrong) {
			t.Errorf("got %q on the card or in the file's properties:\n%s\n%s", wrong, text, info)
		}
	}
}

// TestLongTextsStayInTheirPlace looks at where the words of a card lie: within the margins, and not on the QR.
func TestLongTextsStayInTheirPlace(t *testing.T) {
	word := regexp.MustCompile(`xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="([0-9.]+)">([^<]*)<`)
	dir := t.TempDir()
	for i, centre := range []Centre{
		sampleCentre,
		{Name: "St John", CheckAt: "localhost:8080"},
		{Name: "Universitätsklinikum Schleswig-Holstein, Zentrum für Notfallmedizin und Simulation", Phone: "112", CheckAt: "karten.example.org"},
		{Name: "The Metropolitan Emergency Care and First Aid Training Consortium of Riverside",
			Phone: "+1 415 555 0134 ext. 2210", CheckAt: "verify.training.university-hospital.example.edu"},
	} {
		d := newDrawer(t, centre)
		for _, p := range people {
			c := sample(t, p.name, p.code, p.title, p.level)
			c.URL = sampleURL(600 + 150*i)
			if i == 3 {
				c.Record.Instructor = "Prof. Dr. med. Karl-Theodor von Berg"
			}
			c.Record.Number, c.Record.IssuedOn = widestNumber, longestDay
			box := d.pages[design.Wallet].symbol.Rect()
			left, bottom := box[0], box[1]+box[3]
			const margin, bandHeight = 3.5, 8.5
			words := word.FindAllStringSubmatch(runTool(t, "pdftotext", "-bbox", drawFile(t, d, c, dir, "card"), "-"), -1)
			if len(words) < 15 {
				t.Fatalf("%s: got %d words", p.file, len(words))
			}
			for _, w := range words {
				var box [4]float64 // left, top, right, bottom in mm
				for k := range box {
					v, err := strconv.ParseFloat(w[k+1], 64)
					if err != nil {
						t.Fatal(err)
					}
					box[k] = v * mmPerPoint
				}
				// The box of a word reaches from the face's ascender to its descender, so let it overlap by that much.
				onSymbol := box[2] > left && box[1] > bandHeight && (box[1]+box[3])/2 < bottom
				if box[0] < margin-0.5 || // the box begins with the white beside the first letter
					box[2] > design.ID1.Width-margin+0.3 || box[3] > design.ID1.Height-1 || onSymbol {
					t.Errorf("%s of %s: %q lies at %.1f", p.file, centre.Name, w[5], box)
				}
			}
		}
	}
}

// Every character of Latin, Greek and Cyrillic that CheckName lets through has to come out of the file as itself, in both styles.
func TestEveryCharacterIsReadBack(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	dir := t.TempDir()
	var runes []rune
	for r := rune('!'); r < 0x2100; r++ {
		if d.CheckName(string(r)) == nil && !unicode.IsMark(r) && !unicode.IsSpace(r) && r != '-' && norm.NFKC.IsNormalString(string(r)) &&
			unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common) {
			runes = append(runes, r)
		}
	}
	if len(runes) < 1500 {
		t.Fatalf("got %d characters", len(runes))
	}
	for part := range slices.Chunk(runes, 16) {
		text := string(part)
		c := sample(t, text, "BLS", "Basic Life Support", "")
		c.Record.Instructor, c.Record.InstructorID = text, ""
		if d.CheckName(text) != nil || d.CheckInstructor(text, "") != nil {
			t.Errorf("%q fits no card", text)
			continue
		}
		got := runTool(t, "pdftotext", "-raw", "-enc", "UTF-8", drawFile(t, d, c, dir, "card"), "-")
		if n := strings.Count(strings.Join(strings.Fields(got), ""), text); n != 2 {
			t.Errorf("%q is read %d times, want 2:\n%s", text, n, got)
		}
	}
}
