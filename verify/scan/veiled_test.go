package scan

import (
	"testing"
)

func TestVeiled(t *testing.T) {
	const name = "BT /W 10 Tf 20 200 Td (Ana) Tj ET "
	for _, tt := range []struct {
		name, content string
		want          bool
	}{
		{"black on white", name, false},
		{"nothing", "0 g 0 0 9 9 re f", false},
		{"white on a dark ground", "0 0 0.4 rg 0 190 300 40 re f 1 g " + name, false},
		{"on a pale ground, with lines and a frame", "0.9 g 0 0 300 300 re f 0 g 10 199 200 0.2 re f 5 5 290 290 re S " + name, false},
		{"beside a rectangle", name + "1 g 60 190 90 40 re f", false},
		{"a line through it", name + "0 g 0 202 300 0.5 re f", false},
		{"within a clip", "0 0 300 300 re W n " + name, false},
		{"a clip that is over", "q 0 0 9 9 re W n Q " + name, false},
		{"a clip of another shape", "0 0 m 300 0 l 150 300 l h W n " + name, false},
		{"no paint", "BT 3 Tr /W 10 Tf 20 200 Td (Ana) Tj ET", true},
		{"only a clip", "BT 7 Tr /W 10 Tf 20 200 Td (Ana) Tj ET", true},
		{"white on white", "1 1 1 rg " + name, true},
		{"the colour of its ground", "0.2 0.3 0.4 rg 0 190 300 40 re f " + name, true},
		{"behind a rectangle", name + "1 g 15 195 90 20 re f", true},
		{"behind a picture", name + "q 90 0 0 20 15 195 cm /Im Do Q", false}, // the page has no such picture
		{"tiny", "BT /W 0.9 Tf 20 200 Td (Ana) Tj ET", true},
		{"scaled away", "q 0.05 0 0 0.05 9 9 cm " + name + "Q", true},
		{"off the page", "BT /W 10 Tf 20 400 Td (Ana) Tj ET", true},
		{"outside of the clip", "0 0 300 100 re W n " + name, true},
		{"outside of two clips", "0 0 300 300 re W n 0 0 300 100 re W* n " + name, true},
		{"a stroke of no width", "1 G 0 w BT 1 Tr /W 10 Tf 20 200 Td (Ana) Tj ET", true},
		{"pressed flat", "BT /W 10 Tf 1 0 0 0.001 20 200 Tm (Ana) Tj ET", true},
		{"pressed together", "BT /W 10 Tf 0.001 Tz 20 200 Td (Ana) Tj ET", true},
		{"spread off the page", "BT /W 10 Tf 500 Tc -400 200 Td (Ana) Tj ET", true},
		{"in a mirror", "BT /W 10 Tf -1 0 0 1 90 200 Tm (Ana) Tj ET", true},
		{"between two clips", "0 0 300 2 re 0 290 300 2 re W n " + name, true},
		{"in the hole of a clip", "0 0 300 300 re 0 0 300 300 re W* n " + name, true},
		{"outside of a clip of another shape", "0 0 m 9 0 l 9 9 l 5 9 l 0 9 l h W n " + name, true},
		{"behind an inline picture", name + "q 90 0 0 20 15 195 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \xff EI Q", true},
		{"behind a thick line", name + "1 G 16 w 5 203 m 130 203 l S", true},
		{"behind a shape", name + "1 g 5 190 m 130 190 l 130 220 l 60 230 l 5 220 l h f", true},
		{"behind a curve", name + "1 g 5 190 m 5 240 130 240 130 190 c h f", true},
		{"behind a rectangle askew", name + "q 1 g 0.9999 0.001 -0.001 0.9999 0 0 cm 5 190 125 30 re f Q", true},
		{"beside a shape", name + "1 g 150 190 m 190 190 l 190 220 l 160 230 l 150 220 l h f", false},
		{"behind a shading", name + "q 5 190 125 30 re W n /SH sh Q", true},
		{"one of two", name + "BT 3 Tr /W 10 Tf 20 100 Td (Bela) Tj ET", true},
	} {
		got, err := Read(page(tt.content, ""))
		if err != nil || len(got.Pages) != 1 || got.Pages[0].Veiled != tt.want {
			t.Errorf("%s: got %+v, %v; want veiled %v", tt.name, got, err, tt.want)
		}
	}
}

