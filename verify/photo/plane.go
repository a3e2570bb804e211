package photo

import (
	"image"
	"slices"
)

// plane is a picture in shades of grey, row by row.
type plane struct {
	w, h int
	pix  []uint8
	work *Work // counts what is done with it
}

func newPlane(img *image.Gray, work *Work) *plane {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	work.add(w * h / 4) // as much again as to unpack it
	if img.Stride == w {
		return &plane{w, h, img.Pix[:w*h], work}
	}
	p := &plane{w, h, make([]uint8, w*h), work}
	for y := range h {
		copy(p.pix[y*w:(y+1)*w], img.Pix[y*img.Stride:])
	}
	return p
}

// at is the shade at a place between pixels, whose middles are at halves. Outside of the picture it is that of its edge.
func (p *plane) at(x, y float64) float64 {
	x, y = min(max(x-0.5, 0), float64(p.w-1)), min(max(y-0.5, 0), float64(p.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	top := float64(p.pix[y0*p.w+x0])*(1-fx) + float64(p.pix[y0*p.w+x1])*fx
	low := float64(p.pix[y1*p.w+x0])*(1-fx) + float64(p.pix[y1*p.w+x1])*fx
	return top*(1-fy) + low*fy
}

// half is the picture at half its size, each pixel the mean of four.
func (p *plane) half() *plane {
	out := &plane{max(p.w/2, 1), max(p.h/2, 1), nil, p.work}
	out.pix = make([]uint8, out.w*out.h)
	p.work.add(len(out.pix) / 8)
	for y := range out.h {
		a, b := p.pix[2*y*p.w:], p.pix[min(2*y+1, p.h-1)*p.w:]
		for x := range out.w {
			x0, x1 := 2*x, min(2*x+1, p.w-1)
			out.pix[y*out.w+x] = uint8((int(a[x0]) + int(a[x1]) + int(b[x0]) + int(b[x1])) / 4)
		}
	}
	return out
}

// double is the picture at twice its size.
func (p *plane) double() *plane {
	out := &plane{p.w * 2, p.h * 2, make([]uint8, 4*p.w*p.h), p.work}
	p.work.add(len(out.pix) / 2)
	for y := range out.h {
		for x := range out.w {
			out.pix[y*out.w+x] = uint8(p.at((float64(x)+0.5)/2, (float64(y)+0.5)/2) + 0.5)
		}
	}
	return out
}

// inverted is the picture with light for dark: a symbol may be printed light on dark (ISO/IEC 18004, reflectance reversal).
func (p *plane) inverted() *plane {
	out := &plane{p.w, p.h, make([]uint8, len(p.pix)), p.work}
	for i, v := range p.pix {
		out.pix[i] = 255 - v
	}
	return out
}

// median takes single specks out of a picture.
func (p *plane) median() *plane {
	out := &plane{p.w, p.h, slices.Clone(p.pix), p.work}
	p.work.add(len(out.pix))
	var v [9]uint8
	for y := 1; y < p.h-1; y++ {
		for x := 1; x < p.w-1; x++ {
			at := y*p.w + x
			copy(v[0:3], p.pix[at-p.w-1:])
			copy(v[3:6], p.pix[at-1:])
			copy(v[6:9], p.pix[at+p.w-1:])
			for i := 1; i < 9; i++ { // nine values: nothing sorts them faster
				for j := i; j > 0 && v[j] < v[j-1]; j-- {
					v[j], v[j-1] = v[j-1], v[j]
				}
			}
			out.pix[at] = v[4]
		}
	}
	return out
}

// bitmap says which pixels are dark.
type bitmap struct {
	w, h int
	dark []bool
}

func (b *bitmap) at(x, y int) bool { return x >= 0 && y >= 0 && x < b.w && y < b.h && b.dark[y*b.w+x] }

// binary calls a pixel dark that is darker than what lies within radius pixels around it, so that light may fall unevenly. It is a little
// under the mean, so that the noise of an even surface is not a pattern.
func (p *plane) binary(radius int) *bitmap { return p.under(radius, 4) }

// under calls a pixel dark that is by so many shades darker than the mean of what lies within radius pixels around it.
func (p *plane) under(radius int, shades int64) *bitmap {
	radius = min(max(radius, 12), 400)
	out := &bitmap{p.w, p.h, make([]bool, p.w*p.h)}
	p.work.add(len(p.pix) / 4) // with the search for finder patterns that follows
	p.around(radius, func(at int, sum, count int64) {
		out.dark[at] = (int64(p.pix[at])+shades)*count < sum
	})
	return out
}

// sharpened takes from each pixel what is blurred into it from radius pixels around. It brings out the rings of a finder pattern that is out of
// focus.
func (p *plane) sharpened(radius int) *plane {
	out := &plane{p.w, p.h, make([]uint8, len(p.pix)), p.work}
	p.work.add(len(p.pix) / 4)
	p.around(radius, func(at int, sum, count int64) {
		v := int64(p.pix[at])
		out.pix[at] = uint8(min(max(9*v-8*sum/count, 0), 255))
	})
	return out
}

// noise is by how many shades neighbours differ in half of the picture, which is mostly paper.
func (p *plane) noise() int64 {
	var counts [256]int
	for i := 1; i < len(p.pix); i++ {
		counts[abs(int(p.pix[i])-int(p.pix[i-1]))]++
	}
	p.work.add(len(p.pix) / 8)
	sum, n := 0, 0
	for 2*sum < len(p.pix)-1 {
		sum, n = sum+counts[n], n+1
	}
	return int64(max(n-1, 0))
}

// around gives each pixel's place the sum of the pixels within radius around it, and their number.
func (p *plane) around(radius int, each func(at int, sum, count int64)) {
	columns := make([]int32, p.w) // the sum of each column within the window of rows
	for y := range min(radius, p.h) {
		addRow(columns, p.pix[y*p.w:], 1)
	}
	for y := range p.h {
		if y+radius < p.h {
			addRow(columns, p.pix[(y+radius)*p.w:], 1)
		}
		if y-radius > 0 {
			addRow(columns, p.pix[(y-radius-1)*p.w:], -1)
		}
		rows := int64(min(y+radius, p.h-1) - max(y-radius, 0) + 1)
		sum, wide := int32(0), int64(0)
		for x := range min(radius, p.w) {
			sum, wide = sum+columns[x], wide+1
		}
		for x := range p.w {
			if x+radius < p.w {
				sum, wide = sum+columns[x+radius], wide+1
			}
			if x-radius > 0 {
				sum, wide = sum-columns[x-radius-1], wide-1
			}
			each(y*p.w+x, int64(sum), rows*wide)
		}
	}
}

func addRow(columns []int32, row []uint8, sign int32) {
	for x := range columns {
		columns[x] += sign * int32(row[x])
	}
}
