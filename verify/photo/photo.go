// Package photo finds the QR symbols in a picture: a photograph, a screenshot, a scanned page. It finds all of them, not the first.
//
// A strong reader matters here. The symbols of cards are dense (versions 13 to 17, modules of 0.4 mm), and they come askew, creased and
// badly lit. So the package looks for the three finder patterns itself, fits the symbol's perspective and its bends to the alignment
// patterns, and measures every module. Only the error correction is a library's.
//
// Pictures come from strangers: what a picture takes when it is unpacked is known from its first bytes and has a limit, and so has the work
// of reading it. What was seen and not read is told.
package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// MaxMemory is the usual limit of what a picture may take in memory, in bytes: a photograph of 100 megapixels has room in it.
const MaxMemory = 256 << 20

// MaxSide is the limit of a picture's width and of its height, in pixels.
const MaxSide = 20_000

// The reasons for which a picture has no symbols to give, or may have more of them than were read.
var (
	ErrNotPicture = errors.New("not a PNG, JPEG or WebP picture that can be read")
	ErrTooLarge   = errors.New("the picture is larger than a photograph of cards has to be")
	ErrAnimated   = errors.New("the picture is animated")
	ErrUnread     = errors.New("a QR code in the picture can't be read")
	ErrMore       = errors.New("the picture holds more than is read of one")
)

// Kind is the media type of a picture by its first bytes, or "" where it is none that can be read.
func Kind(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case len(data) >= 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

// Decode unpacks a picture into shades of grey. It takes no more than memory bytes for it, which it knows before it begins. The error is
// ErrNotPicture, ErrTooLarge or ErrAnimated.
func Decode(data []byte, memory int64) (img *image.Gray, err error) {
	// A decoder that a stranger's file makes panic has read no picture.
	defer func() {
		if recover() != nil {
			img, err = nil, ErrNotPicture
		}
	}()
	var conf image.Config
	var decode func() (image.Image, error)
	switch Kind(data) {
	case "image/png":
		if hasFrames(data) {
			return nil, ErrAnimated
		}
		conf, err = png.DecodeConfig(bytes.NewReader(data))
		decode = func() (image.Image, error) { return png.Decode(bytes.NewReader(data)) }
	case "image/jpeg":
		conf, err = jpeg.DecodeConfig(bytes.NewReader(data))
		decode = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(data)) }
	case "image/webp":
		if isAnimated(data) {
			return nil, ErrAnimated
		}
		conf, err = webp.DecodeConfig(bytes.NewReader(data))
		decode = func() (image.Image, error) { return webp.Decode(bytes.NewReader(data)) }
	default:
		return nil, ErrNotPicture
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPicture, err)
	}
	if conf.Width < 1 || conf.Height < 1 {
		return nil, ErrNotPicture
	}
	if conf.Width > MaxSide || conf.Height > MaxSide || float64(conf.Width)*float64(conf.Height)*bytesEach(conf.ColorModel, data) > float64(memory) {
		return nil, ErrTooLarge
	}
	full, err := decode()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPicture, err)
	}
	return Gray(full), nil
}

// isAnimated says whether a WebP has the flag of an animation (RFC 9649, 2.7).
func isAnimated(data []byte) bool {
	return len(data) > 20 && string(data[12:16]) == "VP8X" && data[20]&2 != 0
}

// hasFrames says whether a PNG has the chunk of an animation (PNG, third edition, 11.3.6.1), even of a single frame: programs show that one,
// and the decoder reads another picture.
func hasFrames(data []byte) bool {
	for at := 8; len(data)-at >= 12; {
		if string(data[at+4:at+8]) == "acTL" {
			return true
		}
		size := int64(binary.BigEndian.Uint32(data[at:])) + 12 // with length, type and check sum
		if size > int64(len(data)-at) {
			return false
		}
		at += int(size)
	}
	return false
}

// bytesEach is what a pixel takes while a picture is unpacked, together with the grey one that is made of it.
func bytesEach(m color.Model, data []byte) float64 {
	if Kind(data) == "image/jpeg" {
		return 1 + jpegBytes(data)
	}
	switch m {
	case color.GrayModel:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 9
	case color.Gray16Model:
		return 3
	}
	if _, ok := m.(color.Palette); ok {
		return 2
	}
	return 5
}

// jpegBytes is what a pixel of a JPEG takes by its frame header (ITU-T T.81, B.2.2): a byte for each sample, fewer where its colours are
// coarser, and in a progressive one 4 bytes more for each, because all coefficients are kept to the end.
func jpegBytes(data []byte) float64 {
	const worst = 20 // four samples of a progressive one
	for at := 2; at+10 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		if marker < 0xc0 || marker > 0xc2 {
			at += 2 + int(data[at+2])<<8 + int(data[at+3])
			continue
		}
		parts := int(data[at+9])
		if at+10+3*parts > len(data) {
			return worst
		}
		samples, wide, high := 0, 1, 1
		for i := range parts {
			h, v := int(data[at+11+3*i]>>4), int(data[at+11+3*i]&15)
			samples, wide, high = samples+h*v, max(wide, h), max(high, v)
		}
		each := float64(samples) / float64(wide*high)
		if marker == 0xc2 {
			each *= 5
		}
		return each
	}
	return worst
}

// Gray is a picture in shades of grey, on white where it is transparent. It shares its memory with img where it can.
func Gray(img image.Image) *image.Gray {
	b := img.Bounds()
	switch img := img.(type) {
	case *image.Gray:
		return img
	case *image.YCbCr:
		return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: b}
	case *image.NYCbCrA:
		if img.Opaque() {
			return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: b}
		}
	}
	out := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := out.Pix[(y-b.Min.Y)*out.Stride:]
		for x := b.Min.X; x < b.Max.X; x++ {
			row[x-b.Min.X] = grayAt(img, x, y)
		}
	}
	return out
}

func grayAt(img image.Image, x, y int) uint8 {
	var r, g, b, a uint32
	switch img := img.(type) {
	case *image.NRGBA: // the two usual ones, without an allocation for each pixel
		p := img.Pix[img.PixOffset(x, y):]
		if p[3] == 0xff {
			return uint8((299*uint32(p[0]) + 587*uint32(p[1]) + 114*uint32(p[2])) / 1000)
		}
		r, g, b, a = img.NRGBAAt(x, y).RGBA()
	case *image.RGBA:
		p := img.Pix[img.PixOffset(x, y):]
		return uint8((299*uint32(p[0])+587*uint32(p[1])+114*uint32(p[2]))/1000 + 255 - uint32(p[3]))
	default:
		r, g, b, a = img.At(x, y).RGBA()
	}
	return uint8(((299*r+587*g+114*b)/1000 + 0xffff - a) >> 8)
}
