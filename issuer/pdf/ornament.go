package pdf

import (
	"fmt"
	"math"

	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// The ornaments are fine lines, as engravers draw them on certificates: hard to copy by hand, and sharp in print. Each is one path, or
// one tile drawn many times with the same bytes, which the compression makes small.

const (
	tile   = 7.0 // mm, the length of a wave
	weave  = 5   // waves through each other
	halves = 4   // curves in a wave
)

// guilloche weaves a band along the edges of a box. The tiles are stretched a little, so that whole ones fill each side.
func (s *shapes) guilloche(b []float64) {
	const depth = design.GuillocheDepth
	across, down := b[2]-2*depth, b[3]-2*depth
	left, top := b[0], b[1]
	s.side(left+depth, top+depth/2, across, depth, 0)
	s.side(left+depth, top+b[3]-depth/2, across, depth, 0)
	s.side(left+depth/2, top+depth, down, depth, 1)
	s.side(left+b[2]-depth/2, top+depth, down, depth, 1)
	for _, x := range []float64{left + depth/2, left + b[2] - depth/2} {
		for _, y := range []float64{top + depth/2, top + b[3] - depth/2} {
			s.rosette([]float64{x - depth/2, y - depth/2, depth, depth})
		}
	}
}

// side weaves a band from a point to the right, or downwards.
func (s *shapes) side(x, y, length, depth float64, down int) {
	n := math.Round(length / tile)
	step := length / n / mmPerPoint
	for i := range int(n) {
		at := float64(i) * step
		if down == 1 {
			fmt.Fprintf(s, "q 0 -1 1 0 %.2f %.2f cm\n", x/mmPerPoint, (s.height-y)/mmPerPoint-at)
		} else {
			fmt.Fprintf(s, "q 1 0 0 1 %.2f %.2f cm\n", x/mmPerPoint+at, (s.height-y)/mmPerPoint)
		}
		s.weave(step, depth/2/mmPerPoint)
		s.b = append(s.b, "Q\n"...)
	}
}

// weave draws one tile of waves through each other, in points around the origin's right.
func (s *shapes) weave(length, amplitude float64) {
	for w := range weave {
		phase := 2 * math.Pi * float64(w) / weave
		wave := func(t float64) (y, slope float64) {
			a := 2*math.Pi*t + phase
			return amplitude * math.Sin(a), amplitude * 2 * math.Pi / length * math.Cos(a)
		}
		s.wave(wave, length, 2*halves)
	}
	s.b = append(s.b, "S "...)
}

// wave draws a function over a length in points, as so many curves with its slope.
func (s *shapes) wave(f func(float64) (float64, float64), length float64, curves int) {
	h := length / float64(curves)
	y, slope := f(0)
	s.raw(0, y, "m ")
	for i := range curves {
		x := float64(i) * h
		y1, slope1 := f(float64(i+1) / float64(curves))
		s.raw(x+h/3, y+slope*h/3, "")
		s.raw(x+2*h/3, y1-slope1*h/3, "")
		s.raw(x+h, y1, "c\n")
		y, slope = y1, slope1
	}
}

// raw writes a point in points as it is.
func (p *pen) raw(x, y float64, operator string) {
	p.number(x, 2)
	p.number(y, 2)
	p.b = append(p.b, operator...)
}

// waves fills a box with long lines that come close and part again.
func (s *shapes) waves(b []float64) {
	const lines = 14
	fmt.Fprintf(s, "1 0 0 1 %.2f %.2f cm\n", b[0]/mmPerPoint, (s.height-b[1]-b[3]/2)/mmPerPoint)
	length, half := b[2]/mmPerPoint, b[3]/2/mmPerPoint
	for i := range lines {
		k := float64(i)/(lines-1)*2 - 1 // -1 to 1
		f := func(t float64) float64 {
			return half * (k*(0.55+0.35*math.Cos(2*math.Pi*t)) + 0.1*math.Sin(4*math.Pi*t+2*k))
		}
		s.wave(func(t float64) (float64, float64) {
			const d = 1e-4
			return f(t), (f(t+d) - f(t-d)) / (2 * d * length)
		}, length, 14)
	}
	s.b = append(s.b, "S "...)
}

// rosette draws rings of loops around the middle of a box. A large one has three, each in its own rhythm.
func (s *shapes) rosette(b []float64) {
	x, y, r := b[0]+b[2]/2, b[1]+b[3]/2, min(b[2], b[3])/2
	if r < 6 {
		s.loops(x, y, r, r*0.45, 12, 5)
		s.b = append(s.b, "S "...)
		return
	}
	s.loops(x, y, r, r*0.7, 72, 7)
	s.loops(x, y, r*0.78, r*0.46, 60, 7)
	s.loops(x, y, r*0.54, r*0.2, 48, 7)
	s.b = append(s.b, "S "...)
}

// loops draws one closed line that swings between two radii, so many turns around. They share no factor with the petals, so that the
// line closes after all of them.
func (s *shapes) loops(x, y, outer, inner float64, petals, turns int) {
	n := petals * 6
	middle, swing := (outer+inner)/2, (outer-inner)/2
	f := func(t float64) (float64, float64) {
		a := 2 * math.Pi * float64(turns) * t
		radius := middle + swing*math.Cos(2*math.Pi*float64(petals)*t)
		return x + radius*math.Cos(a), y + radius*math.Sin(a)
	}
	const d = 1e-5
	h := 1 / float64(n)
	slope := func(t float64) (float64, float64) {
		x0, y0 := f(t - d)
		x1, y1 := f(t + d)
		return (x1 - x0) / (2 * d) * h / 3, (y1 - y0) / (2 * d) * h / 3
	}
	x0, y0 := f(0)
	s.point(x0, y0, "m ")
	for i := range n {
		t := float64(i) * h
		x0, y0 := f(t)
		dx0, dy0 := slope(t)
		x1, y1 := f(t + h)
		dx1, dy1 := slope(t + h)
		s.curve(x0+dx0, y0+dy0, x1-dx1, y1-dy1, x1, y1)
	}
	s.b = append(s.b, "h\n"...)
}

// wreath draws two branches of laurel that meet at the foot of a box.
func (s *shapes) wreath(b []float64) {
	x, y, r := b[0]+b[2]/2, b[1]+b[3]/2, min(b[2], b[3])/2*0.86
	const leaves = 11
	for _, side := range []float64{-1, 1} {
		s.point(x, y+r, "m ")
		for i := range 12 { // the branch, as an arc from the foot up
			a0, a1 := math.Pi*0.82*float64(i)/12, math.Pi*0.82*float64(i+1)/12
			k := 4.0 / 3 * math.Tan((a1-a0)/4) * r
			s.curve(x+side*(r*math.Sin(a0)+k*math.Cos(a0)), y+r*math.Cos(a0)-k*math.Sin(a0),
				x+side*(r*math.Sin(a1)-k*math.Cos(a1)), y+r*math.Cos(a1)+k*math.Sin(a1), x+side*r*math.Sin(a1), y+r*math.Cos(a1))
		}
		s.b = append(s.b, "S\n"...)
		for i := range leaves {
			a := math.Pi * (0.1 + 0.74*float64(i)/(leaves-1))
			length := r * (0.34 - 0.012*float64(i))
			for _, lean := range []float64{0.42, -0.42} {
				s.leaf(x+side*r*math.Sin(a), y+r*math.Cos(a), side*(math.Cos(a-lean)), -math.Sin(a-lean), length)
			}
		}
	}
}

// leaf draws a pointed leaf from a point in a direction.
func (s *shapes) leaf(x, y, dx, dy, length float64) {
	wide := length * 0.24
	tx, ty := x+dx*length, y+dy*length
	s.point(x, y, "m ")
	s.curve(x+dx*length*0.3-dy*wide, y+dy*length*0.3+dx*wide, x+dx*length*0.7-dy*wide, y+dy*length*0.7+dx*wide, tx, ty)
	s.curve(x+dx*length*0.7+dy*wide, y+dy*length*0.7-dx*wide, x+dx*length*0.3+dy*wide, y+dy*length*0.3-dx*wide, x, y)
	s.b = append(s.b, "f\n"...)
}
