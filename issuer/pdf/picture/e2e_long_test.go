//go:build e2e

package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func TestPixels(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 1200, 600))
	for y := range 600 {
		for x := range 1200 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), 0, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	p, err := Read(".JPG", b.Bytes())
	if err != nil || p.Width != 900 || p.Height != 450 || p.Mask != nil {
		t.Errorf("got %v, want 900 × 450 without a mask", err)
	}
	m.SetNRGBA(5, 5, color.NRGBA{})
	b.Reset()
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if p, err = Read(".png", b.Bytes()); err != nil || p.Mask == nil || !strings.Contains(p.Entries, "/Width 900") {
		t.Errorf("got %+v, %v; want a mask", p.Entries, err)
	}
	for _, c := range []struct{ format, data string }{{".png", "no picture"}, {".jpg", "no picture"}, {".gif", "GIF89a"}, {"", ""}} {
		if _, err := Read(c.format, []byte(c.data)); err == nil {
			t.Errorf("%s: got no error", c.format)
		}
	}
}
