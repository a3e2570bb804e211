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
		{"transparent no longer", with("q /G gs Q "+name, "/ExtGState<</G<</ca 0>>>>", ""), false},
	} {
		got, err := Read(tt.file)
		if err != nil || len(got.Pages) != 1 || got.Pages[0].Veiled != tt.want {
			t.Errorf("%s: got %+v, %v; want veiled %v", tt.name, got, err, tt.want)
		}
	}
}
