package scan

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/filter"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxPictures = 600 // of a page; a page that was scanned in strips has a hundred
	leastSide   = 40  // pixels: no symbol that a camera reads is smaller
	mostSide    = 20_000
)

// ErrPicture says that a picture is in a form that can't be read here, such as JPEG 2000 or JBIG2, or is broken.
var ErrPicture = errors.New("a picture of the file is in a form that can't be read here")

// Picture is a picture that a page draws. What it shows is not read before Open.
type Picture struct {
	Width, Height int // pixels
	Object        int // the number of its object; the same picture on two pages has the same, and 0 stands for none
	// Where it stands on the page, in points from the lower left corner. All are 0 where it does not stand upright.
	Left, Bottom, Right, Top float64

	file   container
	stream types.StreamDict
}

// picture notes what a page draws beside its shapes. Small ones, and what has no size, are no pictures of cards.
func (d *drawing) picture(o types.Object, stream types.StreamDict) {
	p := Picture{file: d.source.file, stream: stream}
	if ref, ok := o.(types.IndirectRef); ok {
		p.Object = ref.ObjectNumber.Value()
	}
	w, h := d.source.integer(stream.Dict, "Width", "W"), d.source.integer(stream.Dict, "Height", "H")
	if w < leastSide || h < 1 { // a strip of a scan may be low
		return
	}
	if m := d.state.ctm; m[0] > 0 && m[1] == 0 && m[2] == 0 && m[3] > 0 {
		p.Left, p.Bottom, p.Right, p.Top = m[4], m[5], m[4]+m[0], m[5]+m[3]
	}
	if p.Object > 0 && slices.ContainsFunc(d.pictures, func(q Picture) bool { return q.Object == p.Object }) {
		return
	}
	p.Width, p.Height = w, h
	if len(d.pictures) == maxPictures {
		d.more = true
		return
	}
	d.pictures = append(d.pictures, p)
}

// integer is the value of the first of the names that has one, or 0.
func (s *source) integer(dict types.Dict, names ...string) int {
	for _, name := range names {
		if v, err := s.file.DereferenceNumber(dict[name]); err == nil && v >= 0 && v < 1<<31 && dict[name] != nil {
			return int(v)
		}
	}
	return 0
}

// Open unpacks a picture: a JPEG as it is in the file, or else its pixels in shades of grey. It takes no more than memory bytes. The error
// is ErrPicture or ErrTooLarge.
func (p Picture) Open(memory int64) (jpeg []byte, img *image.Gray, err error) {
	defer func() {
		if recover() != nil {
			jpeg, img, err = nil, nil, ErrPicture
		}
	}()
	if p.Width > mostSide || p.Height > mostSide || int64(p.Width)*int64(p.Height)*2 > memory {
		return nil, nil, ErrTooLarge
	}
	s := &source{file: p.file}
	stream := p.stream
	stream.Content = nil
	filters := stream.FilterPipeline
	if n := len(filters); n > 0 && filters[n-1].Name == filter.DCT {
		if stream.FilterPipeline = filters[:n-1]; n == 1 {
			return stream.Raw, nil, nil
		}
		if err := stream.DecodeWithLimit(memory); err != nil {
			return nil, nil, pictureError(err)
		}
		return stream.Content, nil, nil
	}
	if slices.ContainsFunc(filters, func(f types.PDFFilter) bool { return f.Name == filter.JPX || f.Name == filter.JBIG2 }) {
		return nil, nil, ErrPicture
	}
	r, err := s.raster(stream.Dict, p.Width, p.Height)
	if err != nil {
		return nil, nil, pictureError(err)
	}
	if int64(p.Width)*int64(p.Height)+int64(r.stride)*int64(p.Height) > memory {
		return nil, nil, ErrTooLarge
	}
	if err := stream.DecodeWithLimit(int64(r.stride)*int64(p.Height) + 1<<16); err != nil {
		return nil, nil, pictureError(err)
	}
	img, err = r.gray(stream.Content)
	return nil, img, err
}

func pictureError(err error) error {
	if errors.Is(err, ErrPicture) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrPicture, err)
}

// raster is how the samples of a picture are to be read (ISO 32000-1, 8.9.5).
type raster struct {
	w, h   int
	parts  int // samples of a pixel
	bits   int // of a sample
	stride int // bytes of a row
	invert bool
	lookup []uint8 // the shade of each sample of a palette; nil for none
}

func (s *source) raster(dict types.Dict, w, h int) (raster, error) {
	r := raster{w: w, h: h, parts: 1, bits: s.integer(dict, "BitsPerComponent", "BPC")}
	mask, _ := s.file.Dereference(dict["ImageMask"])
	if on, ok := mask.(types.Boolean); ok && bool(on) {
		r.bits = 1 // 0 is painted, which on paper is dark
	} else {
		space, err := s.colours(dict["ColorSpace"], 0)
		if err != nil {
			return raster{}, err
		}
		r.parts, r.lookup, r.invert = space.parts, space.lookup, space.ink
	}
	if r.bits == 0 && r.lookup == nil {
		r.bits = 8
		if f := dict["Filter"]; f != nil && r.parts == 1 && s.isFax(f) {
			r.bits = 1
		}
	}
	if !slices.Contains([]int{1, 2, 4, 8, 16}, r.bits) {
		return raster{}, ErrPicture
	}
	if ranges, err := s.file.DereferenceArray(dict["Decode"]); err == nil && len(ranges) >= 2 && r.lookup == nil {
		a, errA := s.file.DereferenceNumber(ranges[0])
		b, errB := s.file.DereferenceNumber(ranges[1])
		r.invert = r.invert != (errA == nil && errB == nil && a > b)
	}
	r.stride = (w*r.parts*r.bits + 7) / 8
	return r, nil
}

