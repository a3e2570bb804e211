package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
)

func svgOf(inner string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">` + inner + `</svg>`)
}

func TestSVGPaths(t *testing.T) {
	for _, c := range []struct{ d, want string }{
		{"M1 2L3 4", "1 2 m 3 4 l "},
		{"m1 2 3 4 5 6z", "1 2 m 4 6 l 9 12 l h "},
		{"M1,2h3v-4H0V0", "1 2 m 4 2 l 4 -2 l 0 -2 l 0 0 l "},
		{"M0 0c1 2 3 4 5 6s1 2 3 4", "0 0 m 1 2 3 4 5 6 c 7 8 6 8 8 10 c "},
		{"M0 0Q3 3 6 0T12 0", "0 0 m 2 2 4 2 6 0 c 8 -2 10 -2 12 0 c "},
		{"M.5.5l-1-1", "0.5 0.5 m -0.5 -0.5 l "},
		{"M1e1 0l1 1", "10 0 m 11 1 l "},
		{"M0 0A5 5 0 0 1 5 5", "0 0 m 2.7614 0 5 2.2386 5 5 c "},
		{"M0 0a5 5 0 015 5", "0 0 m 2.7614 0 5 2.2386 5 5 c "},
		{"M0 0a5 5 0 1 0 0 0", "0 0 m 0 0 l "},
		{"M5 0zl1 1", "5 0 m h 6 1 l "},
	} {
		var s svg
		if err := s.path(c.d); err != nil || s.out.String() != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.d, s.out.String(), err, c.want)
		}
	}
	for _, d := range []string{"L1 1", "M1", "M1 2 3", "M1 1X2 2", "M0 0A5 5 0 0 1 5", "M0 0 1e99 1", "M0 0L--1 1", "Z"} {
		var s svg
		if err := s.path(d); err == nil {
			t.Errorf("%q: got no error", d)
		}
	}
}