// What a file says of itself beside its drawing: layers, transparency, pictures, comments.
func TestVeiledByResources(t *testing.T) {
	const name = "BT /W 10 Tf 20 200 Td (Ana) Tj ET "
	with := func(content, resources, annotation string) []byte {
		return objects(
			"<</Type/Catalog/Pages 2 0 R>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 300]>>",
			"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots["+annotation+"]/Resources<<"+resources+
				"/Font<</W<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>>>",
			stream("", content),
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x"),
			stream("/Type/XObject/Subtype/Form/BBox[0 0 300 300]/OC 7 0 R", name),
			"<</Type/OCG/Name(layer)>>",
		)
	}
	for _, tt := range []struct {
		name string
		file []byte
		want bool
	}{
		{"no more than text", with(name, "", ""), false},
		{"a link", with(name, "", "<</Subtype/Link/Rect[0 0 300 300]>>"), false},
		{"a field without a size", with(name, "", "<</Subtype/Widget/Rect[0 0 0 0]>>"), false},
		{"a comment over it", with(name, "", "<</Subtype/FreeText/Rect[10 190 90 220]/Contents(Bo)>>"), true},
		{"a picture over it", with(name+"q 90 0 0 40 10 190 cm /Im Do Q", "/XObject<</Im 5 0 R>>", ""), true},
		{"a picture below it", with("q 90 0 0 40 10 190 cm /Im Do Q "+name, "/XObject<</Im 5 0 R>>", ""), false},
		{"a picture elsewhere", with(name+"q 20 0 0 20 200 20 cm /Im Do Q", "/XObject<</Im 5 0 R>>", ""), false},
		{"a layer", with("/OC /L BDC "+name+"EMC", "/Properties<</L 7 0 R>>", ""), true},
		{"a form in a layer", with("/Fm Do", "/XObject<</Fm 6 0 R>>", ""), true},
		{"transparent", with("/G gs "+name, "/ExtGState<</G<</ca 0>>>>", ""), true},
		{"not very transparent", with("/G gs "+name, "/ExtGState<</G<</ca 0.8/CA 0>>>>", ""), false},
		{"nearly transparent", with("/G gs "+name, "/ExtGState<</G<</ca 0.06>>>>", ""), true},
		{"blended", with("/G gs "+name, "/ExtGState<</G<</BM/Screen>>>>", ""), true},
		{"blended as usual", with("/G gs "+name, "/ExtGState<</G<</BM/Normal/SMask/None>>>>", ""), false},
		{"a colour of a palette", with("/C cs 0 sc "+name, "/ColorSpace<</C[/Indexed/DeviceRGB 1 <ffffff000000>]>>", ""), true},
		{"a colour of a device", with("/DeviceGray cs 0 sc "+name, "", ""), false},
		{"a link with a look", with(name, "", "<</Subtype/Link/Rect[0 0 300 300]/AP<</N 5 0 R>>>>"), true},
		{"a link with a thick frame", with(name, "", "<</Subtype/Link/Rect[0 0 300 300]/Border[0 0 18]>>"), true},
		{"a link with a thin frame", with(name, "", "<</Subtype/Link/Rect[0 0 300 300]/Border[0 0 1]>>"), false},
		{"transparent no longer", with("q /G gs Q "+name, "/ExtGState<</G<</ca 0>>>>", ""), false},
	} {
		got, err := Read(tt.file)
		if err != nil || len(got.Pages) != 1 || got.Pages[0].Veiled != tt.want {
			t.Errorf("%s: got %+v, %v; want veiled %v", tt.name, got, err, tt.want)
		}
	}
}