func (s *source) isFax(o types.Object) bool {
	o, err := s.file.Dereference(o)
	if list, ok := o.(types.Array); ok && len(list) > 0 {
		o, err = s.file.Dereference(list[len(list)-1])
	}
	name, ok := o.(types.Name)
	return err == nil && ok && string(name) == filter.CCITTFax
}

// space is a colour space, as far as it matters: what a pixel is made of.
type space struct {
	parts  int
	lookup []uint8
	ink    bool // the more, the darker
}

// colours reads a colour space (ISO 32000-1, 8.6).
func (s *source) colours(o types.Object, depth int) (space, error) {
	o, err := s.file.Dereference(o)
	if err != nil || depth > 3 {
		return space{}, ErrPicture
	}
	var list types.Array
	name := ""
	switch o := o.(type) {
	case types.Name:
		name = string(o)
	case types.Array:
		if list = o; len(list) == 0 {
			return space{}, ErrPicture
		}
		first, err := s.file.Dereference(list[0])
		n, ok := first.(types.Name)
		if err != nil || !ok {
			return space{}, ErrPicture
		}
		name = string(n)
	case nil:
		return space{parts: 1}, nil
	}
	switch {
	case slices.Contains([]string{"DeviceGray", "G", "CalGray"}, name):
		return space{parts: 1}, nil
	case name == "Separation":
		return space{parts: 1, ink: true}, nil
	case slices.Contains([]string{"DeviceRGB", "RGB", "CalRGB", "Lab"}, name):
		return space{parts: 3}, nil
	case name == "DeviceCMYK" || name == "CMYK":
		return space{parts: 4}, nil
	case name == "ICCBased" && len(list) == 2:
		profile, err := s.file.Dereference(list[1])
		stream, ok := profile.(types.StreamDict)
		n := 0
		if ok {
			n = s.integer(stream.Dict, "N")
		}
		if err != nil || n != 1 && n != 3 && n != 4 {
			return space{}, ErrPicture
		}
		return space{parts: n}, nil
	case (name == "Indexed" || name == "I") && len(list) == 4:
		return s.palette(list, depth)
	}
	return space{}, ErrPicture
}

// palette reads an Indexed colour space into the shade of each of its colours.
func (s *source) palette(list types.Array, depth int) (space, error) {
	base, err := s.colours(list[1], depth+1)
	if err != nil || base.lookup != nil {
		return space{}, ErrPicture
	}
	table, err := s.file.Dereference(list[3])
	if err != nil {
		return space{}, ErrPicture
	}
	var colours []byte
	if stream, ok := table.(types.StreamDict); ok {
		stream.Content = nil
		if err := stream.DecodeWithLimit(4 << 10); err != nil {
			return space{}, ErrPicture
		}
		colours = stream.Content
	} else if colours, _, err = s.bytes(list[3]); err != nil {
		return space{}, ErrPicture
	}
	out := space{parts: 1, lookup: make([]uint8, 256)}
	for i := range min(len(colours)/base.parts, 256) {
		out.lookup[i] = shade(colours[i*base.parts : (i+1)*base.parts])
	}
	return out, nil
}

// shade is how light a colour of 1, 3 or 4 parts is.
func shade(c []byte) uint8 {
	switch len(c) {
	case 1:
		return c[0]
	case 3:
		return uint8((299*int(c[0]) + 587*int(c[1]) + 114*int(c[2])) / 1000)
	}
	return uint8((255 - int(c[3])) * (255*1000 - 299*int(c[0]) - 587*int(c[1]) - 114*int(c[2])) / 255_000)
}

// gray makes shades of samples. A picture of which rows are missing is white there.
func (r raster) gray(samples []byte) (*image.Gray, error) {
	img := image.NewGray(image.Rect(0, 0, r.w, r.h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	if len(samples) < r.stride {
		return nil, ErrPicture
	}
	colour := make([]byte, r.parts)
	most := 1<<r.bits - 1
	for y := range min(r.h, len(samples)/r.stride) {
		row := samples[y*r.stride : (y+1)*r.stride]
		for x := range r.w {
			for part := range colour {
				colour[part] = r.sample(row, x*r.parts+part, most)
			}
			v := shade(colour)
			if r.lookup != nil {
				v = r.lookup[colour[0]]
			}
			if r.invert {
				v = 255 - v
			}
			img.Pix[y*img.Stride+x] = v
		}
	}
	return img, nil
}

// sample is sample n of a row: of 8 bits, whatever it has there, or the number of a colour of a palette.
func (r raster) sample(row []byte, n, most int) uint8 {
	switch r.bits {
	case 8:
		return row[n]
	case 16:
		return row[2*n]
	}
	at := n * r.bits
	v := int(row[at/8]) >> (8 - r.bits - at%8) & most
	if r.lookup != nil {
		return uint8(v)
	}
	return uint8(v * 255 / most)
}