func TestSVGShapes(t *testing.T) {
	p, err := Read(".svg", svgOf(`<title>A <b xmlns="x">logo</b></title><g fill="#f00" transform="translate(1 2) scale(2)"><rect x="1" y="2" width="3" height="4"/></g>`+
		`<line x1="0" y1="0" x2="5" y2="5" style="stroke:rgb(0,128,255);stroke-width:2px;stroke-linecap:round"/><polygon points="0,0 4,0 4,4" fill-rule="evenodd"/>`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 40 || p.Height != 20 {
		t.Errorf("got %g × %g", p.Width, p.Height)
	}
	for _, want := range []string{"1 0 0 1 1 2 cm 2 0 0 2 0 0 cm ", "1 0 0 rg", "1 2 3 4 re f Q", "0 0.502 1 RG 2 w 1 J 0 j 0 0 m 5 5 l ", "0 0 m 4 0 l 4 4 l h f* Q"} {
		if !strings.Contains(string(p.Drawing), want) {
			t.Errorf("no %q in %s", want, p.Drawing)
		}
	}
}

func TestSVGRefusals(t *testing.T) {
	for what, inner := range map[string]string{
		"text": `<text>Logo</text>`, "picture": `<image href="a.png"/>`, "gradient": `<linearGradient id="a"/><path d="M0 0" fill="url(#a)"/>`,
		"gradient in defs": `<defs><linearGradient id="a"/></defs><path d="M0 0L1 1" fill="url(#a)"/>`, "use": `<use href="#a"/>`,
		"style sheet": `<style>.a{fill:red}</style>`, "see-through": `<path d="M0 0L1 1" opacity="0.5"/>`, "see-through in style": `<path d="M0 0L1 1" style="fill-opacity:.5"/>`,
		"mask": `<path d="M0 0L1 1" mask="url(#m)"/>`, "clip": `<g clip-path="url(#c)"/>`, "dashes": `<path d="M0 0L1 1" stroke-dasharray="2 1"/>`,
		"hidden": `<g display="none"/>`, "skewed": `<g transform="skewX(10)"/>`, "colour": `<path d="M0 0L1 1" fill="hsl(1,2%,3%)"/>`,
		"broken": `<g>`, "script": `<script/>`, "large": strings.Repeat(`<path d="M0 0L1.1234 2.1234 3.1234 4.1234 5.1234 6.1234"/>`, 2000),
		"deep": strings.Repeat("<g>", 100) + strings.Repeat("</g>", 100),
	} {
		if p, err := Read(".svg", svgOf(inner)); err == nil {
			t.Errorf("%s: got %s, want an error", what, p.Drawing)
		}
	}
	for _, data := range []string{"", "<svg/>", `<html/>`, `<svg xmlns="http://www.w3.org/2000/svg"/>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 1"/>`} {
		if _, err := Read(".svg", []byte(data)); err == nil {
			t.Errorf("%q: got no error", data)
		}
	}
}

// A photograph is turned as its camera says, in either order of bytes.
func TestOrientation(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 40, 20)) // white, with a dark upper left quarter
	for y := range 20 {
		for x := range 40 {
			v := uint8(255)
			if x < 20 && y < 10 {
				v = 0
			}
			m.SetNRGBA(x, y, color.NRGBA{v, v, v, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	// Where the dark quarter comes to lie: right of the middle, below the middle.
	want := map[byte][2]bool{1: {}, 2: {true, false}, 3: {true, true}, 4: {false, true}, 5: {}, 6: {true, false}, 7: {true, true}, 8: {false, true}}
	for o := byte(1); o <= 8; o++ {
		for _, tiff := range []string{"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(o)) + "\x00\x00",
			"II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(o)) + "\x00\x00\x00"} {
			segment := "Exif\x00\x00" + tiff
			file := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(segment) + 2)}, segment...)
			file = append(file, b.Bytes()[2:]...)
			if got := orientation(file); got != int(o) {
				t.Errorf("got the orientation %d, want %d", got, o)
			}
			seen := turned(m, orientation(file))
			size := seen.Bounds().Size()
			if wide := size.X > size.Y; wide != (o < 5) {
				t.Errorf("%d: got %v", o, size)
			}
			right, below := 0, 0
			if want[o][0] {
				right = size.X / 2
			}
			if want[o][1] {
				below = size.Y / 2
			}
			if r, _, _, _ := seen.At(right+size.X/4, below+size.Y/4).RGBA(); r != 0 {
				t.Errorf("%d: the dark quarter is not where it belongs", o)
			}
			if p, err := Read(".jpg", file); err != nil || p.Width != float64(size.X) || p.Pixels != size.X {
				t.Errorf("%d: got %v, %v", o, p, err)
			}
		}
	}
	for _, broken := range []string{"", "\xff", "\xff\xd8\xff\xe1\xff\xff", "\xff\xd8\xff\xe1\x00\x0cExif\x00\x00II*\x00", "\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"} {
		if got := orientation([]byte(broken)); got != 1 {
			t.Errorf("%q: got %d, want 1", broken, got)
		}
	}
}

// Whatever a file holds, it is drawn or refused; nothing else happens.
func FuzzSVG(f *testing.F) {
	f.Add([]byte(`<path d="M0 0a5 5 0 015 5s1 2 3 4T3 4z" transform="rotate(30 1 2)" style="fill:#abc"/>`))
	f.Add([]byte(`<g><ellipse cx="1" rx="2" ry="3"/><rect rx="2" width="9" height="9"/></g>`))
	f.Fuzz(func(t *testing.T, inner []byte) {
		p, err := Read(".svg", svgOf(string(inner)))
		if err != nil {
			return
		}
		if bytes.Contains(p.Drawing, []byte("NaN")) || bytes.Contains(p.Drawing, []byte("Inf")) {
			t.Errorf("got %s", p.Drawing)
		}
		if bytes.Count(p.Drawing, []byte("q ")) != bytes.Count(p.Drawing, []byte("Q\n")) {
			t.Errorf("states are not balanced: %s", p.Drawing)
		}
	})
}
