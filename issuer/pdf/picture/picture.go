// Package picture reads a centre's logo and signature: PNG and JPEG as they are, SVG as lines that stay sharp in every size.
//
// What could not be drawn faithfully is refused when the program starts, never drawn in another way.
package picture

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"
)

// The limits of a picture.
const (
	MaxFile  = 4 << 20 // bytes
	maxSide  = 6000    // pixels
	keptSide = 900     // pixels that stay: 400 dpi at 57 mm, more than a card prints
)

// Picture is a picture ready to be drawn. Either Drawing or Data is there.
type Picture struct {
	Width, Height float64 // in any unit: they say the proportions
	Pixels        int     // across, as they are in the file; 0 for a drawing
	Drawing       []byte  // operators of a PDF page, in the picture's own unit, counting downwards
	// Data is the body of an image XObject (ISO 32000-1, 8.9), Entries its dictionary without the length.
	Data, Mask           []byte // Mask is its soft mask, compressed 8-bit grey; nil for none
	Entries, MaskEntries string
}

// Load reads a picture from a file. The format is that of its name: .png, .jpg, .jpeg or .svg.
func Load(path string) (*Picture, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || info.Size() > MaxFile {
		return nil, errors.New("is no picture of at most 4 MiB")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(filepath.Ext(path), data)
}

// Read reads a picture of a format: ".png", ".jpg", ".jpeg" or ".svg".
func Read(format string, data []byte) (*Picture, error) {
	switch strings.ToLower(format) {
	case ".svg":
		return readSVG(data)
	case ".png":
		c, err := png.DecodeConfig(bytes.NewReader(data))
		if err := fits(c, err); err != nil {
			return nil, err
		}
		m, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return readPixels(m), nil
	case ".jpg", ".jpeg":
		c, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err := fits(c, err); err != nil {
			return nil, err
		}
		if c.ColorModel == color.CMYKModel {
			return nil, errors.New("is a JPEG in CMYK, whose colours differ from program to program; save it in RGB")
		}
		m, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return readPixels(turned(m, orientation(data))), nil
	}
	return nil, fmt.Errorf("is no .png, .jpg or .svg file, but %q", format)
}

func fits(c image.Config, err error) error {
	switch {
	case err != nil:
		return err
	case c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide:
		return fmt.Errorf("has %d × %d pixels, and at most %d in a row are taken", c.Width, c.Height, maxSide)
	}
	return nil
}

// readPixels makes an image of RGB, and a mask where it lets the paper through.
func readPixels(m image.Image) *Picture {
	b := m.Bounds()
	across := b.Dx()
	if scale := float64(keptSide) / float64(max(b.Dx(), b.Dy())); scale < 1 {
		small := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))))
		draw.CatmullRom.Scale(small, small.Bounds(), m, b, draw.Src, nil)
		m, b = small, small.Bounds()
	}
	rgb, alpha, opaque := make([]byte, 0, 3*b.Dx()*b.Dy()), make([]byte, 0, b.Dx()*b.Dy()), true
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			rgb, alpha = append(rgb, c.R, c.G, c.B), append(alpha, c.A)
			opaque = opaque && c.A == 255
		}
	}
	size := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /Filter /FlateDecode", b.Dx(), b.Dy())
	p := &Picture{Width: float64(b.Dx()), Height: float64(b.Dy()), Pixels: across, Data: pack(rgb), Entries: size + " /ColorSpace /DeviceRGB"}
	if !opaque {
		p.Mask, p.MaskEntries = pack(alpha), size+" /ColorSpace /DeviceGray"
	}
	return p
}

func pack(data []byte) []byte {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestCompression) // the level is a valid one
	_, _ = w.Write(data)                                  // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
