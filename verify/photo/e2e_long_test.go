//go:build e2e

package photo

import (
	"errors"
	"image"
	"image/color"
	"testing"
)

// A second symbol is read, or told not to be: one that is light on dark, out of focus, or has lost its middle.
func TestNoSymbolIsPassedOver(t *testing.T) {
	img, err := Decode(file(t, "testdata/mirrored.png"), MaxMemory)
	if err != nil {
		t.Fatal(err)
	}
	as := func(v uint8) uint8 { return v }
	large := newPlane(img, NewWork(MaxWork)).double()
	big := &image.Gray{Pix: large.pix, Stride: large.w, Rect: image.Rect(0, 0, large.w, large.h)}
	spoilt := image.NewGray(img.Rect)
	copy(spoilt.Pix, img.Pix)
	b := newPlane(img, NewWork(MaxWork))
	r := &reading{ctx: t.Context(), work: b.work}
	corners := r.findFinders(b.binary(20))
	middle := corners[0].plus(corners[1].spot).plus(corners[2].spot).times(1.0 / 3)
	for y := -45; y < 45; y++ {
		for x := -45; x < 45; x++ {
			spoilt.SetGray(int(middle.x)+x, int(middle.y)+y, color.Gray{Y: uint8(128 + 100*(x*y%2))})
		}
	}
	for name, tc := range map[string]struct {
		img  *image.Gray
		want int
		err  error
	}{
		"dark on light":   {below(img, img, as), 2, nil},
		"light on dark":   {below(img, img, func(v uint8) uint8 { return 255 - v }), 2, nil},
		"out of focus":    {below(big, soft(big, 3), as), 1, ErrUnread},
		"spoilt":          {below(img, spoilt, as), 1, ErrUnread},
		"light and soft":  {below(big, soft(big, 3), func(v uint8) uint8 { return 255 - v }), 1, ErrUnread},
		"nothing but one": {spoilt, 0, ErrUnread},
	} {
		found, err := Read(t.Context(), tc.img)
		if len(found) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: got %d symbols and %v, want %d and %v", name, len(found), err, tc.want, tc.err)
		}
	}
}

func TestEmptyPictures(t *testing.T) {
	noise := image.NewGray(image.Rect(0, 0, 600, 400))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(state >> 24)
	}
	for name, img := range map[string]image.Image{"white": image.NewNRGBA(image.Rect(0, 0, 500, 300)), "a pixel": image.NewGray(image.Rect(0, 0, 1, 1)), "a line": image.NewGray(image.Rect(0, 0, 300, 1)), "noise": noise} {
		if got := texts(t, pngOf(t, img)); len(got) != 0 {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
