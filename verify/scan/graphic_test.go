package scan

import (
	"fmt"
	"strings"
	"testing"
)

// What may show a card as a picture or as shapes is told from a letter with its head.
func TestGraphic(t *testing.T) {
	const text = "BT /W 10 Tf 20 200 Td (Dear Sir) Tj ET "
	picture := func(w, h int) string { return fmt.Sprintf("q %d 0 0 %d 10 10 cm /Im Do Q ", w, h) }
	outlines := strings.Repeat("5 190 m 9 190 l 9 195 l 5 195 5 194 5 190 c h f ", 80)
	for name, tc := range map[string]struct {
		size               int // of the page, in points
		content, annotated string
		want               bool
	}{
		"nothing":                    {600, "", "", false},
		"a letter":                   {600, text, "", false},
		"a letter with its head":     {600, picture(170, 70) + text, "", false},
		"a scan":                     {600, picture(600, 600), "", true},
		"a scan with text over it":   {600, picture(600, 600) + text, "", true},
		"a scan that is turned":      {600, "q 0 600 -600 0 600 0 cm /Im Do Q", "", true},
		"a card within a letter":     {600, text + picture(242, 153), "", true},
		"a page made smaller":        {60, picture(50, 50), "", true},
		"in strips":                  {600, strings.Repeat(picture(590, 10), 60), "", true},
		"in strips too small to see": {600, strings.Repeat("q 20 0 0 20 9 9 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \xff EI Q ", 60), "", true},
		"cut down to a mark":         {600, "q 0 0 40 40 re W n " + picture(600, 600) + "Q", "", false},
		"a shading":                  {600, "q 0 0 300 300 re W n /SH sh Q", "", true},
		"a pattern":                  {600, "/Pattern cs /P scn 0 0 300 300 re f", "", true},
		"letters as shapes":          {600, outlines, "", true},
		"ornaments around text":      {600, outlines + text, "", false},
		"a stamp on an empty page":   {600, "", "<</Subtype/Stamp/Rect[0 0 300 300]>>", true},
		"a comment on a letter":      {600, text, "<</Subtype/FreeText/Rect[0 0 9 9]>>", false},
	} {
		file := objects(
			"<</Type/Catalog/Pages 2 0 R>>",
			fmt.Sprintf("<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 %d %[1]d]>>", tc.size),
			"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots["+tc.annotated+"]/Resources<</XObject<</Im 5 0 R>>"+
				"/Font<</W<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>>>",
			stream("", tc.content),
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x"),
		)
		got, err := Read(file)
		if err != nil || len(got.Pages) != 1 || got.Pages[0].Graphic != tc.want {
			t.Errorf("%s: got %+v, %v; want graphic %v", name, got, err, tc.want)
		}
	}
}
